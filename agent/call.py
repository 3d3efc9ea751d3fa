"""The scope of one call: one object, one inbox, one loop, one task group.

When `run()` returns, no task, buffer or transcript of the call is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

from agent.agenda import Agenda, Step
from agent.calling_off import calls_off
from agent.completeness import Completeness, Expected, completeness, plain, sounds_closed
from agent.endpointing import Ear, Endpointer, Reading
from agent.engines.ports import EngineFailed, EngineReason, Transcript, Urgency
from agent.fetching import Fetch, News, Promising
from agent.hearing import Hearing, Recognised
from agent.identifying import Identifying
from agent.keeping import Keeping, Speaker
from agent.keypad import AGAIN, PERSON, said_by
from agent.mouth import Gate, Mouth, VoiceFailed
from agent.overlap import FIRST_LOOK_MS, LOOK_AGAIN_MS, Overlap, Verdict, judge
from agent.phrases import Phrase
from agent.replying import Course, Outlook, Replying
from agent.script import Engines, Limits, Script
from agent.second_hearing import SecondHearing
from agent.smalltalk import Social, social
from agent.tally import Tally, TurnTimes
from agent.turns import Action, Event, State, Turns
from agent.understanding import Understanding
from agent.waiting import TOLD_911, Waiting
from agent.watch import Stage, Watch
from agent.wishes import Wish, wished
from policies import answers
from policies.brief import Told
from policies.guardrails import (
    Answerable,
    Defer,
    Escalate,
    EscalationReason,
    Sayable,
    Source,
    graver,
    own_number,
    screen_utterance,
)
from policies.language import another_language, of_language
from policies.phi import PHI, Utterance
from policies.records import EndReason
from telephony.audio import FRAME_MS
from telephony.leg import Ended, Heard, Leg, LegEvent
from telephony.leg import EndReason as LegEnd
from telephony.pacing import ClipPlayed, ClipStarted, Underrun
from telephony.protocol import Digit

CUT_IN_MS: Final = 1_000  # she goes on within a second of our beginning: we had cut in (dossier, section 3 point 5)
WORDLESS_MS: Final = 20_000  # of sound without a pause in which no word was found
UNBROKEN_MS: Final = 60_000  # of sound without a pause: nobody speaks so long in one breath
STIR_MS: Final = 80  # half the lead (160 ms): a hint that comes to nothing, and a late tick, are not heard as a gap
FETCHES: Final = {
    Course.PERSON: EscalationReason.ASKED,
    Course.NURSE: EscalationReason.SYMPTOM,
    Course.EMERGENCY: EscalationReason.RED_FLAG,
    Course.NOT_UNDERSTOOD: EscalationReason.NOT_UNDERSTOOD,
}
FETCHING: Final = (State.HANDING_OFF, State.WAITING, State.CONNECTING)
DANGERS: Final = (EscalationReason.RED_FLAG, EscalationReason.CRISIS)
SIGNS: Final = (*DANGERS, EscalationReason.SYMPTOM)
MOST_PARTINGS: Final = 2  # times that a parting line is said again: somebody waits for her, or she for a person
MOST_DRAFTS: Final = 3  # replies prepared ahead in one turn; a caller who pauses often is then answered a little later


class Order(enum.Enum):
    """What the process asks of its calls."""

    HAND_OVER = "hand_over"
    """It ends soon: the caller goes to the nurse line, by the carrier alone."""


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """Everything of a reply has been given to the leg, or nothing could be."""

    number: int
    course: Course | None
    """None: an engine failed."""


@dataclass(slots=True)
class Reply:
    """One reply, prepared or being said."""

    number: int
    gate: Gate
    times: TurnTimes
    said: Answerable | None = None
    words: PHI[str] | None = None
    """The plain form of what it answers: the same words again keep it."""
    mark: int = -1
    task: asyncio.Task[object] | None = None
    done: bool = False
    course: Course = Course.ON
    own: bool = False
    """About her own record: no other engine may answer it, and it is kept nowhere."""
    logprob: float = 0.0
    """How sure the recogniser was of the words."""


class Call:
    """One call, from its first frame to its end."""

    def __init__(
        self,
        leg: Leg,
        script: Script,
        engines: Engines,
        tally: Tally,
        watch: Watch,
        limits: Limits | None = None,
        keeping: Keeping | None = None,
        fetch: Fetch | None = None,
        promising: Promising | None = None,
        unmet: Told | None = None,
        urgent: EscalationReason | None = None,
    ) -> None:
        """keeping: what of the call may be kept; None for nothing.  urgent: why a person is fetched from the start.

        fetch: the way to a nurse while the caller stays; None: the stream closes, and the carrier dials the nurse line.
        promising: the way to be called back; None: there is none.  unmet: of a caller whose nurse was lost before they
        met, what the next one is to hear.
        """
        self._leg: Final = leg
        self._script: Final = script
        self._engines: Final = engines
        self._tally: Final = tally
        self._watch: Final = watch
        self._limits: Final = limits or Limits()
        self._keeping: Final = keeping or Keeping.nothing()
        self._disclosure: Final = script.disclosures[self._keeping.level]
        self._turns: Final = Turns()
        self._ear: Final = Endpointer()
        self._vad: Final = engines.vad()
        self._mouth: Final = Mouth(leg, engines.tts, engines.ready, self._spoke)
        self._replying: Final = Replying(
            script.voices, self._mouth, self._clock_ms, self._llm_failed, script.stop, script.opt_out
        )
        self._agenda: Final = Agenda(script.asking, script.voices.phrases)
        self._identifying: Final = Identifying(script.records, self._replying.recite, self._replying.phrase)
        self._inbox: Final[asyncio.Queue[LegEvent | Recognised | ReplyDone | News | Order]] = asyncio.Queue(maxsize=512)
        self._wait: Final = Waiting(fetch, promising)
        self._unmet: Told | None = unmet
        self._urgent: Final = urgent
        self._children: Final[set[asyncio.Task[object]]] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._replies = 0
        self._drafts_in_turn = 0
        self._draft: Reply | None = None  # prepared, its gate shut
        self._reply: Reply | None = None  # the turn is over: begun or about to begin
        self._hearing: Final = Hearing(
            engines.stt, script.bias, leg.ordinal, self._start, self._inbox.put, self._stt_failed
        )
        self._waiting = False  # the turn is over and its words are not here yet
        self._pending = False
        self._offered = False
        self._asked_of_care = False
        self._asked_of_strain = False
        self._now_ms = 0
        self._last_voiced_ms = 0
        self._began_ms = -CUT_IN_MS
        self._overlap_ms = 0
        self._next_look_ms = FIRST_LOOK_MS
        self._overlap_mark = 0
        self._overlap_heard: Recognised | None = None
        self._stirred_ms = 0
        self._parting_ms = 0
        self._parting_played = False
        self._understanding: Final = Understanding()
        self._partings = 0
        self._pressed: PHI[str] | None = None  # the word of a key, until she can be answered
        self._second_hearing: Final = SecondHearing()
        self._alarmed: tuple[int, EscalationReason] | None = None  # at which moment an emergency was heard, unconfirmed
        self._heard_once: tuple[EscalationReason, Transcript] | None = None  # an emergency in this turn
        self._over_mark = Hearing.NO_PAUSE  # the moment whose silence ended the last turn
        self._late_turn = False  # she spoke over the closing line, and the words are not here yet
        self._proven = True  # the mark of the clip in hand came back, and was not given up
        self._unbroken_ms = 0
        self._wordless = False
        self._deaf = 0
        self._answers = 0
        self._begun_ms = 0.0

    async def run(self) -> None:
        """Until the line is closed.  Raises what a broken engine or a bug of ours raised, when all tasks are done."""
        self._begun_ms = self._clock_ms()
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._start(self._leg.run())
                self._start(self._listen())
                await self._begin()
                while self._turns.live:
                    await self._take(await self._inbox.get())
                await self._leg.close()
                await self._keeping.settle()
                for child in list(self._children):
                    child.cancel()
        finally:
            self._tally.heard_ms = self._now_ms
            self._tally.counts["fallbacks"] += self._replying.fallbacks
            self._tally.covered = self._agenda.ledger(self._tally.escalation)
            self._forget()
            self._wait.give_up()

    async def _begin(self) -> None:
        unmet, self._unmet = self._unmet, None
        if unmet is None:
            await self._on(Event.STARTED)
            if self._urgent is not None:
                await self._escalate(self._urgent)
            return
        self._tally.escalation, self._wait.words = unmet.reason, unmet.words
        self._watch.escalated(unmet.reason)
        await self._all(
            self._wait.begin_again(
                lambda: replace(unmet, reason=self._tally.escalation or unmet.reason, words=self._wait.words),
                self._inbox.put_nowait,
            )
        )

    def _forget(self) -> None:
        """No sound and no word of the call stays in it, however it ended."""
        self._tasks = None
        while not self._inbox.empty():
            self._inbox.get_nowait()
        self._ear.forget()
        self._ear.strain.forget()
        self._hearing.forget()
        self._mouth.forget()
        self._replying.forget()
        self._agenda.forget()
        self._identifying.forget()
        self._wait.over()
        self._draft = self._reply = self._overlap_heard = self._pressed = self._heard_once = self._unmet = None

    @property
    def answers(self) -> int:
        """Answers that were heard to their end."""
        return self._answers

    def hand_over(self) -> None:
        """The process ends soon.  The caller is told, and the carrier dials the nurse line for her."""
        self._inbox.put_nowait(Order.HAND_OVER)

    @property
    def joins(self) -> bool:
        """The stream was closed because a nurse is in the room."""
        return self._wait.joins

    @property
    def promised(self) -> bool:
        """She was promised that a nurse calls her back."""
        return self._wait.promised

    # -- the inbox ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            event = await self._leg.next()
            await self._inbox.put(event)
            if isinstance(event, Ended):
                return

    async def _take(self, message: LegEvent | Recognised | ReplyDone | News | Order) -> None:
        match message:
            case Heard():
                await self._frame(message)
            case Digit():
                await self._key(message)
            case ClipStarted(clip):
                await self._clip_started(clip)
            case ClipPlayed(clip, proven):
                self._proven = proven
                await self._clip_played(clip)
            case Underrun():
                pass
            case Ended(reason):
                self._tally.end = end_reason(reason, self._tally.end)
                await self._on(Event.GONE)
            case Recognised():
                await self._recognised(message)
            case ReplyDone():
                await self._reply_done(message)
            case News():
                await self._all(self._wait.news(message, self._turns.state))
            case Order.HAND_OVER:
                await self._hand_over()
            case _:
                assert_never(message)

    async def _frame(self, heard: Heard) -> None:
        self._now_ms += FRAME_MS
        voiced = self._vad.is_speech(heard.frame)
        self._ear.lag_ms = self._vad.lag_ms
        self._ear.strain.of_trouble = self._agenda.of_trouble
        for noticed in self._ear.hear(heard.frame, voiced, echo_dbfs=heard.echo_dbfs, audible=heard.audible):
            await self._noticed(noticed)
        self._stir()
        if self._turns.state is State.OVERLAP:
            await self._look()
        if self._turns.state in (State.CLOSING, State.HANDING_OFF):
            self._parting_ms += FRAME_MS
            if self._parting_ms >= self._limits.parting_ms:
                await self._parted()
        await self._check_in()
        if self._now_ms >= self._limits.call_ms and self._turns.state not in (*FETCHING, State.ENDED):
            self._tally.end = EndReason.LONGEST_CALL
            await self._on(Event.TIME_UP)
        await self._part_when_she_is_done()
        await self._deafened()
        if self._turns.state is State.LISTENING and self._agenda.due(FRAME_MS):
            await self._on(Event.KEYED)
        if self._identifying.keyed() and self._turns.state is State.LISTENING:
            self._begin_reply_to_keys()
        await self._answer_pressed()
        before = self._turns.state
        await self._act(self._turns.hear())
        self._tell_state(before)

    async def _key(self, pressed: Digit) -> None:
        self._tally.counts["keys"] += 1
        self._watch.key()
        self._turns.person_is_near()
        said = said_by(pressed.digit, called=self._script.stop is not None)
        identifies = self._identifying.entering and self._identifying.key(pressed.digit)
        if identifies or self._agenda.key(pressed.digit) or self._identifying.key(pressed.digit):
            await self._on(Event.KEY)
        elif pressed.digit.reveal() == PERSON:
            await self._escalate(EscalationReason.KEY_ZERO)
        elif said is None:
            await self._on(Event.KEY)
        else:
            await self._keyed(said)

    async def _keyed(self, said: PHI[str]) -> None:
        """A key is answered as its word; where she is speaking too, her speech goes first and is answered instead."""
        self._replying.heed(said)
        wishes = wished(said)
        match self._turns.state:
            case State.HEARING | State.OVERLAP | State.THINKING if self._offered and social(said) is Social.YES:
                await self._escalate(EscalationReason.ASKED)
            case State.GREETING | State.HEARING | State.OVERLAP | State.THINKING if wishes:
                self._mouth.delivery.change(wishes)  # so that what she is told next is told so
                self._pressed = None if self._reply_is_due else PHI(AGAIN)
            case State.GREETING:
                pass  # nothing was asked
            case _:
                self._pressed = None if self._reply_is_due else said

    @property
    def _reply_is_due(self) -> bool:
        return self._turns.state is State.THINKING and self._reply is not None

    async def _answer_pressed(self) -> None:
        """As soon as nobody's speech is in its way."""
        if self._pressed is None:
            return
        state = self._turns.state
        if state in (State.CLOSING, State.HANDING_OFF):
            said, self._pressed = self._pressed, None
            await self._part_again(wished(said))
        elif state in (State.LISTENING, State.SPEAKING, State.WAITING) and not self._ear.speaking:
            await self._on(Event.KEY_ANSWER)

    async def _part_again(self, wishes: Sequence[Wish]) -> None:
        """The parting line once more, as she wants to hear it."""
        if wishes and self._partings < MOST_PARTINGS:
            self._partings += 1
            self._mouth.delivery.change(wishes)
            await self._on(Event.GOODBYE if self._turns.state is State.CLOSING else Event.GRAVER)

    async def _clip_started(self, clip: int) -> None:
        if self._turns.state is State.GREETING and clip == 1:
            self._watch.greeted(int(self._clock_ms() - self._begun_ms))
        if self._mouth.is_aside(clip):
            return
        sentence = self._mouth.saying(clip)
        if sentence is not None:
            self._agenda.begun(sentence)
            self._asked_of_strain |= self._reply_strained and sentence is self._replying.phrase(Phrase.CHECK)
            self._wait.asked |= sentence is self._replying.phrase(Phrase.PROMISE_ASK)
        if self._turns.state is State.THINKING and self._reply is not None:
            times = self._reply.times
            times.gap_ms = self._now_ms - self._last_voiced_ms
            self._tally.gaps_ms.append(times.gap_ms)
            self._watch.turn(times)
            self._began_ms = self._now_ms
        await self._on(Event.REPLY_BEGAN)

    async def _clip_played(self, clip: int) -> None:
        counted = self._mouth.played(clip)
        if clip == self._disclosure.held and self._turns.state is State.GREETING:
            # the greeting's sentences are the first clips of every call, counted from 1
            self._tally.greeting_played = self._proven
            await self._on(Event.PROTECTED_PLAYED)
            if self._ear.speaking:
                self._go_on_with_pending()
                await self._on(Event.ONSET)
            elif self._pending:
                self._pending = False
                await self._on(Event.PENDING)
        if counted:
            await self._if_all_played()

    async def _if_all_played(self) -> None:
        reply = self._reply
        if self._mouth.busy or reply is None or not reply.done:
            return
        if self._turns.state in (State.CLOSING, State.HANDING_OFF):
            self._tally.closing_played = self._proven
            self._parting_played = True
            await self._part_when_she_is_done()
            return
        if self._turns.state is State.CONNECTING:
            self._wait.told()
        self._reply = None
        if reply.said is not None:
            self._answers += 1
        await self._on(Event.REPLY_PLAYED)

    async def _part_when_she_is_done(self) -> None:
        """The parting line has played: the line closes, but never on a caller who is saying something after goodbye."""
        if not self._parting_played:
            return
        if self._turns.state is State.CLOSING and (self._ear.speaking or self._hearing.busy or self._late_turn):
            return
        if self._turns.state in (State.CLOSING, State.HANDING_OFF):
            await self._parted()

    async def _parted(self) -> None:
        """The parting line was heard, or waited for long enough: the line closes, or she is waited with."""
        if self._turns.state is not State.HANDING_OFF or not self._wait.rings:
            await self._on(Event.PARTED)
            return
        self._reply = None
        await self._on(Event.STAYS)
        await self._all(self._wait.stays())

    # -- a nurse is being fetched ------------------------------------------------------------------------------------

    async def _all(self, events: Sequence[Event]) -> None:
        for event in events:
            await self._on(event)

    async def _hand_over(self) -> None:
        self._wait.alone = True
        if self._wait.rings:
            await self._all(self._wait.hand_over(self._turns.state))
        elif self._turns.state is State.WAITING:
            await self._on(Event.NOBODY)
        else:
            await self._escalate(EscalationReason.FAILURE)

    async def _check_in(self) -> None:
        silent, speaking = not self._mouth.busy, self._ear.speaking
        await self._all(self._wait.hear(self._turns.state, silent=silent, speaking=speaking))

    def _say_how_it_stands(self) -> None:
        phrase = self._wait.next_words(self._tally.escalation)
        if phrase is not None:
            self._say(phrase)
        elif self._wait.number is not None:
            offer, ask = self._replying.phrase(Phrase.PROMISE_OFFER), self._replying.phrase(Phrase.PROMISE_ASK)
            self._say_all([offer, own_number(self._wait.number), ask])

    async def _answer_waiting(self) -> None:
        known = self._words_of_the_turn()
        if known is not None and known.transcript is not None:
            self._waiting = False
            await self._answer_in_waiting(self._as_heard(known.transcript))

    async def _answer_in_waiting(self, said: Utterance) -> None:
        """Of what she says only signs, wishes of the voice and "never mind" are answered; all else is for the nurse."""
        self._replying.heed(said.words)
        screened = screen_utterance(said, self._script.red_flags)
        if isinstance(screened, Defer) or self._turns.state is not State.WAITING:
            return
        if isinstance(screened, Escalate) and self._is_graver(screened.reason):
            self._wait.words = said.words
            await self._escalate(screened.reason)
            return
        if self._wait.offered and self._wait.asked and await self._promised_by(said.words):
            return
        if calls_off(said.words):
            if self._tally.escalation in TOLD_911:
                self._say(Phrase.NOT_STOPPED)
            else:
                await self._on(Event.STOPS)
            return
        self._mouth.delivery.change(wished(said.words))
        self._say_how_it_stands()

    async def _promised_by(self, said: PHI[str]) -> bool:
        """Her answer to the offer of a call back; False where it is another wish."""
        kind = social(said)
        if kind is Social.YES:
            self._wait.promise()
            self._tally.end = EndReason.GOODBYE
            await self._on(Event.GOODBYE)
        elif kind in (Social.NO, Social.GOODBYE):
            await self._on(Event.NOBODY)
        elif wished(said) or calls_off(said):
            return False
        else:
            await self._all(self._wait.unclear())
        return True

    def _is_graver(self, reason: EscalationReason) -> bool:
        known = self._tally.escalation
        return known is None or graver(reason, known)

    def _stopped(self) -> None:
        self._wait.stop()
        self._tally.escalation, self._tally.end = None, EndReason.GOODBYE
        self._say(Phrase.STOPPED_CALLING)

    def _call_nurses(self, reason: EscalationReason) -> None:
        """The brief asks for the reason when it is said."""
        heard = self._hearing.heard
        asked = self._identifying.asking  # what she says then is who she is
        if self._wait.words is None and heard is not None and heard.transcript is not None and not asked:
            self._wait.words = heard.transcript.said.words
        item = self._agenda.open_item
        self._wait.begin(
            lambda: Told(self._tally.escalation or reason, self._wait.words, self._replying.noted, item),
            self._inbox.put_nowait,
        )

    async def _deafened(self) -> None:
        """Steady noise, a television: what never pauses is never answered; it is asked about, then a person comes."""
        if self._turns.state is not State.HEARING or self._ear.paused:
            self._unbroken_ms = 0
            return
        self._unbroken_ms += FRAME_MS
        if self._unbroken_ms < (WORDLESS_MS if self._wordless else UNBROKEN_MS):
            return
        self._unbroken_ms, self._wordless = 0, False
        self._ear.forget()
        self._deaf += 1
        await self._on(Event.DEAF_1 if self._deaf == 1 else Event.DEAF_2)

    def _go_on_with_pending(self) -> None:
        """She goes on after a turn that ended while the disclosure was being said: it is one turn."""
        if self._pending:
            self._pending = False
            self._ear.reopen()

    # -- hearing -----------------------------------------------------------------------------------------------------

    async def _noticed(self, noticed: Ear) -> None:
        match noticed:
            case Ear.ONSET:
                self._drafts_in_turn = 0
                self._second_hearing.over()
                self._heard_once = None
                if self._turns.state is State.GREETING:
                    self._go_on_with_pending()
                if self._script.voices.warm is not None and self._turns.state is State.LISTENING:
                    self._start(self._script.voices.warm())
                await self._on(Event.ONSET)
            case Ear.RESUMED:
                pass
            case Ear.PAUSE:
                self._hearing.paused(self._ear.speech(), self._ear.mark)
            case Ear.SNAPSHOT:
                self._hearing.look(self._ear.speech(), self._ear.mark)
            case Ear.BLIP:
                await self._on(Event.NOISE if self._turns.state is State.OVERLAP else Event.NOTHING_SAID)
            case Ear.TRAILED_OFF:
                await self._on(Event.TRAILED_OFF)
            case Ear.TURN_OVER:
                self._last_voiced_ms = self._now_ms - self._ear.ended_silence_ms
                if await self._alarm_stands():
                    return
                if self._turns.state is not State.CLOSING:
                    await self._on(Event.TURN_OVER)
                elif self._hearing.heard is None:
                    self._late_turn = True  # judged when its words are here
                elif self._reopens():
                    await self._on(Event.TURN_OVER)

    async def _alarm_stands(self) -> bool:
        """She has stopped, and an emergency was heard in her last words."""
        alarmed, self._alarmed, self._over_mark = self._alarmed, None, self._hearing.pause_mark
        known = self._hearing.known
        if known is None or known.transcript is None:
            return False
        reason = alarmed[1] if alarmed is not None and alarmed[0] == self._over_mark else self._hinted(known.transcript)
        if reason is None:
            return False
        await self._heed(reason, known.transcript)
        return True

    def _hinted(self, transcript: Transcript) -> EscalationReason | None:
        """An emergency was heard in the middle of her turn, and the whole of it still holds a hint of danger."""
        if not self._second_hearing.once:
            return None
        screened = screen_utterance(replace(self._as_heard(transcript), alarmed=True), self._script.red_flags)
        return screened.reason if isinstance(screened, Escalate) and screened.reason in DANGERS else None

    async def _heed(self, reason: EscalationReason, transcript: Transcript) -> None:
        """What she said brings a person."""
        self._replying.heed(transcript.said.words)
        self._alarmed = None
        if self._turns.state is State.ENDED:
            return
        if self._turns.state is not State.HANDING_OFF and not self._identifying.asking:
            self._keeping.hear(Speaker.CALLER, transcript.said.words, self._start)
        if self._is_graver(reason) and not (self._identifying.asking and reason not in SIGNS):
            self._wait.words = transcript.said.words
        await self._escalate(reason)

    async def _alarmed_by(self, heard: Recognised, transcript: Transcript, reason: EscalationReason) -> None:
        """An emergency in words that may go on: heeded when it is heard once more, or when she has stopped."""
        words = words_in(transcript.said.words)
        self._heard_once = (reason, transcript)
        over = heard.mark == self._over_mark or self._waiting or not self._ear.speaking
        if self._second_hearing.stands(words) or over:
            self._second_hearing.passed()
            await self._heed(reason, transcript)
            return
        if self._turns.state is State.OVERLAP and heard.mark >= self._overlap_mark:
            await self._judge(heard, told=True)
        if self._hearing.of_this_pause(heard):
            self._alarmed, self._hearing.heard = (heard.mark, reason), heard
            ended = completeness(transcript.said.words, Expected.ANYTHING)
            self._ear.read(Reading(ended, answerable=False, words=words, alarming=True), heard.mark)
            await self._drop_draft()

    def _as_heard(self, transcript: Transcript) -> Utterance:
        said = transcript.said
        return replace(said, strained=True) if self._strained() else said

    def _strained(self) -> bool:
        """How she speaks is a reason to ask: once a call, and neither right after the same question nor while she
        reads out identifiers, in pieces as everybody does."""
        asked = self._asked_of_strain or self._asked_of_care or self._identifying.asking
        return not asked and self._ear.strain.strained()

    @property
    def _reply_strained(self) -> bool:
        return self._reply is not None and self._reply.said is not None and self._reply.said.said.strained

    def _reopens(self) -> bool:
        """She said more than a goodbye of her own while the closing line was being said."""
        transcript = self._hearing.heard.transcript if self._hearing.heard is not None else None
        if transcript is None:
            return False
        return social(transcript.said.words) is None or bool(wished(transcript.said.words))

    async def _recognised(self, heard: Recognised) -> None:
        if heard.transcript is not None and heard.transcript.retried:
            self._tally.counts["stt_retries"] += 1
        of_this_pause = self._hearing.of_this_pause(heard)
        if heard.transcript is None:
            await self._not_recognised(of_this_pause)
            return
        screened = screen_utterance(self._as_heard(heard.transcript), self._script.red_flags)
        if isinstance(screened, Escalate) and screened.reason in DANGERS:
            await self._alarmed_by(heard, heard.transcript, screened.reason)
            return
        self._second_hearing.passed()
        if heard.mark == self._over_mark and (hinted := self._hinted(heard.transcript)) is not None:
            await self._heed(hinted, heard.transcript)
            return
        if isinstance(screened, Escalate) and (
            screened.reason is not EscalationReason.SYMPTOM or (of_this_pause and (self._waiting or self._late_turn))
        ):
            await self._heed(screened.reason, heard.transcript)
            return
        if self._turns.state is State.WAITING:
            await self._heard_while_waiting(heard, heard.transcript, of_this_pause)
            return
        if self._turns.state is State.HANDING_OFF and of_this_pause:
            await self._part_again(wished(heard.transcript.said.words))
        if self._turns.state in (State.HANDING_OFF, State.CONNECTING, State.ENDED):
            return  # nothing that was said before may be spoken over the hand-off, or seen by a model
        if heard.urgency is Urgency.SNAPSHOT:
            self._wordless = isinstance(screened, Defer)
        overlapping = self._turns.state is State.OVERLAP and heard.mark >= self._overlap_mark
        if overlapping and not await self._judge(heard, told=isinstance(screened, Escalate)):
            return
        if not of_this_pause:
            return
        self._hearing.heard = heard
        if self._late_turn:
            self._late_turn = False
            if isinstance(screened, Answerable) and self._turns.state is State.CLOSING and self._reopens():
                await self._on(Event.TURN_OVER)
                return
        if isinstance(screened, Escalate):  # a symptom for the nurse: she is heard out first
            told = heard.transcript.said.words
            count = words_in(told)
            ended = completeness(told, Expected.ANYTHING)
            over = told.map(sounds_closed).reveal()
            self._ear.read(Reading(ended, answerable=False, words=count, closed=over), heard.mark)
            await self._drop_draft()
            return
        if isinstance(screened, Defer):
            self._ear.read(Reading(Completeness.NOTHING, answerable=False, words=0), heard.mark)
            await self._drop_draft()
            if self._waiting:
                self._waiting = False
                await self._nothing_said(heard)
            return
        expected = Expected.YES_OR_NO if self._offered else self._agenda.expected
        finished = completeness(screened.said.words, expected)
        words = words_in(screened.said.words)
        outlook = self._replying.outlook(screened)
        answerable, background = outlook is Outlook.ANSWERABLE, outlook is Outlook.BACKGROUND
        closed = screened.said.words.map(sounds_closed).reveal()
        self._ear.read(Reading(finished, answerable, words, background, closed), heard.mark)
        if self._waiting or (finished is not Completeness.INCOMPLETE and self._drafts_in_turn < MOST_DRAFTS):
            await self._prepare(screened, heard)
        if self._waiting:
            await self._commit()

    async def _heard_while_waiting(self, heard: Recognised, transcript: Transcript, of_this_pause: bool) -> None:
        if not of_this_pause:
            return
        self._hearing.heard = heard
        words = transcript.said.words
        count = words_in(words)
        self._ear.read(Reading(completeness(words, Expected.ANYTHING), answerable=True, words=count), heard.mark)
        if self._waiting:
            await self._answer_waiting()

    async def _not_recognised(self, of_this_pause: bool) -> None:
        """Nobody can answer what nobody has heard: a person, once the turn is over."""
        if not (of_this_pause and self._waiting):
            return
        if self._heard_once is not None:  # an emergency was heard in the same turn, and the rest of it never will be
            await self._heed(*self._heard_once)
        else:
            await self._escalate(EscalationReason.FAILURE)

    def _stir(self) -> None:
        """At the first hint of her voice nothing more is fed; what the carrier has outlasts the doubt."""
        stirring = self._turns.state is State.SPEAKING and self._ear.stirring
        held_before = 0 < self._stirred_ms <= STIR_MS
        self._stirred_ms = self._stirred_ms + FRAME_MS if stirring else 0
        held = 0 < self._stirred_ms <= STIR_MS
        if held is held_before:
            return
        if held:
            self._leg.hold()
        elif self._turns.state is not State.OVERLAP:
            self._leg.resume()

    # -- overlap -----------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        self._overlap_ms += FRAME_MS
        if self._overlap_ms >= self._next_look_ms and not self._ear.paused:
            self._next_look_ms += LOOK_AGAIN_MS
            self._hearing.look(self._ear.overlap(), self._ear.mark)
        await self._judge(None)

    async def _judge(self, heard: Recognised | None, *, told: bool = False) -> bool:
        """Decide who has the floor, if it can be decided.  True: the caller has it.

        An earlier look can give her the floor, but says nothing of what has come since: it never takes it from her.
        told: the words hold a symptom.
        """
        if heard is not None:
            self._overlap_heard = heard
        latest = self._overlap_heard
        whole = latest is not None and latest.mark == self._ear.mark and self._ear.paused
        known = latest.transcript if latest is not None and (heard is not None or whole) else None
        verdict = judge(
            Overlap(
                voiced_ms=self._ear.voiced_ms,
                since_onset_ms=self._overlap_ms,
                silence_ms=self._ear.silence_ms if self._ear.paused and (known is None or whole) else 0,
                words=None if known is None else known.said.words,
                logprob=0.0 if known is None else known.mean_logprob,
                after_question=self._asked(),
                told=told,
            )
        )
        match verdict:
            case None:
                return False
            case Verdict.FLOOR:
                self._ear.echo.believed()
                self._overlap_heard = None
                self._tally.counts["barge_ins"] += 1
                self._watch.overlap(verdict, self._overlap_ms)
                if self._now_ms - self._began_ms - self._overlap_ms < CUT_IN_MS:
                    self._tally.counts["false_cut_ins"] += 1
                    self._ear.pace.cut_in()
                    self._ear.reopen()
                await self._on(Event.FLOOR)
                return True
            case Verdict.BACKCHANNEL:
                self._tally.counts["backchannels"] += 1
            case Verdict.NOISE:
                self._ear.echo.fooled()
        self._watch.overlap(verdict, self._overlap_ms)
        self._ear.forget()
        self._hearing.drop()
        self._overlap_heard = None
        await self._on(Event.BACKCHANNEL if verdict is Verdict.BACKCHANNEL else Event.NOISE)
        return False

    def _asked(self) -> bool:
        last = self._mouth.last_said
        return bool(last) and last[-1].text.map(lambda text: text.endswith("?")).reveal() and self._mouth.at_last

    # -- replying ----------------------------------------------------------------------------------------------------

    async def _prepare(self, said: Answerable, heard: Recognised) -> None:
        words = said.said.words.map(plain)
        kept = self._draft.words if self._draft is not None else None
        same_care = self._draft is not None and self._draft.said is not None and self._draft.said.care is said.care
        if self._draft is not None and kept is not None and same_care and kept.reveal() == words.reveal():
            self._draft.mark = heard.mark
            return
        await self._drop_draft()
        self._drafts_in_turn += 1
        reply = self._new_reply()
        reply.said, reply.words, reply.mark, reply.times.stt_ms = said, words, heard.mark, heard.took_ms
        reply.logprob = 0.0 if heard.transcript is None else heard.transcript.mean_logprob
        self._draft = reply
        reply.own = self._identifying.takes(said, offered=self._offered, waiting=self._agenda.waiting)
        reply.task = self._start(self._answer(reply, said, offered=self._offered, plain_only=False))

    async def _answer(self, reply: Reply, said: Answerable, *, offered: bool, plain_only: bool) -> None:
        course: Course | None = None
        try:
            step = self._step(reply, said, offered=offered)
            if step is not None:
                await reply.gate.opened.wait()
                course = await self._follow(step)
            else:
                course = await self._identifying.recall(said, reply.gate, answered=self._answers > 0)
                if course is None and reply.own:
                    course = await self._identifying.reply(said, reply.gate, offered=offered)
                elif course is None:
                    if Wish.AGAIN in self._wished(said):
                        await reply.gate.opened.wait()
                        self._agenda.repeat()
                    answer = self._replying.reply(said, reply.gate, reply.times, offered=offered, plain=plain_only)
                    course = await answer
                await self._ask_again(course)
        except VoiceFailed as failure:
            self._watch.failed(Stage.TTS, failure.reason)
        except EngineFailed:
            pass  # told by `Replying`
        await self._inbox.put(ReplyDone(reply.number, course))

    def _step(self, reply: Reply, said: Answerable, *, offered: bool) -> Step | None:
        """What her words are to the open question of ours; None where they are something else."""
        if (
            reply.own
            or offered
            or self._replying.stops(said.said.words)
            or (self._identifying.asking and not self._agenda.waiting)
        ):
            return None
        wishes = self._wished(said)
        if Wish.AGAIN in wishes:
            return self._agenda.once_more()
        return None if wishes else self._agenda.step(said)  # "slower": the open question is said again so

    def _wished(self, said: Answerable) -> Sequence[Wish]:
        """What she asks of the voice; nothing where it answers a question of ours that is open: "yes, again"."""
        answers_it = self._agenda.waiting and said.said.words.map(answers.says_yes_or_no).reveal()
        return () if answers_it else wished(said.said.words)

    async def _ask_again(self, course: Course) -> None:
        """The open question of ours, where a reply has ended on anything else.  Raises `VoiceFailed`."""
        last = self._mouth.last_said
        asked = bool(last) and self._agenda.asks(last[-1])
        if course is Course.ON and self._agenda.pending and not asked and not self._identifying.asking:
            await self._follow(self._agenda.again(), first=False)

    async def _commit(self) -> None:
        """The turn is over and its words are here: the prepared reply may be said."""
        reply, self._draft, self._waiting = self._draft, None, False
        if reply is None:
            return
        if reply.said is not None and self._lost(reply, reply.said):
            await self._drop(reply)
            await self._escalate(EscalationReason.NOT_UNDERSTOOD)
            return
        asks = reply.said is not None and self._replying.cares(reply.said) and not self._identifying.bare(reply.said)
        if asks and self._asked_of_care:  # asked once, and unsure again: the nurse
            await self._drop(reply)
            await self._escalate(EscalationReason.SYMPTOM)
            return
        if reply.said is None or not wished(reply.said.said.words):  # what was asked stays asked when it is said again
            self._asked_of_care = asks
        self._pressed = None
        self._tally.counts["turns"] += 1
        if reply.own:
            self._agenda.suspend()
        if reply.said is not None:
            self._replying.heed(reply.said.said.words)
        if reply.said is not None and not reply.own:
            self._keeping.hear(Speaker.CALLER, reply.said.said.words, self._start)
        self._turns.person_is_near()
        reply.times.endpoint_ms = self._ear.ended_silence_ms
        self._reply = reply
        self._offered = False
        reply.gate.open()
        if reply.done:
            await self._reply_done(ReplyDone(reply.number, reply.course))

    def _begin_reply_to_keys(self) -> None:
        """Digits she keyed in are a turn of their own: nothing is waited for, and no words are passed over."""
        before = self._turns.state
        self._turns.on(Event.TURN_OVER)
        self._tell_state(before)
        self._tally.counts["turns"] += 1
        self._turns.person_is_near()
        self._agenda.suspend()
        reply = self._new_reply()
        reply.own, self._reply, self._last_voiced_ms = True, reply, self._now_ms
        reply.task = self._start(self._answer_keys(reply.number))

    async def _answer_keys(self, number: int) -> None:
        course: Course | None = None
        try:
            course = await self._identifying.reply_to_keys()
            await self._ask_again(course)
        except VoiceFailed as failure:
            self._watch.failed(Stage.TTS, failure.reason)
        await self._inbox.put(ReplyDone(number, course))

    def _lost(self, reply: Reply, said: Answerable) -> bool:
        """She speaks another language, or was not understood once more.  An answer to our question may be anything."""
        if another_language(said.said.words.reveal()):
            return True
        asked = reply.own or self._agenda.waiting or (self._offered and said.said.words.map(answers.accepts).reveal())
        known = asked or self._replying.outlook(said) is not Outlook.NOTHING
        if said.said.hardly_english and (not known or of_language(said.said.words.reveal())):
            return True
        return self._understanding.of_words(reply.logprob, answerable=known)

    async def _nothing_said(self, heard: Recognised) -> None:
        if heard.transcript is not None and self._understanding.of_sound(heard.transcript.no_speech):
            await self._escalate(EscalationReason.NOT_UNDERSTOOD)
        else:
            await self._on(Event.NOTHING_SAID)

    def _words_of_the_turn(self) -> Recognised | None:
        """Of the turn that is over; where they are not here they are hurried, and answered when they come."""
        known = self._hearing.known
        if known is None:
            self._waiting = True
            self._hearing.hurry()
        return known

    async def _begin_reply(self) -> None:
        known = self._words_of_the_turn()
        if known is None or known.transcript is None:
            return
        if self._draft is not None and self._draft.mark == known.mark:
            await self._commit()
            return
        await self._take_turn(self._as_heard(known.transcript), known)

    async def _answer_key(self) -> None:
        said, self._pressed = self._pressed, None
        if said is not None and self._turns.state is State.WAITING:
            await self._answer_in_waiting(Utterance(said, doubtful=False))
        elif said is not None:
            heard = Recognised(self._hearing.NO_PAUSE, Urgency.FINAL, None, 0)
            await self._take_turn(Utterance(said, doubtful=False), heard)

    async def _take_turn(self, said: Utterance, heard: Recognised) -> None:
        self._replying.heed(said.words)
        screened = screen_utterance(said, self._script.red_flags)
        if isinstance(screened, Answerable):
            await self._prepare(screened, heard)
            await self._commit()
        elif isinstance(screened, Escalate):
            if not self._identifying.asking:
                self._keeping.hear(Speaker.CALLER, said.words, self._start)
            await self._escalate(screened.reason)
        else:
            await self._nothing_said(heard)

    async def _reply_done(self, done: ReplyDone) -> None:
        if self._draft is not None and self._draft.number == done.number and done.course is None:
            self._draft = None  # it failed ahead of the end of the turn: it is tried again when the turn is over
            return
        reply = self._reply
        if reply is None or reply.number != done.number:
            return
        reply.done = True
        if self._turns.state in (State.WAITING, State.CONNECTING):
            await self._said_in_waiting(failed=done.course is None)
            return
        match done.course:
            case None if self._turns.state in (State.CLOSING, State.HANDING_OFF):
                await self._on(Event.PARTED)  # no voice is left to part with: the carrier's own takes over
            case None:
                await self._escalate(EscalationReason.FAILURE)
            case Course.PERSON | Course.NURSE | Course.EMERGENCY | Course.NOT_UNDERSTOOD:
                await self._escalate(FETCHES[done.course])
            case Course.GOODBYE:
                asked = self._agenda.before_goodbye()
                if asked is not None:
                    self._say_step(asked)
                    return
                self._tally.end = EndReason.GOODBYE
                await self._on(Event.GOODBYE)
            case Course.OFFERED_PERSON | Course.ON:
                self._offered = done.course is Course.OFFERED_PERSON
                if self._offered:
                    self._agenda.pause()
                await self._if_all_played()

    async def _said_in_waiting(self, *, failed: bool) -> None:
        """Without a voice she is not waited with: the carrier dials the nurse line, or the nurse who comes is hers."""
        if not failed:
            await self._if_all_played()
        elif self._turns.state is State.CONNECTING and self._wait.rings:
            self._wait.told()
        else:
            self._wait.give_up()
            await self._on(Event.NOBODY)

    def _new_reply(self) -> Reply:
        self._replies += 1
        return Reply(self._replies, Gate.shut(), TurnTimes())

    def _say(self, *phrases: Phrase) -> None:
        """Fixed wording as a reply of its own."""
        self._say_all([self._replying.phrase(phrase) for phrase in phrases])

    def _say_all(self, sentences: Sequence[Sayable], *, then: Course = Course.ON) -> None:
        reply = self._new_reply()
        reply.gate.open()
        self._reply = reply
        reply.task = self._start(self._recite(reply.number, sentences, then))

    def _say_step(self, step: Step) -> None:
        """What the agenda has next, as a reply of its own."""
        reply = self._new_reply()
        reply.gate.open()
        self._reply = reply
        reply.task = self._start(self._follow_alone(reply.number, step))

    async def _follow_alone(self, number: int, step: Step) -> None:
        course: Course | None = None
        with contextlib.suppress(EngineFailed):
            course = await self._follow(step)
        await self._inbox.put(ReplyDone(number, course))

    async def _follow(self, step: Step, *, first: bool = True) -> Course:
        """Say it.  first: a new reply begins with it.  Raises `VoiceFailed`."""
        self._agenda.take(step)
        if step.waits:
            self._identifying.leave()
        await self._replying.recite(step.say, first=first)
        return step.course

    async def _recite(self, number: int, sentences: Sequence[Sayable], then: Course) -> None:
        course: Course | None = None
        with contextlib.suppress(EngineFailed):
            await self._replying.recite(sentences)
            course = then
        await self._inbox.put(ReplyDone(number, course))

    async def _aside(self, phrase: Phrase) -> None:
        if self._mouth.busy:
            return  # the answer has come meanwhile
        with contextlib.suppress(EngineFailed):
            await self._replying.say(phrase, aside=True)

    # -- events and actions ------------------------------------------------------------------------------------------

    async def _escalate(self, reason: EscalationReason) -> None:
        """A person, for the gravest reason that was heard; one that is heard over the hand-off's words is told too."""
        worse = self._is_graver(reason)
        if worse:
            self._tally.escalation = reason
            self._watch.escalated(reason)
            self._wait.rises()
        if self._turns.state is State.WAITING and not worse:  # she is told so already: she is answered all the same
            await self._on(Event.NOBODY if self._wait.offered else Event.NEWS)
            return
        self._wait.rose |= worse and self._turns.state is State.CONNECTING
        fetching = self._turns.state in (State.HANDING_OFF, State.WAITING)
        await self._on(Event.GRAVER if fetching and worse else Event.PERSON)

    async def _on(self, event: Event) -> None:
        before = self._turns.state
        actions = self._turns.on(event)
        self._tell_state(before)
        await self._act(actions)

    def _tell_state(self, before: State) -> None:
        if self._turns.state is not before:
            self._watch.state(self._turns.state)

    async def _act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Action.SAY_GREETING:
                    self._say_all(self._disclosure.greeting)
                case Action.KEEP_PENDING:
                    self._pending = True
                case Action.BEGIN_REPLY:
                    await self._begin_reply()
                case Action.ANSWER_KEY:
                    await self._answer_key()
                case Action.CANCEL_REPLY:
                    reply, self._reply = self._reply, None
                    await self._drop(reply)
                case Action.REOPEN_TURN:
                    self._waiting = False
                    self._ear.reopen()
                case Action.HOLD_PLAYBACK:
                    self._leg.hold()
                case Action.RESUME_PLAYBACK:
                    self._leg.resume()
                case Action.CLEAR_PLAYBACK:
                    self._replying.owe(self._mouth.hush())
                case Action.JUDGE_OVERLAP:
                    self._overlap_mark = self._ear.mark
                    self._overlap_ms, self._next_look_ms = 0, FIRST_LOOK_MS
                    self._overlap_heard = None
                case Action.PROMPT_1:
                    self._tally.counts["silence_prompts"] += 1
                    if self._offered:
                        self._say_all([self._replying.phrase(Phrase.STILL_OFFERED)], then=Course.OFFERED_PERSON)
                    elif self._agenda.pending and not self._identifying.asking:
                        self._say_step(self._agenda.again())
                    else:
                        self._say(Phrase.ANYTHING_ELSE if self._answers else Phrase.SILENCE_1)
                case Action.PROMPT_2:
                    self._tally.counts["silence_prompts"] += 1
                    self._say(Phrase.SILENCE_2)
                case Action.TAKE_KEYS:
                    self._say_step(self._agenda.of_keys())
                case Action.CONTINUER:
                    self._start(self._aside(self._replying.alternate(Phrase.CONTINUER, Phrase.CONTINUER_2)))
                case Action.FILLER:
                    self._tally.counts["fillers"] += 1
                    self._start(self._aside(self._replying.alternate(Phrase.FILLER, Phrase.FILLER_2)))
                case Action.FALL_BACK:
                    await self._fall_back()
                case Action.HAND_OFF:
                    self._heed_what_was_heard_once()
                    self._waiting = self._pending = self._late_turn = False
                    await self._drop_draft()
                    if self._ear.paused:  # it has been heard; what she says now is for itself
                        self._ear.forget()
                    self._hand_off()
                case Action.SAY_NEWS:
                    self._say_how_it_stands()
                case Action.ANSWER_WAITING:
                    await self._answer_waiting()
                case Action.SAY_CONNECTING:
                    self._say(Phrase.CONNECTING)
                case Action.SAY_NOBODY:
                    self._parting_ms, self._parting_played = 0, False
                    self._say(Phrase.NOBODY_CAME)
                case Action.SAY_STOPPED:
                    self._stopped()
                case Action.SAY_CLOSING:
                    self._parting_ms, self._parting_played = 0, False
                    closing = self._script.disclosures[self._keeping.ask()].closing
                    self._say_all(
                        [self._replying.phrase(Phrase.PROMISED), closing] if self._wait.promised else [closing]
                    )
                case Action.CLOSE:
                    await self._leg.close()

    def _heed_what_was_heard_once(self) -> None:
        """A person is fetched for another reason in the middle of a turn in which an emergency was heard."""
        alarmed, self._alarmed = self._alarmed, None
        lost = self._heard_once if self._tally.escalation is None else None  # silence, or an answer too late
        reason = alarmed[1] if alarmed is not None else lost[0] if lost is not None else None
        if reason is not None and self._is_graver(reason):
            self._tally.escalation = reason
            self._watch.escalated(reason)

    def _hand_off(self) -> None:
        reason = self._tally.escalation
        if reason is None:  # the line itself ran out of time: silence, a late answer, the longest call
            reason = EscalationReason.SILENCE if self._turns.silent_out else EscalationReason.FAILURE
            self._tally.escalation = reason
            self._watch.escalated(reason)
        if self._tally.end is not EndReason.LONGEST_CALL:
            self._tally.end = EndReason.HANDED_OVER
        self._parting_ms, self._parting_played = 0, False
        self._call_nurses(reason)
        match reason:
            case EscalationReason.RED_FLAG | EscalationReason.GUARD_FAILED:
                self._say(Phrase.EMERGENCY)
            case EscalationReason.CRISIS:
                self._say(Phrase.CRISIS)
            case EscalationReason.SYMPTOM:
                self._say(Phrase.SYMPTOM)
            case EscalationReason.SILENCE:
                self._say(Phrase.SILENCE_3)
            case EscalationReason.FAILURE:
                self._say(Phrase.FAILURE)
            case EscalationReason.NOT_UNDERSTOOD:
                self._say(Phrase.NOT_ENGLISH)
            case EscalationReason.ASKED | EscalationReason.KEY_ZERO:
                self._say(Phrase.TRANSFER)

    async def _fall_back(self) -> None:
        reply = self._reply
        voices = self._script.voices
        if (
            reply is None
            or reply.said is None
            or reply.own
            or reply.done
            or self._mouth.busy
            or voices.model is voices.approved
        ):
            return
        self._tally.counts["fallbacks"] += 1
        self._reply = None
        await self._drop(reply)
        again = self._new_reply()
        again.said, again.words, again.mark, again.times = reply.said, reply.words, reply.mark, reply.times
        again.gate.open()
        self._reply = again
        again.task = self._start(self._answer(again, reply.said, offered=False, plain_only=True))

    async def _drop_draft(self) -> None:
        draft, self._draft = self._draft, None
        await self._drop(draft)

    async def _drop(self, reply: Reply | None) -> None:
        """Cancel and wait: nothing of it may reach the leg afterwards."""
        if reply is not None and reply.task is not None and not reply.task.done():
            reply.task.cancel()
            await asyncio.wait([reply.task])

    def _start(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        assert self._tasks is not None
        task = self._tasks.create_task(work, name="call")
        self._children.add(task)
        task.add_done_callback(self._children.discard)
        return task

    def _spoke(self, sentence: Sayable) -> None:
        if sentence.source in (Source.RECORD, Source.CALLER):
            return
        self._keeping.hear(Speaker.AGENT, sentence.text, self._start)

    def _stt_failed(self, reason: EngineReason) -> None:
        self._watch.failed(Stage.STT, reason)

    def _llm_failed(self, reason: EngineReason) -> None:
        self._watch.failed(Stage.LLM, reason)

    @staticmethod
    def _clock_ms() -> float:
        return asyncio.get_running_loop().time() * 1000


def words_in(said: PHI[str]) -> int:
    """How many there are."""
    return said.map(lambda text: len(text.split())).reveal()


def end_reason(reason: LegEnd, known: EndReason) -> EndReason:
    """Why the stream closed, as the record says it: what we had decided ourselves stands."""
    if known in (EndReason.GOODBYE, EndReason.HANDED_OVER, EndReason.LONGEST_CALL) and reason is LegEnd.CLOSED:
        return known
    match reason:
        case LegEnd.STOPPED:
            return EndReason.CALLER_HUNG_UP
        case LegEnd.DEAD:
            return EndReason.DEAD_STREAM
        case LegEnd.DROPPED:
            return EndReason.DROPPED
        case LegEnd.CLOSED:
            return known
        case _:
            return EndReason.PROTOCOL
