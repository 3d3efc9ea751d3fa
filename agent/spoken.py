"""Text -> what a voice should be given: numbers, doses, times and names as a person would say them.  Pure."""

from __future__ import annotations


def spoken(text: str) -> str:
    """The same clause, written as it is said."""
    return text
