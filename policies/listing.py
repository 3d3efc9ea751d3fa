"""The allowlist as a file: a closed schema, every wrong file refused in one sentence.

parse(text) -> Allowlist                # deploy/allowlist.toml shows every key

Tables: `vendor`, `model`, `mandated`, and `evidence`, which the shipped file has none of.
"""

from __future__ import annotations

import datetime
import enum
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from policies.allowlist import NAME, Allowlist, Feature, Listed, Training, Vendor, date_of, days
from policies.closed import NotClosed
from policies.places import url_problem
from policies.records import AGENT, Engine, Evidence, EvidenceKind

LARGEST_BYTES: Final = 262_144
MOST_ROWS: Final = 100  # of one table: a decision looks at each, and has a millisecond
REGION: Final = r"[a-z0-9-]{1,32}"
_E = TypeVar("_E", bound=enum.Enum)


class ListRefused(Exception):
    """The list doesn't hold together.  One sentence that names the table and the key, never a value."""


def parse(text: str) -> Allowlist:
    """Raises `ListRefused`."""
    table: Mapping[str, Any] | None = None
    if len(text) <= LARGEST_BYTES:
        try:
            table = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            table = None
    if table is None:
        raise ListRefused("is not TOML of at most 256 KiB")
    return of_tables(table)


def of_tables(table: Mapping[str, Any]) -> Allowlist:
    """The same from tables that were read already.  Raises `ListRefused`."""
    unknown = table.keys() - {"vendor", "model", "mandated", "evidence"}
    if unknown:
        raise ListRefused("has a table that it may not have")
    vendors = {vendor.name: vendor for vendor in map(_vendor, _rows(table, "vendor"))}
    if len(vendors) != len(_rows(table, "vendor")):
        raise ListRefused("vendor: name: one comes twice")
    listed = tuple(_listed(row, vendors) for row in _rows(table, "model"))
    places = {(each.engine, each.model, each.base_url.rstrip("/")) for each in listed}
    if len(places) != len(listed):
        raise ListRefused("model: one comes twice")
    return Allowlist(
        listed=listed,
        vendors=tuple(vendors.values()),
        mandated=tuple(_mandated(row) for row in _rows(table, "mandated")),
        evidence=tuple(_evidence(row, vendors) for row in _rows(table, "evidence")),
    )


def tables_of(allowlist: Allowlist) -> dict[str, list[dict[str, Any]]]:
    """The list as JSON holds it, for `of_snapshot`; what only people read of a mandated model is not in it."""
    return {
        "vendor": [
            {
                "name": each.name,
                "does": each.does,
                "retention_days": each.retention_days,
                "retains": each.retains,
                "training": each.training.value,
                "subprocessors": list(each.subprocessors),
                "needs": sorted(kind.value for kind in each.needs),
                "carrier": each.carrier,
                "tiers": list(each.tiers),
                "regions": list(each.regions),
            }
            for each in allowlist.vendors
        ],
        "model": [
            {
                "vendor": each.vendor.name,
                "engine": each.engine.value,
                "model": each.model,
                "base_url": each.base_url,
                "region": each.region,
                "features": sorted(feature.value for feature in each.features),
            }
            for each in allowlist.listed
        ],
        "mandated": [
            {"model": part, "vendor": "none", "retention_days": 0, "source": "the list"} for part in allowlist.mandated
        ],
        "evidence": [
            {
                "vendor": each.party,
                "kind": each.kind.value,
                "reference": each.reference,
                "tier": each.tier,
                "signed": _iso(each.signed),
                "expires": _iso(each.expires),
                "retention_days": each.retention_days,
            }
            for each in allowlist.evidence
        ],
    }


