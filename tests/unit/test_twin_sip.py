"""A real softphone at the twin's exchange: SIP and RTP over loopback, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from telephony import g711
from telephony.audio import RATE_HZ, Int16
from telephony.leg import Socket
from telephony.twin.carrier import Stream
from telephony.twin.exchange import Exchange
from telephony.twin.personas import tone
from telephony.twin.sip import AddressRefused, Softphone, takes_calls
from telephony.twin.sip_call import KeyEvent, Progress, SipCall, SipFailed
from telephony.twin.wav import mulaw_wav, read_wav
from tests import softphone
from tests.exchanges import NURSE, ORIGIN, OURS, PATIENT, Answer, Talk, Town, begun, document, strengths, town
from tests.virtual_time import at_once

sip = pytest.mark.skipif(
    find_spec("pjsua2") is None, reason="pjsua2-python has wheels for Python 3.11 and 3.12 on x86-64 only"
)
AGENT_HZ, PERSON_HZ, SECOND_HZ = 500.0, 800.0, 1_200.0
CONNECT = '<Connect><Stream url="wss://line.example.org/media"/></Connect>'
LOUD_DBFS, SILENT_DBFS = -30.0, -50.0
WAIT_S = 20.0


@dataclass
class Desk:
    """The line: says a tone, takes two keys, listens for as long again, says another tone, and listens to the end."""

    wanted_keys: int = 2
    keys: list[str | None] = field(default_factory=list)
    talk: Talk | None = None
    said: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, _stream: Stream, held: Socket) -> None:
        self.talk = talk = await begun(held)
        await talk.say(tone(AGENT_HZ, 1.0))
        self.said.set()
        for _ in range(self.wanted_keys):
            self.keys.append(await talk.key())
        await talk.say(tone(SECOND_HZ, 1.0))
        self.done.set()
        while await talk.next() is not None:
            pass

    def heard(self) -> Int16:
        assert self.talk is not None
        return g711.decode(bytes(self.talk.heard))


@contextlib.asynccontextmanager
async def a_softphone(folder: Path) -> AsyncIterator[softphone.Softphone]:
    says = folder / "says.wav"
    says.write_bytes(mulaw_wav(tone(PERSON_HZ, 1.0)))
    async with softphone.softphone(says, folder / "heard.wav") as phone:
        yield phone


@contextlib.asynccontextmanager
async def rung(phone: softphone.Softphone, desk: Desk) -> AsyncIterator[tuple[Town, Softphone]]:
    """An exchange at which this softphone is the nurse's."""
    from telephony.twin.pjsip import user_agent

    async with user_agent() as agent:
        nurse = Softphone(NURSE, agent, phone.address)
        async with town(nurse.telephone, answers={"/status": ""}, serve=desk.serve) as there:
            yield there, nurse


async def ordered(exchange: Exchange, ring_s: int = 20) -> str:
    """The nurse is rung.  Returns the call's SID."""
    order = await exchange.place(
        to=NURSE, from_=OURS, twiml=document(CONNECT), url=None, ring_s=ring_s, status_callback=ORIGIN + "/status",
        status_events=frozenset({"ringing", "answered", "completed"}), time_limit_s=60,
    )  # fmt: skip
    return order.sid


def status_of(exchange: Exchange, sid: str) -> str:
    record = exchange.call(sid)
    assert record is not None
    return record.status


