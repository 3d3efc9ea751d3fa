"""The approved passages: load, check, and find the one that a question asks for.

A passage is a few sentences that a clinician has approved, or will; they are spoken word for word.  Which
words a caller may use for it (`asks`) serves retrieval only and is never spoken.
"""

from __future__ import annotations

import enum
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from agent.deferrals import Ask, alarming, ask_of, missed_dose, only_bleeding, replies
from agent.lexicon import MEDICINE_NAMES
from agent.likeness import FAR, Likeness, Near
from agent.questions import asks_something, focus
from agent.retrieval import Entry, Hit, Index
from agent.sayings import Outside, Sayings, SayingsRefused
from agent.sayings import load as load_sayings
from agent.terms import shorten
from policies.guardrails import normal
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
CLEARLY_LIKE: Final = 0.15  # so much nearer than to any question of dose or diagnosis: those patterns were wrong
LEXICAL_SHARE: Final = 0.1  # what shared words add to likeness
LIKE_BEFORE: Final = 0.05  # a follow-up is more often about the same passage
FOLLOWS_WORDS: Final = 5  # so short a turn leans on the one before
FOLLOWS_LIKE: Final = 0.6  # as does one that is not near anything by itself
FOLLOWS_TURN: Final = 0.4
EMERGENCY_NUMBER: Final = "911"  # told bleeding is answered only by what says when this is to be called
TEXT_WORDS: Final = (20, 65)
ASKS: Final = (6, 32)

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SPEAKABLE: Final = re.compile(r"[A-Za-z0-9 ,.'-]+")
ENDS: Final = re.compile(r"(?<=[.?!])\s+(?=[A-Z0-9])")


class KnowledgeReason(enum.Enum):
    """Why material is not used; closed."""

    NO_FOLDER = "no_folder"
    EMPTY = "empty"
    NOT_TOML = "not_toml"
    UNKNOWN_KEY = "unknown_key"
    MISSING_KEY = "missing_key"
    WRONG_TYPE = "wrong_type"
    BAD_ID = "bad_id"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_SENTENCE = "duplicate_sentence"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_SPEAKABLE = "not_speakable"
    NO_ASKS = "no_asks"
    UNAPPROVED = "unapproved"
    EXPIRED = "expired"
    SAYINGS = "sayings"


class KnowledgeRefused(Exception):
    """The material cannot be used.  Names the passage or file, which are the hospital's own, and what to do."""

    def __init__(self, reason: KnowledgeReason, where: str, remedy: str) -> None:
        super().__init__(f"knowledge: {where}: {reason.value.replace('_', ' ')}; {remedy}")
        self.reason = reason
        self.where = where


@dataclass(frozen=True, slots=True)
class Passage:
    """One approved answer.  Every field is a key of the file; no other key is accepted."""

    id: str
    title: str
    topic: str
    text: str
    """What is spoken, word for word."""
    asks: tuple[str, ...]
    """Ways of asking for it, for retrieval only; never spoken."""
    drugs: tuple[str, ...]
    """The medicines it is about: recognition listens for them, and no other medicine's question opens it."""
    defers: bool
    """The text itself sends the caller to a nurse for the decision, so it may answer "may I take X?"."""
    source: str
    """The kind of leaflet to check it against."""
    source_checked: bool
    approved_by: str
    """Who approved it; empty while nobody has."""
    version: int
    review_by: date
    """The last day on which it may be spoken."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The text in the pieces in which it is spoken, each in `normal()` form."""
        return tuple(normal(sentence) for sentence in ENDS.split(self.text.strip()))


_TYPES: Final[Mapping[str, type]] = MappingProxyType(
    {
        "id": str, "title": str, "topic": str, "text": str, "asks": list, "drugs": list, "defers": bool, "source": str,
        "source_checked": bool, "approved_by": str, "version": int, "review_by": date,
    }
)  # fmt: skip


