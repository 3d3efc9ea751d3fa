"""`quietline preflight`: would production start here, and if not, what is to be done?  Changes nothing.

    python -m agent.preflight        # how the launcher asks: sets the line's own locks on itself and tells which held

The locks are not guessed from the kernel's version: a process takes them on as the line does, and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent import bus_check, surroundings
from agent.confine import ConfineFailed, Swap, confine, prove, swap_of
from agent.settings import Settings
from agent.users import users_of
from policies.layers import GIVEN_BY, Layer, Protection, unprotected

TELL_S: Final = 20.0
REMEDIES: Final[Mapping[Layer, str]] = {
    Layer.DUMPS: "nothing starts without it",
    Layer.LENGTH: "let nothing raise RLIMIT_FSIZE",
    Layer.RIGHTS: "allow prctl(PR_SET_NO_NEW_PRIVS)",
    Layer.FILES: "boot with landlock among lsm=, and let a container's seccomp profile pass its calls",
    Layer.PORTS: "Linux 6.7 or later; before it, close the network (hosts) and name it in QUIETLINE_WITHOUT",
    Layer.HOSTS: "IPAddressDeny=any in the unit, or an internal network of the container engine",
    Layer.CALLS: "x86_64 or aarch64 with seccomp",
    Layer.SWAP: "LimitMEMLOCK=infinity or MemorySwapMax=0 in the unit, --ulimit memlock=-1 for a container",
    Layer.SCRUB: "glibc, not musl; start the line with `quietline serve`",
}
PSEUDO: Final = frozenset(
    "proc sysfs cgroup cgroup2 devpts mqueue debugfs tracefs securityfs pstore bpf configfs hugetlbfs fusectl ramfs"
    " binfmt_misc efivarfs autofs rpc_pipefs nsfs devtmpfs".split()
)
"""Of them none is a disk (proc_filesystems(5))."""
IN_MEMORY: Final = "tmpfs"
"""No disk either, where the control group may not swap: what the line has locked is its own memory, not this."""


class Judged(enum.Enum):
    """What was found of one thing."""

    GOOD = "good"
    WAIVED = "waived"
    """It is missing, and the settings name it: production starts without."""
    MISSING = "missing"
    NOT_EXAMINED = "not examined"

    @classmethod
    def of(cls, good: bool, *, named: bool = False) -> Judged:  # the one thing that is judged
        """named: in the settings, as what to do without."""
        return cls.GOOD if good else cls.WAIVED if named else cls.MISSING


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at."""

    name: str
    judged: Judged
    says: str = ""

    def row(self) -> str:
        return f"{self.judged.value:12}  {self.name}" + (f": {self.says}" if self.says else "")


async def looked(settings: Settings, environment: Mapping[str, str]) -> list[Found]:
    """Everything, in the order of the page in docs/operating.md."""
    told = await _locks(settings, environment)
    found = [*_layers(told, settings), _swap(told, settings), _cores(told), _disks(told, settings)]
    if not settings.development:
        found.append(_fallback(settings))
    if settings.redis_url is not None:
        seen = await bus_check.examined(settings.redis_url, settings.keeper_redis_url)
        judged = Judged.of(not seen.wrong) if seen.answers else Judged.NOT_EXAMINED
        found.append(Found("Redis", judged, seen.sentence()))
    return found


def verdict(found: Sequence[Found]) -> bool:
    """Would production start?  What was not examined, or is named, does not keep it from starting."""
    return all(each.judged is not Judged.MISSING for each in found)


async def _locks(settings: Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a process of the line's rights and environment tells of its own locks; empty where it tells nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.preflight"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=surroundings.clean(environment, **surroundings.SCRUB),
        **users_of(settings).as_line(),
    )
    said = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TELL_S):
            said, _ = await process.communicate()
    told: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        told = json.loads(said)
    return told


def _layers(told: Mapping[str, Any], settings: Settings) -> list[Found]:
    if "held" not in told:
        return [
            Found("locks", Judged.MISSING, f"the line could not be locked down ({told.get('failed', 'no answer')})")
        ]
    held = frozenset(layer for layer in Layer if layer.value in told["held"])
    loose = [str(each) for each in told.get("loose", [])]
    found = [
        Found(
            f"lock {layer.value}",
            Judged.of(layer in held, named=layer in settings.without),
            ""
            if layer in held
            else REMEDIES[layer] + ("; named in QUIETLINE_WITHOUT" if layer in settings.without else ""),
        )
        for layer in Layer
    ]
    open_to = unprotected(held)
    found += [
        Found(
            f"protection of {kind.value}",
            Judged.of(kind not in open_to, named=kind in settings.unprotected),
            "" if kind not in open_to else _open(kind, named=kind in settings.unprotected),
        )
        for kind in Protection
    ]
    return [*found, Found("every forbidden act is refused", Judged.of(not loose), ", ".join(loose))]


