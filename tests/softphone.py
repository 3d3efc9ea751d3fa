"""A softphone in a process of its own, on pjsua2's own player and recorder; told what to do by lines, tells by lines.

    python -m tests.softphone SAYS.wav HEARD.wav

Told: `call ADDRESS`, `answer`, `refuse STATUS`, `press KEY`, `hang up`; the end of its input ends it.  Tells, each line
after `SIGN`: `listens PORT`, `rings`, `incoming`, `established`, `over STATUS` (what it heard has been saved by then).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SIGN: Final = "softphone: "  # pjsua2 prints as it begins
WAIT_S: Final = 20.0
POLL_MS: Final = 10
HOST: Final = "127.0.0.1"


@dataclass
class Softphone:
    """The test's hold on it."""

    process: asyncio.subprocess.Process
    heard: Path
    port: int = 0

    @property
    def address(self) -> str:
        return f"sip:nurse@{HOST}:{self.port}"

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def told(self) -> str:
        """The next thing that it tells.  Raises `TimeoutError`."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            while line := (await self.process.stdout.readline()).decode():
                if line.startswith(SIGN):
                    return line.removeprefix(SIGN).strip()
        raise AssertionError("the softphone has gone")


@contextlib.asynccontextmanager
async def softphone(says: Path, heard: Path) -> AsyncIterator[Softphone]:
    """One that listens on a free port, says the sound of a WAV file over and over, and saves what it hears."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "tests.softphone", str(says), str(heard), cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": "."},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    phone = Softphone(process, heard)
    try:
        phone.port = int((await phone.told()).removeprefix("listens "))
        yield phone
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(WAIT_S):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def main(says: str, heard: str) -> int:
    import pjsua2

    class Call(pjsua2.Call):
        def onCallState(self, _news: Any) -> None:  # noqa: N802  # pjsua2's name
            info = self.getInfo()
            if info.state == pjsua2.PJSIP_INV_STATE_EARLY and info.role == pjsua2.PJSIP_ROLE_UAC:
                tell("rings")
            elif info.state == pjsua2.PJSIP_INV_STATE_CONFIRMED:
                tell("established")
            elif info.state == pjsua2.PJSIP_INV_STATE_DISCONNECTED:
                over.append(info.lastStatusCode)

        def onCallMediaState(self, _news: Any) -> None:  # noqa: N802  # pjsua2's name
            recorder = pjsua2.AudioMediaRecorder()
            recorder.createRecorder(heard)
            player = pjsua2.AudioMediaPlayer()
            player.createPlayer(says)
            sound = self.getAudioMedia(-1)
            sound.startTransmit(recorder)
            player.startTransmit(sound)
            machines[:] = [recorder, player]

    class Account(pjsua2.Account):
        def onIncomingCall(self, news: Any) -> None:  # noqa: N802  # pjsua2's name
            calls.append(Call(self, news.callId))
            answer(180)
            tell("incoming")

    def answer(status: int) -> None:
        parameter = pjsua2.CallOpParam(True)
        parameter.statusCode = status
        calls[0].answer(parameter)

    def tell(line: str) -> None:
        sys.stdout.write(f"{SIGN}{line}\n")
        sys.stdout.flush()

    def obey(order: str) -> None:
        match order.split():
            case ["call", address]:
                calls.append(Call(accounts[0]))
                calls[0].makeCall(address, pjsua2.CallOpParam(True))
            case ["answer"]:
                answer(200)
            case ["refuse", status]:
                answer(int(status))
            case ["press", key]:
                calls[0].dialDtmf(key)
            case ["hang", "up"]:
                calls[0].hangup(pjsua2.CallOpParam(True))

    accounts: list[Any] = []
    calls: list[Any] = []
    machines: list[Any] = []
    over: list[int] = []
    endpoint = pjsua2.Endpoint()
    endpoint.libCreate()
    config = pjsua2.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.medConfig.clockRate = config.medConfig.sndClockRate = 8_000
    config.medConfig.noVad = True
    endpoint.libInit(config)
    place = pjsua2.TransportConfig()
    place.boundAddress = place.publicAddress = HOST
    listening = endpoint.transportCreate(pjsua2.PJSIP_TRANSPORT_UDP, place)
    endpoint.audDevManager().setNullDev()
    endpoint.libStart()
    port = endpoint.transportGetInfo(listening).localName.rpartition(":")[2]
    hers = pjsua2.AccountConfig()
    hers.idUri = f"sip:nurse@{HOST}:{port}"
    hers.mediaConfig.transportConfig.boundAddress = hers.mediaConfig.transportConfig.publicAddress = HOST
    accounts.append(Account())
    accounts[0].create(hers)
    tell(f"listens {port}")
    unread = b""
    while True:
        endpoint.libHandleEvents(POLL_MS)
        if over:
            machines.clear()  # which finishes the file
            calls.clear()
            tell(f"over {over.pop()}")
        if select.select([0], [], [], 0)[0]:
            more = os.read(0, 4_096)
            if not more:
                break
            *orders, unread = (unread + more).split(b"\n")
            for order in orders:
                obey(order.decode())
    machines.clear()
    calls.clear()
    accounts.pop().shutdown()
    endpoint.libDestroy(3)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
