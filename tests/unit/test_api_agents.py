"""Agents, the switches and the allowlist over HTTP: four eyes, refused models, files written whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent import lines
from agent.keeper.agent_files import AgentFiles
from agent.keeper.builds import build_of, code_hash
from agent.keeper.database import Database
from agent.keeper.ledger import Ledger
from policies.acts import Act, AuditReason, Role, Subject
from policies.changes import Changed
from policies.listing import MOST_ROWS
from policies.records import AgentFile, Evidence, EvidenceKind
from policies.requests import Actor, Around, Proven, SelfTested
from tests.admin import AGENTS, CODE, MERCY, ROOT, Interface, interface, means

HOUR = 498_000
OFF = "/v1/agents/demo/zero-retention/off"
HOSTED = {**MERCY, "engine": "anthropic", "model": "claude-sonnet-4-6"}
AGREEMENTS = [
    {
        "party": party, "kind": kind, "reference": f"{party.upper()}-{kind.upper()}", "tier": "hipaa",
        "signed": "2026-01-01", "expires": "2099-12-31", "retention_days": 0,
    }
    for party, kind in (("twilio", "baa"), ("anthropic", "baa"), ("anthropic", "zdr"))
]  # fmt: skip


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[Interface]:
    with interface(tmp_path / "state") as running:
        yield running


@pytest.fixture(name="refusing", scope="module")
def _refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """One for all that is refused: a test may use it that leaves no agent, no evidence and no switch changed."""
    with interface(tmp_path_factory.mktemp("refusing") / "state") as running:
        yield running


def examined(running: Interface, agent: str) -> None:
    """As the proof's own process would tell that self-test and quick proof have passed."""
    with contextlib.closing(Database.open(running.folder)) as database:
        ledger = Ledger.open(running.folder, database)
        policy = ledger.policy(agent)
        assert policy is not None
        for request in (SelfTested(policy.build, passed=True), Proven(policy.build, passed=True)):
            outcome = ledger.change_agent(agent, request, Actor(Role.PROOF), Around(HOUR, None))
            assert isinstance(outcome, Changed)


@pytest.fixture(name="lax")
def _lax(tmp_path: Path) -> Iterator[Interface]:
    """Where demo's own file lets switches reach redacted transcripts."""
    agents = tmp_path / "agents"
    agents.mkdir()
    text = (AGENTS / "demo.toml").read_text(encoding="utf-8")
    text = text.replace('"../knowledge"', f'"{AGENTS.parent / "knowledge"}"').replace('"zero"', '"redacted"')
    (agents / "demo.toml").write_text(text, encoding="utf-8")
    (tmp_path / "state").mkdir()
    with interface(tmp_path / "state", replace(means(tmp_path / "state"), agents=agents)) as running:
        yield running


def test_switches_reach_no_further_than_the_agent_s_own_file_allows(running: Interface) -> None:
    running.ask("POST", OFF, body={"reason": "quality_review"})
    off = running.approve(OFF)

    assert (False, "zero") == (off.json["policy"]["zero_retention"], off.json["level"])


def test_zero_retention_goes_off_by_two_admins_and_never_by_one(lax: Interface) -> None:
    asked = lax.ask("POST", OFF, body={"reason": "quality_review"})
    again = lax.approve(OFF, "admin")
    twice = lax.approve(OFF, "admin")
    other = lax.approve(OFF)

    assert [200, 409, 409, 200] == [reply.status for reply in (asked, again, twice, other)]
    assert {"error": "refused", "rule": "same_admin"} == again.json
    assert ["zero", "redacted"] == [asked.json["level"], other.json["level"]]
    assert [
        (Act.ZERO_OFF_REQUESTED, AuditReason.QUALITY_REVIEW),
        (Act.ACT_REFUSED, AuditReason.SAME_ADMIN),
        (Act.ACT_REFUSED, AuditReason.SAME_ADMIN),
        (Act.ZERO_OFF_APPROVED, AuditReason.QUALITY_REVIEW),
    ] == lax.noted()[1:]


