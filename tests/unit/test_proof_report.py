"""A report holds only as it was signed, by the key that the officer knows, for her nonce, with all that it must say."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from agent.proof.__main__ import summary
from agent.proof.checks import FULL, QUICK, objections
from agent.proof.faults import PREVENTS, Step, Trouble
from agent.proof.page import page
from agent.proof.report import IN_PART, NOT_ALL_OF_OTHERS, Looked, Place, Seen, signed, unexamined
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


def outside(**other: Any) -> dict[str, Any]:
    held = {"threads": 9, "held": 9, "limits": 2, "writable": 0, "swapped_kb": 0, "tried": ["look"], "done": []}
    return {**held, **other}


def body(**other: Any) -> dict[str, Any]:
    faults = [call(number, fault, STEPS - PREVENTS[fault]) for number, fault in enumerate(Trouble, start=2)]
    calls = [*faults, *(call(number) for number in range(100, 300))]
    rows = {role: {"own": 0, "other": []} for role in ("the line", "the keeper", "the launcher", "Redis")}
    return {
        "nonce": NONCE,
        "places": [Looked(place, Seen.NOTHING, 1_000, 25, 25).to_json() for place in Place],
        "calls": {"placed": len(calls), "counted": len(calls), "rows": calls},
        "faults": sorted(fault.value for fault in Trouble),
        "pairs": {"searched": 1_000, "consecutive": 90, "interleaved": 60, "met": []},
        "control": {what: {"looked": [2, 3, 4], "found": [2, 3]} for what in ("words", "sounds")} | {"readable": True},
        "sinks": [{"sink": f"sink {n}", "planted": 180, "found": 180, "why": ""} for n in range(17)],
        "acts": {"tried": 74},
        "locks": ["calls", "files", "length", "ports", "rights", "swap"],
        "outside": [outside(), outside()],
        "written": {"whole": True, "mounts": 6, "by": rows},
        "network": {"outside": 0, "names": 0, "elsewhere": [], "connections": {"the line": 12}},
        "seconds": 2_000,
        "build": {
            "version": "0.1.0",
            "code": "c" * 64,
            "deployed": "d" * 64,
            "commit": "",
            "python": "3.11.7",
            "packages": {"numpy": "2.4.6"},
        },
        "settings": {"sha256": "d" * 64, "set": []},
        "models": {"recogniser base": "e" * 64},
        "machine": {"kernel": "6.18", "machine": "x86_64", "core_pattern": "core", "init_on_free": False, "root": True},
        **other,
    }


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (set(), "It went on without none of them."),
        ({Layer.HOSTS}, "It went on without: hosts.</p>"),
        ({Layer.HOSTS, Layer.PORTS}, "It went on without: ports, hosts. No lock of this process's protected: network."),
    ],
)
def test_the_page_says_what_the_line_went_on_without(lost: set[Layer], told: str) -> None:
    locks = [layer.value for layer in Layer if layer not in lost]
    machine = {"machine": {"kernel": "6.1"}}

    assert told in page(body(locks=locks, **machine), "00" * 32)


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
        row(place, forms=24),
        row(place, forms=10, planted=10),
        row(place, forms=True, planted=True),
        row(place, seen=Seen.NOT_EXAMINED.value),
        row(place, seen="fine"),
    ):
        assert place.value in [each.partition(":")[0] for each in objected(places=places)]


def test_what_was_not_examined_may_stand_with_its_reason_and_is_told() -> None:
    places = row(Place.SWAP, seen=Seen.NOT_EXAMINED.value, why="needs root", forms=0, planted=0)
    report = signed(body(places=places), KEY)

    assert [] == objections(report, PUBLIC, NONCE)
    assert ["swap: needs root"] == unexamined(report)


@pytest.mark.parametrize("part", sorted(body().keys() - {"seconds", "faults"}))
def test_a_part_that_is_missing_or_of_another_shape_is_refused(part: str) -> None:
    for other in (None, [], {}, "all fine", 1, [1], {"x": 1}):
        if (part, other) in (("written", None), ("network", None)):
            continue  # said below: they may be None only where the rights were missing
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
    rows = [*body()["calls"]["rows"], *({**call(number), "seen": []} for number in range(1_000, 1_100))]
    calls = {"placed": len(rows), "counted": len(rows) - 100, "rows": rows}

    assert ["calls: too many of those that were placed do not count"] == objected(calls=calls)


@pytest.mark.parametrize("fault", Trouble)
def test_a_fault_that_no_counted_call_had_is_named(fault: Trouble) -> None:
    calls = copy.deepcopy(body()["calls"])
    for each in calls["rows"]:
        if each["fault"] == fault.value:
            each["seen"] = []
    calls["counted"] -= 1

    assert [f"fault: none of the calls that count had this one: {fault.value}"] == objected(calls=calls)


def test_a_fault_excuses_only_what_it_prevents() -> None:
    calls = copy.deepcopy(body()["calls"])
    calls["rows"][0]["seen"] = [Step.FOUND.value]

    assert any("not so many count" in each for each in objected(calls=calls))


ALTERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "callers met": lambda b: b["pairs"].update(met=["3 in 4: request"]),
    "few pairs": lambda b: b["pairs"].update(consecutive=9, interleaved=0),
    "words never seen": lambda b: b["control"]["words"].update(found=[]),
    "sounds never seen": lambda b: b["control"]["sounds"].update(found=[]),
    "words rarely seen": lambda b: b["control"]["words"].update(looked=list(range(9))),
    "a leak missed": lambda b: b["sinks"][3].update(found=179),
    "few sinks": lambda b: b["sinks"].__delitem__(slice(3, None)),
    "few forms": lambda b: [sink.update(planted=3, found=3) for sink in b["sinks"]],
    "a lock lacks": lambda b: b["locks"].remove("files"),
    "few acts": lambda b: b["acts"].update(tried=3),
    "a loose thread": lambda b: b["outside"][1].update(held=8),
    "no limit": lambda b: b["outside"][0].update(limits=1),
    "an open file": lambda b: b["outside"][0].update(writable=1),
    "swapped": lambda b: b["outside"][0].update(swapped_kb=4),
    "touched": lambda b: b["outside"][0].update(done=["attach a debugger"]),
    "not seen from outside": lambda b: b.update(outside=[None]),
    "a file written": lambda b: b["written"]["by"]["the line"].update(other=["notes.txt"]),
    "a file written by the keeper elsewhere": lambda b: b["written"]["by"]["the keeper"].update(other=["notes.txt"]),
    "the line not watched": lambda b: b["written"]["by"].pop("the line"),
    "writes lost": lambda b: b["written"].update(whole=False),
    "writes not watched": lambda b: b.update(written=None),
    "network not watched and not said so": lambda b: b.update(network=None),
    "a packet": lambda b: b["network"].update(outside=1),
    "a name": lambda b: b["network"].update(names=1),
    "another port": lambda b: b["network"].update(elsewhere=["loopback TCP 9"]),
    "no code": lambda b: b["build"].update(code=""),
}


@pytest.mark.parametrize("what", ALTERED)
def test_whatever_speaks_against_it_is_objected_to(what: str) -> None:
    altered = copy.deepcopy(body())
    ALTERED[what](altered)

    assert 1 == len(objections(signed(altered, KEY), PUBLIC, NONCE))


def test_without_rights_the_network_and_the_files_may_be_unwatched_if_it_says_so() -> None:
    places = row(Place.NETWORK, seen=Seen.NOT_EXAMINED.value, why="needs root", forms=0, planted=0)
    machine = {**body()["machine"], "root": False}

    assert [] == objected(places=places, machine=machine, network=None, written=None, outside=[None, None])


def test_a_quick_proof_is_held_to_less_and_is_no_full_one() -> None:
    calls = [call(2, Trouble.ERROR), call(3, Trouble.CRASHED), call(4), call(5)]
    quick = body(calls={"placed": 4, "counted": 4, "rows": calls}, pairs={**body()["pairs"], "interleaved": 0})
    report = signed(quick, KEY)

    assert [] == objections(report, PUBLIC, NONCE, QUICK)
    assert objections(report, PUBLIC, NONCE, FULL)


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
    assert "planted leaks found: 3060 of 3060, in 17 sinks" in list(summary(body()))


def test_a_place_examined_in_part_is_accepted_and_told_everywhere_and_never_reads_nothing_found() -> None:
    places = row(Place.FILES, why=NOT_ALL_OF_OTHERS)
    told = page(body(places=places), "00" * 32)

    assert [] == objected(places=places)
    assert [f"files changed on the machine: in part, {NOT_ALL_OF_OTHERS}"] == unexamined(
        signed(body(places=places), KEY)
    )
    assert f"<td>{Place.FILES.value}</td><td>{IN_PART}</td>" in told
    assert "1 of them in part, 0 not examined" in told


def test_the_page_says_why_nobody_watched_the_network() -> None:
    why = "this machine gives no way out"
    places = row(Place.NETWORK, seen=Seen.NOT_EXAMINED.value, why=why, forms=0, planted=0)

    assert f"not watched; {why}." in page(body(places=places, network=None), "00" * 32)
