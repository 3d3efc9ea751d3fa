"""What is put under proof: the service as it is deployed.  Its Redis is that of `agent.proof.bus`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agent import surroundings
from agent.embedded_redis import die_with_parent, free_port
from agent.proof.given import OWN, USERS, Given
from agent.proof.parts import ANOTHER
from agent.proof.serving import FAILING
from agent.settings import ROOT
from agent.users import user_named
from policies.acts import PersonRole

READY_S: Final = 150.0
NUMBER: Final = "+12025550142"
NURSE_LINE: Final = "+12025550143"
NURSE: Final = "+12025550151"
HOSPITAL: Final = "Riverside General Hospital"
AGENT: Final = f"""\
name = "canary"
state = "draft"
hospital = "{HOSPITAL}"
assistant_name = ""
numbers = ["{NUMBER}"]
nurse_number = "{NURSE_LINE}"
time_zone = "America/New_York"
greeting = "This is an automated demonstration. Say nurse to reach a person."
voice = ""
speaking_rate = 1.0
engine = "openai"
model = "says-it-back"
knowledge = "knowledge"
retention = "zero"
workflow = "none"
"""
ON_CALL: Final = f"""\
[about]
owner = "the proof"
[[rung]]
rank = "unit"
numbers = ["{NURSE}"]
ring_s = 20
"""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Where the service under proof rings nurses."""

    url: str
    account_sid: str
    token: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls that the service under proof places."""

    contacts_url: str
    agent: str
    """Lines of the agent's file."""
    seed: Callable[[Path], None]
    """Writes what the keeper holds from before, into a folder that is the keeper's."""


class OtherCode(Exception):
    """What would be proven is not what is here."""


class NoToken(Exception):
    """The keeper gave none."""


@dataclass(slots=True)
class Running:
    """The service under proof."""

    port: int
    token: str
    folder: Path
    process: subprocess.Popen[bytes]
    admin: int
    """Port of the keeper's own interface."""
    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)

    @property
    def line(self) -> int:
        return int((self.kept / "pid").read_text())

    @property
    def kept(self) -> Path:
        """Where `agent.proof.tee` keeps its copies."""
        return self.folder / "kept"

    @property
    def state(self) -> Path:
        """Of the keeper."""
        return self.folder / "state"

    def children(self) -> list[int]:
        """Every process of the service, the launcher's first."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def processes(self) -> dict[int, str]:
        """What each process of the service is that there is now; the tee is the proof's own."""
        found = dict.fromkeys(self.children(), ANOTHER)
        for pid in self.named("agent.proof.tee"):
            found.pop(pid, None)
        found |= {self.line: "the line", self.process.pid: "the launcher"}
        found |= dict.fromkeys(self.named("agent.keeper"), "the keeper")
        return found | dict.fromkeys(self.named("agent.egress"), "the way out")

    def named(self, part: str) -> list[int]:
        """Processes of the service whose command holds this."""
        found = []
        for pid in self.children():
            with contextlib.suppress(OSError):
                if part.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found