def test_what_an_admin_asked_whose_token_was_revoked_is_not_approved(lax: Interface) -> None:
    asked = lax.ask("POST", OFF, "other_admin", {"reason": "complaint"})
    revoked = lax.ask("DELETE", f"/v1/tokens/{asked.json['policy']['off_requested_by']}")
    refused = lax.approve(OFF, "admin")

    assert [204, 409] == [revoked.status, refused.status]
    assert "asker_gone" == refused.json["rule"]
    assert "zero" == lax.ask("GET", "/v1/agents/demo").json["level"]
    assert (Act.ACT_REFUSED, AuditReason.ASKER_GONE) == lax.noted()[-1]


def test_a_late_approval_does_not_land_on_a_request_with_another_reason(lax: Interface) -> None:
    seen = lax.ask("POST", OFF, body={"reason": "no_patients"}).json["policy"]["revision"]
    lax.ask("POST", f"{OFF}/deny")
    lax.ask("POST", OFF, body={"reason": "quality_review"})
    late = lax.ask("POST", f"{OFF}/approve", "other_admin", {"revision": seen})
    unsaid = lax.ask("POST", f"{OFF}/approve", "other_admin")

    assert [(409, "other_revision"), (415, "malformed")] == [
        (reply.status, reply.json["rule"]) for reply in (late, unsaid)
    ]
    assert 200 == lax.approve(OFF).status


def test_zero_retention_goes_on_by_one_and_whoever_listens_is_told_at_once(running: Interface) -> None:
    running.ask("POST", OFF, body={"reason": "complaint"})
    running.approve(OFF)
    told = len(running.changes)
    reply = running.ask("PUT", "/v1/agents/demo/zero-retention")

    assert (200, "zero") == (reply.status, reply.json["level"])
    assert told + 1 == len(running.changes)


def test_a_refused_change_is_no_change_for_whoever_listens(running: Interface) -> None:
    told = len(running.changes)
    replies = [running.ask("PUT", "/v1/agents/demo/zero-retention"), running.ask("POST", f"{OFF}/deny")]

    assert [(409, "already"), (409, "no_request")] == [(reply.status, reply.json["rule"]) for reply in replies]
    assert told == len(running.changes)


def test_the_workspace_s_switch_holds_for_every_agent_until_two_have_ended_it(lax: Interface) -> None:
    lax.ask("POST", OFF, body={"reason": "complaint"})
    lax.approve(OFF)
    space = "/v1/workspace/zero-retention"
    forced = lax.ask("PUT", space)
    held = lax.ask("GET", "/v1/agents/demo").json["level"]
    asked = lax.ask("POST", f"{space}/off", body={"reason": "complaint"})
    same = lax.approve(f"{space}/off", "admin")
    other = lax.approve(f"{space}/off")

    assert [200, 200, 409, 200] == [reply.status for reply in (forced, asked, same, other)]
    assert ["zero", "redacted"] == [held, lax.ask("GET", "/v1/agents/demo").json["level"]]
    assert lax.ask("GET", "/v1/workspace", "auditor").json == other.json


def test_one_admin_alone_moves_no_number_to_an_agent_whose_zero_retention_is_off(running: Interface) -> None:
    off = "/v1/agents/test-line/zero-retention/off"
    lax = {**MERCY, "name": "test-line", "numbers": ["+12025550198"], "retention": "redacted"}
    running.ask("POST", "/v1/agents", body=lax)
    running.ask("POST", "/v1/agents", body=MERCY)
    running.ask("POST", off, body={"reason": "no_patients"})
    assert "redacted" == running.approve(off).json["level"]

    assert 200 == running.ask("PUT", "/v1/agents/mercy", body={**MERCY, "numbers": ["+12025550197"]}).status
    moved = running.ask("PUT", "/v1/agents/test-line", body={**lax, "numbers": MERCY["numbers"]}).json
    assert (MERCY["numbers"], "zero", True, True) == (
        moved["agent"]["numbers"], moved["level"], moved["policy"]["zero_retention"], moved["zero_on_again"]
    )  # fmt: skip
    assert (Act.AGENT_CHANGED, AuditReason.ZERO_ON_AGAIN) == running.noted()[-1]


