"""The twin's REST, asked by Twilio's own client and read by its own types.

The client is generated from Twilio's OpenAPI descriptions, so that paths and parameters are theirs.  Read in the
descriptions themselves (repository twilio-oai): of `twilio_api_v2010` a call's fields, statuses and events and the
forms of time and SID; of `twilio_insights_v1` the links of a newer page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.conference import ConferenceInstance
from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance
from twilio.rest.api.v2010.account.recording import RecordingInstance
from twilio.rest.api.v2010.account.transcription import TranscriptionInstance
from twilio.rest.insights.v1.setting import SettingInstance
from twilio.rest.intelligence.v2.service import ServiceInstance
from twilio.rest.trunking.v1.trunk import TrunkInstance
from twilio.rest.trunking.v1.trunk.recording import RecordingInstance as TrunkRecording

from telephony.twin import representations as shown
from telephony.twin.account import Conference, Kept, Number, Service, Trunk
from telephony.twin.mishaps import Faults, Mishap, Weather
from telephony.twin.representations import Calendar
from tests.rest_twin import BEGAN, NURSE, OURS, PATIENT, Held, Twin, twin

LATE = {"stir_verstat"}  # a field of a call that the published description does not have
TWIML = "<Response><Hangup/></Response>"


class Read(dict[str, Any]):
    """A resource's JSON that knows what of it was read."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(payload)
        self.keys_read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_read.add(key)
        return super().get(key, default)


ACCOUNT = "AC" + "0" * 32
CALENDAR = Calendar(BEGAN)
KEPT = Kept("RE" + "0" * 32, 60.0)
SHAPES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (CallInstance, shown.call(Held("CA" + "0" * 32, ACCOUNT, NURSE, OURS), CALENDAR)),
    (RecordingInstance, shown.recording(KEPT, ACCOUNT, CALENDAR)),
    (TranscriptionInstance, shown.transcription(KEPT, ACCOUNT, CALENDAR)),
    (ConferenceInstance, shown.conference(Conference("CF" + "0" * 32, "x", "completed", 0.0), ACCOUNT, CALENDAR)),
    (IncomingPhoneNumberInstance, shown.number(Number(OURS), ACCOUNT, CALENDAR)),
    (TrunkInstance, shown.trunk(Trunk(), ACCOUNT, CALENDAR)),
    (TrunkRecording, shown.trunk_recording(Trunk())),
    (ServiceInstance, shown.service(Service(), ACCOUNT, CALENDAR)),
    (SettingInstance, shown.insights(ACCOUNT, advanced_features=False, voice_trace=True)),
]


@pytest.mark.parametrize(("type_", "payload"), SHAPES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_resource_has_the_fields_that_the_client_knows_and_no_other(
    type_: Callable[..., Any], payload: dict[str, Any]
) -> None:
    read = Read(payload)
    wanted = {name: "AC1" for name in ("account_sid", "trunk_sid") if name in signature(type_).parameters}
    type_(None, read, **wanted)
    assert read.keys_read - LATE == set(payload)


async def refused(ask: Callable[[], Any]) -> tuple[int, int]:
    """HTTP's status and Twilio's number of the error that the client raises."""
    with pytest.raises(TwilioRestException) as raised:
        await asyncio.to_thread(ask)
    return raised.value.status, raised.value.code


async def place(served: Twin, **more: Any) -> Any:
    told = {"to": NURSE, "from_": OURS, "twiml": TWIML} | more
    return await asyncio.to_thread(lambda: served.client().calls.create(**told))


async def test_a_call_is_placed_with_all_that_the_client_says() -> None:
    async with twin() as served:
        made = await place(
            served,
            timeout=18,
            time_limit=3600,
            status_callback="https://agent.example.org/status",
            status_callback_event=["initiated", "answered"],
        )

    assert served.exchange.asked == [
        {
            "to": NURSE,
            "from_": OURS,
            "twiml": TWIML,
            "url": None,
            "ring_s": 18,
            "status_callback": "https://agent.example.org/status",
            "status_events": frozenset({"initiated", "answered"}),
            "time_limit_s": 3600,
        }
    ]
    assert (made.status, made.direction, made.to, made._from) == ("ringing", "outbound-api", NURSE, OURS)
    assert BEGAN == made.start_time
    assert (None, None) == (made.end_time, made.duration)


async def test_what_the_client_does_not_say_is_as_the_carrier_has_it() -> None:
    async with twin() as served:
        await place(served, twiml=None, url="https://agent.example.org/nurse")

    asked = served.exchange.asked[0]
    assert (60, 14_400, frozenset({"completed"})) == (asked["ring_s"], asked["time_limit_s"], asked["status_events"])
    assert "https://agent.example.org/nurse" == asked["url"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"to": ""}, 21201),
        ({"to": "12025550142"}, 21211),
        ({"to": "+1"}, 21211),
        ({"from_": PATIENT}, 21210),
        ({"twiml": None}, 21205),
        ({"timeout": "soon"}, 20001),
    ],
)
async def test_a_call_that_cannot_be_placed_is_refused_with_the_carriers_number(
    told: dict[str, Any], code: int
) -> None:
    async with twin() as served:
        arguments = {"to": NURSE, "from_": OURS, "twiml": TWIML} | told
        assert (400, code) == await refused(lambda: served.client().calls.create(**arguments))
    assert [] == served.exchange.asked


