"""Fetches a nurse for a caller who stays with the agent: runs `telephony.transfer`, and does what it decides.

A `Handoff` is one caller's; it outlives her stream, for she may come back from the room.  Words are held for the brief
alone, asked for when a nurse has pressed 1, spoken on her leg, and dropped.  Call SIDs and numbers stay in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from agent.engines.ports import TextToSpeech
from agent.fetching import News
from agent.mouth import Mouth
from agent.nurse_leg import NurseLeg
from agent.on_call import OnCall
from agent.phrases import Phrase
from agent.tally import Tally
from policies.brief import Told
from policies.guardrails import Sayable, for_the_nurse
from policies.phi import PHI
from policies.records import Transferred
from telephony import twiml
from telephony.audio import AudioFrame
from telephony.doors import Origins
from telephony.leg import Leg
from telephony.placing import Carrier, CarrierFailed
from telephony.rooms import CallStatus
from telephony.switchboard import After, EndDecision, Role, Room, Switchboard, fresh_ref
from telephony.tokens import Purpose
from telephony.transfer import (
    Action,
    ForNurse,
    ForPatient,
    NurseAction,
    NurseEvent,
    NurseState,
    Outcome,
    PatientAction,
    PatientEvent,
    Phase,
    Times,
    Transfer,
)
from telephony.webhooks import AFTER_NURSE, ENDED, MEDIA, NURSE, connecting

MOST_END_TRIES: Final = 3
AGAIN_S: Final = 1.0
JOIN_SEEN_S: Final = 1.0  # the carrier tells within a second who came into a room
LOOKS_S: Final = (1.0, 2.0, 3.0)  # between looks for a nurse whose leaving nobody told: nobody waits alone for 10 s
SETTLED: Final = (Phase.TOGETHER, Phase.NOBODY, Phase.STOPPED, Phase.LEFT, Phase.DROPPED)
COMES_BACK_S: Final = 30.0  # out of a room: `Times.alone_ms`, the tries to fetch her, a token's life
LONGEST_S: Final = 3_600  # of a nurse's call

SAYS: Final = {
    NurseAction.SAY_OFFER: Phrase.OFFER_CALLER,
    NurseAction.SAY_KEYS: Phrase.BRIEF_KEYS,
    NurseAction.SAY_TAKEN: Phrase.CALLER_TAKEN,
    NurseAction.SAY_THANKS: Phrase.CALLER_DECLINED,
    NurseAction.SAY_PATIENT_LEFT: Phrase.CALLER_LEFT,
}
TELLS: Final = {
    PatientAction.TELL_TRYING: News.OTHERS,
    PatientAction.TELL_FOUND: News.FOUND,
    PatientAction.TELL_COMING: News.COMING,
    PatientAction.TELL_LOST: News.ALONE,
    PatientAction.JOIN: News.JOIN,
    PatientAction.TELL_NOBODY: News.NOBODY,
}
TRANSFERRED: Final = {
    Phase.NOBODY: Transferred.NOBODY,
    Phase.STOPPED: Transferred.STOPPED,
    Phase.DROPPED: Transferred.DROPPED,
}
STATUS: Final[Mapping[CallStatus, NurseEvent]] = {
    CallStatus.RINGING: NurseEvent.RINGS,
    CallStatus.BUSY: NurseEvent.BUSY,
    CallStatus.NO_ANSWER: NurseEvent.NO_ANSWER,
    CallStatus.FAILED: NurseEvent.REFUSED,
    CallStatus.COMPLETED: NurseEvent.ENDED,
    CallStatus.CANCELED: NurseEvent.ENDED,
}
"""`initiated`, `queued` and `in-progress` say nothing that her stream does not say better."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """How an agent speaks to nurses."""

    tts: TextToSpeech
    ready: Callable[[Sayable], Sequence[AudioFrame] | None]
    phrases: Mapping[Phrase, Sayable]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of fetching a nurse, for the record: no name, no number."""

    phase: Phase
    outcomes: tuple[Outcome, ...]
    to_person_ms: int
    """From the first ring to both being in the room; 0 where that never was."""