def of_snapshot(table: Mapping[str, Any]) -> Allowlist:
    """The list again, checked as a file is.  Raises `ListRefused`."""
    rows = table.get("evidence", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ListRefused("evidence: must be a list of tables")
    return of_tables({**table, "evidence": [{**row, **_dates(row)} for row in rows]})


def _dates(row: Mapping[str, Any]) -> dict[str, datetime.date]:
    dates: dict[str, datetime.date] = {}
    for key in ("signed", "expires"):
        try:
            dates[key] = datetime.date.fromisoformat(row.get(key, ""))
        except (ValueError, TypeError):  # the row is refused for what stands there
            continue
    return dates


def _iso(day: int) -> str:
    return date_of(day).isoformat()


def _rows(table: Mapping[str, Any], name: str) -> list[_Row]:
    rows = table.get(name, [])
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise ListRefused(f"{name}: must be at most {MOST_ROWS} tables in double brackets")
    return [_Row(name, row) for row in rows]


class _Row:
    """Takes each key once; `close` refuses what is left."""

    def __init__(self, table: str, row: Mapping[str, Any]) -> None:
        self._table = table
        self._left = dict(row)

    def must(self, key: str, what: str, *, holds: bool) -> None:
        if not holds:
            raise ListRefused(f"{self._table}: {key}: {what}")

    def take(self, key: str) -> Any:
        self.must(key, "is missing", holds=key in self._left)
        return self._left.pop(key)

    def text(self, key: str, pattern: str = r"[ -~]{1,160}") -> str:
        value = self.take(key)
        fits = isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None
        self.must(key, "is not of the form that it must have", holds=fits)
        return str(value)

    def texts(self, key: str, pattern: str) -> tuple[str, ...]:
        values = self.take(key)
        fits = isinstance(values, list) and all(
            isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) for value in values
        )
        self.must(key, "must be a list of names", holds=fits)
        return tuple(values)

    def one_of(self, key: str, of: type[_E]) -> _E:
        value = self.take(key)
        known = {member.value: member for member in of}
        self.must(key, "must be " + " or ".join(known), holds=isinstance(value, str) and value in known)
        return known[value]

    def some_of(self, key: str, of: type[_E]) -> frozenset[_E]:
        known = {member.value: member for member in of}
        values = self.texts(key, "|".join(known))
        return frozenset(known[value] for value in values)

    def flag(self, key: str) -> bool:
        value = self.take(key)
        self.must(key, "must be true or false", holds=isinstance(value, bool))
        return bool(value)

    def number(self, key: str, most: int = 36_500) -> int:
        value = self.take(key)
        self.must(key, f"must be a number from 0 to {most}", holds=type(value) is int and 0 <= value <= most)
        return int(value)

    def day(self, key: str) -> int:
        value = self.take(key)
        self.must(key, "must be a date such as 2026-01-31", holds=type(value) is datetime.date)
        return days(value)

    def close(self) -> None:
        if self._left:
            raise ListRefused(f"{self._table}: has a key that it may not have")


def _vendor(row: _Row) -> Vendor:
    vendor = Vendor(
        name=row.text("name", AGENT.pattern),
        does=row.text("does"),
        retention_days=row.number("retention_days"),
        retains=row.text("retains"),
        training=row.one_of("training", Training),
        subprocessors=row.texts("subprocessors", r"[ -~]{1,60}"),
        needs=row.some_of("needs", EvidenceKind),
        carrier=row.flag("carrier"),
        tiers=row.texts("tiers", AGENT.pattern),
        regions=row.texts("regions", REGION),
    )
    row.must("tiers", "must name the plans that an agreement may be for", holds=bool(vendor.tiers))
    row.must("regions", "must be none for a carrier, and some for others", holds=bool(vendor.regions) != vendor.carrier)
    row.must("needs", "must hold baa", holds=EvidenceKind.BAA in vendor.needs)
    row.must("needs", "must hold zdr", holds=vendor.carrier or EvidenceKind.ZDR in vendor.needs)
    row.close()
    return vendor


def _listed(row: _Row, vendors: Mapping[str, Vendor]) -> Listed:
    name = row.text("vendor", AGENT.pattern)
    row.must("vendor", "is no vendor of this list", holds=name in vendors and not vendors[name].carrier)
    listed = Listed(
        vendor=vendors[name],
        engine=row.one_of("engine", Engine),
        model=row.text("model", NAME),
        base_url=row.text("base_url"),
        region=row.text("region", REGION),
        features=row.some_of("features", Feature),
    )
    row.must("engine", "must be a hosted one: approved needs no entry", holds=listed.engine is not Engine.APPROVED)
    fits = url_problem(listed.base_url) is None
    row.must("base_url", "must be https, or http on this machine, with its host as it is written normally", holds=fits)
    row.must("region", "is none of its vendor's regions", holds=listed.region in listed.vendor.regions)
    row.close()
    return listed


def _mandated(row: _Row) -> str:
    part = row.text("model", r"[a-z0-9]+(-[a-z0-9]+)*")
    row.text("vendor", AGENT.pattern)
    row.number("retention_days")
    row.text("source")
    row.close()
    return part


def _evidence(row: _Row, vendors: Mapping[str, Vendor]) -> Evidence:
    party, kind = row.text("vendor", AGENT.pattern), row.one_of("kind", EvidenceKind)
    row.must("vendor", "is no vendor of this list", holds=party in vendors)
    fields = {
        "reference": row.text("reference"),
        "tier": row.text("tier"),
        "signed": row.day("signed"),
        "expires": row.day("expires"),
        "retention_days": row.number("retention_days"),
    }
    row.close()
    wrong = ""
    found = None
    try:
        found = Evidence(party=party, kind=kind, **fields)  # type: ignore[arg-type]  # checked by its construction
    except NotClosed as refused:
        wrong = refused.field
    if found is None:
        raise ListRefused(f"evidence: {wrong}: is not of the form that it must have")
    return found
