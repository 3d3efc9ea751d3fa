"""Who comes in, what a flood may cost, and what a stranger can learn: nothing."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.keeper.api import serving
from agent.keeper.api.answers import ApiRefused
from agent.keeper.api.door import Door
from agent.keeper.api.limits import LOCKED_BURST, MAX_BODY_BYTES, Bucket, Limits, Rate
from agent.keeper.api.serving import BindFailed, bind
from agent.keeper.argon import LANES, MEMORY_KIB, PASSES, Argon
from agent.keeper.database import Database, StateFailed
from agent.keeper.issuing import issue
from agent.keeper.ledger import Ledger, LedgerReader
from policies import tokens
from policies.acts import Act, AuditReason, PersonRole, Role
from policies.allowlist import days
from policies.audit import AuditEvent, entry_of
from policies.records import AuditEntry, Token, ref_of
from policies.requests import Actor
from tests.admin import Interface, interface, means

TODAY = date(2026, 11, 22)
NOW_S = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
HOUR = int(NOW_S // 3600)
HERS, THEIRS = "192.0.2.1", "198.51.100.7"
LIMITS = Limits(strangers=Rate(5, 1.0), token=Rate(4, 1.0), failures=3, lock_s=60.0)


class Clock:
    """Of the wall and of the machine."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def wall(self) -> float:
        return NOW_S + self.passed_s

    def monotonic(self) -> float:
        return self.passed_s


class Entrance:
    """A door over a real ledger, and how often it hashed."""

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        self.folder = folder
        self.database = Database.open(folder)
        self.ledger = Ledger.open(folder, self.database)
        self.clock = Clock()
        self.door = Door(self.ledger, limits, self.clock.wall, self.clock.monotonic)
        self.hashed = 0
        matches = self.door._argon.matches

        def counted(held: str | None, secret: str) -> bool:
            self.hashed += 1
            return matches(held, secret)

        self.door._argon.matches = counted  # type: ignore[method-assign]  # the same, counted

    def token(self, role: PersonRole = PersonRole.ADMIN, valid_days: int = 3) -> tuple[Token, str]:
        return issue(self.ledger, role, valid_days, TODAY, HOUR, Actor(Role.OPERATOR))

    def status(self, *written: str, address: str = HERS) -> int:
        """200, or that of the refusal."""
        try:
            self.door.enter([f"Bearer {each}" for each in written], address)
        except ApiRefused as refused:
            return refused.status
        return 200

    def noted(self) -> list[AuditEntry]:
        self.door.note()
        with contextlib.closing(LedgerReader(self.folder)) as reader:
            entries = [entry_of(line) for line in reader.lines()]
        return [each for each in entries if each.act is not Act.TOKEN_ISSUED]


@pytest.fixture(name="entrance")
def _entrance(tmp_path: Path) -> Iterator[Entrance]:
    made = Entrance(tmp_path)
    yield made
    made.database.close()


def wrong(written: str) -> str:
    return written[:-1] + ("A" if written[-1] != "A" else "B")


def test_a_token_lets_its_role_in_and_the_log_says_so_once_an_hour(entrance: Entrance) -> None:
    token, written = entrance.token(PersonRole.AUDITOR)
    for _ in range(3):
        assert Actor(Role.AUDITOR, token.ref) == entrance.door.enter([f"Bearer {written}"])
    entrance.clock.passed_s = 3_600
    assert 200 == entrance.status(written)

    assert [(HOUR, token.ref, Act.SIGN_IN), (HOUR + 1, token.ref, Act.SIGN_IN)] == [
        (each.hour, each.actor, each.act) for each in entrance.noted()
    ]


@pytest.mark.parametrize("headers", [[], ["Basic YTpi"], ["Bearer"], ["Bearer x"], ["Bearer ql_"]])
def test_what_is_no_token_is_turned_away_without_a_hash(entrance: Entrance, headers: list[str]) -> None:
    with pytest.raises(ApiRefused) as refused:
        entrance.door.enter(headers)

    assert (401, 0) == (refused.value.status, entrance.hashed)
    assert {AuditReason.NO_TOKEN: 1} == entrance.door.failures


