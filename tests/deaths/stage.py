"""The carrier's twin and processes of the line, of which one is killed while a patient is in each moment of a transfer.

    wards = await played(Around.NOTHING, folder)

One process dies for all: each moment has an agent, a patient, a nurse and a nurse line of its own.  What holds a moment
still is a person who waits, or a request of the carrier's that is on its way just then.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent import surroundings
from agent.embedded_redis import die_with_parent, free_port
from telephony.twin.account import Account, Number
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.exchange import Exchange
from telephony.twin.night import ready
from telephony.twin.real_transport import HttpWebhook, WebSocketStreams
from telephony.twin.records import INBOUND, OUTBOUND, PlacedCall
from telephony.twin.resources import Resources
from telephony.twin.telephones import Telephone
from telephony.twin.transport import Wire
from telephony.webhooks import AFTER_ROOM, ENDED, VOICE
from tests.deaths.moments import ALONE, AT_LEISURE, DIED, IN_ROOM, ORIGIN, Heard, Moment, Ward

ROOT: Final = Path(__file__).resolve().parents[2]
READY_S: Final = 60.0
THERE_S: Final = 30.0
MEET_S: Final = 1.5
LOOK_S: Final = 0.02
RING_S: Final = 10  # the shortest that a list may have
OVER_S: Final = 60.0
WAITS_S: Final = 12.0  # for somebody who should have come by then
AGENT: Final = """\
name = "{name}"
state = "draft"
hospital = "Riverside General Hospital"
assistant_name = ""
numbers = ["{ours}"]
nurse_number = "{line}"
time_zone = "America/New_York"
greeting = "This is an automated demonstration. Press 0 to reach a nurse."
voice = ""
speaking_rate = {rate}
engine = "approved"
model = ""
knowledge = "../knowledge"
retention = "zero"
workflow = "none"
on_call = "{name}"
"""
ON_CALL: Final = """\
[about]
owner = "nobody"
[[rung]]
rank = "unit"
numbers = ["{nurse}"]
ring_s = {ring_s}
"""


class Around(enum.Enum):
    """What else there is when the process dies."""

    NOTHING = "nothing"
    RESTARTED = "restarted"
    """It is started again, on the same port."""
    ANOTHER = "another"
    """Another process of the line is asked in its place."""


def kept_at_the_carrier(nurse_number: str) -> str:
    """The fallback that the README tells a hospital to put there."""
    text = (ROOT / "README.md").read_text("utf-8")
    document = text.partition("```xml\n")[2].partition("```")[0]
    number = document.partition("<Number>")[2].partition("</Number>")[0]
    spelled = [" ".join(each.lstrip("+")) for each in (number, nurse_number)]
    return document.replace(number, nurse_number).replace(spelled[0], spelled[1])


@dataclass(slots=True, eq=False)
class Workers:
    """The line's processes, and the twin's two ports to whichever of them answers."""

    folder: Path
    environment: Mapping[str, str]
    token: str
    wards: Mapping[str, Ward]
    """By every number in them but the nurse line's."""
    died: asyncio.Event = field(default_factory=asyncio.Event)
    ports: list[int] = field(default_factory=list)
    _drains: list[asyncio.Task[None]] = field(default_factory=list)
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, port: int) -> asyncio.subprocess.Process:
        """One more; returns when it takes calls."""
        command = [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "tests.deaths.line"]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=surroundings.clean(
                {**self.environment, "QUIETLINE_PORT": str(port)}, **surroundings.SCRUB, PYTHONPATH=str(ROOT)
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        self.processes.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(READY_S):
            while b'"line_ready"' not in (row := await process.stdout.readline()):
                assert row, "the line ended before it was ready"
            while not await asyncio.to_thread(ready, f"http://127.0.0.1:{port}"):  # noqa: ASYNC110  # another process
                await asyncio.sleep(LOOK_S)
        self._drains.append(asyncio.create_task(_drained(process.stdout), name="drain"))
        if port not in self.ports:
            self.ports.append(port)
        return process

    async def end(self) -> None:
        """All of them."""
        for process in self.processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
        await asyncio.gather(*self._drains)

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        """As `transport.Webhook`: of the processes, the first that answers at all."""
        ward = self.wards.get(form.get("To", "")) or self.wards.get(form.get("From", ""))
        if ward is not None and _holds(ward.moment, urlsplit(url).path, form):
            ward.there.set()
            await self.died.wait()
        status, body = 0, ""
        for port in self.ports:
            status, body = await HttpWebhook(self.token, f"http://127.0.0.1:{port}").post(url, form)
            if status:
                break
        return status, body

    async def connect(self, stream: Stream) -> Wire:
        """As `transport.Streams`, likewise."""
        for port in self.ports:
            with contextlib.suppress(StreamRefused):
                return await WebSocketStreams(self.token, f"http://127.0.0.1:{port}").connect(stream)
        raise StreamRefused(0)


def _holds(moment: Moment, path: str, form: Mapping[str, str]) -> bool:
    """A request that is on its way when the process dies."""
    of_nurse = form.get("Direction") == OUTBOUND
    match moment:
        case Moment.ACCEPTED:
            return path == ENDED and of_nurse
        case Moment.JOINING:
            return path == ENDED and not of_nurse
        case Moment.DROPPED:
            return path.startswith(AFTER_ROOM)
        case _:
            return False


async def _drained(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


class HeldRest:
    """The carrier's REST; the order to ring one number is not taken until the process is dead, and then by nobody."""

    def __init__(self, app: ASGIApp, held: str, died: asyncio.Event) -> None:
        self._app = app
        self._held = held
        self._died = died

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        parts: list[Message] = []
        while not parts or parts[-1].get("more_body"):
            parts.append(await receive())
        body = b"".join(part.get("body", b"") for part in parts)
        if parse_qs(body.decode("utf-8", "replace")).get("To") == [self._held]:
            await self._died.wait()
            return
        again: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return again.pop() if again else await receive()

        await self._app(scope, replayed, send)


@contextlib.asynccontextmanager
async def _rest(app: Any, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        try:
            yield
        finally:
            server.should_exit = True


def _files(folder: Path, wards: Sequence[Ward]) -> None:
    for name in ("agents", "on_call", "state"):
        (folder / name).mkdir(parents=True)
    (folder / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
    for ward in wards:
        told = {
            "name": ward.moment.value,
            "ours": ward.ours,
            "line": ward.nurse_line.number,
            "rate": ward.rate,
            "nurse": ward.nurse.number,
            "ring_s": RING_S,
        }
        (folder / "agents" / f"{ward.moment.value}.toml").write_text(AGENT.format(**told), "utf-8")
        (folder / "on_call" / f"{ward.moment.value}.toml").write_text(ON_CALL.format(**told), "utf-8")


async def played(around: Around, folder: Path) -> Mapping[Moment, Ward]:
    """What became of everybody."""
    died = asyncio.Event()
    wards = [Ward(moment, place, died=died) for place, moment in enumerate(Moment, 1)]
    _files(folder, wards)
    token, carrier = secrets.token_hex(16), free_port()
    account = Account(auth_token=token, numbers=[Number(ward.ours) for ward in wards])
    environment = {
        "QUIETLINE_PROFILE": "development",
        "QUIETLINE_AGENTS": str(folder / "agents"),
        "QUIETLINE_ON_CALL": str(folder / "on_call"),
        "QUIETLINE_STATE": str(folder / "state"),
        "QUIETLINE_CARRIER_URL": f"http://127.0.0.1:{carrier}",
        "QUIETLINE_MAX_CALLS": str(2 * len(wards)),
        "TWILIO_ACCOUNT_SID": account.sid,
        "TWILIO_AUTH_TOKEN": token,
    }
    by_number = {number: ward for ward in wards for number in (ward.ours, ward.nurse.number)}
    workers = Workers(folder, environment, token, by_number, died)
    loop = asyncio.get_running_loop()
    exchange = Exchange(
        {ward.ours: ORIGIN + VOICE for ward in wards},
        workers,
        workers,
        telephones=[phone for ward in wards for phone in (ward.patient, ward.nurse, ward.nurse_line)],
        fallback={ward.ours: kept_at_the_carrier(ward.nurse_line.number) for ward in wards},
        account_sid=account.sid,
        epoch_s=time.time() - loop.time(),
    )
    resources = Resources(
        exchange, account, clock=loop.time, began=datetime.fromtimestamp(time.time() - loop.time(), UTC)
    )
    silent = next(ward.nurse.number for ward in wards if ward.moment is Moment.FIRST_WORDS)
    try:
        async with exchange.running(), _rest(HeldRest(resources.application, silent, died), carrier):
            line = await workers.start(free_port())
            if around is Around.ANOTHER:
                await workers.start(free_port())
            await _lived(exchange, wards, workers, line, around)
    finally:
        await workers.end()
    return {ward.moment: ward for ward in wards}


async def _lived(
    exchange: Exchange, wards: Sequence[Ward], workers: Workers, line: asyncio.subprocess.Process, around: Around
) -> None:
    for at_leisure in (True, False):
        wave = [ward for ward in wards if (ward.moment in AT_LEISURE) is at_leisure]
        for ward in wave:
            await exchange.dial_in(ward.patient, ward.ours, ward.patient_life)
        async with asyncio.timeout(THERE_S):
            while not all(ward.there.is_set() for ward in wave):
                for ward in wards:
                    _look_for_it(exchange, ward)
                await asyncio.sleep(LOOK_S)
    before = {call.sid: len(exchange.said(call.sid)) for call in exchange.calls()}
    line.kill()
    await line.wait()
    at_s = asyncio.get_running_loop().time()
    for ward in wards:
        phone = ward.patient.calls[0]
        phone.moments[DIED] = phone.now()
    workers.died.set()
    watching = asyncio.create_task(_watch(exchange, wards, before, at_s), name="watch")
    starting = asyncio.create_task(workers.start(workers.ports[0])) if around is Around.RESTARTED else None
    try:
        if starting is not None:
            await starting
        async with asyncio.TaskGroup() as tasks:
            for ward in wards:
                tasks.create_task(_afterwards(ward))
        async with asyncio.timeout(OVER_S):
            await exchange.idle()
        await asyncio.sleep(2 * LOOK_S)
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def _look_for_it(exchange: Exchange, ward: Ward) -> None:
    """Moments that are seen at the carrier."""
    inside = sum(
        stay.until_s is None and _is_of(exchange, stay.call_sid, ward)
        for room in exchange.conferences()
        for stay in room.stays
    )
    match ward.moment:
        case Moment.RINGING | Moment.UNANSWERED:
            come = ward.nurse.rings > 0
        case Moment.COMING:
            come = inside == 1
        case Moment.NOBODY:
            come = ward.nurse_line.rings > 0
        case _:
            come = ward.moment in IN_ROOM and inside == 2
    if come:
        ward.there.set()
    elif inside == 2 and ward.moment in (Moment.DROPPED, Moment.BACK):
        ward.nurse_leaves.set()


def _is_of(exchange: Exchange, sid: str, ward: Ward) -> bool:
    call = exchange.call(sid)
    return call is not None and call.to in (ward.ours, ward.nurse.number)


async def _afterwards(ward: Ward) -> None:
    """Who hangs up at last: a patient who has a person, or is with the agent again, and a nurse who is left alone."""
    if ward.moment in IN_ROOM:
        await asyncio.sleep(MEET_S)
        (ward.nurse_leaves if ward.moment is Moment.NURSE_LEAVES else ward.patient_leaves).set()
    await _until(lambda: ward.by_line.answered_s is not None or ward.heard.over_s is not None)
    await asyncio.sleep(MEET_S)
    ward.patient_leaves.set()
    await _until(lambda: ward.by_nurse.over_s is not None or ward.moment in ALONE)
    ward.nurse_leaves.set()


async def _until(holds: Callable[[], bool]) -> None:
    """Or until nobody would wait any longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WAITS_S):
            while not holds():  # noqa: ASYNC110  # the carrier is looked at, it tells nobody
                await asyncio.sleep(LOOK_S)


async def _watch(exchange: Exchange, wards: Sequence[Ward], before: Mapping[str, int], died_s: float) -> None:
    """Notes what each telephone gets, when it gets it.  before: how much was read out in each call until then."""
    while True:
        now_s = asyncio.get_running_loop().time() - died_s
        for ward in wards:
            for telephone, heard in (
                (ward.patient, ward.heard),
                (ward.nurse, ward.by_nurse),
                (ward.nurse_line, ward.by_line),
            ):
                _note(exchange, telephone, heard, before, now_s)
        await asyncio.sleep(LOOK_S)


def _note(exchange: Exchange, telephone: Telephone, heard: Heard, before: Mapping[str, int], now_s: float) -> None:
    call = next((call for call in reversed(exchange.calls()) if _hers(call) == telephone.number), None)
    if call is None:  # the line has had its record deleted: it was over
        if heard.rang_s is not None and heard.over_s is None:
            heard.over_s = now_s
        return
    if heard.rang_s is None:
        heard.rang_s = now_s
    if heard.answered_s is None and call.answered_at is not None:
        heard.answered_s = now_s
    if heard.over_s is None and call.is_over:
        heard.over_s = now_s
    for text in exchange.said(call.sid)[before.get(call.sid, 0) + len(heard.said) :]:
        heard.said.append((now_s, text))


def _hers(call: PlacedCall) -> str:
    return call.from_ if call.direction == INBOUND else call.to