@contextlib.asynccontextmanager
async def service(
    folder: Path,
    base_url: str,
    redis_url: str,
    given: Given,
    *,
    failing: bool,
    carrier: Carrier | None = None,
    calls: Calls | None = None,
) -> AsyncIterator[Running]:
    """`quietline serve` on loopback, everything at DEBUG.  failing: with the line of `agent.proof.failing`.

    carrier: through which it rings `NURSE`; None: it rings nobody.  calls: that it places; None: none.
    given: what it gets of the operator's settings.  Raises `OtherCode`, `SettingsRefused` where a user that they name
    can't be had, and `RuntimeError` where it does not become ready.
    """
    await asyncio.to_thread(_check_code)
    port, admin = free_port(), free_port()
    token = os.urandom(16).hex() if carrier is None else carrier.token
    for name in ("kept", "agents", "on_call"):
        (folder / name).mkdir(parents=True)
    (folder / "on_call" / "canary.toml").write_text(ON_CALL, encoding="utf-8")
    (folder / "agents" / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
    (folder / "agents" / "canary.toml").write_text(
        AGENT + f'on_call = "{"" if carrier is None else "canary"}"\n' + ("" if calls is None else calls.agent),
        encoding="utf-8",
    )
    let_in(folder, given)
    if calls is not None:
        await asyncio.to_thread(_seed, calls, folder / "state")
    own = {
        "QUIETLINE_PORT": str(port),
        "QUIETLINE_ADMIN_PORT": str(admin),
        "QUIETLINE_AGENTS": str(folder / "agents"),
        "QUIETLINE_STATE": str(folder / "state"),
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "canary",
        "QUIETLINE_ON_CALL": str(folder / "on_call"),
        "QUIETLINE_CARRIER_URL": "" if carrier is None else carrier.url,
        "QUIETLINE_CONTACTS_URL": "" if calls is None else calls.contacts_url,
        "TWILIO_ACCOUNT_SID": "" if carrier is None else carrier.account_sid,
        "TWILIO_AUTH_TOKEN": token,
        "REDIS_URL": redis_url,
    }
    environment = environment_of(folder, given, own)
    arguments = [str(folder / "kept"), *([FAILING] if failing else [])]
    process = subprocess.Popen(  # noqa: ASYNC220, S603  # a moment, before there is a call; our own command
        [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.serving", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_may_leave_a_core,
    )
    running = Running(port, token, folder, process, admin)
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        threading.Thread(target=_drain, args=(process.stdout.fileno(), running.output), daemon=True),
        threading.Thread(target=_drain, args=(process.stderr.fileno(), running.errors), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        await _ready(running)
        yield running
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        for reader in readers:
            reader.join(5.0)
        process.stdout.close()
        process.stderr.close()


def environment_of(folder: Path, given: Given, own: Mapping[str, str]) -> dict[str, str]:
    """What the service under proof is started with.  own: for each variable that the proof sets anew in each session.

    Raises `ValueError` where one of those lacks, or is too much.
    """
    if own.keys() != {name for name, value in OWN.items() if value is None}:
        raise ValueError("set each variable of the proof's own and no other")
    fixed = {name: value for name, value in OWN.items() if value is not None}
    ours = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return {**given.through, **given.settings, **fixed, **own, **ours}


def let_in(folder: Path, given: Given) -> None:
    """Users of their own reach what is theirs: the line the copies of what it says, the keeper its state."""
    names = {name: given.settings[name] for name in USERS if name in given.settings}
    if not names:
        return
    line, keeper = (user_named(name, names.get(name)) for name in USERS)
    for each in (folder.parent, folder):
        each.chmod(0o711)  # passed through, not listed
    theirs = [folder / name for name in ("agents", "on_call")]
    for path in (*theirs, *(each / "canary.toml" for each in theirs)):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if line is not None:
        os.chown(folder / "kept", line.uid, line.gid)
    if keeper is not None:
        (folder / "state").mkdir(mode=0o700)
        os.chown(folder / "state", keeper.uid, keeper.gid)


def _seed(calls: Calls, state: Path) -> None:
    state.mkdir(mode=0o700, exist_ok=True)
    calls.seed(state)


def issued(state: Path, role: PersonRole) -> str:
    """A token's secret, as `quietline token` has the keeper issue it.  Raises `NoToken`."""
    command = [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.keeper", "token", "--state", str(state)]
    owner = state.stat() if os.geteuid() == 0 else None  # what it writes must stay the keeper's
    done = subprocess.run(  # noqa: S603  # our own keeper, for a moment
        [*command, "issue", "--role", role.value, "--days", "1"],
        env=surroundings.bare(os.environ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        user=owner.st_uid if owner else None,
        group=owner.st_gid if owner else None,
    )
    if done.returncode:
        raise NoToken
    return done.stdout.strip()


def _check_code() -> None:
    """The processes that the launcher starts must run the code that this proof was read with.  Raises `OtherCode`."""
    command = [sys.executable, *surroundings.PYTHON_FLAGS, "-c", "import agent; print(agent.__path__[0])"]
    said = subprocess.run(  # noqa: S603  # our own command, in the surroundings of the service
        command, env=surroundings.bare({}), cwd="/", capture_output=True, text=True, timeout=READY_S, check=False
    )
    if Path(said.stdout.strip() or "/").resolve() != (ROOT / "agent").resolve():
        raise OtherCode("the service would run other code than this: use the interpreter that quietline is set up in")


def _may_leave_a_core() -> None:
    """The user's limit must not be what protects: the line's own must."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    die_with_parent(signal.SIGTERM)()


async def _ready(running: Running) -> None:
    until_s = time.monotonic() + READY_S
    while b'"line_ready"' not in running.output:
        if running.process.poll() is not None or time.monotonic() > until_s:
            said = bytes(running.errors).decode("utf-8", "replace").strip()  # nobody has been heard yet
            raise RuntimeError(f"the service did not become ready: {said}")
        await asyncio.sleep(0.1)


def _drain(descriptor: int, into: bytearray) -> None:
    with contextlib.suppress(OSError):
        while piece := os.read(descriptor, 65_536):
            into.extend(piece)
