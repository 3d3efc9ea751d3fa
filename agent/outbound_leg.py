"""One call that we placed, from the moment it is picked up until it is known who is on it.

Joins what picked up (`agent.answering`), what is said (`agent.endpointing`, the recogniser) and keys with
`agent.asking_for`, and says its lines.  What comes then is for the next stream of the same call: she is the patient, or
whoever it is is to have a person.  No sound and no word of it stays when `run()` returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from agent.answering import Answered, Answering
from agent.asking_for import AskingFor
from agent.completeness import Expected, completeness
from agent.endpointing import Ear, Endpointer, Reading
from agent.engines.ports import EngineFailed
from agent.hearing import Hearing, Recognised
from agent.mouth import Mouth
from agent.script import Engines
from policies.attempts import Came
from policies.escalation import EscalationReason
from policies.guardrails import Escalate, Sayable, screen_utterance
from policies.phi import PHI
from policies.redflags import RedFlags
from policies.right_party import BEFORE, Act, Event, Line, State, Step
from policies.who_answered import announces, greets_as_machine
from telephony.audio import FRAME_MS
from telephony.leg import Ended, Heard, Leg, LegEvent
from telephony.pacing import ClipPlayed
from telephony.protocol import Digit
from telephony.switchboard import After, Again, EndDecision
from telephony.tokens import Purpose

ANSWER_MS: Final = 7_000
"""Of silence after what we asked: as long as a caller is given in any call (`agent.turns.Patience`)."""
FETCH_MS: Final = 30_000
"""While somebody gets her: from one end of a house to the other."""
MACHINE_MS: Final = 4_000
"""After a machine's greeting, without a beep; after twice that it is taken to record."""
PARTING_MS: Final = 20_000
"""For the last words, whose mark may be lost: the longest take some ten seconds."""
TALKS_ON_MS: Final = 1_500
"""Who begins to speak so soon after we have goes on with what was being said: nobody has heard our question yet."""
LONGEST_MS: Final = 240_000
"""Until it is known who it is; a check of two identifiers, made twice, takes about two minutes."""
PATIENCE_MS: Final = {State.FETCHED: FETCH_MS, State.MACHINE: MACHINE_MS}
WAITS: Final = (State.ASKED, State.FETCHED, State.BIRTH, State.SECOND, State.MACHINE)
"""Somebody is to answer, or a machine to be done: silence means something there."""


