"""Of the approved passages the one that a question asks for, or why none may answer.

By meaning, with a little of the words shared; by words alone where no meaning is given.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.deferrals import Ask, alarming, ask_of, missed_dose, only_bleeding, replies
from agent.lexicon import MEDICINE_NAMES
from agent.likeness import FAR, Likeness, Near
from agent.passages import Material, Passage
from agent.questions import asks_something, focus
from agent.retrieval import Entry, Hit, Index
from agent.sayings import Outside
from agent.terms import shorten
from policies.meaning import Floats
from policies.phi import PHI

LOWEST_SCORE: Final = 0.57  # thresholds chosen on questions kept apart from the passages' `asks`
LOWEST_TOLD_SCORE: Final = 0.62  # what is told, not asked, must be nearer
LOWEST_COVERED: Final = 0.45
LOWEST_NEAREST: Final = 0.48
LOWEST_MASS: Final = 1.5  # a question must hold about one topic word; hinting words alone open nothing
LOWEST_ECHO: Final = 0.72  # a question of common words must nearly be one of the known ways of asking
ECHO_MARGIN: Final = 0.08
LOWEST_MARGIN: Final = 0.04
SAME_TOPIC_MARGIN: Final = 0.015  # of two passages on one topic the nearer may be spoken on a smaller lead
PLAIN_NEAREST: Final = 0.94
PLAIN_MARGIN: Final = 0.06
MISSED_TOPIC: Final = "missed doses"  # of what was not taken, only these passages may speak
LONE_MARGIN: Final = 0.10  # with such a lead nothing else can be meant, and talk around the topic may cover less
LONE_COVERED: Final = 0.42
LONE_NEAREST: Final = 0.45
LOWEST_LIKE: Final = 0.49  # thresholds of likeness: docs/decisions/0009-retrieval-by-meaning.md
LOWEST_LIKE_TOLD: Final = 0.5
OUTSIDE_LEAD: Final = 0.05  # a question must be nearer to a passage by so much than to what none may answer
LIKE_BACKGROUND: Final = 0.45  # so near to what is said before a question
CLEARLY_LIKE: Final = 0.2  # so much nearer than to any question of dose or diagnosis: those patterns were wrong
CLEARLY_DEFERRED: Final = 0.15  # for a passage that sends to a nurse for the decision
LEXICAL_SHARE: Final = 0.1  # what shared words add to likeness
LIKE_BEFORE: Final = 0.05  # a follow-up is more often about the same passage
FOLLOWS_WORDS: Final = 5  # so short a turn leans on the one before
FOLLOWS_LIKE: Final = 0.6  # as does one that is not near anything by itself
FOLLOWS_TURN: Final = 0.4
EMERGENCY_NUMBER: Final = "911"  # told bleeding is answered only by what says when this is to be called


class Unknown(enum.Enum):
    """Why no passage is spoken; closed, counted by the metrics."""

    NOTHING_ASKED = "nothing_asked"
    NOT_COVERED = "not_covered"
    """No passage knows the question's words."""
    TOO_CLOSE = "too_close"
    """Two passages fit about as well."""
    BACKGROUND = "background"
    """It reads as what callers say before their question."""
    SYMPTOM_TOLD = "symptom_told"
    """Something was told that a person should hear of, and nothing was asked."""
    DOSE_CHANGE = "dose_change"
    DIAGNOSIS = "diagnosis"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Found:
    """The passage that answers, how well it fits (0..1), and its lead over the next one."""

    passage: Passage
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class NotKnown:
    """No passage may answer; the caller is offered a nurse."""

    reason: Unknown


