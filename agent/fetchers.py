"""The line's way to nurses, built once: the carrier's REST, the hand-offs, the deletion of what the carrier keeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from agent.availability import Availability
from agent.fetching import Fetch, News, Promising
from agent.handoff import Handoff, Handoffs, Voice
from agent.lines import Agent, Lines
from agent.on_call import OnCall
from agent.on_call_lists import OnCallLists, Told
from agent.prepare import Prepared
from agent.promises import Promises, can_be_called
from agent.settings import Settings
from agent.staff_desk import StaffDesk
from policies import brief
from policies.phi import PHI
from telephony.deletion import Deletions
from telephony.doors import Origins
from telephony.leg import Leg
from telephony.numbers import Wanted
from telephony.rest import CarrierAccount, TwilioCarrier
from telephony.switchboard import Switchboard
from telephony.webhooks import STATUS


def account_of(settings: Settings, lines: Lines) -> CarrierAccount | None:
    """Twilio's in production, where its account is named; in development a twin on this machine, where one is.

    None: no nurse is rung by us, the carrier dials the agent's nurse line.
    """
    numbers = tuple(dict.fromkeys(number for agent in lines.agents for number in agent.numbers))
    wanted = any(agent.on_call for agent in lines.agents)
    reached = settings.carrier_url is not None or not settings.development
    if (
        not (wanted and reached and numbers)
        or settings.twilio_account_sid is None
        or settings.twilio_auth_token is None
    ):
        return None
    return CarrierAccount(
        sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        caller_id=numbers[0],
        numbers=numbers,
        wanted=wanted_of(settings),
        base_url=settings.carrier_url,
        egress_port=None if settings.carrier_url is not None else settings.egress_port,
    )


def wanted_of(settings: Settings) -> Wanted:
    """The carrier reaches us by a name only in production: elsewhere its numbers are left as they are."""
    host = urlsplit(settings.origin).hostname or ""
    status_url = "" if settings.development else settings.origin + STATUS
    return Wanted(status_url, settings.fallback_url or "", (host,))


def lists_of(settings: Settings, lines: Lines, told: Told) -> OnCallLists:
    """Those of the agents that have one.  told: as `OnCallLists`.  Raises `OnCallRefused`."""
    answered = [number for agent in lines.agents for number in agent.numbers]
    names = {agent.name: agent.on_call for agent in lines.agents if agent.on_call}
    return OnCallLists(settings.on_call, names, answered, told)


@dataclass(slots=True, eq=False)
class Fetchers:
    """Made by `fetchers_of`."""

    carrier: TwilioCarrier
    handoffs: Handoffs
    deletions: Deletions
    lists: OnCallLists
    availability: Availability
    desk: StaffDesk
    promises: Promises

    async def run(self) -> None:
        """For as long as calls are taken."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.handoffs.run(), name="handoffs")
                tasks.create_task(self.deletions.run(), name="deletions")
                tasks.create_task(self.lists.run(), name="on-call-lists")
        finally:
            await self.carrier.aclose()

    @property
    def ready(self) -> bool:
        """What records or transcribes was seen switched off: before that no call is taken."""
        return self.deletions.confirmed

    def ended(self, leg: Leg) -> None:
        """Its record at the carrier is deleted as soon as its call is over."""
        self.deletions.ended(leg.call_sid)

    def on_call(self, agent: Agent) -> OnCall:
        """Who may be rung at this moment.  agent: one that has a list."""
        listed = self.lists.of(agent.name)
        assert listed is not None  # `fetch` has looked, and no agent loses its list
        away = self.availability.away(self.lists.name(agent.name) or "")
        return listed.at(datetime.now(agent.time_zone).time(), away)

    def fetch(self, prepared: Prepared, call_sid: PHI[str], made: Callable[[Handoff], None]) -> Fetch | None:
        """A caller's way; None for an agent that has no list.  made: told of the hand-off when there is one."""
        agent = prepared.agent
        if self.lists.of(agent.name) is None:
            return None
        voice = voice_of(prepared)

        def begin(tell: Callable[[News], None]) -> Handoff:
            handoff = self.handoffs.fetch(agent.name, self.on_call(agent), voice, call_sid, tell)
            made(handoff)
            return handoff

        return begin

    def promising(self, prepared: Prepared, caller: PHI[str] | None) -> Promising | None:
        """The way to be called back; None for who can't be."""
        listed = self.lists.of(prepared.agent.name) is not None
        if not listed or caller is None or not can_be_called(caller):
            return None
        return _CallBack(self, prepared, caller)

    def promise(self, prepared: Prepared, number: PHI[str], told: brief.Told) -> None:
        """Nurses are called until one takes it, each time whoever is on call and available by then."""
        agent = prepared.agent
        self.promises.make(agent.name, number, voice_of(prepared), lambda: self.on_call(agent), told)


@dataclass(frozen=True, slots=True, eq=False)
class _CallBack:
    """See `agent.fetching.Promising`."""

    fetchers: Fetchers
    prepared: Prepared
    number: PHI[str]

    def make(self, told: brief.Told) -> None:
        self.fetchers.promise(self.prepared, self.number, told)

    @property
    def ready(self) -> bool:
        return not (self.fetchers.handoffs.board.draining or self.fetchers.promises.full)


def voice_of(prepared: Prepared) -> Voice:
    """How an agent speaks to nurses."""
    return Voice(prepared.tts, prepared.ready, prepared.script.voices.phrases)


def fetchers_of(
    settings: Settings,
    lines: Lines,
    board: Switchboard,
    origins: Origins,
    report: Callable[[Exception], None],
    told: Told,
    availability: Availability,
    closed: Callable[[], None],
) -> Fetchers | None:
    """None where no nurse is rung by us.  report: told what went wrong by a fault of ours.  told: as `OnCallLists`.

    availability: of the nurses, shared with the bus.  closed: as `StaffDesk`.  Raises `OnCallRefused`.
    """
    lists = lists_of(settings, lines, told)
    account = account_of(settings, lines)
    if account is None:
        return None
    carrier = TwilioCarrier(account, started=datetime.now(UTC))
    handoffs = Handoffs(carrier, board, origins, report=report)
    deletions = Deletions(carrier, clock=time.monotonic)
    handoffs.ended = deletions.ended
    handoffs.nurse_lines = {agent.name: agent.nurse_number for agent in lines.agents}
    handoffs.caller_ids = {agent.name: agent.numbers[0] for agent in lines.agents if agent.numbers}
    desk = StaffDesk(lists, availability, board.seen.digest, time.monotonic, closed=closed)
    return Fetchers(carrier, handoffs, deletions, lists, availability, desk, Promises(handoffs))
