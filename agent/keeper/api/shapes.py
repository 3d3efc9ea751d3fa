"""What may be asked and what is answered, as JSON Schema, made from the same closed kinds that check it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from policies import closed
from policies.allowlist import date_of, days
from policies.closed import Bucket, Choice, Count, Flag, Kind, Shape

Schema = dict[str, Any]

DAY: Final = Shape(r"20[2-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", 10)
HOUR: Final = Shape(rf"{DAY.pattern}T([01][0-9]|2[0-3])", 13)
"""In UTC, as `2026-11-22T14`."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a query."""

    kind: Kind
    told: str
    default: int | str | None = None
    """None: it must be there."""


def of_kind(kind: Kind) -> Schema:
    match kind:
        case Count(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case Bucket(edges):
            return {"type": "integer", "enum": list(edges)}
        case Flag():
            return {"type": "boolean"}
        case Choice(of, optional):
            words = [member.value for member in of]
            return words_of(*words, *([closed.NONE] if optional and closed.NONE not in words else []))
        case Shape(pattern):
            return {"type": "string", "pattern": f"^(?:{pattern})$"}


def of_record(record: type, *without: str, **instead: Schema) -> Schema:
    """A closed record; `instead`: fields that are told in another way, or told besides."""
    known = {name: of_kind(kind) for name, kind in closed.kinds_of(record).items() if name not in without}
    return of_fields(**(known | instead))


def of_fields(**fields: Schema) -> Schema:
    """An object with all of these and nothing else."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def counts_of(*words: str) -> Schema:
    """How often each; those that never happened may be missing."""
    return {
        "type": "object",
        "properties": {word: {"type": "integer", "minimum": 0} for word in words},
        "additionalProperties": False,
    }


def percents_of(*names: str) -> Schema:
    """A share of each; those of which there is nothing may be missing."""
    return {
        "type": "object",
        "properties": {name: {"type": "integer", "minimum": 0, "maximum": 100} for name in names},
        "additionalProperties": False,
    }


def words_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


DATE: Final = of_kind(DAY) | {"format": "date"}
TEXT: Final[Schema] = {"type": "string"}
FLAG: Final = of_kind(Flag())
NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}


def value_of(kind: Kind, text: str) -> int | str | None:
    """A parameter's value as the query spells it; None for what it may not be."""
    if isinstance(kind, Count):
        number = int(text) if re.fullmatch(r"0|[1-9][0-9]{0,11}", text, re.ASCII) else -1
        return number if kind.low <= number <= kind.high else None
    if isinstance(kind, Shape):
        return text if re.fullmatch(kind.pattern, text, re.ASCII) else None
    if isinstance(kind, Choice):
        return text if text in {member.value for member in kind.of} else None
    raise TypeError("a query has numbers, shapes and words")


def day_of(text: str) -> int | None:
    """Days since 1970-01-01 of a `DAY`; None for the 30th of February."""
    try:
        return days(date.fromisoformat(text))
    except ValueError:
        return None


def spelled(day: int) -> str:
    """The other way round."""
    return date_of(day).isoformat()


def hour_of(text: str) -> int | None:
    """Hours since 1970-01-01 UTC of an `HOUR`; None for one of a day that there is not."""
    day = day_of(text[:10])
    return None if day is None else day * 24 + int(text[11:])


def spelled_hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3_600, UTC).strftime("%Y-%m-%dT%H")


class _NotStrict(ValueError):
    """A key twice, or a number that is none."""


def parsed(content: bytes) -> Any:
    """JSON in UTF-8 in which no key comes twice and every number is one.  Raises `ValueError` without its text."""
    value: Any = _NotStrict
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = _NotStrict
    if value is _NotStrict:
        raise ValueError("is no JSON that is taken")
    return value


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise _NotStrict
    return table


def _no_constant(_name: str) -> None:
    raise _NotStrict
