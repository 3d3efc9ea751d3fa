"""Call the line:  python -m telephony.twin --webhook http://127.0.0.1:8080/twilio/voice

    --url URL            straight to the media stream, without a webhook
    --script FILE.toml   what the caller does (default: scripts/newcomer.toml)
    --say FILE.wav ...   ask with these sound files instead, one a turn
    --save FILE.wav      keep the call's sound: left the caller, right the agent
    --json FILE.json     keep the numbers

Exit status 0: the agent kept to the protocol and nothing that the caller waited for failed to come.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

from telephony.twin import caller
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.line_noise import Conditions, NoiseKind
from telephony.twin.measure import CallReport, UtteredAs
from telephony.twin.script import (
    LIMIT_S,
    QUIET_MS,
    TIMEOUT_MS,
    VOICES,
    SayFile,
    Script,
    ScriptRefused,
    Step,
    Wait,
    WaitFor,
    read_script,
)
from telephony.twin.twiml_reader import TwimlRefused
from telephony.twin.voices import SHIPPED, VoiceMissing, Voices
from telephony.twin.wav import WavRefused, read_wav
from telephony.twin.webhook import WebhookFailed, Webhooks

NEWCOMER: Final = Path(__file__).parent / "scripts" / "newcomer.toml"
REFUSALS: Final = (
    ScriptRefused,
    StreamRefused,
    TwimlRefused,
    VoiceMissing,
    WavRefused,
    WebhookFailed,
    caller.NotConnected,
)

WORDS: Final = {UtteredAs.TURN: "speaks", UtteredAs.BARGE_IN: "breaks in", UtteredAs.MMHM: 'says "mm-hm"'}


def told(event: caller.LiveEvent) -> str:
    """A live event in words; it holds none of the call's."""
    match event:
        case caller.CallerBegan(at_ms, as_):
            line = f"caller {WORDS[as_]}"
        case caller.CallerEnded(at_ms, _):
            line = "caller has finished"
        case caller.AgentHeard(at_ms, None):
            line = "agent speaks"
        case caller.AgentHeard(at_ms, since_ms):
            line = f"agent speaks, {since_ms:.0f} ms after the caller"
        case caller.AgentQuiet(at_ms):
            line = "agent is quiet"
        case caller.KeyPressed(at_ms):
            line = "caller presses a key"
        case caller.WaitedInVain(at_ms, step):
            line = f"caller gives up waiting (step {step})"
        case caller.StreamEnded(at_ms, ending):
            line = f"call ends: {ending.value.replace('_', ' ')}"
    return f"{at_ms / 1000:7.2f} s  {line}\n"


def summary(report: CallReport) -> str:
    """The report's numbers, a line each."""

    def shown(ms: float | None) -> str:
        return "none" if ms is None else f"{ms:.0f} ms"

    lines = [f"greeting after start: {shown(report.greeting_ms)}"]
    lines += [f"turn {n}: reply after {shown(turn.answer_gap_ms)}" for n, turn in enumerate(report.turns, 1)]
    lines += [f"mid-sentence pause spoken into: {p.spoken_into}" for turn in report.turns for p in turn.pauses]
    lines += [f"barge-in: silence after {shown(b.silence_ms)}" for b in report.barge_ins if b.over_speech]
    lines += [f"mm-hm stopped the agent: {m.stopped}" for m in report.mmhms if m.over_speech]
    lines += [f"gaps inside a sentence: {sum(spell.fault for spell in report.dry_spells)}"]
    hesitations = [spell.ms for spell in report.dry_spells if spell.audible and spell.hesitation]
    lines += [f"the agent hesitated after a sound of hers: {shown(ms)}" for ms in hesitations]
    lines += [f"protocol violation: {name} x {n}" for name, n in report.violations.items()]
    if report.after:
        lines.append(f"then the carrier is told: {', '.join(report.after)}")
    return "".join(f"  {line}\n" for line in lines)


def asking(files: list[Path], voice: str) -> Script:
    """One question a file, each waited for."""
    steps: list[Step] = [Wait(WaitFor.GREETING_END, TIMEOUT_MS, QUIET_MS)]
    for path in files:
        steps += [SayFile(path), Wait(WaitFor.REPLY_END, TIMEOUT_MS, QUIET_MS)]
    return Script("say", voice, tuple(steps), LIMIT_S)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m telephony.twin", description="Call the line as a patient would.")
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument("--webhook", help="the voice webhook, as configured at the carrier")
    to.add_argument("--url", help="the media stream's ws:// or wss:// url")
    parser.add_argument("--at", help="origin really dialled, where it differs, e.g. http://127.0.0.1:8080")
    parser.add_argument("--auth-token-env", help="environment variable with the auth token to sign with")
    parser.add_argument("--number", default="+15550100123", help="the caller's number")
    parser.add_argument("--called", default="+15550100999", help="the number called")
    parser.add_argument("--script", type=Path, default=NEWCOMER)
    parser.add_argument("--say", type=Path, nargs="+", metavar="WAV")
    parser.add_argument("--voice", choices=VOICES)
    parser.add_argument("--voices", type=Path, action="append", default=[], help="more folders of renderings")
    parser.add_argument("--noise", type=float, metavar="SNR_DB")
    parser.add_argument("--noise-kind", choices=[kind.value for kind in NoiseKind], default=NoiseKind.BABBLE.value)
    parser.add_argument("--noise-file", type=Path)
    parser.add_argument("--echo", type=float, metavar="DB")
    parser.add_argument("--loss", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="MS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, metavar="WAV")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


async def dial(asked: argparse.Namespace) -> caller.Held:
    script = asking(asked.say, asked.voice or VOICES[0]) if asked.say else read_script(asked.script)
    if asked.voice:
        script = Script(script.name, asked.voice, script.steps, script.limit_s)
    token = os.environ[asked.auth_token_env] if asked.auth_token_env else None
    voices = Voices((*asked.voices, SHIPPED))
    conditions = Conditions(
        asked.noise, NoiseKind(asked.noise_kind), asked.echo, loss=asked.loss, jitter_ms=asked.jitter, seed=asked.seed
    )
    noise = read_wav(asked.noise_file) if asked.noise_file else None

    def on_event(event: caller.LiveEvent) -> None:
        sys.stdout.write(told(event))
        sys.stdout.flush()

    if asked.url:
        return await caller.call(
            Stream(asked.url, {}, token, asked.at),
            script,
            voices=voices,
            conditions=conditions,
            recorded_noise=noise,
            on_event=on_event,
        )
    return await caller.phone(
        Webhooks(asked.webhook, token, asked.at),
        script,
        number=asked.number,
        called=asked.called,
        voices=voices,
        conditions=conditions,
        recorded_noise=noise,
        on_event=on_event,
    )


def main() -> int:
    asked = arguments()
    if asked.auth_token_env and asked.auth_token_env not in os.environ:
        sys.stderr.write("the variable named by --auth-token-env is not set\n")
        return 2
    try:
        held = asyncio.run(dial(asked))
    except REFUSALS as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    sys.stdout.write(summary(held.report))
    if asked.save:
        held.save(asked.save)
    if asked.json:
        asked.json.write_text(json.dumps(held.report.to_json(), indent=1) + "\n")
    return 0 if held.report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