@pytest.mark.parametrize("reason", ["because", "", None, 1, ["complaint"]])
def test_a_reason_that_is_none_of_ours_switches_nothing_off(refusing: Interface, reason: object) -> None:
    reply = refusing.ask("POST", OFF, body={"reason": reason})

    assert (400, {"error": "malformed", "rule": "malformed"}) == (reply.status, reply.json)
    assert (Act.ACT_REFUSED, AuditReason.MALFORMED) == refusing.noted()[-1]


@pytest.mark.parametrize(
    ("engine", "model", "named", "rule"),
    [
        ("anthropic", "claude-sonnet-4-6", "claude-sonnet-4-6", "no_baa"),
        ("anthropic", "claude-fable-1", "claude-fable-1", "mandated_retention"),
        ("openai", "gpt-x", "gpt-x", "not_listed"),
        ("openai", "claude-sonnet-4-6", "claude-sonnet-4-6", "other_place"),
        ("anthropic", "Mr Xanthippe, born 1940", "unnamed", "bad_name"),
        ("anthropic", "x" * 101, "unnamed", "bad_name"),
    ],
)
def test_a_model_that_may_not_be_called_is_refused_by_its_rule_and_the_log_has_it(
    refusing: Interface, engine: str, model: str, named: str, rule: str
) -> None:
    reply = refusing.ask("POST", "/v1/agents", body={**MERCY, "engine": engine, "model": model})
    last = refusing.entries()[-1]

    assert (400, {"error": "model_refused", "model": named, "rule": rule, "allowed": ["approved"]}) == (
        reply.status, reply.json
    )  # fmt: skip
    assert (Act.MODEL_REFUSED, Subject.MODEL, "none", rule) == (
        last.act, last.subject, last.thing, last.reason.value if last.reason else None
    )  # fmt: skip
    assert last.actor in refusing.tokens["admin"]
    assert 404 == refusing.ask("GET", "/v1/agents/mercy").status
    assert not list((refusing.folder / "agents").glob("mercy*"))


def test_a_model_that_an_agent_may_not_call_is_refused_and_the_log_says_whose(running: Interface) -> None:
    assert 201 == running.ask("POST", "/v1/agents", body=MERCY).status
    other = {**MERCY, "engine": "openai", "model": "gpt-x"}
    assert 400 == running.ask("PUT", "/v1/agents/mercy", body=other).status

    last = running.entries()[-1]
    assert (Act.MODEL_REFUSED, "mercy") == (last.act, last.thing)


def test_with_both_agreements_on_file_the_model_is_taken(running: Interface) -> None:
    statuses = [running.ask("POST", "/v1/baa", body=each).status for each in AGREEMENTS]
    verdicts = {each["model"]: each["verdict"] for each in running.ask("GET", "/v1/allowlist").json["entries"]}
    reply = running.ask("POST", "/v1/agents", body=HOSTED)
    refused = running.ask("POST", "/v1/agents", body={**HOSTED, "name": "grace", "model": "gpt-x"})

    assert [201, 201, 201] == statuses
    assert ("allowed", "refused") == (verdicts["claude-sonnet-4-6"], verdicts["gemini-2.5-flash"])
    assert (201, "next_start") == (reply.status, reply.json["takes_effect"])
    assert "claude-sonnet-4-6 at https://api.anthropic.com" in refused.json["allowed"]


def test_a_model_is_judged_at_zero_retention_as_the_line_does_when_it_starts(running: Interface) -> None:
    """Whatever the switches say just now: else what is taken here keeps the line from its next start."""
    running.ask("POST", "/v1/agents", body={**MERCY, "retention": "redacted"})
    running.ask("POST", OFF.replace("demo", "mercy"), body={"reason": "no_patients"})
    off = running.approve(OFF.replace("demo", "mercy"))
    for each in AGREEMENTS[:2]:  # no promise to keep nothing
        assert 201 == running.ask("POST", "/v1/baa", body=each).status
    changed = running.ask("PUT", "/v1/agents/mercy", body={**HOSTED, "retention": "redacted"})

    assert ("redacted", 400, "no_zdr") == (off.json["level"], changed.status, changed.json["rule"])


