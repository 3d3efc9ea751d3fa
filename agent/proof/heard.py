"""What was said and what was made of it, as needles.  Reads our own material: words of it were not hers alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agent.proof.canary import DRUGS, Canary
from agent.proof.needles import Needle
from agent.proof.search import Findable
from agent.settings import ROOT

RUN_WORDS: Final = 3  # of what was heard, to a needle; they overlap
CAPITALS: Final = frozenset({"Hello", "I", "I'm", "I'll", "My", "And", "Hi"})  # that are no name
LEAST_RUN: Final = 12  # signs; fewer come about by chance
LEAST_DIGITS: Final = 3
SIGNS: Final = " .,?!"


def needles_of(calls: Sequence[tuple[Canary, str, Sequence[Findable]]]) -> list[Findable]:
    """Of each call (who, what was heard of it, its sounds): what she said, what was heard, three words at a time.

    Words that stand in our own material ("if I can take") are in the line's memory without having been said.
    """
    needles: list[Findable] = []
    ours = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "deploy").rglob("*.toml"))).lower()
    for patient, heard, sounds in calls:
        needles += [Needle(f"{patient.number} {name}", text) for name, text in patient.texts()]
        words = heard.split()
        runs = dict.fromkeys(" ".join(words[at : at + RUN_WORDS]) for at in range(max(1, len(words) - RUN_WORDS + 1)))
        needles += [
            Needle(f"{patient.number} heard {n}", run)
            for n, run in enumerate(runs)
            if len(run) >= LEAST_RUN and _hers(run, ours) and run.lower().strip(SIGNS) not in ours
        ]
        needles += sounds
    return needles


def _hers(run: str, ours: str) -> bool:
    """It holds part of a number or a name: "and I want" is in many places without having been said."""
    names = (word.strip(SIGNS) for word in run.split() if word[:1].isupper())
    named = any(name not in CAPITALS and name.lower() not in DRUGS and name.lower() not in ours for name in names)
    return named or sum(sign.isdigit() for sign in run) >= LEAST_DIGITS