def loudest(pcm: Int16, *hz: float) -> list[float]:
    """How loud each tone is in its loudest fifth of a second, in dBFS."""
    whole = [strengths(pcm[at : at + RATE_HZ // 5], *hz) for at in range(0, len(pcm) - RATE_HZ // 5, RATE_HZ // 10)]
    return [max(found) for found in zip(*whole, strict=True)]


@sip
async def test_a_softphone_dials_in_hears_the_line_is_heard_presses_keys_and_hangs_up(tmp_path: Path) -> None:
    from telephony.twin.pjsip import user_agent

    desk, patient = Desk(), Softphone(PATIENT)
    async with (
        a_softphone(tmp_path) as phone,
        user_agent() as agent,
        town(patient.telephone, answers={"/voice": document(CONNECT)}, serve=desk.serve) as there,
        asyncio.TaskGroup() as tasks,
    ):
        taking = tasks.create_task(takes_calls(agent, there.exchange, OURS, patient))
        async with asyncio.timeout(WAIT_S):
            phone.tell(f"call sip:line@127.0.0.1:{agent.port}")
            assert ["rings", "established"] == [await phone.told(), await phone.told()]
            await desk.said.wait()
            phone.tell("press 4")
            phone.tell("press 4")
            await desk.done.wait()
            phone.tell("hang up")
            assert "over" in await phone.told()
            await there.exchange.idle()
        taking.cancel()
        assert ["completed"] == [record.status for record in there.exchange.calls()]
    assert desk.talk is not None
    assert desk.talk.stopped()
    assert ["4", "4"] == desk.keys
    hears = loudest(read_wav(phone.heard), AGENT_HZ, SECOND_HZ, PERSON_HZ)
    is_heard = loudest(desk.heard(), PERSON_HZ, AGENT_HZ, SECOND_HZ)
    assert min(hears[:2]) > LOUD_DBFS
    assert hears[2] < SILENT_DBFS
    assert is_heard[0] > LOUD_DBFS
    assert max(is_heard[1:]) < SILENT_DBFS


@sip
async def test_a_softphone_is_rung_answers_presses_1_hears_is_heard_and_hangs_up(tmp_path: Path) -> None:
    desk = Desk(wanted_keys=1)
    async with a_softphone(tmp_path) as phone, rung(phone, desk) as (there, nurse), asyncio.timeout(WAIT_S):
        exchange = there.exchange
        sid = await ordered(exchange)
        assert await phone.told() == "incoming"
        phone.tell("answer")
        assert await phone.told() == "established"
        await desk.said.wait()
        phone.tell("press 1")
        await desk.done.wait()
        phone.tell("hang up")
        assert "over" in await phone.told()
        await exchange.idle()
        assert status_of(exchange, sid) == "completed"
    assert [form["CallStatus"] for form in there.line.forms("/status")] == ["ringing", "in-progress", "completed"]
    assert nurse.telephone.rings == 1
    assert desk.keys == ["1"]
    assert min(loudest(read_wav(phone.heard), AGENT_HZ, SECOND_HZ)) > LOUD_DBFS
    assert loudest(desk.heard(), PERSON_HZ)[0] > LOUD_DBFS


@sip
async def test_a_softphone_that_declines_is_busy_and_one_that_is_called_off_stops(tmp_path: Path) -> None:
    desk = Desk(wanted_keys=0)
    async with a_softphone(tmp_path) as phone, rung(phone, desk) as (there, _), asyncio.timeout(WAIT_S):
        exchange = there.exchange
        for status in (486, 603):
            sid = await ordered(exchange)
            assert await phone.told() == "incoming"
            phone.tell(f"refuse {status}")
            assert await phone.told() == f"over {status}"
            await exchange.idle()
            assert status_of(exchange, sid) == "busy"
        sid = await ordered(exchange)
        assert await phone.told() == "incoming"
        await exchange.change(sid, status="canceled")
        assert await phone.told() == "over 487"
        assert status_of(exchange, sid) == "canceled"
        sid = await ordered(exchange)
        assert await phone.told() == "incoming"
        phone.tell("answer")
        await desk.done.wait()
        await exchange.change(sid, status="completed")
        assert [await phone.told(), await phone.told()] == ["established", "over 200"]
        assert status_of(exchange, sid) == "completed"


@sip
async def test_a_user_agent_says_so_where_it_cannot_start_or_call() -> None:
    from telephony.twin.pjsip import user_agent

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SipFailed, match="port is taken"):
            async with user_agent(taken.getsockname()[1]):
                pass
    async with user_agent() as agent:
        with pytest.raises(SipFailed, match="already"):
            async with user_agent():
                pass
        with pytest.raises(SipFailed, match="address"):
            agent.call("nobody")
        async with asyncio.timeout(WAIT_S):
            call = agent.call(f"sip:line@127.0.0.1:{agent.port}")
            came = await agent.incoming()
            came.end(480)
            while not call.is_over:
                await call.moves_on()
        assert call.status == 480


@dataclass
class Scripted:
    """A user agent that rings nobody: what comes of its call is told by the test."""

    on_call: Callable[[SipCall], None] = lambda _: None
    refuses: bool = False
    calls: list[SipCall] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def call(self, address: str) -> SipCall:
        if self.refuses:
            raise SipFailed
        self.calls.append(SipCall(self, came_in=False))
        self.on_call(self.calls[-1])
        return self.calls[-1]

    def respond(self, status: int) -> None:
        self.done.append(f"respond {status}")

    def end(self, status: int) -> None:
        self.done.append(f"end {status}")


def comes_of(agent: Scripted, address: str | None = "sip:nurse@127.0.0.1:5062") -> tuple[str, int]:
    """What the carrier says of ringing a softphone, and how often it has rung."""

    async def story() -> tuple[str, int]:
        nurse = Softphone(NURSE, agent, address)
        async with town(nurse.telephone, answers={"/status": ""}) as there:
            sid = await ordered(there.exchange)
            await there.exchange.idle()
            return status_of(there.exchange, sid), nurse.telephone.rings

    return at_once(story())


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (486, "busy"),
        (600, "busy"),
        (603, "busy"),
        (480, "no-answer"),
        (487, "no-answer"),
        (404, "failed"),
        (503, "failed"),
    ],
)
def test_what_a_softphone_says_is_told_as_the_carrier_tells_it(status: int, said: str) -> None:
    def rings_and_refuses(call: SipCall) -> None:
        call.has_come_to(Progress.RINGS)
        asyncio.get_running_loop().call_later(2.0, call.has_come_to, Progress.OVER, status)

    assert comes_of(Scripted(rings_and_refuses)) == (said, 1)
    assert comes_of(Scripted(lambda call: call.has_come_to(Progress.OVER, status))) == (said, 0)