def test_no_more_agreements_are_recorded_than_the_line_takes_with_the_file_s_own(tmp_path: Path) -> None:
    """What is handed over is read again there, by the bound of a file."""
    shipped = means(tmp_path / "state")
    own = [
        Evidence(
            party="twilio", kind=EvidenceKind.BAA, reference=f"F-{number}", tier="t", signed=20_000, expires=30_000,
            retention_days=0,
        )
        for number in range(MOST_ROWS - 1)
    ]  # fmt: skip
    with interface(tmp_path / "state", replace(shipped, allowlist=shipped.allowlist.having(own))) as running:
        replies = [running.ask("POST", "/v1/baa", body=each) for each in (*AGREEMENTS[:2], AGREEMENTS[0])]
        recorded = running.ask("GET", "/v1/baa").json["evidence"]

    assert [201, 409, 201] == [reply.status for reply in replies]  # one with its reference is replaced
    assert "too_many" == replies[1].json["rule"]
    assert MOST_ROWS == len(recorded)


def test_evidence_that_has_ended_refuses(running: Interface) -> None:
    for each in AGREEMENTS:
        ended = {"expires": "2026-01-02"} if each["kind"] == "zdr" else {}
        assert 201 == running.ask("POST", "/v1/baa", body={**each, **ended}).status

    assert "zdr_expired" == running.ask("POST", "/v1/agents", body=HOSTED).json["rule"]
    held = running.ask("GET", "/v1/baa", "auditor").json
    assert [False] == [each["holds_today"] for each in held["evidence"] if each["kind"] == "zdr"]
    assert "zdr_expired" in {each["rule"] for each in held["vendors"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"party": "nobody"},
        {"party": "twilio", "kind": "zdr"},
        {"signed": "2026-02-30"},
        {"expires": "2025-12-31"},
        {"reference": "lower case"},
        {"retention_days": -1},
        {"more": 1},
    ],
)
def test_evidence_that_can_not_be_is_not_recorded(refusing: Interface, wrong: dict[str, object]) -> None:
    assert 400 == refusing.ask("POST", "/v1/baa", body={**AGREEMENTS[0], **wrong}).status
    assert [] == refusing.ask("GET", "/v1/baa").json["evidence"]


NEW = {
    "vendor": "anthropic", "engine": "anthropic", "model": "claude-next", "base_url": "https://api.anthropic.com",
    "region": "us", "messages": True, "chat": False, "streaming": True,
}  # fmt: skip


def test_a_model_is_put_on_the_list_and_taken_off_and_the_file_s_own_stay(running: Interface) -> None:
    added = running.ask("POST", "/v1/allowlist", body=NEW)
    twice = running.ask("POST", "/v1/allowlist", body={**NEW, "base_url": "https://api.anthropic.com/"})
    for each in AGREEMENTS:
        running.ask("POST", "/v1/baa", body=each)
    taken = running.ask("POST", "/v1/agents", body={**HOSTED, "model": "claude-next"})
    gone = running.ask("DELETE", f"/v1/allowlist/{added.json['entry']}")
    again = running.ask("DELETE", f"/v1/allowlist/{added.json['entry']}")
    refused = running.ask("PUT", "/v1/agents/mercy", body={**HOSTED, "model": "claude-next"})

    assert [201, 409, 201, 204, 404, 400] == [each.status for each in (added, twice, taken, gone, again, refused)]
    assert ("refused", "no_baa", False) == (added.json["verdict"], added.json["rule"], added.json["shipped"])
    assert {each["shipped"] for each in running.ask("GET", "/v1/allowlist").json["entries"]} == {True}
    assert {Act.ALLOWLIST_ADDED, Act.ALLOWLIST_REMOVED} <= {act for act, _ in running.noted()}


