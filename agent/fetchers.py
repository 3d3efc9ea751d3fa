"""The line's way to nurses, built once: the carrier's REST, the hand-offs, the deletion of what the carrier keeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from agent import on_call
from agent.fetching import Fetch, News
from agent.handoff import Handoff, Handoffs, Voice
from agent.lines import Lines
from agent.on_call import OnCallList
from agent.prepare import Prepared
from agent.settings import Settings
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


def lists_of(settings: Settings, lines: Lines) -> Mapping[str, OnCallList]:
    """By the names of the agents that have one.  Raises `OnCallRefused`."""
    answered = [number for agent in lines.agents for number in agent.numbers]
    return {
        agent.name: on_call.load(settings.on_call, agent.on_call, answered) for agent in lines.agents if agent.on_call
    }


@dataclass(slots=True, eq=False)
class Fetchers:
    """Made by `fetchers_of`."""

    carrier: TwilioCarrier
    handoffs: Handoffs
    deletions: Deletions
    lists: Mapping[str, OnCallList]

    async def run(self) -> None:
        """For as long as calls are taken."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.handoffs.run(), name="handoffs")
                tasks.create_task(self.deletions.run(), name="deletions")
        finally:
            await self.carrier.aclose()

    @property
    def ready(self) -> bool:
        """What records or transcribes was seen switched off: before that no call is taken."""
        return self.deletions.confirmed

    def ended(self, leg: Leg) -> None:
        """Its record at the carrier is deleted as soon as its call is over."""
        self.deletions.ended(leg.call_sid)

    def fetch(self, prepared: Prepared, call_sid: PHI[str], made: Callable[[Handoff], None]) -> Fetch | None:
        """A caller's way; None for an agent that has no list.  made: told of the hand-off when there is one."""
        agent = prepared.agent
        listed = self.lists.get(agent.name)
        if listed is None:
            return None
        voice = Voice(prepared.tts, prepared.ready, prepared.script.voices.phrases)

        def begin(tell: Callable[[News], None]) -> Handoff:
            now = datetime.now(agent.time_zone).time()
            handoff = self.handoffs.fetch(agent.name, listed.at(now), voice, call_sid, tell)
            made(handoff)
            return handoff

        return begin


def fetchers_of(
    settings: Settings, lines: Lines, board: Switchboard, origins: Origins, report: Callable[[Exception], None]
) -> Fetchers | None:
    """None where no nurse is rung by us.  report: told what went wrong by a fault of ours.  Raises `OnCallRefused`."""
    lists = lists_of(settings, lines)
    account = account_of(settings, lines)
    if account is None:
        return None
    carrier = TwilioCarrier(account, started=datetime.now(UTC))
    handoffs = Handoffs(carrier, board, origins, report=report)
    deletions = Deletions(carrier, clock=time.monotonic)
    handoffs.ended = deletions.ended
    handoffs.nurse_lines = {agent.name: agent.nurse_number for agent in lines.agents}
    return Fetchers(carrier, handoffs, deletions, lists)
