"""A report holds only as it was signed, by the key that the officer knows, for her nonce, with all that it must say."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from agent.proof.__main__ import summary
from agent.proof.checks import FULL, QUICK, objections
from agent.proof.faults import PREVENTS, Step, Trouble
from agent.proof.held import gone_without
from agent.proof.page import page
from agent.proof.parts import ACTS_OF_ANOTHER_USER, MODELS, PACKAGES, settings_hash
from agent.proof.report import (
    HAD_NONE,
    HAS_SWAP,
    IN_PART,
    MUST_HOLD_BYTES,
    NEEDS_ROOT,
    NO_CORES,
    NO_TRANSFERS,
    NOT_ALL_OF_OTHERS,
    UNSEEN_WITHOUT_ROOT,
    Looked,
    Place,
    Seen,
    signed,
    unexamined,
)  # fmt: skip
from agent.proof.scenes import NEEDS, RING_NEEDS, Passed, Ring, Scene
from agent.proof.sessions import FULL_PLAN, ONE_FAULT_AGAIN, QUICK_PLAN, SinkName
from policies.layers import Layer

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
NONCE = "ab" * 32
STEPS = frozenset(Step)


def call(number: int, fault: Trouble | None = None, seen: frozenset[Step] = STEPS) -> dict[str, Any]:
    return {
        "number": number,
        "fault": fault.value if fault else None,
        "counted": True,
        "seen": sorted(step.value for step in seen),
        "lacks": [],
    }


def transfer(number: int, scene: Scene) -> dict[str, Any]:
    return {
        "number": number,
        "scene": scene.value,
        "counted": True,
        "seen": sorted(step.value for step in NEEDS[scene]),
        "lacks": [],
    }


def rung(number: int, ring: Ring) -> dict[str, Any]:
    return {
        "number": number,
        "scene": ring.value,
        "counted": True,
        "seen": sorted(step.value for step in RING_NEEDS[ring]),
        "lacks": [],
    }


def outside(**other: Any) -> dict[str, Any]:
    held = {"threads": 9, "held": 9, "limits": 2, "writable": 0, "swapped_kb": 0, "done": []}
    return {**held, "tried": list(ACTS_OF_ANOTHER_USER), **other}


def body(**other: Any) -> dict[str, Any]:
    faults = [call(number, fault, STEPS - PREVENTS[fault]) for number, fault in enumerate(Trouble, start=2)]
    calls = [*faults, *(call(number) for number in range(100, 300))]
    rows = {role: {"own": 0, "other": []} for role in ("the line", "the keeper", "the launcher", "Redis")}
    looked = [*range(2, 2 + len(Trouble)), 100]
    return {
        "nonce": NONCE,
        "places": [place_row(place) for place in Place],
        "calls": {"placed": len(calls), "counted": len(calls), "rows": calls},
        "transfers": [transfer(number, scene) for number, scene in enumerate(Scene, start=400)],
        "outreach": [rung(number, ring) for number, ring in enumerate(Ring, start=450)],
        "kept": {"records": len(Ring), "others": 0},
        "faults": sorted(fault.value for fault in Trouble),
        "pairs": {"searched": pairs_of(len(calls)), "consecutive": 190, "interleaved": 60, "met": []},
        "control": {what: {"looked": looked, "found": looked[1:]} for what in ("words", "sounds")} | {"readable": True},
        "sinks": [{"sink": name.value, "planted": 180, "found": 180, "why": ""} for name in SinkName],
        "acts": {"tried": 74},
        "locks": [layer.value for layer in Layer if layer is not Layer.HOSTS],
        "sessions": list(FULL_PLAN),
        "outside": [outside() for _ in FULL_PLAN],
        "written": {"whole": True, "mounts": 6, "by": rows},
        "network": {
            "outside": 0,
            "names": 0,
            "elsewhere": [],
            "connections": {
                "the line": 12,
                "the keeper": 1,
                "Redis": 9,
                "the provider": 200,
                "the carrier": 3,
                "the contacts": 4,
            },
        },
        "seconds": 2_000,
        "build": {
            "version": "0.1.0",
            "code": "c" * 64,
            "deployed": "d" * 64,
            "commit": "",
            "python": "3.11.7",
            "packages": dict.fromkeys(PACKAGES, "1.0"),
        },
        "settings": settings({"QUIETLINE_LEAD_MS": "120"}, ["QUIETLINE_PORT", "TWILIO_AUTH_TOKEN"]),
        "models": {f"{kind} of ours": "e" * 64 for kind in MODELS},
        "machine": {"kernel": "6.18", "machine": "x86_64", "core_pattern": "core", "init_on_free": False, "root": True},
        **other,
    }


def place_row(place: Place) -> dict[str, Any]:
    if place is Place.EGRESS_MEMORY:
        return Looked(place, Seen.NOT_EXAMINED, 0, 0, 0, why=HAD_NONE).to_json()
    return Looked(place, Seen.NOTHING, 1_000, 25, 25).to_json()


def pairs_of(calls: int) -> int:
    return calls * (calls - 1) // 2


def settings(given: dict[str, str], differs: list[str]) -> dict[str, Any]:
    return {"given": given, "differs": differs, "sha256": settings_hash(given, differs)}


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (set(), "It went on without none of them."),
        ({Layer.HOSTS}, "It went on without: hosts (no other machine is reached).</p>"),
        ({Layer.HOSTS, Layer.PORTS}, "is reached). No lock of this process's protected: network."),
    ],
)
def test_the_page_says_what_the_line_went_on_without(lost: set[Layer], told: str) -> None:
    locks = [layer.value for layer in Layer if layer not in lost]

    assert told in page(body(locks=locks), "00" * 32)


def row(place: Place, **other: Any) -> list[dict[str, Any]]:
    return [{**each, **other} if each["place"] == place.value else each for each in body()["places"]]


REPORT = signed(body(), KEY)
SMALL = signed({"nonce": NONCE}, KEY)


def objected(**other: Any) -> list[str]:
    return objections(signed(body(**other), KEY), PUBLIC, NONCE)


def test_a_report_as_it_was_signed_holds() -> None:
    assert [] == objections(REPORT, PUBLIC, NONCE)


@given(st.integers(0, len(REPORT) - 1), st.integers(1, 255))
def test_one_byte_altered_anywhere_is_refused(at: int, by: int) -> None:
    altered = REPORT[:at] + bytes([REPORT[at] ^ by]) + REPORT[at + 1 :]

    assert objections(altered, PUBLIC, NONCE)


def test_every_byte_counts() -> None:
    signature_or_format = ["the signature is not of this key over these bytes"], ["this is no report of a proof"]

    for at in range(len(SMALL)):
        assert objections(SMALL[:at] + SMALL[at + 1 :], PUBLIC, NONCE) in signature_or_format


def test_the_same_words_in_other_bytes_are_another_report() -> None:
    assert objections(json.dumps(json.loads(REPORT), indent=1).encode(), PUBLIC, NONCE)


def test_another_key_or_an_old_nonce_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    assert ["the signature is not of this key over these bytes"] == objections(REPORT, other, NONCE)
    assert ["the nonce is not yours: it may be an old report"] == objections(REPORT, PUBLIC, "cd" * 32)
    assert objections(REPORT, b"", NONCE)


@pytest.mark.parametrize("place", Place)
def test_a_place_left_out_found_or_badly_searched_is_named(place: Place) -> None:
    left_out = [each for each in body()["places"] if each["place"] != place.value]
    for places in (
        left_out,
        row(place, seen=Seen.FOUND.value),
        row(place, hits=["name: utf-8"]),
        row(place, seen=Seen.NOTHING.value, forms=24, planted=25),
        row(place, seen=Seen.NOTHING.value, forms=10, planted=10),
        row(place, seen=Seen.NOTHING.value, forms=True, planted=True),
        row(place, seen=Seen.NOT_EXAMINED.value, why=""),
        row(place, seen=Seen.NOT_EXAMINED.value, why="it was late"),
        row(place, seen="fine"),
        [*row(place, seen=Seen.FOUND.value), place_row(place)],
        [*body()["places"], row(place, seen=Seen.FOUND.value)[list(Place).index(place)]],
    ):
        assert place.value in [each.partition(":")[0] for each in objected(places=places)]


def test_what_was_not_examined_may_stand_with_its_reason_and_is_told() -> None:
    places = row(Place.SWAP, seen=Seen.NOT_EXAMINED.value, why=HAS_SWAP, forms=0, planted=0)
    report = signed(body(places=places), KEY)

    assert [] == objections(report, PUBLIC, NONCE)
    assert [f"swap: {HAS_SWAP}", f"{Place.EGRESS_MEMORY.value}: {HAD_NONE}"] == unexamined(report)


@pytest.mark.parametrize("part", sorted(body()))
def test_a_part_that_is_missing_or_of_another_shape_is_refused(part: str) -> None:
    for other in (None, [], {}, "all fine", 1, [1], {"x": 1}):
        if (part, other) == ("seconds", 1):
            continue  # it is a number
        assert objected(**{part: other}), other
    lacking = body()
    del lacking[part]
    assert objections(signed(lacking, KEY), PUBLIC, NONCE)


def test_calls_are_counted_again() -> None:
    calls = body()["calls"]
    rows = calls["rows"]
    unheard = [{**each, "seen": []} for each in rows]

    for other, why in (
        ({**calls, "rows": unheard}, "not so many count as the report says"),
        ({**calls, "rows": rows[:50], "placed": 50, "counted": 50}, "200 are asked for"),
        ({**calls, "rows": [*rows, *rows], "placed": 2 * len(rows), "counted": 2 * len(rows)}, "stands twice"),
        ({**calls, "placed": 500}, "not every call that was placed is listed"),
        ({**calls, "counted": 200}, "not so many count as the report says"),
    ):
        assert any(why in each for each in objected(calls=other)), why


def test_too_many_calls_that_do_not_count_are_no_proof() -> None:
    lacks = [step.value for step in Step]
    more = [{**call(number), "seen": [], "counted": False, "lacks": lacks} for number in range(1_000, 1_100)]
    rows = [*body()["calls"]["rows"], *more]
    calls = {"placed": len(rows), "counted": len(rows) - 100, "rows": rows}
    pairs = {**body()["pairs"], "searched": pairs_of(len(rows))}

    assert ["calls: too many of those that were placed do not count"] == objected(calls=calls, pairs=pairs)


@pytest.mark.parametrize("fault", Trouble)
def test_a_fault_that_no_counted_call_had_is_named(fault: Trouble) -> None:
    calls = copy.deepcopy(body()["calls"])
    for each in calls["rows"]:
        if each["fault"] == fault.value:
            each.update(seen=[], counted=False, lacks=[step.value for step in Step if step not in PREVENTS[fault]])
    calls["counted"] -= 1
    faults = [other.value for other in Trouble if other is not fault]

    told = [f"fault: none of the calls that count had this one: {fault.value}"]
    assert told == objected(calls=calls, faults=sorted(faults))
    assert [*told, "faults: not those of the calls that count"] == objected(calls=calls)


@pytest.mark.parametrize("scene", Scene)
def test_a_kind_of_transfer_that_none_was_of_is_named(scene: Scene) -> None:
    others = [each for each in body()["transfers"] if each["scene"] != scene.value]

    assert [f"transfers: none that counts was so: {scene.value}"] == objected(transfers=others)


@pytest.mark.parametrize("scene", Scene)
def test_transfers_are_counted_again(scene: Scene) -> None:
    for lacked in NEEDS[scene]:
        one = transfer(400, scene)
        one["seen"] = [name for name in one["seen"] if name != lacked.value]
        others = [each for each in body()["transfers"] if each["scene"] != scene.value]
        found = objected(transfers=[*others, one | {"number": 500}])

        assert "transfers: of one it is not said rightly whether it counts, or what it lacks" in found
        assert f"transfers: none that counts was so: {scene.value}" in found


def test_a_transfer_is_nobody_s_call_and_stands_once() -> None:
    told = "transfers: a number stands twice, or is a call's"
    first, *others = body()["transfers"]

    assert [told] == objected(transfers=[first | {"number": 100}, *others])
    assert [told] == objected(transfers=[first, *others, first])
    assert Passed.UNTOLD not in NEEDS[Scene.TOGETHER]


def test_a_voicemail_that_heard_her_words_is_no_transfer_to_be_placed_again() -> None:
    told = transfer(500, Scene.VOICEMAIL)
    told["seen"] = sorted({*told["seen"], Passed.TOLD.value})

    assert [f"transfers: {Passed.TOLD.value}"] == objected(transfers=[*body()["transfers"], told])


@pytest.mark.parametrize("ring", Ring)
def test_calls_to_patients_are_counted_again_and_one_of_each_kind_must_be(ring: Ring) -> None:
    others = [each for each in body()["outreach"] if each["scene"] != ring.value]
    told = f"calls to patients: none that counts was so: {ring.value}"
    assert told in objected(outreach=others)

    for lacked in RING_NEEDS[ring]:
        one = rung(470, ring)
        one["seen"] = [name for name in one["seen"] if name != lacked.value]
        found = objected(outreach=[*others, one])

        assert "calls to patients: of one it is not said rightly whether it counts, or what it lacks" in found
        assert told in found


def test_a_call_to_a_patient_is_no_other_call_and_stands_once() -> None:
    told = "calls to patients: a number stands twice, or is another's"
    first, *others = body()["outreach"]

    for rows in ([first | {"number": 100}, *others], [first | {"number": 400}, *others], [first, *others, first]):
        assert told in objected(outreach=rows)


@pytest.mark.parametrize(
    "kept", [{"records": 2, "others": 0}, {"records": 4, "others": 0}, {"records": 3, "others": 1}]
)
def test_a_record_is_kept_of_each_patient_who_was_called_and_of_nobody_else(kept: dict[str, int]) -> None:
    assert ["calls to patients: not one record each is kept, or one of somebody else"] == objected(kept=kept)


def test_where_patients_were_called_the_contacts_were_asked() -> None:
    network = body()["network"]
    unasked = {name: count for name, count in network["connections"].items() if name != "the contacts"}

    assert ["network: the connections of a run were not seen, or others were"] == objected(
        network=network | {"connections": unasked}
    )


def test_page_and_summary_count_calls_to_patients_and_what_is_kept_of_them() -> None:
    one, *others = body()["outreach"]
    made = body(outreach=[one | {"counted": False, "lacks": ["x"]}, *others])

    assert "Calls to patients that count: 2 of 3." in page(made, "00" * 32)
    assert "calls to patients that count: 2 of 3; records kept of them: 3, of anybody else: 0" in list(summary(made))


def test_where_nurses_were_rung_the_carrier_was_asked() -> None:
    network = body()["network"]
    unasked = {name: count for name, count in network["connections"].items() if name != "the carrier"}

    assert ["network: the connections of a run were not seen, or others were"] == objected(
        network=network | {"connections": unasked}
    )


def test_what_the_carrier_keeps_of_transfers_may_be_unseen_in_a_quick_proof_alone() -> None:
    unseen = row(Place.BOOK, seen=Seen.NOT_EXAMINED.value, why=NO_TRANSFERS, forms=0, planted=0, size=0)

    assert [f"{Place.BOOK.value}: not examined, and that may not be or has no reason"] == objected(places=unseen)


def test_a_fault_excuses_only_what_it_prevents() -> None:
    calls = copy.deepcopy(body()["calls"])
    calls["rows"][0]["seen"] = [Step.FOUND.value]

    assert any("not so many count" in each for each in objected(calls=calls))


def place_of(b: dict[str, Any], place: Place) -> dict[str, Any]:
    return next(each for each in b["places"] if each["place"] == place.value)


ALTERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a place twice, found first": lambda b: b["places"].insert(
        0, {**place_row(Place.STATE), "seen": "found", "hits": ["3 name: utf-8"]}
    ),
    "an unknown place": lambda b: b["places"].append({**place_row(Place.STATE), "place": "the attic"}),
    "a place that was examined, but": lambda b: place_of(b, Place.STATE).update(why="not all of it"),
    "a place that says too much": lambda b: place_of(b, Place.STATE).update(note="fine"),
    "a part that this version doesn't write": lambda b: b.update(note="fine"),
    "no time": lambda b: b.update(seconds=0),
    "callers met": lambda b: b["pairs"].update(met=["3 in 4: request"]),
    "few pairs": lambda b: b["pairs"].update(consecutive=9, interleaved=0),
    "no pairs searched": lambda b: b["pairs"].update(searched=0),
    "more pairs than there are": lambda b: b["pairs"].update(interleaved=10**9),
    "more calls that followed than there were": lambda b: b["pairs"].update(consecutive=10**4),
    "words never seen": lambda b: b["control"]["words"].update(found=[]),
    "sounds never seen": lambda b: b["control"]["sounds"].update(found=[]),
    "words rarely seen": lambda b: b["control"]["words"].update(found=[2, 3, 4]),
    "words seen in no look": lambda b: b["control"]["words"].update(found=[99_999], looked=[]),
    "words seen in no call": lambda b: b["control"]["words"]["looked"].append(99_999),
    "words seen twice": lambda b: b["control"]["words"]["found"].append(3),
    "a fault's call not looked at": lambda b: [b["control"]["sounds"][what].remove(4) for what in ("looked", "found")],
    "memory not readable": lambda b: b["control"].update(readable=False),
    "a leak missed": lambda b: b["sinks"][3].update(found=179),
    "sinks left out": lambda b: b["sinks"].__delitem__(slice(2)),
    "one sink for all": lambda b: b.update(sinks=[b["sinks"][0]] * len(SinkName)),
    "an unknown sink": lambda b: b["sinks"].append({**b["sinks"][0], "sink": "the drain"}),
    "a sink found, and a reason against it": lambda b: b["sinks"][3].update(why="not all"),
    "nothing planted, for a reason of its own": lambda b: b["sinks"][3].update(found=0, planted=0, why="too late"),
    "no leak in a memory for want of root": lambda b: b["sinks"][12].update(found=0, planted=0, why=NEEDS_ROOT),
    **{f"the lock {name} lacks": lambda b, name=name: b["locks"].remove(name) for name in body()["locks"]},  # type: ignore[misc]  # of a lambda with a default mypy can't tell the type
    "a lock twice": lambda b: b["locks"].append("files"),
    "an unknown lock": lambda b: b["locks"].append("a padlock"),
    "few acts": lambda b: b["acts"].update(tried=3),
    "a loose thread": lambda b: b["outside"][1].update(held=8),
    "no limit": lambda b: b["outside"][0].update(limits=1),
    "an open file": lambda b: b["outside"][0].update(writable=1),
    "swapped": lambda b: b["outside"][0].update(swapped_kb=4),
    "touched": lambda b: b["outside"][0].update(done=["attach a debugger"]),
    "nothing tried": lambda b: b["outside"][2].update(tried=[]),
    "not all tried": lambda b: b["outside"][2]["tried"].pop(),
    "not seen from outside": lambda b: b["outside"].__setitem__(1, None),
    "one look for all sessions": lambda b: b["outside"].__delitem__(slice(1, None)),
    "a smaller plan": lambda b: b.update(sessions=list(QUICK_PLAN), outside=[outside()]),
    "no plan": lambda b: b["sessions"].reverse(),
    "repeated without an end": lambda b: b.update(
        sessions=[*FULL_PLAN, *[ONE_FAULT_AGAIN] * 99], outside=[outside() for _ in range(102)]
    ),
    "faults not told": lambda b: b.update(faults=[]),
    "a fault that was in no call": lambda b: b["faults"].append("the roof falls in"),
    "a call counts, it says": lambda b: b["calls"]["rows"][50].update(counted=False),
    "a call lacks what it has": lambda b: b["calls"]["rows"][50].update(lacks=["recognised"]),
    "a file written": lambda b: b["written"]["by"]["the line"].update(other=["notes.txt"]),
    "a file written by the keeper elsewhere": lambda b: b["written"]["by"]["the keeper"].update(other=["notes.txt"]),
    "the line not watched": lambda b: b["written"]["by"].pop("the line"),
    "writes lost": lambda b: b["written"].update(whole=False),
    "no mount watched": lambda b: b["written"].update(mounts=0),
    "writes not watched": lambda b: b.update(written=None),
    "network not watched and not said so": lambda b: b.update(network=None),
    "a packet": lambda b: b["network"].update(outside=1),
    "a name": lambda b: b["network"].update(names=1),
    "another port": lambda b: b["network"].update(elsewhere=["loopback TCP 9"]),
    "no connection seen": lambda b: b["network"].update(connections={}),
    "no code": lambda b: b["build"].update(code=""),
    "a code that is no hash": lambda b: b["build"].update(code="x"),
    "no packages": lambda b: b["build"].update(packages={}),
    "a package without a version": lambda b: b["build"]["packages"].update(numpy=""),
    "no models": lambda b: b.update(models={}),
    "a model left out": lambda b: b["models"].pop("voice of ours"),
    "another setting": lambda b: b["settings"]["given"].update(QUIETLINE_LEAD_MS="280"),
    "a setting that is none": lambda b: b.update(settings=settings({"QUIETLINE_SECRETLY": "1"}, [])),
    "a secret among the settings": lambda b: b.update(settings=settings({"TWILIO_AUTH_TOKEN": "1"}, [])),
    "made without root": lambda b: b["machine"].update(root=False),
    **{
        f"nothing searched: {place.value}": lambda b, place=place: place_of(b, place).update(size=0)  # type: ignore[misc]  # as above
        for place in sorted(MUST_HOLD_BYTES - {Place.EGRESS_MEMORY}, key=lambda place: place.value)
    },
}


@pytest.mark.parametrize("what", ALTERED)
def test_whatever_speaks_against_it_is_objected_to(what: str) -> None:
    altered = copy.deepcopy(body())
    ALTERED[what](altered)

    assert objections(signed(altered, KEY), PUBLIC, NONCE)


def without_root() -> dict[str, Any]:
    """All that a proof could not look at for want of rights."""
    made = body(network=None, written=None, outside=[None] * len(FULL_PLAN))
    made["machine"]["root"] = False
    made["control"] = {what: {"looked": list(range(2, 12)), "found": []} for what in ("words", "sounds")}
    made["control"]["readable"] = False
    for place in UNSEEN_WITHOUT_ROOT - {Place.EGRESS_MEMORY}:
        place_of(made, place).update(seen=Seen.NOT_EXAMINED.value, why=NEEDS_ROOT, forms=0, planted=0, size=0)
    for sink in made["sinks"]:
        if sink["sink"] in (SinkName.MEMORY.value, SinkName.PACKETS.value):
            sink.update(planted=0, found=0, why=NEEDS_ROOT)
    return made


def test_without_root_a_report_holds_only_for_whoever_asks_for_that() -> None:
    report = signed(without_root(), KEY)
    unseen = replace(FULL, without_root=True)

    assert [] == objections(report, PUBLIC, NONCE, unseen)
    assert {place.value for place in UNSEEN_WITHOUT_ROOT} == {each.partition(":")[0] for each in unexamined(report)}
    for bars in (FULL, QUICK):
        assert "the report: made without the rights to look everywhere; `--without-root` takes it as such" in (
            objections(report, PUBLIC, NONCE, bars)
        )
    assert [] == objections(REPORT, PUBLIC, NONCE, unseen)


def test_who_says_that_it_had_root_is_held_to_it_and_still_holds_without() -> None:
    for what, other in (("network", None), ("written", None), ("outside", [None] * 3)):
        assert objected(**{what: other})
        said = {**without_root(), what: body()[what]}
        assert [] == objections(signed(said, KEY), PUBLIC, NONCE, replace(FULL, without_root=True))


def test_without_root_too_what_was_not_seen_must_be_said() -> None:
    unseen = replace(FULL, without_root=True)
    places = [place_row(Place.NETWORK) if r["place"] == Place.NETWORK.value else r for r in without_root()["places"]]

    told = objections(signed({**without_root(), "places": places}, KEY), PUBLIC, NONCE, unseen)
    assert ["network: not watched, and that may not be or is not said so"] == told


def test_without_root_too_enough_leaks_must_have_been_planted() -> None:
    made = without_root()
    for sink in made["sinks"]:
        if sink["sink"] in (SinkName.BUS_MEMORY.value, SinkName.CORES.value):
            sink.update(planted=0, found=0, why=NO_CORES)

    told = objections(signed(made, KEY), PUBLIC, NONCE, replace(FULL, without_root=True))
    assert ["planted leaks: fewer than 18 sinks with 20 forms each"] == told


def test_too_few_forms_planted_prove_nothing() -> None:
    assert objected(sinks=[{**sink, "planted": 3, "found": 3} for sink in body()["sinks"]])


def test_a_machine_that_leaves_no_core_files_may_say_so() -> None:
    sinks = [
        {**sink, "planted": 0, "found": 0, "why": NO_CORES} if sink["sink"] == SinkName.CORES.value else sink
        for sink in body()["sinks"]
    ]

    assert [] == objected(sinks=sinks)


@pytest.mark.parametrize(
    ("name", "value", "lost"),
    [
        ("QUIETLINE_WITHOUT", "ports, scrub", {Layer.PORTS, Layer.SCRUB}),
        ("QUIETLINE_UNPROTECTED", "swap", {Layer.SWAP}),
    ],
)
def test_a_lock_that_the_operator_named_may_lack_and_the_one_against_dumps_may_not(
    name: str, value: str, lost: set[Layer]
) -> None:
    given = settings({name: value}, [])
    held = [layer.value for layer in Layer if layer not in lost]

    assert [] == objected(settings=given, locks=held)
    assert lost == gone_without(body(settings=given)) - {Layer.HOSTS}
    assert objected(settings=settings({name: "dumps"}, []), locks=[each for each in held if each != "dumps"])


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of every element of every list and of every key."""
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inside, dict | list):
            yield from paths(inside, (*path, key))


