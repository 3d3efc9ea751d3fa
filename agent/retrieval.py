"""Which approved passage a question asks for: BM25 over fields, soft matches, and a strict doubt.

A wrong passage is worse than "I don't know", so a passage is found only when the question's own words are
covered, one of its known ways of asking is near, and no other passage is as near.  Pure; nothing of a
question is kept: no cache, no state after the call.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.lexicon import ALIKE, CLASSES, COMMON, EMPTY, FILLER, GENERICS, PHRASES, SOFT

TITLE_WEIGHT: Final = 2.0  # field weights of BM25F: the ways of asking carry the most, the spoken text the least
ASKS_WEIGHT: Final = 1.0
TEXT_WEIGHT: Final = 0.4
K1: Final = 1.2  # saturation, the usual value of BM25
SOFT_SHARE: Final = 0.35  # what a hinting word weighs beside a topic word
CONTEXT_SHARE: Final = 0.25  # what the words before the question weigh; they never open a passage by themselves
TWICE_SHARE: Final = 1.3  # a topic that was named twice, perhaps in two words, weighs this much more
MISHEARD_SHARE: Final = 0.8  # a word put in for an unknown one counts less than one that was heard
ODD_EMPTY_IDF: Final = 0.5  # in an echo, a word without topic that no way of asking holds
LONGEST_WORDS: Final = 240  # of a longer turn the last words count

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+")
_SENTENCE: Final = re.compile(r"(?<=[.?!;])\s+")
_AUX: Final = "can|could|may|should|shall|am|do|does|did|is|are|was|were|will|would|must|might|has|have|isn't|can't|don't|won't"
_SUBJECT: Final = r"(?:i|i'm|we|it|this|that|these|those|the|a|an|my|he|she|they|there|you|anyone|someone|anything)"
_CUE: Final = re.compile(
    # a question's own word order: at the start of a clause, or wherever "can I" stands
    rf"(?:^|[,.?!;:]\s*|\b(?:and|but|so|or|then|um|uh|well|okay|hi|hello|hey|please|anyway|also|wondering|ask|question is)\s+)"
    rf"(?:{_AUX})\s+{_SUBJECT}\b"
    r"|^(?:(?:um|uh|so|well|hi|hello|hey|and|okay)\s+)*(?:can|could|is|are|does|do|did|will|should|would|may|which|what|what's"
    r"|how|how's|why|who|who's)\b"
    r"|\b(?:can|could|may|should|shall|do|must|will|would) (?:i|we|you)\b(?! (?:have )?been\b)"
    r"|\b(?:when|what|how|why|where|which|who) (?:\w+ )?(?:can|could|may|should|shall|do|does|did|am|will|would|must)\b"
    r"|\b(?:when|what|how|why|where|which|who) (?:is|are|was|were)\b|\b(?:what|which|how) \w+ (?:is|are)\b"
    r"|\bhow (?:long|much|many|soon|often|far|high|heavy|to)\b|\b(?:what|where|when) to\b"
    r"|\b(?:when|what|how|why|where|which|who) (?:i|we|my \w+|the \w+|it|they) (?:can|should|could|may|need|have to|am allowed)\b"
)
_REQUEST: Final = re.compile(
    r"\b(?:wonder\w*|(?:want|wanted|need|needed|like|love) to (?:know|ask|find out|hear|understand)|tell me|explain|show me"
    r"|(?:my|a|one|the) question|ask(?:ing)? (?:you )?about|(?:calling|called) about|help (?:me )?with|curious|\bi(?:'m| am| do|) ?(?:not|don't|can't) (?:sure|know|remember"
    r"|understand|figure out) (?:if|how|when|what|whether|where|which|who)|any (?:advice|tips|ideas?))\b"
)
_TELLS: Final = re.compile(r"\b(?:i|i'm|i've|my|it|it's|he|she|we|they|yes|yeah|no|not|there's|was|had|got)\b")
_PHRASE_WORDS: Final[frozenset[str]] = frozenset(word for phrase in PHRASES for word in phrase.split())
_LONGEST_PHRASE: Final = max(len(phrase.split()) for phrase in PHRASES)

_BRANDS: Final[Mapping[str, str]] = {brand: generic for generic, brands in GENERICS.items() for brand in brands}
_CLASS_OF: Final[Mapping[str, str]] = {drug: kind for kind, drugs in CLASSES.items() for drug in drugs}
_DRUGS: Final[frozenset[str]] = frozenset(GENERICS) | frozenset(CLASSES)


def stem(word: str) -> str:
    """A light stem: plural, -ing and -ed go; short words stay whole."""
    if word in _DRUGS or len(word) < 5:
        return word[:-1] if len(word) == 4 and word.endswith("s") and not word.endswith("ss") else word
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            root = word[: -len(ending)]
            if ending == "ies":
                return root + "y"
            if ending in ("ing", "ed") and len(root) > 3 and root[-1] == root[-2] and root[-1] not in "sl":
                return root[:-1]
            return root.rstrip("e") if ending in ("ing", "ed", "es") else root
    return word.rstrip("e") if len(word) > 5 else word


def words(text: str) -> list[str]:
    """Lower-case words, curly apostrophes made straight, at most `LONGEST_WORDS`, the last ones."""
    return _WORD.findall(text.lower().replace("\u2019", "'").replace("-", " "))[-LONGEST_WORDS:]


def _file_under(word: str) -> list[str]:
    bare = word[:-2] if word.endswith("'s") else word
    if bare in _DRUGS:
        return [bare]
    if bare in _BRANDS:
        return [_BRANDS[bare]]
    if bare in ALIKE:
        return ALIKE[bare].split()
    if bare.endswith("s") and (bare[:-1] in _BRANDS or bare[:-1] in _DRUGS):
        return _file_under(bare[:-1])
    return [bare]


def _join_phrases(tokens: Sequence[str]) -> list[str]:
    joined: list[str] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            found = PHRASES.get(" ".join(tokens[at : at + length]))
            if found is not None:
                joined.extend(found.split())
                at += length
                break
        else:
            joined.append(tokens[at])
            at += 1
    return joined


def terms(text: str) -> list[str]:
    """The topic words of a text: phrases joined, names and lay words filed, empty words gone, stemmed."""
    filed: list[str] = []
    for word in _join_phrases(words(text)):
        if word in EMPTY or word.isdigit():
            continue
        filed.extend(stem(term) for term in _file_under(word))
    return [term for term in filed if len(term) > 1]


_MEDICINE: Final = stem("medicine")
_SOFT_TERMS: Final[frozenset[str]] = frozenset(stem(filed) for word in SOFT for filed in _file_under(word))


def skeleton(word: str) -> str:
    """The consonants as they sound: what recognition of a long medicine name most often keeps."""
    sound = word.replace("sh", "S").replace("tch", "ch").replace("ch", "j").replace("ph", "f").replace("x", "ks").replace("ck", "k").replace("qu", "k").replace("th", "t")
    sound = re.sub("c(?=[eiy])", "s", sound).translate(str.maketrans("cqzv", "kksf"))
    flat = re.sub("[aeiouyhw']", "", sound[:1]) + re.sub("[aeiouyhw']", "", sound[1:])
    return re.sub(r"(.)\1+", r"\1", flat)


def distance(one: str, other: str, limit: int) -> int:
    """Letters to change, add, drop or swap to get from one word to the other; `limit + 1` when it is more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        this = [row]
        for column, target in enumerate(other, 1):
            cost = min(last[column] + 1, this[column - 1] + 1, last[column - 1] + (letter != target))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == target:
                cost = min(cost, before_last[column - 2] + 1)
            this.append(cost)
        if min(this) > limit:
            return limit + 1
        before_last, last = last, this
    return min(last[-1], limit + 1)


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
class _Concept:
    """One topic word of a question, with what may stand for it and how well."""

    weight: float
    ways: tuple[tuple[str, float], ...]
    drug: str


