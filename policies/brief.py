"""What a nurse is told before she takes a patient: situation, background, assessment, request, by a fixed form.  Pure.

The least that she needs: why she is called, the caller's own words that led to it, the question of ours that they
answered, what the caller was told, and the keys.  No name, no number of a telephone, nothing of a record.  It is spoken
on the nurse's own media stream after she pressed 1, and is nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from policies.escalation import EscalationReason
from policies.phi import PHI, Sensitive

MOST_NOTED: Final = 8
"""Of the caller's words of an earlier turn."""
MOST_WORDS: Final = 18
"""Of the caller's: the longest brief has 70 words, which the agent's voice says in 20 s (`agent.delivery`)."""

_SITUATION: Final = MappingProxyType(
    {
        EscalationReason.RED_FLAG: "A caller may have an emergency, and was told to call 9 1 1.",
        EscalationReason.CRISIS: "A caller may think of suicide, and was told of 9 8 8.",
        EscalationReason.SYMPTOM: "A caller has a symptom, or a mistake with medicines, for a nurse.",
        EscalationReason.ASKED: "A caller asks for a nurse.",
        EscalationReason.KEY_ZERO: "A caller pressed 0 for a nurse.",
        EscalationReason.SILENCE: "A caller does not answer us any more.",
        EscalationReason.FAILURE: "Our assistant failed in a call.",
        EscalationReason.NOT_UNDERSTOOD: "A caller was not understood, or speaks another language.",
        EscalationReason.GUARD_FAILED: "Our safety check failed. The caller was told to call 9 1 1.",
    }
)
_WORDS: Final = "As we heard it: {words}."
_NO_WORDS: Final = "We have no words of theirs."
_NOTED: Final = "And before: {words}."
_ASKED: Final = "We had asked about: {item}."
_ASSESSMENT: Final = "Nobody has assessed this."
_REQUEST: Final = "Press 1 to be connected, 9 to hear this again, 2 if you can't."
_CALL_BACK: Final = "Press 1 to call them, 9 to hear this again, 2 if you can't."
_SIGNS: Final = re.compile(r"[^\w\s',:%/-]+|_", re.UNICODE)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Told(Sensitive):
    """Of which a brief is made."""

    reason: EscalationReason
    words: PHI[str] | None
    """The caller's, of the turn that brought the nurse."""
    noted: PHI[str] | None
    """Likewise of an earlier turn, that a nurse was to hear of; None for none."""
    item: str
    """The name of the workflow's question that was open; empty for none."""
    call_back: bool = False
    """The caller has hung up, and was promised a nurse."""

    __hash__ = None  # see Sensitive


def brief(told: Told) -> tuple[PHI[str], ...]:
    """The sentences, in the order in which they are said."""
    words = None if told.words is None else told.words.map(_shortened)
    known = words is not None and words.map(bool).reveal()
    quoted = words.map(lambda text: _WORDS.format(words=text)) if words is not None and known else PHI(_NO_WORDS)
    asked = (PHI(_ASKED.format(item=told.item.replace("_", " ").replace("-", " "))),) if told.item else ()
    noted = (
        () if told.noted is None else (told.noted.map(lambda text: _NOTED.format(words=_shortened(text, MOST_NOTED))),)
    )
    request = _CALL_BACK if told.call_back else _REQUEST
    return (PHI(_SITUATION[told.reason]), quoted, *noted, *asked, PHI(_ASSESSMENT), PHI(request))


def _shortened(text: str, most: int = MOST_WORDS) -> str:
    """The last words: what she came to, not how she began."""
    said = " ".join(_SIGNS.sub(" ", text).split()).split(" ")
    return " ".join(said[-most:]).strip(" ,:-")
