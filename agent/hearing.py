"""What is asked of the recogniser for one call: the words of the present pause, and looks at a turn that goes on.

One request of each kind is under way at a time; a newer one takes its place.  Results come through `tell`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from agent.engines.ports import Bias, EngineFailed, EngineReason, Speech, SpeechToText, Transcript, Urgency


@dataclass(frozen=True, slots=True)
class Recognised:
    """A transcript came back; `mark` says of which moment of the turn."""

    mark: int
    urgency: Urgency
    transcript: Transcript | None
    """None: the recogniser failed."""
    took_ms: int


class Hearing:
    """One call's requests."""

    NO_PAUSE: Final = -1

    def __init__(
        self,
        stt: SpeechToText,
        bias: Bias | None,
        call: int,
        start: Callable[[Coroutine[Any, Any, object]], asyncio.Task[object]],
        tell: Callable[[Recognised], Awaitable[None]],
        failed: Callable[[EngineReason], None],
    ) -> None:
        """call: the opaque number under which the recogniser gives it its share.  start: makes a task of the call."""
        self._stt: Final = stt
        self._bias: Final = bias
        self._call: Final = call
        self._start: Final = start
        self._tell: Final = tell
        self._failed: Final = failed
        self._of_pause: asyncio.Task[object] | None = None
        self._of_turn: asyncio.Task[object] | None = None
        self._speech: Speech | None = None
        self.pause_mark = self.NO_PAUSE
        """The moment of the turn whose words are wanted."""
        self.heard: Recognised | None = None
        """What came back for it."""

    @property
    def busy(self) -> bool:
        """The words of a pause are on their way."""
        return self._of_pause is not None and not self._of_pause.done()

    @property
    def known(self) -> Recognised | None:
        """The words of the present pause, if they are here."""
        heard = self.heard
        return heard if heard is not None and heard.mark == self.pause_mark and heard.transcript is not None else None

    def of_this_pause(self, heard: Recognised) -> bool:
        return heard.mark == self.pause_mark and heard.urgency is not Urgency.SNAPSHOT

    def paused(self, speech: Speech, mark: int) -> None:
        """She paused: recognise ahead."""
        self.pause_mark, self.heard, self._speech = mark, None, speech
        self._recognise(speech, Urgency.SPECULATIVE)

    def hurry(self) -> None:
        """The turn is over and its words are not here: joins the work under way, in front of what is not final."""
        if self._speech is not None:
            self._recognise(self._speech, Urgency.FINAL)

    def look(self, speech: Speech, mark: int) -> None:
        """Recognise an unfinished turn."""
        self._look_away()
        self._of_turn = self._start(self._transcribe(speech, Urgency.SNAPSHOT, mark))

    def drop(self) -> None:
        """The sound was nothing: what comes back of it is of no pause."""
        self.pause_mark = self.NO_PAUSE
        self._look_away()

    def forget(self) -> None:
        """No sound and no word stays."""
        self._speech = self.heard = None

    def _recognise(self, speech: Speech, urgency: Urgency) -> None:
        self._look_away()
        earlier = self._of_pause
        self._of_pause = self._start(self._transcribe(speech, urgency, self.pause_mark))
        if earlier is not None:
            earlier.cancel()

    def _look_away(self) -> None:
        if self._of_turn is not None:
            self._of_turn.cancel()

    async def _transcribe(self, speech: Speech, urgency: Urgency, mark: int) -> None:
        clock = asyncio.get_running_loop()
        asked_s = clock.time()
        transcript: Transcript | None = None
        try:
            transcript = await self._stt.transcribe(speech, call=self._call, urgency=urgency, bias=self._bias)
        except EngineFailed as failure:
            self._failed(failure.reason)
        await self._tell(Recognised(mark, urgency, transcript, int((clock.time() - asked_s) * 1000)))
