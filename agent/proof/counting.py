"""Reading a report that may say anything: numbers, tables and lists as this version writes them.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

SHA256: Final = re.compile(r"[0-9a-f]{64}")


def count(value: object) -> int:
    """-1 for whatever is no number of things: `True` and 1.5 among them."""
    return value if type(value) is int and value >= 0 else -1


def exact(table: Any, keys: Set[str]) -> Mapping[str, Any]:
    """The table, if it has these keys and no other.  Raises `ValueError`."""
    if not isinstance(table, dict) or table.keys() != keys:
        raise ValueError("another table than this version writes")
    return table


def once(names: Any) -> bool:
    """A list of words, each of which stands there once?"""
    return isinstance(names, list) and all(isinstance(each, str) for each in names) and len({*names}) == len(names)


def numbers(values: Any) -> bool:
    """A list of numbers of calls, each once?"""
    return isinstance(values, list) and min(map(count, values), default=0) >= 0 and len({*values}) == len(values)


def is_hash(value: object) -> bool:
    """SHA-256, in hex?"""
    return isinstance(value, str) and SHA256.fullmatch(value) is not None


def words(values: Sequence[object]) -> bool:
    """All of them texts that are not empty?"""
    return all(isinstance(each, str) and each.strip() for each in values)
