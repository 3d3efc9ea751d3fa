"""The words of `policies.right_party`: her name, the hospital's, its main number, and please to call back.  Pure.

HHS allows that much on a machine and to whoever answers (FAQ 198); the hospital's name is what an automated call must
give at its beginning (47 CFR 64.1200(b)(1)).  No department, no reason, no word that tells a patient from anybody else
whom a hospital may call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from policies.phi import PHI, Sensitive
from policies.right_party import Line

NAME: Final = re.compile(r"[^\W\d_]{1,20}(?:[ '’-][^\W\d_]{1,20}){0,3}")
"""A name and nothing else: letters, in at most four parts."""
NUMBER: Final = re.compile(r"[0-9]{3}, [0-9]{3}, [0-9]{4}", re.ASCII)  # as it is spoken: "202, 555, 0143"
HOSPITAL: Final = re.compile(r"[^\W\d_][\w .,'’&-]{1,79}")
_SENTENCE_END: Final = re.compile(r"(?<=[.?]) (?=[A-Z])")
WHO: Final = "the automated AI assistant of {hospital}"
STOPPING: Final = "To stop these calls, say stop calling, or press 9."

WORDS: Final[Mapping[Line, str]] = MappingProxyType(
    {
        Line.ASK_FOR: f"Hello, this is {WHO}. May I speak with {{name}}? {STOPPING}",
        Line.ASK_FOR_AGAIN: "I'm sorry, I didn't catch that. Is {name} there? Please say yes or no.",
        Line.WHO_WE_ARE: f"This is {WHO}, with a call for {{name}}. Is {{name}} there?",
        Line.NOT_SAID: "I can say that only to {name}. Is {name} there?",
        Line.NOT_SAID_YET: "I can say that once I know that I speak with the right person. "
        "What is your date of birth, with month, day and year?",
        Line.ASK_BIRTH: "Thank you. To be sure that I speak with the right person: "
        "what is your date of birth, with month, day and year?",
        Line.ASK_SECOND: "Thank you. And what are the last four digits of your phone number?",
        Line.USE_KEYS: "I didn't catch that. You can also press star and then key in the numbers. "
        "For a date, key in two numbers for the month, two for the day, and four for the year.",
        Line.TRY_AGAIN: "I can't go on with that. Let's try one more time. "
        "What is your date of birth, with month, day and year?",
        Line.CALL_BACK: "All right. Please ask {name} to call {hospital} at {number}. Thank you. Goodbye.",
        Line.CALL_BACK_YOURSELF: "I can't go on in this call. Please call {hospital} at {number}. Thank you. Goodbye.",
        Line.WRONG_NUMBER: "I'm sorry to have troubled you. Goodbye.",
        Line.NO_MORE_CALLS: "All right. You will get no more of these calls.",
        Line.MESSAGE: f"This is {WHO}, with a call for {{name}}. Please call us back at {{number}}. "
        "To stop these calls, call that number and say so.",
    }
)
NAMELESS: Final = f"This is {WHO}. Please call us back at {{number}}. To stop these calls, call that number and say so."
"""The message where she has not consented to her name on a machine."""


class NotSpeakable(ValueError):
    """A name, a hospital or a number that is none.  Holds no value."""


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Callee(Sensitive):
    """Whom one call is for.  Raises `NotSpeakable` for what is no name, hospital or number."""

    name: PHI[str]
    """Her first name, or all of it, as the hospital wants it asked for."""
    hospital: str
    """As it is spoken."""
    number: str
    """The hospital's main number, as it is spoken: "202, 555, 0143"."""
    named_on_machine: bool
    """She has consented to her name in a message."""

    __hash__ = None  # see Sensitive

    def __post_init__(self) -> None:
        whole = self.name.map(lambda name: NAME.fullmatch(name) is not None).reveal()
        if not whole or HOSPITAL.fullmatch(self.hospital) is None or NUMBER.fullmatch(self.number) is None:
            raise NotSpeakable("a name is letters, a hospital a name, a number three groups of digits")


def worded(line: Line, callee: Callee) -> tuple[PHI[str], ...]:
    """What is said, sentence by sentence: parted before the names come in, in which a point ends nothing."""
    words = NAMELESS if line is Line.MESSAGE and not callee.named_on_machine else WORDS[line]
    return tuple(_filled(sentence, callee) for sentence in _SENTENCE_END.split(words))


def _filled(words: str, callee: Callee) -> PHI[str]:
    return callee.name.map(lambda name: words.format(name=name, hospital=callee.hospital, number=callee.number))
