"""No entry of the log is altered, left out, moved or cut off unseen."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from policies import allowlist
from policies.acts import Act, AuditReason, OffReason, Role, Subject
from policies.audit import (
    AuditEvent,
    AuditFault,
    Fault,
    canonical,
    digest,
    entry_of,
    export,
    head_of,
    line_of,
    sign,
    verify,
    verify_export,
)
from policies.closed import NotClosed, kinds_of
from policies.merkle import leaf_hash, root
from policies.records import AuditEntry, TreeHead
from policies.siem import CLASSES, cef, in_extension, in_header, ocsf
from tests.unit.examples import records

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key()
EVENT = AuditEvent(hour=498_000, role=Role.ADMIN, act=Act.ZERO_ON, subject=Subject.AGENT, thing="demo")

events = records(AuditEntry)


@st.composite
def logs_of(draw: st.DrawFn) -> list[bytes]:
    """Up to twelve entries, of up to three kinds: to draw each anew is most of what a test would cost."""
    kinds = draw(st.lists(events, min_size=1, max_size=3))
    picked = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=12))
    return [line_of(dataclasses.replace(entry, sequence=place)) for place, entry in enumerate(picked)]


logs = logs_of()


def head_over(lines: list[bytes], key: Ed25519PrivateKey = KEY) -> TreeHead:
    return sign(len(lines), root([leaf_hash(line) for line in lines]), 498_000, key)


def log(size: int) -> list[bytes]:
    return [line_of(EVENT.numbered(place)) for place in range(size)]


def what(faults: tuple[Fault, ...]) -> set[AuditFault]:
    return {fault.what for fault in faults}


def test_an_event_has_the_entry_s_fields_but_its_number() -> None:
    assert {**kinds_of(AuditEvent), "sequence": kinds_of(AuditEntry)["sequence"]} == dict(kinds_of(AuditEntry))


def test_every_reason_to_refuse_a_model_or_to_switch_off_is_a_word_of_the_log() -> None:
    told = {reason.value for reason in AuditReason}

    assert {reason.value for reason in allowlist.ModelReason} <= told
    assert {reason.value for reason in OffReason} <= told


@given(logs)
def test_a_log_as_it_was_written_has_no_fault(lines: list[bytes]) -> None:
    assert () == verify(lines, head_over(lines), PUBLIC, kept=[head_over(lines[:place]) for place in range(len(lines))])


@given(logs, st.data())
def test_an_altered_entry_is_found(lines: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))
    entry = entry_of(lines[place])
    other = dataclasses.replace(entry, hour=entry.hour - 1 if entry.hour > 438_288 else entry.hour + 1)

    assert AuditFault.ALTERED in what(
        verify([*lines[:place], line_of(other), *lines[place + 1 :]], head_over(lines), PUBLIC)
    )


@given(logs, st.data())
def test_a_missing_entry_is_found(lines: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))

    assert AuditFault.TRUNCATED in what(verify(lines[:place] + lines[place + 1 :], head_over(lines), PUBLIC))


def test_a_missing_entry_whose_place_was_filled_is_found_where_it_was() -> None:
    lines = log(5)
    renumbered = [*lines[:2], *log(6)[3:]]

    assert Fault(AuditFault.OUT_OF_ORDER, 2) in verify(renumbered, head_over(lines), PUBLIC)


@given(logs, st.data())
def test_a_moved_entry_is_found(lines: list[bytes], data: st.DataObject) -> None:
    if len(lines) < 2:
        return
    one, two = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True))
    moved = list(lines)
    moved[one], moved[two] = moved[two], moved[one]

    assert {AuditFault.ALTERED, AuditFault.OUT_OF_ORDER} <= what(verify(moved, head_over(lines), PUBLIC))


def test_an_entry_that_was_put_on_top_is_found() -> None:
    lines = log(3)

    assert (Fault(AuditFault.UNSIGNED, 3),) == verify(log(4), head_over(lines), PUBLIC)


@given(logs)
def test_a_log_cut_short_and_signed_anew_is_found_by_a_head_kept_elsewhere(lines: list[bytes]) -> None:
    kept = head_over(lines)
    shorter = lines[:-1]

    assert () == verify(shorter, head_over(shorter), PUBLIC)
    assert {AuditFault.TRUNCATED} == what(verify(shorter, head_over(shorter), PUBLIC, kept=[kept]))


def test_a_history_written_anew_with_the_key_is_found_by_a_head_kept_elsewhere() -> None:
    lines = log(6)
    anew = [line_of(dataclasses.replace(EVENT, act=Act.AGENT_CHANGED).numbered(0)), *lines[1:]]

    assert () == verify(anew, head_over(anew), PUBLIC)
    assert {AuditFault.REWRITTEN} == what(verify(anew, head_over(anew), PUBLIC, kept=[head_over(lines[:3])]))


def test_a_head_of_another_key_is_found() -> None:
    lines = log(3)

    assert {AuditFault.BAD_SIGNATURE} == what(verify(lines, head_over(lines, OTHER_KEY), PUBLIC))
    assert {AuditFault.BAD_SIGNATURE} == what(
        verify(lines, head_over(lines), PUBLIC, kept=[head_over(lines[:1], OTHER_KEY)])
    )


def test_the_empty_log_has_a_head_too() -> None:
    assert () == verify([], head_over([]), PUBLIC)


@given(logs)
def test_what_was_exported_verifies(lines: list[bytes]) -> None:
    assert () == verify_export(export(lines, head_over(lines)), PUBLIC, kept=[head_over(lines[:1])])


def test_every_byte_of_an_exported_log_that_is_altered_is_found() -> None:
    exported = b"".join(export(log(3), head_over(log(3))))
    unseen = []
    for place, byte in enumerate(exported):
        for other in {byte ^ 1, byte ^ 0x20, 0x20, 0x0A, 0x30} - {byte}:
            bent = exported[:place] + bytes([other]) + exported[place + 1 :]
            if not verify_export(bent.splitlines(keepends=True), PUBLIC):
                unseen.append((place, other))

    assert [] == unseen


@given(logs, st.data())
def test_a_byte_left_out_or_put_in_is_found(lines: list[bytes], data: st.DataObject) -> None:
    exported = b"".join(export(lines, head_over(lines)))
    place = data.draw(st.integers(0, len(exported) - 1))
    more = bytes([data.draw(st.integers(0, 255))])

    for bent in (exported[:place] + exported[place + 1 :], exported[:place] + more + exported[place:]):
        if bent != exported:
            assert verify_export(re.findall(rb"[^\n]*\n|[^\n]+$", bent), PUBLIC)


@given(st.binary(max_size=300))
def test_junk_is_no_log(junk: bytes) -> None:
    assert verify_export(junk.splitlines(keepends=True), PUBLIC)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[" * 900,
        b"{" * 5_000,
        line_of(EVENT.numbered(0)) + b" ",
        line_of(EVENT.numbered(0)).replace(b'"demo"', b'"d\\u0065mo"'),
        line_of(EVENT.numbered(0)).replace(b'"hour":498000', b'"hour":498000.0'),
        line_of(EVENT.numbered(0)).replace(b'"reason":"none"', b'"reason":"none","reason":"none"'),
        line_of(EVENT.numbered(0)).replace(b'"demo"', b'"Jane Doe"'),
        line_of(EVENT.numbered(0)).replace(b'"role"', b'"note":"x","role"'),
    ],
)
def test_there_is_one_text_of_an_entry_and_no_other(line: bytes) -> None:
    with pytest.raises(NotClosed) as refused:
        entry_of(line)

    assert refused.value.__context__ is None


@given(events)
def test_an_entry_survives_its_line(entry: AuditEntry) -> None:
    assert entry == entry_of(line_of(entry))


def test_a_head_survives_its_line() -> None:
    assert head_over(log(2)) == head_of(canonical(head_over(log(2))))


def test_a_record_that_is_not_there_has_no_hash() -> None:
    assert "none" == digest(None)
    assert re.fullmatch(r"[0-9a-f]{64}", digest(EVENT))


def test_every_act_has_its_class() -> None:
    assert set(Act) == set(CLASSES)


@given(events)
def test_an_ocsf_event_has_what_its_class_needs(entry: AuditEntry) -> None:
    event = json.loads(ocsf(entry))
    needed = {3001: "user", 3002: "user", 3004: "entity", 2004: "finding_info", 6002: "app"}

    assert event["class_uid"] * 100 + event["activity_id"] == event["type_uid"]
    assert event["class_uid"] // 1000 == event["category_uid"]
    assert {"metadata", "severity_id", "time", "actor", needed[event["class_uid"]]} <= event.keys()
    assert entry.hour * 3_600_000 == event["time"]
    assert "\n" not in ocsf(entry)


def test_an_ocsf_event_as_it_is_read_by_others() -> None:
    event = json.loads(ocsf(EVENT.numbered(7)))

    assert (300403, 3004, 1, 1) == (event["type_uid"], event["class_uid"], event["severity_id"], event["status_id"])
    assert {"uid": "demo", "type": "agent"} == event["entity"]
    assert {"app_name": "admin"} == event["actor"]
    assert "1.6.0" == event["metadata"]["version"]


def test_a_cef_line_as_it_is_read_by_others() -> None:
    assert (
        "CEF:0|Quietline|quietline|1|zero_on|zero on|3|rt=1792800000000 externalId=7 suid=none spriv=admin"
        " outcome=success reason=none cs1Label=subject cs1=agent cs2Label=thing cs2=demo cs3Label=before cs3=none"
        " cs4Label=after cs4=none"
    ) == cef(EVENT.numbered(7))


def parsed(line: str) -> tuple[list[str], dict[str, str]]:
    """As a collector reads CEF: seven fields between pipes, then keys and values."""
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    keys = re.split(r" ?(?<![^ ])([A-Za-z0-9]+)=", parts[7])[1:]
    return parts[:7], dict(zip(keys[::2], keys[1::2], strict=True))


@given(events)
def test_every_entry_is_one_cef_line_that_reads_back(entry: AuditEntry) -> None:
    head, fields = parsed(cef(entry))

    assert "\n" not in cef(entry)
    assert ("CEF:0", entry.act.value) == (head[0], head[4])
    assert (entry.thing, entry.after, entry.actor) == (fields["cs2"], fields["cs4"], fields["suid"])


@given(st.text())
def test_no_text_breaks_out_of_a_cef_header(text: str) -> None:
    escaped = in_header(text)

    assert re.fullmatch(r"(?:[^\\|\n\r]|\\\\|\\\|)*", escaped)


@given(st.text())
def test_no_text_breaks_out_of_a_cef_extension(text: str) -> None:
    escaped = in_extension(text)

    assert re.fullmatch(r"(?:[^\\=\n\r]|\\\\|\\=|\\n|\\r)*", escaped)


@pytest.mark.parametrize(
    ("text", "header", "extension"),
    [
        ("a|b", "a\\|b", "a|b"),
        ("a\\b", "a\\\\b", "a\\\\b"),
        ("a=b", "a=b", "a\\=b"),
        ("a\nb", "a b", "a\\nb"),
        ("a\r\nb", "a  b", "a\\nb"),
        ("a\u2028b", "a b", "a b"),
    ],
)
def test_what_cef_escapes(text: str, header: str, extension: str) -> None:
    assert (header, extension) == (in_header(text), in_extension(text))