class Unknown(enum.Enum):
    """Why no passage is spoken; closed, counted by the metrics."""

    NOTHING_ASKED = "nothing_asked"
    NOT_COVERED = "not_covered"
    """No passage knows the question's words."""
    TOO_CLOSE = "too_close"
    """Two passages fit about as well."""
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

    __slots__ = ("_index", "_likeness", "_missed", "_places", "passages", "sayings")

    def __init__(
        self, passages: Sequence[Passage], sayings: Sayings | None = None, likeness: Likeness | None = None
    ) -> None:
        """likeness: of `examples()`; without it words alone decide."""
        self.passages: Final = tuple(passages)
        self.sayings: Final = sayings or Sayings.none()
        self._likeness = likeness
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

    def examples(self) -> tuple[tuple[str, ...], ...]:
        """For each passage all that is known to be said for it."""
        return tuple((p.title, *p.asks, *self.sayings.inside.get(p.id, ())) for p in self.passages)

    def understanding(self, likeness: Likeness) -> Knowledge:
        """The same passages, found by meaning too."""
        return Knowledge(self.passages, self.sayings, likeness)

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
        for place in (*self._index.others_medicine(asked), *(() if missed_dose(heard) else self._missed)):
            scores[place] = FAR
        order = scores.argsort()[::-1]
        best, like = int(order[0]), float(near.passages[order[0]])
        outside = near.out(Outside.NONE, Outside.BACKGROUND) if told else near.out(Outside.NONE)
        if scores[best] < (LOWEST_LIKE_TOLD if told else LOWEST_LIKE) or like <= outside:
            return NotKnown(Unknown.NOT_COVERED)
        passage = self.passages[best]
        if told and alarming(heard) and EMERGENCY_NUMBER not in passage.text:
            return NotKnown(Unknown.SYMPTOM_TOLD)
        if refused := _beyond(ask, passage, like, near):
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


def _beyond(ask: Ask, passage: Passage, like: float, near: Near) -> Unknown | None:
    """Why approved wording must not answer such a question, though it is near; None if it may."""
    dose, diagnosis = near.out(Outside.DOSE), near.out(Outside.DIAGNOSIS)
    if ask is Ask.DOSE_CHANGE or dose >= like:
        may = passage.topic == MISSED_TOPIC or like - dose >= CLEARLY_LIKE
        return None if may else Unknown.DOSE_CHANGE
    if ask is Ask.DIAGNOSIS or diagnosis >= like:
        return None if like - diagnosis >= CLEARLY_LIKE else Unknown.DIAGNOSIS
    return None


def load(folder: Path) -> Knowledge:
    """Every passage of the folder's `*.toml` files.  Raises `KnowledgeRefused`."""
    if not folder.is_dir():
        raise KnowledgeRefused(KnowledgeReason.NO_FOLDER, folder.name, "name a folder with passage files")
    passages: dict[str, Passage] = {}
    sentences: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        for passage in _read(path):
            if passage.id in passages:
                raise KnowledgeRefused(KnowledgeReason.DUPLICATE_ID, passage.id, "give each passage its own id")
            for sentence in passage.sentences:
                if sentence in sentences:
                    raise KnowledgeRefused(
                        KnowledgeReason.DUPLICATE_SENTENCE, passage.id, "word each sentence so that it stands once"
                    )
                sentences.add(sentence)
            passages[passage.id] = passage
    if not passages:
        raise KnowledgeRefused(KnowledgeReason.EMPTY, folder.name, "add at least one [[passage]]")
    try:
        sayings = load_sayings(folder, passages)
    except SayingsRefused as refused:
        wrong = str(refused)
    else:
        return Knowledge(list(passages.values()), sayings)
    raise KnowledgeRefused(KnowledgeReason.SAYINGS, folder.name, wrong)


