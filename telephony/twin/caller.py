"""A caller: follows a script on a real-time call, by ear, and tells what the call was like for her.

`call()` holds the stream; `phone()` dials the voice webhook first and asks the `action` afterwards, as a carrier does.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.carrier import Ending, Stream, StreamRefused, dialled
from telephony.twin.following import (
    AgentHeard,
    AgentQuiet,
    CallerBegan,
    CallerEnded,
    Followed,
    Follower,
    KeyPressed,
    WaitedInVain,
    in_ms,
    prepared,
)
from telephony.twin.line_noise import Conditions
from telephony.twin.measure import PER_MS, CallReport, Classify, Recording, Uttered, UtteredAs, all_answers, measure
from telephony.twin.playback import Piece
from telephony.twin.script import Script
from telephony.twin.stream_side import Ids
from telephony.twin.twiml_reader import ConnectStream, Verb
from telephony.twin.voices import Voices
from telephony.twin.wav import stereo_wav
from telephony.twin.webhook import Caller, Webhooks


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The stream is over."""

    at_ms: float
    ending: Ending


LiveEvent = Followed | StreamEnded
"""What a watcher is told while the call runs: times and kinds, never a word."""


def _ignore(_: LiveEvent) -> None:
    return None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Held:
    """A call that is over: its numbers, and its sound in memory."""

    report: CallReport
    recording: Recording
    spoken: Int16
    """What went out of her microphone, noise and echo included."""
    after: tuple[Verb, ...] = ()
    """What the `action` webhook told the carrier to do next."""

    def heard_after(self, turn: int) -> Int16:
        """What the ear heard from the end of turn `turn` (from 0) to the beginning of the next."""
        turns = self.report.turns
        end_ms = turns[turn + 1].began_ms if turn + 1 < len(turns) else self.report.duration_ms
        return self.recording.heard[int(turns[turn].ended_ms * PER_MS) : int(end_ms * PER_MS)]

    def save(self, path: Path) -> None:
        """A stereo WAV file: left the caller, right what she heard.  Synthetic callers only."""
        path.write_bytes(stereo_wav(self.spoken, self.recording.heard))


async def call(
    stream: Stream,
    script: Script,
    *,
    voices: Voices | None = None,
    conditions: Conditions | None = None,
    recorded_noise: Int16 | None = None,
    classify: Classify = all_answers,
    on_event: Callable[[LiveEvent], None] = _ignore,
    ids: Ids | None = None,
) -> Held:
    """Follow the script on one stream.  Raises `StreamRefused`, `VoiceMissing` and `WavRefused`."""
    sounds = prepared(script, voices or Voices())
    async with dialled(stream, ids=ids, conditions=conditions, recorded=recorded_noise) as carrier:
        caller = Follower(carrier, script, sounds, on_event)
        finished = await caller.follow()
        if carrier.now() > script.limit_s * RATE_HZ:
            finished = False
    caller.close_turn(UtteredAs.TURN)  # the line died in the middle of it
    assert carrier.ending is not None
    on_event(StreamEnded(in_ms(carrier.ended_at), carrier.ending))
    playback, end = carrier.playback, carrier.ended_at
    recording = Recording(
        uttered=tuple(cut for uttered in caller.uttered if (cut := _cut(uttered, end)) is not None),
        heard=playback.heard(0, end),
        spans=tuple((start, min(stop, end)) for start, stop in playback.spans() if start < end),
        marks=tuple(carrier.marks),
        clears=playback.clears,
    )
    measured = await asyncio.to_thread(measure, recording, script.name, classify)  # other calls of this loop go on
    report = dataclasses.replace(
        measured,
        ending=carrier.ending.value,
        close_code=carrier.close_code,
        finished=finished,
        timeouts=tuple(caller.timeouts),
        violations={violation.value: n for violation, n in carrier.violations.items()},
        sent_late_ms=round(carrier.sent_late_ms, 1),
    )
    return Held(report, recording, carrier.mouth.sent()[:end])


def _cut(uttered: Uttered, end: int) -> Uttered | None:
    """What of it was said before the line ended."""
    pieces = tuple(Piece(p.start, np.asarray(p.pcm[: end - p.start])) for p in uttered.pieces if p.start < end)
    return Uttered(uttered.as_, pieces) if pieces else None


class NotConnected(Exception):
    """The webhook did not connect the call to a stream.  `verbs` is what it said instead (busy, no such number)."""

    def __init__(self, verbs: tuple[Verb, ...]) -> None:
        super().__init__("the voice webhook did not connect the call to a media stream")
        self.verbs = verbs


async def phone(
    webhooks: Webhooks,
    script: Script,
    *,
    number: str = "+15550100123",
    called: str = "+15550100999",
    voices: Voices | None = None,
    conditions: Conditions | None = None,
    recorded_noise: Int16 | None = None,
    classify: Classify = all_answers,
    on_event: Callable[[LiveEvent], None] = _ignore,
    extra: Mapping[str, str] | None = None,
) -> Held:
    """Dial: ask the voice webhook, hold the stream it names, then ask its `action` what comes after.

    The `action` is asked when the agent ended the stream or the network did; a caller who hung up is gone.
    Raises what `call` and `Webhooks.ask` raise, and `NotConnected`.
    """
    ids = Ids.fresh()
    caller = Caller(ids.call_sid, ids.account_sid, number, called)
    verbs = await webhooks.ask(webhooks.url, caller.form(**(extra or {})))
    connect = next((verb for verb in verbs if isinstance(verb, ConnectStream)), None)
    if connect is None:
        raise NotConnected(verbs)
    same_server = urlsplit(connect.url).netloc == urlsplit(webhooks.url).netloc
    at = webhooks.at if same_server else None  # another host of the TwiML is reached as it is named
    held = await call(
        Stream(connect.url, connect.parameters, webhooks.auth_token, at, webhooks.tls),
        script,
        voices=voices,
        conditions=conditions,
        recorded_noise=recorded_noise,
        classify=classify,
        on_event=on_event,
        ids=ids,
    )
    if connect.action is None or held.report.ending == Ending.HUNG_UP.value:
        return held
    after = await webhooks.ask(connect.action, caller.form(CallStatus="in-progress"))
    names = tuple(type(verb).__name__ for verb in after)
    return dataclasses.replace(held, after=after, report=dataclasses.replace(held.report, after=names))


__all__ = [
    "AgentHeard",
    "AgentQuiet",
    "CallerBegan",
    "CallerEnded",
    "Held",
    "KeyPressed",
    "LiveEvent",
    "NotConnected",
    "StreamEnded",
    "StreamRefused",
    "WaitedInVain",
    "call",
    "phone",
]
