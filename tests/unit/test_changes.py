"""What admins may alter, and that nothing they do makes a live call laxer."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.acts import Act, AuditReason, OffReason, PersonRole, Role
from policies.allowlist import ModelReason
from policies.audit import digest
from policies.changes import Changed, ChangeRefused, change, is_live, level
from policies.four_eyes import Pair, objection
from policies.records import NONE, AgentPolicy, WorkspacePolicy, ref_of
from policies.requests import (
    ALLOWED,
    Actor,
    ApproveZeroOff,
    Around,
    AskZeroOff,
    CreateAgent,
    DeleteAgent,
    DenyZeroOff,
    GoLive,
    Proven,
    Rebuild,
    Request,
    SelfTested,
    ToDraft,
    ZeroOn,
)
from policies.retention import Retention, effective
from policies.workspace import (
    AT_FIRST,
    ApproveForceOff,
    AskForceOff,
    DenyForceOff,
    Force,
    ForceRequest,
    WorkspaceChanged,
    WorkspaceRefused,
    force,
)
from tests.kept import token_of

HOUR = 498_000
ONE, TWO = Actor(Role.ADMIN, ref_of(bytes(16))), Actor(Role.ADMIN, ref_of(bytes(range(16))))
PROVER, KEEPER = Actor(Role.PROOF), Actor(Role.KEEPER)
BUILD, OTHER = "a" * 64, "b" * 64
AGAIN, GONE, EDITOR = (Actor(Role.ADMIN, ref_of(bytes([number]) * 16)) for number in (7, 8, 9))
TOKENS = {
    token.ref: token
    for token in (
        token_of(ONE),
        token_of(TWO),
        token_of(AGAIN, holder=ONE.token),  # another token of the first one's
        token_of(GONE, revoked=True),
        token_of(EDITOR, role=PersonRole.CLINICAL_EDITOR),
    )
}
AROUND = Around(HOUR, AT_FIRST)
FORCED = Around(HOUR, dataclasses.replace(AT_FIRST, zero_forced=True))
NOW = -1
"""Of an approval in these tests: whatever revision there is."""


def pair(policy: AgentPolicy | WorkspacePolicy | None, actor: Actor) -> Pair:
    """As the ledger looks them up."""
    return Pair(TOKENS.get(NONE if policy is None else policy.off_requested_by), TOKENS.get(actor.token))


def ask(policy: AgentPolicy | None, request: Request, actor: Actor, around: Around = AROUND) -> Changed | ChangeRefused:
    if isinstance(request, ApproveZeroOff) and request.revision == NOW:
        request = ApproveZeroOff(0 if policy is None else policy.revision)
    return change(policy, request, actor, dataclasses.replace(around, pair=pair(policy, actor)), "demo")


def switch(policy: WorkspacePolicy, request: ForceRequest, actor: Actor) -> WorkspaceChanged | WorkspaceRefused:
    if isinstance(request, ApproveForceOff) and request.revision == NOW:
        request = ApproveForceOff(policy.revision)
    return force(policy, request, actor, HOUR, pair(policy, actor))


WHY = OffReason.NO_PATIENTS


def after(*steps: tuple[Request, Actor], around: Around = AROUND) -> AgentPolicy:
    """The policy of an agent that was made and then went through these."""
    policy: AgentPolicy | None = None
    for request, actor in [(CreateAgent(BUILD), ONE), *steps]:
        outcome = ask(policy, request, actor, around)
        assert isinstance(outcome, Changed)
        policy = outcome.policy
    assert policy is not None
    return policy


def refusal(policy: AgentPolicy | None, request: Request, actor: Actor, around: Around = AROUND) -> AuditReason:
    outcome = ask(policy, request, actor, around)
    assert isinstance(outcome, ChangeRefused)
    assert Act.ACT_REFUSED is outcome.event.act
    assert outcome.reason is outcome.event.reason
    assert outcome.event.before == outcome.event.after == digest(policy)
    assert outcome.event.thing == (NONE if policy is None else "demo")  # a name that no agent has may be words
    return outcome.reason


LIVE = after((SelfTested(BUILD, True), PROVER), (Proven(BUILD, True), PROVER), (GoLive(), ONE))
ASKED = after((AskZeroOff(WHY), ONE))
OFF = after((AskZeroOff(WHY), ONE), (ApproveZeroOff(NOW), TWO))


def test_a_new_agent_is_a_draft_with_zero_retention() -> None:
    policy = after()

    assert (False, True, NONE) == (policy.live, policy.zero_retention, policy.tested)
    assert level(policy, AT_FIRST) is Retention.ZERO


def test_the_entry_stands_for_what_was_and_what_is() -> None:
    outcome = ask(OFF, ZeroOn(), ONE)

    assert isinstance(outcome, Changed)
    assert (digest(OFF), digest(outcome.policy)) == (outcome.event.before, outcome.event.after)
    assert (Act.ZERO_ON, ONE.token, "demo", HOUR) == (
        outcome.event.act, outcome.event.actor, outcome.event.thing, outcome.event.hour
    )  # fmt: skip
    assert outcome.policy is not None
    assert OFF.revision + 1 == outcome.policy.revision


def test_on_takes_one_admin_and_effect_at_once() -> None:
    outcome = ask(OFF, ZeroOn(), ONE)

    assert isinstance(outcome, Changed)
    assert level(outcome.policy, AT_FIRST) is Retention.ZERO


def test_off_is_a_request_and_then_another_admin_s_approval() -> None:
    assert level(ASKED, AT_FIRST) is Retention.ZERO
    assert level(OFF, AT_FIRST) is Retention.REDACTED


def test_the_same_admin_twice_is_refused() -> None:
    assert refusal(ASKED, ApproveZeroOff(NOW), ONE) is AuditReason.SAME_ADMIN


def test_another_token_of_the_same_person_is_no_second_person() -> None:
    assert refusal(ASKED, ApproveZeroOff(NOW), AGAIN) is AuditReason.SAME_ADMIN
    assert refusal(after((AskZeroOff(WHY), AGAIN)), ApproveZeroOff(NOW), ONE) is AuditReason.SAME_ADMIN


@pytest.mark.parametrize("asker", [GONE, EDITOR, Actor(Role.ADMIN, ref_of(bytes([10]) * 16))])
def test_what_somebody_asked_whose_token_does_not_hold_is_not_approved(asker: Actor) -> None:
    """Revoked; of another role by now; of no record."""
    asked = after((AskZeroOff(WHY), asker))

    assert refusal(asked, ApproveZeroOff(NOW), TWO) is AuditReason.ASKER_GONE
    assert refusal(ASKED, ApproveZeroOff(NOW), asker) is AuditReason.NOT_ALLOWED


def test_a_token_s_last_day_is_the_last_on_which_what_it_asked_is_approved() -> None:
    for days, expected in ((0, None), (1, AuditReason.ASKER_GONE)):
        asker = dataclasses.replace(TOKENS[ONE.token], expires=HOUR // 24 - days)
        assert expected is objection(ONE.token, TWO.token, Pair(asker, TOKENS[TWO.token]), HOUR)


def test_an_approval_is_of_the_request_that_was_seen_and_of_no_later_one() -> None:
    denied = ask(ASKED, DenyZeroOff(), ONE)
    assert isinstance(denied, Changed)
    again = ask(denied.policy, AskZeroOff(OffReason.LEGAL_HOLD), ONE)
    assert isinstance(again, Changed)

    assert refusal(again.policy, ApproveZeroOff(ASKED.revision), TWO) is AuditReason.OTHER_REVISION


def test_an_approval_without_a_request_is_refused() -> None:
    assert refusal(after(), ApproveZeroOff(NOW), TWO) is AuditReason.NO_REQUEST


def test_a_denied_request_is_over() -> None:
    for who in (ONE, TWO):
        outcome = ask(ASKED, DenyZeroOff(), who)
        assert isinstance(outcome, Changed)
        assert outcome.event.reason is AuditReason.NO_PATIENTS
        assert refusal(outcome.policy, ApproveZeroOff(NOW), TWO) is AuditReason.NO_REQUEST


def test_on_withdraws_a_request() -> None:
    outcome = ask(ASKED, ZeroOn(), TWO)

    assert isinstance(outcome, Changed)
    assert refusal(outcome.policy, ApproveZeroOff(NOW), TWO) is AuditReason.NO_REQUEST


@pytest.mark.parametrize("reason", [None, "", "no_patients", AuditReason.NO_PATIENTS])
def test_off_needs_a_reason_from_the_list(reason: Any) -> None:
    assert refusal(after(), AskZeroOff(reason), ONE) is AuditReason.MALFORMED


@pytest.mark.parametrize("workspace", [FORCED, Around(HOUR, None)])
def test_the_workspace_wins_and_one_that_is_not_known_wins_too(workspace: Around) -> None:
    assert refusal(after(), AskZeroOff(WHY), ONE, workspace) is AuditReason.FORCED
    assert refusal(ASKED, ApproveZeroOff(NOW), TWO, workspace) is AuditReason.FORCED
    assert level(OFF, workspace.workspace) is Retention.ZERO


def test_whatever_is_not_known_is_zero() -> None:
    assert level(None, AT_FIRST) is Retention.ZERO
    assert level(OFF, None) is Retention.ZERO
    assert not is_live(None, BUILD)
    assert not is_live(dataclasses.replace(LIVE, build=NONE), NONE)


def test_switching_off_makes_the_agent_an_untested_draft() -> None:
    off = LIVE
    steps: list[tuple[Request, Actor]] = [(AskZeroOff(WHY), ONE), (ApproveZeroOff(NOW), TWO)]
    for request, actor in steps:
        outcome = ask(off, request, actor)
        assert isinstance(outcome, Changed)
        assert outcome.policy is not None
        off = outcome.policy

    assert (False, NONE, NONE) == (off.live, off.tested, off.proven)


def test_an_agent_leaves_draft_with_self_test_proof_and_evidence() -> None:
    tested, proven = (SelfTested(BUILD, True), PROVER), (Proven(BUILD, True), PROVER)
    lacking = dataclasses.replace(AROUND, lacking=ModelReason.NO_BAA)

    assert refusal(after(), GoLive(), ONE) is AuditReason.NOT_TESTED
    assert refusal(after(proven), GoLive(), ONE) is AuditReason.NOT_TESTED
    assert refusal(after(tested), GoLive(), ONE) is AuditReason.NOT_PROVEN
    assert refusal(after(tested, proven), GoLive(), ONE, lacking) is AuditReason.NO_BAA
    assert is_live(LIVE, BUILD)
    assert refusal(LIVE, GoLive(), ONE) is AuditReason.NOT_DRAFT


def test_another_build_makes_it_a_draft_whose_results_do_not_count() -> None:
    outcome = ask(LIVE, Rebuild(OTHER), KEEPER)

    assert isinstance(outcome, Changed)
    assert (Act.BACK_TO_DRAFT, AuditReason.BUILD_CHANGED) == (outcome.event.act, outcome.event.reason)
    assert not is_live(outcome.policy, OTHER)
    assert not is_live(LIVE, OTHER)
    assert refusal(outcome.policy, GoLive(), ONE) is AuditReason.NOT_TESTED
    assert refusal(outcome.policy, SelfTested(BUILD, True), PROVER) is AuditReason.OTHER_BUILD


@pytest.mark.parametrize("before", [OFF, ASKED])
@pytest.mark.parametrize("who", [ONE, KEEPER])
def test_another_build_ends_what_was_switched_off_and_what_was_asked_for(before: AgentPolicy, who: Actor) -> None:
    outcome = ask(before, Rebuild(OTHER), who)

    assert isinstance(outcome, Changed)
    assert outcome.policy is not None
    assert (True, NONE, None) == (
        outcome.policy.zero_retention, outcome.policy.off_requested_by, outcome.policy.off_reason
    )  # fmt: skip
    assert AuditReason.ZERO_ON_AGAIN is outcome.event.reason
    assert refusal(outcome.policy, ApproveZeroOff(NOW), TWO) is AuditReason.NO_REQUEST


@pytest.mark.parametrize("failed", [SelfTested(BUILD, False), Proven(BUILD, False)])
def test_a_failed_test_makes_it_a_draft(failed: Request) -> None:
    outcome = ask(LIVE, failed, PROVER)

    assert isinstance(outcome, Changed)
    assert not is_live(outcome.policy, BUILD)
    assert isinstance(refusal(outcome.policy, GoLive(), ONE), AuditReason)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("request_", [
    CreateAgent(BUILD), DeleteAgent(), Rebuild(OTHER), ZeroOn(), AskZeroOff(WHY), ApproveZeroOff(NOW), DenyZeroOff(),
    SelfTested(BUILD, True), Proven(BUILD, True), GoLive(), ToDraft(),
])  # fmt: skip
def test_each_change_is_for_its_roles_alone(role: Role, request_: Request) -> None:
    person = role in (Role.ADMIN, Role.CLINICAL_EDITOR, Role.AUDITOR, Role.NURSE)
    who = Actor(role, ONE.token if person else NONE)
    wrong_way = Actor(role, NONE if person else ONE.token)
    outcome = ask(ASKED, request_, who)
    refused = isinstance(outcome, ChangeRefused) and outcome.reason is AuditReason.NOT_ALLOWED

    assert (role not in ALLOWED[type(request_)]) is refused
    assert refusal(ASKED, request_, wrong_way) is AuditReason.NOT_ALLOWED


@pytest.mark.parametrize("token", ["", NONE, "x", "x" * 22 + "\n", "Jane Doe"])
def test_nobody_acts_without_a_token_and_no_junk_is_written(token: str) -> None:
    outcome = change(ASKED, ApproveZeroOff(NOW), Actor(Role.ADMIN, token), AROUND, "demo")

    assert isinstance(outcome, ChangeRefused)
    assert (AuditReason.NOT_ALLOWED, NONE) == (outcome.reason, outcome.event.actor)


@pytest.mark.parametrize("name", ["", "Demo", "../x", "Jane Doe", "x" * 33])
def test_what_is_no_agent_s_name_is_refused_and_not_written(name: str) -> None:
    outcome = change(None, CreateAgent(BUILD), ONE, AROUND, name)

    assert isinstance(outcome, ChangeRefused)
    assert (AuditReason.MALFORMED, NONE) == (outcome.reason, outcome.event.thing)


def test_what_is_no_request_is_refused() -> None:
    nothing: Any = object()

    assert refusal(ASKED, nothing, ONE) is AuditReason.NOT_ALLOWED


@pytest.mark.parametrize("build", ["", NONE, "a" * 63, "A" * 64, "g" * 64])
def test_what_is_no_build_is_refused(build: str) -> None:
    assert refusal(None, CreateAgent(build), ONE) is AuditReason.MALFORMED
    assert refusal(LIVE, Rebuild(build), ONE) is AuditReason.MALFORMED
    assert refusal(LIVE, Proven(build, True), PROVER) is AuditReason.MALFORMED


def test_an_agent_that_is_there_is_not_made_again_and_one_that_is_not_is_not_changed() -> None:
    assert refusal(LIVE, CreateAgent(BUILD), ONE) is AuditReason.EXISTS
    assert refusal(None, ZeroOn(), ONE) is AuditReason.NO_SUCH_AGENT
    assert refusal(LIVE, ZeroOn(), ONE) is AuditReason.ALREADY
    assert refusal(after(), ToDraft(), ONE) is AuditReason.ALREADY


def test_the_force_is_on_at_once_and_off_with_two() -> None:
    forced = switch(AT_FIRST, Force(), ONE)
    assert isinstance(forced, WorkspaceChanged)
    asked = switch(forced.policy, AskForceOff(WHY), ONE)
    assert isinstance(asked, WorkspaceChanged)
    assert asked.policy.zero_forced
    same = switch(asked.policy, ApproveForceOff(NOW), ONE)
    assert isinstance(same, WorkspaceRefused)
    assert same.reason is AuditReason.SAME_ADMIN
    ended = switch(asked.policy, ApproveForceOff(NOW), TWO)
    assert isinstance(ended, WorkspaceChanged)
    assert (False, Act.FORCE_OFF_APPROVED, AuditReason.NO_PATIENTS) == (
        ended.policy.zero_forced,
        ended.event.act,
        ended.event.reason,
    )


def test_the_force_ends_by_two_people_and_for_what_they_saw() -> None:
    def asked_by(who: Actor) -> WorkspacePolicy:
        outcome = switch(switch(AT_FIRST, Force(), TWO).policy, AskForceOff(WHY), who)  # type: ignore[union-attr]  # changed
        assert isinstance(outcome, WorkspaceChanged)
        return outcome.policy

    asked = asked_by(ONE)
    refused = [
        switch(asked, ApproveForceOff(NOW), AGAIN),
        switch(asked, ApproveForceOff(NOW), GONE),
        switch(asked_by(GONE), ApproveForceOff(NOW), TWO),
        switch(asked, ApproveForceOff(asked.revision - 1), TWO),
    ]

    expected = [
        AuditReason.SAME_ADMIN, AuditReason.NOT_ALLOWED, AuditReason.ASKER_GONE, AuditReason.OTHER_REVISION
    ]  # fmt: skip
    assert expected == [each.reason for each in refused if isinstance(each, WorkspaceRefused)]


def test_the_force_is_for_admins_with_a_token() -> None:
    for who in (Actor(Role.AUDITOR, ONE.token), Actor(Role.ADMIN), Actor(Role.KEEPER)):
        outcome = switch(AT_FIRST, Force(), who)
        assert isinstance(outcome, WorkspaceRefused)
        assert outcome.reason is AuditReason.NOT_ALLOWED


reasons = st.sampled_from([*OffReason, AuditReason.COMPLAINT])
builds = st.sampled_from([BUILD, OTHER, NONE])
requests: st.SearchStrategy[Any] = st.one_of(
    st.builds(AskZeroOff, reasons),
    st.sampled_from([ZeroOn(), ApproveZeroOff(NOW), DenyZeroOff(), GoLive(), ToDraft(), DeleteAgent()]),
    st.builds(CreateAgent, builds),
    st.builds(Rebuild, builds),
    st.builds(SelfTested, builds, st.booleans()),
    st.builds(Proven, builds, st.booleans()),
    st.builds(AskForceOff, reasons),
    st.sampled_from([Force(), ApproveForceOff(NOW), DenyForceOff()]),
)
actors = st.sampled_from([ONE, TWO, AGAIN, GONE, PROVER, KEEPER, Actor(Role.AUDITOR, ONE.token), Actor(Role.ADMIN)])
steps = st.lists(st.tuples(requests, actors), max_size=40)
FORCES = (Force, AskForceOff, ApproveForceOff, DenyForceOff)


@given(st.sampled_from([None, LIVE, ASKED, OFF]), steps)
def test_no_sequence_of_requests_makes_a_live_call_laxer(policy: AgentPolicy | None, asked: list[Any]) -> None:
    workspace = AT_FIRST
    at_answer = [level(policy, workspace)]
    for request, actor in asked:
        if isinstance(request, FORCES):
            forced = switch(workspace, request, actor)
            workspace = forced.policy if isinstance(forced, WorkspaceChanged) else workspace
        else:
            outcome = ask(policy, request, actor, Around(HOUR, workspace))
            policy = outcome.policy if isinstance(outcome, Changed) else policy
        now = level(policy, workspace)
        calls = [effective(held, now) for held in at_answer]
        assert all(call >= held for call, held in zip(calls, at_answer, strict=True))
        assert all(call >= now for call in calls)
        at_answer = [*calls, now]


@given(steps)
def test_zero_retention_ends_only_when_two_admins_wanted_it(asked: list[Any]) -> None:
    policy, workspace, askers = LIVE, AT_FIRST, set[str]()
    for request, actor in asked:
        if isinstance(request, FORCES):
            forced = switch(workspace, request, actor)
            workspace = forced.policy if isinstance(forced, WorkspaceChanged) else workspace
            continue
        before = level(policy, workspace)
        outcome = ask(policy, request, actor, Around(HOUR, workspace))
        if not isinstance(outcome, Changed) or outcome.policy is None:
            continue
        policy = outcome.policy
        if isinstance(request, AskZeroOff):
            askers.add(TOKENS[actor.token].holder)
        if before is Retention.ZERO and level(policy, workspace) is not Retention.ZERO:
            assert isinstance(request, ApproveZeroOff)
            assert askers - {TOKENS[actor.token].holder}
            assert actor is not GONE
            assert not workspace.zero_forced


@given(steps)
def test_no_sequence_brings_an_agent_live_whose_build_has_not_passed(asked: list[Any]) -> None:
    policy: AgentPolicy | None = after()
    passed: dict[type, set[str]] = {SelfTested: set(), Proven: set()}
    for request, actor in asked:
        if not isinstance(request, FORCES):
            outcome = ask(policy, request, actor)
            if isinstance(outcome, Changed):
                policy = outcome.policy
                if isinstance(request, SelfTested | Proven):
                    (passed[type(request)].add if request.passed else passed[type(request)].discard)(request.build)
        for build in (BUILD, OTHER):
            if is_live(policy, build):
                assert build in passed[SelfTested]
                assert build in passed[Proven]
