"""JSON from a stranger: one object, bounded, no duplicate keys, no NaN, no endless number.

The standard parser takes `NaN`, lets the last of two equal keys win and recurses as deep as it is told to.
"""

from __future__ import annotations

import enum
import json
import math
import re
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 6  # the deepest message of Media Streams is 3 deep ("start")
MAX_NUMBER_CHARS: Final = 24  # no number of the protocol has more; Python's int() itself stops at 4300 digits

_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class Fault(enum.Enum):
    """What is wrong with a text that should be a JSON object."""

    MALFORMED = "malformed"
    TOO_DEEP = "too deep"
    DUPLICATE_KEY = "duplicate key"
    NUMBER = "number out of bounds"
    NOT_AN_OBJECT = "not an object"


class _Refused(ValueError):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def parse_object(text: str, *, max_depth: int = MAX_DEPTH) -> dict[str, Any] | Fault:
    """The object, or what is wrong with it.  Never raises, and what it returns in place of an object holds no input."""
    if _deeper_than(text, max_depth):
        return Fault.TOO_DEEP
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_constant
        )
    except _Refused as refused:
        return refused.fault
    except (ValueError, RecursionError):
        return Fault.MALFORMED
    return value if isinstance(value, dict) else Fault.NOT_AN_OBJECT


def _deeper_than(text: str, max_depth: int) -> bool:
    """Linear in the text, before anything recurses."""
    if text.count("{") + text.count("[") <= max_depth:
        return False
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        match found.group()[0]:
            case "{" | "[":
                depth += 1
                if depth > max_depth:
                    return True
            case "}" | "]":
                depth -= 1
    return False


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise _Refused(Fault.DUPLICATE_KEY)
    return built


def _integer(digits: str) -> int:
    if len(digits) > MAX_NUMBER_CHARS:
        raise _Refused(Fault.NUMBER)
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits) if len(digits) <= MAX_NUMBER_CHARS else math.inf
    if not math.isfinite(value):
        raise _Refused(Fault.NUMBER)
    return value


def _constant(_name: str) -> NoReturn:
    raise _Refused(Fault.NUMBER)