def test_two_tokens_at_once_are_none(entrance: Entrance) -> None:
    _, written = entrance.token()

    assert 401 == entrance.status(written, written)


def test_a_ref_that_there_is_not_costs_the_same_as_one_with_the_wrong_secret(entrance: Entrance) -> None:
    _, written = entrance.token()
    unknown = tokens.spell(ref_of(bytes(16)), bytes(32))
    hashes = []
    for each in (unknown, wrong(written)):
        assert 401 == entrance.status(each)
        hashes.append(entrance.hashed)

    assert [1, 2] == hashes
    assert [AuditReason.UNKNOWN_TOKEN, AuditReason.WRONG_SECRET] == [each.reason for each in entrance.noted()]
    argon = Argon()
    held, nobody = argon.hash("x"), argon._nobody
    took_s = []
    for there in (held, None):
        begun_s = time.thread_time()
        assert [False] * 3 == [argon.matches(there, "y") for _ in range(3)]
        took_s.append(time.thread_time() - begun_s)
    assert took_s[0] / 2 < took_s[1] < took_s[0] * 2  # of processor time, which a busy machine does not lengthen
    assert held.rsplit("$", 2)[0] == nobody.rsplit("$", 2)[0] == f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"revoked": True}, AuditReason.REVOKED_TOKEN), ({"expires": days(TODAY) - 1}, AuditReason.EXPIRED_TOKEN)],
)
def test_a_token_that_was_revoked_or_has_ended_lets_nobody_in(
    entrance: Entrance, change: dict[str, Any], reason: AuditReason
) -> None:
    token, written = entrance.token()
    assert 200 == entrance.status(written)
    event = entrance.noted()[0]
    entrance.ledger.put(replace(token, **change), event_of(event))

    assert 401 == entrance.status(written)
    assert reason is entrance.noted()[-1].reason
    assert tokens.objection(replace(token, **change), TODAY) is reason


def event_of(entry: AuditEntry) -> AuditEvent:
    return AuditEvent(hour=entry.hour, role=Role.OPERATOR, act=Act.TOKEN_REVOKED, subject=entry.subject)


def test_a_token_holds_on_its_last_day(entrance: Entrance) -> None:
    token, _ = entrance.token(valid_days=1)

    assert [None, None, AuditReason.EXPIRED_TOKEN] == [
        tokens.objection(token, date(2026, 11, day)) for day in (22, 23, 24)
    ]


def test_a_flood_of_strangers_is_not_hashed_and_does_not_fill_the_log(entrance: Entrance) -> None:
    statuses = [entrance.status(tokens.spell(ref_of(bytes([i]) * 16), bytes(32))) for i in range(100)]

    assert ([401] * 5 + [429] * 95, 5) == (statuses, entrance.hashed)
    assert [AuditReason.UNKNOWN_TOKEN, AuditReason.TOO_MANY] == [each.reason for each in entrance.noted()]
    assert {AuditReason.UNKNOWN_TOKEN: 5, AuditReason.TOO_MANY: 95} == entrance.door.failures
    assert 5 == len(entrance.door._guessed)


def test_a_flood_of_strangers_does_not_shut_the_door_for_who_is_in(entrance: Entrance) -> None:
    _, written = entrance.token()
    _, other = entrance.token()
    assert 200 == entrance.status(written)
    for _ in range(20):
        entrance.status(address=THEIRS)

    assert [200, 429] == [entrance.status(written), entrance.status(other)]
    entrance.clock.passed_s = 1
    assert 200 == entrance.status(other)


def test_those_who_come_in_do_not_use_up_the_strangers_share(entrance: Entrance) -> None:
    written = [entrance.token()[1] for _ in range(8)]

    assert [200] * 8 == [entrance.status(each) for each in written]


