"""The line's port, served for real on loopback and spoken to over real sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from policies.phi import PHI
from telephony.audio import SILENCE
from telephony.doors import ServerConfig
from telephony.leg import Ended, EndReason, Heard, Leg, LegLimits
from telephony.pacing import ClipPlayed
from telephony.rooms import CallStatus
from telephony.server import Observers, PageFile, application, serve
from telephony.switchboard import Again, EndDecision, Line, Refusal, Switchboard
from telephony.tokens import Purpose
from telephony.webhooks import Staff, nobody

ORIGIN = "https://agent.example.org"
AUTH = "secret-of-the-account"
NUMBER = "+12025550100"
NURSE = "+12025550142"
SID = "MZ" + "0" * 32
ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
CANARY = "zebra-quartz-marmalade"
WITHOUT_US = ["Say", "Dial", "Say", "Hangup"]
"""911 wording, the nurse line, and what is said after it."""


@dataclass
class Served:
    """A server that runs, and what it said of itself."""

    port: int
    board: Switchboard
    refusals: list[Refusal] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    told: list[tuple[str, CallStatus]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Calls told to be over, or to be left to the carrier."""
    legs: list[Leg] = field(default_factory=list)
    ends: list[EndReason] = field(default_factory=list)
    decision: EndDecision = EndDecision.GOODBYE
    began: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def stream(self) -> str:
        return f"ws://{self.host}/twilio/media"

    async def answer(self, leg: Leg) -> EndDecision:
        """A handler: runs the leg to its end."""
        self.legs.append(leg)
        self.began.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leg.run())
            while not isinstance(event := await leg.next(), Ended):
                pass
        self.ends.append(event.reason)
        self.over.set()
        return self.decision

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        def blocking() -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request(method, path, body, dict(headers or {}))
                response = connection.getresponse()
                response.body = response.read()  # type: ignore[attr-defined]
                return response
            finally:
                connection.close()

        return await asyncio.to_thread(blocking)

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> http.client.HTTPResponse:
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ask("POST", path, urlencode(form).encode(), kind | named)

    async def signed(self, path: str, form: Mapping[str, str]) -> http.client.HTTPResponse:
        return await self.post(path, form, X_Twilio_Signature=signature(f"{ORIGIN}{path}", form))


def signature(url: str, form: Mapping[str, str]) -> str:
    made: str = RequestValidator(AUTH).compute_signature(url, dict(form))
    return made


def form(call_sid: str = "CA1", **more: str) -> dict[str, str]:
    return {"CallSid": call_sid, "From": "+15550100" + CANARY, "To": NUMBER, "CallerName": f"<&{CANARY}>"} | more


def body(response: http.client.HTTPResponse) -> bytes:
    taken: bytes = response.body  # type: ignore[attr-defined]
    return taken


def verbs(response: http.client.HTTPResponse) -> list[str]:
    assert 200 == response.status
    assert CANARY.encode() not in body(response)
    return [child.tag for child in ElementTree.fromstring(body(response))]


def token(response: http.client.HTTPResponse) -> str:
    parameter = ElementTree.fromstring(body(response)).find("Connect/Stream/Parameter")
    assert parameter is not None
    return parameter.attrib["value"]


Handler = Callable[[Leg], Awaitable[EndDecision]]


@contextlib.asynccontextmanager
async def served(
    handler: Handler | None = None, *, development: bool = True, staff: Staff = nobody, **config: Any
) -> AsyncIterator[Served]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]
    loop = asyncio.get_running_loop()
    calls = config.setdefault("calls", 2)
    told = ServerConfig(
        origin=f"http://127.0.0.1:{port}" if development else ORIGIN,
        development=development,
        auth_token=None if development else PHI(AUTH),
        **config,
    )
    board = Switchboard(calls=calls, clock=loop.time)
    here = Served(port, board)
    line = Line("cardiology", NURSE)
    app = application(
        told,
        handler or here.answer,
        board=board,
        lines=lambda called: line if called.reveal() == NUMBER else None,
        default=line,
        observers=Observers(
            count=here.refusals.append,
            over=lambda call_sid: here.left.append(call_sid.reveal()),
            report=here.failures.append,
            metrics=lambda: "quietline_calls_total 0\n",
            health=lambda: "ok\nwithout: ports\n",
        ),
        page={"/": PageFile("text/html", b"<!doctype html>")},
        staff=staff,
        placed=lambda leg, status: here.told.append((leg, status)),
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, listening, calls=calls, message_bytes=65_536, stop=stop))
        try:
            yield here
        finally:
            stop.set()


