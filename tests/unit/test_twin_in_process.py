"""The line's machine within the process: what is asked of it, its streams, and its death."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator

from policies.phi import PHI
from telephony.audio import frames_of
from telephony.doors import ServerConfig
from telephony.leg import Ended, Leg, Socket
from telephony.server import Observers, application
from telephony.switchboard import EndDecision, Line, Refusal, Switchboard
from telephony.twin import personas
from telephony.twin.asking import Trouble
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.exchange import Exchange
from telephony.twin.in_process import WAITING, duplex, machine
from telephony.twin.personas import tone
from telephony.twin.telephones import Phone, Telephone
from tests.exchanges import NURSE, ORIGIN, OURS, PATIENT, TOKEN, document, strengths
from tests.virtual_time import Stuck, at_once

MEDIA = Stream("wss://line.example.org/media")


async def silent_app(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nobody asks it")


async def test_what_was_sent_before_a_close_is_still_read_and_after_an_abort_it_is_not() -> None:
    wire, socket = duplex()
    await wire.send("a")
    await socket.send("b")
    await wire.close()
    assert ["a", None, None] == [await socket.receive() for _ in range(3)]
    assert ["b", None] == [await wire.receive() for _ in range(2)]

    wire, socket = duplex()
    await wire.send("a")
    wire.abort()
    assert await socket.receive() is None
    await socket.send("late")
    assert await wire.receive() is None


async def test_whoever_waits_to_read_hears_of_the_end() -> None:
    wire, socket = duplex()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(socket.receive())
        await asyncio.sleep(0)
        wire.abort()
    assert reading.result() is None


def test_a_sender_waits_while_nobody_reads() -> None:
    async def story() -> None:
        wire, _ = duplex()
        for _ in range(WAITING):
            await wire.send("x")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5.0):
                await wire.send("x")

    at_once(story())


async def test_a_sender_who_waits_is_let_go_when_the_line_breaks() -> None:
    wire, _ = duplex()
    for _ in range(WAITING):
        await wire.send("x")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wire.send("x"))
        await asyncio.sleep(0)
        wire.abort()


async def test_a_webhook_is_signed_and_what_the_application_raises_is_a_500() -> None:
    asked: list[tuple[str, str]] = []

    async def answer(request: Request) -> Response:
        asked.append((request.headers["x-twilio-signature"], str(request.url)))
        if request.url.query:
            raise RuntimeError
        return Response("yes", 201)

    async with machine(Starlette(routes=[Route("/a", answer, methods=["POST"])]), auth_token=TOKEN) as line:
        assert (201, "yes") == await line.post(ORIGIN + "/a", {"b": "c"})
        assert (500, "") == await line.post(ORIGIN + "/a?d=e", {})
        assert [RuntimeError] == [type(error) for error in line.raised]
    validator = RequestValidator(TOKEN)
    assert validator.validate(asked[0][1], {"b": "c"}, asked[0][0])
    assert validator.validate(asked[1][1], {}, asked[1][0])


async def test_a_dead_machine_answers_nobody_and_a_restarted_one_does() -> None:
    async def slow(request: Request) -> Response:
        if not line.raised:
            await asyncio.Event().wait()
        return Response("yes")

    async with machine(Starlette(routes=[Route("/a", slow, methods=["POST"])])) as line:
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(line.post(ORIGIN + "/a", {}))
            await asyncio.sleep(0.01)
            line.kill()
        assert (0, "") == waiting.result()
        assert (0, "") == await line.post(ORIGIN + "/a", {})
        with pytest.raises(StreamRefused):
            await line.connect(MEDIA)
        line.restart()
        line.raised.append(RuntimeError())  # the handler's switch: it answers now
        assert (200, "yes") == await line.post(ORIGIN + "/a", {})


async def test_a_stream_is_answered_by_the_application_s_own_websocket() -> None:
    async def media(websocket: WebSocket) -> None:
        assert RequestValidator(TOKEN).validate(MEDIA.url, {}, websocket.headers["x-twilio-signature"])
        await websocket.accept()
        said = await websocket.receive_text()
        await websocket.send_text(said + "!")
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()

    async def refuses(websocket: WebSocket) -> None:
        await websocket.close()

    routes = [WebSocketRoute("/media", media), WebSocketRoute("/closed", refuses)]
    async with machine(Starlette(routes=routes), auth_token=TOKEN) as line:
        wire = await line.connect(MEDIA)
        await wire.send("a")
        assert "a!" == await wire.receive()
        await wire.close()
        with pytest.raises(StreamRefused) as refused:
            await line.connect(Stream("wss://line.example.org/closed"))
        assert 403 == refused.value.status


def test_a_stream_that_is_refused_is_told_to_its_callback_and_the_action_goes_on() -> None:
    told: list[str] = []

    async def voice(_: Request) -> Response:
        stream = '<Stream url="wss://line.example.org/closed" statusCallback="/stream"/>'
        return Response(document(f'<Connect action="/ended">{stream}</Connect>'))

    async def ended(_: Request) -> Response:
        return Response(document("<Say>sorry</Say>"))

    async def stream(request: Request) -> Response:
        told.append((await request.body()).decode())
        return Response()

    async def refuses(websocket: WebSocket) -> None:
        await websocket.close()

    async def story() -> None:
        paths = (("/voice", voice), ("/ended", ended), ("/stream", stream))
        routes = [Route(path, handler, methods=["POST"]) for path, handler in paths]
        app = Starlette(routes=[*routes, WebSocketRoute("/closed", refuses)])
        async with machine(app) as line:
            patient = Telephone(PATIENT)
            exchange = Exchange({OURS: ORIGIN + "/voice"}, line, line, telephones=[patient])
            async with exchange.running():
                await (await exchange.dial_in(patient, OURS)).until_over()
                assert ["sorry"] == list(exchange.said(exchange.calls()[0].sid))
                assert {Trouble.STREAM_REFUSED: 1} == exchange.troubles

    at_once(story())
    assert 1 == len(told)
    assert "StreamEvent=stream-error" in told[0]


async def test_a_killed_machine_breaks_its_streams() -> None:
    async def serve(stream: Stream, socket: Socket) -> None:
        await asyncio.Event().wait()

    async with machine(silent_app, serve) as line:
        wire = await line.connect(MEDIA)
        line.kill()
        assert await wire.receive() is None


def test_the_product_s_own_server_takes_a_call_in_virtual_time_and_hands_it_to_the_nurse() -> None:
    async def handler(leg: Leg) -> EndDecision:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leg.run())
            for frame in frames_of(tone(500, 1.0)):
                leg.play(1, frame)
            leg.end_clip(1)
            assert await leg.drained()
            await leg.close()
            while not isinstance(await leg.next(), Ended):
                pass
        return EndDecision.TRANSFER

    refusals: list[Refusal] = []
    failures: list[Exception] = []

    async def story() -> Phone:
        loop = asyncio.get_running_loop()
        line = Line("agent", NURSE)
        app = application(
            ServerConfig(origin=ORIGIN, development=False, auth_token=PHI(TOKEN)),
            handler,
            board=Switchboard(calls=2, clock=loop.time),
            lines=lambda _: line,
            default=line,
            observers=Observers(count=refusals.append, report=failures.append),
            page={},
        )
        patient = Telephone(PATIENT)
        nurse = Telephone(NURSE, personas.answers(lambda phone: phone.say(tone(700, 1.0)), after_s=1.0))
        async with machine(app, auth_token=TOKEN) as running:
            exchange = Exchange({OURS: ORIGIN + "/twilio/voice"}, running, running, telephones=[patient, nurse])
            async with exchange.running():
                phone = await exchange.dial_in(patient, OURS)
                await phone.until_over()
                assert {} == exchange.violations
                assert {} == exchange.troubles
            assert [] == running.raised
        return phone

    phone = at_once(story())
    heard = phone.heard(0, phone.now())
    assert strengths(heard[:8_000], 500)[0] > -25
    assert strengths(heard[-8_000:], 700)[0] > -25
    assert ([], []) == (refusals, failures)


def test_an_exchange_without_a_call_lets_the_time_stand_still() -> None:
    async def story() -> None:
        async with machine(silent_app) as line, Exchange({}, line, line).running():
            await asyncio.Event().wait()

    with pytest.raises(Stuck):
        at_once(story())
