"""What a report must say for whoever checks it.  Pure.

Nothing in the report is trusted: the public key and the nonce come from the officer, what must stand in it from this
page and `agent.proof.held`, and what can be counted again is.  Every table has the keys that this version writes, and
no other; every list of names is whole, each name once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.proof import held
from agent.proof.counting import count, exact, numbers, once, words
from agent.proof.faults import IN_QUICK, Step, Trouble, lacking
from agent.proof.report import (
    FORMAT,
    MUST_HOLD_BYTES,
    NO_CORES,
    NO_TRANSFERS,
    NOT_ALL_OF_OTHERS,
    UNSEEN_ANYWHERE,
    UNSEEN_WITHOUT_ROOT,
    Looked,
    Place,
    Seen,
    read,
)  # fmt: skip
from agent.proof.scenes import Passed, Reached, Ring, Scene, missing, wanting
from agent.proof.sessions import AGAIN, FULL_PLAN, QUICK_PLAN, SinkName, plan_of
from policies.closed import canonical

LEAST_FORMS: Final = 20
"""So many forms of a needle must have been planted and found in each place that was examined."""
LEAST_SINKS: Final = 18
"""Kinds of place in which leaks were really planted, and all found."""
MOST_AGAIN: Final = AGAIN * (len(Trouble) + len(Scene) + len(Ring))
ROW: Final = frozenset(Looked(Place.OUTPUT, Seen.NOTHING, 0, 0, 0).to_json())
BODY: Final = frozenset(
    {
        "nonce", "calls", "transfers", "outreach", "kept", "faults", "pairs", "control", "sinks", "acts", "locks",
        "sessions", "outside",
        "written", "network", "places", "seconds", "build", "settings", "models", "machine",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bars:
    """What whoever checks a report wants of it."""

    calls: int
    pairs: int
    plan: tuple[str, ...]
    """Sessions that must have been, at the least."""
    share: float
    """Of the calls that were placed, so many must count: who places until it fits proves nothing."""
    without_root: bool = False
    """Whoever checks takes it that memories, network and files were not looked at for want of rights."""


FULL: Final = Bars(200, 100, FULL_PLAN, 0.9)
QUICK: Final = Bars(3, 1, QUICK_PLAN, 0.5)


def objections(report: bytes, public_key: bytes, nonce: str, bars: Bars = FULL, code: str | None = None) -> list[str]:
    """Why this report proves nothing to whoever gave this nonce; empty if it holds.

    public_key: 32 bytes, from outside the report.  code: the hash that it must be about; None: any.
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
    found += lacking_of(body, bars)
    if code is not None and not found and body["build"]["code"] != code:
        found.append("the code is not the one that you named: it proves nothing about that one")
    return found


def lacking_of(body: Mapping[str, Any], bars: Bars) -> list[str]:
    """What the body of a report would have to say and doesn't."""
    found: list[str] = []
    for part, check in _CHECKS.items():
        try:
            found += check(body, bars)
        except (KeyError, TypeError, ValueError, AttributeError):
            found.append(f"{part}: missing from the report, or not as this version writes it")
    return found


