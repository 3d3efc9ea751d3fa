"""The whole service, as `quietline serve` starts it, whose line is killed while a nurse hears the brief."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import uvicorn

from agent import surroundings
from agent.embedded_redis import die_with_parent, free_port
from telephony.twin.account import Account, Number
from telephony.twin.exchange import Exchange
from telephony.twin.night import ready
from telephony.twin.personas import answers
from telephony.twin.real_transport import HttpWebhook, WebSocketStreams
from telephony.twin.resources import Resources
from telephony.twin.telephones import Phone, Telephone
from tests.privacy.test_kill_everything import family
from tests.real_line import AGENT, NUMBER, NURSE, ROOT

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.xdist_group("real_calls"), pytest.mark.timeout(240)]

READY_S: Final = 90.0
QUIET_MS: Final = 1_200  # longer than the pauses between the agent's sentences
BRIEF_MS: Final = 3_000  # of the brief are heard when the line dies
HEARD_BY_S: Final = 10.0  # issue 5
PATIENT: Final = "+12025550144"
ON_CALL: Final = "+12025550151"
ON_CALL_FILE: Final = f"""\
[about]
owner = "nobody"
[[rung]]
rank = "unit"
numbers = ["{ON_CALL}"]
ring_s = 20
"""
LOOK_S: Final = 0.02


@contextlib.asynccontextmanager
async def served(folder: Path, port: int, carrier: int, account: Account) -> AsyncIterator[asyncio.subprocess.Process]:
    """The launcher, with all that it starts."""
    for name, text in (("agents/short.toml", f'{AGENT}on_call = "short"\n'), ("on_call/short.toml", ON_CALL_FILE)):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, "utf-8")
    (folder / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
    environment = {
        "QUIETLINE_PORT": str(port),
        "QUIETLINE_AGENTS": str(folder / "agents"),
        "QUIETLINE_ON_CALL": str(folder / "on_call"),
        "QUIETLINE_STATE": str(folder / "state"),
        "QUIETLINE_CARRIER_URL": f"http://127.0.0.1:{carrier}",
        "QUIETLINE_SPOKEN_AHEAD": "off",
        "TWILIO_ACCOUNT_SID": account.sid,
        "TWILIO_AUTH_TOKEN": account.auth_token,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.launcher", "serve"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        async with asyncio.timeout(READY_S):
            while not await asyncio.to_thread(ready, f"http://127.0.0.1:{port}"):  # another process
                assert process.returncode is None, "the service did not start"
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def line_of(launcher: int) -> int:
    """The line among what the launcher started."""
    for pid in family(launcher):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(b"-m\0agent"):
                return pid
    raise AssertionError("there is no line")


async def test_a_patient_whose_service_dies_under_the_brief_hears_911_and_reaches_the_nurse_line(
    tmp_path: Path,
) -> None:
    port, carrier = free_port(), free_port()
    account = Account(auth_token=secrets.token_hex(16), numbers=[Number(NUMBER)])
    briefed, leaves = asyncio.Event(), asyncio.Event()

    async def presses_zero(phone: Phone) -> None:
        await phone.hears_something()
        await phone.quiet(QUIET_MS)
        await phone.press("0")
        while not leaves.is_set():
            await phone.tick()

    async def takes(phone: Phone) -> None:
        await phone.hears_something()
        await phone.quiet(QUIET_MS)
        await phone.press("1")
        await phone.hears_something()
        await phone.pass_ms(BRIEF_MS)
        briefed.set()
        await phone.until_over()

    patient, nurse = Telephone(PATIENT), Telephone(ON_CALL, answers(takes, after_s=0.5))
    nurse_line = Telephone(NURSE, answers(after_s=0.5))
    loop = asyncio.get_running_loop()
    epoch_s = time.time() - loop.time()
    exchange = Exchange(
        {NUMBER: f"http://127.0.0.1:{port}/twilio/voice"},
        HttpWebhook(account.auth_token),
        WebSocketStreams(account.auth_token),
        telephones=[patient, nurse, nurse_line],
        account_sid=account.sid,
        epoch_s=epoch_s,
    )
    resources = Resources(exchange, account, clock=loop.time, began=datetime.fromtimestamp(epoch_s, UTC))
    rest = uvicorn.Server(uvicorn.Config(resources.application, port=carrier, log_config=None, lifespan="off"))
    async with exchange.running(), asyncio.TaskGroup() as tasks:
        tasks.create_task(rest.serve())
        async with served(tmp_path, port, carrier, account) as service:
            phone = await exchange.dial_in(patient, NUMBER, presses_zero)
            async with asyncio.timeout(60.0):
                await briefed.wait()
            os.kill(line_of(service.pid), signal.SIGKILL)
            died_s = loop.time()
            async with asyncio.timeout(HEARD_BY_S):
                while not nurse_line.rings:  # noqa: ASYNC110  # the carrier tells nobody
                    await asyncio.sleep(LOOK_S)
            rang_s = loop.time() - died_s
            async with asyncio.timeout(HEARD_BY_S):
                while not nurse_line.in_a_call():  # noqa: ASYNC110  # likewise
                    await asyncio.sleep(LOOK_S)
            leaves.set()
            await phone.until_over()
            await nurse.calls[0].until_over()
            async with asyncio.timeout(60.0):
                await service.wait()  # what starts it again is the machine's: deploy/quietline.service
        rest.should_exit = True
    [patient_sid, nurse_sid, *_] = [call.sid for call in exchange.calls()]
    assert exchange.said(patient_sid)[0].startswith("If this is an emergency, hang up and dial 9 1 1.")
    assert exchange.said(nurse_sid)[0].startswith("This is the discharge line. You are not needed")
    assert rang_s < HEARD_BY_S