def said(event: str, **fields: Any) -> str:
    return json.dumps({"event": event, "streamSid": SID} | fields)


async def begin(socket: ClientConnection, call_sid: str = "CA1", **parameters: str) -> None:
    await socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
    start = {
        "streamSid": SID,
        "accountSid": "AC1",
        "callSid": call_sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": parameters,
    }
    await socket.send(said("start", start=start))


def frame(payload: bytes = b"\xff" * 160) -> str:
    return said("media", media={"track": "inbound", "payload": base64.b64encode(payload).decode()})


async def closed(socket: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass
    return socket.close_code


async def test_a_call_from_the_webhook_to_the_goodbye() -> None:
    async with served() as here:
        voice = await here.post("/twilio/voice", form())
        assert ["Connect", *WITHOUT_US] == verbs(voice)
        async with connect(here.stream) as socket:
            await begin(socket, t=token(voice))
            await socket.send(said("stop", stop={}))
            assert 1000 == await closed(socket)
        await here.over.wait()
        after = await here.post("/twilio/ended", form())

    assert ["Hangup"] == verbs(after)
    assert [(Purpose.PATIENT, "cardiology", 1)] == [(leg.purpose, leg.agent, leg.ordinal) for leg in here.legs]
    assert [EndReason.STOPPED] == here.ends
    assert [] == here.refusals
    assert 0 == here.board.live


async def test_a_nurse_is_dialled_when_the_call_says_so() -> None:
    async with served() as here:
        here.decision = EndDecision.TRANSFER
        voice = await here.post("/twilio/voice", form())
        async with connect(here.stream) as socket:
            await begin(socket, t=token(voice))
        after = await here.post("/twilio/ended", form())
        nobody = await here.post("/twilio/after-nurse", form(DialCallStatus="no-answer"))

    assert WITHOUT_US[1:] == verbs(after)
    assert NURSE.encode() in body(after)
    assert ["Say", "Hangup"] == verbs(nobody)
    assert b"9 1 1" in body(nobody)
    assert [EndReason.DROPPED] == here.ends


async def test_after_the_nurse_has_talked_the_call_is_over() -> None:
    async with served() as here:
        assert ["Hangup"] == verbs(await here.post("/twilio/after-nurse", form(DialCallStatus="completed")))


ONE = "CA" + "1" * 32
OTHER = "CA" + "2" * 32


def placed(**more: str) -> dict[str, str]:
    """Of a call that we placed: the number called from is ours."""
    return form() | {"From": NUMBER, "To": "+15550100" + CANARY, "Direction": "outbound-api", "CallSid": ONE} | more


async def test_how_far_a_call_that_we_placed_has_come_is_told_by_the_reference_of_its_leg() -> None:
    async with served(development=False) as here:
        for status in ("ringing", "ringing", "busy", "spoken"):
            await here.signed("/twilio/placed/0123456789abcdef", placed(CallStatus=status))

        assert [("0123456789abcdef", CallStatus.RINGING), ("0123456789abcdef", CallStatus.BUSY)] == here.told
        answer = await here.post("/twilio/placed/0123456789abcdef", placed(CallStatus="completed"))
        assert (403, 2) == (answer.status, len(here.told))


async def test_whoever_is_not_known_on_a_call_of_ours_is_hung_up_on_and_whoever_is_comes_back_to_us() -> None:
    async with served(development=False) as here:
        assert ["Hangup"] == verbs(await here.signed("/twilio/ended", placed()))
        here.board.begin(PHI(OTHER))
        here.board.settle(PHI(OTHER), Again(Purpose.REACHED))
        answer = await here.signed("/twilio/ended", placed(CallSid=OTHER))
        assert ["Connect", *WITHOUT_US] == verbs(answer)
        ticket = here.board.redeem(token(answer), PHI(OTHER))
        assert ticket is not None
        assert (Purpose.REACHED, "cardiology") == (ticket.purpose, ticket.agent)
        assert WITHOUT_US == verbs(await here.signed("/twilio/ended/0123456789abcdef", placed(CallSid=OTHER)))


async def test_a_stream_that_nobody_knows_of_ends_at_an_apology_and_a_nurse() -> None:
    async with served() as here:
        assert WITHOUT_US == verbs(await here.post("/twilio/ended", form()))


async def test_a_handler_that_fails_ends_at_an_apology_and_a_nurse() -> None:
    async def fails(_leg: Leg) -> EndDecision:
        raise RuntimeError(CANARY)

    async with served(fails, allow_unsigned_stream=True) as here:
        async with connect(here.stream) as socket:
            await begin(socket)
            assert 1000 == await closed(socket)
        after = await here.post("/twilio/ended", form())

    assert WITHOUT_US == verbs(after)
    assert 1 == len(here.failures)
    assert 0 == here.board.live


async def test_when_all_places_are_taken_or_promised_the_caller_gets_the_nurse() -> None:
    async with served(calls=2) as here:
        for call in ("CA1", "CA2"):
            assert "Connect" in verbs(await here.post("/twilio/voice", form(call)))
        full = await here.post("/twilio/voice", form("CA3"))
        ready = await here.ask("GET", "/readyz")

    assert WITHOUT_US == verbs(full)
    assert NURSE.encode() in body(full)
    assert [Refusal.BUSY] == here.refusals
    assert 503 == ready.status


async def test_a_call_that_has_ended_gives_its_place_back() -> None:
    async with served(calls=1) as here:
        for call in ("CA1", "CA2", "CA3"):
            voice = await here.post("/twilio/voice", form(call))
            async with connect(here.stream) as socket:
                await begin(socket, call, t=token(voice))
            await here.post("/twilio/ended", form(call))

    assert 3 == len(here.legs)


async def test_a_number_that_nobody_answers_is_told_so() -> None:
    async with served() as here:
        assert ["Say", "Hangup"] == verbs(await here.post("/twilio/voice", form(To="+12025559999")))

    assert [Refusal.NUMBER] == here.refusals


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_failsafe_needs_nothing(method: str) -> None:
    async with served(development=False) as here:
        if method == "GET":
            response = await here.ask("GET", "/twilio/failsafe?" + urlencode(form()))
        else:
            response = await here.post("/twilio/failsafe", form())

        assert WITHOUT_US == verbs(response)
        assert ["Say", "Hangup"] == verbs(await here.ask("GET", "/twilio/failsafe"))


@pytest.mark.parametrize("role", ["nurse", "patient"])
async def test_what_is_heard_alone_in_a_room_is_told_to_anybody_and_as_often_as_asked(role: str) -> None:
    async with served(development=False) as here:
        for _ in range(2):
            told = verbs(await here.post(f"/twilio/wait/{role}", form()))
            assert ["Pause", "Say", "Pause", "Say", "Say"] == told


# who is let in, in production


async def test_twilios_own_requests_get_in() -> None:
    async with served(development=False) as here:
        voice = await here.signed("/twilio/voice", form(CALL))
        assert ["Connect", *WITHOUT_US] == verbs(voice)
        assert b"wss://agent.example.org/twilio/media" in body(voice)
        url = "wss://agent.example.org/twilio/media"
        async with connect(here.stream, additional_headers={"X-Twilio-Signature": signature(url, {})}) as socket:
            await begin(socket, CALL, t=token(voice))
            await socket.send(frame())
            await socket.send(said("stop", stop={}))
            assert 1000 == await closed(socket)
        assert ["Hangup"] == verbs(await here.signed("/twilio/ended", form(CALL)))

    assert [] == here.refusals


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/ended", "/twilio/after-nurse"])
async def test_unsigned_forged_and_replayed_webhooks_get_an_empty_403(path: str) -> None:
    async with served(development=False) as here:
        good = signature(f"{ORIGIN}{path}", form())
        refused = [
            await here.post(path, form()),
            await here.post(path, form(), X_Twilio_Signature="x" * 28),
            await here.post(path, form(To="+19005550100"), X_Twilio_Signature=good),
            await here.post(
                path,
                form(),
                X_Twilio_Signature=signature(f"https://evil.example{path}", form()),
                X_Forwarded_Host="evil.example",
                X_Forwarded_Proto="https",
            ),
        ]
        first = await here.signed(path, form(CALL))
        again = await here.signed(path, form(CALL))

    assert [(403, b"")] * 5 == [(response.status, body(response)) for response in [*refused, again]]
    assert 200 == first.status
    assert [Refusal.SIGNATURE] * 4 + [Refusal.REPLAY] == here.refusals


@pytest.mark.parametrize(
    ("account", "call_sid", "status"),
    [
        (ACCOUNT, CALL, 200),
        ("AC" + "f" * 32, CALL, 403),
        ("", CALL, 403),
        (ACCOUNT, "CA1", 403),
        (ACCOUNT, "CA" + "A" * 32, 403),
        (ACCOUNT, CALL + "1", 403),
        (ACCOUNT, "SM" + "1" * 32, 403),
    ],
)
async def test_in_production_only_a_call_of_our_account_is_one(account: str, call_sid: str, status: int) -> None:
    async with served(development=False, account_sid=ACCOUNT) as here:
        response = await here.signed("/twilio/voice", form(call_sid, AccountSid=account))

    assert status == response.status
    assert ([] if status == 200 else [Refusal.FORM]) == here.refusals


@pytest.mark.parametrize(
    "cut_anew",
    [
        # the call's name swallows the field behind it
        {"AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": f"{CALL}CallerNameCallSidCA{'2' * 32}"},
        # the field before it swallows the call's name, up to one that the caller chose as a name on the display
        {"AccountSid": ACCOUNT, "ApiVersion": f"2010-04-01CallSid{CALL}CallerName", "CallSid": "CA" + "2" * 32},
        {"AccountSid": ACCOUNT, f"ApiVersion2010-04-01CallSid{CALL}CallerName": "", "CallSid": "CA" + "2" * 32},
        {"AccountSid": f"{ACCOUNT}ApiVersion2010-04-01CallSid{CALL}CallerName", "CallSid": "CA" + "2" * 32},
    ],
)
async def test_a_signed_form_cut_anew_into_names_and_values_is_no_second_call(cut_anew: dict[str, str]) -> None:
    """Recorded and sent again: the letters that were signed are the same."""
    sent = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": CALL,
        "CallerName": "CallSidCA" + "2" * 32,
        "To": NUMBER,
    }
    recorded = signature(f"{ORIGIN}/twilio/voice", sent)
    assert recorded == signature(f"{ORIGIN}/twilio/voice", {**cut_anew, "To": NUMBER})
    async with served(development=False) as here:
        again = await here.post("/twilio/voice", {**cut_anew, "To": NUMBER}, X_Twilio_Signature=recorded)

    assert (403, b"") == (again.status, body(again))
    assert [Refusal.FORM] == here.refusals