BODY = body()
PATHS = list(paths(BODY))
LESS_BUT_TRUE = {("control", what, "found") for what in ("words", "sounds")}
"""Fewer looks in which she was found: a weaker claim, which `verify` counts as such."""


@settings_of(max_examples=400)
@given(st.sampled_from(PATHS), st.booleans())
def test_whatever_is_left_out_or_stands_twice_is_refused(path: tuple[Any, ...], twice: bool) -> None:
    altered = copy.deepcopy(BODY)
    inside: Any = altered
    for key in path[:-1]:
        inside = inside[key]
    if twice and isinstance(inside, list):
        inside.insert(path[-1], copy.deepcopy(inside[path[-1]]))
    elif twice:
        inside[f"{path[-1]} "] = copy.deepcopy(inside[path[-1]])
    else:
        del inside[path[-1]]

    weaker = not twice and path[:-1] in LESS_BUT_TRUE
    assert weaker or objections(signed(altered, KEY), PUBLIC, NONCE)


def test_a_quick_proof_is_held_to_less_and_is_no_full_one() -> None:
    rows = [call(2, Trouble.ERROR, STEPS - PREVENTS[Trouble.ERROR]), call(3, Trouble.CRASHED, STEPS), call(4), call(5)]
    quick = body(
        calls={"placed": 4, "counted": 4, "rows": rows},
        pairs={"searched": 6, "consecutive": 3, "interleaved": 0, "met": []},
        control={what: {"looked": [2, 3], "found": [2]} for what in ("words", "sounds")} | {"readable": True},
        faults=sorted((Trouble.ERROR.value, Trouble.CRASHED.value)),
        sessions=list(QUICK_PLAN),
        outside=[outside()],
    )
    report = signed(quick, KEY)

    assert [] == objections(report, PUBLIC, NONCE, QUICK)
    assert objections(report, PUBLIC, NONCE, FULL)
    more = {**quick, "sessions": list(FULL_PLAN), "outside": [outside() for _ in FULL_PLAN]}
    assert objections(signed(more, KEY), PUBLIC, NONCE, QUICK)  # who ran all sessions had all faults


