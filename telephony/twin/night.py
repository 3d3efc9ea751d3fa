"""A whole night at the carrier's twin:  python -m telephony.twin.night --webhook http://127.0.0.1:8080/twilio/voice ...

A patient calls, asks, and tells of an emergency; nurses' telephones ring, one of them takes the call, hears why, and is
put through.  The carrier's REST answers on `--carrier-port`, where the line was told to find it.

    --save FILE.wav   the whole call as the patient had it: left what she said, right what she heard
                      (and FILE.nurse.wav as the nurse had it)
    --sip PORT        you are the patient: the call is the one that a softphone makes to sip:line@127.0.0.1:PORT
    --nurse-at sip:NAME@127.0.0.1:PORT
                      you are the nurse who takes the call: a softphone is rung there
Both need pjsua2-python (docs/operating.md, "A telephone of your own").

Exit status 0: patient and nurse have heard each other, and the line kept to the protocol.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from telephony.audio import Int16
from telephony.twin.account import Account, Number
from telephony.twin.exchange import Exchange
from telephony.twin.line import LineDead
from telephony.twin.personas import NEVER_ANSWERS, answers, follows
from telephony.twin.real_transport import HttpWebhook, WebSocketStreams
from telephony.twin.resources import Resources
from telephony.twin.script import Say, read_script
from telephony.twin.sip import ADDRESS, AddressRefused, Listens, Softphone
from telephony.twin.sip_call import SipFailed
from telephony.twin.telephones import Phone, Telephone
from telephony.twin.voices import Voices

if TYPE_CHECKING:
    from telephony.twin.pjsip import UserAgent  # pjsua2 is there only for who has a softphone

SCRIPTS: Final = Path(__file__).parent / "scripts"
PATIENT: Final = "+15550100123"
QUIET_MS: Final = 1_200  # longer than the pauses between the agent's sentences
ROOM_S: Final = 120.0  # the longest that a patient is waited with for a nurse of a ladder of two rungs
READY_S: Final = 60.0
LOOK_S: Final = 0.1
AT_EASE_MS: Final = 600  # before somebody who has come on speaks
OVER: Final = ("completed", "busy", "failed", "no-answer", "canceled")
WITHOUT_SIP: Final = (
    "A softphone needs pjsua2-python, which make setup-dev installs for Python 3.11 and 3.12 on x86-64.\n"
)
STATUSES: Final = {
    "ringing": "rings",
    "in-progress": "is answered",
    "completed": "has hung up",
    "busy": "is busy",
    "failed": "cannot be reached",
    "no-answer": "was not answered",
    "canceled": "stops ringing",
}


def said_in(script: str, voices: Voices) -> list[Int16]:
    """The sentences of a script, as they sound.  Raises `VoiceMissing`."""
    told = read_script(SCRIPTS / script)
    return [voices.say(told.voice, step.text, step.pause_ms) for step in told.steps if isinstance(step, Say)]


@dataclass(slots=True)
class Night:
    """Who is in it, and what of it is shown as it happens: times and steps, never a word."""

    exchange: Exchange
    show: Callable[[str], None]
    began_s: float = field(default_factory=time.monotonic)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _shown: dict[str, str] = field(default_factory=dict)

    def tell(self, what: str) -> None:
        self.show(f"{time.monotonic() - self.began_s:7.2f} s  {what}\n")

    async def watch(self, names: Mapping[str, str]) -> None:
        """Tells what becomes of each call and of the room.  names: of the telephones, by number."""
        while True:
            for call in self.exchange.calls():
                if call.direction != "inbound" and self._shown.get(call.sid) != call.status in STATUSES:
                    self._shown[call.sid] = call.status
                    self.tell(f"{names[call.to]}'s telephone {STATUSES[call.status]}")
            together = [room for room in self.exchange.conferences() if len(room.call_sids) > 1]
            if together and not self._room.is_set():
                self._room.set()
                self.tell("patient and nurse are put through to each other")
            await asyncio.sleep(LOOK_S)

    @property
    def met(self) -> bool:
        """Patient and nurse were in one room."""
        return self._room.is_set()

    async def together(self) -> bool:
        """Waits for both to be in the room."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ROOM_S):
                await self._room.wait()
        return self._room.is_set()


def patient_life(
    night: Night, first: Callable[[Phone], Awaitable[None]], says: Sequence[Int16]
) -> Callable[[Phone], Awaitable[None]]:
    """Follows her script, waits with the agent, and talks with the nurse who comes."""

    async def life(phone: Phone) -> None:
        await first(phone)
        if not await night.together():
            return
        for sound in says:
            await phone.hears_something()
            await phone.quiet(AT_EASE_MS)
            await phone.say(sound)
        await phone.hears_something()
        await phone.quiet(AT_EASE_MS)
        night.tell("the patient hangs up")

    return life


def nurse_life(night: Night, says: Sequence[Int16]) -> Callable[[Phone], Awaitable[None]]:
    """Hears what she is offered, presses 1, hears the brief, presses 1, and talks with the patient."""

    async def life(phone: Phone) -> None:
        for what in ("takes the call", "has heard the brief, and accepts"):
            await phone.hears_something()
            await phone.quiet(QUIET_MS)
            night.tell(f"the nurse presses 1: she {what}")
            await phone.press("1")
        if not await night.together():
            return
        await phone.pass_ms(AT_EASE_MS)
        for n, sound in enumerate(says):
            if n:
                await phone.hears_something()
                await phone.quiet(AT_EASE_MS)
            await phone.say(sound)
        with contextlib.suppress(LineDead):
            await phone.pass_ms(60_000)

    return life


