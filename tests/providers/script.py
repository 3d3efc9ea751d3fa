"""What a provider does with one request."""

from __future__ import annotations

import enum
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


class Fault(enum.Enum):
    """How an answer goes wrong."""

    NONE = "none"
    BAD_REQUEST = "400"
    UNAUTHORISED = "401"
    RATE_LIMITED = "429"
    BROKEN = "500"
    OVERLOADED = "529"
    REDIRECT = "302"
    NO_ANSWER = "no_answer"
    """The request is read, nothing is sent."""
    STALL_BEFORE_TEXT = "stall_before_text"
    """Headers and the first event, pings for ever, no text."""
    STALL_AFTER_TEXT = "stall_after_text"
    CUT = "cut"
    """The connection is dropped in the middle of the text."""
    ENDS_EARLY = "ends_early"
    """A well-formed body whose stream of events just stops."""
    HANG_UP = "hang_up"
    """The connection is dropped before any answer."""
    ERROR_EVENT = "error_event"
    """Overloaded, said inside the stream, after some text."""
    TOKEN_LIMIT = "token_limit"
    REFUSES = "refuses"
    """The model declines, in the protocol's own words."""
    EMPTY = "empty"
    JUNK_JSON = "junk_json"
    JUNK_SHAPE = "junk_shape"
    """Sound JSON of another shape."""
    JUNK_BYTES = "junk_bytes"
    JUNK_HTTP = "junk_http"
    NOT_A_STREAM = "not_a_stream"
    COMPRESSED = "compressed"
    SURROGATE = "surrogate"
    HUGE_EVENT = "huge_event"
    ENDLESS = "endless"
    SLOW_DRIP = "slow_drip"
    """A letter at a time, each in time, never done."""


STATUS_FAULTS: Final = {
    Fault.BAD_REQUEST: 400,
    Fault.UNAUTHORISED: 401,
    Fault.RATE_LIMITED: 429,
    Fault.BROKEN: 500,
    Fault.OVERLOADED: 529,
    Fault.REDIRECT: 302,
}


@dataclass(frozen=True, slots=True)
class Script:
    """One provider's behaviour, the same for every request but for the text."""

    fault: Fault = Fault.NONE
    ttft_ms: float = 0.0
    """From the request's last byte to the first text."""
    tokens_per_s: float = 0.0
    """0: all at once."""
    seed: int | None = None
    """The texts are the same for the same seed; None takes another each time."""
    text: str = ""
    """Fixed text in place of a new one each time."""
    echo: str = ""
    """What the provider puts into everything it says beside the text: errors, headers, junk."""


_OPENINGS: Final = ("That is a good question.", "Thanks for asking.", "I can tell you this much.", "Let me explain.")
_SUBJECTS: Final = ("The leaflet", "Your discharge sheet", "The ward's usual advice", "The card in your folder")
_VERBS: Final = ("says", "explains", "reminds people", "suggests")
_ADVICE: Final = (
    "to rest between short walks",
    "to keep the dressing clean and dry",
    "to drink water through the day",
    "to write the times down on paper",
    "to keep the next appointment",
    "to sit up slowly in the morning",
    "to ask before lifting anything heavy",
)
_WHEN: Final = ("for the first few days", "until the next visit", "every morning", "in the evening", "this week")
_CLOSINGS: Final = ("Would you like to talk to a nurse?", "Does that help?", "Is there anything else?")


class Texts:
    """Replies as they might be said: never the same twice, three sentences of 25 to 45 tokens in all."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed)
        self._count = 0

    def new(self) -> str:
        self._count += 1
        pick = self._random.choice
        first, second = self._random.sample(_ADVICE, 2)
        number = self._random.randrange(2, 98)
        return (
            f"{pick(_OPENINGS)} {pick(_SUBJECTS)} {pick(_VERBS)} on page {number} {first} {pick(_WHEN)}, "
            f"and in part {self._count} {second} {pick(_WHEN)}. {pick(_CLOSINGS)}"
        )


def tokens(text: str) -> Iterator[str]:
    """The text in pieces about as long as a model's tokens, spaces leading; joined they are the text."""
    word = ""
    for letter in text:
        if word and (letter == " " or len(word) == 7):
            yield word
            word = ""
        word += letter
    if word:
        yield word
