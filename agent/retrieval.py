"""Which approved passage a question asks for: BM25 over fields, soft matches, and a strict doubt.

A wrong passage is worse than "I don't know", so a passage is found only when the question's own words are
covered, one of its known ways of asking is near, and no other passage is as near.  Pure; nothing of a
question is kept: no cache, no state after the call.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.lexicon import CLASSES, COMMON, ELSEWHERE, EMPTY, FILLER
from agent.mishearing import Misheard
from agent.questions import is_told
from agent.terms import (
    CLASS_OF,
    DRUGS,
    MEDICINE,
    SIDE_EFFECT,
    SOFT_SHARE,
    SOFT_TERMS,
    bare_of,
    file_under,
    join_phrases,
    stem,
    terms,
    words,
)

TITLE_WEIGHT: Final = 2.0  # field weights of BM25F: the ways of asking carry the most, the spoken text the least
ASKS_WEIGHT: Final = 1.0
TEXT_WEIGHT: Final = 0.4
K1: Final = 1.2  # saturation, the usual value of BM25
CONTEXT_SHARE: Final = 0.25  # what the words before the question weigh; they never open a passage by themselves
TWICE_SHARE: Final = 1.3  # a topic that was named twice, perhaps in two words, weighs this much more
MISHEARD_SHARE: Final = 0.8  # a word put in for an unknown one counts less than one that was heard
UNKNOWN_SHARE: Final = 0.6  # a word nobody knows is most often talk around the topic, or misheard
COMMON_SHARE: Final = 0.75  # an everyday word of no passage may be the topic itself
ELSEWHERE_SHARE: Final = 2.0  # a word of another field, such as "refund", tells that the question is of that field
LIKE_TOLD: Final = 0.85  # what is told is also measured at the ways of asking that are questions, at a discount
ODD_EMPTY_IDF: Final = 0.5  # in an echo, a word without topic that no way of asking holds

COMMON_TERMS: Final[frozenset[str]] = frozenset(stem(word) for word in COMMON)
ELSEWHERE_TERMS: Final[frozenset[str]] = frozenset(stem(word) for word in ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of one passage."""

    title: str
    asks: tuple[str, ...]
    text: str
    drugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage's place in the ranking: its number, score 0..1, and its two parts."""

    place: int
    score: float
    covered: float
    """Share of the question's topic words, by weight, that the passage knows."""
    nearest: float
    """Likeness, 0..1, of the question to the passage's nearest way of asking."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One known way of asking: its passage, the length of its topic words as a vector, whether it is a statement."""

    place: int
    length: float
    told: bool


@dataclass(frozen=True, slots=True)
class _Concept:
    """One topic word of a question, with what may stand for it and how well."""

    weight: float
    ways: tuple[tuple[str, float], ...]
    drug: str


