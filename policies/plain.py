"""The form in which rules read what a caller says: case, punctuation and apostrophes may be missing or wrong.  Pure."""

from __future__ import annotations

import re
from typing import Final

_SPELLED_OUT: Final = tuple(
    (re.compile(rf"\b(?:{short})\b"), full)
    for short, full in (
        ("cant|can not", "cannot"),
        ("wont", "will not"),
        ("im", "i am"),
        ("ive", "i have"),
        ("(hes|shes|its|thats)", r"\1 is"),
        ("(do|does|did|is|are|was|were|has|have|had|would|could|should)nt", r"\1 not"),
        ("aint", "is not"),
        ("gonna", "going to"),
        ("wanna", "want to"),
    )
)


def plain(words: str) -> str:
    """Lower case, no apostrophes, "can't" and its like spelled out, the end of a clause as ` , `, else only words."""
    text = words.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("'", "")
    text = re.sub(r"(?<=\d)\.(?=\d)", " point ", text)
    text = re.sub(r"[.,;:!?\N{EM DASH}\N{EN DASH}]+", " , ", text)
    text = re.sub(r"[^a-z0-9, ]+", " ", text)
    for short, full in _SPELLED_OUT:
        text = short.sub(full, text)
    text = re.sub(r"\b(he|she|it|that)s is\b", r"\1 is", text)
    return " ".join(text.split())