def ready(origin: str) -> bool:
    """The line takes calls."""
    try:
        with urllib.request.urlopen(f"{origin}/readyz", timeout=2) as answer:  # noqa: S310  # our own line, on loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


async def until_ready(origin: str) -> bool:
    """It looks first whether anything records at the carrier; so this carrier must be there before it."""
    for _ in range(int(READY_S / LOOK_S)):
        if await asyncio.to_thread(ready, origin):
            return True
        await asyncio.sleep(LOOK_S)
    return False


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m telephony.twin.night", description="A patient, a line, and nurses."
    )
    parser.add_argument("--webhook", required=True, help="the voice webhook, as configured at the carrier")
    parser.add_argument("--carrier-port", type=int, required=True, help="where the carrier's REST answers")
    parser.add_argument("--called", required=True, help="the line's number")
    parser.add_argument("--nurse", action="append", required=True, help="a nurse's number; the last one takes the call")
    parser.add_argument("--save", type=Path, metavar="WAV")
    parser.add_argument(
        "--sip", type=int, choices=range(65_536), metavar="PORT", help="the patient is a softphone that calls this port"
    )
    parser.add_argument("--nurse-at", metavar="ADDRESS", help="the nurse is a softphone: sip:NAME@127.0.0.1:PORT")
    asked = parser.parse_args()
    if asked.nurse_at is not None and not ADDRESS.fullmatch(asked.nurse_at):
        parser.error(str(AddressRefused()))
    return asked


async def held(asked: argparse.Namespace, sip: UserAgent | None) -> int:
    """sip: where softphones are; None: patient and nurse are synthetic."""
    account_sid, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    voices = Voices()
    *silent, taking = asked.nurse
    exchange = Exchange(
        {asked.called: asked.webhook}, HttpWebhook(token), WebSocketStreams(token),
        telephones=[Telephone(number, NEVER_ANSWERS) for number in silent],
        account_sid=account_sid, epoch_s=time.time() - asyncio.get_running_loop().time(),
    )  # fmt: skip
    night = Night(exchange, lambda row: (sys.stdout.write(row), sys.stdout.flush(), None)[2])
    if asked.nurse_at is None:
        life = nurse_life(night, said_in("night_nurse.toml", voices))
        nurse = Telephone(taking, answers(life, after_s=6.0))
    else:
        nurse = Softphone(taking, sip, asked.nurse_at).telephone
    exchange.telephones[taking] = nurse
    calls = synthetic(night, asked.called, voices) if asked.sip is None else awaited(night, asked.called, sip)
    account = Account(sid=account_sid, auth_token=token, numbers=[Number(asked.called)])
    loop = asyncio.get_running_loop()
    began = datetime.fromtimestamp(time.time() - loop.time(), UTC)
    resources = Resources(exchange, account, clock=loop.time, began=began)
    config = uvicorn.Config(resources.application, port=asked.carrier_port, log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    origin = asked.webhook.removesuffix("/twilio/voice")
    names = {number: f"nurse {n}" for n, number in enumerate(asked.nurse, 1)}
    async with exchange.running(), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve())
        watching = tasks.create_task(night.watch(names))
        try:
            if not await until_ready(origin):
                sys.stderr.write("the line did not become ready\n")
                return 1
            phone = await calls()
            await phone.until_over()
            for call in nurse.calls:
                await call.until_over()
        finally:
            watching.cancel()
            server.should_exit = True
            await serving
    if asked.save:
        asked.save.write_bytes(phone.stereo_wav())
        for call in nurse.calls:
            asked.save.with_suffix(".nurse.wav").write_bytes(call.stereo_wav())
    for violation, n in exchange.violations.items():
        sys.stdout.write(f"protocol violation: {violation.value} x {n}\n")
    return 0 if night.met and not exchange.violations else 1


def synthetic(night: Night, called: str, voices: Voices) -> Callable[[], Awaitable[Phone]]:
    """The patient of the script calls, at once."""
    first = follows(read_script(SCRIPTS / "night.toml"), voices, stays=False)
    says = said_in("night_patient.toml", voices)
    patient = Telephone(PATIENT, answers())

    async def calls() -> Phone:
        night.tell("the patient calls")
        return await night.exchange.dial_in(patient, called, patient_life(night, first, says))

    return calls


def awaited(night: Night, called: str, sip: Listens | None) -> Callable[[], Awaitable[Phone]]:
    """Somebody with a softphone calls, when she likes."""
    assert sip is not None, "there is no SIP to call"
    patient = Softphone(PATIENT)

    async def calls() -> Phone:
        night.tell(f"call sip:line@127.0.0.1:{sip.port} with your softphone")
        phone = await patient.dials_in(await sip.incoming(), night.exchange, called)
        assert phone is not None, "the first call finds her free"
        night.tell("the patient calls")
        return phone

    return calls


async def on_softphones(asked: argparse.Namespace) -> int:
    """With a SIP user agent beside the exchange."""
    try:
        from telephony.twin.pjsip import user_agent
    except ImportError:
        sys.stderr.write(WITHOUT_SIP)
        return 1
    try:
        async with user_agent(asked.sip or 0) as sip:
            return await held(asked, sip)
    except SipFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1


def main() -> int:
    asked = arguments()
    softphones = asked.sip is not None or asked.nurse_at is not None
    return asyncio.run(on_softphones(asked) if softphones else held(asked, None))


if __name__ == "__main__":
    sys.exit(main())
