"""What Prometheus may know of the line: counters and latency histograms, every label a member of a closed enum."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from agent.engines.ports import EngineReason
from policies.events import CallRefusal
from policies.guardrails import EscalationReason
from policies.layers import Layer, Protection, unprotected
from policies.records import CallMetrics, EndReason, Outcome
from policies.vocabulary import CarrierAlarm
from telephony.promise import OVER as PROMISE_OVER
from telephony.promise import State
from telephony.standing import Standing

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"  # the Prometheus text format
EDGES_MS: Final = tuple(
    map(int, "50 100 150 200 250 300 350 400 500 600 700 800 900 1100 1300 1600 2000 3000 5000 10000".split())
)
"""Bucket bounds; they hold the bars of `make bench`."""


class Timed(enum.Enum):
    """What is timed."""

    GREETING = "greeting"
    ENDPOINT = "endpoint"
    STT = "stt"
    ANSWER = "answer"
    TTS = "tts"
    GAP = "gap"
    BARGE_IN = "barge_in"


class Engine(enum.Enum):
    """Which engine failed."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


class LineMetrics:
    """One for the process; used on the event loop alone."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._live = 0
        self._bus = False
        self._locks: frozenset[Layer] = frozenset()
        self._calls: Counter[tuple[Outcome, EndReason]] = Counter()
        self._escalations: Counter[EscalationReason] = Counter()
        self._refusals: Counter[CallRefusal] = Counter()
        self._failures: Counter[tuple[Engine, EngineReason]] = Counter()
        self._dropped_events = 0
        self._waiting: Callable[[], int] = lambda: 0
        self._promised: Mapping[State, int] = {}
        self._on_call_wrong = 0
        self._times = {timed: _Histogram() for timed in Timed}
        self.standing: Callable[[], Standing] | None = None
        """What stands at the carrier; None where this process asks none."""

    def live(self, calls: int) -> None:
        """How many calls there are now."""
        self._live = calls

    def bus(self, *, there: bool) -> None:
        self._bus = there

    def locks(self, held: frozenset[Layer]) -> None:
        """What holds this process."""
        self._locks = held

    def health(self) -> str:
        """For who may read the metrics: what this process goes on without, and what at the carrier is an alarm."""
        missing = [layer.value for layer in Layer if layer not in self._locks]
        open_to = [kind.value for kind in unprotected(self._locks)]
        standing = None if self.standing is None else self.standing()
        alarms = [] if standing is None else [f"{a.value} {count}" for a, count in standing.alarms().items() if count]
        told = (("without", missing), ("unprotected", open_to), ("at the carrier", alarms))
        return "\n".join(["ok", *(f"{what}: {', '.join(names)}" for what, names in told if names), ""])

    def observe(self, timed: Timed, ms: float) -> None:
        self._times[timed].observe(ms)

    def refused(self, reason: CallRefusal) -> None:
        self._refusals[reason] += 1

    def engine_failed(self, engine: Engine, reason: EngineReason) -> None:
        self._failures[engine, reason] += 1

    def promises(self, waiting: Callable[[], int], ended: Mapping[State, int]) -> None:
        """waiting: how many wait for a call back now.  ended: what came of the others."""
        self._waiting, self._promised = waiting, ended

    def event_dropped(self) -> None:
        """The pipe to the keeper was full."""
        self._dropped_events += 1

    def on_call(self, *, wrong: int) -> None:
        """How many lists of nurses have a file that is wrong, so that an older one holds."""
        self._on_call_wrong = wrong

    def ended(self, call: CallMetrics) -> None:
        self._calls[call.outcome, call.end] += 1
        if call.escalation is not None:
            self._escalations[call.escalation] += 1

    def render(self) -> bytes:
        """The text format, every series of every label set, also those at zero: what is missing says nothing."""
        return "\n".join([*self._rows(), ""]).encode("ascii")

    def _rows(self) -> Iterator[str]:
        yield from _family("quietline_calls_live", "gauge", "Calls now.", [("", self._live)])
        yield from _family("quietline_calls_capacity", "gauge", "Calls at once, at most.", [("", self._capacity)])
        yield from _family("quietline_bus_up", "gauge", "1 while Redis answers.", [("", int(self._bus))])
        wrong = [("", self._on_call_wrong)]
        yield from _family("quietline_on_call_wrong", "gauge", "Lists of nurses whose file is wrong.", wrong)
        held = ((_labels(layer=layer), int(layer in self._locks)) for layer in Layer)
        yield from _family("quietline_lock_held", "gauge", "1 where the kernel's lock holds the line.", held)
        bare = unprotected(self._locks)
        safe = ((_labels(protection=kind), int(kind not in bare)) for kind in Protection)
        yield from _family("quietline_protected", "gauge", "1 where a lock protects it.", safe)
        ended = ((_labels(outcome=o, end=e), self._calls[o, e]) for o in Outcome for e in EndReason)
        yield from _family("quietline_calls_total", "counter", "Calls that ended.", ended)
        fetched = ((_labels(reason=reason), self._escalations[reason]) for reason in EscalationReason)
        yield from _family("quietline_escalations_total", "counter", "Calls handed to a person.", fetched)
        yield from _family("quietline_promises_open", "gauge", "Who waits for a call back.", [("", self._waiting())])
        came = ((_labels(came=state), self._promised.get(state, 0)) for state in PROMISE_OVER)
        yield from _family("quietline_promises_total", "counter", "Calls back that were promised.", came)
        refused = ((_labels(reason=reason), self._refusals[reason]) for reason in CallRefusal)
        yield from _family("quietline_refusals_total", "counter", "Calls and streams not taken.", refused)
        failed = ((_labels(engine=e, reason=r), self._failures[e, r]) for e in Engine for r in EngineReason)
        yield from _family("quietline_engine_failures_total", "counter", "Times an engine gave no result.", failed)
        dropped = [("", self._dropped_events)]
        yield from _family("quietline_events_dropped_total", "counter", "Events the keeper never got.", dropped)
        yield from _at_carrier(None if self.standing is None else self.standing())
        yield "# HELP quietline_latency_seconds What each stage of a reply took."
        yield "# TYPE quietline_latency_seconds histogram"
        for timed, histogram in self._times.items():
            yield from histogram.rows("quietline_latency_seconds", timed)


class _Histogram:
    def __init__(self) -> None:
        self._counts = [0] * (len(EDGES_MS) + 1)
        self._sum_ms = 0.0

    def observe(self, ms: float) -> None:
        self._counts[bisect_left(EDGES_MS, ms)] += 1
        self._sum_ms += ms

    def rows(self, name: str, timed: Timed) -> Iterator[str]:
        total = 0
        for edge, count in zip(EDGES_MS, self._counts, strict=False):
            total += count
            yield f'{name}_bucket{{stage="{timed.value}",le="{edge / 1000}"}} {total}'
        total += self._counts[-1]
        yield f'{name}_bucket{{stage="{timed.value}",le="+Inf"}} {total}'
        yield f'{name}_sum{{stage="{timed.value}"}} {self._sum_ms / 1000:.3f}'
        yield f'{name}_count{{stage="{timed.value}"}} {total}'


def _at_carrier(standing: Standing | None) -> Iterator[str]:
    """All 0 where no carrier is asked, which the first says."""
    undeleted, deleted, failures = (0, 0, 0) if standing is None else (
        standing.undeleted, standing.deleted, standing.failures,
    )  # fmt: skip
    oldest_s = 0 if standing is None else int(standing.oldest_s)
    alarms = dict.fromkeys(CarrierAlarm, 0) if standing is None else standing.alarms()
    for name, kind, means, value in (
        ("watched", "gauge", "1 where the carrier is asked to delete.", int(standing is not None)),
        ("records", "gauge", "Records of ended calls that stand at the carrier.", undeleted),
        ("oldest_record_seconds", "gauge", "How long the oldest of them has been owed.", oldest_s),
        ("records_deleted_total", "counter", "Records deleted and seen to be gone.", deleted),
        ("requests_failed_total", "counter", "Requests about records or settings that failed.", failures),
    ):
        yield from _family(f"quietline_carrier_{name}", kind, means, [("", value)])
    found = ((_labels(alarm=alarm), alarms[alarm]) for alarm in CarrierAlarm)
    yield from _family("quietline_carrier_alarm", "gauge", "How much at the carrier is as it must not be.", found)


def _family(name: str, kind: str, means: str, series: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield f"# HELP {name} {means}"
    yield f"# TYPE {name} {kind}"
    for labels, value in series:
        yield f"{name}{labels} {value}"


def _labels(**of: enum.Enum) -> str:
    return "{" + ",".join(f'{name}="{member.value}"' for name, member in of.items()) + "}"
