"""What a process and the machine spend, read from /proc."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TICK_HZ: Final = os.sysconf("SC_CLK_TCK")
SAMPLE_S: Final = 0.5


def cpu_s(pid: int) -> float:
    """User and system time of the process with all its threads; 0 once it is gone."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK_HZ  # utime, stime: fields 14 and 15 of proc(5)
    return 0.0


def resident_mb(pid: int) -> float:
    """Resident memory now.  /proc/PID/status costs the process nothing; smaps_rollup would hold its memory map."""
    with contextlib.suppress(OSError):
        for row in Path(f"/proc/{pid}/status").read_text().splitlines():
            if row.startswith("VmRSS:"):
                return int(row.split()[1]) / 1024
    return 0.0


def proportional_mb(pid: int) -> dict[str, float]:
    """Rss, Pss and private memory; ask only while no call is live."""
    found = {}
    with contextlib.suppress(OSError):
        for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, value = row.split()[:2]
            if name in {"Rss:", "Pss:", "Private_Dirty:", "Private_Clean:", "Swap:"}:
                found[name.rstrip(":").lower()] = round(int(value) / 1024, 1)
    return found


def line_of(launcher: int) -> int:
    """The launcher's child that runs `-m agent`, or the bench's line without guards.  Raises `LookupError`."""
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if words[-3:-1] in (["-m", "agent"], ["tests.bench.unguarded", "line"]):
                return int(child)
    raise LookupError("the launcher has no line")


def machine_busy_s() -> float:
    """CPU seconds that all processes of the machine have spent."""
    user, nice, system, _, _, irq, soft, *_ = (
        int(n) for n in Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / TICK_HZ


def load() -> float:
    """Processes that wanted to run, averaged over a minute."""
    return os.getloadavg()[0]


def await_quiet(most_load: float, within_s: float) -> float:
    """Waits until the load is at most this, but not longer.  Returns the load then."""
    deadline = time.monotonic() + within_s
    while (now := load()) > most_load and time.monotonic() < deadline:
        time.sleep(min(5.0, max(0.1, deadline - time.monotonic())))
    return now


@dataclass(slots=True)
class Meter:
    """Samples one process while a part of the bench runs:  `with Meter(pid) as meter: ...; meter.spent()`."""

    pid: int
    _cpu_s: float = 0.0
    _at_s: float = 0.0
    _busy_s: float = 0.0
    _own_s: float = 0.0
    _most_mb: float = 0.0
    _thread: threading.Thread | None = None
    _stop: threading.Event | None = None
    _spent: dict[str, Any] | None = None

    def __enter__(self) -> Meter:
        self._cpu_s, self._at_s, self._busy_s = cpu_s(self.pid), time.monotonic(), machine_busy_s()
        self._own_s = _own_s()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="bench: meter")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._stop is not None
        assert self._thread is not None
        self._stop.set()
        self._thread.join()
        wall_s, line_s = time.monotonic() - self._at_s, cpu_s(self.pid) - self._cpu_s
        callers_s = _own_s() - self._own_s
        others_s = machine_busy_s() - self._busy_s - line_s - callers_s
        self._spent = {
            "wall_s": round(wall_s, 1),
            "line_cpu_s": round(line_s, 2),
            "callers_cpu_s": round(callers_s, 2),
            "other_cores_busy": round(max(0.0, others_s) / max(wall_s, 1e-9), 2),
            "resident_mb_most": round(self._most_mb, 1),
            "resident_mb_end": round(resident_mb(self.pid), 1),
            "load_end": round(load(), 2),
        }

    def spent(self) -> dict[str, Any]:
        """After the block.  other_cores_busy: what neither the line nor the callers spent, in cores."""
        assert self._spent is not None
        return self._spent

    def _watch(self) -> None:
        assert self._stop is not None
        while not self._stop.wait(SAMPLE_S):
            self._most_mb = max(self._most_mb, resident_mb(self.pid))


def _own_s() -> float:
    """The bench itself and its children that have ended: the callers of the part."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