def test_a_softphone_that_nobody_takes_up_is_rung_for_so_long_and_called_off() -> None:
    agent = Scripted(lambda call: call.has_come_to(Progress.RINGS))
    assert comes_of(agent) == ("no-answer", 1)
    assert agent.done == ["end 603"]


def test_a_softphone_that_is_not_there_cannot_be_reached() -> None:
    silent = Scripted()
    assert comes_of(silent) == ("failed", 0)
    assert silent.done == ["end 603"]
    assert comes_of(Scripted(refuses=True)) == ("failed", 0)
    assert comes_of(Scripted(), address=None) == ("failed", 0)


def test_who_answers_and_hangs_up_at_once_has_answered() -> None:
    def up_and_down(call: SipCall) -> None:
        for progress in (Progress.RINGS, Progress.ESTABLISHED, Progress.OVER):
            call.has_come_to(progress)

    assert comes_of(Scripted(up_and_down)) == ("completed", 1)


@pytest.mark.parametrize(
    ("answer", "status"), [(document("<Reject reason='busy'/>"), 486), (document("<Reject/>"), 480), ((500, ""), 503)]
)
def test_a_caller_whom_the_line_does_not_answer_is_told_why(answer: Answer, status: int) -> None:
    agent, patient = Scripted(), Softphone(PATIENT)

    async def story() -> None:
        async with town(patient.telephone, answers={"/voice": answer}) as there:
            phone = await patient.dials_in(SipCall(agent, came_in=True), there.exchange, OURS)
            assert phone is not None
            await phone.until_over()
            await asyncio.sleep(1.0)  # of virtual time

    at_once(story())
    assert agent.done == ["respond 180", f"end {status}"]


def test_a_second_call_of_a_softphone_that_is_in_a_call_is_told_that_it_is_busy() -> None:
    first, second, patient = Scripted(), Scripted(), Softphone(PATIENT)

    async def story() -> None:
        async with town(patient.telephone, answers={"/voice": document("<Pause length='5'/>")}) as there:
            assert await patient.dials_in(SipCall(first, came_in=True), there.exchange, OURS) is not None
            assert await patient.dials_in(SipCall(second, came_in=True), there.exchange, OURS) is None
            await there.exchange.idle()

    at_once(story())
    assert second.done == ["end 486"]
    assert first.done[:2] == ["respond 180", "respond 200"]


@pytest.mark.parametrize(
    "address",
    ["nurse", "sip:nurse@127.0.0.1", "sip:nurse@10.0.0.1:5060", "sip:a b@127.0.0.1:5060", "sip:a@127.0.0.1:5060\n"],
)
def test_only_a_softphone_of_this_machine_can_be_rung(address: str) -> None:
    with pytest.raises(AddressRefused):
        Softphone(NURSE, Scripted(), address)


@pytest.mark.parametrize("again_ms", [1_664, 1_664 + 8_180], ids=["as baresip counts", "as RFC 4733 counts"])
def test_a_key_that_is_held_down_is_pressed_once_and_can_be_pressed_again(again_ms: int) -> None:
    async def story() -> None:
        call = SipCall(Scripted(), came_in=False)
        call.key(KeyEvent("1", 1_664, 20, is_update=False, is_end=False))
        call.key(KeyEvent("1", 1_664, 8_180, is_update=True, is_end=False))
        call.key(KeyEvent("1", again_ms, 8, is_update=False, is_end=False))
        call.key(KeyEvent("1", again_ms, 1_828, is_update=True, is_end=True))
        assert call.take_keys() == ["1"]
        call.key(KeyEvent("1", 12_044, 20, is_update=False, is_end=False))
        assert call.take_keys() == ["1"]
        call.key(KeyEvent("2", 12_064, 20, is_update=False, is_end=False))  # the end of the first was lost
        call.key(KeyEvent("2", 15_000, 20, is_update=False, is_end=False))
        assert call.take_keys() == ["2", "2"]

    at_once(story())