async def test_an_unsigned_handshake_gets_a_403() -> None:
    async with served(development=False) as here:
        for headers in ({}, {"X-Twilio-Signature": signature(f"{ORIGIN}/twilio/media", {})}):
            with pytest.raises(InvalidStatus) as caught:
                async with connect(here.stream, additional_headers=headers):
                    pass
            assert (403, b"") == (caught.value.response.status_code, caught.value.response.body)

    assert [Refusal.SIGNATURE] * 2 == here.refusals


@pytest.mark.parametrize("key", [CANARY, "", "aGVsbG8="])
async def test_a_handshake_that_fails_is_answered_without_what_was_sent(key: str) -> None:
    async with served() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = (
            f"GET /twilio/media?{CANARY} HTTP/1.1\r\nHost: {server.host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        writer.write(head.encode())
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n")
    assert CANARY.encode() not in answer


@pytest.mark.parametrize("unsigned", [{}, {"t": "x" * 43}, {"t": CANARY}])
async def test_a_stream_without_a_token_of_ours_is_closed_before_anything_happens(unsigned: dict[str, str]) -> None:
    async with served() as here, connect(here.stream) as socket:
        await begin(socket, **unsigned)
        assert 1008 == await closed(socket)

    assert [Refusal.TOKEN] == here.refusals
    assert [] == here.legs


async def test_a_token_is_good_once_and_for_its_own_call() -> None:
    async with served() as here:
        first = token(await here.post("/twilio/voice", form("CA1")))
        second = token(await here.post("/twilio/voice", form("CA2")))
        async with connect(here.stream) as socket:
            await begin(socket, "CA1", t=first)
            await socket.send(said("stop", stop={}))
            await closed(socket)
        for call, used in (("CA1", first), ("CA3", second)):
            async with connect(here.stream) as socket:
                await begin(socket, call, t=used)
                assert 1008 == await closed(socket)

    assert [Refusal.TOKEN] * 2 == here.refusals


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b'{"CallSid": "CA1"}'),
        ("", b"CallSid=CA1"),
        ("application/x-www-form-urlencoded", b"To=%2B12025550100"),
        ("application/x-www-form-urlencoded", b"CallSid=CA1&CallSid=CA2&To=x"),
        ("application/x-www-form-urlencoded", b"CallSid=CA%0A1"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(200))),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 20_000),
    ],
)
async def test_what_is_no_form_of_a_call_is_refused(content_type: str, content: bytes) -> None:
    async with served() as here:
        response = await here.ask("POST", "/twilio/voice", content, {"Content-Type": content_type})

    assert (403, b"") == (response.status, body(response))
    assert here.refusals[0] in (Refusal.FORM, Refusal.BODY)


