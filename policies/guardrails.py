"""Two gates: what a model may see, and what a caller may hear.  Only this module makes the permits.

Provisional until the clinical layer: `screen_utterance` escalates on the short list of `redflags.py`,
`screen_reply` passes fixed wording and verbatim passages only.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from policies.phi import PHI, Sensitive, Utterance


class EscalationReason(enum.Enum):
    """Why a person is fetched; closed, counted by the metrics."""

    RED_FLAG = "red_flag"
    ASKED = "asked"
    KEY_ZERO = "key_zero"
    SILENCE = "silence"
    FAILURE = "failure"
    NOT_UNDERSTOOD = "not_understood"
    GUARD_FAILED = "guard_failed"


class Source(enum.Enum):
    """Where a sentence comes from."""

    FIXED = "fixed"
    PASSAGE = "passage"
    MODEL = "model"


_MINT: Final = object()


@final
class Answerable(Sensitive):
    """An utterance that a model may see."""

    __slots__ = ("said",)
    said: Utterance

    def __init__(self, said: Utterance, *, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Answerable is made by policies.guardrails alone")
        self.said = said


@final
class Sayable(Sensitive):
    """A sentence that the caller may hear."""

    __slots__ = ("text", "source", "passage_id")
    text: PHI[str]
    source: Source
    passage_id: str
    """The approved passage it is taken from; empty for fixed wording and for a model's own sentence."""

    def __init__(self, text: PHI[str], source: Source, passage_id: str, *, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Sayable is made by policies.guardrails alone")
        self.text = text
        self.source = source
        self.passage_id = passage_id


@dataclass(frozen=True, slots=True)
class Escalate:
    """A person is fetched."""

    reason: EscalationReason


class Defer(enum.Enum):
    """Nothing to answer."""

    NOTHING_SAID = "nothing_said"


class Refused(enum.Enum):
    """Why a sentence is not spoken."""

    NOT_APPROVED = "not_approved"


@dataclass(frozen=True, slots=True)
class Wording:
    """All text that may be spoken verbatim, keyed by `normal()`."""

    fixed: frozenset[str]
    passages: Mapping[str, str]
    """normal(sentence) -> passage id."""
    model_sentences: bool
    """A hosted model's own sentence may be spoken: the development profile only."""


def normal(text: str) -> str:
    """The form in which wording is compared: one space between words, nothing else changed."""
    return " ".join(text.split())
