"""Calls are placed where an agent's file, the settings and a carrier that rings nurses all say so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import pytest

from agent import lines, on_call
from agent.campaigns import campaigns_of, standing
from agent.fetchers import Fetchers
from agent.lines import Agent, AgentState, Lines
from agent.on_call_file import Hours
from agent.reach import reach
from agent.settings import ROOT, SettingsRefused, from_environment
from policies.outreach import Standing
from telephony.doors import Origins
from telephony.switchboard import Switchboard
from tests.unit.test_lines import CALLS, write
from tests.unit.test_outreach import Written

NOON: Final = datetime(2026, 3, 3, 12, tzinfo=ZoneInfo("America/New_York"))
LISTED: Final = on_call.load(ROOT / "deploy" / "on_call", "demo", [])
DAY: Final = Hours(time(12), time(19))
ONLY_BY_DAY: Final = on_call.OnCallList(
    replace(LISTED.file, rungs=tuple(replace(rung, hours=DAY) for rung in LISTED.file.rungs))
)
BOARD: Final = Switchboard(calls=4, clock=lambda: 0.0)
ORIGINS: Final = Origins("https://line.example.org", "wss://line.example.org")
URL: Final = "http://127.0.0.1:8092"


@dataclass
class Ready:
    """Of the way to nurses, what is asked here."""

    ready: bool = True


def caller(folder: Path) -> Agent:
    return replace(lines.read(write(folder, **CALLS)), state=AgentState.LIVE)


def now(
    agent: Agent,
    ready: bool = True,
    board: Switchboard = BOARD,
    listed: on_call.OnCallList = LISTED,
    at: datetime = NOON,
) -> Standing:
    return standing(agent, listed.at(at.time()), cast("Fetchers", Ready(ready)), board)


def test_a_live_agent_calls_while_a_nurse_could_take_over(tmp_path: Path) -> None:
    agent = caller(tmp_path)
    full = Switchboard(calls=1, clock=lambda: 0.0)
    draining = Switchboard(calls=4, clock=lambda: 0.0)
    draining.draining = True

    assert Standing(agent_live=True, nurse_free=True) == now(agent)
    assert Standing(agent_live=False, nurse_free=True) == now(replace(agent, state=AgentState.DRAFT))
    without = [
        now(agent, ready=False), now(agent, board=full), now(agent, board=draining),
        now(agent, listed=ONLY_BY_DAY, at=NOON.replace(hour=20)),
    ]  # fmt: skip
    assert [Standing(agent_live=True, nurse_free=False)] * 4 == without


def test_a_draft_calls_over_a_carrier_on_this_machine_and_only_with_a_nurse(tmp_path: Path) -> None:
    draft = replace(caller(tmp_path), state=AgentState.DRAFT)
    listed = LISTED.at(NOON.time())
    ready, unready = (cast("Fetchers", Ready(ready)) for ready in (True, False))

    assert Standing(agent_live=True, nurse_free=True) == standing(draft, listed, ready, BOARD, twin=True)
    assert Standing(agent_live=True, nurse_free=False) == standing(draft, listed, unready, BOARD, twin=True)


@pytest.mark.parametrize(("carrier", "live"), [("http://127.0.0.1:8093", True), (None, False)])
def test_whether_the_carrier_is_on_this_machine_is_what_the_settings_say(
    tmp_path: Path, carrier: str | None, live: bool
) -> None:
    draft = replace(caller(tmp_path), state=AgentState.DRAFT)
    given = {"QUIETLINE_CONTACTS_URL": URL} | ({} if carrier is None else {"QUIETLINE_CARRIER_URL": carrier})
    deletions = SimpleNamespace(ended=lambda _: None)
    fetchers = SimpleNamespace(carrier=None, deletions=deletions, ready=True, on_call=lambda _: LISTED.at(NOON.time()))
    made = campaigns_of(from_environment(given), Lines((draft,)), cast("Fetchers", fetchers), BOARD, ORIGINS, Written())

    assert made is not None
    assert Standing(agent_live=live, nurse_free=True) == made.calling.standing()


def test_production_has_no_carrier_on_this_machine() -> None:
    with pytest.raises(SettingsRefused, match="QUIETLINE_CARRIER_URL"):
        from_environment({"QUIETLINE_PROFILE": "production", "QUIETLINE_CARRIER_URL": "http://127.0.0.1:8093"})


def test_without_days_a_list_or_nurses_no_call_is_placed(tmp_path: Path) -> None:
    agent = caller(tmp_path)
    listed, unlisted = from_environment({"QUIETLINE_CONTACTS_URL": URL}), from_environment({})
    quiet = replace(agent, outreach=None)

    def made(settings: Any, of: Agent, fetchers: Any) -> Any:
        return campaigns_of(settings, Lines((of,)), fetchers, BOARD, ORIGINS, Written())

    assert made(listed, agent, None) is None
    assert made(unlisted, agent, Ready()) is None
    assert made(listed, quiet, Ready()) is None


@pytest.mark.parametrize("url", ["http://10.0.0.1:8092", "https://127.0.0.1:8092", "http://127.0.0.1", URL + "/x"])
def test_contacts_are_on_this_machine_alone(url: str) -> None:
    with pytest.raises(SettingsRefused, match="QUIETLINE_CONTACTS_URL"):
        from_environment({"QUIETLINE_CONTACTS_URL": url})


def test_the_line_may_reach_the_contacts_port() -> None:
    assert (8092,) == reach(from_environment({"QUIETLINE_CONTACTS_URL": URL}), [], {}).ports
