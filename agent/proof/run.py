"""The proof: the service as it is deployed, canary calls, and a search of every place where words could have stayed."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from agent.proof import about, control, provider, shown, written
from agent.proof.canary import Canary, decoy
from agent.proof.digests import Digests
from agent.proof.faults import Trouble
from agent.proof.fragments import Fragments
from agent.proof.given import Given
from agent.proof.meeting import Spoke, meetings
from agent.proof.needles import Needle
from agent.proof.network import Network
from agent.proof.places import Searcher, changed_files, contents, is_core, merged, not_examined
from agent.proof.placing import Placed, Studio
from agent.proof.plan import again, planned
from agent.proof.planting import planted
from agent.proof.report import HAD_NONE, HAS_SWAP, MOST_WRITES, NEEDS_ROOT, NOT_ALL_OF_OTHERS, Looked, Place, Seen
from agent.proof.search import Findable
from agent.proof.session import Found, Part, Session, needles_for
from agent.proof.sessions import AGAIN
from agent.proof.singly import ALL_OURS, Singly
from agent.proof.sound import WINDOW, SoundNeedle
from agent.proof.written import Written
from policies.layers import Layer
from policies.vocabulary import Event as LogEvent

BATCH: Final = 50
"""Calls whose needles are sought at once, at the end: the search for all would need gigabytes."""
MOST_OF_OTHERS: Final = 512 << 20
"""Bytes of files that other programs of the machine changed meanwhile: on a busy one there is no end to them."""


async def proven(
    nonce: bytes, calls: int, lanes: int, given: Given, network: Network | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The body of a report.

    calls: that must count.  lanes: so many at once.  given: what of the settings is under proof.  network: ours, or
    None.  tell: is given one line about each step, without a word of the canaries.  Raises what the service's parts
    raise when they can't be started, and `about.CodeChanged`.
    """
    since_s = time.time()
    build = about.Proven.now(given)
    patients, parts = planned(nonce, calls)
    decoys: list[Findable] = [Needle("decoy", decoy(nonce)), SoundNeedle("decoy's sound", _noise(nonce))]
    with tempfile.TemporaryDirectory(prefix="quietline-proof-") as temporary, written.watched() as writes:
        folder = Path(temporary)
        tell("planting leaks and looking for them; loading a voice and an ear")
        (folder / "planted").mkdir()
        sinks, studio = await asyncio.gather(
            asyncio.to_thread(planted, Searcher([], decoys), folder / "planted", network),
            asyncio.to_thread(Studio.open),
        )
        found = Found(keys=frozenset(shown.keys()))
        for number, part in enumerate(parts):
            await _session(part, folder / f"part-{number}", studio, decoys, patients[1], lanes, found, build, tell)
        for number in range(AGAIN):
            for fault in _missing(parts, found):
                part = again(fault, parts[0].spare)
                where = folder / f"again-{number}-{fault.name}"
                await _session(part, where, studio, decoys, patients[1], lanes, found, build, tell)
        tell("searching what is left")
        own = [folder]
        rows = await asyncio.to_thread(_afterwards, patients[1], found, decoys, own, since_s, writes, network)
        tell("searching what each caller's call sent and said for every other caller")
        met = await asyncio.to_thread(meetings, _spoke(found.placed))
    await asyncio.to_thread(build.check)
    tried, locks = _by_its_own_account(found.accounts[0])
    return {
        "nonce": nonce.hex(),
        "calls": {
            "placed": len(found.placed),
            "counted": sum(not one.lacks for one in found.placed),
            "rows": [one.to_json() for one in sorted(found.placed, key=lambda one: one.number)],
        },
        "faults": sorted({one.fault.value for one in found.placed if one.fault and not one.lacks}),
        "pairs": met.to_json(),
        "control": control.told(found.controls),
        "sinks": [sink.to_json() for sink in sinks],
        "acts": {"tried": tried},
        "locks": locks,
        "sessions": found.sessions,
        "outside": [seen.to_json() if seen else None for seen in found.seen],
        "written": _written(writes, found),
        "network": _network(network, found),
        "places": [each.to_json() for each in sorted(merged(rows), key=lambda each: each.place.value)],
        "seconds": round(time.time() - since_s),
        **build.told,
    }