# who is let in, in development


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", "localhost.evil:{port}"]
)
async def test_in_development_only_a_loopback_name_is_answered(host: str) -> None:
    async with served() as here:
        named = host.format(port=here.port)
        response = await here.ask("GET", "/", headers={"Host": named})
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"ws://{named}/twilio/media", host="127.0.0.1", port=here.port):
                pass

    assert (403, b"") == (response.status, body(response))
    assert 403 == caught.value.response.status_code
    assert [Refusal.HOST] * 2 == here.refusals


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Via"]
)
async def test_in_development_nothing_that_came_through_a_tunnel_is_answered(header: str) -> None:
    async with served() as here:
        responses = [
            await here.ask("GET", "/", headers={header: "203.0.113.7"}),
            await here.ask("GET", "/healthz", headers={header: ""}),
            await here.post("/twilio/voice", form(), **{header: "203.0.113.7"}),
        ]
        with pytest.raises(InvalidStatus) as caught:
            async with connect(here.stream, additional_headers={header: "203.0.113.7"}):
                pass

    assert [(403, b"")] * 3 == [(response.status, body(response)) for response in responses]
    assert 403 == caught.value.response.status_code
    assert [Refusal.PEER] * 4 == here.refusals


async def test_the_page_mints_a_token_and_talks() -> None:
    async with served() as here:
        origin = f"http://localhost:{here.port}"
        headers = {"Origin": origin, "Host": f"localhost:{here.port}"}
        page = await here.ask("GET", "/", headers={"Host": f"localhost:{here.port}"})
        minted = await here.ask("POST", "/page/token", headers=headers)
        stream = f"ws://localhost:{here.port}/twilio/media"
        async with connect(stream, origin=origin, host="127.0.0.1", port=here.port) as socket:  # type: ignore[arg-type]
            await begin(socket, "page", t=json.loads(body(minted))["token"])
            await socket.send(said("stop", stop={}))
            assert 1000 == await closed(socket)

    assert b"<!doctype html>" == body(page)
    assert "default-src 'none'" in (page.getheader("Content-Security-Policy") or "")
    assert [Purpose.PAGE] == [leg.purpose for leg in here.legs]