class OutboundLeg:
    """One call's first stream."""

    def __init__(
        self,
        leg: Leg,
        engines: Engines,
        red_flags: RedFlags,
        asking: AskingFor,
        wording: Callable[[Line], Sequence[Sayable]],
        opted_out: Callable[[], None],
    ) -> None:
        """wording: of each line, with her name.  opted_out: told before anything is said to it."""
        self._leg: Final = leg
        self._red_flags: Final = red_flags
        self._asking: Final = asking
        self._wording: Final = wording
        self._opted_out: Final = opted_out
        self._mouth: Final = Mouth(leg, engines.tts, engines.ready)
        self._vad: Final = engines.vad()
        self._ear: Final = Endpointer()
        self._answering: Final = Answering()
        self._hearing: Final = Hearing(engines.stt, None, leg.ordinal, self._start, self._tell, lambda _: None)
        self._inbox: Final[asyncio.Queue[LegEvent | Recognised | Step]] = asyncio.Queue(maxsize=512)
        self._tasks: asyncio.TaskGroup | None = None
        self._children: Final[set[asyncio.Task[object]]] = set()
        self._saying: asyncio.Task[object] | None = None
        self._whole = True
        self._speechless = False
        self._now_ms = 0
        self._asked_ms = 0
        """When the line in hand was begun."""
        self._onset_ms = 0
        """When the turn in hand was begun."""
        self._greeted_ms = 0
        """When it was last known that a machine greets, or had greeted: what was begun before it is the machine's."""
        self._over_us = False
        self._waiting = False  # the turn is over and its words are not here yet
        self._quiet_ms = 0
        self._parting_ms = 0
        self._after: After | None = None
        self.reason: EscalationReason | None = None
        """Why whoever it is is to have a person."""

    @property
    def state(self) -> State:
        """How far it has come."""
        return self._asking.party.state

    async def run(self) -> After:
        """Until the stream is over.  Returns where the call goes.  Raises what a broken engine raised."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                running = self._tasks.create_task(self._leg.run(), name="outbound-leg")
                self._start(self._listen())
                while self._after is None and not isinstance(event := await self._inbox.get(), Ended):
                    await self._take(event)
                await self._leg.close()
                await running
                for child in list(self._children):
                    child.cancel()
        finally:
            self._tasks = None
            self._forget()
        return self._after or EndDecision.GOODBYE

    def _forget(self) -> None:
        self._asking.on(Event.GONE)
        while not self._inbox.empty():
            self._inbox.get_nowait()
        self._ear.forget()
        self._ear.strain.forget()
        self._hearing.forget()
        self._mouth.forget()

    # -- the inbox -----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        event: LegEvent | None = None
        while not isinstance(event, Ended):
            event = await self._leg.next()
            await self._inbox.put(event)

    async def _tell(self, recognised: Recognised) -> None:
        await self._inbox.put(recognised)

    async def _take(self, event: LegEvent | Recognised | Step) -> None:
        match event:
            case Heard():
                await self._frame(event)
            case Digit(digit):
                self._quiet_ms = 0
                await self._follow(self._asking.key(digit))
            case ClipPlayed(clip, _):
                self._mouth.played(clip)
                await self._if_heard()
            case Recognised():
                await self._recognised(event)
            case Step():
                await self._follow(event)
            case _:
                pass

    async def _frame(self, heard: Heard) -> None:
        self._now_ms += FRAME_MS
        voiced = self._vad.is_speech(heard.frame)
        self._ear.lag_ms = self._vad.lag_ms
        answered = self._answering.hear(heard.frame, voiced and (self._ear.speaking or not heard.audible))
        if answered is not None and not (answered is Answered.MACHINE and self._answers_us):
            await self._follow(self._picked_up(answered))
        for noticed in self._ear.hear(heard.frame, voiced, echo_dbfs=heard.echo_dbfs, audible=heard.audible):
            await self._noticed(noticed)
        await self._follow(self._asking.frame())
        await self._if_heard()
        await self._silence()

    @property
    def _answers_us(self) -> bool:
        """What is being said was begun after our question could be heard: a long answer is no machine's greeting."""
        return self.state not in (State.ANSWERED, State.MACHINE) and self._onset_ms >= self._asked_ms + TALKS_ON_MS

    async def _silence(self) -> None:
        """Nobody answers, nothing beeps, or the last words are not known to have been heard."""
        if self.state is State.LEAVING:
            self._parting_ms += FRAME_MS
        if self._parting_ms >= PARTING_MS or self._now_ms >= LONGEST_MS:
            await self._hang_up()
            return
        busy = self._still_heard or self._saying_still or self._asking.entering
        self._quiet_ms = 0 if busy or self.state not in WAITS else self._quiet_ms + FRAME_MS
        if self._quiet_ms >= PATIENCE_MS.get(self.state, ANSWER_MS):
            self._quiet_ms = 0
            await self._follow(self._asking.on(Event.UNHEARD))

    # -- words ---------------------------------------------------------------------------------------------------------

    async def _noticed(self, noticed: Ear) -> None:
        match noticed:
            case Ear.ONSET:
                self._onset_ms, self._over_us = self._now_ms, self._saying_still
            case Ear.PAUSE:
                self._hearing.paused(self._ear.speech(), self._ear.mark)
            case Ear.TURN_OVER if self._hearing.known is not None:
                await self._turn(self._hearing.known)
            case Ear.TURN_OVER:
                self._waiting = True
                self._hearing.hurry()
            case _:
                pass

    async def _recognised(self, heard: Recognised) -> None:
        if not self._hearing.of_this_pause(heard):
            return
        self._hearing.heard = heard
        if self._waiting:
            await self._turn(heard)
        elif heard.transcript is not None:
            words = heard.transcript.said.words
            alarming = isinstance(screen_utterance(heard.transcript.said, self._red_flags), Escalate)
            count = words.map(lambda text: len(text.split())).reveal()
            ended = completeness(words, Expected.ANYTHING)
            self._ear.read(Reading(ended, answerable=True, words=count, alarming=alarming), heard.mark)

    async def _turn(self, heard: Recognised) -> None:
        """The turn is over, and these are its words; without a transcript the recogniser failed."""
        await self._read(heard)
        if self.state is State.MACHINE:
            await self._follow(self._asking.on(Event.MACHINE))

    async def _read(self, heard: Recognised) -> None:
        self._waiting = False
        self._quiet_ms = 0
        self._hearing.drop()
        if heard.transcript is None:
            await self._follow(self._asking.on(Event.UNHEARD))
            return
        said = heard.transcript.said
        if said.words.map(lambda text: not any(letter.isalnum() for letter in text)).reveal():
            return
        screened = screen_utterance(said, self._red_flags)
        if self._is_greeting(said.words):
            await self._follow(self._greeting(said.words))
            return
        if isinstance(screened, Escalate) and not self._recorded:
            out = self._asking.overhear(said.words)
            if out is not None and Act.OPT_OUT in out.acts:
                self._opted_out()  # nothing is said to it: a person is being fetched
            asked = screened.reason is EscalationReason.ASKED
            step = self._asking.on(Event.WANTS_PERSON if asked else Event.URGENT)
            await self._follow(step, screened.reason)
            return
        if self.state is State.ANSWERED or self._onset_ms < self._asked_ms:
            await self._follow(self._before_we_asked(said.words))
        else:
            await self._follow(self._asking.hear(said.words, over_us=self._over_us))

    def _before_we_asked(self, words: PHI[str]) -> Step | None:
        answered = self._answering.read(words)
        return self._asking.overhear(words) if answered is None else self._picked_up(answered)

    # -- a machine -----------------------------------------------------------------------------------------------------

    @property
    def _recorded(self) -> bool:
        """A machine records: no words there are anybody's emergency, or a wish for a person."""
        return self.state is State.LEAVING and self._asking.party.came is Came.VOICEMAIL

    def _picked_up(self, answered: Answered) -> Step:
        step = self._asking.picked_up(answered)
        if self.state is State.MACHINE or self._recorded:
            self._greeted_ms = self._now_ms
        return step

    def _is_greeting(self, words: PHI[str]) -> bool:
        """A machine's, by when it was begun, or by its words while nobody has answered what we asked.

        Who answers us may say "I can't come to the phone" of herself: of that only what no person says is a greeting.
        """
        if self._onset_ms < self._greeted_ms:
            return True
        return self.state in BEFORE and words.map(announces if self._answers_us else greets_as_machine).reveal()

    def _greeting(self, words: PHI[str]) -> Step | None:
        """Of a greeting's words only an opt-out counts, and that they are a machine's."""
        out = self._asking.overhear(words)
        if out is not None or self.state not in BEFORE or not words.map(greets_as_machine).reveal():
            return out
        return self._picked_up(Answered.MACHINE)

    # -- steps ---------------------------------------------------------------------------------------------------------

    async def _follow(self, step: Step | None, reason: EscalationReason = EscalationReason.KEY_ZERO) -> None:
        """Its line is said, then it is done; an opt-out is held before anything else.

        reason: why whoever it is is to have a person, if that is what comes of it.
        """
        if step is None:
            return
        if Act.OPT_OUT in step.acts:
            self._opted_out()
        if step.line is not None:
            self._say(self._wording(step.line))
        for act in step.acts:
            match act:
                case Act.CHECK:
                    self._start(self._check())
                case Act.GO_ON:
                    await self._part(Again(Purpose.REACHED))
                case Act.ESCALATE | Act.FETCH_PERSON:
                    self.reason = reason
                    await self._part(Again(Purpose.HANDED))
                case Act.HANG_UP:
                    await self._hang_up()
                case Act.FORGET | Act.OPT_OUT:
                    pass  # `AskingFor` has forgotten

    async def _check(self) -> None:
        await self._inbox.put(await self._asking.check())

    async def _part(self, after: After) -> None:
        """Close the stream: the call goes there."""
        if self._after is None:
            self._after = after
            await self._leg.close()

    async def _hang_up(self) -> None:
        await self._part(EndDecision.GOODBYE)

    # -- the voice -----------------------------------------------------------------------------------------------------

    @property
    def _saying_still(self) -> bool:
        """Something of the line in hand has not been heard."""
        return not self._whole or self._mouth.busy

    @property
    def _still_heard(self) -> bool:
        """Somebody is speaking, or has spoken and it is not known what."""
        return self._ear.speaking or self._hearing.busy or self._waiting

    def _say(self, sentences: Sequence[Sayable]) -> None:
        """In place of whatever is being said."""
        self._asked_ms, self._quiet_ms, self._whole = self._now_ms, 0, False
        self._saying = self._start(self._recite(sentences, self._saying))

    async def _recite(self, sentences: Sequence[Sayable], before: asyncio.Task[object] | None) -> None:
        if before is not None and not before.done():
            before.cancel()
            await asyncio.wait([before])
        self._mouth.hush()
        try:
            for n, sentence in enumerate(sentences):
                await self._mouth.say(sentence, first=not n)
        except EngineFailed:
            self._speechless = True
        self._whole = True

    async def _if_heard(self) -> None:
        """Who can't be spoken to is not kept on the line."""
        if self._speechless:
            await self._hang_up()
        elif self.state is State.LEAVING and not (self._saying_still or self._still_heard):
            await self._follow(self._asking.on(Event.SAID))

    def _start(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        assert self._tasks is not None
        task = self._tasks.create_task(work, name="outbound")
        self._children.add(task)
        task.add_done_callback(self._children.discard)
        return task
