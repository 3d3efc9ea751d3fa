"""What a report must say for whoever checks it.  Pure.

Nothing in the report is trusted: the public key and the nonce come from the officer, what must stand in it from this
page, and what can be counted again is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.proof.faults import IN_QUICK, Step, Trouble, lacking
from agent.proof.outside import NO_BYTES
from agent.proof.report import MAY_BE_UNSEEN, MUST_HOLD_BYTES, Place, Seen, read
from policies.closed import canonical

LEAST_FORMS: Final = 20
"""So many forms of a needle must have been planted and found in each place that was examined."""
LEAST_SINKS: Final = 15
"""Kinds of place in which leaks were really planted, and all found."""
LEAST_ACTS: Final = 40
LOCKS: Final = frozenset({"length", "rights", "files", "calls", "swap"})
"""Locks that must have held the line; `ports` may be another's work."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What whoever checks a report wants of it."""

    calls: int
    pairs: int
    faults: frozenset[Trouble]
    share: float
    """Of the calls that were placed, so many must count: who places until it fits proves nothing."""


FULL: Final = Bars(200, 100, frozenset(Trouble), 0.9)
QUICK: Final = Bars(3, 1, frozenset(IN_QUICK), 0.5)


def objections(report: bytes, public_key: bytes, nonce: str, bars: Bars = FULL) -> list[str]:
    """Why this report proves nothing to whoever gave this nonce; empty if it holds.

    public_key: 32 bytes, from outside the report.
    """
    found_in = read(report)
    if found_in is None:
        return ["this is no report of a proof"]
    body, signature = found_in
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, canonical(body))
    except (InvalidSignature, ValueError):
        return ["the signature is not of this key over these bytes"]
    found = []
    if body.get("nonce") != nonce:
        found.append("the nonce is not yours: it may be an old report")
    return found + lacking_of(body, bars)


def lacking_of(body: Mapping[str, Any], bars: Bars) -> list[str]:
    """What the body of a report would have to say and doesn't."""
    found: list[str] = []
    for part, check in _CHECKS.items():
        try:
            found += check(body, bars)
        except (KeyError, TypeError, ValueError, AttributeError):
            found.append(f"{part}: missing from the report, or not as this version writes it")
    return found


def _places(body: Mapping[str, Any], _: Bars) -> Iterator[str]:
    rows = {row["place"]: row for row in body["places"]}
    for place in Place:
        row = rows.get(place.value)
        if row is None:
            yield f"{place.value}: missing from the report"
        elif row.get("seen") == Seen.FOUND.value or row.get("hits"):
            yield f"{place.value}: something was found"
        elif row.get("seen") == Seen.NOTHING.value:
            forms, planted = _count(row.get("forms")), _count(row.get("planted"))
            if forms < planted or planted < LEAST_FORMS:
                yield f"{place.value}: the search missed what was planted, or too little was planted"
            elif place in MUST_HOLD_BYTES and _count(row.get("size")) < 1:
                yield f"{place.value}: nothing was searched there"
        elif row.get("seen") != Seen.NOT_EXAMINED.value or not row.get("why") or place not in MAY_BE_UNSEEN:
            yield f"{place.value}: not examined, and that may not be or has no reason"