@pytest.mark.parametrize(
    "wrong",
    [{"vendor": "nobody"}, {"vendor": "twilio"}, {"engine": "approved"}, {"base_url": "http://m.example.org"}],
)
def test_a_model_that_can_not_be_listed_is_not(refusing: Interface, wrong: dict[str, object]) -> None:
    assert 400 == refusing.ask("POST", "/v1/allowlist", body={**NEW, **wrong}).status


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"name": "../../etc/cron"}, "name"),
        ({"name": ["mercy"]}, "name"),
        ({"name": None}, "name"),
        ({"state": "live"}, "state"),
        ({"numbers": ["+12025550142"]}, "numbers"),
        ({"nurse_number": "+12025550199"}, "nurse_number"),
        ({"time_zone": "Nowhere/Town"}, "time_zone"),
        ({"knowledge": "/etc"}, "knowledge"),
        ({"knowledge": "../knowledge/said"}, "knowledge"),
        ({"knowledge": "x" * 900}, "knowledge"),
        ({"knowledge": "\x00"}, "knowledge"),
        ({"greeting": "Hello, how may I help you today?"}, "greeting"),
        ({"hospital": "\ud800"}, "hospital"),
        ({"speaking_rate": 9}, "speaking_rate"),
        ({"assistant_name": "Nurse Joy"}, "assistant_name"),
        ({"Xanthippe": 1}, "none"),
    ],
)
def test_keys_that_make_no_agent_are_refused_by_the_key_and_nothing_is_repeated(
    refusing: Interface, wrong: dict[str, Any], key: str
) -> None:
    reply = refusing.ask("POST", "/v1/agents", body={**MERCY, **wrong})

    assert (400, "malformed", key) == (reply.status, reply.json["error"], reply.json["key"])
    assert b"Xanthippe" not in reply.content
    assert b"etc" not in reply.content.replace(b"letter", b"")
    assert (Act.ACT_REFUSED, AuditReason.MALFORMED) == refusing.noted()[-1]
    assert not list((refusing.folder / "agents").glob("*"))


def test_an_agent_s_file_is_one_that_the_line_reads_and_goes_with_the_agent(running: Interface) -> None:
    created = running.ask("POST", "/v1/agents", body={**MERCY, "hospital": 'Queen\'s "Mercy" \\ Zürich'})
    file = running.folder / "agents" / "mercy.toml"
    agent = lines.read(file)
    changed = running.ask("PUT", "/v1/agents/mercy", body={**MERCY, "hospital": "Other"})
    same = running.ask("PUT", "/v1/agents/mercy", body={**MERCY, "hospital": "Other"})
    renamed = running.ask("PUT", "/v1/agents/mercy", body={**MERCY, "name": "grace"})

    assert (201, "/v1/agents/mercy") == (created.status, created.headers["location"])
    assert 'Queen\'s "Mercy" \\ Zürich' == agent.hospital == created.json["agent"]["hospital"]
    assert 0o600 == file.stat().st_mode & 0o777
    assert [200, 409, 400] == [each.status for each in (changed, same, renamed)]
    assert "Other" == lines.read(file).hospital
    assert 204 == running.ask("DELETE", "/v1/agents/mercy").status
    assert [] == list(file.parent.iterdir())
    assert 404 == running.ask("GET", "/v1/agents/mercy").status


def test_the_operator_s_own_agents_are_switched_and_not_altered(running: Interface) -> None:
    demo = running.ask("GET", "/v1/agents/demo").json["agent"]
    replies = [running.ask("PUT", "/v1/agents/demo", body=demo), running.ask("DELETE", "/v1/agents/demo")]
    twice = running.ask("POST", "/v1/agents", body={**MERCY, "name": "demo"})

    assert [(409, "shipped"), (409, "shipped")] == [(reply.status, reply.json["rule"]) for reply in replies]
    assert (409, "exists") == (twice.status, twice.json["rule"])


def test_an_agent_leaves_draft_examined_and_with_evidence_and_another_build_sends_it_back(running: Interface) -> None:
    greeting = "Hello, this is the automated assistant of Mercy. Say nurse for a nurse."
    running.ask("POST", "/v1/agents", body={**MERCY, "greeting": greeting})
    file = running.folder / "agents" / "mercy.toml"
    rules = [running.ask("POST", "/v1/agents/mercy/live").json["rule"]]
    draft = lines.read_table(file, lines.table_of(file))
    examined(running, "mercy")
    rules.append(running.ask("POST", "/v1/agents/mercy/live").json["rule"])
    running.ask("POST", "/v1/baa", body=AGREEMENTS[0])
    live = running.ask("POST", "/v1/agents/mercy/live")

    assert ["not_tested", "no_baa"] == rules
    assert (lines.AgentState.DRAFT, "") == (draft.state, draft.greeting)
    assert (200, True, "live") == (live.status, live.json["live"], live.json["agent"]["state"])
    assert (lines.AgentState.LIVE, greeting) == (lines.read(file).state, lines.read(file).greeting)

    changed = running.ask("PUT", "/v1/agents/mercy", body={**MERCY, "hospital": "Other"})
    assert (200, False) == (changed.status, changed.json["live"])
    assert lines.AgentState.DRAFT is lines.read(file).state
    assert (Act.BACK_TO_DRAFT, AuditReason.BUILD_CHANGED) == running.noted()[-1]