async def test_a_foreign_page_gets_neither_token_nor_stream_nor_call() -> None:
    async with served() as here:
        evil = {"Origin": "http://evil.example"}
        assert 403 == (await here.ask("POST", "/page/token", headers=evil)).status
        assert 403 == (await here.ask("POST", "/page/token")).status
        assert 403 == (await here.post("/twilio/voice", form(), **evil)).status
        with pytest.raises(InvalidStatus):
            async with connect(here.stream, origin="http://evil.example"):  # type: ignore[arg-type]
                pass

    assert [Refusal.ORIGIN] * 4 == here.refusals


async def test_in_production_there_is_no_phone_page() -> None:
    async with served(development=False) as here:
        page = await here.ask("GET", "/")
        minted = await here.ask("POST", "/page/token", headers={"Origin": f"http://{here.host}"})

    assert [404, 404] == [page.status, minted.status]


async def test_metrics_are_for_loopback_and_not_for_a_proxys_guests() -> None:
    async with served(development=False) as here:
        mine = await here.ask("GET", "/metrics")
        by_name = await here.ask("GET", "/metrics", headers={"Host": f"localhost:{here.port}"})
        proxied = [
            await here.ask("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"}),
            await here.ask("GET", "/metrics", headers={"Host": "agent.example.org"}),
            await here.ask("GET", "/metrics", headers={"Host": "localhost.example.org:8080"}),
            await here.ask("GET", "/metrics", headers={"Host": ""}),
        ]

    assert [b"quietline_calls_total 0\n"] * 2 == [body(mine), body(by_name)]
    assert [(403, b"")] * 4 == [(response.status, body(response)) for response in proxied]
    assert [Refusal.PEER] * 4 == here.refusals


