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

from agent.deferrals import Ask, alarming, ask_of, changes, dose_not_taken, missed_dose, only_bleeding, replies
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
    ASKS_HUMAN = "asks_human"


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
        ask, told, before = ask_of(heard), not asks_something(heard), self._places.get(after)
        if refused := _refused(heard, ask, told=told, follows=before is not None):
            return NotKnown(refused)
        if meaning is not None and self._likeness is not None:
            found = self._meant(heard, meaning.reveal(), before, told=told)
        else:
            found = self._worded(heard, before, told=told)
        if isinstance(found, NotKnown):
            return NotKnown(Unknown.SYMPTOM_TOLD) if told and alarming(heard) else found
        return found if self._may(found.passage, heard, ask, told=told) else NotKnown(_instead(ask, told=told))

    def _may(self, passage: Passage, heard: str, ask: Ask, *, told: bool) -> bool:
        """May this passage answer such a question?  What words alone decide; likeness opens nothing of it."""
        if told and alarming(heard):
            return EMERGENCY_NUMBER in passage.text
        if ask is Ask.INFORMATION:
            return True
        if ask is Ask.DOSE_CHANGE and passage.topic != MISSED_TOPIC:
            return False
        place, asked = self._places[passage.id], focus(heard)[0]
        if ask is Ask.TAKING and not self._index.covers(place, asked):
            return False  # whether two medicines go together is no question about one of them
        return passage.defers and self._index.names(place, asked)

    def _worded(self, heard: str, before: int | None, *, told: bool) -> Found | NotKnown:
        """The passage that shares the words."""
        asked, around = focus(heard)
        hits, mass = self._index.rank(asked, around, before, told=told)
        if before is not None and 0 < mass < LOWEST_MASS:
            hits, mass = self._index.rank(f"{asked} {self.passages[before].title}", around, before)
        topical = mass >= LOWEST_MASS or self._plain(hits, told)
        found = self._decide(hits, told) if topical else self._echoed(asked)
        if found == NotKnown(Unknown.TOO_CLOSE):
            echoed = self._echoed(asked)
            found = echoed if isinstance(echoed, Found) else found
        return found

    def _meant(self, heard: str, vector: Floats, before: int | None, *, told: bool) -> Found | NotKnown:
        """The passage whose examples mean the same."""
        assert self._likeness is not None
        itself, near, scores = self._liked(heard, vector, before, told=told)
        missed = missed_dose(heard)
        order = scores.argsort()[::-1]
        best, like = int(order[0]), float(near.passages[order[0]])
        outside = itself.out(Outside.NONE, Outside.BACKGROUND) if told else itself.out(Outside.NONE) + OUTSIDE_LEAD
        if scores[best] < (LOWEST_LIKE_TOLD if told else LOWEST_LIKE) or like <= outside:
            background = told and itself.out(Outside.BACKGROUND) >= LIKE_BACKGROUND
            return NotKnown(Unknown.BACKGROUND if background else Unknown.NOT_COVERED)
        passage = self.passages[best]
        if like <= itself.out(Outside.DOSE) + OUTSIDE_LEAD and not (missed and passage.topic == MISSED_TOPIC):
            return NotKnown(Unknown.DOSE_CHANGE)
        if like <= itself.out(Outside.DIAGNOSIS) + OUTSIDE_LEAD:
            return NotKnown(Unknown.DIAGNOSIS)
        second = float(scores[order[1]]) if len(order) > 1 else 0.0
        return Found(passage, float(scores[best]), float(scores[best]) - second)

    def _liked(self, heard: str, vector: Floats, before: int | None, *, told: bool) -> tuple[Near, Near, Floats]:
        """The likeness of what was said, the same with the turn before where it follows one, each passage's score."""
        assert self._likeness is not None
        itself = near = self._likeness.near(vector)
        follows = len(heard.split()) <= FOLLOWS_WORDS or near.passages.max() < FOLLOWS_LIKE
        if before is not None and follows and not told:
            near = self._likeness.near(self._likeness.turned(vector, before, FOLLOWS_TURN))
        asked, around = focus(heard)
        hits, _ = self._index.rank(asked, around, before, told=told)
        scores = near.passages.astype(float)
        for hit in hits:
            scores[hit.place] += LEXICAL_SHARE * hit.score
        if before is not None:
            scores[before] += LIKE_BEFORE
        silent = () if missed_dose(heard) else (place for place in self._missed if place != before)
        for place in (*self._index.others_medicine(asked), *silent):
            scores[place] = FAR
        return itself, near, scores

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


def _refused(heard: str, ask: Ask, *, told: bool, follows: bool) -> Unknown | None:
    """Why no passage may answer such words, whatever it is like; None if one may.

    follows: a passage was spoken before, so that "it" may be a medicine.
    """
    if ask is Ask.OUT_OF_SCOPE:
        return Unknown.OUT_OF_SCOPE
    if ask is Ask.DIAGNOSIS:
        return Unknown.DIAGNOSIS
    if (ask is Ask.DOSE_CHANGE and not dose_not_taken(heard)) or changes(heard, told=told, follows=follows):
        return Unknown.DOSE_CHANGE
    if ask is Ask.PURPOSE:
        return Unknown.NOT_COVERED
    if told and alarming(heard) and not only_bleeding(heard):
        return Unknown.SYMPTOM_TOLD
    return Unknown.NOTHING_ASKED if told and replies(heard) else None


def _instead(ask: Ask, *, told: bool) -> Unknown:
    return Unknown.SYMPTOM_TOLD if ask is Ask.INFORMATION and told else Unknown.DOSE_CHANGE