def test_other_code_at_the_next_start_makes_a_live_agent_a_draft(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with interface(folder) as running:
        running.ask("POST", "/v1/agents", body=MERCY)
        running.ask("POST", "/v1/baa", body=AGREEMENTS[0])
        examined(running, "mercy")
        assert running.ask("POST", "/v1/agents/mercy/live").json["live"]
    with interface(folder) as running:
        assert running.ask("GET", "/v1/agents/mercy").json["live"]
    with interface(folder, replace(means(folder), code="d" * 64)) as running:
        assert not running.ask("GET", "/v1/agents/mercy").json["live"]
        assert lines.AgentState.DRAFT is lines.read(folder / "agents" / "mercy.toml").state


def test_a_file_that_somebody_else_altered_is_told_and_is_live_no_more(running: Interface) -> None:
    running.ask("POST", "/v1/agents", body=MERCY)
    accepted = running.folder / "agents" / "mercy.accepted"
    accepted.write_bytes(accepted.read_bytes().replace(b"Mercy Hospital", b"Mercy Hospitak"))
    told = running.ask("GET", "/v1/agents/mercy").json

    assert (None, False) == (told["agent"], told["live"])
    assert 409 == running.ask("POST", "/v1/agents/mercy/live").status


@pytest.mark.parametrize("recorded", [True, False])
def test_whoever_is_killed_between_record_and_name_is_put_right(tmp_path: Path, *, recorded: bool) -> None:
    files = AgentFiles(tmp_path, AGENTS)
    old = files.prepare("mercy", dict(MERCY))
    files.settle([old], set())
    new = files.prepare("mercy", {**MERCY, "hospital": "New"})
    again = AgentFiles(tmp_path, AGENTS)  # the process was killed here
    again.settle([new if recorded else old], set())
    table = again.table("mercy", new if recorded else old)

    assert table is not None
    assert ("New" if recorded else "Mercy Hospital") == table["hospital"]
    assert ("New" if recorded else "Mercy Hospital") == lines.read(tmp_path / "agents" / "mercy.toml").hospital
    assert {"mercy.toml", "mercy.accepted"} == {file.name for file in (tmp_path / "agents").iterdir()}


def test_a_file_that_nobody_accepted_is_set_aside(tmp_path: Path) -> None:
    files = AgentFiles(tmp_path, AGENTS)
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "mine.toml").write_text("name = 'mine'\n")
    files.settle([AgentFile(agent="gone", content="0" * 64)], set())

    assert ["mine.toml.unknown"] == [file.name for file in (tmp_path / "agents").iterdir()]


def test_a_build_stands_for_code_and_keys_but_not_for_the_state(tmp_path: Path) -> None:
    one = build_of("c", MERCY)

    assert one == build_of("c", {**MERCY, "state": "live"})
    assert 4 == len(
        {one, build_of("d", MERCY), build_of("c", {**MERCY, "hospital": "x"}), build_of("c", MERCY, "more")}
    )
    assert code_hash(ROOT) == code_hash(ROOT)
    (tmp_path / "agent").mkdir()
    empty = code_hash(tmp_path)
    (tmp_path / "agent" / "x.py").write_text("x = 1\n")
    assert empty != code_hash(tmp_path)


def test_the_build_of_an_agent_is_that_of_the_file_that_the_line_reads(running: Interface) -> None:
    """Whoever examines agents reads the files: both must come to the same."""
    running.ask("POST", "/v1/agents", body={**MERCY, "speaking_rate": 1})
    told = {each["name"]: each["policy"]["build"] for each in running.ask("GET", "/v1/agents").json["agents"]}
    files = {"demo": AGENTS / "demo.toml", "mercy": running.folder / "agents" / "mercy.toml"}

    assert told == {name: build_of(CODE, lines.table_of(file)) for name, file in files.items()}
