"""Records whose every field is an enum, a bounded int, a bool or a short fixed shape: what may leave memory.

A closed record is a frozen dataclass whose annotations say the bounds: `turns: Annotated[int, Count(0, 500)]`.
Construction checks it (`check`), and so does every reader of a wire form (`from_wire`).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeVar

R = TypeVar("R")
Wire = dict[str, int | str | bool]
"""A closed record as flat JSON-able values; never nested."""

NONE: Final = "none"
"""The wire form of an optional enum that is absent."""


class Reason(enum.Enum):
    """Why a record was refused; closed, counted by the metrics."""

    NOT_FLAT = "not_flat"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NOT_JSON = "not_json"
    TOO_LONG = "too_long"
    UNKNOWN_EVENT = "unknown_event"
    NOT_IN_THIS_PROFILE = "not_in_this_profile"
    NOT_THE_LINES = "not_the_lines"
    """Only the keeper itself says this."""
    NO_SUCH_CALL = "no_such_call"
    """It was not answered, is over, or is another agent's."""
    NO_SUCH_NURSE = "no_such_nurse"
    """She stands in no list with a PIN."""
    TOO_MANY = "too_many"
    """More than this line may say in a minute."""


class NotClosed(ValueError):
    """A record that may not leave memory.  Names the field of our own schema, never the value."""

    def __init__(self, reason: Reason, field: str = "") -> None:
        super().__init__(f"{reason.value}: {field}" if field else reason.value)
        self.reason = reason
        self.field = field


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """A whole number, both ends included."""

    low: int
    high: int


@dataclasses.dataclass(frozen=True, slots=True)
class Bucket:
    """A whole number that is one of these edges: the smallest that the measured value does not exceed.

    The last edge also holds everything above it.
    """

    edges: tuple[int, ...]

    def of(self, measured: float) -> int:
        """The edge that stands for a measured value."""
        return next((edge for edge in self.edges if measured <= edge), self.edges[-1])


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """A short text of a fixed pattern, matched whole: a random ref, a hash or a name from our own settings."""

    pattern: str
    longest: int = 32
    """Characters that the pattern lets through at most, for the database's own check."""


@dataclasses.dataclass(frozen=True, slots=True)
class OneOf:
    """One of these texts and no other: of the log alone, and of no record that is kept."""

    names: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """One member of an enum; `optional` adds absence, `NONE` on the wire."""

    of: type[enum.Enum]
    optional: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Flag:
    """True or false; the int 1 is not true."""


Kind = Count | Bucket | Shape | Choice | Flag
LogKind = Kind | OneOf


def kinds_of(record: type) -> Mapping[str, Kind]:
    """Each field's bounds, in the order of the fields.  Raises `TypeError` on a field that is not closed."""
    return _kinds_of(record)


@functools.cache  # a pure function of the class
def _kinds_of(record: type) -> Mapping[str, Kind]:
    hints = typing.get_type_hints(record, include_extras=True)
    names = [field.name for field in dataclasses.fields(record)]
    return types.MappingProxyType({name: _kind(name, hints[name]) for name in names})


def _kind(name: str, hint: Any) -> Kind:
    if typing.get_origin(hint) is typing.Annotated:
        base, bounds = typing.get_args(hint)[:2]
        if base is int and isinstance(bounds, Count | Bucket):
            return bounds
        if base is str and isinstance(bounds, Shape):
            return bounds
    if hint is bool:
        return Flag()
    parts = [part for part in (typing.get_args(hint) or (hint,)) if part is not type(None)]
    if len(parts) == 1 and isinstance(parts[0], type) and issubclass(parts[0], enum.Enum):
        return Choice(parts[0], optional=parts[0] is not hint)
    raise TypeError(f"{name} is not closed: an enum, a bounded int, a bool or a shape")


def check(record: object) -> None:
    """Called by a record's `__post_init__`.  Raises `NotClosed` unless each field is within its bounds."""
    for name, kind in kinds_of(type(record)).items():
        check_value(name, kind, getattr(record, name))


def check_value(name: str, kind: LogKind, value: object) -> None:
    """Raises `NotClosed` unless one value, as Python holds it, is within its bounds."""
    match kind:
        case Count(low, high):
            if type(value) is not int:
                raise NotClosed(Reason.WRONG_TYPE, name)
            if not low <= value <= high:
                raise NotClosed(Reason.OUT_OF_RANGE, name)
        case Bucket(edges):
            if type(value) is not int:
                raise NotClosed(Reason.WRONG_TYPE, name)
            if value not in edges:
                raise NotClosed(Reason.OUT_OF_RANGE, name)
        case Shape(pattern):
            if type(value) is not str:
                raise NotClosed(Reason.WRONG_TYPE, name)
            if re.fullmatch(pattern, value, re.ASCII) is None:
                raise NotClosed(Reason.OUT_OF_RANGE, name)
        case OneOf(names):
            if type(value) is not str:
                raise NotClosed(Reason.WRONG_TYPE, name)
            if value not in names:
                raise NotClosed(Reason.OUT_OF_RANGE, name)
        case Choice(of, optional):
            if not (isinstance(value, of) or (optional and value is None)):
                raise NotClosed(Reason.WRONG_TYPE, name)
        case Flag():
            if type(value) is not bool:
                raise NotClosed(Reason.WRONG_TYPE, name)


def to_wire(record: object) -> Wire:
    """Flat values, in the order of the fields."""
    return {name: wire_value(getattr(record, name)) for name in kinds_of(type(record))}


def wire_value(value: object) -> int | str | bool:
    """One checked field as JSON holds it."""
    if value is None:
        return NONE
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, int | str):
        return value
    raise NotClosed(Reason.WRONG_TYPE)


def from_wire(record: type[R], wire: object) -> R:
    """The record again.  Raises `NotClosed` on an unknown, missing, ill-typed or out-of-range field."""
    kinds = kinds_of(record)
    if not isinstance(wire, Mapping) or not all(type(key) is str for key in wire):
        raise NotClosed(Reason.NOT_FLAT)
    if not wire.keys() <= kinds.keys():
        raise NotClosed(Reason.UNKNOWN_FIELD)
    for name in kinds:
        if name not in wire:
            raise NotClosed(Reason.MISSING_FIELD, name)
    return record(**{name: _from_wire_value(name, kind, wire[name]) for name, kind in kinds.items()})


def check_wire_value(name: str, kind: LogKind, value: object) -> None:
    """Raises `NotClosed` unless one value, as the wire holds it, is within its bounds."""
    _from_wire_value(name, kind, value)


def _from_wire_value(name: str, kind: LogKind, value: object) -> object:
    if not isinstance(kind, Choice):
        check_value(name, kind, value)
        return value
    if type(value) is not str:
        raise NotClosed(Reason.WRONG_TYPE, name)
    if kind.optional and value == NONE:
        return None
    member = next((member for member in kind.of if member.value == value), None)
    if member is None:
        raise NotClosed(Reason.OUT_OF_RANGE, name)
    return member


def canonical(value: object) -> bytes:
    """The one JSON text there is of a value: sorted keys, no spaces, ASCII.  Raises `ValueError` for a NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")