def _open(kind: Protection, *, named: bool) -> str:
    layers = " or ".join(sorted(layer.value for layer in GIVEN_BY[kind]))
    return f"nothing protects it; {layers} would" + ("; named in QUIETLINE_UNPROTECTED" if named else "")


def _fallback(settings: Settings) -> Found:
    """Whether the numbers have it is seen by the line, at its start and hourly: the carrier is not asked here."""
    name = "callers reach a nurse while this service is down"
    if settings.fallback_url is not None:
        return Found(
            name, Judged.GOOD, "set on our numbers at the start; /healthz says without_fallback where it is not"
        )
    says = "set QUIETLINE_FALLBACK_URL, or each number's fallback at the carrier; /healthz says without_fallback if not"
    return Found(name, Judged.NOT_EXAMINED, says)


def _swap(told: Mapping[str, Any], settings: Settings) -> Found:
    swap = next((each for each in Swap if each.value == told.get("swap")), Swap.POSSIBLE)
    says = {
        Swap.LOCKED: "the line's memory is locked",
        Swap.IMPOSSIBLE: "the kernel or the control group allows none",
        Swap.NONE_NOW: "there is none now, and some can be added: " + REMEDIES[Layer.SWAP],
        Swap.POSSIBLE: REMEDIES[Layer.SWAP],
    }
    named = Layer.SWAP in settings.without and Protection.SWAP in settings.unprotected
    return Found("no memory goes to swap", Judged.of(swap in (Swap.LOCKED, Swap.IMPOSSIBLE), named=named), says[swap])


def _cores(told: Mapping[str, Any]) -> Found:
    """What the process told of its own; where the kernel pipes them to a program a limit says nothing (core(5))."""
    pattern = ""
    with contextlib.suppress(OSError):
        pattern = Path("/proc/sys/kernel/core_pattern").read_text("utf-8", "replace")
    piped = "; the kernel gives others' to a program: kernel.core_pattern" if pattern.startswith("|") else ""
    if "held" not in told:
        return Found("no core dumps", Judged.NOT_EXAMINED, f"no process was locked down{piped}")
    held = Layer.DUMPS.value in told["held"]
    return Found("no core dumps", Judged.of(held), f"the line can{'not' if held else ''} be dumped{piped}")


def _disks(told: Mapping[str, Any], settings: Settings) -> Found:
    """Writable for the line's user, besides the state: the line's locks forbid it all the same."""
    if told.get("writable") is None:
        return Found("no writable disk but the state's", Judged.NOT_EXAMINED, "/proc/self/mountinfo can't be read")
    state = settings.state.absolute()
    others = [each for each in map(str, told["writable"]) if not Path(each).is_relative_to(state)]
    says = f"{', '.join(others[:5])}: ProtectSystem=strict in the unit, --read-only for a container" if others else ""
    return Found("no writable disk but the state's", Judged.of(not others), says)


def writable_mounts(mounts: Path = Path("/proc/self/mountinfo")) -> list[str] | None:
    """Where file systems are mounted that this process may write to; None where that can't be read."""
    rows: list[str] = []
    with contextlib.suppress(OSError):
        rows = mounts.read_text("utf-8", "replace").splitlines()
    if not rows:
        return None
    none = PSEUDO | {IN_MEMORY} if swap_of() is Swap.IMPOSSIBLE else PSEUDO
    return sorted({place for place, kind, ways in map(_mount, rows) if kind not in none and _writable(place, ways)})


def _mount(row: str) -> tuple[str, str, str]:
    """Place, kind and ways of a row (proc_pid_mountinfo(5))."""
    before, _, after = row.partition(" - ")
    fields = before.split()
    return fields[4].encode().decode("unicode_escape"), after.split()[0], fields[5]


def _writable(place: str, ways: str) -> bool:
    return "rw" in ways.split(",") and os.access(place, os.W_OK)


def main() -> int:
    """As the line: with its rights and environment, in a process that ends here."""
    told: dict[str, Any] = {"writable": writable_mounts()}
    try:
        locks = confine(ask_outside=True)
    except ConfineFailed as failed:
        told["failed"] = failed.reason.value
    else:
        told["held"] = sorted(each.value for each in locks.held)
        told["swap"] = locks.swap.value
        told["loose"] = _loose(prove(locks))
    sys.stdout.write(json.dumps(told))
    return 0


def _loose(acts: Sequence[str]) -> list[str]:
    """Without those that the line's own list of files forbids: here everything may be read."""
    return [act for act in acts if act not in ("a folder outside what may be read", "the caller's home")]


if __name__ == "__main__":
    sys.exit(main())
