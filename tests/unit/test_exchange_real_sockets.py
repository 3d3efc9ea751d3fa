"""The same three-leg call twice: within the process in virtual time, and in real time over real sockets.

Both are signed, and both signatures are checked with the twilio package's own validator.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from twilio.request_validator import RequestValidator

from telephony.leg import Socket
from telephony.media import SocketOfStarlette
from telephony.twin.asking import Trouble
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.exchange import Exchange
from telephony.twin.in_process import machine
from telephony.twin.personas import answers, tone
from telephony.twin.real_transport import HttpWebhook, WebSocketStreams
from telephony.twin.telephones import Phone, Telephone
from telephony.twin.transport import Streams, Webhook
from tests.exchanges import NURSE, ORIGIN, OURS, PATIENT, TOKEN, ToyLine, begun, document, strengths
from tests.virtual_time import at_once

MEDIA = "wss://line.example.org/media"
PATIENT_CONNECT = (
    f'<Connect action="/ended"><Stream url="{MEDIA}"><Parameter name="who" value="patient"/></Stream></Connect>'
)
NURSE_CONNECT = f'<Connect><Stream url="{MEDIA}"><Parameter name="who" value="nurse"/></Stream></Connect>'
KEPT = document("<Say>Call 911.</Say>")


def room(attributes: str, action: str = "") -> str:
    return document(
        f'<Dial{action}><Conference beep="false" waitUrl="" record="do-not-record" jitterBufferSize="small" '
        f"{attributes}>xfer</Conference></Dial>"
    )


@dataclass
class Desk:
    """A small warm transfer: on a key the nurse is rung, on hers both go into a conference."""

    exchange: Exchange
    patient_sid: str = ""
    nurse_sid: str = ""

    async def serve(self, _stream: Stream, held: Socket) -> None:
        talk = await begun(held)
        if talk.parameter("who") == "patient":
            await talk.say(tone(500, 0.4))
            if await talk.key() != "0":
                return
            self.patient_sid = self.exchange.calls()[0].sid
            order = await self.exchange.place(
                to=NURSE, from_=OURS, twiml=document(NURSE_CONNECT), url=None, ring_s=9,
                status_callback=ORIGIN + "/status", status_events=frozenset({"ringing", "answered", "completed"}),
                time_limit_s=60,
            )  # fmt: skip
            self.nurse_sid = order.sid
            while await talk.next() is not None:
                pass
        else:
            await talk.say(tone(600, 0.4))
            if await talk.key() != "1":
                return
            await self.exchange.change(self.nurse_sid, twiml=room('endConferenceOnExit="true"'))
            await self.exchange.change(
                self.patient_sid, twiml=room('startConferenceOnEnter="false"', ' action="/after"')
            )
            while await talk.next() is not None:
                pass


async def patient_life(phone: Phone) -> None:
    await phone.hears_something()
    await phone.quiet(200)
    await phone.press("0")
    await phone.quiet(700)
    while not await phone.hears_something(0.3):
        pass
    await phone.say(tone(800, 0.6))
    await phone.until_over()


async def nurse_life(phone: Phone) -> None:
    await phone.hears_something()
    await phone.quiet(200)
    await phone.press("1")
    await phone.pass_ms(300)
    await phone.say(tone(900, 0.6))
    await phone.hears_something()
    await phone.quiet(400)


async def transferred(exchange: Exchange, desk: Desk, line: ToyLine, patient: Telephone, nurse: Telephone) -> None:
    phone = await exchange.dial_in(patient, OURS)
    await phone.until_over()
    to_patient, to_nurse = phone.heard(0, phone.now()), nurse.calls[0].heard(0, nurse.calls[0].now())
    assert loudest(to_patient, 500, 600, 800, 900) == [True, False, False, True]
    assert loudest(to_nurse, 500, 600, 800, 900) == [False, True, True, False]
    await exchange._calls[desk.nurse_sid].over.wait()
    assert ["completed", "completed"] == [record.status for record in exchange.calls()]
    assert ["room is over"] == list(exchange.said(desk.patient_sid))
    assert ["completed"] == [record.status for record in exchange.conferences()]
    assert {} == exchange.violations
    assert {} == exchange.troubles
    validator = RequestValidator(TOKEN)
    for (path, form), signature in zip(line.asked, line.signatures, strict=True):
        assert validator.validate(ORIGIN + path, form, signature)
    assert {"/voice", "/status", "/after"} == {path for path, _ in line.asked}


def loudest(pcm: np.ndarray[tuple[int], np.dtype[np.int16]], *hz: float) -> list[bool]:
    """Is each tone heard somewhere?"""
    whole = [strengths(pcm[at : at + 1_600], *hz) for at in range(0, len(pcm) - 1_600, 800)]
    return [max(found) > -30 for found in zip(*whole, strict=True)]


ANSWERS = {
    "/voice": document(PATIENT_CONNECT),
    "/after": document("<Say>room is over</Say>"),
    "/ended": document("<Hangup/>"),
    "/status": "",
}


def people() -> tuple[Telephone, Telephone]:
    return Telephone(PATIENT, answers(patient_life)), Telephone(NURSE, answers(nurse_life, after_s=0.3))


def exchange_on(webhook: Webhook, opened: Streams, *telephones: Telephone) -> Exchange:
    return Exchange({OURS: ORIGIN + "/voice"}, webhook, opened, telephones=telephones, fallback={OURS: KEPT})


def test_a_warm_transfer_of_three_legs_in_virtual_time() -> None:
    async def story() -> None:
        line, (patient, nurse) = ToyLine(dict(ANSWERS)), people()
        desks: list[Desk] = []

        async def serve(stream: Stream, held: Socket) -> None:
            await desks[0].serve(stream, held)

        async with machine(line.app(), serve, TOKEN) as running:
            exchange = exchange_on(running, running, patient, nurse)
            desks.append(Desk(exchange))
            async with exchange.running():
                await transferred(exchange, desks[0], line, patient, nurse)

    at_once(story())


@dataclass
class RealLine:
    """A line on a real port."""

    origin: str
    server: uvicorn.Server
    handshakes: list[str]


@contextlib.asynccontextmanager
async def served(line: ToyLine, serve: Callable[[], Desk]) -> AsyncIterator[RealLine]:
    handshakes: list[str] = []

    async def media(websocket: WebSocket) -> None:
        handshakes.append(websocket.headers.get("x-twilio-signature", ""))
        await websocket.accept()
        held = SocketOfStarlette(websocket)
        await serve().serve(Stream(MEDIA), held)
        await held.close(1000)

    app = Starlette(routes=[WebSocketRoute("/media", media), *line.app().routes])
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listening]))
        try:
            yield RealLine(f"http://127.0.0.1:{listening.getsockname()[1]}", server, handshakes)
        finally:
            server.should_exit = True


async def test_the_same_transfer_in_real_time_over_real_sockets() -> None:
    line, (patient, nurse) = ToyLine(dict(ANSWERS)), people()
    desks: list[Desk] = []
    async with served(line, lambda: desks[0]) as real:
        exchange = exchange_on(HttpWebhook(TOKEN, real.origin), WebSocketStreams(TOKEN, real.origin), patient, nurse)
        desks.append(Desk(exchange))
        async with exchange.running():
            await transferred(exchange, desks[0], line, patient, nurse)
        assert [True, True] == [RequestValidator(TOKEN).validate(MEDIA, {}, shown) for shown in real.handshakes]


async def test_a_line_that_is_not_there_is_told_as_unreachable_and_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        origin = f"http://127.0.0.1:{gone.getsockname()[1]}"
    assert (0, "") == await HttpWebhook(TOKEN, origin).post(ORIGIN + "/voice", {})
    with pytest.raises(StreamRefused):
        await WebSocketStreams(TOKEN, origin).connect(Stream(MEDIA))
    patient, nurse = people()
    exchange = exchange_on(HttpWebhook(TOKEN, origin), WebSocketStreams(TOKEN, origin), patient, nurse)
    async with exchange.running():
        await (await exchange.dial_in(patient, OURS)).until_over()
        assert ["Call 911."] == list(exchange.said(exchange.calls()[0].sid))
    assert {Trouble.UNREACHABLE: 1, Trouble.FALLBACK: 1} == exchange.troubles


async def test_a_real_stream_that_is_reset_is_no_orderly_goodbye() -> None:
    ended: list[bool] = []

    @dataclass
    class Listening(Desk):
        async def serve(self, _stream: Stream, held: Socket) -> None:
            talk = await begun(held)
            while await talk.next() is not None:
                pass
            ended.append(talk.stopped())

    async def drops(phone: Phone) -> None:
        await phone.pass_ms(300)
        await phone.drop()
        await phone.until_over()

    line, (patient, nurse) = ToyLine(dict(ANSWERS)), people()
    desks: list[Desk] = []
    async with served(line, lambda: desks[0]) as real:
        exchange = exchange_on(HttpWebhook(TOKEN, real.origin), WebSocketStreams(TOKEN, real.origin), patient, nurse)
        desks.append(Listening(exchange))
        async with exchange.running():
            await (await exchange.dial_in(patient, OURS, drops)).until_over()
    assert [False] == ended
    assert ["/voice", "/ended"] == [path for path, _ in line.asked]


async def test_a_real_line_that_dies_in_the_middle_of_a_stream_leaves_her_with_what_the_carrier_keeps() -> None:
    @dataclass
    class Endless(Desk):
        async def serve(self, _stream: Stream, held: Socket) -> None:
            talk = await begun(held)
            await talk.say(tone(500, 60.0))

    async def kills(phone: Phone) -> None:
        await phone.hears_something()
        real.server.should_exit = real.server.force_exit = True
        await phone.until_over()

    line, (patient, nurse) = ToyLine(dict(ANSWERS)), people()
    desks: list[Desk] = []
    async with served(line, lambda: desks[0]) as real:
        exchange = exchange_on(HttpWebhook(TOKEN, real.origin), WebSocketStreams(TOKEN, real.origin), patient, nurse)
        desks.append(Endless(exchange))
        async with exchange.running():
            phone = await exchange.dial_in(patient, OURS, kills)
            await phone.until_over()
            assert ["Call 911."] == list(exchange.said(exchange.calls()[0].sid))
        assert {Trouble.UNREACHABLE: 1, Trouble.FALLBACK: 1} == exchange.troubles
    assert strengths(phone.heard(phone.now() - 1_600, phone.now()), 300)[0] > -40