async def test_what_the_line_goes_on_without_is_told_to_who_may_read_the_metrics_and_others_hear_that_it_is_well() -> (
    None
):
    async with served(development=False) as here:
        mine = await here.ask("GET", "/healthz")
        theirs = [
            await here.ask("GET", "/healthz", headers={"X-Forwarded-For": "203.0.113.7"}),
            await here.ask("GET", "/healthz", headers={"Host": "agent.example.org"}),
        ]

    assert (200, b"ok\nwithout: ports\n") == (mine.status, body(mine))
    assert [(200, b"ok\n")] * 2 == [(each.status, body(each)) for each in theirs]
    assert [] == here.refusals


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/", "/twilio/failsafe", "/nowhere"])
async def test_no_answer_may_be_kept_or_tells_who_we_are(path: str) -> None:
    async with served() as here:
        response = await here.ask("GET", path)

    assert "no-store" == response.getheader("Cache-Control")
    assert None is response.getheader("Server")
    assert None is response.getheader("Date")


# the stream


async def test_junk_on_the_wire_ends_that_stream_with_a_reason_and_no_other() -> None:
    async with (
        served(allow_unsigned_stream=True) as here,
        connect(here.stream) as good,
        connect(here.stream) as bad,
    ):
        await begin(good, "CA1")
        await begin(bad, "CA2")
        await bad.send("{" + CANARY)
        assert 1008 == await closed(bad)
        await good.send(said("stop", stop={}))
        assert 1000 == await closed(good)

    assert [EndReason.PROTOCOL_MALFORMED, EndReason.STOPPED] == here.ends


@pytest.mark.parametrize("message", [b"\x00\x01", "[" * 5_000, "x" * 70_000, "{}", '{"event":"media"}'])
async def test_junk_before_the_start_closes_the_stream(message: str | bytes) -> None:
    async with served(allow_unsigned_stream=True) as here, connect(here.stream) as socket:
        await socket.send(message)
        assert await closed(socket) in (1008, 1009)

    assert [Refusal.START] == here.refusals
    assert [] == here.legs


async def test_a_stream_that_does_not_start_in_time_is_closed() -> None:
    limits = LegLimits(start_s=0.1)
    async with served(allow_unsigned_stream=True, leg=limits) as here, connect(here.stream) as socket:
        assert 1008 == await closed(socket)

    assert [Refusal.START] == here.refusals


async def test_no_stream_is_compressed() -> None:
    async with served(allow_unsigned_stream=True) as here, connect(here.stream, compression="deflate") as socket:
        assert [] == socket.protocol.extensions


