"""Stands in for the line's process where a test is about what starts and watches it: says events, waits, ends.

python -m tests.stub_line [--die-early | --die-late | --call | --junk]
"""

from __future__ import annotations

import os
import signal
import sys

from policies.events import CallAnswered, CallEnded, CallEvent, LineReady, TurnTiming, encode
from policies.guardrails import EscalationReason
from policies.records import CallMetrics, EndReason, Engine, Outcome, Profile, ref_of

NOBODY_SAID_THIS = "the quick brown fox"


def metrics(ref: str = "") -> CallMetrics:
    """A record of a short call."""
    return CallMetrics(
        ref=ref or ref_of(os.urandom(16)),
        hour=500_000,
        agent="demo",
        profile=Profile.DEVELOPMENT,
        engine=Engine.APPROVED,
        outcome=Outcome.PERSON,
        end=EndReason.HANDED_OVER,
        escalation=EscalationReason.ASKED,
        duration_s=30,
        turns=2,
        barge_ins=1,
        backchannels=0,
        false_cut_ins=0,
        fillers=0,
        silence_prompts=0,
        keys=0,
        greeting_played=True,
        closing_played=True,
        gap_p50_ms=500,
        gap_p95_ms=600,
        fallbacks=0,
        stt_retries=0,
    )


def say(event: CallEvent) -> None:
    os.write(1, encode(event, Profile.DEVELOPMENT).encode("ascii") + b"\n")


def main(flags: set[str]) -> int:
    if "--die-early" in flags:
        sys.stderr.write("a model file is missing\n")
        return 3
    stop = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    say(LineReady(port=8080, ms=12))
    if "--die-late" in flags:
        os.write(2, NOBODY_SAID_THIS.encode())
        return 4
    if "--junk" in flags:
        os.write(1, b'{"event":"said","words":"%s"}\n' % NOBODY_SAID_THIS.encode())
        os.write(1, b"x" * 5_000 + b"\n")
    if "--call" in flags:
        say(CallAnswered(call=1, agent="demo"))
        say(TurnTiming(call=1, endpoint_ms=240, stt_ms=130, answer_ms=2, tts_ms=90, gap_ms=512))
        say(CallEnded(call=1, metrics=metrics()))
    signal.sigwait(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
