"""Our side of Twilio's REST, against the twin over real sockets."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.egress import Egress
from agent.reach import Destination
from policies import logs
from policies.phi import PHI
from telephony import carrier_wire, rest, twiml
from telephony.carrier_wire import CarrierWire, WireFailed, reason_of
from telephony.numbers import Wanted
from telephony.placing import AccountState, Carrier, CarrierFailed, CarrierReason, Deleted, Records
from telephony.rest import CarrierAccount, TwilioCarrier
from telephony.twin.account import Kept, Number, Service, Trunk
from telephony.twin.mishaps import Faults
from tests.rest_twin import BEGAN, NURSE, OURS, PATIENT, served, twin
from tests.unit.certificates import certificate

OUR_ORIGIN = "https://agent.example.org"
STATUS = f"{OUR_ORIGIN}/nurse/status"
TWIML = twiml.goodbye()
ACCOUNT = "AC" + "0" * 32
CALL = PHI("CA" + "0" * 32)


async def place(carrier: TwilioCarrier, number: str = NURSE) -> PHI[str]:
    return await carrier.place(PHI(number), TWIML, ring_s=18, status_url=STATUS, limit_s=3_600)


async def why(asking: Awaitable[object]) -> CarrierReason:
    """The reason why it failed."""
    with pytest.raises(CarrierFailed) as raised:
        await asking
    return raised.value.reason


async def test_a_nurse_is_rung_with_everything_said_and_nothing_recorded() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = await place(carrier)

    assert [sid.reveal()] == list(served.exchange.held)
    assert served.exchange.asked == [
        {
            "to": NURSE,
            "from_": OURS,
            "twiml": TWIML,
            "url": None,
            "ring_s": 18,
            "status_callback": STATUS,
            "status_events": frozenset({"initiated", "ringing", "answered", "completed"}),
            "time_limit_s": 3_600,
        }
    ]
    assert [] == served.exchange.account.recordings


async def test_a_number_that_is_not_ours_is_never_shown_to_anybody() -> None:
    async with twin() as served, served.carrier() as carrier:

        def shows(caller_id: str) -> Awaitable[object]:
            return carrier.place(PHI(PATIENT), TWIML, ring_s=18, status_url=STATUS, limit_s=60, caller_id=caller_id)

        await shows(OURS)
        assert CarrierReason.NUMBER_REFUSED is await why(shows(NURSE))

    assert [OURS] == [asked["from_"] for asked in served.exchange.asked]


async def test_whoever_knows_no_carriers_package_is_given_two_ports() -> None:
    async with twin() as served, served.carrier() as both:
        carrier: Carrier = both
        records: Records = both
        sid = await carrier.place(PHI(NURSE), TWIML, ring_s=18, status_url=STATUS, limit_s=60)
        await carrier.end(sid)
        assert [sid.reveal()] == [each.reveal() for each in await records.completed()]


@pytest.mark.parametrize(
    "text",
    [
        "<Response><Hangup/></Response>",
        TWIML.replace("<Hangup/>", '<Record transcribe="true"/>'),
        TWIML.replace("<Hangup/>", "<!-- she has a fever --><Hangup/>"),
        TWIML.replace("<Hangup/>", "<Hangup>"),
        TWIML.replace("<Hangup/>", "<Hangup/>" * 500),
    ],
)
async def test_only_twiml_of_ours_is_sent(text: str) -> None:
    async with twin() as served, served.carrier() as carrier:
        with pytest.raises(ValueError, match="TwiML"):
            await carrier.place(PHI(NURSE), text, ring_s=18, status_url=STATUS, limit_s=60)
        with pytest.raises(ValueError, match="TwiML"):
            await carrier.redirect(CALL, text)
    assert [] == served.exchange.asked


@pytest.mark.parametrize("number", ["911", "+1", "+1202555014\n", "sip:nurse@example.org", ""])
async def test_what_is_no_number_is_refused_before_anything_is_sent(number: str) -> None:
    async with twin(Faults(errors=1.0)) as served, served.carrier() as carrier:
        assert CarrierReason.NUMBER_REFUSED is await why(place(carrier, number))


@pytest.mark.parametrize(
    ("faults", "reason", "in_doubt"),
    [
        (Faults(errors=1.0), CarrierReason.BROKEN, True),
        (Faults(busy=1.0), CarrierReason.BUSY, False),
        (Faults(silences=1.0), CarrierReason.TIMED_OUT, True),
        (Faults(lost_creates=1.0), CarrierReason.TIMED_OUT, True),
    ],
)
async def test_a_call_is_asked_for_once_whatever_happens(faults: Faults, reason: CarrierReason, in_doubt: bool) -> None:
    wait_s = 1.5 if reason is CarrierReason.TIMED_OUT else 30.0
    async with twin(faults) as served, served.carrier(place_s=wait_s) as carrier:
        assert reason is await why(place(carrier))
    assert (faults.lost_creates == 1.0) == (len(served.exchange.asked) == 1)
    assert in_doubt is reason.in_doubt


async def test_a_carrier_that_is_not_there_was_asked_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    account = CarrierAccount(
        sid=ACCOUNT, auth_token=PHI("secret"), caller_id=OURS, numbers=(OURS,), base_url=f"http://127.0.0.1:{port}"
    )
    carrier = TwilioCarrier(account, started=BEGAN)
    assert CarrierReason.UNREACHABLE is await why(place(carrier))
    assert not CarrierReason.UNREACHABLE.in_doubt
    await carrier.aclose()


async def test_a_wrong_token_is_a_refusal_and_not_asked_twice() -> None:
    async with twin() as served, served.carrier(auth_token=PHI("another")) as carrier:
        assert CarrierReason.REFUSED is await why(place(carrier))
        assert CarrierReason.REFUSED is await why(carrier.completed())
        assert CarrierReason.REFUSED is await why(carrier.switch_off())


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 21211, CarrierReason.NUMBER_REFUSED),
        (400, 21215, CarrierReason.NUMBER_REFUSED),
        (400, 13227, CarrierReason.NUMBER_REFUSED),
        (400, 21210, CarrierReason.REFUSED),
        (401, 20003, CarrierReason.REFUSED),
        (429, 20429, CarrierReason.BUSY),
        (500, 20500, CarrierReason.BROKEN),
        (503, 0, CarrierReason.BROKEN),
        (302, 0, CarrierReason.BROKEN),
    ],
)
def test_every_refusal_has_a_reason(status: int, code: int, reason: CarrierReason) -> None:
    assert reason is reason_of(status, code)


async def test_a_call_that_rings_is_cancelled() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = await place(carrier)
        await carrier.end(sid)

    assert ["canceled"] == [change["status"] for _, change in served.exchange.changes]


async def test_a_call_that_was_answered_is_ended() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = await place(carrier)
        served.exchange.answer(sid.reveal())
        await carrier.end(sid)

    assert "completed" == served.exchange.held[sid.reveal()].status


async def test_ending_what_is_over_or_forgotten_is_fine() -> None:
    async with twin() as served, served.carrier() as carrier:
        over = served.exchange.ended()
        await carrier.end(over)
        await carrier.end(CALL)
    assert [] == served.exchange.changes


async def test_an_ending_is_asked_for_again_until_it_is_heard() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = await place(carrier)
        served.resources.faults = Faults(errors=0.4)  # of seed 0: at most two in a row
        await carrier.end(sid)
    assert "canceled" == served.exchange.held[sid.reveal()].status


async def test_a_live_call_is_redirected_and_one_that_is_over_is_told() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = await place(carrier)
        assert not await carrier.redirect(sid, TWIML)  # it rings
        served.exchange.answer(sid.reveal())
        assert await carrier.redirect(sid, TWIML)
        assert not await carrier.redirect(CALL, TWIML)
    assert [TWIML] == [change["twiml"] for _, change in served.exchange.changes]


async def test_whether_a_call_goes_on_is_asked_of_the_carrier() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = await place(carrier)
        assert await carrier.live(sid)
        await carrier.end(sid)
        assert not await carrier.live(sid)
        assert not await carrier.live(CALL)


async def test_a_record_is_deleted_and_looked_for() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = served.exchange.ended()
        assert Deleted.DELETED is await carrier.delete(sid)
        assert Deleted.GONE is await carrier.delete(sid)
    assert {} == served.exchange.held
    each = "/Calls/{sid}.json"
    assert {f"GET {each}": 3, "GET /Calls.json": 1, f"DELETE {each}": 1} == served.resources.asked


async def test_a_live_call_is_never_deleted() -> None:
    async with twin() as served, served.carrier() as carrier:
        ringing, answered = served.exchange.add().sid, served.exchange.add().sid
        served.exchange.answer(answered)
        assert [Deleted.LIVE] * 2 == [await carrier.delete(PHI(sid)) for sid in (ringing, answered)]
    assert {ringing, answered} == set(served.exchange.held)
    assert 0 == served.resources.asked["DELETE /Calls/{sid}.json"]  # it is not left to the carrier to refuse


async def test_a_record_on_which_the_carrier_still_works_stays_for_now() -> None:
    async with twin(Faults(unfinished_s=60.0)) as served, served.carrier() as carrier:
        sid = served.exchange.ended()
        assert Deleted.UNFINISHED is await carrier.delete(sid)
        served.exchange.now_s = 60.0
        assert Deleted.DELETED is await carrier.delete(sid)


async def test_the_calls_that_a_call_dialled_go_before_it() -> None:
    async with twin() as served, served.carrier() as carrier:
        sid = served.exchange.ended()
        for _ in range(3):
            served.exchange.ended(to=NURSE, from_=PATIENT, parent_sid=sid.reveal(), direction="outbound-dial")
        live = served.exchange.add(to=NURSE, from_=PATIENT, parent_sid=sid.reveal(), direction="outbound-dial").sid
        assert Deleted.LIVE is await carrier.delete(sid)
        assert {sid.reveal(), live} <= set(served.exchange.held)
        served.exchange.end(live)
        assert Deleted.DELETED is await carrier.delete(sid)
    assert {} == served.exchange.held


async def test_a_record_that_is_there_again_at_once_is_not_taken_for_deleted() -> None:
    async with twin(Faults(reappear=1.0, reappear_after_s=0.0)) as served, served.carrier() as carrier:
        sid = served.exchange.ended()
        assert CarrierReason.BROKEN is await why(carrier.delete(sid))
        assert Deleted.DELETED is await carrier.delete(sid)


async def test_a_delete_whose_requests_fail_now_and_then_succeeds() -> None:
    async with twin() as served, served.carrier() as carrier:
        sids = [served.exchange.ended() for _ in range(10)]
        served.resources.faults = Faults(errors=0.1, busy=0.1)
        ends = [await outcome(carrier.delete(sid)) for sid in sids]
    gone = len(sids) - len(served.exchange.held)
    assert gone >= ends.count(Deleted.DELETED) + ends.count(Deleted.GONE) >= 8


async def outcome(asking: Awaitable[object]) -> object:
    """What came of it, or the reason why nothing did."""
    try:
        return await asking
    except CarrierFailed as failed:
        return failed.reason


@pytest.mark.parametrize("sid", ["CA1", "../" + "A" * 31, "CA" + "0" * 31 + "/"])
async def test_what_is_no_call_sid_becomes_no_address(sid: str) -> None:
    async with twin(Faults(errors=1.0)) as served, served.carrier() as carrier:
        assert CarrierReason.REFUSED is await why(carrier.delete(PHI(sid)))
        assert CarrierReason.REFUSED is await why(carrier.end(PHI(sid)))


async def test_all_ended_calls_of_our_numbers_are_found_on_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "PAGE", 3)
    other = "+12025550101"
    async with twin() as served, served.carrier(numbers=(OURS, other)) as carrier:
        add = served.exchange.ended
        told: list[dict[str, str]] = [{}] * 7 + [{"to": NURSE, "from_": OURS}, {"to": other}, {"from_": other}]
        ours = {add(**each).reveal() for each in told}
        add(to=NURSE, from_=PATIENT)
        served.exchange.add()
        found = await carrier.completed()
    assert ours == {sid.reveal() for sid in found}
    assert len(ours) == len(found) == 10


async def test_a_list_without_an_end_is_left_after_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MOST_PAGES", 2)
    monkeypatch.setattr(rest, "PAGE", 3)
    async with twin() as served, served.carrier() as carrier:
        for _ in range(20):
            served.exchange.ended()
        assert 6 == len(await carrier.completed())


async def test_what_keeps_more_than_a_record_is_switched_off() -> None:
    async with twin() as served, served.carrier() as carrier:
        own = served.exchange.account
        own.trunks = [Trunk(mode="record-from-answer-dual"), Trunk()]
        own.services = [Service(transcribes=True)]
        own.advanced_features = own.voice_trace = own.numbers[0].name_lookup = True
        own.numbers.append(Number("+12025550199", name_lookup=True))  # not this line's
        first, second = await carrier.switch_off(), await carrier.switch_off()

    assert ["do-not-record"] * 2 == [trunk.mode for trunk in own.trunks]
    assert [False] * 3 == [own.services[0].transcribes, own.advanced_features, own.voice_trace]
    assert [False, True] == [number.name_lookup for number in own.numbers]
    assert (4, 0, True) == (first.switched_off, first.still_on, first.confirmed)
    assert (0, 0, True) == (second.switched_off, second.still_on, second.confirmed)


async def test_our_numbers_are_set_to_tell_their_calls_ends_and_to_fall_back_elsewhere() -> None:
    wanted = Wanted(f"{OUR_ORIGIN}/twilio/status", "https://handler.twilio.com/twiml/EH1", ("agent.example.org",))
    async with twin() as served, served.carrier(wanted=wanted) as carrier:
        own = served.exchange.account.numbers
        own[0].fallback_url, own[0].fallback_method = f"{OUR_ORIGIN}/twilio/failsafe", "GET"
        own.append(Number("+12025550199"))  # not this line's
        states = [await carrier.switch_off() for _ in range(2)]

    assert [0, 0] == [state.without_fallback for state in states]
    assert [wanted.fallback_url, ""] == [number.fallback_url for number in own]
    assert [wanted.status_url, ""] == [number.status_callback for number in own]
    assert ["POST", "POST"] == [own[0].fallback_method, own[0].status_callback_method]
    assert 1 == served.resources.asked["POST /IncomingPhoneNumbers/{sid}.json"]


async def test_a_number_that_does_not_take_its_fallback_is_without_one() -> None:
    wanted = Wanted("", "https://handler.twilio.com/twiml/EH1", ("agent.example.org",))
    async with twin() as served, served.carrier(wanted=wanted) as carrier:
        served.exchange.account.stubborn = True
        state = await carrier.switch_off()

    assert (1, True) == (state.without_fallback, state.confirmed)


@pytest.mark.parametrize(
    ("fallback", "without"),
    [
        ("", 1),
        ("https://agent.example.org/twilio/failsafe", 1),
        ("https://AGENT.example.org:443/other", 1),
        ("http://static.example.org/nurse.xml", 1),
        ("https://static.example.org/nurse.xml", 0),
    ],
)
async def test_a_fallback_that_nobody_set_is_left_and_looked_at(fallback: str, without: int) -> None:
    async with twin() as served, served.carrier(wanted=Wanted(ours=("agent.example.org",))) as carrier:
        served.exchange.account.numbers[0].fallback_url = fallback
        state = await carrier.switch_off()

    assert (without, fallback) == (state.without_fallback, served.exchange.account.numbers[0].fallback_url)
    assert 0 == served.resources.asked["POST /IncomingPhoneNumbers/{sid}.json"]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(fallback_url="https://static.example.org/nurse.xml")])
async def test_the_fallback_of_a_number_with_an_application_or_a_trunk_is_none(wanted: Wanted) -> None:
    async with twin() as served, served.carrier(wanted=wanted) as carrier:
        number = served.exchange.account.numbers[0]
        number.fallback_url = "https://static.example.org/nurse.xml"
        found = [(await carrier.switch_off()).without_fallback]
        number.application_sid = "AP" + "1" * 32
        found.append((await carrier.switch_off()).without_fallback)
        number.application_sid, number.trunk_sid = "", "TK" + "1" * 32
        found.append((await carrier.switch_off()).without_fallback)

    assert [0, 1, 1] == found


async def test_a_number_that_the_account_has_not_is_without_a_fallback() -> None:
    async with twin() as served, served.carrier(numbers=(OURS, "+12025550101")) as carrier:
        served.exchange.account.numbers[0].fallback_url = "https://static.example.org/nurse.xml"
        assert 1 == (await carrier.switch_off()).without_fallback


async def test_settings_that_stay_on_are_not_confirmed() -> None:
    async with twin() as served, served.carrier() as carrier:
        own = served.exchange.account
        own.trunks, own.voice_trace, own.stubborn = [Trunk(mode="record-from-answer")], True, True
        state = await carrier.switch_off()

    assert (0, 2, False) == (state.switched_off, state.still_on, state.confirmed)


async def test_recordings_and_transcriptions_made_since_the_start_are_counted() -> None:
    async with twin() as served, served.carrier() as carrier:
        own = served.exchange.account
        own.recordings = [Kept("RE" + "0" * 32, -1.0), Kept("RE" + "1" * 32, 0.0), Kept("RE" + "2" * 32, 9.0)]
        own.transcriptions = [Kept("TR" + "0" * 32, -90_000.0), Kept("TR" + "1" * 32, 9.0)]
        state = await carrier.switch_off()

    assert (2, 1, True) == (state.recordings, state.transcriptions, state.confirmed)


async def test_an_account_that_cannot_be_read_is_not_confirmed() -> None:
    async with twin(Faults(errors=1.0)) as served, served.carrier() as carrier:
        assert CarrierReason.BROKEN is await why(carrier.switch_off())


DAY = b'"date_created": "yesterday"'
JUNK = [
    b'{"recordings": [{%b}]}' % DAY, b'{"calls": [{"sid": "CA1", "status": "busy"}], "next_page_uri": 3}',
    b'{"meta": []}', b"", b"{", b"[]", b'{"sid": null}', b'{"sid": "CA1", "status": "queued"}', b"\xff\xfe",
    b"[" * 100_000,
]  # fmt: skip


@asynccontextmanager
async def answering(body: bytes, status: int) -> AsyncIterator[TwilioCarrier]:
    """Our side of a carrier that says this to whatever it is asked."""

    async def answer(_request: Request) -> Response:
        return Response(body, status, {"location": "http://localhost:1/", "content-type": "application/json"})

    routes = [Route("/{rest:path}", answer, methods=["GET", "POST", "DELETE"])]
    async with served(Starlette(routes=routes)) as port:
        account = CarrierAccount(
            sid=ACCOUNT, auth_token=PHI("secret"), caller_id=OURS, numbers=(OURS,), base_url=f"http://127.0.0.1:{port}"
        )
        carrier = TwilioCarrier(account, started=BEGAN)
        try:
            yield carrier
        finally:
            await carrier.aclose()


@pytest.mark.parametrize("body", [*JUNK, b" " * (carrier_wire.MOST_BYTES + 1)])
@pytest.mark.parametrize("status", [200, 302, 400])
async def test_junk_is_a_failure_with_a_reason(body: bytes, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "FIRST_PAUSE_S", 0.0)
    async with answering(body, status) as carrier:
        failed = {CarrierReason.BROKEN, CarrierReason.REFUSED}
        assert await why(place(carrier)) in failed
        assert await outcome(carrier.delete(CALL)) in failed | {Deleted.LIVE}
        assert await outcome(carrier.completed()) in (*failed, ())
        state = await outcome(carrier.switch_off())
        assert state in failed or (isinstance(state, AccountState) and not state.confirmed)


async def test_the_carrier_is_reached_through_the_proxy_of_this_machine(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(cert))
    async with twin(tls=(cert, key)) as running:
        proxy = Egress([Destination("localhost", running.port)])
        opened = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
        port = opened.sockets[0].getsockname()[1]
        async with opened, running.carrier(egress_port=port, tls=trusted) as carrier:
            sid = await place(carrier)
            assert proxy.tunnels > 0
        assert [sid.reveal()] == list(running.exchange.held)


async def test_twilio_itself_is_only_reached_through_the_proxy_when_there_is_one() -> None:
    heard: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        account = CarrierAccount(
            sid=ACCOUNT, auth_token=PHI("secret"), caller_id=OURS, numbers=(OURS,), egress_port=port
        )
        carrier = TwilioCarrier(account, started=BEGAN)
        assert CarrierReason.UNREACHABLE is await why(place(carrier))
        await carrier.aclose()
    assert [b"CONNECT api.twilio.com:443 HTTP/1.1"] == [head.split(b"\r\n")[0] for head in heard]
    assert b"authorization" not in heard[0].lower()


async def test_the_environment_sets_no_proxy_no_region_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name, value in {"TWILIO_EDGE": "sydney", "TWILIO_REGION": "au1", "TWILIO_AUTH_TOKEN": "another"}.items():
        monkeypatch.setenv(name, value)
    async with twin() as served, served.carrier() as carrier:
        await place(carrier)
    assert 1 == len(served.exchange.asked)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/2010-04-01/Accounts.json",
        "http://api.twilio.com/2010-04-01/Accounts.json",
        "https://api.twilio.com.example.org/",
        "https://user@api.twilio.com/",
        "https://api.twilio.com:444/",
    ],
)
async def test_no_other_host_is_ever_asked(url: str) -> None:
    wire = CarrierWire(answer=lambda *_: None, base_url=None, egress_port=9, tls=None, answer_s=1.0)
    with pytest.raises(WireFailed) as raised:
        await wire.request("GET", url, auth=("AC1", "secret"))
    assert CarrierReason.REFUSED is raised.value.reason  # over the proxy that is not there it were UNREACHABLE
    with pytest.raises(WireFailed) as raised:
        await wire.request("GET", "https://api.twilio.com/", auth=("AC1", "secret"))
    assert CarrierReason.UNREACHABLE is raised.value.reason
    await wire.aclose()


@pytest.mark.parametrize(
    "more",
    [
        {"sid": "AC1"},
        {"caller_id": NURSE},
        {"numbers": (OURS, "911")},
        {"base_url": "https://api.example.org"},
        {"base_url": "http://10.0.0.1"},
    ],
)
def test_an_account_of_another_form_is_refused(more: dict[str, Any]) -> None:
    usual = {"sid": ACCOUNT, "auth_token": PHI("secret"), "caller_id": OURS, "numbers": (OURS,)}
    with pytest.raises(ValueError, match=r"."):
        CarrierAccount(**(usual | more))


SECRET = "secret-of-the-account"
FAULTS = [
    Faults(),
    Faults(errors=1.0),
    Faults(busy=1.0),
    Faults(silences=1.0),
    Faults(lost_creates=1.0),
    Faults(unfinished_s=60.0),
    Faults(reappear=1.0, reappear_after_s=0.0),
]


class Listener(logging.Handler):
    """Keeps every record with all that it holds."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.said = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.said += f"{record.getMessage()} {record.args} {record.__dict__}\n"


