# ruff: noqa: E501  a pattern is read whole
"""Is a passage fit to be spoken to a patient?  Plain words, short sentences, no advice on doses, no promise.  Pure."""

from __future__ import annotations

import enum
import re
from typing import Final

from agent.passages import ENDS, Passage

SENTENCE_WORDS: Final = 26
GRADE: Final = 8.0  # patient material is written for the eighth school year or below

_PROMISE: Final = re.compile(
    r"\b(?:you will be (?:fine|okay|ok)|nothing to worry|do not worry|don't worry|no need to worry|is harmless|guarantee\w*"
    r"|is not serious|completely safe|perfectly safe|always safe|you have an? (?:infection|clot)|you are fine)\b",
    re.IGNORECASE,
)
_DOSE_CHANGE: Final = re.compile(
    r"\b(?:stop(?:ping)?|skip(?:ping)?|double|doubling|halve|half|split|increase|decrease|reduce|lower|raise|extra|more"
    r"|two|another|switch|start(?:ing)?|restart|change|changing) (?:(?:taking|using|your|the|this|a|an|any|on|of) )*"
    r"(?:[a-z]+ )?(?:doses?|medicines?|pills?|tablets?|antibiotics?|steroids?|inhalers?|insulin|blood thinners?|statins?"
    r"|puffs?|water pills?)\b",
    re.IGNORECASE,
)
_FENCED: Final = re.compile(
    r"\b(?:do not|don't|never|not|without|unless|before you|before|ask|asking|may tell you|tell you whether|only the|only your"
    r"|only if|whether|than|rather than)\b",
    re.IGNORECASE,
)


class Flaw(enum.Enum):
    """What a reader should mend in a passage."""

    LONG_SENTENCE = "long_sentence"
    HARD_TO_READ = "hard_to_read"
    DOSE_ADVICE = "dose_advice"
    PROMISE = "promise"
    DEFERS_TO_NOBODY = "defers_to_nobody"
    SHOUTS = "shouts"


def lint(passage: Passage) -> tuple[Flaw, ...]:
    """What is wrong with a passage's wording; empty if nothing."""
    flaws: list[Flaw] = []
    if any(len(sentence.split()) > SENTENCE_WORDS for sentence in passage.sentences):
        flaws.append(Flaw.LONG_SENTENCE)
    if grade(passage.text) > GRADE:
        flaws.append(Flaw.HARD_TO_READ)
    if any(_DOSE_CHANGE.search(sentence) and not _FENCED.search(sentence) for sentence in passage.sentences):
        flaws.append(Flaw.DOSE_ADVICE)
    if _PROMISE.search(passage.text):
        flaws.append(Flaw.PROMISE)
    if passage.defers and not re.search(r"\b(?:nurse|doctor|pharmacist|care team)\b", passage.text):
        flaws.append(Flaw.DEFERS_TO_NOBODY)
    if re.search(r"\b[A-Z]{4,}\b", passage.text):
        flaws.append(Flaw.SHOUTS)
    return tuple(flaws)


def grade(text: str) -> float:
    """Flesch-Kincaid grade level (Kincaid and others, 1975), with syllables counted from the spelling."""
    sentences = [sentence for sentence in ENDS.split(text) if sentence.strip()]
    spoken = re.findall(r"[A-Za-z']+", text)
    if not sentences or not spoken:
        return 0.0
    syllables = sum(_syllables(word) for word in spoken)
    return 0.39 * len(spoken) / len(sentences) + 11.8 * syllables / len(spoken) - 15.59


def _syllables(word: str) -> int:
    bare = re.sub(r"[^a-z]", "", word.lower())
    if bare.endswith("e") and not bare.endswith(("le", "ee")):
        bare = bare[:-1]
    if bare.endswith("ed") and not bare.endswith(("ted", "ded")):
        bare = bare[:-2]
    return max(1, len(re.findall(r"[aeiouy]+", bare)))
