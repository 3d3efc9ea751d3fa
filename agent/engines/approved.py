"""The embedded language model that is none: approved passages, word for word, or "I don't know"."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, final

from agent.deferrals import missed_dose
from agent.knowledge import Found, Knowledge, NotKnown, Unknown
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI
from policies.scope import Route, away

NOTHING_ELSE: Final[Mapping[Unknown, Sequence[str]]] = MappingProxyType({})
ELSEWHERE: Final = MappingProxyType(
    {
        Route.DOSE_CHANGE: Unknown.DOSE_CHANGE,
        Route.DIAGNOSIS: Unknown.DIAGNOSIS,
        Route.OUT_OF_SCOPE: Unknown.OUT_OF_SCOPE,
        Route.INJECTION: Unknown.OUT_OF_SCOPE,
        Route.ASKS_HUMAN: Unknown.ASKS_HUMAN,
        Route.ADMIN: Unknown.NOT_COVERED,
    }
)
"""Why no passage is spoken, by where a question goes."""
FIRM: Final = frozenset({Route.DOSE_CHANGE, Route.DIAGNOSIS, Route.INJECTION, Route.ASKS_HUMAN})
"""These no passage may answer; of the rest an approved one that fits does no harm."""


@final
class ApprovedAnswers:
    """`LanguageModel` over the approved passages.  Holds no state of any call; quick enough to run on the loop."""

    def __init__(
        self, knowledge: Knowledge, not_known: Sequence[str], instead: Mapping[Unknown, Sequence[str]] = NOTHING_ELSE
    ) -> None:
        """not_known: the fixed sentences that say so and offer a nurse.  instead: others, by the reason."""
        self._knowledge = knowledge
        self._not_known = tuple(not_known)
        self._instead = instead

    def find(self, said: Answerable, before: Sequence[Answerable | Sayable] = ()) -> Found | NotKnown:
        """The passage for what was said; may be asked ahead of the turn's end.

        before: the turns so far; the last passage spoken in them gives a follow-up its topic.
        """
        elsewhere = away(said.said.scope)
        missed = elsewhere is Route.DOSE_CHANGE and said.said.words.map(missed_dose).reveal()
        if elsewhere in FIRM and not missed:  # of a missed dose passages tell what the label tells
            return NotKnown(ELSEWHERE[elsewhere])
        found = self._retrieve(said, before)
        if isinstance(found, NotKnown) and elsewhere is not None:
            return NotKnown(ELSEWHERE[elsewhere])
        return found

    def _retrieve(self, said: Answerable, before: Sequence[Answerable | Sayable]) -> Found | NotKnown:
        return self._knowledge.retrieve(said.said.words, _last_passage(before), said.said.meaning)

    def opened(self, said: Answerable, before: Sequence[Answerable | Sayable] = ()) -> Opened | None:
        """The same passage as what a hosted model may put in words."""
        found = self.find(said, before)
        return Opened(found.passage.id, PHI(found.passage.text)) if isinstance(found, Found) else None

    async def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        """The passage's sentences one by one, or the not-known wording.  The last turn is the caller's."""
        if opened is not None:
            for sentence in self._knowledge.passage(opened.passage_id).sentences:
                yield PHI(sentence)
            return
        said = turns[-1] if turns else None
        found = self.find(said, turns[:-1]) if isinstance(said, Answerable) else None
        for sentence in self._said_of(found):
            yield PHI(sentence)

    def _said_of(self, found: Found | NotKnown | None) -> Sequence[str]:
        if isinstance(found, Found):
            return found.passage.sentences
        return self._not_known if found is None else self._instead.get(found.reason, self._not_known)


def _last_passage(turns: Sequence[Answerable | Sayable]) -> str:
    for turn in reversed(turns):
        if isinstance(turn, Sayable) and turn.passage_id:
            return turn.passage_id
    return ""