async def test_sound_goes_both_ways_and_a_clip_is_played_when_its_mark_is_back() -> None:
    heard: list[bytes] = []
    played = asyncio.Event()

    async def talks(leg: Leg) -> EndDecision:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leg.run())
            for _ in range(10):
                leg.play(0, SILENCE)
            leg.end_clip(0)
            while not isinstance(event := await leg.next(), ClipPlayed):
                if isinstance(event, Heard):
                    heard.append(event.frame.reveal().tobytes())
            played.set()
            assert await leg.drained()
            await leg.close()
        return EndDecision.GOODBYE

    async with served(talks, allow_unsigned_stream=True) as here, connect(here.stream) as socket:
        await begin(socket)
        await socket.send(frame(b"\x00" * 100))
        await socket.send(frame(b"\x00" * 220))
        frames = 0
        async for text in socket:
            message = json.loads(text)
            assert SID == message["streamSid"]
            frames += message["event"] == "media"
            if message["event"] == "mark":
                assert not played.is_set()
                await socket.send(said("mark", mark=message["mark"]))
        assert 1000 == socket.close_code

    assert 10 == frames
    assert 2 == len(heard)


async def test_a_server_that_is_stopped_leaves_no_call_behind() -> None:
    async with served(allow_unsigned_stream=True) as here:
        socket = await connect(here.stream)
        await begin(socket)
        await socket.send(frame())
        await socket.send(frame())
        await here.began.wait()
    await closed(socket)

    assert 1 == len(here.ends)
    assert 0 == here.board.live


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.listening.HEAD_S", 0.1)
    async with served() as here:
        for words in (b"", b"GET /healthz HTTP/1.1\r\nHost: x"):
            reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
            writer.write(words)
            assert b"" == await asyncio.wait_for(reader.read(), 5)
            writer.close()


@pytest.mark.parametrize(
    "config",
    [
        {"origin": "http://203.0.113.7:8080", "development": True},
        {"origin": "https://agent.example.org", "development": True},
        {"origin": "http://127.0.0.1.evil.example", "development": True},
        {"origin": "https://agent.example.org", "development": False},
        {"origin": "http://agent.example.org", "development": False, "auth_token": PHI(AUTH)},
        {"origin": "https://agent.example.org/x", "development": False, "auth_token": PHI(AUTH)},
        {
            "origin": "https://agent.example.org",
            "development": False,
            "auth_token": PHI(AUTH),
            "allow_unsigned_stream": True,
        },
    ],
)
def test_a_config_that_does_not_hold_together_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"origin|loopback|unsigned"):
        ServerConfig(**config)


async def test_a_call_for_the_menu_is_known_by_agent_number_and_call_and_may_go_to_the_assistant() -> None:
    asked: list[tuple[str, str, str]] = []

    def staff(agent: str, number: PHI[str], call_sid: PHI[str]) -> bool:
        asked.append((agent, number.reveal(), call_sid.reveal()))
        return True

    async with served(staff=staff) as here:
        here.decision = EndDecision.ASSISTANT
        voice = await here.post("/twilio/voice", form())
        for answer in (voice, None):
            after = answer or await here.post("/twilio/ended", form())
            assert ["Connect", *WITHOUT_US] == verbs(after)
            async with connect(here.stream) as socket:
                await begin(socket, t=token(after))
                await here.began.wait()
                here.began.clear()
                await socket.send(said("stop", stop={"accountSid": "AC1", "callSid": "CA1"}))
                await here.over.wait()
                here.over.clear()
                await closed(socket)
            action = ElementTree.fromstring(body(after)).find("Connect")
            assert action is not None
            ends = action.attrib["action"].removeprefix(f"http://{here.host}")

    assert [("cardiology", "+15550100" + CANARY, "CA1")] == asked
    assert [Purpose.STAFF, Purpose.PATIENT] == [leg.purpose for leg in here.legs]
    assert ends.startswith("/twilio/ended/")


async def test_who_wants_the_assistant_when_no_place_is_left_is_put_through_to_the_nurse_line() -> None:
    async with served(staff=lambda *_: True) as here:
        here.decision = EndDecision.ASSISTANT
        voice = await here.post("/twilio/voice", form())
        async with connect(here.stream) as socket:
            await begin(socket, t=token(voice))
            await here.began.wait()
            here.board.draining = True
            await socket.send(said("stop", stop={"accountSid": "AC1", "callSid": "CA1"}))
            await closed(socket)
        after = await here.post("/twilio/ended", form())

    assert WITHOUT_US == verbs(after)
    assert [Refusal.BUSY] == here.refusals
