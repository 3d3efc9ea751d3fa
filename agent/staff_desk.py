"""Nurses who call in to say whether they are available: whose call it is, the PIN, what is set.

A call's From is only a hint that such a nurse may be calling, as anybody can forge it: the PIN decides.  It is compared
in constant time, off the loop, and each try is counted before its outcome is known, over all calls from that number.
Nothing that is said in such a call is listened to, and nothing is kept of it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from agent.availability import Availability
from agent.desk_menu import Action as MenuAction
from agent.desk_menu import Check, DeskMenu, Part, Say, Set, Verdict
from agent.handoff import Voice
from agent.keyed_leg import KeyedLeg
from agent.mouth import Mouth
from agent.on_call_file import Nurse
from agent.on_call_lists import OnCallLists
from agent.pins import is_pin
from policies.phi import PHI
from policies.records import NurseStatus
from telephony.leg import Leg
from telephony.switchboard import After, EndDecision

MOST_TRIES: Final = 3
CLOSED_S: Final = 900.0  # as long as the keeper's interface locks a token that was guessed at
MOST_EXPECTED: Final = 256  # calls whose stream has not come; it comes within a second or never
Matches = Callable[[str, PHI[str]], Awaitable[bool]]
"""Is it the PIN of this hash?"""


async def matches_off_the_loop(held: str, keyed: PHI[str]) -> bool:
    return await asyncio.to_thread(is_pin, held, keyed)


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who may be calling."""

    on_call: str
    nurse: Nurse


@dataclass(slots=True)
class _Tries:
    """Wrong PINs from one number."""

    count: int
    last_s: float


class StaffDesk:
    """Of one line."""

    def __init__(
        self,
        lists: OnCallLists,
        availability: Availability,
        digest: Callable[[PHI[str]], bytes],
        clock_s: Callable[[], float],
        matches: Matches = matches_off_the_loop,
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        """digest: of a call SID, keyed: it is held in that form alone.  clock_s: monotonic seconds.

        closed: told each time that wrong PINs have closed a menu.
        """
        self._lists: Final = lists
        self._availability: Final = availability
        self._digest: Final = digest
        self._clock_s: Final = clock_s
        self._matches: Final = matches
        self._closed: Final = closed
        self._expected: Final[OrderedDict[bytes, _Caller]] = OrderedDict()
        self._tries: Final[dict[str, _Tries]] = {}
        """By numbers that stand in a list: as few as there are nurses."""

    def expects(self, agent: str, number: PHI[str], call_sid: PHI[str]) -> bool:
        """Is this call one for the menu?  Then its stream is awaited.  agent: the one that was called."""
        name, listed = self._lists.name(agent), self._lists.of(agent)
        if name is None or listed is None:
            return False
        known = number.reveal()
        nurse = next((each for each in listed.file.nurses if each.pin and each.number == known), None)
        if nurse is None or self._is_closed(nurse):
            return False
        self._expected[self._digest(call_sid)] = _Caller(name, nurse)
        while len(self._expected) > MOST_EXPECTED:
            self._expected.popitem(last=False)
        return True

    async def answer(self, leg: Leg, voice: Voice) -> After:
        """One such call, from its start to its end."""
        caller = self._expected.pop(self._digest(leg.call_sid), None)
        if caller is None:  # awaited no more: the assistant takes her as anybody
            await leg.close()
            return EndDecision.ASSISTANT
        return await _Session(self, caller, leg, voice).run()

    async def verdict(self, caller: _Caller, pin: PHI[str]) -> Verdict:
        """Is it her PIN?  A closed menu takes none, whatever it is."""
        if self._is_closed(caller.nurse):
            return Verdict.WRONG_AT_LAST
        tries = self._tries.setdefault(caller.nurse.number, _Tries(0, 0.0))
        if self._clock_s() - tries.last_s >= CLOSED_S:
            tries.count = 0
        tries.count, tries.last_s = tries.count + 1, self._clock_s()
        if await self._matches(caller.nurse.pin, pin):
            self._tries.pop(caller.nurse.number, None)
            there = self._availability.is_available(caller.on_call, caller.nurse.id)
            return Verdict.RIGHT_AVAILABLE if there else Verdict.RIGHT_AWAY
        if not self._is_closed(caller.nurse):
            return Verdict.WRONG
        self._closed()
        return Verdict.WRONG_AT_LAST

    def set(self, caller: _Caller, *, available: bool) -> None:
        """At once in this line; the others hear of it from the keeper."""
        status = NurseStatus(on_call=caller.on_call, nurse=caller.nurse.id, available=available)
        self._availability.set(status)

    def _is_closed(self, nurse: Nurse) -> bool:
        tries = self._tries.get(nurse.number)
        return tries is not None and tries.count >= MOST_TRIES and self._clock_s() - tries.last_s < CLOSED_S


class _Session:
    """One call at the menu."""

    def __init__(self, desk: StaffDesk, caller: _Caller, leg: Leg, voice: Voice) -> None:
        self._desk: Final = desk
        self._caller: Final = caller
        self._voice: Final = voice
        self._menu: Final = DeskMenu()
        self._keyed: Final = KeyedLeg(leg, Mouth(leg, voice.tts, voice.ready), self)
        self._lost = False

    async def run(self) -> After:
        """Until the stream is over.  Whoever calls from a nurse's number may be a patient: one whose stream breaks is
        put through as any caller is."""
        try:
            after = await self._keyed.run()
            return EndDecision.LOST if self._lost else after
        finally:
            self._menu.forget()

    def _do(self, actions: list[MenuAction]) -> None:
        for action in actions:
            match action:
                case Say(phrases):
                    self._keyed.say([self._voice.phrases[phrase] for phrase in phrases])
                case Check(pin):
                    self._keyed.start(self._check(pin))
                case Set(available):
                    self._desk.set(self._caller, available=available)
                case Part(to):
                    self._keyed.start(self._keyed.part(to))

    async def _check(self, pin: PHI[str]) -> None:
        self._do(self._menu.checked(await self._desk.verdict(self._caller, pin)))

    # -- `agent.keyed_leg.Holder` --------------------------------------------------------------------------------------

    def opened(self) -> None:
        self._do(self._menu.begin())

    def key(self, digit: PHI[str]) -> None:
        self._do(self._menu.key(digit))

    def heard(self) -> None:
        self._do(self._menu.heard())

    def passed(self) -> None:
        self._do(self._menu.passed(speaking=self._keyed.speaking))

    def lost(self) -> None:
        self._lost = True
        self._menu.forget()