class Index:
    """Built once from the passages; asked many times; never changes."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._drugs = [frozenset(t for drug in e.drugs for t in terms(drug) if t in DRUGS) for e in entries]
        self._titles = [frozenset(terms(e.title)) for e in entries]
        asked = [[Counter(terms(ask)) for ask in e.asks] for e in entries]
        told = [[is_told(ask) for ask in e.asks] for e in entries]
        self._weights: list[dict[str, float]] = []
        for entry, title, asks in zip(entries, self._titles, asked, strict=True):
            weight: defaultdict[str, float] = defaultdict(float)
            for term in title:
                weight[term] += TITLE_WEIGHT
            for ask in asks:
                for term in ask:
                    weight[term] += ASKS_WEIGHT
            for term in terms(entry.text):
                weight[term] += TEXT_WEIGHT
            self._weights.append(dict(weight))
        total = len(entries)
        self._seen = Counter(term for weight in self._weights for term in weight)
        self._idf = {t: math.log(1 + (total - n + 0.5) / (n + 0.5)) for t, n in self._seen.items()}
        self._unknown_idf = math.log(1 + (total + 0.5) / 0.5) if total else 1.0
        self._ways: list[_Way] = []
        self._holding: defaultdict[str, list[int]] = defaultdict(list)
        for place, (asks, statements) in enumerate(zip(asked, told, strict=True)):
            for held, statement in set(zip(map(frozenset, asks), statements, strict=True)):
                length = math.sqrt(sum(self._ask_weight(term) ** 2 for term in held))
                if not length:
                    continue
                for term in held:
                    self._holding[term].append(len(self._ways))
                self._ways.append(_Way(place, length, statement))
        self._said = [[frozenset(words(ask)) - FILLER for ask in e.asks] for e in entries]
        common = Counter(word for asks in self._said for word in set().union(*asks))
        self._common = {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in common.items()}
        self._misheard = Misheard(w for e in entries for text in (e.title, *e.asks, e.text) for w in words(text))

    def _concepts(self, text: str, share: float) -> list[_Concept]:
        doubtful: set[str] = set()
        tokens: list[str] = []
        for word in self._misheard.rejoined(words(text)):
            heard = self._misheard.likely(word)
            tokens.append(heard or word)
            if heard is not None:
                doubtful.add(heard)
        times: Counter[str] = Counter()
        sure: dict[str, float] = {}
        for word in join_phrases(tokens):
            if bare_of(word) in EMPTY or word.isdigit() or len(word) < 2:
                continue
            for term in {stem(filed) for filed in file_under(word)}:
                if len(term) > 1:
                    times[term] += 1
                    sure[term] = MISHEARD_SHARE if word in doubtful else 1.0
        if SIDE_EFFECT in times:  # what stands beside it unknown is a medicine's name, and any will do
            times = Counter({term: n for term, n in times.items() if term in self._seen or term in DRUGS})
        return [self._concept(term, sure[term], share * (1.0 if n == 1 else TWICE_SHARE)) for term, n in times.items()]

    def _concept(self, term: str, sure: float, share: float) -> _Concept:
        if term in ELSEWHERE_TERMS:
            return _Concept(self._unknown_idf * ELSEWHERE_SHARE * share, ((term, sure),), "")
        stranger = COMMON_SHARE if term in COMMON_TERMS else UNKNOWN_SHARE
        known = self._idf.get(term, self._unknown_idf * stranger)
        weight = known * (SOFT_SHARE if term in SOFT_TERMS else 1.0)
        if term not in DRUGS:
            return _Concept(weight * share, ((term, sure),), "")
        ways = [(term, sure)]
        kind = CLASS_OF.get(term)
        if kind is not None:
            ways.append((kind, sure * 0.9))
        if term in CLASSES:
            ways.extend((member, sure * 0.7) for member in CLASSES[term])
        if kind in ("opioid", "nsaid") or term in ("opioid", "acetaminophen"):
            ways.append(("painpill", sure * 0.7))
        ways.append((MEDICINE, sure * 0.75))
        named = min(weight, self._unknown_idf * 0.8)  # a medicine's name is rare, but it is not the whole question
        return _Concept(named * share, tuple(ways), term)

    def _admits(self, place: int, concepts: Sequence[_Concept]) -> bool:
        """A passage about some medicines is not for a question that names another, nor one that knows of none."""
        about = self._drugs[place]
        weights = self._weights[place]
        for concept in concepts:
            near = (weights.get(term, 0.0) >= ASKS_WEIGHT for term, _ in concept.ways if term != MEDICINE)
            if concept.drug and MEDICINE not in self._titles[place] and not any(near):
                return False
        if not about:
            return True
        named = [concept for concept in concepts if concept.drug]
        return not named or self._about(place, named)

    def others_medicine(self, focus: str) -> list[int]:
        """Passages about some medicines, where the question names others only."""
        named = [concept for concept in self._concepts(focus, 1.0) if concept.drug]
        return [place for place, about in enumerate(self._drugs) if named and about and not self._about(place, named)]

    def _about(self, place: int, named: Sequence[_Concept]) -> bool:
        about = self._drugs[place]
        for concept in named:
            kind = CLASS_OF.get(concept.drug, "")
            if concept.drug in about or kind in about or any(m in about for m in CLASSES.get(concept.drug, ())):
                return True
        return False

    def rank(
        self, focus: str, context: str = "", near: int | None = None, *, told: bool = False
    ) -> tuple[list[Hit], float]:
        """Passages by score, the best first, and the weight of the topic words that the question holds.

        focus: the question.  context: what was said around it.  near: the passage of the turn before.
        told: no question was asked; `nearest` then looks only at ways of asking that are statements themselves.
        """
        asked = self._concepts(focus, 1.0)
        mass = sum(concept.weight for concept in asked)
        if not asked or mass <= 0:
            return [], 0.0
        around = self._concepts(context, CONTEXT_SHARE) if context else []
        likeness, as_told = self._likeness(asked)
        hits: list[Hit] = []
        for place, weights in enumerate(self._weights):
            if not self._admits(place, asked):
                continue
            covered = _coverage(asked, weights) / mass
            if covered <= 0.0:
                continue
            nearest = likeness.get(place, 0.0)
            score = 0.5 * covered + 0.5 * nearest
            if told:
                nearest = max(as_told.get(place, 0.0), nearest * LIKE_TOLD)
            if around:
                score += 0.1 * _coverage(around, weights) / sum(c.weight for c in around)
            if near == place:
                score += 0.05
            hits.append(Hit(place, score, covered, nearest))
        hits.sort(key=lambda hit: -hit.score)
        return hits, mass

    def names(self, place: int, focus: str) -> bool:
        """The question names one of the passage's medicines, or the rest of its title."""
        asked = self._concepts(focus, 1.0)
        if any(way in self._drugs[place] for concept in asked if concept.drug for way, _ in concept.ways):
            return True
        key = {term for term in self._titles[place] if term not in SOFT_TERMS and term != MEDICINE}
        return any(way in key for concept in asked for way, _ in concept.ways)

    def covers(self, place: int, focus: str) -> bool:
        """The passage is about every medicine that the question names, not about one of two."""
        return all(self._about(place, [concept]) for concept in self._concepts(focus, 1.0) if concept.drug)

    def echo(self, focus: str) -> list[tuple[float, int]]:
        """Passages by how nearly one of their ways of asking is the question, word for word, the best first.

        For questions made of common words only, such as "when should I call?".
        """
        said = frozenset(words(focus)) - FILLER
        whole = sum(self._common.get(word, ODD_EMPTY_IDF if word in EMPTY else self._unknown_idf) for word in said)
        near: list[tuple[float, int]] = []
        for place, asks in enumerate(self._said):
            best = 0.0
            for ask in asks:
                shared = sum(self._common[word] for word in said & ask)
                if shared:
                    best = max(best, 2 * shared / (whole + sum(self._common[word] for word in ask)))
            near.append((best, place))
        return sorted(near, reverse=True)

    def _likeness(self, asked: Sequence[_Concept]) -> tuple[dict[int, float], dict[int, float]]:
        """Of each passage the likeness, 0..1, of its nearest way of asking, and of its nearest statement."""
        wanted = math.sqrt(sum(c.weight**2 for c in asked))
        shared: defaultdict[int, float] = defaultdict(float)
        for concept in asked:
            best: dict[int, float] = {}
            for term, sure in concept.ways:
                held = sure * self._ask_weight(term)
                for number in self._holding.get(term, ()):
                    best[number] = max(best.get(number, 0.0), held)
            for number, held in best.items():
                shared[number] += concept.weight * held
        nearest: dict[int, float] = {}
        told: dict[int, float] = {}
        for number, sum_shared in shared.items():
            way = self._ways[number]
            near = min(1.0, sum_shared / (wanted * way.length))
            nearest[way.place] = max(nearest.get(way.place, 0.0), near)
            if way.told:
                told[way.place] = max(told.get(way.place, 0.0), near)
        return nearest, told

    def _ask_weight(self, term: str) -> float:
        weight = self._idf.get(term, self._unknown_idf) * (SOFT_SHARE if term in SOFT_TERMS else 1.0)
        return min(weight, self._unknown_idf * 0.8) if term in DRUGS else weight


def _coverage(concepts: Sequence[_Concept], weights: Mapping[str, float]) -> float:
    """BM25's saturated sum, scaled so that a term at full saturation counts its weight."""
    total = 0.0
    for concept in concepts:
        best = 0.0
        for term, sure in concept.ways:
            held = weights.get(term, 0.0)
            if held:
                best = max(best, sure * min(1.0, (K1 + 1) * held / (K1 + held) / 1.5))
        total += concept.weight * best
    return total
