"""Why a person is fetched."""

from __future__ import annotations

import enum


class EscalationReason(enum.Enum):
    """Why a person is fetched; closed, counted by the metrics."""

    RED_FLAG = "red_flag"
    """A sign to call an ambulance for."""
    CRISIS = "crisis"
    """Thoughts of suicide."""
    SYMPTOM = "symptom"
    """A symptom or a mistake with medicines that a nurse should hear of in this call."""
    ASKED = "asked"
    KEY_ZERO = "key_zero"
    SILENCE = "silence"
    FAILURE = "failure"
    NOT_UNDERSTOOD = "not_understood"
    GUARD_FAILED = "guard_failed"