@dataclass(slots=True, eq=False)
class _Called:
    """One nurse's leg."""

    ref: str
    sid: PHI[str] | None = None
    stream: NurseLeg | None = None
    end_wanted: bool = False
    in_room: bool = False


class Handoff:
    """One caller's; made by `Handoffs`."""

    def __init__(
        self,
        home: Handoffs,
        on_call: OnCall,
        voice: Voice,
        agent: str,
        patient_sid: PHI[str] | None,
        tell: Callable[[News], None],
        times: Times,
    ) -> None:
        """patient_sid: None where she is called herself once a nurse has accepted, see `patient_is`."""
        self._home: Final = home
        self._on_call: Final = on_call
        self._voice: Final = voice
        self._agent: Final = agent
        self._tell: Final = tell
        self._transfer: Final = Transfer(on_call.ladder, times)
        self._called: Final[dict[int, _Called]] = {}
        self._told: Callable[[], Told] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began_ms = 0.0
        self._together_ms = 0.0
        self.settled: Final = asyncio.Event()
        """Whether patient and nurse are together is known."""
        self._forgotten = False
        self.room: Final = fresh_ref()
        self._patient_sid = patient_sid

    # -- `agent.fetching.Fetching` -------------------------------------------------------------------------------------

    def begin(self, told: Callable[[], Told]) -> None:
        self._told = told
        self._began_ms = self._now_ms()
        self._home.keep(self)
        self._do(self._transfer.begin(self._began_ms))

    def patient_is(self, call_sid: PHI[str]) -> None:
        """She has been called, and is about to be let in."""
        self._patient_sid = call_sid

    def told(self) -> None:
        self.patient(PatientEvent.TOLD)

    def stop(self) -> None:
        self.patient(PatientEvent.STOPS)

    def gone(self) -> None:
        self.patient(PatientEvent.GONE)

    # -- events --------------------------------------------------------------------------------------------------------

    @property
    def fetched(self) -> Fetched:
        spent = int(self._together_ms - self._began_ms) if self._together_ms else 0
        return Fetched(self._transfer.phase, self._transfer.outcomes, spent)

    def count(self, tally: Tally) -> None:
        """Into the record of the call: closed words, counts and a time; nothing where nobody was rung."""
        if not self._began_ms:
            return
        found = self.fetched
        tally.transfer = Transferred.TOGETHER if found.to_person_ms else TRANSFERRED.get(found.phase, Transferred.LEFT)
        tally.to_person_ms = found.to_person_ms
        tally.nurses.update(found.outcomes)

    @property
    def phase(self) -> Phase:
        return self._transfer.phase

    @property
    def fetches(self) -> bool:
        """Nurses are rung for a patient who waits."""
        return self._patient_sid is not None and self.phase in (Phase.FETCHING, Phase.TAKEN)

    def nurse(self, leg: int, event: NurseEvent) -> None:
        called = self._called.get(leg)
        self._do(self._transfer.nurse(leg, event, self._now_ms()))
        if called is not None and self._transfer.state(leg) is NurseState.OVER:
            self._home.board.uninvite_nurse(called.ref)  # the place is another's now
            if called.sid is not None:
                self._home.ended(called.sid)

    def patient(self, event: PatientEvent) -> None:
        self._do(self._transfer.patient(event, self._now_ms()))

    def awaits(self, role: Role) -> bool:
        """Somebody is to come into the room: the patient where a nurse is there, or a nurse who has accepted."""
        phases = (Phase.JOINING, Phase.TOGETHER) if role is Role.PATIENT else (Phase.COMING, Phase.JOINING)
        return self._transfer.holder is not None and self._transfer.phase in phases

    async def sent(self, role: Role, call_sid: PHI[str]) -> None:
        """The carrier asked where a call goes and was told the room; should its word of it be lost, this is it."""
        await asyncio.sleep(JOIN_SEEN_S)
        self.entered(role, call_sid)
        if role is Role.PATIENT:
            await self._look_for_the_nurse()

    async def _look_for_the_nurse(self) -> None:
        """Is she still there to whom the patient was sent?  The carrier's word that she left may be late or lost.

        Once both are in the room it ends for the patient when the nurse leaves, told or not.
        """
        for wait_s in LOOKS_S:
            called = self._called.get(-1 if self._transfer.holder is None else self._transfer.holder)
            if called is None or called.sid is None:
                return
            live = True
            with contextlib.suppress(CarrierFailed):
                live = await self._home.carrier.live(called.sid)
            if not live and self._transfer.holder is not None:
                self.nurse(self._transfer.holder, NurseEvent.ENDED)
                return
            await asyncio.sleep(wait_s)

    def entered(self, role: Role, call_sid: PHI[str]) -> None:
        """The carrier says that somebody is in the room."""
        if role is Role.PATIENT:
            self.patient(PatientEvent.ENTERED)
        else:
            self._of_call(call_sid, NurseEvent.ENTERED)

    def left(self, role: Role, call_sid: PHI[str]) -> None:
        if role is Role.PATIENT:
            self.patient(PatientEvent.GONE)
        else:
            self._of_call(call_sid, NurseEvent.LEFT)

    def _of_call(self, call_sid: PHI[str], event: NurseEvent) -> None:
        """What is told late of a nurse who is gone is not of her who came after her."""
        digest = self._home.board.seen.digest
        meant = digest(call_sid)
        for number, called in self._called.items():
            if called.sid is not None and digest(called.sid) == meant:
                called.in_room |= event is NurseEvent.ENTERED
                self.nurse(number, event)
                return

    async def answer(self, number: int, leg: Leg) -> After:
        """A nurse's stream, from its start to its end."""
        called = self._called[number]
        called.sid = leg.call_sid
        mouth = Mouth(leg, self._voice.tts, self._voice.ready)
        called.stream = NurseLeg(leg, mouth, lambda event: self.nurse(number, event))
        try:
            return await called.stream.run()
        finally:
            called.stream = None

    # -- actions -------------------------------------------------------------------------------------------------------

    def _do(self, actions: Sequence[Action]) -> None:
        if self._forgotten:
            return
        for action in actions:
            if isinstance(action, ForNurse):
                self._for_nurse(action)
            else:
                self._for_patient(action)
        if self._transfer.phase is Phase.TOGETHER and not self._together_ms:
            self._together_ms, self._told = self._now_ms(), None
        if self._transfer.phase is Phase.DROPPED and self._told is not None and self._patient_sid is not None:
            self._home.part_unmet(self._patient_sid, self._told())
            self._told = None
        if self._transfer.phase in SETTLED:
            self.settled.set()
        self._set_timer()
        if self._transfer.over:
            self._told = None
            self._home.drop(self)

    def _for_patient(self, action: ForPatient) -> None:
        if action.action is PatientAction.JOIN and self._told is not None:
            told = self._told()  # her call ends and forgets it; held until they have met
            self._told = lambda: told
        if action.action is not PatientAction.BRING_BACK:
            self._tell(TELLS[action.action])
        elif self._patient_sid is not None:  # the room asks for nothing: her call is taken out of it
            self._home.start(self._home.bring_back(self._patient_sid, self._agent))

    def _for_nurse(self, action: ForNurse) -> None:
        match action.action:
            case NurseAction.PLACE:
                called = self._called[action.leg] = _Called(fresh_ref())
                self._home.know(called.ref, self, action.leg)
                self._home.start(self._place(action, called))
            case NurseAction.SAY_BRIEF:
                if self._told is not None:
                    self._say(action.leg, for_the_nurse(self._told()))
            case NurseAction.JOIN:
                self._part(action.leg, Room(self.room, Role.NURSE, calling=self._patient_sid is None))
            case NurseAction.HANG_UP:
                self._part(action.leg, EndDecision.GOODBYE)
                self._home.start(self._end(self._called[action.leg]))
            case said:
                self._say(action.leg, (self._voice.phrases[SAYS[said]],))

    def _say(self, leg: int, sentences: Sequence[Sayable]) -> None:
        stream = self._called[leg].stream
        if stream is not None:
            stream.say(sentences)

    def _part(self, leg: int, after: After) -> None:
        stream = self._called[leg].stream
        if stream is not None:
            self._home.start(stream.part(after))

    async def _place(self, action: ForNurse, called: _Called) -> None:
        ring_s = self._ring_s(action.nurse)
        token = self._home.board.invite_nurse(called.ref, self._agent, ring_s)
        if token is None:
            self.nurse(action.leg, NurseEvent.REFUSED)
            return
        origins = self._home.origins
        document = twiml.nurse_leg(origins.stream + MEDIA, origins.web + ENDED, token)
        event = NurseEvent.PLACED
        try:
            called.sid = await self._home.carrier.place(
                self._on_call.numbers[action.nurse],
                document,
                ring_s=int(ring_s),
                status_url=origins.web + NURSE + called.ref,
                limit_s=LONGEST_S,
            )
        except CarrierFailed as failed:
            event = NurseEvent.UNKNOWN if failed.reason.in_doubt else NurseEvent.REFUSED
        if called.end_wanted:
            await self._end(called)
        self.nurse(action.leg, event)

    def _ring_s(self, nurse: int) -> float:
        return max((rung.ring_ms for rung in self._on_call.ladder if nurse in rung.nurses), default=0) / 1000

    async def _end(self, called: _Called) -> None:
        """A carrier that does not answer is asked again; after that her call's own limit ends it."""
        called.end_wanted = True
        self._home.board.uninvite_nurse(called.ref)
        if called.sid is not None:  # else `_place` goes on with it when the carrier has named the call
            await self._home.end_call(called.sid, called.in_room)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1000

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self._transfer.due_ms
        if due_ms is not None and due_ms != float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(due_ms / 1000, self._time_is_up, due_ms)

    def _time_is_up(self, due_ms: float) -> None:
        self._timer = None
        try:  # a clock of seconds may show a hair less than the moment that it was set to
            self._do(self._transfer.at(max(due_ms, self._now_ms())))
        except Exception as error:  # noqa: BLE001  # time goes on for everybody else in it
            self._home.report(error)
            self._set_timer()

    def sids(self) -> Sequence[PHI[str]]:
        """Of the calls to nurses that the carrier has named."""
        return [called.sid for called in self._called.values() if called.sid is not None]

    def forget(self) -> None:
        """No word, no number and no timer of it stays; what it is told from now on changes nothing."""
        self._forgotten = True
        if self._timer is not None:
            self._timer.cancel()
        self._told = None
        self._called.clear()
        self._patient_sid = None


