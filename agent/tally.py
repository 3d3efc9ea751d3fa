"""What is counted of a call while it lasts; its record is made from this and from nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from policies.guardrails import EscalationReason
from policies.objectives import Covered, as_fields
from policies.records import (
    DURATION_S,
    FEW,
    GAP_MS,
    TO_PERSON_S,
    CallMetrics,
    EndReason,
    Engine,
    Outcome,
    Profile,
    Transferred,
    at_most,
)
from telephony.transfer import Outcome as NurseOutcome

COUNTED: Final = (
    "turns", "barge_ins", "backchannels", "false_cut_ins", "fillers", "silence_prompts", "keys", "fallbacks",
    "stt_retries",
)  # fmt: skip


OUTCOMES: Final = {
    EndReason.HANDED_OVER: Outcome.PERSON,
    EndReason.LONGEST_CALL: Outcome.PERSON,
    EndReason.CALLER_HUNG_UP: Outcome.ABANDONED,  # she left while a person was fetched, as the 911 wording asks
    EndReason.DROPPED: Outcome.ABANDONED,
    EndReason.DEAD_STREAM: Outcome.ABANDONED,
}
"""What a call came to in which a person was fetched."""


@dataclass(slots=True)
class TurnTimes:
    """One turn, in ms.  Audio time, but for the three stages, which are measured on the loop's clock."""

    endpoint_ms: int = 0
    """Silence when the turn was taken to be over."""
    stt_ms: int = 0
    answer_ms: int = 0
    tts_ms: int = 0
    gap_ms: int = 0
    """From the caller's last frame of speech to the first frame of the answer."""


@dataclass(slots=True)
class Tally:
    """Counts of one call."""

    ref: str
    hour: int
    agent: str
    profile: Profile
    engine: Engine
    counts: Counter[str] = field(default_factory=Counter)
    gaps_ms: list[int] = field(default_factory=list)
    heard_ms: int = 0
    escalation: EscalationReason | None = None
    end: EndReason = EndReason.FAILURE
    greeting_played: bool = False
    closing_played: bool = False
    covered: tuple[Covered, ...] = ()
    """What became of each item of the workflow."""
    transfer: Transferred = Transferred.NONE
    to_person_ms: int = 0
    nurses: Counter[NurseOutcome] = field(default_factory=Counter)
    """What came of each nurse who was rung."""

    def metrics(self, answers_heard: int) -> CallMetrics:
        """The one record that is kept of the call."""
        if self.escalation is not None:
            outcome = OUTCOMES.get(self.end, Outcome.FAILED)
            if outcome is Outcome.ABANDONED and answers_heard:
                outcome = Outcome.ANSWERED
        elif self.end in (EndReason.FAILURE, EndReason.PROTOCOL):
            outcome = Outcome.FAILED
        else:
            outcome = Outcome.ANSWERED if answers_heard else Outcome.ABANDONED
        p50, p95 = np.quantile(self.gaps_ms, [0.5, 0.95]) if self.gaps_ms else (0.0, 0.0)
        counted: dict[str, Any] = {name: at_most(self.counts[name]) for name in COUNTED}
        counted |= as_fields(self.covered)
        counted |= {f"nurses_{outcome.value}": at_most(self.nurses[outcome], FEW) for outcome in NurseOutcome}
        return CallMetrics(
            ref=self.ref,
            hour=self.hour,
            agent=self.agent,
            profile=self.profile,
            engine=self.engine,
            outcome=outcome,
            end=self.end,
            escalation=self.escalation,
            duration_s=DURATION_S.of(self.heard_ms // 1000),
            gap_p50_ms=GAP_MS.of(int(p50)),
            gap_p95_ms=GAP_MS.of(int(p95)),
            greeting_played=self.greeting_played,
            closing_played=self.closing_played,
            transfer=self.transfer,
            to_person_s=TO_PERSON_S.of(-(-self.to_person_ms // 1000)),
            **counted,
        )