@pytest.mark.parametrize("faults", FAULTS, ids=lambda each: str(each))
async def test_no_number_sid_or_token_is_in_a_log_or_an_error(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "FIRST_PAUSE_S", 0.0)
    logs.hush(*carrier_wire.LOUD)  # as the import does; another test of this process may have made them speak since
    listener, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    root.debug("the listener listens")
    try:
        async with twin(faults) as served:
            served.exchange.account.auth_token = SECRET
            ended = served.exchange.ended()
            async with served.carrier(place_s=0.2, records_s=0.2) as carrier:
                asked = [
                    await failure(place(carrier)),
                    await failure(place(carrier, "+1202555014299999")),
                    await failure(carrier.redirect(ended, TWIML)),
                    await failure(carrier.end(ended)),
                    await failure(carrier.delete(ended)),
                    await failure(carrier.completed()),
                    await failure(carrier.switch_off()),
                ]
                shown = repr(carrier) + repr(served.settings())
    finally:
        root.removeHandler(listener)
        root.setLevel(level)
    said = listener.said + "\n".join(asked) + shown.replace(repr(OURS), "")
    assert "the listener listens" in said
    for secret in (NURSE, PATIENT, NURSE[1:], PATIENT[1:], ended.reveal(), *served.exchange.held, SECRET):
        assert secret not in said


async def failure(asking: Awaitable[object]) -> str:
    """All that an error says, and the errors behind it; empty if there is none."""
    try:
        await asking
    except CarrierFailed as failed:
        error: BaseException | None = failed
    else:
        return ""
    told = []
    while error is not None:
        told.append(f"{error!r} {error} {error.args} {getattr(error, '__notes__', '')}")
        assert error.__cause__ is None
        error = error.__context__
    return "\n".join(told)
