"""Words of a question or passage, made comparable: phrases joined, names and lay words filed, stems.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from agent.lexicon import ALIKE, CLASSES, EMPTY, GENERICS, PHRASES, SOFT

SOFT_SHARE: Final = 0.35  # what a hinting word weighs beside a topic word
LONGEST_LETTERS: Final = 40
LONGEST_WORDS: Final = 120  # about 45 s of speech; of a longer turn the last words count

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+")
PHRASE_WORDS: Final[frozenset[str]] = frozenset(word for phrase in PHRASES for word in phrase.split())
_LONGEST_PHRASE: Final = max(len(phrase.split()) for phrase in PHRASES)


BRANDS: Final[Mapping[str, str]] = {brand: generic for generic, brands in GENERICS.items() for brand in brands}
CLASS_OF: Final[Mapping[str, str]] = {drug: kind for kind, drugs in CLASSES.items() for drug in drugs}
DRUGS: Final[frozenset[str]] = frozenset(GENERICS) | frozenset(CLASSES)


def stem(word: str) -> str:
    """A light stem: plural, -ing and -ed go; short words stay whole."""
    if word in DRUGS or len(word) < 5:
        return word[:-1] if len(word) == 4 and word.endswith("s") and not word.endswith("ss") else word
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith("eed"):
            return word
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            root = word[: -len(ending)]
            if ending == "ies":
                return root + "y"
            if ending in ("ing", "ed") and len(root) > 3 and root[-1] == root[-2] and root[-1] not in "sl":
                return root[:-1]
            return root.rstrip("e") if ending in ("ing", "ed", "es") else root
    return word.rstrip("e") if len(word) > 5 else word


def lowered(text: str) -> str:
    """Small letters, one kind of apostrophe: what our patterns are written for."""
    return text.lower().replace("\u2019", "'")


def words(text: str) -> list[str]:
    """Lower-case words, curly apostrophes made straight, at most `LONGEST_WORDS`, the last ones."""
    return _WORD.findall(lowered(text).replace("-", " "))[-LONGEST_WORDS:]


def shorten(text: str) -> str:
    """The last `LONGEST_WORDS` words, each of a bounded length."""
    return " ".join(word[:LONGEST_LETTERS] for word in text.split()[-LONGEST_WORDS:])


def bare_of(word: str) -> str:
    """A word without "'s", "'ve" and the like; a word that has its own meaning with them stays."""
    return word if word in EMPTY else re.sub(r"'(?:s|ve|ll|d|re|m)$", "", word)


def file_under(word: str) -> list[str]:
    bare = bare_of(word)
    if bare in DRUGS:
        return [bare]
    if bare in BRANDS:
        return [BRANDS[bare]]
    if bare in ALIKE:
        return ALIKE[bare].split()
    if bare.endswith("s") and (bare[:-1] in BRANDS or bare[:-1] in DRUGS):
        return file_under(bare[:-1])
    return [bare]


def join_phrases(tokens: Sequence[str]) -> list[str]:
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
    for word in join_phrases(words(text)):
        if bare_of(word) in EMPTY or word.isdigit():
            continue
        filed.extend(stem(term) for term in file_under(word))
    return [term for term in filed if len(term) > 1]


MEDICINE: Final = stem("medicine")
SIDE_EFFECT: Final = stem("sideeffect")
SOFT_TERMS: Final[frozenset[str]] = frozenset(stem(filed) for word in SOFT for filed in file_under(word))


def skeleton(word: str) -> str:
    """The consonants as they sound: what recognition of a long medicine name most often keeps."""
    sound = (
        word.replace("sh", "S")
        .replace("tch", "ch")
        .replace("ch", "j")
        .replace("ph", "f")
        .replace("x", "ks")
        .replace("ck", "k")
        .replace("qu", "k")
        .replace("th", "t")
    )
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
