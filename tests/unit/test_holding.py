"""Files, list, agreements and policies together: a first policy, a build, what holds, and who may be live."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent import launcher
from agent.briefing import Briefing, BriefingRefused
from agent.build import more_of
from agent.keeper.agent_files import AgentFiles
from agent.keeper.builds import build_of
from agent.keeper.holding import Place, Result, brief, in_force, record
from agent.lines import Agent, AgentState
from agent.settings import ROOT, from_environment
from agent.vendors import endpoint_of
from policies.acts import Act, OffReason, Role
from policies.allowlist import NOTHING_LISTED, ModelReason, days
from policies.changes import Changed
from policies.records import AgentFile, Engine, Evidence, EvidenceKind, InForce, Profile
from policies.requests import Actor, Around, AskZeroOff, CreateAgent, GoLive, Rebuild
from policies.retention import Retention
from tests.kept import ONE, Office
from tests.unit.test_briefing import AGENTS, AGREED, made

DEMO = (AGENTS / "demo.toml").read_text("utf-8")


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Iterator[Office]:
    office = Office.open(tmp_path / "state")
    yield office
    office.close()


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Place:
    (tmp_path / "agents").mkdir()
    (tmp_path / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
    (tmp_path / "agents" / "demo.toml").write_text(DEMO)
    return Place(
        tmp_path / "state", tmp_path / "agents", ROOT / "deploy" / "allowlist.toml", Profile.PRODUCTION, None, None
    )


def told(office: Office, place: Place, more: str = "") -> Briefing:
    return brief(place, office.ledger, office.keys, more)


def go_live(office: Office, place: Place, more: str = "") -> None:
    for what in Result:
        record(place, office.ledger, more, what, passed=True)
    office.ask(GoLive())


def test_an_agent_file_that_is_seen_for_the_first_time_gets_a_policy_with_zero_retention(
    office: Office, place: Place
) -> None:
    found = told(office, place)
    policy = office.ledger.policy("demo")

    assert policy is not None
    assert (True, False) == (policy.zero_retention, policy.live)
    assert (office.keys.public, frozenset()) == (found.transcripts, found.live)
    assert [Act.AGENT_CREATED] == office.acts()
    assert found == told(office, place)
    assert [Act.AGENT_CREATED] == office.acts()  # the second time there is nothing to say


def accept(office: Office, place: Place, **changed: object) -> Path:
    """An agent over the network, as the interface takes it; the file of its keys."""
    files = AgentFiles(place.state, place.agents)
    keys = {**made(), **changed}
    file = files.prepare("ward", keys)
    known = office.ledger.policy("ward") is not None
    build = build_of("c", {**keys, "written": str(changed)})
    request = Rebuild(build) if known else CreateAgent(build)
    outcome = office.ledger.change_agent("ward", request, ONE, Around(500_000, None), file)
    assert isinstance(outcome, Changed)
    files.settle(office.ledger.kept(AgentFile), set())
    return place.state / "agents" / "ward.accepted"


def test_an_agent_made_over_the_network_is_in_the_briefing_with_a_policy_of_its_own(
    office: Office, place: Place
) -> None:
    accept(office, place)
    found = told(office, place)

    assert ["ward"] == list(found.agents)
    assert ["demo", "ward"] == sorted(policy.agent for policy in office.ledger.policies())
    assert ["demo", "ward"] == [agent.name for agent in found.lines(place.agents).agents]


def test_a_file_that_nobody_accepted_is_not_briefed_and_gets_no_policy(office: Office, place: Place) -> None:
    accepted = accept(office, place)
    for name in ("rogue.toml", "rogue.accepted", "rogue.accepted.new"):
        accepted.with_name(name).write_text(accepted.read_text().replace('"ward"', '"rogue"'))
    found = told(office, place)

    assert ["ward"] == list(found.agents)
    assert office.ledger.policy("rogue") is None
    assert {"demo", "ward"} == set(place.endpoints(office.ledger))


def test_an_accepted_file_that_somebody_altered_is_not_briefed_and_what_is_made_of_it_does_not_count(
    office: Office, place: Place
) -> None:
    accepted = accept(office, place)
    lax = accepted.read_text().replace('"zero"', '"redacted"')
    accepted.with_suffix(".toml").write_text(lax)
    assert "zero" == told(office, place).agents["ward"]["retention"]
    accepted.write_text(lax)

    assert {} == told(office, place).agents
    assert Retention.ZERO is place.allowed(office.ledger, "ward")


def test_a_keeper_that_was_killed_before_the_file_took_its_name_briefs_what_was_recorded(
    office: Office, place: Place
) -> None:
    accepted = accept(office, place)
    old = accepted.read_bytes()
    accept(office, place, hospital="Other")
    accepted.with_name("ward.accepted.new").write_bytes(accepted.read_bytes())
    accepted.write_bytes(old)

    assert "Other" == told(office, place).agents["ward"]["hospital"]


def test_the_briefing_says_live_of_an_agent_that_is_whatever_its_file_says(office: Office, place: Place) -> None:
    accept(office, place)
    told(office, place)
    for what in Result:
        record(place, office.ledger, "", what, passed=True)
    office.ask(GoLive(), agent="ward")
    found = told(office, place)

    assert ("live", frozenset({"ward"})) == (found.agents["ward"]["state"], found.live)
    assert ("draft", frozenset()) == ((other := told(office, place, "other")).agents["ward"]["state"], other.live)


def test_the_file_says_how_far_the_switches_reach_and_what_is_no_file_says_not_at_all(
    office: Office, place: Place
) -> None:
    accept(office, place, retention="redacted")
    assert [Retention.ZERO, Retention.REDACTED, Retention.ZERO] == [
        place.allowed(office.ledger, agent) for agent in ("demo", "ward", "nobody")
    ]
    (place.agents / "demo.toml").write_text(DEMO.replace('retention = "zero"', 'retention = "redacted"'))
    assert Retention.REDACTED is place.allowed(office.ledger, "demo")
    (place.agents / "demo.toml").write_text("retention = 'redacted'")
    assert Retention.ZERO is place.allowed(office.ledger, "demo")


def test_self_test_proof_and_an_admin_make_it_live_for_exactly_this_build(office: Office, place: Place) -> None:
    told(office, place)
    assert ["demo"] == record(place, office.ledger, "", Result.SELF_TEST, passed=True)
    office.ask(GoLive())
    assert frozenset() == told(office, place).live
    go_live(office, place)

    assert frozenset({"demo"}) == told(office, place).live
    (place.agents / "demo.toml").write_text(DEMO.replace('state = "draft"', 'state = "live"'))
    assert frozenset({"demo"}) == told(office, place).live  # that it says so itself is no other build
    (place.agents / "demo.toml").write_text(DEMO.replace("speaking_rate = 1.0", "speaking_rate = 0.9"))
    assert frozenset() == told(office, place).live
    assert Act.BACK_TO_DRAFT is office.acts()[-1]


def test_other_settings_are_another_build_and_so_is_a_failed_proof(office: Office, place: Place) -> None:
    told(office, place)
    go_live(office, place)
    assert frozenset() == told(office, place, "other settings").live
    told(office, place)
    go_live(office, place)
    assert frozenset({"demo"}) == told(office, place).live
    record(place, office.ledger, "", Result.PROOF, passed=False)
    assert frozenset() == told(office, place).live


def test_a_setting_that_a_caller_could_hear_is_part_of_a_build_and_an_address_is_not(tmp_path: Path) -> None:
    def more(**changed: str) -> str:
        return more_of(from_environment({"QUIETLINE_STATE": str(tmp_path), **changed}))

    assert more() == more(QUIETLINE_PORT="9000", REDIS_URL="redis://127.0.0.1/0", TWILIO_AUTH_TOKEN="x")
    others = [
        more(QUIETLINE_LEAD_MS="200"),
        more(QUIETLINE_RECOGNISER="tiny.en"),
        more(QUIETLINE_LIBRARY_LOG="debug"),
        more(QUIETLINE_TRANSCRIPT_DAYS="3"),
        more(QUIETLINE_WITHOUT="swap"),
        more(OPENAI_BASE_URL="https://models.example.org"),
    ]
    assert len({more(), *others}) == 1 + len(others)


def test_a_model_that_is_named_as_a_file_is_part_of_a_build_by_its_bytes(tmp_path: Path) -> None:
    voice = tmp_path / "voice.onnx"
    voice.write_bytes(b"one")
    settings = from_environment({"QUIETLINE_VOICE": str(voice)})
    one = more_of(settings)
    voice.write_bytes(b"two")
    two = more_of(settings)
    (tmp_path / "voice.onnx.json").write_bytes(b"{}")

    assert 3 == len({one, two, more_of(settings)})


def live_agent() -> Agent:
    from agent import lines

    return dataclasses.replace(lines.load(AGENTS).default, state=AgentState.LIVE)


def test_production_starts_no_live_agent_without_an_admin_s_word_and_development_says_so(
    capfd: pytest.CaptureFixture[str],
) -> None:
    production = from_environment({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org", "TWILIO_AUTH_TOKEN": "token"})
    agents = [live_agent()]

    launcher.check_live(Briefing(live=frozenset({"demo"})), agents, production)
    with pytest.raises(BriefingRefused, match=r"^demo\.toml: state: live needs an admin's word for this very build"):
        launcher.check_live(Briefing(), agents, production)
    assert "" == capfd.readouterr().err
    launcher.check_live(Briefing(), agents, from_environment({}))
    assert "it goes on as a draft" in capfd.readouterr().err


def test_what_is_said_of_an_agent_is_its_policy_and_whether_its_model_may_be_called(
    office: Office, place: Place
) -> None:
    told(office, place)
    hosted = dataclasses.replace(live_agent(), engine=Engine.ANTHROPIC, model="claude-sonnet-4-6")
    built_in, elsewhere = endpoint_of(live_agent(), None, None), endpoint_of(hosted, None, None)
    today, late = date(2026, 11, 22), date(2027, 1, 1)

    def said(endpoint: object, allowlist: object = AGREED, day: date = today) -> InForce:
        endpoints = {} if endpoint is None else {"demo": endpoint}
        (permitted,) = in_force(office.ledger, endpoints, allowlist, place.profile, day)  # type: ignore[arg-type]  # as given
        assert isinstance(permitted.record, InForce)
        return permitted.record

    assert InForce(agent="demo", zero_retention=True, model_allowed=True) == said(built_in)
    assert said(elsewhere).model_allowed
    assert not said(elsewhere, day=late).model_allowed  # the agreement has run out
    assert not said(elsewhere, NOTHING_LISTED).model_allowed
    assert not said(elsewhere, None).model_allowed  # nobody knows the list
    assert not said(None).model_allowed  # nor the agent's file
    office.zero_off()
    assert not said(built_in).zero_retention


def test_evidence_on_record_reaches_the_line_by_its_briefing(office: Office, place: Place) -> None:
    agreement = Evidence(
        party="anthropic",
        kind=EvidenceKind.BAA,
        reference="C-1",
        tier="enterprise",
        signed=days(date(2026, 1, 1)),
        expires=days(date(2026, 12, 31)),
        retention_days=0,
    )
    office.ledger.record_evidence(agreement, ONE, 500_000)
    found = told(office, place)

    assert found.allowlist is not None
    assert agreement in found.allowlist.evidence


def test_an_agent_without_evidence_for_the_carrier_stays_a_draft_whoever_says_what(
    office: Office, place: Place
) -> None:
    told(office, place)
    for what in Result:
        record(place, office.ledger, "", what, passed=True)
    around = Around(500_000, None, ModelReason.NO_BAA)
    office.ledger.change_agent("demo", GoLive(), ONE, around)

    assert frozenset() == told(office, place).live


def test_switching_zero_retention_off_sends_an_agent_back_to_draft(office: Office, place: Place) -> None:
    told(office, place)
    go_live(office, place)
    office.ask(AskZeroOff(OffReason.QUALITY_REVIEW), ONE)
    office.approve()

    assert frozenset() == told(office, place).live


def test_nobody_but_the_proof_records_results(office: Office, place: Place) -> None:
    from policies.requests import ALLOWED, Proven, SelfTested

    told(office, place)
    assert frozenset({Role.PROOF}) == ALLOWED[Proven] == ALLOWED[SelfTested]
    office.ask(SelfTested("b" * 64, passed=True), Actor(Role.KEEPER))
    assert Act.ACT_REFUSED is office.acts()[-1]


def test_the_self_test_passes_here_and_would_not_where_nothing_is_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    from agent import selftest

    assert () == selftest.failed()
    nothing_goes = [each._replace(goes="question") for each in selftest.SAMPLES[:1]]
    monkeypatch.setattr(selftest, "SAMPLES", tuple(nothing_goes))
    assert (selftest.SAMPLES[0].kind,) == selftest.failed()
