"""A patient is dialled when the keeper says that the attempt is written, and not before."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from agent.books import WRITTEN_S, KeepersBooks
from agent.calling_out import LIST_S, LOOK_S, CallingOut
from agent.outreach import Outreach
from agent.settings import ROOT
from agent.stopping import Stopped
from policies.attempts import Came, Kept
from policies.events import CallEvent, OutreachHeld
from policies.phi import PHI
from tests.unit.test_outreach import CAMPAIGN, MORNING_S, NUMBERS, READY, REFS, TODAY, Calls, Hospital, Written, ran
from tests.virtual_time import at_once

KEPT: Final = Kept(patient=REFS[0]).placed(TODAY)


def test_what_the_keeper_says_under_its_number_is_written_and_nothing_else_is() -> None:
    told: list[CallEvent] = []
    books = KeepersBooks(told.append)

    async def use() -> tuple[bool, bool, float]:
        loop = asyncio.get_running_loop()
        for line in (b"2\n", b"words\n", b"", b"9" * 40):
            loop.call_later(1, books.said, line)
        loop.call_later(2, books.said, b"1\n")
        first = await books.written(KEPT)
        return first, await books.written(KEPT), loop.time()

    assert (True, False, 2 + WRITTEN_S) == at_once(use())
    assert [OutreachHeld(1, KEPT), OutreachHeld(2, KEPT)] == told


def test_nobody_is_dialled_while_nobody_says_that_it_is_written() -> None:
    core, calls, hospital = Outreach(CAMPAIGN), Calls(), Hospital()
    ran(core, hospital, calls, LIST_S, books=Written(silent=10_000))

    assert [] == calls.dialled
    assert [Came.FAILED] == [kept.came_1 for kept in core.kept()], "one at most is held as called"


def test_when_the_keeper_writes_again_the_others_are_called() -> None:
    core, calls, books = Outreach(CAMPAIGN), Calls(), Written(silent=2)
    ran(core, Hospital(), calls, LIST_S + LOOK_S, books=books)

    assert 2 == len(calls.dialled)
    assert {kept.patient for kept in books.rows} == set(REFS)


def test_an_attempt_is_written_before_it_is_dialled_and_its_outcome_after() -> None:
    core, books = Outreach(CAMPAIGN), Written()
    ran(core, Hospital(), Calls(Came.OPTED_OUT), LOOK_S * 3, books=books)
    of_one = [kept for kept in books.rows if kept.patient == books.rows[0].patient]

    assert [Came.PLACED, Came.PLACED, Came.PLACED, Came.OPTED_OUT] == [kept.came_1 for kept in of_one][:4]
    assert [False, True, True, True] == [kept.opted_out for kept in of_one][:4]


class FirstOptOutIsLost(Written):
    """Books that take two seconds for what came before, and have nothing of the first opt-out that they are told."""

    lost = 0

    async def written(self, kept: Kept) -> bool:
        if kept.opted_out and not self.lost:
            self.lost += 1
            return False
        await asyncio.sleep(2)
        self.rows.append(kept)
        return True

    def tell(self, kept: Kept) -> None:
        """It is lost on its way."""


def test_the_word_that_an_older_row_is_written_is_not_taken_for_an_opt_out_since() -> None:
    books, hospital = FirstOptOutIsLost(), Hospital(refusals=10_000)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        shell = CallingOut(Outreach(CAMPAIGN), hospital, Calls(), books, lambda: READY, lambda: MORNING_S + loop.time())
        running = asyncio.create_task(shell.run())
        await asyncio.sleep(2 + 60 + 1)  # the attempt is written, her call is over, and its outcome is on its way
        assert Stopped.DONE is await shell.opt_out_caller(PHI(NUMBERS[books.rows[0].patient]))
        await asyncio.sleep(3 * LOOK_S)
        running.cancel()
        await asyncio.wait([running])

    at_once(run())
    assert 1 == books.lost
    assert [books.rows[0].patient] == [kept.patient for kept in books.rows if kept.opted_out][:1]


class Slow(Written):
    """Books that take two seconds."""

    async def written(self, kept: Kept) -> bool:
        await asyncio.sleep(2)
        return await super().written(kept)


def test_nobody_is_dialled_when_the_hour_has_ended_while_it_was_being_written() -> None:
    for before_s, dialled in ((1, 0), (3, 1)):
        calls = Calls()
        ran(Outreach(CAMPAIGN), Hospital(), calls, 30, books=Slow(), at_s=MORNING_S + 3_600 - before_s)
        assert dialled == len(calls.dialled)


LOCKED: Final = """
import asyncio
import os
import sys
from agent.confine import confine
confine()
from agent.books import KeepersBooks
from policies.attempts import Kept

async def main():
    books = KeepersBooks(lambda event: print("told", flush=True))
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(books.listen())
        print(await books.written(Kept(patient="Zk3vQ0pT7mXs2LhYb9RcNw")), flush=True)
        listening.cancel()

asyncio.run(main())
"""


async def test_a_line_that_is_locked_down_hears_the_keepers_word() -> None:
    line = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LOCKED,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert line.stdin is not None
    assert line.stdout is not None
    assert b"told\n" == await line.stdout.readline()
    line.stdin.write(b"1\n")

    assert b"True\n" == await line.stdout.readline()
    assert 0 == await line.wait()
