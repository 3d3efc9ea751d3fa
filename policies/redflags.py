"""Signs that need a person now, as named rules hear them: the first voice; `urgency.py` is the second.

A rule says how a sign is put into words, and `context.py` whether it is meant as there now.  What is unclear counts.
The rules are files that a clinician reads and changes (`rules/*.toml`); `rules/written.py` makes this of them.  Pure.
"""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from policies.context import Context, Meant
from policies.plain import plain
from policies.readings import Bounds
from policies.urgency import Urgency


class Action(enum.Enum):
    """What is done where a rule fires; the words of it are fixed."""

    SAY_911_AND_FETCH = "say_911_and_fetch"
    SAY_988_AND_FETCH = "say_988_and_fetch"
    FETCH = "fetch"
    """A nurse is called; the caller is told so."""


ACTIONS: Final = {
    Urgency.EMERGENCY_911: Action.SAY_911_AND_FETCH,
    Urgency.CRISIS_988: Action.SAY_988_AND_FETCH,
    Urgency.NURSE_NOW: Action.FETCH,
}
"""The least that is done; a rule may ask for more, never for less."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign, and the ways in which it is said, over `plain` text between spaces."""

    id: str
    sign: str
    urgency: Urgency
    action: Action
    owner: str
    source: str
    says: re.Pattern[str] | None
    """Says that the sign is there."""
    names: re.Pattern[str] | None
    """Only names the sign: it is there if the context claims it."""
    needs: Sequence[re.Pattern[str]]
    """Each must be said too, anywhere in the turn: "on warfarin" beside a fall on the head."""
    unless: re.Pattern[str] | None
    """A figure of speech, or what makes another thing of it: matched from nine words before to nine after."""
    quiet: frozenset[Meant]
    """How the sign may be meant without the rule firing."""
    must: Sequence[str]
    must_not: Sequence[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """How urgent a turn is, and the rule that says so; of a turn that is routine no rule."""

    urgency: Urgency
    rule: str

    @classmethod
    def nothing(cls) -> Self:
        return cls(Urgency.ROUTINE, "")


BESIDE: Final = 9  # words around a sign in which a figure of speech is one
_RECENT: Final = re.compile(r" (?:today|tonight|now|earlier|yesterday|this morning|last night|ago|just) ")


@dataclass(frozen=True, slots=True)
class RedFlags:
    """The rules in force, the most urgent first."""

    rules: Sequence[Rule]
    context: Context
    bounds: Bounds | None = None
    """For measured values; None judges none."""

    def judge(self, words: str) -> Finding:
        """The most urgent of what is said and meant.  words: one turn of a caller, or as much of it as was heard."""
        text = f" {plain(words)} "
        best = Finding.nothing()
        for rule in self.rules:
            if rule.urgency <= best.urgency:
                break
            best = max(best, self._by(rule, text), key=lambda finding: finding.urgency)
        bound = None if self.bounds is None else self.bounds.judge(words, self.context)
        return best if bound is None or bound.urgency <= best.urgency else Finding(bound.urgency, bound.id)

    def sign_of(self, rule_id: str) -> str:
        """What the rule looks for; empty for what is no rule's, such as a bound's."""
        return next((rule.sign for rule in self.rules if rule.id == rule_id), "")

    def without(self, rule_id: str) -> RedFlags:
        """All but one, to show what it is there for."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.id != rule_id))

    def _by(self, rule: Rule, text: str) -> Finding:
        found = Finding.nothing()
        for sign in self._signs(rule, text):
            if rule.unless is not None and rule.unless.search(_around(text, sign.start(), sign.end())):
                continue
            if not all(self._there(need, rule, text) for need in rule.needs):
                continue
            meant = self.context.meant(text, sign.start(), sign.end())
            if meant not in rule.quiet:
                return Finding(rule.urgency, rule.id)
            if meant is Meant.OVER and rule.urgency > Urgency.NURSE_NOW and _RECENT.search(text):
                found = Finding(Urgency.NURSE_NOW, rule.id)  # what was an emergency an hour ago is a nurse's now
        return found

    def _there(self, need: re.Pattern[str], rule: Rule, text: str) -> bool:
        return any(self.context.meant(text, one.start(), one.end()) not in rule.quiet for one in need.finditer(text))

    def _signs(self, rule: Rule, text: str) -> Iterator[re.Match[str]]:
        if rule.says is not None:
            yield from rule.says.finditer(text)
        if rule.names is not None:
            yield from (one for one in rule.names.finditer(text) if self.context.claimed(text, one.start()))


def _around(text: str, start: int, end: int) -> str:
    before, after = text[:start].split(), text[end:].split()
    return f" {' '.join([*before[-BESIDE:], text[start:end].strip(), *after[:BESIDE]])} "


if __name__ == "__main__":
    from policies.rules.batch import run, urgencies  # which need this module whole

    sys.exit(run(urgencies))
