"""The whole service, as `quietline serve` starts it, calls a patient of the hospital's list."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import uvicorn

from agent.embedded_redis import free_port
from agent.keying import BEGIN, END
from agent.proof.canary import NONCE_BYTES, canary
from agent.proof.hospital import Hospital, hour
from agent.proof.kept import held_of
from policies.attempts import Came, Kept
from telephony.audio import RATE_HZ
from telephony.twin.account import Account, Number
from telephony.twin.exchange import Exchange
from telephony.twin.real_transport import HttpWebhook, WebSocketStreams
from telephony.twin.resources import Resources
from telephony.twin.telephones import Persona, Phone, Pickup, Telephone
from telephony.twin.voices import Voices
from tests.calls.test_service_killed import ON_CALL, served
from tests.real_line import NUMBER, NURSE

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("real_calls"), pytest.mark.timeout(240)]

SHE: Final = canary(bytes(NONCE_BYTES), 0)
QUIET_MS: Final = 1_200  # longer than the pauses between the agent's sentences
KEY_MS: Final = 120
HELLO: Final = "Hello. May I take a shower while my stitches are still in?"
"""Of which the first word is said."""
CALLED_S: Final = 90.0  # from the service's start: who is due is looked at every 30 s
LOOK_S: Final = 0.05


@dataclass(slots=True)
class Watched:
    """A telephone that rings when the keeper's disk has been read."""

    state: Path
    before: list[Kept | None] = field(default_factory=list)

    async def ring(self, rings: Callable[[], None]) -> Pickup:
        self.before.append(held_of(self.state, SHE.reference))
        rings()
        return Pickup.ANSWERS


async def identifies_herself(phone: Phone) -> None:
    """By keys: that it is she, when she was born, and her record's number."""
    await phone.say(Voices().say("slt", HELLO)[: RATE_HZ // 2])
    for keys in ("1", f"{BEGIN}{SHE.born_keyed}{END}", f"{BEGIN}{SHE.record}{END}"):
        await phone.hears_something()
        await phone.quiet(QUIET_MS)
        for key in keys:
            await phone.press(key)
            await phone.pass_ms(KEY_MS)
    await phone.hears_something()


async def test_a_patient_is_called_and_known_and_the_attempt_was_written_before_her_telephone_rang(
    tmp_path: Path,
) -> None:
    now = hour(int(time.time()))
    if now is None:
        pytest.skip("at this hour nobody in the United States may be called")
    hospital = Hospital([SHE], now)
    (tmp_path / "state").mkdir(mode=0o700)
    hospital.seed(tmp_path / "state")
    earlier = held_of(tmp_path / "state", SHE.reference)
    port, carrier = free_port(), free_port()
    account = Account(auth_token=secrets.token_hex(16), numbers=[Number(NUMBER)])
    bell = Watched(tmp_path / "state")
    hers = Telephone(f"+1{SHE.phone}", Persona(identifies_herself), bell=bell)
    loop = asyncio.get_running_loop()
    epoch_s = time.time() - loop.time()
    exchange = Exchange(
        {NUMBER: f"http://127.0.0.1:{port}/twilio/voice"},
        HttpWebhook(account.auth_token),
        WebSocketStreams(account.auth_token),
        telephones=[hers, Telephone(ON_CALL), Telephone(NURSE)],
        account_sid=account.sid,
        epoch_s=epoch_s,
    )
    resources = Resources(exchange, account, clock=loop.time, began=datetime.fromtimestamp(epoch_s, UTC))
    rest = uvicorn.Server(uvicorn.Config(resources.application, port=carrier, log_config=None, lifespan="off"))
    kept = None
    async with exchange.running(), asyncio.TaskGroup() as tasks:
        tasks.create_task(rest.serve())
        more = {"QUIETLINE_CONTACTS_URL": hospital.url}
        async with hospital.open(), served(tmp_path, port, carrier, account, hospital.agent(), **more):
            async with asyncio.timeout(CALLED_S):
                while kept is None or kept.came_1 in (Came.PLACED, Came.NO_ANSWER):
                    await asyncio.sleep(LOOK_S)
                    kept = held_of(tmp_path / "state", SHE.reference)
        rest.should_exit = True

    [before] = bell.before
    today = before.day_1 if before is not None else 0
    assert (earlier or Kept(patient=SHE.reference)).placed(today) == before
    assert before is not None
    assert before.came(Came.REACHED) == kept
    assert 1 == hers.rings
    assert 0 == sum(len(telephone.calls) for telephone in exchange.telephones.values() if telephone is not hers)
