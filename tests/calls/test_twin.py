"""The caller's side itself, on a real loopback WebSocket, against an agent that only beeps."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from telephony.audio import RATE_HZ, Int16
from telephony.twin.caller import NotConnected
from telephony.twin.carrier import StreamRefused
from telephony.twin.hearing import audible_runs
from telephony.twin.line_noise import Conditions
from telephony.twin.twiml_reader import Dial
from telephony.twin.wav import WavRefused, mulaw_decode, mulaw_encode
from telephony.twin.webhook import WebhookFailed, signature
from tests.caller import faults, patient

SIGNED_WITH: Final = "a token for tests"


def beep(ms: int, hz: int = 600) -> Int16:
    """An audible tone that begins and ends at full height."""
    n = np.arange(ms * RATE_HZ // 1000)
    sound: Int16 = (8_000 * np.cos(2 * np.pi * hz / RATE_HZ * n)).astype(np.int16)
    return sound


class BeepingAgent:
    """One stream of an agent that greets with a beep and answers each silence after sound with another."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.stream_sid = ""
        self.seen: list[dict[str, Any]] = []
        self.heard: list[bytes] = []

    async def send(self, event: str, **body: object) -> None:
        await self.socket.send(json.dumps({"event": event, "streamSid": self.stream_sid} | body))

    async def play(self, pcm: Int16, mark: str) -> None:
        await self.send("media", media={"payload": base64.b64encode(mulaw_encode(pcm)).decode()})
        await self.send("mark", mark={"name": mark})

    async def run(self, on_frame: Callable[[BeepingAgent, float], Awaitable[None]]) -> None:
        async for message in self.socket:
            said = json.loads(message)
            self.seen.append(said)
            match said["event"]:
                case "start":
                    self.stream_sid = said["streamSid"]
                    await self.play(beep(200), "greeting")
                case "media":
                    self.heard.append(base64.b64decode(said["media"]["payload"]))
                    pcm = mulaw_decode(self.heard[-1])
                    await on_frame(self, float(np.abs(pcm.astype(np.int32)).max()))
                case "dtmf":
                    await self.socket.close()


class AnswersSilence:
    """After 200 ms of quiet that follow sound: a beep of this length; `yields`: sound over the beep clears it."""

    def __init__(self, beep_ms: int, *, yields: bool = False) -> None:
        self.beep_ms = beep_ms
        self.yields = yields
        self.quiet = 0
        self.speaking = False
        self.answered = False

    async def __call__(self, agent: BeepingAgent, peak: float) -> None:
        self.quiet = 0 if peak > 600 else self.quiet + 1
        if self.quiet == 0:
            self.speaking = True
            if self.yields and self.answered:
                self.answered = False
                await agent.send("clear")
        elif self.quiet == 10 and self.speaking:
            self.speaking, self.answered = False, True
            await agent.play(beep(self.beep_ms), "reply")


@contextlib.asynccontextmanager
async def agent(
    on_frame: Callable[[BeepingAgent, float], Awaitable[None]], *, signed: bool = False
) -> AsyncIterator[tuple[str, list[BeepingAgent]]]:
    agents: list[BeepingAgent] = []

    async def handle(socket: ServerConnection) -> None:
        agents.append(BeepingAgent(socket))
        with contextlib.suppress(ConnectionClosed):
            await agents[-1].run(on_frame)

    def door(connection: ServerConnection, request: Request) -> Response | None:
        url = f"ws://{request.headers['Host']}{request.path}"
        if signed and request.headers.get("X-Twilio-Signature") != signature(SIGNED_WITH, url, {}):
            return connection.respond(403, "")
        return None

    async with serve(handle, "127.0.0.1", 0, process_request=door) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/media", agents


