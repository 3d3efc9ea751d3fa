"""Keeps promises: a nurse is called until one takes it, then the patient who was promised her; in memory only.

Runs `telephony.promise`, with a hand-off of its own for each round of nurses, and does what it decides.  Of a promise
its number and the words of the brief are held until it is over; the process's end loses them, and she was told so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from agent.fetching import News
from agent.handoff import LONGEST_S, Handoff, Handoffs, Voice
from agent.mouth import Mouth
from agent.nurse_leg import NurseLeg
from agent.on_call import OnCall
from agent.phrases import Phrase
from policies.brief import Told
from policies.guardrails import OWN_NUMBER
from policies.phi import PHI
from telephony import promise, twiml
from telephony.leg import Leg
from telephony.placing import CarrierFailed
from telephony.promise import Action, Event, Promise, State
from telephony.rooms import OVER, CallStatus
from telephony.switchboard import After, EndDecision, Role, Room, fresh_ref
from telephony.tokens import Purpose
from telephony.transfer import NurseEvent, Phase
from telephony.transfer import Times as TransferTimes
from telephony.webhooks import ENDED, MEDIA, NURSE

MOST_PAGING: Final = 2  # promises for which nurses are called at the same time
MOST: Final = 64  # promises at once: more cannot be kept by the nurses of one night
RING_S: Final = 25  # five rings, before most voicemails
APOLOGY_S: Final = 2.0  # for the carrier to take an order, while the process ends
APOLOGY_CALL_S: Final = 60  # its words take 20 s
AGAIN_S: Final = 3.0  # of silence, then what she was asked is said once more

OF_NEWS: Final = {News.COMING: Event.TAKEN, News.ALONE: Event.NURSE_LOST, News.NOBODY: Event.NOBODY}
OF_PHASE: Final = {Phase.TOGETHER: Event.MET, Phase.DROPPED: Event.BACK}
OF_KEYS: Final = {NurseEvent.ONE: Event.ONE, NurseEvent.TWO: Event.TWO, NurseEvent.LOST: Event.NO_ANSWER}


def can_be_called(number: PHI[str] | None) -> bool:
    """A telephone of the North American plan; a caller who withholds hers has none, nor has a number of chance."""
    return number is not None and number.map(lambda text: OWN_NUMBER.fullmatch(text) is not None).reveal()


@dataclass(slots=True, eq=False)
class _Called:
    """One call to the patient."""

    ref: str
    sid: PHI[str] | None = None
    stream: NurseLeg | None = None
    end_wanted: bool = False
    says: Phrase | None = None
    times: int = 0
    """How often she was asked."""


class Promised:
    """One patient's."""

    def __init__(
        self, home: Promises, agent: str, number: PHI[str], voice: Voice, on_call: Callable[[], OnCall]
    ) -> None:
        self._home: Final = home
        self._agent: Final = agent
        self._voice: Final = voice
        self._on_call: Final = on_call
        self._promise: Final = Promise(home.times)
        self._told: Told | None = None
        self._handoff: Handoff | None = None
        self._called: _Called | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.number: PHI[str] | None = number

    @property
    def state(self) -> State:
        return self._promise.state

    @property
    def holds_nurses(self) -> bool:
        """Nurses are rung for it, or one waits."""
        return self._handoff is not None

    def begin(self, told: Told) -> None:
        self.hears(told)
        self._do(self._promise.begin(self._now_ms()))

    def hears(self, told: Told) -> None:
        """What the nurse is to hear now."""
        self._told = replace(told, call_back=True)

    def on(self, event: Event) -> None:
        self._do(self._promise.on(event, self._now_ms()))

    def status(self, ref: str, status: CallStatus) -> None:
        called = self._called
        if called is not None and called.ref == ref and status in OVER:
            if called.sid is not None:
                self._home.handoffs.ended(called.sid)
            self.on(Event.NO_ANSWER)

    async def answer(self, leg: Leg) -> After:
        """The stream of a call to her.  Nothing that is said is listened to: keys are the answer."""
        called = self._called
        if called is None or called.ref != leg.ref or called.end_wanted or self.state is not State.RINGING:
            return await self._too_late(leg)
        called.sid = leg.call_sid
        try:
            return await self._on_stream(called, leg)
        finally:
            called.stream = None

    async def _too_late(self, leg: Leg) -> After:
        """She picks up in the moment in which it is given up."""
        return await self._on_stream(_Called(leg.ref, leg.call_sid), leg)

    async def _on_stream(self, called: _Called, leg: Leg) -> After:
        mouth = Mouth(leg, self._voice.tts, self._voice.ready)
        called.stream = NurseLeg(leg, mouth, lambda event: self._of_leg(called, event))
        return await called.stream.run()

    def _of_leg(self, called: _Called, event: NurseEvent) -> None:
        if called is not self._called:
            if event is NurseEvent.OPENED:
                self._say(called, Phrase.CALL_BACK_LOST)
            elif event is NurseEvent.HEARD:
                self._part(called, EndDecision.GOODBYE)
            return
        if event is NurseEvent.OPENED:
            self.on(Event.PICKED_UP)
        elif event is NurseEvent.HEARD:
            self._heard(called)
        elif event in OF_KEYS:
            self.on(OF_KEYS[event])
        elif self.state is State.ASKING:
            self._say(called, Phrase.CALL_BACK)

    def _heard(self, called: _Called) -> None:
        if called.says is not Phrase.CALL_BACK:
            self._part(called, EndDecision.GOODBYE)
        elif called.times < 2:
            self._home.handoffs.start(self._ask_again(called))

    async def _ask_again(self, called: _Called) -> None:
        await asyncio.sleep(AGAIN_S)
        if called is self._called and self.state is State.ASKING:
            self._say(called, Phrase.CALL_BACK)

    # -- actions -------------------------------------------------------------------------------------------------------

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            self._one(action)
        self._set_timer()
        if self._promise.over:
            self._home.over(self)

    def _one(self, action: Action) -> None:
        called = self._called
        match action:
            case Action.PAGE:
                self._page()
            case Action.RING:
                self._home.unknow(self)
                self._called = _Called(fresh_ref())
                self._home.know(self._called.ref, self)
                self._home.handoffs.start(self._ring(self._called))
            case Action.LET_IN if self._handoff is not None:
                self._handoff.told()
            case Action.RELEASE if self._handoff is not None:
                handoff, self._handoff = self._handoff, None
                handoff.gone()
            case Action.ASK if called is not None:
                self._say(called, Phrase.CALL_BACK)
            case Action.SAY_LOST if called is not None:
                self._say(called, Phrase.CALL_BACK_LOST)
            case Action.SAY_REFUSED if called is not None:
                self._say(called, Phrase.CALL_BACK_REFUSED)
            case Action.HANG_UP if called is not None:
                self._called = None
                self._part(called, EndDecision.GOODBYE)
                self._home.handoffs.start(self._end(called))
            case _:
                pass

    def _page(self) -> None:
        home, told = self._home, self._told
        if told is None or not home.may_page(self):
            self.on(Event.LATER)
            return
        times = waiting_times(home.handoffs.times, home.times)
        self._handoff = handoff = home.handoffs.fetch(
            self._agent, self._on_call(), self._voice, None, self._of_news, times
        )
        handoff.begin(lambda: told if self._told is None else self._told)

    def _of_news(self, news: News) -> None:
        if news is News.JOIN:
            self._join()
        elif news in OF_NEWS:
            if news is News.NOBODY:
                self._handoff = None
            self.on(OF_NEWS[news])

    def _join(self) -> None:
        handoff, called = self._handoff, self._called
        if handoff is None or called is None or called.sid is None:
            return
        handoff.patient_is(called.sid)
        self._part(called, Room(handoff.room, Role.PATIENT))
        self._home.handoffs.start(self._met(handoff))

    async def _met(self, handoff: Handoff) -> None:
        await handoff.settled.wait()
        if handoff is self._handoff:
            self._handoff = None  # it goes on by itself, until both have left or she has come back to us
            self.on(OF_PHASE.get(handoff.phase, Event.NO_ANSWER))

    def _say(self, called: _Called, phrase: Phrase) -> None:
        called.says = phrase
        called.times += 1
        if called.stream is not None:
            called.stream.say((self._voice.phrases[phrase],))

    def _part(self, called: _Called, after: After) -> None:
        if called.stream is not None:
            self._home.handoffs.start(called.stream.part(after))

    async def _ring(self, called: _Called) -> None:
        handoffs, number = self._home.handoffs, self.number
        token = handoffs.board.invite_nurse(called.ref, self._agent, RING_S, Purpose.CALL_BACK)
        if token is None or number is None:
            self._not_placed(called)
            return
        origins = handoffs.origins
        nurse_line = handoffs.nurse_lines.get(self._agent)
        document = twiml.called_back(origins.stream + MEDIA, origins.web + ENDED, token, nurse_line)
        failed: CarrierFailed | None = None
        try:
            called.sid = await self._place(number, document, called.ref, LONGEST_S)
        except CarrierFailed as refused:
            failed = refused
        if called.end_wanted:
            await self._end(called)
        if failed is not None and not failed.reason.in_doubt:
            self._not_placed(called)

    async def _place(self, number: PHI[str], document: str, ref: str, limit_s: int) -> PHI[str]:
        """Rings her from the hospital's own number.  Raises `CarrierFailed`."""
        handoffs = self._home.handoffs
        return await handoffs.carrier.place(
            number,
            document,
            ring_s=RING_S,
            status_url=handoffs.origins.web + NURSE + ref,
            limit_s=limit_s,
            caller_id=handoffs.caller_ids.get(self._agent),
        )

    def _not_placed(self, called: _Called) -> None:
        if called is self._called:
            self.on(Event.NOT_PLACED)

    async def _end(self, called: _Called) -> None:
        called.end_wanted = True
        self._home.handoffs.board.uninvite_nurse(called.ref)
        if called.sid is not None:
            await self._home.handoffs.end_call(called.sid)
            self._home.handoffs.ended(called.sid)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1000

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_ms = self._promise.due_ms
        self._timer = (
            None if due_ms is None else asyncio.get_running_loop().call_at(due_ms / 1000, self._time_is_up, due_ms)
        )

    def _time_is_up(self, due_ms: float) -> None:
        self._timer = None
        self._do(self._promise.at(max(due_ms, self._now_ms())))  # a clock of seconds may show a hair less

    def forget(self) -> None:
        """No word, no number and no timer of it stays."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._told = self.number = self._handoff = None

    async def apologise(self, *, now: bool) -> None:
        """The process ends: the carrier tells her by itself, with words that need nobody of ours.

        now: also her who is about to have a nurse; before, she keeps the seconds that are left.
        """
        number, nurse_line, called = self.number, self._home.handoffs.nurse_lines.get(self._agent), self._called
        self.on(Event.CUT_OFF if now else Event.ENDS)
        if not self._promise.over:
            return
        if called is not None:
            await self._end(called)  # her telephone is free again
        if number is not None and nurse_line is not None:
            with contextlib.suppress(CarrierFailed):
                await self._place(number, twiml.promise_broken(nurse_line), fresh_ref(), APOLOGY_CALL_S)


def waiting_times(times: TransferTimes, of: promise.Times) -> TransferTimes:
    """A nurse who has accepted waits until the patient's telephone was rung and she has pressed a key."""
    return replace(times, told_ms=of.ringing_ms + of.asking_ms + of.meeting_ms)


