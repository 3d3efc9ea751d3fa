"""Stands in for the line's process where a test is about what starts and watches it: says events, waits, ends.

python -m tests.stub_line [--die-early | --die-late | --call | --junk | --holds | --held]
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Final

from agent import briefing
from agent.keeper.answered import Answered
from policies.allowlist import days
from policies.attempts import Kept
from policies.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    KeyPressed,
    LineReady,
    OutreachHeld,
    TurnTiming,
    encode,
)
from policies.guardrails import EscalationReason
from policies.objectives import as_fields
from policies.records import CallMetrics, EndReason, Engine, Outcome, Profile, Transferred, hour_of, ref_of
from policies.refs import ref_at

NOBODY_SAID_THIS = "the quick brown fox"
KEY: Final = bytes(range(32))
HOUR: Final = 500_000


def answered(profile: Profile = Profile.DEVELOPMENT, places: int = 2) -> Answered:
    """For a collector that is told of calls of `demo`, in `HOUR`, with refs by `KEY`."""
    return Answered({"demo": Engine.APPROVED}, KEY, places, profile, lambda: HOUR * 3600.0)


def numbered(call: int, key: bytes = KEY, hour: int = HOUR) -> tuple[CallAnswered, CallEnded]:
    """The n-th call, as a line tells of it."""
    return CallAnswered(call, "demo"), CallEnded(call, metrics(ref_at(key, call), hour))


def metrics(ref: str = "", hour: int = HOUR) -> CallMetrics:
    """A record of a short call."""
    return CallMetrics(
        ref=ref or ref_of(os.urandom(16)),
        hour=hour,
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
        transfer=Transferred.NONE,
        to_person_s=0,
        nurses_accepted=0,
        nurses_declined=0,
        nurses_no_answer=0,
        nurses_busy=0,
        nurses_voicemail=0,
        nurses_hung_up=0,
        nurses_carrier_error=0,
        nurses_patient_left=0,
        nurses_taken=0,
        stt_retries=0,
        **as_fields([]),
    )


PATIENT: Final = "Zk3vQ0pT7mXs2LhYb9RcNw"
HELD: Final = Kept(patient=PATIENT).placed(days(datetime.now(UTC).date())).out()


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
        key = bytes.fromhex(briefing.parse(sys.stdin.buffer.readline()).refs)
        begun, ended = numbered(1, key, hour_of(time.time()))
        say(begun)
        say(TurnTiming(call=1, endpoint_ms=240, stt_ms=130, answer_ms=2, tts_ms=90, gap_ms=512))
        say(ended)
    if "--holds" in flags:
        sys.stdin.buffer.readline()
        say(OutreachHeld(7, HELD))
        if sys.stdin.buffer.readline() == b"7\n":
            say(KeyPressed(call=1))
    if "--held" in flags and briefing.parse(sys.stdin.buffer.readline()).held == (HELD,):
        say(KeyPressed(call=1))
    signal.sigwait(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
