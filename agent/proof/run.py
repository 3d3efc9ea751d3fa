"""The proof: the service as it is deployed, canary calls, and a search of every place where words could have stayed."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from agent.proof import about, account, control, disk, provider, shown, written
from agent.proof.canary import Canary, decoy
from agent.proof.digests import Digests
from agent.proof.faults import Trouble
from agent.proof.fragments import Fragments
from agent.proof.given import Given
from agent.proof.meeting import Spoke, meetings
from agent.proof.needles import Needle
from agent.proof.network import Missing, Network
from agent.proof.part import Found, Part
from agent.proof.places import Searcher, changed, is_file, merged, names, not_examined
from agent.proof.placing import Placed, Studio
from agent.proof.plan import again, called_again, planned, rung_again
from agent.proof.planting import planted
from agent.proof.report import HAD_NONE, HAS_SWAP, NO_TRANSFERS, Looked, Place, Seen
from agent.proof.scenes import Ring, Scene
from agent.proof.search import Findable
from agent.proof.session import Session, is_known_to_carriers, is_reference, names_of, needles_for
from agent.proof.sessions import AGAIN
from agent.proof.singly import ALL_OURS, Singly
from agent.proof.sound import WINDOW, SoundNeedle
from agent.proof.written import Written

MAY_HOLD_RECORDS: Final = (Place.PIPE, Place.STATE)
"""Where the one record of a patient who was called stands, by the hospital's reference."""
WITH_EXCEPTIONS: Final = frozenset({Place.BOOK, *MAY_HOLD_RECORDS})
BATCH: Final = 50
"""Calls whose needles are sought at once, at the end: the search for all would need gigabytes."""