@dataclass(slots=True, eq=False)
class Promises:
    """Those of the process."""

    handoffs: Handoffs
    times: promise.Times = field(default_factory=promise.Times)
    ended: Counter[State] = field(default_factory=Counter)
    """What came of those that are over; closed."""
    on_the_line: Counter[bytes] = field(default_factory=Counter)
    """Callers who are talking with us, by digests of their numbers."""
    _open: list[Promised] = field(default_factory=list)
    _by_ref: dict[str, Promised] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.handoffs.forgets = self.forget

    def forget(self) -> None:
        """Nothing is kept any more, and nothing is left."""
        for promised in self._open:
            promised.forget()
        self._open.clear()

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def made(self) -> int:
        """Those that are over included."""
        return self.open + sum(self.ended.values())

    def make(self, agent: str, number: PHI[str], voice: Voice, on_call: Callable[[], OnCall], told: Told) -> None:
        """To her who calls from there.  Who was promised it before keeps that promise, with what she says now."""
        if not self.handoffs.runs:
            return
        promised = self._of(number)
        if promised is not None:
            promised.hears(told)
            return
        phrases = MappingProxyType({**voice.phrases, Phrase.OFFER_CALLER: voice.phrases[Phrase.OFFER_CALL_BACK]})
        promised = Promised(self, agent, number, replace(voice, phrases=phrases), on_call)
        self._open.append(promised)
        promised.begin(told)

    @property
    def full(self) -> bool:
        return self.open >= MOST

    def reached(self, number: PHI[str]) -> None:
        """She who calls from there has talked with a nurse by another way."""
        promised = self._of(number)
        if promised is not None and promised.state is not State.MEETING:
            promised.on(Event.WITHDRAWN)

    def _of(self, number: PHI[str]) -> Promised | None:
        digest = self.handoffs.board.seen.digest
        meant = digest(number)
        held = (each for each in self._open if each.number is not None and digest(each.number) == meant)
        return next(held, None)

    async def end(self, *, now: bool) -> None:
        """The process ends soon, or now: nobody of ours will call, and the carrier says so to each."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(APOLOGY_S), asyncio.TaskGroup() as tasks:
                for promised in list(self._open):
                    tasks.create_task(promised.apologise(now=now), name="apology")

    def may_page(self, promised: Promised) -> bool:
        """A round of nurses now?  Who waits on the line goes before them, and few are called for at once.

        Nor while she is on the line herself: her telephone would be busy, and a nurse waits for nobody.
        """
        paging = sum(each.holds_nurses for each in self._open if each is not promised)
        number = promised.number
        on_line = number is not None and self.on_the_line[self.handoffs.board.seen.digest(number)] > 0
        return paging < MOST_PAGING and not on_line and not self.handoffs.busy

    @contextlib.contextmanager
    def talking(self, number: PHI[str] | None) -> Iterator[None]:
        """She who calls from there is on the line."""
        if number is None:
            yield
            return
        digest = self.handoffs.board.seen.digest(number)
        self.on_the_line[digest] += 1
        try:
            yield
        finally:
            self.on_the_line[digest] -= 1
            self.on_the_line += Counter()  # drops what is zero

    def know(self, ref: str, promised: Promised) -> None:
        self._by_ref[ref] = promised
        self.handoffs.others[ref] = promised.status

    def unknow(self, promised: Promised) -> None:
        """What is told of its calls from now on is of no use."""
        for ref in [ref for ref, whose in self._by_ref.items() if whose is promised]:
            del self._by_ref[ref], self.handoffs.others[ref]

    def over(self, promised: Promised) -> None:
        if promised in self._open:
            self._open.remove(promised)
            self.ended[promised.state] += 1
            self.unknow(promised)
            promised.forget()

    async def answer(self, leg: Leg) -> After:
        promised = self._by_ref.get(leg.ref)
        if promised is None:
            await leg.close()
            return EndDecision.GOODBYE
        return await promised.answer(leg)
