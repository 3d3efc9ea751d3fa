"""When the proof looks: after every round of calls, and after every fault that the service outlives."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from agent.proof import outside
from agent.proof.canary import NONCE_BYTES, canaries
from agent.proof.faults import ENDS_THE_SERVICE, Trouble
from agent.proof.given import given
from agent.proof.interface import Interface
from agent.proof.part import Found, Part
from agent.proof.plan import planned
from agent.proof.report import Place, Seen
from agent.proof.session import ROUND, Session

NONCE = bytes(range(NONCE_BYTES))
CLERK, WRITER = canaries(NONCE, 2)


class Told(Interface):
    """One that answers a word."""

    unread: ClassVar[list[str]] = []

    def read(self, words: str) -> tuple[bytes, list[str]]:
        assert words == CLERK.name
        return b"answered", self.unread


@pytest.fixture(name="looks")
def _looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done, in its order; nobody calls."""
    done: list[str] = []

    async def at_once(_: Session, calls: object, *__: object) -> list[Any]:
        done.append("round")
        return []

    async def alone(_: Session, patient: object, fault: Trouble, *__: object) -> None:
        done.append(fault.name)

    async def memories(*_: object) -> None:
        done.append("memories")

    def pages(port: int, words: str) -> list[bytes]:
        assert words == WRITER.name
        done.append("pages")
        return [b"page"]

    monkeypatch.setattr(Session, "_at_once", at_once)
    monkeypatch.setattr(Session, "_alone", alone)
    monkeypatch.setattr(Session, "_search_memories", memories)
    monkeypatch.setattr("agent.proof.pages.answers", pages)
    monkeypatch.setattr(outside, "seen", lambda _: None)
    monkeypatch.setattr(Interface, "entered", lambda *_: Told(0, {}))
    return done


async def held(folder: Path, part: Part, *, with_redis: bool = True) -> Found:
    """All that one session finds, of a service that only has ports."""
    found = Found()
    running: Any = SimpleNamespace(
        port=1,
        admin=2,
        line=3,
        token="",
        kept=folder / "kept",
        state=folder / "state",
        processes=lambda: {3: "the line"},
    )
    process = SimpleNamespace(poll=lambda: None if with_redis else -9)
    bus: Any = SimpleNamespace(pid=4, process=process, keys_and_values=lambda: b"keys")
    model: Any = SimpleNamespace()
    each = Session(model, model, folder, [], CLERK, WRITER, 2, found, given({}), lambda _: None)
    await each._while_it_runs(part, running, bus, None, None)
    return found


async def test_pages_interface_and_memories_are_looked_at_after_every_round_and_every_fault_outlived(
    tmp_path: Path, looks: list[str]
) -> None:
    _, parts = planned(NONCE, 2 * ROUND + 12)
    for number, part in enumerate(parts):
        looks.clear()
        folder = tmp_path / str(number)
        folder.mkdir()
        found = await held(folder, part)
        outlived = [fault for _, fault in part.alone if fault not in ENDS_THE_SERVICE]
        times = -(-len(part.calls) // ROUND) + len(outlived)

        assert (times, times) == (looks.count("pages"), looks.count("memories"))
        assert times == len(found.captured[Place.PAGES]) == len(found.captured[Place.INTERFACE])
        assert times == len(found.captured[Place.BUS_KEPT])
        before = [looks[at - 1] for at, what in enumerate(looks) if what == "pages"]
        assert {"round", *(fault.name for fault in outlived if fault)} >= set(before)


async def test_where_redis_is_gone_the_rest_is_looked_at(tmp_path: Path, looks: list[str]) -> None:
    found = await held(tmp_path, Part("one", [], [(WRITER, Trouble.BUS_GONE)]), with_redis=False)

    assert [b"answered"] == found.captured[Place.INTERFACE]
    assert [] == found.captured[Place.BUS_KEPT]


async def test_an_operation_that_did_not_answer_makes_the_interface_not_examined(
    tmp_path: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Told, "unread", ["/v1/audit"])
    found = await held(tmp_path, Part("one", [], [(WRITER, Trouble.STRAY)]))

    assert [(Place.INTERFACE, Seen.NOT_EXAMINED, "not answered: /v1/audit")] == [
        (row.place, row.seen, row.why) for row in found.looked
    ]