async def _session(
    part: Part,
    folder: Path,
    studio: Studio,
    decoys: Sequence[Findable],
    writer: Canary,
    lanes: int,
    found: Found,
    build: about.Proven,
    tell: Callable[[str], None],
) -> None:
    await asyncio.to_thread(build.check)
    await asyncio.to_thread(folder.mkdir)
    async with provider.running() as model:
        await Session(studio, model, folder, decoys, writer, lanes, found, build.given, tell).run(part)


def _missing(parts: Sequence[Part], found: Found) -> list[Trouble]:
    wanted = {fault for part in parts for _, fault in (*part.calls, *part.alone) if fault}
    return sorted(wanted - {one.fault for one in found.placed if not one.lacks}, key=lambda fault: fault.name)


def _noise(nonce: bytes) -> bytes:
    return (hashlib.sha512(b"decoy" + nonce).digest() * 2)[:WINDOW]


def _spoke(placed: Sequence[Placed]) -> list[Spoke]:
    return [
        Spoke(
            one.patient, one.requests, one.answer, one.answer_sound,
            [needle for needle in one.sounds if "her sound" in needle.name], one.lane, one.began_s, one.ended_s,
        )
        for one in placed
    ]  # fmt: skip


def _afterwards(
    writer: Canary,
    found: Found,
    decoys: Sequence[Findable],
    own: Sequence[Path],
    since_s: float,
    writes: Written | None,
    network: Network | None,
) -> list[Looked]:
    rows = list(found.looked)
    paths = sorted(changed_files(since_s, own))
    captured = found.captured
    marks = "\n".join(mark for one in found.placed for mark in one.marks)
    captured[Place.CARRIER].append(marks.encode())
    captured[Place.NAMES] = [b"\n".join(map(os.fsencode, paths))]
    captured[Place.SHARED_MEMORY] = [path.read_bytes() for path in paths if path.is_relative_to("/dev/shm")]  # noqa: S108  # the place itself
    captured[Place.CORES] = list(contents((path for path in paths if is_core(path)), lambda _: None))
    if network is not None:
        captured[Place.NETWORK] = [bytes(network.outside), "\n".join(_elsewhere(network, found)).encode()]
    missing = [place for place in (Place.EGRESS_MEMORY,) if place not in {row.place for row in rows}]
    rows += [not_examined(place, HAD_NONE) for place in missing]
    if network is None:
        rows.append(not_examined(Place.NETWORK, NEEDS_ROOT))
    elif elsewhere := _elsewhere(network, found):
        rows.append(Looked(Place.NETWORK, Seen.FOUND, 0, 0, 0, tuple(elsewhere[:20])))
    if len(Path("/proc/swaps").read_text().splitlines()) > 1:
        rows.append(not_examined(Place.SWAP, HAS_SWAP))
    else:
        captured[Place.SWAP] = [b""]
    files = _Files(paths, writes, found)
    for at in range(0, len(found.placed), BATCH):
        batch = found.placed[at : at + BATCH]
        needles = needles_for(batch)
        needles += [Needle(f"writer {name}", text) for name, text in writer.texts() if name.startswith("name")]
        searcher = Searcher(needles, decoys)
        rows += [searcher.look(place, pieces) for place, pieces in captured.items()]
        fragments = Fragments([text for one in batch for text in (one.heard, one.patient.sentence())])
        for place, pieces in captured.items():
            if any(fragments.inside(piece) for piece in pieces):
                rows.append(Looked(place, Seen.FOUND, 0, 0, 0, ("part of what was said: in base64 or hex",)))
        if any(fragments.shown(piece) for piece in captured.get(Place.SHOWN, ())):
            rows.append(Looked(Place.SHOWN, Seen.FOUND, 0, 0, 0, ("part of what was said: as it is",)))
        digests = Digests([identity for one in batch for identity in one.identities])
        for place, pieces in captured.items():
            if any(digests.inside(piece) for piece in pieces):
                rows.append(Looked(place, Seen.FOUND, 0, 0, 0, ("a digest of who called",)))
        singly = Singly([one.patient for one in batch])
        for place in ALL_OURS & captured.keys():
            if any(singly.inside(piece) for piece in captured[place]):
                rows.append(Looked(place, Seen.FOUND, 0, 0, 0, ("a name or a drug: one word alone",)))
        rows += files.looked(searcher)
    return rows