def test_each_token_has_a_rate_of_its_own(entrance: Entrance) -> None:
    (_, one), (_, two) = entrance.token(), entrance.token()

    assert [200] * 5 + [429, 429] == [entrance.status(one) for _ in range(7)]
    assert 200 == entrance.status(two)
    with pytest.raises(ApiRefused) as refused:
        entrance.door.enter([f"Bearer {one}"])
    assert {"Retry-After": "1"} == refused.value.headers


def test_a_ref_that_is_guessed_at_is_locked_but_for_the_right_secret(entrance: Entrance) -> None:
    token, written = entrance.token()
    assert [401, 401, 401] == [entrance.status(wrong(written), address=THEIRS) for _ in range(3)]
    locked = [each for each in entrance.noted() if each.act is Act.LOCKED_OUT]
    assert [(token.ref, AuditReason.TOO_MANY)] == [(each.thing, each.reason) for each in locked]

    assert [429, 200] == [entrance.status(wrong(written), address=THEIRS), entrance.status(written)]
    assert [401] == [entrance.status(wrong(written), address=THEIRS)]


def test_what_is_tried_of_locked_refs_is_hashed_within_a_small_bound(entrance: Entrance) -> None:
    _, written = entrance.token()
    for _ in range(3):
        entrance.status(wrong(written))
    hashed = entrance.hashed
    for each in range(50):
        assert 429 == entrance.status(wrong(written), address=f"198.51.100.{each}")

    assert LOCKED_BURST == entrance.hashed - hashed


def test_no_stranger_who_knows_a_ref_keeps_out_who_is_in(entrance: Entrance) -> None:
    """One wrong secret for it, a flood, then one request a second from the same address."""
    _, written = entrance.token()
    assert [200, 401] == [entrance.status(written), entrance.status(wrong(written))]
    for each in range(30):
        entrance.status(wrong(written) if each % 2 else tokens.spell(ref_of(bytes([each]) * 16), bytes(32)))
    statuses = []
    for _ in range(60):
        entrance.clock.passed_s += 1
        entrance.status(wrong(written))
        statuses.append(entrance.status(written))

    assert [200] * 60 == statuses


@pytest.mark.parametrize("flood", ["her ref", "other refs", "no token"])
def test_one_address_does_not_keep_another_out_that_has_not_been_in(flood: str, tmp_path: Path) -> None:
    entrance = Entrance(tmp_path, Limits())
    _, written = entrance.token()
    guesses: dict[str, Callable[[int], int]] = {
        "her ref": lambda _: entrance.status(wrong(written), address=THEIRS),
        "other refs": lambda each: entrance.status(
            tokens.spell(ref_of(each.to_bytes(16, "big")), bytes(32)), address=THEIRS
        ),
        "no token": lambda _: entrance.status("x", address=THEIRS),
    }
    for each in range(1_200):
        entrance.clock.passed_s += 0.1
        guesses[flood](each)

    assert 200 == entrance.status(written)
    entrance.database.close()


def test_a_network_s_ipv6_addresses_are_one_address(entrance: Entrance) -> None:
    many = [entrance.status("x", address=f"2001:db8::{each:x}") for each in range(1, 4)]
    held = len(entrance.door._addresses)
    entrance.status("x", address="::ffff:192.0.2.1")
    entrance.status("x", address="192.0.2.1")

    assert ([401] * 3, 1, 2) == (many, held, len(entrance.door._addresses))


def test_each_token_that_is_guessed_at_is_named_once_an_hour(entrance: Entrance) -> None:
    (one, first), (two, second) = entrance.token(), entrance.token()
    for written in (first, second, first):
        entrance.status(wrong(written))

    noted = entrance.noted()
    assert [one.ref, two.ref] == [each.thing for each in noted]
    assert {(Act.SIGN_IN_FAILED, AuditReason.WRONG_SECRET)} == {(each.act, each.reason) for each in noted}


