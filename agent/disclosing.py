"""What a call says of itself at its start and at its end: a machine speaks, how to reach a person, what is kept.

The hearing of it is what California AB 3030 asks of a voice, at the start and at the end.  What is kept is told as the
retention of this very call has it: the greeting by the level when the call starts, the closing by the level then, which
is never laxer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.phrases import Phrase, PhraseTexts
from agent.sentences import sentences_of
from policies.guardrails import Sayable, Wording, fixed
from policies.retention import Retention

PARTS: Final = (Phrase.GREETING, Phrase.KEEPS_NOTHING, Phrase.KEEPS_TRANSCRIPT, Phrase.GREETING_END)
"""Said sentence by sentence, and only in a greeting."""
_KEEPS: Final = MappingProxyType(
    {
        Retention.ZERO: (Phrase.KEEPS_NOTHING, Phrase.CLOSING),
        Retention.REDACTED: (Phrase.KEEPS_TRANSCRIPT, Phrase.CLOSING_KEPT),
    }
)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The start and the end of a call, at one level of retention."""

    greeting: tuple[Sayable, ...]
    """Its sentences, in order."""
    held: int
    """How many of them are not stopped by speech: up to the one that says what is kept.  Key 0 stops them."""
    closing: Sayable


def disclosures(texts: PhraseTexts, wording: Wording) -> Mapping[Retention, Disclosure]:
    """One for each level.  wording: holds every sentence of `texts`."""
    return MappingProxyType({level: _disclosure(level, texts, wording) for level in Retention})


def _disclosure(level: Retention, texts: PhraseTexts, wording: Wording) -> Disclosure:
    keeps, closing = _KEEPS[level]
    before, kept, after = (sentences_of(texts[part]) for part in (Phrase.GREETING, keeps, Phrase.GREETING_END))
    return Disclosure(
        greeting=tuple(fixed(sentence, wording) for sentence in (*before, *kept, *after)),
        held=len(before) + 1,
        closing=fixed(texts[closing], wording),
    )
