"""Who calls in which session of the service, and what is broken in whose call.  Pure."""

from __future__ import annotations

import dataclasses
from typing import Final

from agent.proof.canary import Ask, Canary, canaries
from agent.proof.faults import IN_QUICK, OF_THE_ENGINE, OF_THE_PROVIDER, Trouble
from agent.proof.part import Call, Outgoing, Part
from agent.proof.scenes import Ring, Scene
from agent.proof.sessions import AGAIN, AS_DEPLOYED, FAILING_MODEL, LOSES_ITS_KEEPER, ONE_FAULT_AGAIN, WITH_NURSES

QUICK_CALLS: Final = 10
"""Fewer calls than this are a quick proof: it makes do with the faults of `IN_QUICK`."""
SPARE: Final = 0.1
"""So many more calls may be placed than must count: a recogniser may miss a name, a machine be busy."""
LEAST_SPARE: Final = 4


def again(fault: Trouble, spare: list[Canary]) -> Part:
    """A session for one fault alone."""
    patient = _asking(spare.pop(), fault)
    return Part(ONE_FAULT_AGAIN, [], [(patient, fault)], failing=fault in OF_THE_ENGINE)


def rung_again(scene: Scene, spare: list[Canary]) -> Part:
    """Likewise, for one transfer."""
    return Part(ONE_FAULT_AGAIN, [], transfers=[(_with_nurse(spare.pop()), scene)])


def called_again(ring: Ring, spare: list[Canary]) -> Part:
    """Likewise, for one call that the line places."""
    return Part(ONE_FAULT_AGAIN, [], rings=[_to_be_called(spare.pop(), ring)])


def planned(nonce: bytes, calls: int) -> tuple[list[Canary], list[Part]]:
    """Who calls in which session.

    Numbers 0 and 1 don't call: 0 writes to the keeper's interface, 1 to the line's pages.  Who is spare comes last.
    """
    quick = calls < QUICK_CALLS
    faults = list(IN_QUICK if quick else Trouble)
    count = max(calls, len(faults) + 1)
    scenes = [] if quick else list(Scene)
    rings = [] if quick else list(Ring)
    more = LEAST_SPARE + AGAIN * (len(faults) + len(scenes) + len(rings)) + int(calls * SPARE)
    patients = canaries(nonce, 2 + count + len(scenes) + len(rings) + more)
    waiting = iter(patients[2:])

    def of(fault: Trouble | None) -> Call:
        return _asking(next(waiting), fault), fault

    alone = {fault: of(fault) for fault in faults if fault not in OF_THE_PROVIDER}
    broken = [of(fault) for fault in faults if fault in OF_THE_PROVIDER]
    plain = [of(None) for _ in range(count - len(faults))]
    every = max(1, len(plain) // (len(broken) + 1))
    for at, call in enumerate(broken, start=1):
        plain.insert(min(len(plain), at * every + at - 1), call)
    transfers = [(_with_nurse(next(waiting)), scene) for scene in scenes]
    called = [_to_be_called(next(waiting), ring) for ring in rings]
    parts = [Part(AS_DEPLOYED, plain, [alone[Trouble.CRASHED]], spare=list(waiting))]
    if not quick:
        stray = [alone[fault] for fault in (Trouble.STRAY, Trouble.RAISED, Trouble.BUS_GONE, Trouble.KILLED)]
        parts.append(Part(FAILING_MODEL, [], stray, failing=True))
        parts.append(Part(LOSES_ITS_KEEPER, [], [alone[Trouble.KEEPER_GONE]]))
        parts.append(Part(WITH_NURSES, [], transfers=transfers, rings=called))
    return patients, parts


def _with_nurse(patient: Canary) -> Canary:
    return dataclasses.replace(patient, ask=Ask.NURSE)


def _to_be_called(patient: Canary, ring: Ring) -> Outgoing:
    ask = Ask.STOP if ring is Ring.STOPS else Ask.CALLED
    return dataclasses.replace(patient, ask=ask), ring


def _asking(patient: Canary, fault: Trouble | None) -> Canary:
    return dataclasses.replace(patient, ask=Ask.JUICE) if fault is Trouble.RAISED else patient