async def proven(
    nonce: bytes, calls: int, lanes: int, given: Given, network: Network | Missing, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The body of a report.

    calls: that must count.  lanes: so many at once.  given: what of the settings is under proof.  network: ours, or
    why there is none.  tell: is given one line about each step, without a word of the canaries.  Raises what the
    service's parts raise when they can't be started, and `about.CodeChanged`.
    """
    since_s = time.time()
    build = about.Proven.now(given)
    patients, parts = planned(nonce, calls)
    decoys: list[Findable] = [Needle("decoy", decoy(nonce)), SoundNeedle("decoy's sound", _noise(nonce))]
    with tempfile.TemporaryDirectory(prefix="quietline-proof-") as temporary, written.watched() as writes:
        folder = Path(temporary).resolve()  # noqa: ASYNC240  # a moment, before there is a call
        tell("planting leaks and looking for them; loading a voice and an ear")
        (folder / "planted").mkdir()
        sinks, studio = await asyncio.gather(
            asyncio.to_thread(planted, Searcher([], decoys), folder / "planted", network),
            asyncio.to_thread(Studio.open),
        )
        own = disk.Own([folder], [folder / "planted"])
        found = Found(keys=frozenset(shown.keys()), own=own)
        for number, part in enumerate(parts):
            await _session(part, folder / f"part-{number}", studio, decoys, patients, lanes, found, build, tell)
        for number in range(AGAIN):
            for fault in _missing(parts, found):
                part = again(fault, parts[0].spare)
                where = folder / f"again-{number}-{fault.name}"
                await _session(part, where, studio, decoys, patients, lanes, found, build, tell)
            for scene in _missing_scenes(parts, found):
                part = rung_again(scene, parts[0].spare)
                where = folder / f"again-{number}-{scene.name}"
                await _session(part, where, studio, decoys, patients, lanes, found, build, tell)
            for ring in _missing_rings(parts, found):
                part = called_again(ring, parts[0].spare)
                where = folder / f"again-{number}-{ring.name}"
                await _session(part, where, studio, decoys, patients, lanes, found, build, tell)
        tell("searching what is left")
        rows = await asyncio.to_thread(_afterwards, patients[:2], found, decoys, since_s, writes, network)
        tell("searching what each caller's call sent and said for every other caller")
        met = await asyncio.to_thread(meetings, _spoke(found.placed))
    await asyncio.to_thread(build.check)
    tried, locks = account.told(found.accounts)
    return {
        "nonce": nonce.hex(),
        "calls": {
            "placed": len(found.placed),
            "counted": sum(not one.lacks for one in found.placed),
            "rows": [one.to_json() for one in sorted(found.placed, key=lambda one: one.number)],
        },
        "transfers": [one.to_json() for one in sorted(found.carried, key=lambda one: one.placed.number)],
        "outreach": [one.to_json() for one in sorted(found.rung, key=lambda one: one.placed.number)],
        "kept": _kept(found),
        "faults": sorted({one.fault.value for one in found.placed if one.fault and not one.lacks}),
        "pairs": met.to_json(),
        "control": control.told(found.controls),
        "sinks": [sink.to_json() for sink in sinks],
        "acts": {"tried": tried},
        "locks": locks,
        "sessions": found.sessions,
        "outside": [seen.to_json() if seen else None for seen in found.seen],
        "written": disk.written(writes, found.own),
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
    patients: Sequence[Canary],
    lanes: int,
    found: Found,
    build: about.Proven,
    tell: Callable[[str], None],
) -> None:
    await asyncio.to_thread(build.check)
    await asyncio.to_thread(folder.mkdir)
    async with provider.running() as model:
        session = Session(studio, model, folder, decoys, patients[0], patients[1], lanes, found, build.given, tell)
        await session.run(part)


def _missing(parts: Sequence[Part], found: Found) -> list[Trouble]:
    wanted = {fault for part in parts for _, fault in (*part.calls, *part.alone) if fault}
    return sorted(wanted - {one.fault for one in found.placed if not one.lacks}, key=lambda fault: fault.name)


def _missing_scenes(parts: Sequence[Part], found: Found) -> list[Scene]:
    wanted = {scene for part in parts for _, scene in part.transfers}
    return sorted(wanted - {one.scene for one in found.carried if not one.lacks}, key=lambda scene: scene.name)


def _missing_rings(parts: Sequence[Part], found: Found) -> list[Ring]:
    wanted = {ring for part in parts for _, ring in part.rings}
    return sorted(wanted - {one.ring for one in found.rung if not one.lacks}, key=lambda ring: ring.name)


def _kept(found: Found) -> dict[str, int]:
    """Records of those whom the line called, and of anybody else."""
    called = {one.placed.patient.reference for one in found.rung}
    theirs = sum(each.patient in called for each in found.kept)
    return {"records": theirs, "others": len(found.kept) - theirs}


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
    writers: Sequence[Canary],
    found: Found,
    decoys: Sequence[Findable],
    since_s: float,
    writes: Written | None,
    network: Network | Missing,
) -> list[Looked]:
    rows = list(found.looked)
    everything = sorted(changed(since_s, found.own.proofs))
    paths = list(filter(is_file, everything))
    files = disk.Files(paths, writes, found.own)
    captured: dict[Place, Iterable[bytes]] = {**found.captured, Place.CORES: files.cores}
    marks = "\n".join(mark for one in found.placed for mark in one.marks)
    captured[Place.CARRIER] = [*found.captured[Place.CARRIER], marks.encode()]
    captured[Place.NAMES] = [b"\n".join(map(names, everything))]
    captured[Place.SHARED_MEMORY] = [path.read_bytes() for path in paths if path.is_relative_to("/dev/shm")]  # noqa: S108  # the place itself
    if isinstance(network, Network):
        captured[Place.NETWORK] = [bytes(network.outside), "\n".join(_elsewhere(network, found)).encode()]
    missing = [place for place in (Place.EGRESS_MEMORY,) if place not in {row.place for row in rows}]
    rows += [not_examined(place, HAD_NONE) for place in missing]
    if isinstance(network, Missing):
        rows.append(not_examined(Place.NETWORK, network.value))
    elif elsewhere := _elsewhere(network, found):
        rows.append(Looked(Place.NETWORK, Seen.FOUND, 0, 0, 0, tuple(elsewhere[:20])))
    if len(Path("/proc/swaps").read_text().splitlines()) > 1:
        rows.append(not_examined(Place.SWAP, HAS_SWAP))
    else:
        captured[Place.SWAP] = [b""]
    everybody = [*found.placed, *(one.placed for one in found.carried), *(one.placed for one in found.rung)]
    for at in range(0, len(everybody), BATCH):
        batch = everybody[at : at + BATCH]
        needles = [*needles_for(batch), *names_of(*writers)]
        searcher = Searcher(needles, decoys)
        rows += [searcher.look(place, captured[place]) for place in captured if place not in WITH_EXCEPTIONS]
        nameless = Searcher([needle for needle in needles if not is_reference(needle)], decoys)
        rows += [nameless.look(place, captured[place]) for place in MAY_HOLD_RECORDS if place in captured]
        if any(map(is_reference, needles)):  # in the record that is kept, and in nothing beside it
            references = Searcher([needle for needle in needles if is_reference(needle)], decoys)
            rows += [references.look(place, pieces) for place, pieces in found.beside.items()]
        rows += files.looked(searcher)
        if Place.BOOK in captured:  # a carrier knows who calls, and what it calls the call
            said = Searcher([needle for needle in needles if not is_known_to_carriers(needle)], decoys)
            rows.append(said.look(Place.BOOK, captured[Place.BOOK]))
    if Place.BOOK not in captured:
        rows.append(not_examined(Place.BOOK, NO_TRANSFERS))
    return [*rows, *_in_parts(everybody, captured), *files.of_cores()]


def _in_parts(placed: Sequence[Placed], captured: Mapping[Place, Iterable[bytes]]) -> Iterator[Looked]:
    """What a needle is too long for, of all calls at once: parts coded in tokens, digests, single words."""
    fragments = Fragments([text for one in placed for text in (one.heard, one.patient.sentence())])
    digests = Digests([identity for one in placed for identity in one.identities])
    singly = Singly([one.patient for one in placed])
    for place, pieces in captured.items():
        sought: dict[str, Callable[[bytes], bool]] = {
            "part of what was said: in base64 or hex": fragments.inside,
            "a digest of who called": digests.inside,
        }
        if place is Place.SHOWN:
            sought["part of what was said: as it is"] = fragments.shown
        if place in ALL_OURS:
            sought["a name or a drug: one word alone"] = singly.inside
        for what, is_in in sought.items():
            if any(map(is_in, pieces)):
                yield Looked(place, Seen.FOUND, 0, 0, 0, (what,))


def _elsewhere(network: Network, found: Found) -> list[str]:
    return network.elsewhere(set(found.ports))


def _network(network: Network | Missing, found: Found) -> dict[str, Any] | None:
    if isinstance(network, Missing):
        return None
    begun: Counter[str] = Counter()  # each session had ports of its own
    for name, count in network.begun.items():
        begun[found.ports.get(int(name.split()[1]), name)] += count
    return {
        "outside": sum(network.destinations.values()),
        "names": network.names,
        "elsewhere": _elsewhere(network, found),
        "connections": dict(begun),
    }
