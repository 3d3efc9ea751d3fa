"""Signs that need a person now, and no answer from a machine.

Provisional: a short list of ours (`rules/provisional.py`), replaced whole by the clinical issue's reviewed rules.
It errs to care: a question, a past event or somebody else's sign mostly counts as well; only a plain denial right
before the sign does not.  Reads text as a speech recogniser gives it: case, punctuation and apostrophes may be
missing or wrong.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from policies.rules import provisional


class RedFlag(enum.Enum):
    """Which sign; never written down, only that there was one."""

    CHEST_PAIN = "chest_pain"
    BREATHING = "breathing"
    STROKE = "stroke"
    BLEEDING = "bleeding"
    SELF_HARM = "self_harm"
    OVERDOSE = "overdose"
    UNCONSCIOUS = "unconscious"
    SEIZURE = "seizure"
    SWELLING = "swelling"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign, and the ways in which it is said as one pattern over `plain` text between spaces."""

    flag: RedFlag
    said: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class RedFlags:
    """The rules in force."""

    rules: Sequence[Rule]
    denied: re.Pattern[str]
    """Matches when what stands before a sign denies it."""

    @classmethod
    def provisional(cls) -> RedFlags:
        """The built-in short list; not reviewed by a clinician."""
        denial, between, listed = _either(provisional.DENIALS), _way(provisional.BETWEEN), _way(provisional.LISTED)
        return cls(
            tuple(Rule(flag, re.compile(f"(?<= ){_either(getattr(provisional, flag.name))}")) for flag in RedFlag),
            re.compile(f" {denial}(?:{between})*(?:{listed}(?:{between})*)*$"),
        )

    def seen_in(self, words: str) -> frozenset[RedFlag]:
        """The signs that are said and not plainly denied.  words: one turn of a caller."""
        text = f" {plain(words)} "
        return frozenset(rule.flag for rule in self.rules if self._stands(rule, text))

    def _stands(self, rule: Rule, text: str) -> bool:
        """Self-harm cannot be denied here: "I do not want to live" is the sign itself, and a denial of it is doubt."""
        return any(
            rule.flag is RedFlag.SELF_HARM or self.denied.search(text[: found.start()]) is None
            for found in rule.said.finditer(text)
        )


_SPELLED_OUT: Final = tuple(
    (re.compile(rf"\b(?:{short})\b"), full)
    for short, full in (
        ("cant|can not", "cannot"),
        ("wont", "will not"),
        ("im", "i am"),
        ("ive", "i have"),
        ("(hes|shes|its|thats)", r"\1 is"),
        ("(do|does|did|is|are|was|were|has|have|had|would|could|should)nt", r"\1 not"),
        ("gonna", "going to"),
        ("wanna", "want to"),
    )
)


def plain(words: str) -> str:
    """Lower case, no apostrophes, "can't" and its like spelled out, the end of a clause as ` , `, else only words."""
    text = words.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("'", "")
    text = re.sub(r"[.,;:!?\N{EM DASH}\N{EN DASH}]+", " , ", text)
    text = re.sub(r"[^a-z0-9, ]+", " ", text)
    for short, full in _SPELLED_OUT:
        text = short.sub(full, text)
    text = re.sub(r"\b(he|she|it|that)s is\b", r"\1 is", text)
    return " ".join(text.split())


def _way(notation: str) -> str:
    """The pattern of one way of saying something, in the notation of `rules/provisional.py`; ends with a space."""
    pieces = []
    for mark in re.findall(r"!?\([^)]*\)|\[[^\]]*\]|\.\.\.|[^\s()\[\]]+", notation):
        if mark == "...":
            pieces.append("(?:[a-z0-9]+ ){0,3}?")
        elif mark.startswith("!"):
            pieces.append(f"(?!(?:{mark[2:-1]}) )")
        elif mark.startswith("["):
            pieces.append(f"(?:(?:{mark[1:-1]}) )?")
        else:
            pieces.append(f"(?:{mark.strip('()')}) ")
    return "".join(pieces)


def _either(notations: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(_way, notations))})"