@dataclass(slots=True, eq=False)
class Handoffs:
    """Those of the process; the `telephony.rooms.Rooms` of its webhooks."""

    carrier: Carrier
    board: Switchboard
    origins: Origins
    times: Times = field(default_factory=Times)
    report: Callable[[Exception], None] = lambda _: None
    """Told what went wrong by a fault of ours."""
    ended: Callable[[PHI[str]], None] = lambda _: None
    """Told of each call to a nurse that is over, answered or not."""
    nurse_lines: Mapping[str, str] = field(default_factory=dict)
    """The number that is dialled where all else fails, by the agent's name."""
    forgets: Callable[[], None] = lambda: None
    """Whatever else is held here for nurses and callers."""
    others: dict[str, Callable[[str, CallStatus], None]] = field(default_factory=dict)
    """Told of calls that are no nurse's, by their references."""
    caller_ids: Mapping[str, str] = field(default_factory=dict)
    """The number that patients see who are called back, by the agent's name."""
    _unmet: dict[bytes, Told] = field(default_factory=dict)
    _by_leg: dict[str, tuple[Handoff, int]] = field(default_factory=dict)
    _by_room: dict[str, Handoff] = field(default_factory=dict)
    _tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Owns every task of every hand-off, until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await asyncio.Event().wait()
        finally:
            self._tasks = None
            for handoff in self._by_room.values():
                handoff.forget()
            self.forgets()

    @property
    def runs(self) -> bool:
        """Somebody is there to do what is decided."""
        return self._tasks is not None

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """False: there is nobody any more to do it."""
        if self._tasks is None:
            work.close()
            return False
        self._tasks.create_task(self._guarded(work), name="handoff")
        return True

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A fault in one hand-off ends no other: each state of its own ends in time."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  # of it class and place alone are kept
            self.report(error)

    @property
    def busy(self) -> bool:
        """Nurses are called for somebody who is on the line."""
        return any(handoff.fetches for handoff in self._by_room.values())

    def fetch(
        self,
        agent: str,
        on_call: OnCall,
        voice: Voice,
        patient_sid: PHI[str] | None,
        tell: Callable[[News], None],
        times: Times | None = None,
    ) -> Handoff:
        """One caller's way to a nurse.  times: None for those of all."""
        return Handoff(self, on_call, voice, agent, patient_sid, tell, times or self.times)

    def unmet(self, call_sid: PHI[str]) -> Told | None:
        """What the nurse was to hear of a caller who has come back without having met her; told once."""
        return self._unmet.pop(self.board.seen.digest(call_sid), None)

    def part_unmet(self, call_sid: PHI[str], told: Told) -> None:
        """The nurse left before they met, and the patient comes back within seconds, or never."""
        digest = self.board.seen.digest(call_sid)
        self._unmet[digest] = replace(told, call_back=False)
        asyncio.get_running_loop().call_later(COMES_BACK_S, self._unmet.pop, digest, None)

    async def end_call(self, call_sid: PHI[str], in_room: bool = False) -> None:
        """Tried again; the call's own bound ends it after that.  in_room: it is told that the other one isn't there."""
        for _ in range(MOST_END_TRIES):
            try:
                if not in_room or not await self.carrier.redirect(call_sid, twiml.other_left()):
                    await self.carrier.end(call_sid)
            except CarrierFailed:
                in_room = False
                await asyncio.sleep(AGAIN_S)
            else:
                return

    def keep(self, handoff: Handoff) -> None:
        self._by_room[handoff.room] = handoff

    def know(self, ref: str, handoff: Handoff, leg: int) -> None:
        self._by_leg[ref] = (handoff, leg)

    def drop(self, handoff: Handoff) -> None:
        """Nothing can happen to it any more."""
        self._by_room.pop(handoff.room, None)
        for ref in [ref for ref, (whose, _) in self._by_leg.items() if whose is handoff]:
            del self._by_leg[ref]
        for sid in handoff.sids():
            self.ended(sid)
        handoff.forget()

    async def answer(self, leg: Leg) -> After:
        """A nurse's stream."""
        found = self._by_leg.get(leg.ref)
        if found is None:
            await leg.close()
            return EndDecision.GOODBYE
        handoff, number = found
        return await handoff.answer(number, leg)

    async def bring_back(self, call_sid: PHI[str], agent: str) -> None:
        """Out of a room that nobody ends: to the agent.  Tried again; her call's own end is the bound."""
        nurse_line = self.nurse_lines.get(agent)
        for _ in range(MOST_END_TRIES):
            token = self.board.invite(Purpose.BACK, agent, call_sid)
            if token is not None:
                with contextlib.suppress(CarrierFailed):
                    await self.carrier.redirect(call_sid, connecting(self.origins, token, nurse_line, again=True))
                    return
            await asyncio.sleep(AGAIN_S)
        if nurse_line is not None:  # to a person rather than nowhere
            with contextlib.suppress(CarrierFailed):
                await self.carrier.redirect(call_sid, twiml.lost(nurse_line, self.origins.web + AFTER_NURSE))

    # -- `telephony.rooms.Rooms` ---------------------------------------------------------------------------------------

    def status(self, leg: str, status: CallStatus) -> None:
        other = self.others.get(leg)
        if other is not None:
            other(leg, status)
        found, event = self._by_leg.get(leg), STATUS.get(status)
        if found is not None and event is not None:
            handoff, number = found
            handoff.nurse(number, event)

    def sent(self, room: str, role: Role, call_sid: PHI[str]) -> bool:
        handoff = self._by_room.get(room)
        if handoff is None or not handoff.awaits(role):
            return False
        self.start(handoff.sent(role, call_sid))
        return True

    def entered(self, room: str, role: Role, call_sid: PHI[str]) -> None:
        handoff = self._by_room.get(room)
        if handoff is not None:
            handoff.entered(role, call_sid)

    def left(self, room: str, role: Role, call_sid: PHI[str]) -> None:
        handoff = self._by_room.get(room)
        if handoff is not None:
            handoff.left(role, call_sid)

    def back(self, room: str) -> None:
        handoff = self._by_room.get(room)
        if handoff is not None:
            handoff.patient(PatientEvent.BACK)
