"""Text to the pieces of words that a BERT model reads: the uncased WordPiece of the BERT paper's own code.

As `tokenizers`' BertNormalizer, BertPreTokenizer and WordPiece do it, but that "[SEP]" in a text is plain text.
Nothing is remembered from one text to the next.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, final

LONGEST_WORD: Final = 100  # characters; a longer word is unknown (the model's max_input_chars_per_word)
UNKNOWN: Final = "[UNK]"
FIRST: Final = "[CLS]"
LAST: Final = "[SEP]"
CONTINUES: Final = "##"
REPLACEMENT: Final = "\ufffd"
DROPPED: Final = frozenset({"Cc", "Cf", "Co", "Cs"})  # what is no character to be read; unassigned ones stay
# Where BERT puts spaces round every character: the blocks of CJK ideographs.
IDEOGRAPHS: Final = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


@final
class WordPiece:
    """The vocabulary of one model."""

    __slots__ = ("_longest", "_places", "first", "last", "unknown")

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """vocabulary: piece -> its row in the model's table.  Raises KeyError if it lacks a special piece."""
        self._places: Final = MappingProxyType(dict(vocabulary))
        self.unknown: Final = vocabulary[UNKNOWN]
        self.first: Final = vocabulary[FIRST]
        self.last: Final = vocabulary[LAST]
        self._longest: Final = max(map(len, vocabulary))

    def rows(self, text: str, most: int) -> list[int]:
        """The text as rows of the model's table, between the rows of [CLS] and [SEP]; at most `most` in all."""
        found = [self.first]
        for word in words(text):
            if len(found) >= most - 1:
                break
            found += self.pieces(word)
        return [*found[: most - 1], self.last]

    def pieces(self, word: str) -> list[int]:
        """The longest known beginning, then the longest known continuation, ...; all or nothing."""
        if len(word) > LONGEST_WORD:
            return [self.unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = CONTINUES if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                place = self._places.get(mark + word[start:end])
                if place is not None:
                    break
            else:
                return [self.unknown]
            found.append(place)
            start = end
        return found


def words(text: str) -> Iterator[str]:
    """In lower case and without accents; every mark of punctuation is a word of its own."""
    word: list[str] = []
    for char in _plain(text):
        if char.isspace() or _is_punctuation(char):
            if word:
                yield "".join(word)
                word.clear()
            if not char.isspace():
                yield char
        else:
            word.append(char)
    if word:
        yield "".join(word)


def _plain(text: str) -> Iterator[str]:
    if text.isascii():
        yield from "".join(char for char in text if char >= " " or char in "\t\n\r").replace("\x7f", "").lower()
        return
    for char in unicodedata.normalize("NFD", "".join(map(_cleaned, text))):
        if unicodedata.category(char) != "Mn":
            yield from char.lower()  # one by one: a sigma at a word's end has its own form in `str.lower`


def _cleaned(char: str) -> str:
    if char in "\t\n\r":
        return " "
    if char == REPLACEMENT or unicodedata.category(char) in DROPPED:
        return ""
    return f" {char} " if any(low <= ord(char) <= high for low, high in IDEOGRAPHS) else char


def _is_punctuation(char: str) -> bool:
    if char.isascii():
        return char > " " and not char.isalnum() and char != "\x7f"
    return unicodedata.category(char).startswith("P")