def _whole(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    if body.keys() - {"format"} != BODY or body.get("format", FORMAT) != FORMAT or count(body["seconds"]) < 1:
        yield "the report: a part is missing, or one is there that this version doesn't write"
    if not bars.without_root and body["machine"]["root"] is not True:
        yield "the report: made without the rights to look everywhere; `--without-root` takes it as such"


def _places(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    rows = [exact(row, ROW) for row in body["places"]]
    names = [row["place"] for row in rows]
    if not once(names) or not set(names) <= {place.value for place in Place}:
        yield "places: one stands twice, or is none that this version knows"
    for place in Place:
        of = [row for row in rows if row["place"] == place.value]
        if not of:
            yield f"{place.value}: missing from the report"
        for row in of:
            yield from _place(place, row, bars)


def _place(place: Place, row: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    seen, why = row["seen"], row["why"]
    if seen == Seen.FOUND.value or row["hits"] != []:
        yield f"{place.value}: something was found"
    elif seen == Seen.NOTHING.value:
        forms, planted = count(row["forms"]), count(row["planted"])
        if forms != planted or planted < LEAST_FORMS:
            yield f"{place.value}: the search missed what was planted, or too little was planted"
        elif count(row["size"]) < (place in MUST_HOLD_BYTES):
            yield f"{place.value}: nothing was searched there"
        elif why and (place, why) != (Place.FILES, NOT_ALL_OF_OTHERS):
            yield f"{place.value}: it was examined, and something is said against it"
    elif seen != Seen.NOT_EXAMINED.value or not _may_be_unseen(place, why, bars):
        yield f"{place.value}: not examined, and that may not be or has no reason"


def _may_be_unseen(place: Place, why: object, bars: Bars) -> bool:
    if (place, why) == (Place.BOOK, NO_TRANSFERS):
        return bars.plan != FULL_PLAN
    return (place, why) in UNSEEN_ANYWHERE or (bars.without_root and bool(why) and place in UNSEEN_WITHOUT_ROOT)


def _calls(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    """Counted again, from what was seen of each call."""
    calls = exact(body["calls"], {"placed", "counted", "rows"})
    rows = [exact(row, {"number", "fault", "counted", "seen", "lacks"}) for row in calls["rows"]]
    lacks = [lacking(frozenset(map(Step, row["seen"])), _fault(row)) for row in rows]
    counted = [_fault(row) for row, lack in zip(rows, lacks, strict=True) if not lack]
    if not all(once(row["seen"]) for row in rows) or any(
        (row["counted"], row["lacks"]) != (not lack, [step.value for step in lack])
        for row, lack in zip(rows, lacks, strict=True)
    ):
        yield "calls: of one it is not said rightly whether it counts, or what it lacks"
    if not numbers([row["number"] for row in rows]) or count(calls["placed"]) != len(rows):
        yield "calls: a number stands twice, or not every call that was placed is listed"
    if count(calls["counted"]) != len(counted):
        yield "calls: not so many count as the report says"
    if len(counted) < bars.calls:
        yield f"calls: {len(counted)} count, {bars.calls} are asked for"
    if len(counted) < bars.share * len(rows):
        yield "calls: too many of those that were placed do not count"
    plan = plan_of(body["sessions"])
    if plan is None or len(plan) < len(bars.plan) or len(body["sessions"]) - len(plan) > MOST_AGAIN:
        yield "sessions: not those of a plan, or of a smaller one than is asked for"
    had = {fault for fault in counted if fault is not None}
    missing = set(Trouble if FULL_PLAN in (plan, bars.plan) else IN_QUICK) - had
    yield from (f"fault: none of the calls that count had this one: {name}" for name in _values(missing))
    if body["faults"] != _values(had):
        yield "faults: not those of the calls that count"


def _transfers(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    """Counted again, as the calls are; a full proof has one of each kind that counts, a quick one none."""
    rows = [exact(row, {"number", "scene", "counted", "seen", "lacks"}) for row in body["transfers"]]
    lacks = [wanting(frozenset(map(Passed, row["seen"])), Scene(row["scene"])) for row in rows]
    if not all(once(row["seen"]) for row in rows) or any(
        (row["counted"], row["lacks"]) != (not lack, [step.value for step in lack])
        for row, lack in zip(rows, lacks, strict=True)
    ):
        yield "transfers: of one it is not said rightly whether it counts, or what it lacks"
    if not _nobody_elses(body, "transfers", "calls"):
        yield "transfers: a number stands twice, or is a call's"
    if any(Passed.TOLD.value in row["seen"] for row in rows):
        yield f"transfers: {Passed.TOLD.value}"
    had = {Scene(row["scene"]) for row, lack in zip(rows, lacks, strict=True) if not lack}
    full = FULL_PLAN in (plan_of(body["sessions"]), bars.plan)
    yield from (f"transfers: none that counts was so: {scene.value}" for scene in Scene if full and scene not in had)


def _outreach(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    """Counted again, likewise; and of those who were called there is a record each, and of nobody else."""
    rows = [exact(row, {"number", "scene", "counted", "seen", "lacks"}) for row in body["outreach"]]
    lacks = [missing(frozenset(map(Reached, row["seen"])), Ring(row["scene"])) for row in rows]
    if not all(once(row["seen"]) for row in rows) or any(
        (row["counted"], row["lacks"]) != (not lack, [step.value for step in lack])
        for row, lack in zip(rows, lacks, strict=True)
    ):
        yield "calls to patients: of one it is not said rightly whether it counts, or what it lacks"
    if not _nobody_elses(body, "outreach", "calls") or not _nobody_elses(body, "outreach", "transfers"):
        yield "calls to patients: a number stands twice, or is another's"
    had = {Ring(row["scene"]) for row, lack in zip(rows, lacks, strict=True) if not lack}
    full = FULL_PLAN in (plan_of(body["sessions"]), bars.plan)
    yield from (
        f"calls to patients: none that counts was so: {ring.value}" for ring in Ring if full and ring not in had
    )
    kept = exact(body["kept"], {"records", "others"})
    counted = sum(not lack for lack in lacks)
    if not counted <= count(kept["records"]) <= len(rows) or count(kept["others"]):
        yield "calls to patients: not one record each is kept, or one of somebody else"


def _nobody_elses(body: Mapping[str, Any], part: str, other: str) -> bool:
    """No number stands in it twice, or in the other part."""
    others = body[other]["rows"] if other == "calls" else body[other]
    own = [row["number"] for row in body[part]]
    return numbers(own) and not set(own) & {row["number"] for row in others}


def _values(faults: set[Trouble]) -> list[str]:
    return sorted(fault.value for fault in faults)


def _fault(row: Mapping[str, Any]) -> Trouble | None:
    return None if row["fault"] is None else Trouble(row["fault"])


def _pairs(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    pairs, placed = exact(body["pairs"], {"searched", "consecutive", "interleaved", "met"}), len(body["calls"]["rows"])
    if pairs["searched"] != placed * (placed - 1) // 2:
        yield "pairs: not every pair of callers was searched for one another"
    consecutive, interleaved = count(pairs["consecutive"]), count(pairs["interleaved"])
    if consecutive + interleaved < bars.pairs:
        yield f"pairs: fewer than {bars.pairs} that followed or overlapped each other"
    if not 0 <= consecutive < placed or not 0 <= interleaved <= placed * (placed - 1) // 2:
        yield "pairs: more or fewer than there can be"
    if pairs["met"] != []:
        yield "pairs: two callers met"


def _control(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    """Whose call had a fault and counts was looked for: the proof watches each of those."""
    whole = exact(body["control"], {"readable", "words", "sounds"})
    rows = body["calls"]["rows"]
    placed = {row["number"] for row in rows}
    watched = {row["number"] for row in rows if row["fault"] is not None and row["counted"]}
    memories = [row["seen"] for row in body["places"] if row["place"] == Place.LINE_MEMORY.value]
    blind = bars.without_root and memories == [Seen.NOT_EXAMINED.value]
    if whole["readable"] is not True and not blind:
        yield "control: the line's memory could not be read"
    for what in ("words", "sounds"):
        control = exact(whole[what], {"looked", "found"})
        looked, found = control["looked"], control["found"]
        if not numbers(looked) or not numbers(found) or not set(found) <= set(looked) <= placed:
            yield f"control: her {what} were seen in a look, or a call, that there was not"
        elif not watched <= set(looked):
            yield f"control: in a call with a fault nobody looked for her {what}"
        elif not blind and (not found or 2 * len(found) < len(looked)):
            yield f"control: her {what} were not seen in the line's memory during the calls: the search may be blind"


def _sinks(body: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    sinks = [exact(sink, {"sink", "planted", "found", "why"}) for sink in body["sinks"]]
    names = [sink["sink"] for sink in sinks]
    if not once(names) or set(names) != {name.value for name in SinkName}:
        yield "planted leaks: a sink is missing, stands twice, or is none that this version plants in"
    needs_root = {name.value for name in (SinkName.MEMORY, SinkName.BUS_MEMORY, SinkName.PACKETS)}
    for sink in sinks:
        planted, found, why = count(sink["planted"]), count(sink["found"]), sink["why"]
        may_lack = (sink["sink"], why) == (SinkName.CORES.value, NO_CORES) or (
            bars.without_root and sink["sink"] in needs_root and words([why])
        )
        nothing = planted == found == 0 and may_lack
        if not nothing and (found != planted or planted < LEAST_FORMS or why != ""):
            yield f"planted in {sink['sink']}: not all found, or too few planted"
    if sum(count(sink["found"]) >= LEAST_FORMS for sink in sinks) < LEAST_SINKS:
        yield f"planted leaks: fewer than {LEAST_SINKS} sinks with {LEAST_FORMS} forms each"


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Any], Bars], Iterator[str]]]] = MappingProxyType(
    {
        "the report": _whole,
        "places": _places,
        "calls": _calls,
        "transfers": _transfers,
        "calls to patients": _outreach,
        "pairs": _pairs,
        "control": _control,
        "planted leaks": _sinks,
        "locks": lambda body, bars: held.locks(body, without_root=bars.without_root),
        "ways out": lambda body, bars: held.ways_out(body, without_root=bars.without_root),
        "about": lambda body, _: held.about(body),
    }
)