def _read(path: Path) -> Iterator[Passage]:
    try:
        content: dict[str, Any] | None = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        content = None
    if content is None:
        raise KnowledgeRefused(KnowledgeReason.NOT_TOML, path.name, "correct the file's TOML")
    if set(content) - {"passage"}:
        raise KnowledgeRefused(KnowledgeReason.UNKNOWN_KEY, path.name, "only [[passage]] tables are read")
    tables = content.get("passage", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise KnowledgeRefused(KnowledgeReason.WRONG_TYPE, path.name, "write passages as [[passage]] tables")
    for number, table in enumerate(tables, 1):
        yield _passage(table, f"{path.name} passage {number}")


def _passage(table: Mapping[str, Any], where: str) -> Passage:
    known = {field.name for field in fields(Passage)}
    if set(table) - known:
        raise KnowledgeRefused(KnowledgeReason.UNKNOWN_KEY, where, "remove keys that are not in the schema")
    if known - set(table):
        raise KnowledgeRefused(KnowledgeReason.MISSING_KEY, where, f"add {', '.join(sorted(known - set(table)))}")
    for name, kind in _TYPES.items():
        if type(table[name]) is not kind:
            raise KnowledgeRefused(KnowledgeReason.WRONG_TYPE, where, f"{name} must be {kind.__name__}")
    for name in ("asks", "drugs"):
        if not all(isinstance(item, str) and item.strip() for item in table[name]):
            raise KnowledgeRefused(KnowledgeReason.WRONG_TYPE, where, f"{name} must hold texts")
    passage = Passage(**{**table, "asks": tuple(table["asks"]), "drugs": tuple(table["drugs"])})
    _refuse_bad(passage, where)
    return passage


def _refuse_bad(passage: Passage, where: str) -> None:
    count = len(passage.text.split())
    if not _ID.fullmatch(passage.id):
        raise KnowledgeRefused(KnowledgeReason.BAD_ID, where, "use lower-case words joined by hyphens")
    if count < TEXT_WORDS[0] or not passage.title.strip() or not passage.topic.strip() or not passage.source.strip():
        raise KnowledgeRefused(KnowledgeReason.TOO_SHORT, passage.id, "fill in title, topic, source and text")
    if count > TEXT_WORDS[1]:
        raise KnowledgeRefused(KnowledgeReason.TOO_LONG, passage.id, f"say it in {TEXT_WORDS[1]} words")
    if not _SPEAKABLE.fullmatch(normal(passage.text)) or not passage.text.rstrip().endswith("."):
        raise KnowledgeRefused(KnowledgeReason.NOT_SPEAKABLE, passage.id, "plain words and full stops only")
    if not ASKS[0] <= len(passage.asks) <= ASKS[1]:
        raise KnowledgeRefused(KnowledgeReason.NO_ASKS, passage.id, f"list {ASKS[0]} to {ASKS[1]} ways of asking")


def usable(knowledge: Knowledge, *, live: bool, today: date) -> Knowledge:
    """What an agent may speak from today.  Raises `KnowledgeRefused`.

    live: the agent speaks to patients as more than a demonstration: one unapproved or expired passage and it
    does not start.  A draft agent, or one of the development profile, speaks unapproved passages, never expired ones.
    """
    if live:
        for passage in knowledge.passages:
            if not passage.approved_by.strip() or not passage.source_checked:
                raise KnowledgeRefused(
                    KnowledgeReason.UNAPPROVED, passage.id, "have it approved, or keep the agent a draft"
                )
            if passage.review_by < today:
                raise KnowledgeRefused(KnowledgeReason.EXPIRED, passage.id, "have it reviewed, or take it out")
        return knowledge
    current = [passage for passage in knowledge.passages if passage.review_by >= today]
    if not current:
        raise KnowledgeRefused(KnowledgeReason.EXPIRED, "every passage", "have the passages reviewed")
    return knowledge if len(current) == len(knowledge.passages) else Knowledge(current, knowledge.sayings)