def test_who_is_in_and_asks_too_much_is_an_entry_once_an_hour(entrance: Entrance) -> None:
    token, written = entrance.token()
    statuses = [entrance.status(written) for _ in range(9)]

    assert [200] * 5 + [429] * 4 == statuses
    refused = [each for each in entrance.noted() if each.act is not Act.SIGN_IN]
    assert [(Act.ACT_REFUSED, Role.ADMIN, token.ref, token.ref, AuditReason.TOO_MANY)] == [
        (each.act, each.role, each.actor, each.thing, each.reason) for each in refused
    ]
    assert 4 == entrance.door.failures[AuditReason.TOO_MANY]


def test_nothing_is_written_while_a_stranger_waits_for_the_answer(entrance: Entrance) -> None:
    """Else the time it takes would say that there is such a token."""
    _, written = entrance.token()
    before = entrance.ledger.head()
    for _ in range(4):
        entrance.status(wrong(written))

    assert before == entrance.ledger.head()
    assert [AuditReason.WRONG_SECRET, AuditReason.TOO_MANY] == [each.reason for each in entrance.noted()]


def test_entries_wait_while_the_log_can_not_be_written(entrance: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise StateFailed("no room")

    entrance.status()
    with monkeypatch.context() as patch:
        patch.setattr(entrance.ledger, "write", full)
        with pytest.raises(StateFailed):
            entrance.door.note()

    assert [AuditReason.NO_TOKEN] == [each.reason for each in entrance.noted()]


def test_a_secret_that_was_right_is_not_hashed_again_and_not_kept(entrance: Entrance) -> None:
    token, written = entrance.token()
    assert [200] * 3 == [entrance.status(written) for _ in range(3)]

    assert 1 == entrance.hashed
    assert written[-43:].encode() not in entrance.door._own[token.ref].digest
    assert hashlib.sha256(written[-43:].encode()).digest() != entrance.door._own[token.ref].digest


def test_a_ref_that_there_is_not_is_locked_as_well_and_is_named_nowhere(entrance: Entrance) -> None:
    unknown = tokens.spell(ref_of(bytes(16)), bytes(32))

    assert [401, 401, 401, 429] == [entrance.status(unknown) for _ in range(4)]
    assert {("none", "none")} == {(each.thing, each.actor) for each in entrance.noted()}


def test_the_right_secret_wipes_the_slate(entrance: Entrance) -> None:
    _, written = entrance.token()

    assert [401, 401, 200, 401, 401, 200] == [
        entrance.status(each) for each in (*[wrong(written)] * 2, written, *[wrong(written)] * 2, written)
    ]


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 10), st.floats(0.1, 5))
def test_a_bucket_gives_no_more_than_its_rate(gaps: list[float], burst: int, a_second: float) -> None:
    bucket = Bucket(Rate(burst, a_second), 0.0)
    now_s, given_out = 0.0, 0
    for gap in gaps:
        now_s += gap
        wait_s = bucket.take(now_s)
        given_out += wait_s == 0
        assert wait_s >= 0
    assert given_out <= burst + now_s * a_second + 1e-6


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_a_secret_falls_into_its_parts(ref: bytes, entropy: bytes) -> None:
    written = tokens.spell(ref_of(ref), entropy)
    found = tokens.parts(written)

    assert found is not None
    assert (69, ref_of(ref), 43) == (len(written), found[0], len(found[1]))
    assert tokens.parts(written + "A") is None
    assert tokens.parts(" " + written) is None


def test_a_secret_is_made_of_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        tokens.spell(ref_of(bytes(16)), bytes(31))