def test_a_report_of_other_code_than_was_named_is_refused() -> None:
    assert [] == objections(REPORT, PUBLIC, NONCE, FULL, "c" * 64)
    assert ["the code is not the one that you named: it proves nothing about that one"] == objections(
        REPORT, PUBLIC, NONCE, FULL, "a" * 64
    )


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000])
def test_what_is_no_number_in_a_report_is_refused_cleanly(number: str) -> None:
    text = REPORT.replace(b'"seconds":2000', f'"seconds":{number}'.encode())

    assert text != REPORT
    assert ["this is no report of a proof"] == objections(text, PUBLIC, NONCE)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_check(data: bytes) -> None:
    assert ["this is no report of a proof"] == objections(data, PUBLIC, NONCE)


def test_the_page_says_what_the_report_says_and_the_summary_counts_it() -> None:
    told = page(body(), "00" * 32)
    places = row(Place.STATE, seen=Seen.FOUND.value, hits=["3 name: utf-8"])

    assert "Nothing was found" in told
    assert "It has all that a full proof must show" in told
    found = page(body(places=places), "00" * 32)
    assert "Something was found" in found
    assert "this lacks" in found
    assert all(heading in told for heading in ("1. Stateless", "2. Enforceable", "3. No priv", "4. Non-t", "5. Verif"))
    assert "&lt;script&gt;" in page(body(nonce="<script>"), "")
    assert "planted leaks found: 3780 of 3780, in 21 sinks" in list(summary(body()))


def test_a_place_examined_in_part_is_accepted_and_told_everywhere_and_never_reads_nothing_found() -> None:
    places = row(Place.FILES, why=NOT_ALL_OF_OTHERS)
    told = page(body(places=places), "00" * 32)

    assert [] == objected(places=places)
    assert [
        f"files changed on the machine: in part, {NOT_ALL_OF_OTHERS}",
        f"{Place.EGRESS_MEMORY.value}: {HAD_NONE}",
    ] == unexamined(signed(body(places=places), KEY))
    assert f"<td>{Place.FILES.value}</td><td>{IN_PART}</td>" in told
    assert "1 of them in part, 1 not examined" in told


def test_the_page_says_why_nobody_watched_the_network() -> None:
    why = "this machine gives no way out"
    places = row(Place.NETWORK, seen=Seen.NOT_EXAMINED.value, why=why, forms=0, planted=0)

    assert f"not watched; {why}." in page(body(places=places, network=None), "00" * 32)
