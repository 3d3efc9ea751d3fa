"""What the line knows before it starts comes from the keeper, by the launcher; it holds together or is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import lines, vendors
from agent.briefing import Briefing, BriefingRefused, parse
from agent.lines import AgentFileRefused, AgentState
from agent.settings import ROOT
from policies.allowlist import days
from policies.attempts import Came, Kept
from policies.listing import ListRefused, of_snapshot, tables_of
from policies.records import Evidence, EvidenceKind

AGENTS = ROOT / "deploy" / "agents"
HELD = Kept(patient="Zk3vQ0pT7mXs2LhYb9RcNw").placed(20_515).came(Came.BUSY).out()
SHIPPED = vendors.load(ROOT / "deploy" / "allowlist.toml")
AGREED = SHIPPED.having(
    Evidence(
        party="anthropic",
        kind=kind,
        reference=f"C-{kind.value.upper()}",
        tier="enterprise",
        signed=days(date(2026, 1, 1)),
        expires=days(date(2026, 12, 31)),
        retention_days=0,
    )
    for kind in EvidenceKind
)


def made(**changed: Any) -> dict[str, Any]:
    """The keys of an agent that came over the network."""
    table = dict(lines.table_of(AGENTS / "demo.toml"))
    return {
        **table,
        "name": "ward",
        "numbers": ["+12025550188"],
        "knowledge": str(ROOT / "deploy/knowledge"),
        **changed,
    }


def test_the_list_goes_through_a_snapshot_unchanged() -> None:
    assert of_snapshot(json.loads(json.dumps(tables_of(AGREED)))) == AGREED


def test_a_briefing_arrives_as_it_was_given() -> None:
    given = Briefing("ab" * 32, AGREED, {"ward": made()}, frozenset({"demo"}), "cd" * 32, (HELD,))

    assert given == parse(given.to_bytes())
    assert Briefing() == parse(b"") == parse(b"\n")


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[]", b"null", b"words", b'{"transcripts":1,"allowlist":null,"agents":{},"live":[]}',
     b'{"transcripts":"","allowlist":null,"agents":[],"live":[]}',
     b'{"transcripts":"","allowlist":null,"agents":{},"live":[1]}',
     b'{"transcripts":"","allowlist":[],"agents":{},"live":[]}',
     b'{"transcripts":"","allowlist":null,"agents":{},"live":[],"more":1}', b"[" * 100_000,
     b'{"transcripts":"","allowlist":null,"agents":{},"live":[],"refs":"","held":3}',
     b'{"transcripts":"","allowlist":null,"agents":{},"live":[],"refs":"","held":[{"patient":"Maria"}]}'],
)  # fmt: skip
def test_what_is_no_briefing_is_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(BriefingRefused) as refused:
        parse(content)
    assert None is refused.value.__context__


def test_a_list_that_does_not_hold_together_is_refused() -> None:
    tables = tables_of(AGREED)
    tables["evidence"][0]["expires"] = "tomorrow"
    whole = {"transcripts": "", "allowlist": tables, "agents": {}, "live": [], "refs": "", "held": []}

    with pytest.raises(ListRefused, match="expires"):
        parse(json.dumps(whole).encode())


@given(st.binary(max_size=200))
def test_junk_is_a_refusal_or_nothing(junk: bytes) -> None:
    try:
        found = parse(junk)
    except (BriefingRefused, ListRefused):
        return
    assert found == Briefing()


def test_agents_made_over_the_network_answer_beside_those_of_the_folder() -> None:
    answered = Briefing(agents={"ward": made()}).lines(AGENTS)

    assert ["demo", "ward"] == [agent.name for agent in answered.agents]
    assert "ward" == getattr(answered.answering("+12025550188"), "name", None)


def test_a_name_in_both_places_is_refused_in_a_clear_sentence() -> None:
    with pytest.raises(AgentFileRefused, match=r"^demo\.toml: is in the folder of QUIETLINE_AGENTS and in the state's"):
        Briefing(agents={"demo": made(name="demo")}).lines(AGENTS)


def test_an_agent_of_the_network_is_checked_as_a_file_is() -> None:
    with pytest.raises(AgentFileRefused, match="answered by"):
        Briefing(agents={"ward": made(numbers=["+12025550142"])}).lines(AGENTS)
    with pytest.raises(AgentFileRefused, match=r"ward\.toml: name"):
        Briefing(agents={"ward": made(name="other")}).lines(AGENTS)


def test_a_live_agent_that_has_not_left_draft_goes_on_as_one_and_says_so(tmp_path: Path) -> None:
    demo = lines.load(AGENTS).default
    own = "This is the automated assistant of the hospital. Say nurse to reach a person."
    live = dataclasses.replace(demo, state=AgentState.LIVE, greeting=own)
    said, other = Briefing(live=frozenset({"demo"})), Briefing()

    assert (True, False, True) == (said.may_be_live(live), other.may_be_live(live), other.may_be_live(demo))
    assert (live,) == said.as_drafts(lines.Lines((live,))).agents
    (draft,) = other.as_drafts(lines.Lines((live,))).agents
    assert (AgentState.DRAFT, "") == (draft.state, draft.greeting)  # the fixed greeting of a draft says that it is one