@contextlib.asynccontextmanager
async def webhooks(answers: dict[str, str]) -> AsyncIterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A web server that answers POSTs with fixed TwiML.  Yields its origin, and what it saw: path, form, signature."""
    seen: list[tuple[str, dict[str, str], str]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
        body = (await reader.readexactly(int(headers["Content-Length"]))).decode()
        path = head.split()[1]
        seen.append((path, dict(parse_qsl(body)), headers.get("X-Twilio-Signature", "")))
        answer = answers.get(path, "").encode()
        status = "200 OK" if answer else "403 Forbidden"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


GREET: Final = '{ wait = "greeting_end", quiet_ms = 100, timeout_ms = 2000 }'
REPLY: Final = '{ wait = "reply_end", quiet_ms = 100, timeout_ms = 2000 }'
SHORT: Final = f"""
voice = "awb"
steps = [ {GREET}, {{ say = "[m m hh m m]" }}, {REPLY}, {{ hang_up = true }} ]
"""


async def test_a_whole_call_is_measured_at_the_ear() -> None:
    async with agent(AnswersSilence(300)) as (url, agents):
        held = await patient(SHORT).calls(url, {"t": "opaque"})
    report = held.report
    assert [] == faults(held)
    assert report.ok
    assert "hung_up" == report.ending
    assert report.greeting_ms is not None
    assert 0 <= report.greeting_ms < 150
    (turn,) = report.turns
    assert turn.gap_ms is not None
    assert 150 < turn.gap_ms < 450  # the agent beeps after 200 ms of quiet
    events = [said["event"] for said in agents[0].seen]
    assert ["connected", "start", "media"] == events[:3]
    assert "stop" == events[-1]
    assert 2 == events.count("mark")
    assert {"t": "opaque"} == agents[0].seen[1]["start"]["customParameters"]
    numbers = [int(said["sequenceNumber"]) for said in agents[0].seen[1:]]
    assert list(range(1, len(numbers) + 1)) == numbers
    media = [said["media"] for said in agents[0].seen if said["event"] == "media"]
    assert [(str(n + 1), str(20 * n)) for n in range(len(media))] == [(m["chunk"], m["timestamp"]) for m in media]
    assert {160} == {len(payload) for payload in agents[0].heard}
    spoken = mulaw_decode(b"".join(agents[0].heard))
    assert abs(audible_runs(spoken)[-1][1] / 8 - turn.ended_ms) < 1


async def test_a_barge_in_is_timed_from_her_onset_to_the_silence_in_her_ear() -> None:
    script = f"""
    voice = "awb"
    steps = [
      {GREET}, {{ say = "[m m hh m m]" }}, {{ barge_in_after_ms = 200, say = "[m m hh m m]" }}, {{ hang_up = true }}
    ]
    """
    async with agent(AnswersSilence(3_000, yields=True)) as (url, _):
        held = await patient(script).calls(url)
    (barge_in,) = held.report.barge_ins
    assert barge_in.over_speech
    assert barge_in.silence_ms is not None
    assert 0 < barge_in.silence_ms < 200
    assert () == held.report.unprovoked_clears_ms


async def test_a_key_makes_the_agent_hang_up_and_the_caller_notices() -> None:
    script = f"""steps = [ {GREET}, {{ dtmf = "0" }}, {{ wait = "closed" }} ]"""
    async with agent(AnswersSilence(100)) as (url, agents):
        held = await patient(script).calls(url)
    assert ("agent_closed", True, 1000) == (held.report.ending, held.report.finished, held.report.close_code)
    assert {"track": "inbound_track", "digit": "0"} == agents[0].seen[-1]["dtmf"]


async def test_a_dropped_network_gives_the_agent_no_stop() -> None:
    async with agent(AnswersSilence(100)) as (url, agents):
        held = await patient(f"steps = [ {GREET}, {{ drop = true }} ]").calls(url)
        await asyncio.wait_for(agents[0].socket.wait_closed(), 2)
    assert "dropped" == held.report.ending
    assert "stop" not in {said["event"] for said in agents[0].seen}


async def test_an_agent_that_breaks_the_protocol_fails_the_call() -> None:
    async def junk(self: BeepingAgent, _: float) -> None:
        if len(self.heard) != 2:
            return
        await self.socket.send(b"binary")
        await self.socket.send("{")
        await self.send("say")
        await self.send("mark", mark={})
        await self.send("media", media={"payload": "?"})
        await self.socket.send(json.dumps({"event": "clear", "streamSid": "another"}))

    async with agent(junk) as (url, _):
        held = await patient(f"steps = [ {GREET}, {{ hang_up = true }} ]").calls(url)
    assert not held.report.ok
    assert {
        "binary": 1,
        "not_json": 1,
        "unknown_event": 1,
        "mark_without_name": 1,
        "bad_base64": 1,
        "wrong_stream": 1,
    } == held.report.violations


async def test_the_handshake_is_signed_over_the_stream_s_url() -> None:
    script = f"steps = [ {GREET}, {{ hang_up = true }} ]"
    async with agent(AnswersSilence(100), signed=True) as (url, _):
        held = await patient(script).calls(url, auth_token=SIGNED_WITH)
        assert [] == faults(held)
        with pytest.raises(StreamRefused) as refused:
            await patient(script).calls(url, auth_token="another")
    assert 403 == refused.value.status


async def test_a_wait_in_vain_is_told_and_the_call_goes_on() -> None:
    script = f"""steps = [ {GREET}, {{ wait = "reply_end", timeout_ms = 60 }}, {{ hang_up = true }} ]"""
    async with agent(AnswersSilence(100)) as (url, _):
        held = await patient(script, conditions=Conditions(noise_snr_db=60)).calls(url)
    assert ((2,), "hung_up") == (held.report.timeouts, held.report.ending)


async def test_a_call_is_dialled_through_the_webhook_and_ends_where_the_action_sends_it() -> None:
    script = f"""steps = [ {GREET}, {{ dtmf = "0" }}, {{ wait = "closed" }} ]"""
    async with agent(AnswersSilence(100), signed=True) as (url, agents):
        # the stream is named by its real origin here: only the webhook stands behind a public one
        stream = f'<Stream url="{url}"><Parameter name="t" value="once"/></Stream>'
        answers = {
            "/voice": f'<Response><Connect action="/ended">{stream}</Connect></Response>',
            "/ended": "<Response><Dial>+15550100001</Dial></Response>",
        }
        async with webhooks(answers) as (origin, seen):
            public = "https://line.example.org"
            held = await patient(script).dials(f"{public}/voice", SIGNED_WITH, at=origin)
    assert (Dial("+15550100001", None, 30),) == held.after
    assert ("Dial",) == held.report.after
    start = agents[0].seen[1]["start"]
    assert {"t": "once"} == start["customParameters"]
    assert [("/voice", "ringing"), ("/ended", "in-progress")] == [(path, form["CallStatus"]) for path, form, _ in seen]
    assert {start["callSid"]} == {form["CallSid"] for _, form, _ in seen}
    assert [signature(SIGNED_WITH, public + path, form) for path, form, _ in seen] == [sig for _, _, sig in seen]


async def test_a_caller_who_hung_up_is_told_nothing_more() -> None:
    async with agent(AnswersSilence(100)) as (url, _):
        answers = {"/voice": f'<Response><Connect action="/ended"><Stream url="{url}"/></Connect></Response>'}
        async with webhooks(answers) as (origin, seen):
            held = await patient(f"steps = [ {GREET}, {{ hang_up = true }} ]").dials(f"{origin}/voice")
    assert ["/voice"] == [path for path, _, _ in seen]
    assert () == held.after


async def test_a_webhook_that_refuses_or_does_not_connect_is_told_apart() -> None:
    async with webhooks({"/busy": "<Response><Hangup/></Response>"}) as (origin, _):
        with pytest.raises(WebhookFailed) as failed:
            await patient("question").dials(f"{origin}/voice")
        assert 403 == failed.value.status
        with pytest.raises(NotConnected) as not_connected:
            await patient("question").dials(f"{origin}/busy")
    assert "Hangup()" == repr(not_connected.value.verbs[0])


async def test_a_sound_that_is_missing_is_found_before_the_call() -> None:
    with pytest.raises(WavRefused):
        await patient(f'steps = [ {GREET}, {{ file = "none.wav" }} ]').calls("ws://127.0.0.1:9/media")