async def test_a_call_that_is_to_be_recorded_leaves_a_recording() -> None:
    async with twin() as served:
        made = await place(served, record=True)
        found = await asyncio.to_thread(lambda: served.client().recordings.list())

    assert [(made.sid, BEGAN)] == [(each.call_sid, each.date_created) for each in found]


async def test_a_call_is_read_changed_and_ended() -> None:
    async with twin() as served:
        sid = (await place(served)).sid
        served.exchange.answer(sid)
        served.exchange.now_s = 30.0
        calls = served.client().calls
        await asyncio.to_thread(lambda: calls(sid).update(twiml=TWIML))
        ended = await asyncio.to_thread(lambda: calls(sid).update(status="completed"))
        read = await asyncio.to_thread(lambda: calls(sid).fetch())

    assert [TWIML, None] == [change["twiml"] for _, change in served.exchange.changes]
    assert ("completed", "30") == (ended.status, read.duration)
    assert 30 == (read.end_time - read.start_time).total_seconds()


async def test_cancelling_ends_what_rings_and_leaves_what_was_answered() -> None:
    async with twin() as served:
        ringing, answered = (await place(served)).sid, (await place(served)).sid
        served.exchange.answer(answered)
        calls = served.client().calls
        left = await asyncio.to_thread(lambda: calls(answered).update(status="canceled"))
        ended = await asyncio.to_thread(lambda: calls(ringing).update(status="canceled"))

    assert ("in-progress", "canceled") == (left.status, ended.status)
    assert (None, None) == (ended.end_time, ended.duration)  # which only a call that was talked has


async def test_a_call_that_is_over_is_not_changed_and_one_that_rings_is_not_redirected() -> None:
    async with twin() as served:
        over, ringing = served.exchange.ended().reveal(), served.exchange.add().sid
        calls = served.client().calls
        assert (400, 21220) == await refused(lambda: calls(over).update(status="completed"))
        assert (400, 21220) == await refused(lambda: calls(over).update(twiml=TWIML))
        assert (400, 21220) == await refused(lambda: calls(ringing).update(twiml=TWIML))
        assert (400, 20001) == await refused(lambda: calls(ringing).update(status="in-progress"))
    assert [] == served.exchange.changes


async def test_a_record_is_deleted_once_and_only_after_the_call() -> None:
    async with twin() as served:
        over, live = served.exchange.ended().reveal(), served.exchange.add().sid
        calls = served.client().calls
        assert await asyncio.to_thread(lambda: calls(over).delete())
        assert (404, 20404) == await refused(lambda: calls(over).fetch())
        assert (404, 20404) == await refused(lambda: calls(over).delete())
        assert (409, 20009) == await refused(lambda: calls(live).delete())
    assert [live] == list(served.exchange.held)


async def test_a_record_is_not_deleted_while_the_carrier_works_on_it() -> None:
    async with twin(Faults(unfinished_s=60.0)) as served:
        sid = served.exchange.ended().reveal()
        assert (409, 20009) == await refused(lambda: served.client().calls(sid).delete())
        served.exchange.now_s = 60.0
        assert await asyncio.to_thread(lambda: served.client().calls(sid).delete())