class Index:
    """Built once from the passages; asked many times; never changes."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._drugs = [frozenset(t for drug in e.drugs for t in terms(drug) if t in _DRUGS) for e in entries]
        self._titles = [frozenset(terms(e.title)) for e in entries]
        self._asks = [[Counter(terms(ask)) for ask in e.asks] for e in entries]
        self._told = [[Counter(terms(ask)) for ask in e.asks if not _CUE.search(ask.lower())] for e in entries]
        self._weights: list[dict[str, float]] = []
        for entry, title, asks in zip(entries, self._titles, self._asks, strict=True):
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
        spoken = {w for e in entries for text in (e.title, *e.asks, e.text) for w in words(text)}
        self._heard = spoken | set(ALIKE) | set(GENERICS) | set(_BRANDS) | set(CLASSES) | _PHRASE_WORDS
        self._said = [[frozenset(words(ask)) - FILLER for ask in e.asks] for e in entries]
        common = Counter(word for asks in self._said for word in set().union(*asks))
        self._common = {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in common.items()}
        self._spellings = self._surface(entries)
        self._letters: dict[str, list[str]] = {}
        for spelling in self._spellings:
            for pair in _pairs(spelling):
                self._letters.setdefault(pair, []).append(spelling)
        self._sounds: dict[str, str] = {}
        for name in [*GENERICS, *_BRANDS]:
            if len(skeleton(name)) >= 4:
                self._sounds.setdefault(skeleton(name), name)

    def _surface(self, entries: Iterable[Entry]) -> frozenset[str]:
        """The spellings a misheard word is compared with: long, and with a topic of their own."""
        spoken = {w for e in entries for text in (e.title, *e.asks) for w in words(text)}
        known = {w for w in spoken | set(ALIKE) | set(GENERICS) | set(_BRANDS) if len(w) >= 5 and w not in EMPTY}
        return frozenset(known)

    def _misheard(self, word: str) -> str | None:
        """The known spelling that an unknown word most likely stands for."""
        if len(word) < 4:
            return None
        shared: Counter[str] = Counter()
        for pair in _pairs(word):
            shared.update(self._letters.get(pair, ()))
        best: tuple[int, str] | None = None
        for spelling, _ in shared.most_common(8):
            drug = spelling in _DRUGS or spelling in _BRANDS
            limit = 2 if len(spelling) >= (7 if drug else 9) else 1
            apart = distance(word, spelling, limit)
            if min(len(word), len(spelling)) < 6 and skeleton(word) != skeleton(spelling):
                continue  # a short word is only taken for one that sounds the same
            if not drug and skeleton(word) != skeleton(spelling) and not (
                len(spelling) >= 9 and distance(skeleton(word), skeleton(spelling), 1) <= 1
            ):
                continue  # an English word that is merely spelt alike ("shaking" for "shaving") stays unknown
            if apart <= limit and (drug or word[0] == spelling[0]) and (best is None or (apart, spelling) < best):
                best = (apart, spelling)
        return best[1] if best else None

    def _rejoined(self, tokens: Sequence[str]) -> list[str]:
        """Medicine names that recognition broke in two to four words, made whole."""
        whole: list[str] = []
        at = 0
        while at < len(tokens):
            for length in (4, 3, 2):
                joined = "".join(tokens[at : at + length])
                if at + length > len(tokens) or not 7 <= len(joined) <= 16 or not joined.isalpha():
                    continue
                name = self._sounds.get(skeleton(joined))
                if name and joined[0] == name[0] and distance(joined, name, 3) <= max(1, len(name) // 3):
                    whole.append(name)
                    at += length
                    break
            else:
                whole.append(tokens[at])
                at += 1
        return whole

    def _concepts(self, text: str, share: float) -> list[_Concept]:
        doubtful: set[str] = set()
        tokens: list[str] = []
        for word in self._rejoined(words(text)):
            heard = None if self._knows(word) else self._misheard(word)
            tokens.append(heard or word)
            if heard is not None:
                doubtful.add(heard)
        times: Counter[str] = Counter()
        sure: dict[str, float] = {}
        for word in _join_phrases(tokens):
            if word in EMPTY or word.isdigit() or len(word) < 2:
                continue
            for term in {stem(filed) for filed in _file_under(word)}:
                if len(term) > 1:
                    times[term] += 1
                    sure[term] = MISHEARD_SHARE if word in doubtful else 1.0
        return [self._concept(term, sure[term], share * (1.0 if n == 1 else TWICE_SHARE)) for term, n in times.items()]

    def _knows(self, word: str) -> bool:
        return word in self._heard or word in EMPTY or word in COMMON or not word.isalpha()

    def _concept(self, term: str, sure: float, share: float) -> _Concept:
        weight = self._idf.get(term, self._unknown_idf) * (SOFT_SHARE if term in _SOFT_TERMS else 1.0)
        if term not in _DRUGS:
            return _Concept(weight * share, ((term, sure),), "")
        ways = [(term, sure)]
        kind = _CLASS_OF.get(term)
        if kind is not None:
            ways.append((kind, sure * 0.9))
        if term in CLASSES:
            ways.extend((member, sure * 0.7) for member in CLASSES[term])
        if kind in ("opioid", "nsaid") or term in ("opioid", "acetaminophen"):
            ways.append(("painpill", sure * 0.7))
        ways.append((_MEDICINE, sure * 0.6))
        named = min(weight, self._unknown_idf * 0.8)  # a medicine's name is rare, but it is not the whole question
        return _Concept(named * share, tuple(ways), term)

    def _admits(self, place: int, concepts: Sequence[_Concept]) -> bool:
        """A passage about some medicines is not for a question that names another, nor one that knows of none."""
        about = self._drugs[place]
        weights = self._weights[place]
        for concept in concepts:
            near = (weights.get(term, 0.0) >= ASKS_WEIGHT for term, _ in concept.ways if term != _MEDICINE)
            if concept.drug and _MEDICINE not in self._titles[place] and not any(near):
                return False
        if not about:
            return True
        for concept in concepts:
            if not concept.drug:
                continue
            kind = _CLASS_OF.get(concept.drug, "")
            if concept.drug in about or kind in about or any(m in about for m in CLASSES.get(concept.drug, ())):
                return True
        return not any(concept.drug for concept in concepts)

    def rank(self, focus: str, context: str = "", near: int | None = None, *, told: bool = False) -> tuple[list[Hit], float]:
        """Passages by score, the best first, and the weight of the topic words that the question holds.

        focus: the question.  context: what was said around it.  near: the passage of the turn before.
        told: no question was asked, so only those ways of asking count that are statements themselves.
        """
        asked = self._concepts(focus, 1.0)
        mass = sum(concept.weight for concept in asked)
        if not asked or mass <= 0:
            return [], 0.0
        around = self._concepts(context, CONTEXT_SHARE) if context else []
        wanted = math.sqrt(sum(c.weight**2 for c in asked))
        hits: list[Hit] = []
        for place, weights in enumerate(self._weights):
            if not self._admits(place, asked):
                continue
            covered = _coverage(asked, weights) / mass
            if covered <= 0.0:
                continue
            asks = self._told[place] if told else self._asks[place]
            nearest = max((self._likeness(asked, wanted, ask) for ask in asks), default=0.0)
            score = 0.5 * covered + 0.5 * nearest
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
        key = {term for term in self._titles[place] if term not in _SOFT_TERMS and term != _MEDICINE}
        return any(way in key for concept in asked for way, _ in concept.ways)

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

    def _likeness(self, asked: Sequence[_Concept], wanted: float, ask: Mapping[str, int]) -> float:
        shared = 0.0
        for concept in asked:
            best = max((sure * self._ask_weight(term) for term, sure in concept.ways if term in ask), default=0.0)
            shared += concept.weight * best
        length = math.sqrt(sum(self._ask_weight(term) ** 2 for term in ask))
        return min(1.0, shared / (wanted * length)) if wanted and length else 0.0

    def _ask_weight(self, term: str) -> float:
        weight = self._idf.get(term, self._unknown_idf) * (SOFT_SHARE if term in _SOFT_TERMS else 1.0)
        return min(weight, self._unknown_idf * 0.8) if term in _DRUGS else weight


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


def _pairs(word: str) -> set[str]:
    framed = f"^{word}$"
    return {framed[at : at + 2] for at in range(len(framed) - 1)}


def focus(text: str) -> tuple[str, str]:
    """The question in what was said, and the rest: of several questions the last one counts.

    What is only told is taken whole; with a topicless question ("is that all right?")
    the sentence before it is taken too.
    """
    if not asks_something(text):
        return text, ""
    parts = [part for part in _SENTENCE.split(text.strip().lower().replace("\u2019", "'")) if part.strip()]
    parts = [piece for part in parts for piece in _cut_long(part)]
    asking = [at for at, part in enumerate(parts) if _CUE.search(part) or part.rstrip().endswith("?")]
    topical = [at for at, part in enumerate(parts) if _solid(part) > 0]
    chosen = [at for at in asking if at in topical] or topical
    if not chosen:
        return text, ""
    at = chosen[-1]
    if asking and asking[-1] > at and not _solid(parts[asking[-1]]):
        at = max((place for place in topical if place <= asking[-1]), default=at)
    first = at
    while first > 0 and _solid(" ".join(parts[first : at + 1])) < 1:
        first -= 1
    rest = parts[:first] + parts[at + 1 :]
    return " ".join(parts[first : at + 1]), " ".join(rest)


def asks_something(text: str) -> bool:
    """The words ask, or name a topic in a few words; the rest is told."""
    plain = text.strip().lower().replace("\u2019", "'")
    if "?" in plain or _CUE.search(plain) or _REQUEST.search(plain):
        return True
    return len(plain.split()) <= 4 and not _TELLS.search(plain)


def _cut_long(part: str) -> list[str]:
    """A long run without stops is cut before its last question that has a topic."""
    if len(part.split()) < 16:
        return [part]
    for cue in reversed(list(_CUE.finditer(part))):
        if cue.start() > 0 and _solid(part[cue.start() :]) >= 1:
            return [part[: cue.start()].strip(), part[cue.start() :]]
    return [part]


def _solid(part: str) -> float:
    """How much topic a piece holds: words that make one count 1, words that hint at one a third."""
    return sum(SOFT_SHARE if term in _SOFT_TERMS else 1.0 for term in set(terms(part)))