@pytest.mark.parametrize(("host", "tls"), [("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("a name", True)])
def test_an_address_that_others_reach_needs_a_certificate(host: str, tls: bool) -> None:
    with pytest.raises(BindFailed, match="QUIETLINE_ADMIN_HOST"):
        bind(host, 0, tls=tls)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BindFailed, match="free"):
        bind("127.0.0.1", taken.getsockname()[1], tls=False)


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[Interface]:
    with interface(tmp_path) as running:
        yield running


@pytest.fixture(name="refusing", scope="module")
def _refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """One for all requests that are refused as they stand."""
    with interface(tmp_path_factory.mktemp("refusing")) as running:
        yield running


@pytest.mark.parametrize(
    ("raw", "headers", "status"),
    [
        (b"{}", {}, 415),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b'{"name": NaN}', {"Content-Type": "application/json"}, 400),
        (b'{"role": "nurse", "role": "nurse", "days": 1}', {"Content-Type": "application/json"}, 400),
        (b"[" * 16_000, {"Content-Type": "application/json"}, 400),
        (b"9" * 16_000, {"Content-Type": "application/json"}, 400),
        (b"\xff\xfe", {"Content-Type": "application/json"}, 400),
        (b'{"name": "' + b"x" * MAX_BODY_BYTES, {"Content-Type": "application/json"}, 413),
    ],
)
def test_a_body_that_is_none_is_refused(refusing: Interface, raw: bytes, headers: dict[str, str], status: int) -> None:
    assert status == refusing.ask("POST", "/v1/agents", raw=raw, headers=headers).status
    assert status == refusing.ask("POST", "/v1/tokens", raw=raw, headers=headers).status


def test_a_body_without_a_length_is_bounded_too(refusing: Interface) -> None:
    head = f"POST /v1/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {refusing.tokens['admin']}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"1000\r\n" + b"x" * 4_096 + b"\r\n"
    with socket.create_connection(("127.0.0.1", refusing.port), timeout=20) as connection:
        connection.sendall(head.encode() + piece * 5)
        assert b"413" in connection.recv(4_096).split(b"\r\n")[0]


def test_a_body_where_none_belongs_is_refused(refusing: Interface) -> None:
    assert 400 == refusing.ask("GET", "/v1/agents", raw=b"{}").status


@pytest.mark.parametrize(
    "query", ["?x=1", "?first=-1", "?first=1&first=1", "?first=%ff", "?most=1001", "?most=", "?first", "?first=%D9%A3"]
)
def test_a_query_that_is_none_is_refused(refusing: Interface, query: str) -> None:
    assert 400 == refusing.ask("GET", f"/v1/audit{query}", "auditor").status


def test_a_head_that_never_ends_is_not_waited_for_nor_answered_with_what_it_said(refusing: Interface) -> None:
    with socket.create_connection(("127.0.0.1", refusing.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"X: Xanthippe" + b"x" * 20_000)
        answer = connection.recv(65_536)

    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"Xanthippe" not in answer


def test_no_answer_names_the_server_or_may_be_kept(refusing: Interface) -> None:
    for who, path in ((None, "/v1/agents"), ("admin", "/v1/agents"), ("admin", "/v1/none")):
        headers = refusing.ask("GET", path, who).headers
        assert {"server", "date"} & headers.keys() == set()
        assert ("no-store", "nosniff") == (headers["cache-control"], headers["x-content-type-options"])


def test_a_token_that_is_revoked_lets_nobody_in_from_the_next_request_on(running: Interface) -> None:
    ref = running.tokens["nurse"][3:25]
    assert 200 == running.ask("GET", "/v1/openapi.json", "nurse").status
    replies = [running.ask("DELETE", f"/v1/tokens/{ref}") for _ in range(2)]

    assert [204, 409] == [reply.status for reply in replies]
    assert 401 == running.ask("GET", "/v1/openapi.json", "nurse").status
    assert [True] == [each["revoked"] for each in running.ask("GET", "/v1/tokens").json["tokens"] if each["ref"] == ref]


@pytest.mark.parametrize(
    ("role", "status"), [("nurse", 201), ("auditor", 201), ("clinical_editor", 201), ("admin", 403)]
)
def test_an_admin_makes_no_second_admin_to_approve_herself(running: Interface, role: str, status: int) -> None:
    reply = running.ask("POST", "/v1/tokens", body={"role": role, "days": 1})

    assert status == reply.status
    if status == 201:
        running.tokens["new"] = reply.json["secret"]
        assert 200 == running.ask("GET", "/v1/openapi.json", "new").status
    else:
        assert (Act.ACT_REFUSED, AuditReason.NOT_ALLOWED) == running.noted()[-1]


def test_a_secret_is_in_no_answer_but_the_one_that_issues_it_and_in_no_file(running: Interface) -> None:
    new = running.ask("POST", "/v1/tokens", body={"role": "nurse", "days": 1}).json
    seen = b"".join(
        running.ask("GET", path, who).content
        for path, who in (("/v1/tokens", "admin"), ("/v1/audit?most=1000", "auditor"), ("/v1/audit/export", "auditor"))
    )
    held = b"".join(file.read_bytes() for file in running.folder.rglob("*") if file.is_file())
    for secret in (*running.tokens.values(), new["secret"]):
        assert secret[-43:].encode() not in seen
        assert secret[-43:].encode() not in held
    assert b"argon2id" not in seen
    assert b"argon2id" in held


class Broken:
    """Transcripts whose store fails in a way that nobody foresaw."""

    def read(self, ref: str, actor: Actor) -> str | None:
        raise RuntimeError("Xanthippe")

    def delete(self, ref: str, actor: Actor) -> bool:
        raise RuntimeError("Xanthippe")


def test_what_an_operation_raises_is_told_to_the_log_and_answered_in_a_word(tmp_path: Path) -> None:
    with interface(tmp_path, replace(means(tmp_path), transcripts=Broken())) as running:
        reply = running.ask("GET", f"/v1/transcripts/{ref_of(bytes(16))}", "auditor")
        failures, running.failures[:] = list(running.failures), []

    assert (500, {"error": "failed"}) == (reply.status, reply.json)
    assert [RuntimeError] == [type(each) for each in failures]


def test_a_change_stands_whatever_becomes_of_the_word_of_it(tmp_path: Path) -> None:
    def lost() -> None:
        raise OSError("no bus")

    with interface(tmp_path, replace(means(tmp_path), after_change=lost), told=False) as running:
        reply = running.ask("PUT", "/v1/workspace/zero-retention")
        failures, running.failures[:] = list(running.failures), []

    assert (200, True) == (reply.status, reply.json["zero_forced"])
    assert [OSError] == [type(each) for each in failures]


def test_a_state_that_can_not_be_written_is_told_as_503(running: Interface) -> None:
    with contextlib.closing(Database.open(running.folder)) as other, other.transaction():
        reply = running.ask("PUT", "/v1/workspace/zero-retention")

    assert (503, "5") == (reply.status, reply.headers["retry-after"])


def failed_sign_ins(entries: list[AuditEntry]) -> int:
    return sum(each.act is Act.SIGN_IN_FAILED for each in entries)


def test_who_reads_the_log_reads_of_whoever_was_refused_before(running: Interface) -> None:
    assert 401 == running.ask("GET", "/v1/agents", None).status
    told = running.ask("GET", "/v1/audit?most=1000", "auditor").json["entries"]

    assert [("sign_in_failed", "no_token")] == [
        (each["act"], each["reason"]) for each in told if each["act"] == "sign_in_failed"
    ]


def test_what_was_refused_at_the_door_is_in_the_log_when_the_keeper_ends(tmp_path: Path) -> None:
    with interface(tmp_path) as running:
        assert 401 == running.ask("GET", "/v1/agents", None).status
        assert 0 == failed_sign_ins(running.entries())

    assert 1 == failed_sign_ins(running.entries())


def test_what_was_refused_at_the_door_is_written_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "NOTE_S", 0)
    with interface(tmp_path) as running:
        assert 401 == running.ask("GET", "/v1/agents", None).status
        until_s = time.monotonic() + 30
        while not failed_sign_ins(running.entries()) and time.monotonic() < until_s:
            running.ask("GET", "/v1/openapi.json")

        assert 1 == failed_sign_ins(running.entries())