def _calls(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    """Counted again, from what was seen of each call."""
    calls = body["calls"]
    rows = calls["rows"]
    counted = [_fault(row) for row in rows if not lacking(frozenset(map(Step, row["seen"])), _fault(row))]
    if len({_count(row["number"]) for row in rows}) != len(rows) or _count(calls["placed"]) != len(rows):
        yield "calls: a number stands twice, or not every call that was placed is listed"
    if _count(calls["counted"]) != len(counted):
        yield "calls: not so many count as the report says"
    if len(counted) < bars.calls:
        yield f"calls: {len(counted)} count, {bars.calls} are asked for"
    if len(counted) < bars.share * len(rows):
        yield "calls: too many of those that were placed do not count"
    missing = sorted(fault.value for fault in bars.faults.difference(filter(None, counted)))
    yield from (f"fault: none of the calls that count had this one: {fault}" for fault in missing)


def _fault(row: Mapping[str, Any]) -> Trouble | None:
    return None if row["fault"] is None else Trouble(row["fault"])


def _pairs(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    pairs = body["pairs"]
    if _count(pairs["consecutive"]) + _count(pairs["interleaved"]) < bars.pairs:
        yield f"pairs: fewer than {bars.pairs} that followed or overlapped each other"
    if pairs["met"] != []:
        yield "pairs: two callers met"


def _control(body: Mapping[str, Any], _: Bars) -> Iterator[str]:
    memories = [row["seen"] for row in body["places"] if row["place"] == Place.LINE_MEMORY.value]
    if memories == [Seen.NOT_EXAMINED.value]:
        return
    for what in ("words", "sounds"):
        control = body["control"][what]
        if not control["found"] or 2 * len(control["found"]) < len(control["looked"]):
            yield f"control: her {what} were not seen in the line's memory during the calls: the search may be blind"


def _sinks(body: Mapping[str, Any], _: Bars) -> Iterator[str]:
    sinks = body["sinks"]
    yield from (f"planted in {sink['sink']}: not all found" for sink in sinks if sink["found"] != sink["planted"])
    if sum(_count(sink["found"]) >= LEAST_FORMS for sink in sinks) < LEAST_SINKS:
        yield f"planted leaks: fewer than {LEAST_SINKS} sinks with {LEAST_FORMS} forms each"


def _locks(body: Mapping[str, Any], _: Bars) -> Iterator[str]:
    if not set(map(str, body["locks"])) >= LOCKS:
        yield "locks: one of the kernel's did not hold the line"
    if _count(body["acts"]["tried"]) < LEAST_ACTS:
        yield "acts: too few that are forbidden were tried"
    for seen in body["outside"]:
        if seen is None and not body["machine"]["root"]:
            continue  # the line's own user may not look at it either
        if not 1 <= _count(seen["held"]) == _count(seen["threads"]) or _count(seen["limits"]) < len(NO_BYTES):
            yield "locks: seen from outside, a thread or a limit of the line is not held"
        if seen["writable"] != 0 or seen["swapped_kb"] != 0 or seen["done"] != []:
            yield "locks: seen from outside, the line may write, was swapped, or may be touched by another user"
    if not body["outside"]:
        yield "locks: nobody looked at the line from outside"


def _ways_out(body: Mapping[str, Any], _: Bars) -> Iterator[str]:
    written, network = body["written"], body["network"]
    root = body["machine"]["root"]
    if written is None and root:
        yield "files opened for writing: not watched, though the rights were there"
    if written is not None:
        roles = written["by"]
        if not written["whole"] or not set(roles) >= {"the line", "the keeper", "the launcher"}:
            yield "files opened for writing: a process was not watched, or not all of the time"
        yield from (f"files opened for writing: by {role}" for role, row in roles.items() if row["other"] != [])
    unseen = {row["place"] for row in body["places"] if row["seen"] == Seen.NOT_EXAMINED.value}
    if network is None and Place.NETWORK.value not in unseen:
        yield "network: not watched, and not said so"
    if network is not None and (network["outside"], network["names"], network["elsewhere"]) != (0, 0, []):
        yield "network: something went to a place that is not on the list, or a name was asked for"


def _about(body: Mapping[str, Any], _: Bars) -> Iterator[str]:
    told = [
        body["build"]["code"],
        body["build"]["deployed"],
        body["settings"]["sha256"],
        body["machine"]["kernel"],
        *body["models"].values(),
    ]
    if not body["models"] or not all(isinstance(each, str) and each for each in told):
        yield "about: the report does not say what was put under proof"


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Any], Bars], Iterator[str]]]] = MappingProxyType(
    {
        "places": _places,
        "calls": _calls,
        "pairs": _pairs,
        "control": _control,
        "planted leaks": _sinks,
        "locks": _locks,
        "ways out": _ways_out,
        "about": _about,
    }
)


def _count(value: object) -> int:
    """-1 for whatever is no number of things: `True` and 1.5 among them."""
    return value if type(value) is int and value >= 0 else -1
