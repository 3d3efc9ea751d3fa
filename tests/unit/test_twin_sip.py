"""A real softphone at the twin's exchange: SIP and RTP over loopback, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from telephony import g711
from telephony.audio import RATE_HZ, Int16
from telephony.leg import Socket
from telephony.twin.carrier import Stream
from telephony.twin.personas import tone
from telephony.twin.sip import Softphone, takes_calls
from telephony.twin.wav import mulaw_wav, read_wav
from tests import softphone
from tests.exchanges import OURS, PATIENT, Talk, begun, document, strengths, town

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
            phone.tell("press #")
            await desk.done.wait()
            phone.tell("hang up")
            assert "over" in await phone.told()
            await there.exchange.idle()
        taking.cancel()
        assert ["completed"] == [record.status for record in there.exchange.calls()]
    assert desk.talk is not None
    assert desk.talk.stopped()
    assert ["4", "#"] == desk.keys
    hears = loudest(read_wav(phone.heard), AGENT_HZ, SECOND_HZ, PERSON_HZ)
    is_heard = loudest(desk.heard(), PERSON_HZ, AGENT_HZ, SECOND_HZ)
    assert min(hears[:2]) > LOUD_DBFS
    assert hears[2] < SILENT_DBFS
    assert is_heard[0] > LOUD_DBFS
    assert max(is_heard[1:]) < SILENT_DBFS
