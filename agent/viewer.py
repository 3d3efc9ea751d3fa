"""The live view of `make call`: events in, rows of plain text out.  Holds timings and names of states, no word said."""

from __future__ import annotations

import json
from typing import Final

from policies.events import (
    BargeIn,
    CallAnswered,
    CallEnded,
    CallEvent,
    Escalated,
    Floor,
    GreetingStarted,
    Holder,
    KeyPressed,
    LineReady,
    LogLine,
    OpeningsReady,
    Refused,
    TurnName,
    TurnState,
    TurnTiming,
    Verdict,
)
from policies.records import CallMetrics
from policies.vocabulary import Event

FLOOR: Final = {
    Holder.CALLER: "caller  | speaks",
    Holder.AGENT: "agent   | speaks",
    Holder.BOTH: "both    | speak at once",
    Holder.NOBODY: "nobody  | has the floor",
}
# States that say more than who has the floor.
STATE: Final = {
    TurnName.GREETING: "greets",
    TurnName.THINKING: "looks for the answer",
    TurnName.OVERLAP: "has stopped, and decides what the sound was",
    TurnName.CLOSING: "says goodbye",
    TurnName.HANDING_OFF: "hands over to a person",
    TurnName.WAITING: "stays with the caller while nurses are called",
    TurnName.CONNECTING: "connects the caller to a nurse",
    TurnName.ENDED: "is done",
}
VERDICT: Final = {
    Verdict.FLOOR: "she wants to speak: the agent yields",
    Verdict.BACKCHANNEL: "mm-hm: the agent speaks on",
    Verdict.NOISE: "noise: the agent speaks on",
}
STAGES: Final = (
    ("end of turn", "endpoint_ms"),
    ("recognised", "stt_ms"),
    ("answer", "answer_ms"),
    ("voice", "tts_ms"),
    ("reply gap", "gap_ms"),
)
TROUBLE: Final = frozenset(
    {
        Event.UNCAUGHT,
        Event.MODEL_REFUSED,
        Event.AGENT_REFUSED,
        Event.STATE_FAILED,
        Event.EVENT_REFUSED,
        Event.RECORD_REFUSED,
        Event.OUTREACH_FULL,
        Event.ENGINE_FAILED,
        Event.STREAM_FAILED,
        Event.CALL_FAILED,
        Event.GUARD_FAILED,
    }
)
"""Log lines that whoever watches a call wants to see."""
DIM, BOLD, PLAIN = "\033[2m", "\033[1m", "\033[0m"


class Viewer:
    """Call `on` with each event and the time it came."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._answered_s: float | None = None
        self._timings: list[TurnTiming] = []
        self.record: CallMetrics | None = None
        """What the line said is to be kept, once the call is over."""

    def on(self, event: CallEvent, now_s: float) -> list[str]:
        """The rows that this event adds.  now_s: any clock that doesn't go back."""
        match event:
            case LineReady(_, ms):
                return [self._dim(f"the line is ready after {ms / 1000:.1f} s")]
            case OpeningsReady(count, ms, kilobytes):
                return [self._dim(f"{count} answers begin without synthesis after {ms / 1000:.1f} s ({kilobytes} kB)")]
            case CallAnswered(_, agent):
                self._answered_s = now_s
                return [self._row(now_s, f"answered by {agent}")]
            case GreetingStarted(_, ms):
                return [self._row(now_s, f"greeting begins {ms} ms after start")]
            case TurnState(_, state):
                return [self._row(now_s, "line    | " + STATE[state])] if state in STATE else []
            case Floor(_, who):
                return [self._row(now_s, FLOOR[who])]
            case TurnTiming():
                self._timings.append(event)
                return [self._row(now_s, self._bold(self._stages(event)))]
            case BargeIn(_, verdict):
                return [self._row(now_s, "over the agent | " + VERDICT[verdict])]
            case Escalated(_, reason):
                return [self._row(now_s, "a person is fetched: " + _words(reason.value))]
            case KeyPressed():
                return [self._row(now_s, "a key was pressed")]
            case Refused(reason):
                return [self._row(now_s, "refused: " + _words(reason.value))]
            case CallEnded(_, metrics):
                self.record = metrics
                return [self._row(now_s, "call over: " + _words(metrics.end.value))]
            case LogLine(name, fields) if name in TROUBLE:
                what = "".join(f", {field} {value}" for field, value in fields.items())
                return [self._row(now_s, "log     | " + _words(name.value) + what)]
            case _:
                return []

    def table(self) -> list[str]:
        """Reply gaps, one row a turn, in ms."""
        heads = [name for name, _ in STAGES]
        rows = ["", self._bold("reply  " + "  ".join(f"{head:>11}" for head in heads))]
        for number, timing in enumerate(self._timings, 1):
            rows.append(f"{number:>5}  " + "  ".join(f"{getattr(timing, field):>8} ms" for _, field in STAGES))
        gaps = sorted(timing.gap_ms for timing in self._timings)
        if gaps:
            middle = gaps[(len(gaps) - 1) // 2]
            rows.append(self._dim(f"median reply gap {middle} ms, longest {gaps[-1]} ms, {len(gaps)} replies"))
        else:
            rows.append(self._dim("no reply was timed"))
        return rows

    def kept(self, record: str) -> list[str]:
        """The one record of the call, as the keeper holds it."""
        if not record:
            return ["", "The keeper holds no record of this call."]
        fields = json.loads(record)
        rows = [f"  {name:<16} {_shown(value)}" for name, value in fields.items()]
        return ["", self._bold("all that was kept of this call"), *rows]

    def _stages(self, timing: TurnTiming) -> str:
        return "reply   | " + ", ".join(f"{name} {getattr(timing, field)} ms" for name, field in STAGES)

    def _row(self, now_s: float, words: str) -> str:
        since = now_s - self._answered_s if self._answered_s is not None else 0.0
        return self._dim(f"{since:7.2f} s") + f"  {words}"

    def _dim(self, words: str) -> str:
        return f"{DIM}{words}{PLAIN}" if self._colour else words

    def _bold(self, words: str) -> str:
        return f"{BOLD}{words}{PLAIN}" if self._colour else words


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
