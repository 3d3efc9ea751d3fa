"""The calls that one agent of this line places, built once: whom the hospital lists, the rules, and what rings them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.books import Books
from agent.calling_out import CallingOut
from agent.contacts import LocalContacts
from agent.fetchers import Fetchers
from agent.lines import Agent, AgentState, Lines
from agent.on_call import OnCall
from agent.outreach import Outreach
from agent.placed import PlacedCalls
from agent.settings import Settings
from policies.attempts import Kept
from policies.outreach import Standing
from telephony.doors import Origins
from telephony.switchboard import Switchboard


@dataclass(frozen=True, slots=True, eq=False)
class Campaigns:
    """Made by `campaigns_of`."""

    placed: PlacedCalls
    calling: CallingOut


def campaigns_of(
    settings: Settings,
    lines: Lines,
    fetchers: Fetchers | None,
    board: Switchboard,
    origins: Origins,
    books: Books,
    kept: Iterable[Kept] = (),
) -> Campaigns | None:
    """None where no agent places calls, nobody lists whom to call, or no nurse is rung by us.

    kept: what is held of each patient from before.
    """
    agent = next((agent for agent in lines.agents if agent.outreach is not None), None)
    if agent is None or agent.outreach is None or settings.contacts_url is None or fetchers is None:
        return None
    placed = PlacedCalls(
        agent,
        agent.outreach,
        fetchers.carrier,
        board,
        origins,
        fetchers.deletions.ended,
        settings.limits.call_s,
    )
    calling = CallingOut(
        Outreach(agent.outreach.campaign, kept),
        LocalContacts(settings.contacts_url),
        placed,
        books,
        lambda: standing(agent, fetchers.on_call(agent), fetchers, board, twin=settings.carrier_url is not None),
    )
    return Campaigns(placed, calling)


def standing(agent: Agent, on_call: OnCall, fetchers: Fetchers, board: Switchboard, *, twin: bool = False) -> Standing:
    """What holds on our side: a draft calls nobody, and no call is placed that could not be taken over by a nurse.

    Nor is one while the line drains, while what the carrier keeps isn't known to be off, and while only the places are
    left that are kept for callers.  on_call: who may be rung now, and is available.  twin: the carrier is one on this
    machine, with no patient behind it, as in development alone: a draft may call there.
    """
    nurse_free = fetchers.ready and board.spare and bool(on_call.ladder)
    return Standing(agent_live=twin or agent.state is AgentState.LIVE, nurse_free=nurse_free)