class _Files:
    """Files that were changed meanwhile.

    Those that a process of the service opened for writing are searched to the last byte, or the place is not examined.
    Other programs of the machine change files too: what of these is too large is left out, and said so.
    """

    def __init__(self, paths: Sequence[Path], writes: Written | None, found: Found) -> None:
        ours = writes.of(set(found.processes)) if writes is not None and writes.whole else {str(path) for path in paths}
        self._ours = [path for path in paths if str(path) in ours]
        self._others = [path for path in paths if str(path) not in ours]

    def looked(self, searcher: Searcher) -> Iterator[Looked]:
        left_out: list[Path] = []
        row = searcher.look(Place.FILES, contents(self._ours, left_out.append))
        if left_out and row.seen is Seen.NOTHING:
            row = dataclasses.replace(row, seen=Seen.NOT_EXAMINED, why="a file was too large or could not be read")
        yield row
        left_out.clear()
        row = searcher.look(Place.FILES, _at_most(contents(self._others, left_out.append), MOST_OF_OTHERS, left_out))
        if left_out or row.seen is Seen.NOT_EXAMINED:
            seen = Seen.FOUND if row.hits else Seen.NOTHING
            row = dataclasses.replace(row, seen=seen, why=NOT_ALL_OF_OTHERS)
        yield row


def _at_most(pieces: Iterator[bytes], most: int, left_out: list[Path]) -> Iterator[bytes]:
    """So many bytes of them; the rest is left out."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > most:
            left_out.append(Path())
            return
        yield piece


def _elsewhere(network: Network, found: Found) -> list[str]:
    return network.elsewhere(set(found.ports))


def _network(network: Network | None, found: Found) -> dict[str, Any] | None:
    if network is None:
        return None
    begun = {f"{found.ports.get(int(name.split()[1]), name)}": count for name, count in network.begun.items()}
    return {
        "outside": sum(network.destinations.values()),
        "names": network.names,
        "elsewhere": _elsewhere(network, found),
        "connections": begun,
    }


def _written(writes: Written | None, found: Found) -> dict[str, Any] | None:
    """Files that the service's processes opened for writing, the keeper's in its own folder left out."""
    if writes is None:
        return None
    rows = {}
    for role in sorted(set(found.processes.values())):
        paths = writes.of({pid for pid, each in found.processes.items() if each == role})
        foreign = sorted(path for path in paths if path != "/dev/null")
        own = [p for p in foreign if role == "the keeper" and any(Path(p).is_relative_to(s) for s in found.states)]
        if role == "Redis":  # forced to write by the proof itself, at the end
            own = [p for p in foreign if "/redis/" in p]
        rows[role] = {"own": len(own), "other": [Path(p).name for p in foreign if p not in own][:MOST_WRITES]}
    return {"whole": writes.whole, "mounts": writes.mounts, "by": rows}


def _by_its_own_account(told: bytes) -> tuple[int, list[str]]:
    """What the line said before it took a call: kinds of act that were tried and refused, and the locks that hold.

    It does not start if one act was not refused.
    """
    tried, missing = 0, set()
    for row in told.splitlines():
        with contextlib.suppress(ValueError):  # the last may have been cut off by the line's end
            event = json.loads(row)
            if event.get("name") == LogEvent.PROVED.value:
                tried = event["count"]
            elif event.get("name") == LogEvent.LOCK_MISSING.value:
                missing.add(event["layer"])
    return tried, [layer.value for layer in Layer if layer.value not in missing]
