"""The proof: the service as it is deployed, canary calls, and a search of every place where words could have stayed."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from agent.proof import memory, provider
from agent.proof.canary import canary
from agent.proof.needles import Needle
from agent.proof.places import Searcher, changed_files, contents, not_examined
from agent.proof.placing import Overheard, Placed, Studio, place
from agent.proof.report import Looked, Place
from agent.proof.search import Hit
from agent.proof.stage import AGENT, NUMBER, Bus, Running, service, watched_redis
from agent.settings import ROOT
from policies.layers import Layer
from policies.vocabulary import Event as LogEvent

RUN_WORDS: Final = 3  # of what was heard, to a needle; they overlap
CAPITALS: Final = frozenset({"Hello", "I", "I'm", "I'll", "My", "And", "Hi"})  # that are no name
LEAST_RUN: Final = 12  # signs; fewer come about by chance
SETTLED_S: Final = 5.0  # after the last hang-up: what is still in memory then was not forgotten
ROUTES: Final = ("/healthz", "/readyz", "/metrics", "/", "/nothing-here", "/twilio/voice", "/twilio/media", "/docs")


async def proven(nonce: bytes, calls: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """The body of a report.  tell: is given one line about each step, without a word of the canaries.

    Raises what the service's parts raise when they can't be started.
    """
    since_s = time.time()
    with tempfile.TemporaryDirectory(prefix="quietline-proof-") as temporary:
        folder = Path(temporary)
        (folder / "kept").mkdir()
        (folder / "sounds").mkdir()
        (folder / "agents").mkdir()
        (folder / "agents" / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
        (folder / "agents" / "canary.toml").write_text(AGENT, encoding="utf-8")
        tell("loading a voice and an ear")
        studio = await asyncio.to_thread(Studio.open)
        seen = bytearray()
        async with provider.running() as model:
            with watched_redis(folder / "redis", seen) as bus:
                async with service(folder, model.base_url, bus.url) as running:
                    tell("the service is ready")
                    placed, webhooks = await _calls(nonce, calls, studio, running, model, folder, tell)
                    searcher = Searcher(_needles(nonce, placed), Needle("decoy", canary(nonce, 0).name))
                    await asyncio.sleep(SETTLED_S)
                    tell("searching what runs")
                    looked = await asyncio.to_thread(_while_it_runs, searcher, running, bus, webhooks)
        tell("searching what is left")
        looked += _afterwards(searcher, running, bytes(seen), folder, since_s)
        tried, locks = _by_its_own_account((folder / "kept" / "stdout").read_bytes())
    return {
        "nonce": nonce.hex(),
        "calls": {"placed": len(placed), "counted": sum(each.counts for each in placed)},
        "acts": {"tried": tried, "done": []},
        "locks": locks,
        "places": [each.to_json() for each in sorted(looked, key=lambda each: each.place.value)],
        "machine": {"kernel": os.uname().release, "machine": os.uname().machine, "python": sys.version.split()[0]},
    }


async def _calls(
    nonce: bytes,
    calls: int,
    studio: Studio,
    running: Running,
    model: provider.Provider,
    folder: Path,
    tell: Callable[[str], None],
) -> tuple[list[Placed], Overheard]:
    webhooks = Overheard(f"http://127.0.0.1:{running.port}/twilio/voice", running.token)
    placed = []
    for number in range(1, calls + 1):
        found, _ = await place(canary(nonce, number), studio, webhooks, NUMBER, folder / "sounds", _Heard(model))
        placed.append(found)
        tell(f"call {number} of {calls}: recognised {found.recognised}, spoken back {found.spoken_back}")
    return placed, webhooks


class _Heard(Sequence[str]):
    """What the provider has been sent, as it grows."""

    def __init__(self, model: provider.Provider) -> None:
        self._model = model

    def __len__(self) -> int:
        return len(self._model.bodies)

    def __getitem__(self, place: Any) -> Any:
        return self._model.heard()[place]


def _needles(nonce: bytes, placed: Sequence[Placed]) -> list[Needle]:
    """What was said, and what was made of it, three words at a time.

    Words that stand in our own material ("if I can take") are in the line's memory without having been said.
    """
    patients = [canary(nonce, each.number) for each in placed]
    needles = [Needle(f"{patient.number} {name}", text) for patient in patients for name, text in patient.texts()]
    ours = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "deploy").rglob("*.toml"))).lower()
    for each in placed:
        words = each.heard.split()
        runs = [" ".join(words[at : at + RUN_WORDS]) for at in range(max(1, len(words) - RUN_WORDS + 1))]
        needles += [
            Needle(f"{each.number} heard {n}", run)
            for n, run in enumerate(runs)
            if len(run) >= LEAST_RUN and _hers(run) and run.lower().strip(" .,?!") not in ours
        ]
    return needles


def _hers(run: str) -> bool:
    """It holds a digit or a name: "and I want" is in many places without having been said."""
    return any(sign.isdigit() for sign in run) or any(
        word[:1].isupper() and word.strip(".,?!") not in CAPITALS for word in run.split()
    )


def _while_it_runs(searcher: Searcher, running: Running, bus: Bus, webhooks: Overheard) -> list[Looked]:
    pages = [_get(running.port, route, method) for route in ROUTES for method in ("GET", "POST")]
    return [
        searcher.look(Place.METRICS, [_get(running.port, "/metrics", "GET")]),
        searcher.look(Place.PAGES, pages),
        searcher.look(Place.CARRIER, webhooks.answers),
        _memory(searcher, Place.LINE_MEMORY, [running.line]),
        _memory(searcher, Place.KEEPER_MEMORY, running.named("agent.keeper")),
        _memory(searcher, Place.BUS_MEMORY, [bus.pid]),
        not_examined(
            Place.SOCKETS, "its ports are limited by the kernel; where it was connected to is not watched yet"
        ),
    ]


def _afterwards(searcher: Searcher, running: Running, bus: bytes, folder: Path, since_s: float) -> list[Looked]:
    kept, state, redis = folder / "kept", folder / "state", folder / "redis"
    left_out: list[Path] = []
    whole = True
    with _decoy_files(searcher) as decoys:
        paths = set(changed_files(since_s, [folder / "kept", folder / "sounds", folder / "state", folder / "redis"]))
        files = sorted(paths.difference(decoys))
        found = sum(
            bool(searcher.decoys(searcher.sought(path.read_bytes()).hits)) for path in paths.intersection(decoys)
        )
        size = 0
        hits: set[Hit] = set()
        for piece in contents(files, left_out.append):
            sought = searcher.sought(piece)
            hits |= sought.hits
            size += len(piece)
            whole = whole and sought.whole
        shared = [path for path in files if path.is_relative_to("/dev/shm")]  # noqa: S108  # searched, not used
        names = "\n".join(map(str, files)).encode()
    return [
        searcher.look(Place.OUTPUT, [bytes(running.output)]),
        searcher.look(Place.ERRORS, [bytes(running.errors)]),
        searcher.look(Place.PIPE, [(kept / "stdout").read_bytes()]),
        searcher.look(Place.LINE_ERRORS, [(kept / "stderr").read_bytes()]),
        searcher.look(Place.STATE, [path.read_bytes() for path in sorted(state.rglob("*")) if path.is_file()]),
        searcher.of(Place.FILES, hits, size, found, whole=whole and not left_out),
        searcher.look(Place.NAMES, [names]),
        searcher.look(Place.SHARED_MEMORY, [path.read_bytes() for path in shared]),
        searcher.look(Place.BUS, [bus]),
        searcher.look(Place.BUS_FILES, [path.read_bytes() for path in sorted(redis.rglob("*")) if path.is_file()]),
        _cores(searcher, files),
        _swap(searcher),
    ]


def _memory(searcher: Searcher, place: Place, pids: Sequence[int]) -> Looked:
    """Compressed streams are not looked for: in a memory every beginning is by chance."""
    if not pids:
        return not_examined(place, "no such process")
    try:
        return searcher.look(place, (piece for pid in pids for piece in memory.stretches(pid)), unpack=False)
    except memory.NotReadable:
        return not_examined(place, "needs root")


def _cores(searcher: Searcher, files: Sequence[Path]) -> Looked:
    found = [path for path in files if path.name == "core" or path.name.startswith("core.")]
    return searcher.look(Place.CORES, [path.read_bytes() for path in found])


def _swap(searcher: Searcher) -> Looked:
    devices = Path("/proc/swaps").read_text().splitlines()[1:]
    if not devices:
        return searcher.look(Place.SWAP, [b""])
    return not_examined(Place.SWAP, "this machine has swap, and the line's memory is locked out of it")


@contextlib.contextmanager
def _decoy_files(searcher: Searcher) -> Iterator[list[Path]]:
    """A file for each form of the decoy, where files are looked for."""
    with tempfile.TemporaryDirectory(prefix="decoy-") as folder:
        paths = []
        for number, (_, planted) in enumerate(searcher.forms_of_decoy()):
            path = Path(folder, f"decoy-{number}")
            path.write_bytes(b"a line\n" + planted + b"\n")
            paths.append(path)
        yield paths


def _get(port: int, route: str, method: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, route)
        answer = connection.getresponse()
        return f"{answer.status} {answer.headers}\n".encode() + answer.read()
    finally:
        connection.close()


def _by_its_own_account(told: bytes) -> tuple[int, list[str]]:
    """What the line said before it took a call: kinds of act that were tried and refused, and the locks that hold.

    It does not start if one act was not refused.
    """
    tried, missing = 0, set()
    for row in told.splitlines():
        event = json.loads(row)
        if event.get("name") == LogEvent.PROVED.value:
            tried = event["count"]
        elif event.get("name") == LogEvent.LOCK_MISSING.value:
            missing.add(event["layer"])
    return tried, [layer.value for layer in Layer if layer.value not in missing]
