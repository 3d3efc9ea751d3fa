"""The caller made a sound while the agent was speaking: does she want the floor?  Pure.

Stage 1, the hold, has already happened: the agent feeds no more sound.  This is stage 2.  It never decides on sound
alone where words can still come, and doubt gives her the floor.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from agent.completeness import plain
from policies.phi import PHI


class Verdict(enum.Enum):
    """What the sound was."""

    BACKCHANNEL = "backchannel"
    """ "mm-hm": she listens, the agent goes on."""
    NOISE = "noise"
    """No words: a noise of the room, a cough, our own echo."""
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Overlap:
    """All that is known of it, times in ms of audio."""

    voiced_ms: int
    since_onset_ms: int
    silence_ms: int
    """She has been silent for so long; 0 while her sound goes on."""
    words: PHI[str] | None
    """What was recognised so far; None: nothing has come back yet."""
    logprob: float
    """The recogniser's mean log probability of the words: how sure it was."""
    after_question: bool
    """The agent had just asked: a "yes" is an answer, not a backchannel."""
    told: bool = False
    """The words hold a symptom: however short or unsure they are, she is listened to."""


FIRST_LOOK_MS: Final = 320  # sound that goes to the recogniser for the first look; less holds no word
LOOK_AGAIN_MS: Final = 400
BACKCHANNEL_MS: Final = 900  # voiced; a longer sound is a sentence
DECIDE_MS: Final = 700  # telephony dossier, section 3 point 7: no verdict in 700 ms is the floor
SETTLED_MS: Final = 400  # "No, wait" breathes after its first word: so long she is silent before a guess is settled
GUESS_LOGPROB: Final = -0.75  # below it the words of a short sound are a guess: a hum, a cough
_HUMS: Final = frozenset("mm mhm hmm hm mmm mm-hmm mhmm uh-huh uh huh um mmhmm mmhm hmmm ah oh aha".split())
# "no" and "what" are also what Whisper makes of a hum; said clearly they are no guess
_OPENERS: Final = frozenset("wait stop sorry hold excuse question nurse help please hang listen actually".split())
# "thank you" is also what Whisper makes of a hum that is shorter than a word
_NODS: Final = frozenset("yeah yes yep ok okay right sure alright good fine i see got it all thank you thanks".split())
_TOGETHER: Final = frozenset(
    {
        "i see",
        "got it",
        "all right",
        "oh okay",
        "oh i see",
        "yeah yeah",
        "okay okay",
        "that's right",
        "uh huh",
        "mm hmm",
        "mm hm",
    }
)


def judge(overlap: Overlap) -> Verdict | None:
    """The verdict, or None while more has to be heard."""
    if overlap.told:
        return Verdict.FLOOR
    ended, settled = overlap.silence_ms > 0, overlap.silence_ms >= SETTLED_MS
    if overlap.words is None:
        if ended:
            return Verdict.NOISE if overlap.voiced_ms < 160 else None
        return Verdict.FLOOR if overlap.since_onset_ms >= 2 * DECIDE_MS and overlap.voiced_ms >= DECIDE_MS else None
    words = overlap.words.map(plain).reveal().split()
    if not words:
        if settled or (not ended and overlap.since_onset_ms >= DECIDE_MS):
            return Verdict.NOISE
        return None
    guess = overlap.logprob < GUESS_LOGPROB and overlap.voiced_ms <= BACKCHANNEL_MS and not _OPENERS.intersection(words)
    if guess:
        return Verdict.BACKCHANNEL if settled else None
    hum = all(word in _HUMS for word in words)
    nod = hum or all(word in _NODS or word in _HUMS for word in words) or " ".join(words) in _TOGETHER
    if not nod or overlap.voiced_ms > BACKCHANNEL_MS:
        return Verdict.FLOOR
    if overlap.after_question and not hum:
        return Verdict.FLOOR
    return Verdict.BACKCHANNEL if ended or (hum and overlap.since_onset_ms >= DECIDE_MS) else None
