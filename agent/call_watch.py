"""What the pipe and the metrics are told of a call while it lasts: closed events and times."""

from __future__ import annotations

from typing import Final

from agent.engines.ports import EngineReason
from agent.metrics import Engine as MetricEngine
from agent.metrics import LineMetrics, Timed
from agent.overlap import Verdict
from agent.pipe import EventPipe
from agent.tally import TurnTimes
from agent.turns import State
from agent.watch import Stage, Watch
from policies import events
from policies.guardrails import EscalationReason

HOLDERS: Final = {
    State.NEW: events.Holder.NOBODY,
    State.GREETING: events.Holder.AGENT,
    State.LISTENING: events.Holder.NOBODY,
    State.HEARING: events.Holder.CALLER,
    State.THINKING: events.Holder.NOBODY,
    State.SPEAKING: events.Holder.AGENT,
    State.OVERLAP: events.Holder.BOTH,
    State.CLOSING: events.Holder.AGENT,
    State.HANDING_OFF: events.Holder.AGENT,
    State.WAITING: events.Holder.NOBODY,
    State.CONNECTING: events.Holder.AGENT,
    State.ENDED: events.Holder.NOBODY,
}


class CallWatch(Watch):
    """Tells the pipe what a live view may know."""

    def __init__(self, call: int, pipe: EventPipe, metrics: LineMetrics, *, timings: bool) -> None:
        self._call: Final = call
        self._pipe: Final = pipe
        self._metrics: Final = metrics
        self._timings: Final = timings
        self._holder = events.Holder.NOBODY

    def greeted(self, ms: int) -> None:
        self._metrics.observe(Timed.GREETING, ms)
        self._pipe.tell(events.GreetingStarted(self._call, ms))

    def state(self, state: State) -> None:
        self._pipe.tell(events.TurnState(self._call, events.TurnName(state.value)))
        holder = HOLDERS[state]
        if holder is not self._holder:
            self._holder = holder
            self._pipe.tell(events.Floor(self._call, holder))

    def failed(self, stage: Stage, reason: EngineReason) -> None:
        self._metrics.engine_failed(MetricEngine(stage.value), reason)

    def turn(self, times: TurnTimes) -> None:
        for timed, ms in (
            (Timed.ENDPOINT, times.endpoint_ms),
            (Timed.STT, times.stt_ms),
            (Timed.ANSWER, times.answer_ms),
            (Timed.TTS, times.tts_ms),
            (Timed.GAP, times.gap_ms),
        ):
            self._metrics.observe(timed, ms)
        if self._timings:
            stages = (times.endpoint_ms, times.stt_ms, times.answer_ms, times.tts_ms, times.gap_ms)
            self._pipe.tell(events.TurnTiming(self._call, *(max(0, stage) for stage in stages)))

    def overlap(self, verdict: Verdict, ms: int) -> None:
        if verdict is Verdict.FLOOR:
            self._metrics.observe(Timed.BARGE_IN, ms)
        self._pipe.tell(events.BargeIn(self._call, events.Verdict(verdict.value)))

    def escalated(self, reason: EscalationReason) -> None:
        self._pipe.tell(events.Escalated(self._call, reason))

    def key(self) -> None:
        self._pipe.tell(events.KeyPressed(self._call))
