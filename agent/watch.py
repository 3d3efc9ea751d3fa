"""What a live view may be told of a call: enums and numbers."""

from __future__ import annotations

import enum

from agent.engines.ports import EngineReason
from agent.overlap import Verdict
from agent.tally import TurnTimes
from agent.turns import State
from policies.guardrails import EscalationReason


class Stage(enum.Enum):
    """Which engine gave no result."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


class Watch:
    """This one tells nobody."""

    def greeted(self, ms: int) -> None: ...
    def state(self, state: State) -> None: ...
    def turn(self, times: TurnTimes) -> None: ...
    def overlap(self, verdict: Verdict, ms: int) -> None: ...
    def escalated(self, reason: EscalationReason) -> None: ...
    def key(self) -> None: ...
    def failed(self, stage: Stage, reason: EngineReason) -> None: ...