async def test_a_deleted_record_may_come_back_and_goes_for_good_the_second_time() -> None:
    async with twin(Faults(reappear=1.0, reappear_after_s=30.0)) as served:
        sid = served.exchange.ended().reveal()
        calls = served.client().calls
        await asyncio.to_thread(lambda: calls(sid).delete())
        assert [] == await asyncio.to_thread(lambda: calls.list())
        served.exchange.now_s = 30.0
        assert [sid] == [call.sid for call in await asyncio.to_thread(lambda: calls.list())]
        await asyncio.to_thread(lambda: calls(sid).delete())
        served.exchange.now_s = 1_000.0
        assert (404, 20404) == await refused(lambda: calls(sid).fetch())


async def test_calls_are_listed_by_number_status_parent_and_day_the_newest_first() -> None:
    async with twin() as served:
        add = served.exchange.add
        old = add(started_at=-86_400.0, status="busy").sid
        coming = add(started_at=1.0).sid
        going = add(started_at=2.0, to=NURSE, from_=OURS).sid
        dialled = add(started_at=3.0, to=NURSE, parent_sid=coming, direction="outbound-dial").sid

        async def listed(**asked: Any) -> list[str]:
            return [call.sid for call in await asyncio.to_thread(lambda: served.client().calls.list(**asked))]

        assert [dialled, going, coming, old] == await listed()
        assert [coming, old] == await listed(to=OURS)
        assert [going] == await listed(from_=OURS)
        assert [old] == await listed(status="busy")
        assert [dialled] == await listed(parent_call_sid=coming)
        assert [old] == await listed(start_time_before=BEGAN.replace(day=22))
        assert [dialled, going, coming] == await listed(start_time_after=BEGAN)
        assert [old] == await listed(start_time=BEGAN.replace(day=22))


@pytest.mark.parametrize(("size", "pages"), [(1, 7), (3, 3), (7, 1), (100, 1)])
async def test_every_record_is_on_one_page_whatever_the_pages_size(size: int, pages: int) -> None:
    async with twin() as served:
        made = [served.exchange.add(started_at=float(at)).sid for at in range(7)]
        page = await asyncio.to_thread(lambda: served.client().calls.page(to=OURS, page_size=size))
        found = [[call.sid for call in page]]
        while (following := await asyncio.to_thread(page.next_page)) is not None:
            page = following
            found.append([call.sid for call in page])

    assert pages == len(found)
    assert made[::-1] == [sid for page in found for sid in page]


async def test_what_is_kept_and_what_is_set_is_read_by_the_clients_own_types() -> None:
    async with twin() as served:
        own = served.exchange.account
        own.recordings = [Kept("RE" + "0" * 32, -86_400.0), Kept("RE" + "1" * 32, 60.0)]
        own.transcriptions = [Kept("TR" + "0" * 32, 60.0)]
        own.conferences = [Conference("CF" + "0" * 32, "xfer", "completed", 0.0)]
        own.numbers.append(Number(NURSE, name_lookup=True))
        own.trunks, own.services = [Trunk(mode="record-from-answer")], [Service(transcribes=True)]
        own.advanced_features = True
        client = served.client()

        def read() -> list[Any]:
            return [
                [each.sid[-1] for each in client.recordings.list()],
                [each.sid[-1] for each in client.recordings.list(date_created_after=BEGAN)],
                next(each.date_created for each in client.transcriptions.list()).isoformat(),
                [(each.friendly_name, each.status) for each in client.conferences.list(status="completed")],
                client.conferences.list(status="in-progress"),
                [each.voice_caller_id_lookup for each in client.incoming_phone_numbers.list()],
                [each.phone_number for each in client.incoming_phone_numbers.list(phone_number=NURSE)],
                [each.recording["mode"] for each in client.trunking.v1.trunks.list()],
                [each.auto_transcribe for each in client.intelligence.v2.services.list()],
                (
                    client.insights.v1.settings().fetch().advanced_features,
                    client.insights.v1.settings().fetch().voice_trace,
                ),
            ]

        assert [
            ["0", "1"],
            ["1"],
            "2026-11-23T08:01:00+00:00",
            [("xfer", "completed")],
            [],
            [False, True],
            [NURSE],
            ["record-from-answer"],
            [True],
            (True, False),
        ] == await asyncio.to_thread(read)