class Knowledge:
    """The passages of one agent, with their index.  Built once, read by all calls, keeps nothing of a question."""

    __slots__ = ("_index", "_likeness", "_missed", "_places", "passages")

    def __init__(self, material: Material, likeness: Likeness | None = None) -> None:
        """likeness: of the material's `examples()`; without it words alone decide."""
        self.passages: Final = material.passages
        self._likeness: Final = likeness
        self._index = Index([Entry(p.title, p.asks, p.text, p.drugs) for p in self.passages])
        self._places = {passage.id: place for place, passage in enumerate(self.passages)}
        self._missed = tuple(place for place, passage in enumerate(self.passages) if passage.topic == MISSED_TOPIC)

    def wording(self) -> Mapping[str, str]:
        """Every sentence that may be spoken, in `normal()` form, with its passage's id: `Wording.passages`."""
        return MappingProxyType({s: p.id for p in self.passages for s in p.sentences})

    def drugs(self) -> tuple[str, ...]:
        """Names of medicines that recognition should listen for: the first of every passage, then the second, ..."""
        named = [[drug for drug in p.drugs if drug.lower() in MEDICINE_NAMES] for p in self.passages]
        rounds = itertools.chain.from_iterable(itertools.zip_longest(*named))
        return tuple(dict.fromkeys(drug for drug in rounds if drug is not None))

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id.  Raises KeyError."""
        return self.passages[self._places[passage_id]]

    def retrieve(self, question: PHI[str], after: str = "", meaning: PHI[Floats] | None = None) -> Found | NotKnown:
        """The one passage that answers what was asked, or why none may.

        after: the id of the passage spoken in the turn before, empty if none: a follow-up such as "and how
        long?" is read with that passage's topic.  meaning: of the question; without it words alone decide.
        Raises nothing; keeps nothing of the question.
        """
        heard = shorten(question.reveal())
        asked, around = focus(heard)
        ask = ask_of(heard)
        if ask is Ask.OUT_OF_SCOPE:
            return NotKnown(Unknown.OUT_OF_SCOPE)
        told = not asks_something(heard)
        if meaning is not None and self._likeness is not None:
            return self._meant(heard, meaning.reveal(), self._places.get(after), ask, told=told)
        if ask is Ask.DIAGNOSIS:
            return NotKnown(Unknown.DIAGNOSIS)
        if ask is Ask.DOSE_CHANGE and not missed_dose(heard):
            return NotKnown(Unknown.DOSE_CHANGE)
        if ask is Ask.PURPOSE:
            return NotKnown(Unknown.NOT_COVERED)
        bleeds = told and only_bleeding(heard)
        if told and alarming(heard) and not bleeds:
            return NotKnown(Unknown.SYMPTOM_TOLD)
        if told and replies(heard):
            return NotKnown(Unknown.NOTHING_ASKED)
        before = self._places.get(after)
        hits, mass = self._index.rank(asked, around, before, told=told)
        if before is not None and 0 < mass < LOWEST_MASS:
            hits, mass = self._index.rank(f"{asked} {self.passages[before].title}", around, before)
        topical = mass >= LOWEST_MASS or self._plain(hits, told)
        found = self._decide(hits, told) if topical else self._echoed(asked)
        if found == NotKnown(Unknown.TOO_CLOSE):
            echoed = self._echoed(asked)
            found = echoed if isinstance(echoed, Found) else found
        if bleeds and not (isinstance(found, Found) and EMERGENCY_NUMBER in found.passage.text):
            return NotKnown(Unknown.SYMPTOM_TOLD)
        if isinstance(found, Found) and ask is Ask.DOSE_CHANGE and found.passage.topic != MISSED_TOPIC:
            return NotKnown(Unknown.DOSE_CHANGE)
        if isinstance(found, Found) and ask is not Ask.INFORMATION:
            place = self._places[found.passage.id]
            if not found.passage.defers or not self._index.names(place, asked):
                return NotKnown(Unknown.DOSE_CHANGE)
        return found

    def _meant(self, heard: str, vector: Floats, before: int | None, ask: Ask, *, told: bool) -> Found | NotKnown:
        """The passage whose examples mean the same."""
        assert self._likeness is not None
        near = self._likeness.near(vector)
        if before is not None and (len(heard.split()) <= FOLLOWS_WORDS or near.passages.max() < FOLLOWS_LIKE):
            vector = self._likeness.turned(vector, before, FOLLOWS_TURN)
            near = self._likeness.near(vector)
        asked, around = focus(heard)
        hits, _ = self._index.rank(asked, around, before, told=told)
        scores = near.passages.astype(float)
        for hit in hits:
            scores[hit.place] += LEXICAL_SHARE * hit.score
        if before is not None:
            scores[before] += LIKE_BEFORE
        missed = missed_dose(heard)
        silent = () if missed else (place for place in self._missed if place != before)
        for place in (*self._index.others_medicine(asked), *silent):
            scores[place] = FAR
        order = scores.argsort()[::-1]
        best, like = int(order[0]), float(near.passages[order[0]])
        outside = near.out(Outside.NONE, Outside.BACKGROUND) if told else near.out(Outside.NONE) + OUTSIDE_LEAD
        if scores[best] < (LOWEST_LIKE_TOLD if told else LOWEST_LIKE) or like <= outside:
            background = told and near.out(Outside.BACKGROUND) >= LIKE_BACKGROUND
            return NotKnown(Unknown.BACKGROUND if background else Unknown.NOT_COVERED)
        passage = self.passages[best]
        if told and alarming(heard) and EMERGENCY_NUMBER not in passage.text:
            return NotKnown(Unknown.SYMPTOM_TOLD)
        if refused := _beyond(ask, passage, like, near, missed=missed and passage.topic == MISSED_TOPIC):
            return NotKnown(refused)
        second = float(scores[order[1]]) if len(order) > 1 else 0.0
        return Found(passage, float(scores[best]), float(scores[best]) - second)

    @staticmethod
    def _plain(hits: Sequence[Hit], told: bool) -> bool:
        """A question of hinting words alone that is one of the known ways of asking, and of one passage only."""
        if told or not hits or hits[0].nearest < PLAIN_NEAREST or hits[0].covered < PLAIN_NEAREST:
            return False
        return len(hits) == 1 or hits[0].score - hits[1].score >= PLAIN_MARGIN

    def _echoed(self, asked: str) -> Found | NotKnown:
        near = self._index.echo(asked)
        if not near or near[0][0] < LOWEST_ECHO:
            return NotKnown(Unknown.NOTHING_ASKED)
        margin = near[0][0] - near[1][0] if len(near) > 1 else near[0][0]
        if margin < ECHO_MARGIN:
            return NotKnown(Unknown.TOO_CLOSE)
        return Found(self.passages[near[0][1]], near[0][0], margin)

    def _decide(self, hits: Sequence[Hit], told: bool) -> Found | NotKnown:
        if not hits:
            return NotKnown(Unknown.NOT_COVERED)
        best = hits[0]
        margin = best.score - hits[1].score if len(hits) > 1 else best.score
        lone = margin >= LONE_MARGIN and best.covered >= LONE_COVERED and best.nearest >= LONE_NEAREST
        if not lone and (
            best.score < (LOWEST_TOLD_SCORE if told else LOWEST_SCORE)
            or best.covered < LOWEST_COVERED
            or best.nearest < LOWEST_NEAREST
        ):
            return NotKnown(Unknown.NOT_COVERED)
        passage = self.passages[best.place]
        kin = len(hits) > 1 and self.passages[hits[1].place].topic == passage.topic
        if margin < (SAME_TOPIC_MARGIN if kin else LOWEST_MARGIN):
            return NotKnown(Unknown.TOO_CLOSE)
        return Found(passage, best.score, margin)


def _beyond(ask: Ask, passage: Passage, like: float, near: Near, *, missed: bool) -> Unknown | None:
    """Why approved wording must not answer such a question, though it is near; None if it may.

    missed: a dose was missed, and the passage says what to do then.
    """
    over_dose = _lead(like, near, Outside.DOSE, doubted=ask is Ask.DOSE_CHANGE)
    over_diagnosis = _lead(like, near, Outside.DIAGNOSIS, doubted=ask is Ask.DIAGNOSIS)
    if ask is Ask.DOSE_CHANGE:
        enough = missed or over_dose >= (CLEARLY_DEFERRED if passage.defers else CLEARLY_LIKE)
        return None if enough else Unknown.DOSE_CHANGE
    if over_dose <= OUTSIDE_LEAD and not missed:
        return Unknown.DOSE_CHANGE
    if over_diagnosis <= (CLEARLY_LIKE if ask is Ask.DIAGNOSIS else OUTSIDE_LEAD):
        return Unknown.DIAGNOSIS
    return None


def _lead(like: float, near: Near, kind: Outside, *, doubted: bool) -> float:
    """By how much a passage is nearer.  Where no example is known, a doubt of the words stands: there is no lead."""
    return 0.0 if doubted and kind not in near.outside else like - near.out(kind)