async def test_what_is_set_can_be_set_otherwise() -> None:
    async with twin() as served:
        own = served.exchange.account
        own.trunks, own.services = [Trunk(mode="record-from-ringing")], [Service(transcribes=True)]
        own.numbers[0].name_lookup = own.advanced_features = own.voice_trace = True
        client = served.client()

        def switch() -> None:
            client.trunking.v1.trunks(own.trunks[0].sid).recordings().update(mode="do-not-record")
            client.intelligence.v2.services(own.services[0].sid).update(auto_transcribe=False)
            client.incoming_phone_numbers(own.numbers[0].sid).update(
                voice_caller_id_lookup=False, voice_fallback_url="https://agent.example.org/failsafe"
            )
            client.insights.v1.settings().update(advanced_features=False)

        await asyncio.to_thread(switch)
        assert (400, 20001) == await refused(
            lambda: client.trunking.v1.trunks(own.trunks[0].sid).recordings().update(mode="sometimes")
        )
        assert (404, 20404) == await refused(lambda: client.trunking.v1.trunks("TK1").recordings().fetch())

    assert "do-not-record" == own.trunks[0].mode
    assert [False, False] == [own.services[0].transcribes, own.numbers[0].name_lookup]
    assert "https://agent.example.org/failsafe" == own.numbers[0].fallback_url
    assert (False, True) == (own.advanced_features, own.voice_trace)


async def test_nobody_without_the_accounts_token_is_answered() -> None:
    async with twin() as served:
        client = served.client(auth_token="another")
        with pytest.raises(TwilioException, match="401"):  # of a list the client makes no more of it
            await asyncio.to_thread(lambda: client.calls.list())
        assert (401, 20003) == await refused(lambda: client.calls("CA1").fetch())
        assert (401, 20003) == await refused(lambda: client.calls.create(to=NURSE, from_=OURS, twiml=TWIML))
    assert [] == served.exchange.asked


async def test_a_resource_that_the_line_has_no_use_for_is_not_there() -> None:
    async with twin() as served:
        client = served.client()
        assert (404, 20404) == await refused(lambda: client.messages.create(to=NURSE, from_=OURS, body="no"))
        assert (404, 20404) == await refused(lambda: client.calls("CA1").recordings.create())


@pytest.mark.parametrize(("faults", "told"), [(Faults(errors=1.0), (500, 20500)), (Faults(busy=1.0), (429, 20429))])
async def test_a_failing_carrier_does_nothing(faults: Faults, told: tuple[int, int]) -> None:
    async with twin(faults) as served:
        assert told == await refused(lambda: served.client().calls.create(to=NURSE, from_=OURS, twiml=TWIML))
    assert [] == served.exchange.asked


@pytest.mark.parametrize(("faults", "placed"), [(Faults(silences=1.0), 0), (Faults(lost_creates=1.0), 1)])
async def test_of_an_answer_that_never_comes_nobody_can_tell_what_was_done(faults: Faults, placed: int) -> None:
    async with twin(faults) as served:
        client = served.client()
        client.http_client.timeout = 1.5
        with pytest.raises(requests.exceptions.ReadTimeout):
            await asyncio.to_thread(lambda: client.calls.create(to=NURSE, from_=OURS, twiml=TWIML))
    assert placed == len(served.exchange.asked)


def test_the_same_seed_brings_the_same_mishaps_in_their_shares() -> None:
    faults = Faults(seed=7, errors=0.1, busy=0.05, silences=0.05, lost_creates=0.5)

    def drawn(seed_of: Faults) -> list[Mishap]:
        weather = Weather(seed_of)
        return [weather.mishap(creates=at % 2 == 0) for at in range(2_000)]

    mishaps = drawn(faults)
    assert mishaps == drawn(faults)
    assert mishaps != drawn(Faults(seed=8, errors=0.1, busy=0.05, silences=0.05, lost_creates=0.5))
    counted = {mishap: mishaps.count(mishap) for mishap in Mishap}
    assert all(low < counted[mishap] < high for mishap, low, high in [
        (Mishap.ERROR, 160, 240), (Mishap.BUSY, 70, 130), (Mishap.SILENCE, 70, 130), (Mishap.LOST, 340, 460)
    ])  # fmt: skip


@pytest.mark.parametrize("more", [{"errors": -0.1}, {"busy": 1.1}, {"errors": 0.6, "silences": 0.6}])
def test_shares_that_are_no_shares_are_refused(more: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share"):
        Faults(**more)  # type: ignore[arg-type]
