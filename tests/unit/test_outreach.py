"""The scheduler of outbound calls: references alone, attempts held before they are dialled, opt-outs at once."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import itertools
import random
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import calling_out
from agent.calling_out import CALLER_S, LIST_S, LOOK_S, CallingOut, IsHers
from agent.contacts import Reached, Unreachable
from agent.outreach import STEP, Outreach
from agent.stopping import Stopped
from policies.attempts import Came, Kept, is_reference
from policies.closed import from_wire, kinds_of, to_wire
from policies.outreach import DAY_S, CallNow, Campaign, NotNow, NotNowReason, Standing, Zone, may_call_now
from policies.patient import Identifiers
from policies.phi import PHI
from tests.virtual_time import at_once

REFS: Final = ("Zk3vQ0pT7mXs2LhYb9RcNw", "u8Jd5WqGx1KfEoV4tPz6aA", "hT2nB7yMcR0iLpU9sDk3vQ")
NUMBERS: Final = {ref: f"+1202555014{n}" for n, ref in enumerate(REFS)}
READY: Final = Standing(agent_live=True, nurse_free=True)
MORNING_S: Final = int(datetime(2026, 3, 3, 9, tzinfo=ZoneInfo("America/New_York")).timestamp())
TODAY: Final = MORNING_S // DAY_S
CAMPAIGN: Final = Campaign(TODAY - 1, TODAY + 60)
ALL: Final = dict.fromkeys(REFS, Zone.EASTERN)


def outreach(*kept: Kept, at_once: int = 1, listed: Mapping[str, Zone] = ALL) -> Outreach:
    made = Outreach(CAMPAIGN, kept, most_at_once=at_once)
    made.listed(listed, MORNING_S)
    return made


def due(core: Outreach, now_s: int, standing: Standing) -> tuple[str, ...]:
    """One whole look."""
    return tuple(ref for step in core.due(now_s, standing) for ref in step)


def test_no_more_calls_go_on_at_once_than_are_allowed() -> None:
    core = outreach(at_once=2)
    first = due(core, MORNING_S, READY)
    assert 2 == len(first)
    assert () == due(core, MORNING_S, READY)
    assert core.place(first[0], MORNING_S, READY)
    assert () == due(core, MORNING_S, READY)
    core.over(first[0], Came.BUSY)

    assert 1 == len(due(core, MORNING_S, READY))


def test_an_attempt_is_held_before_it_is_dialled_and_a_line_that_falls_leaves_it_so() -> None:
    core = outreach(listed={REFS[0]: Zone.EASTERN})
    assert due(core, MORNING_S, READY) == (REFS[0],)
    assert core.place(REFS[0], MORNING_S, READY)
    again = Outreach(CAMPAIGN, core.kept())
    again.listed({REFS[0]: Zone.EASTERN}, MORNING_S)

    assert () == due(again, MORNING_S, READY)
    assert {NotNowReason.CALLED_TODAY: 1} == again.waiting_for(MORNING_S, READY)


def test_what_changed_while_her_number_was_asked_for_counts() -> None:
    for late_s, standing, out in (
        (3 * 3_600, READY, False),
        (0, Standing(agent_live=True, nurse_free=False), False),
        (0, READY, True),
    ):
        core = outreach(listed={REFS[0]: Zone.EASTERN})
        assert due(core, MORNING_S, READY) == (REFS[0],)
        if out:
            core.opt_out(REFS[0])
        assert not core.place(REFS[0], MORNING_S + late_s, standing)
        assert [] == [kept for kept in core.kept() if kept.attempts]


def test_who_has_no_number_is_not_asked_for_before_the_next_list() -> None:
    core = outreach(listed={REFS[0]: Zone.EASTERN})
    due(core, MORNING_S, READY)
    core.release(REFS[0])
    assert () == due(core, MORNING_S, READY)
    assert [] == [kept for kept in core.kept() if kept.attempts]
    core.listed(ALL, MORNING_S)

    assert due(core, MORNING_S, READY)


def test_who_was_called_least_comes_first_and_who_left_the_list_is_not_called() -> None:
    tried = Kept(patient=REFS[0]).placed(TODAY - 4).came(Came.BUSY)
    core = outreach(tried, at_once=3)
    assert due(core, MORNING_S, READY) == (REFS[2], REFS[1], REFS[0])
    core.listed({REFS[1]: Zone.EASTERN}, MORNING_S)

    assert not core.place(REFS[0], MORNING_S, READY)
    assert core.place(REFS[1], MORNING_S, READY)


def test_what_no_rule_counts_any_more_is_dropped_and_an_opt_out_never_is() -> None:
    old = Kept(patient=REFS[0]).placed(TODAY - 40).came(Came.REACHED)
    out = Kept(patient=REFS[1]).out()
    core = outreach(old, out, listed={})

    assert (out,) == core.kept()


def test_an_opt_out_is_untold_until_the_hospital_has_taken_it() -> None:
    core = outreach()
    core.opt_out(REFS[1])
    assert (REFS[1],) == core.untold()
    core.told(REFS[1])

    assert () == core.untold()
    assert core.kept()[0].opted_out


def test_an_order_of_calls_that_cannot_be_is_refused() -> None:
    core = outreach()
    for wrong in (
        lambda: core.place(REFS[0], MORNING_S, READY),
        lambda: core.release(REFS[0]),
        lambda: core.over(REFS[0], Came.BUSY),
    ):
        with pytest.raises(ValueError, match="reference"):
            wrong()


def test_what_would_be_kept_is_a_reference_days_and_closed_words() -> None:
    kept = Kept(patient=REFS[0]).placed(TODAY).came(Came.BUSY).placed(TODAY + 1)

    assert set(kinds_of(Kept)) == {field.name for field in dataclasses.fields(Kept)}
    assert kept == from_wire(Kept, to_wire(kept))
    assert all(map(is_reference, REFS))


STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(("wait", "due", "place", "over", "out", "lost", "unlist")),
        st.integers(0, 2),
        st.sampled_from(list(Came)),
    ),
    max_size=120,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_happens_nobody_is_called_twice_a_day_or_after_an_opt_out(steps: list[tuple[str, int, Came]]) -> None:
    core, now_s = outreach(at_once=3), MORNING_S
    reserved: set[str] = set()
    in_call: set[str] = set()
    out: set[str] = set()
    calls: list[tuple[str, int]] = []
    for what, which, came in steps:
        ref = REFS[which]
        if what == "wait":
            now_s += 5 * 3_600
        elif what == "due":
            reserved |= set(due(core, now_s, READY))
        elif what == "place" and ref in reserved:
            reserved.discard(ref)
            if core.place(ref, now_s, READY):
                assert ref not in out
                calls.append((ref, datetime.fromtimestamp(now_s, ZoneInfo("America/New_York")).toordinal()))
                in_call.add(ref)
        elif what == "over" and ref in in_call:
            in_call.discard(ref)
            core.over(ref, came)
            out |= {ref} if came is Came.OPTED_OUT else set()
        elif what == "out":
            core.opt_out(ref)
            out.add(ref)
        elif what == "lost":  # the line fell: what is kept is all that is known
            core, reserved, in_call = Outreach(CAMPAIGN, core.kept(), most_at_once=3), set(), set()
            core.listed(ALL, now_s)
        elif what == "unlist":
            core.listed({} if which else ALL, now_s)
        assert len(reserved) + len(in_call) <= 3
    assert len(calls) == len(set(calls))
    assert all(sum(one == ref for one, _ in calls) <= 3 for ref in REFS), "a ladder of three in one campaign"
    assert set(core.untold()) == out


# -- the shell ---------------------------------------------------------------------------------------------------------


class Hospital:
    """Contacts as a script: what each question brings, and when it was asked."""

    def __init__(
        self, *, refusals: int = 0, unreachable: int = 0, refs: Sequence[str] = REFS, numbers: bool = True
    ) -> None:
        """refs: those who consented.  numbers: else none is told."""
        self.asked: list[str] = []
        self.told_s: list[float] = []
        self.out: list[str] = []
        self._refusals = refusals
        self._unreachable = unreachable
        self._refs = refs
        self._numbers = numbers

    async def consented(self) -> Mapping[str, Zone] | Unreachable:
        return {ref: Zone.EASTERN for ref in self._refs if ref not in self.out}

    async def number(self, ref: str) -> Reached | None:
        self.asked.append(ref)
        if not self._numbers:
            return None
        return Reached(PHI("".join(NUMBERS[ref])), PHI("Maria Lopez"), named_on_machine=False)

    async def whose(self, number: PHI[str]) -> str | Unreachable | None:
        if self._unreachable:
            self._unreachable -= 1
            return Unreachable.NO_ANSWER
        return next((ref for ref, known in NUMBERS.items() if known == number.reveal()), None)

    async def is_hers(self, ref: str, given: PHI[Identifiers]) -> bool | Unreachable:
        raise AssertionError("the scheduler asks nobody who she is")

    async def opt_out(self, ref: str) -> bool:
        self.told_s.append(asyncio.get_running_loop().time())
        if self._refusals:
            self._refusals -= 1
            return False
        self.out.append(ref)
        return True


class Calls:
    """Places nothing: each call lasts a minute and comes to what the script says."""

    def __init__(self, came: Came | Exception = Came.BUSY) -> None:
        self.dialled: list[str] = []
        self.most = 0
        self._came = came
        self._now = 0

    async def call(self, whom: Reached, is_hers: IsHers, opted_out: Callable[[], None]) -> Came:
        self._now += 1
        self.most = max(self.most, self._now)
        self.dialled.append(next(ref for ref, known in NUMBERS.items() if known == whom.number.reveal()))
        await asyncio.sleep(60)
        self._now -= 1
        if isinstance(self._came, Exception):
            raise self._came
        if self._came is Came.OPTED_OUT:
            opted_out()
        return self._came


class Written:
    """Books that write at once, and note what."""

    def __init__(self, *, silent: int = 0) -> None:
        """silent: so many times nobody says that it is written."""
        self.rows: list[Kept] = []
        self._silent = silent

    async def written(self, kept: Kept) -> bool:
        if self._silent:
            self._silent -= 1
            return False
        self.tell(kept)
        return True

    def tell(self, kept: Kept) -> None:
        self.rows.append(kept)


def ran(
    core: Outreach,
    hospital: Hospital,
    calls: Calls,
    seconds: float,
    standing: Standing = READY,
    books: Written | None = None,
    at_s: int = MORNING_S,
) -> None:
    books = books or Written()

    async def run() -> None:
        clock = asyncio.get_running_loop().time
        shell = CallingOut(core, hospital, calls, books, lambda: standing, lambda: at_s + clock())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await shell.run()

    at_once(run())


def test_every_patient_is_called_once_one_after_the_other() -> None:
    core, hospital, calls = Outreach(CAMPAIGN), Hospital(), Calls()
    ran(core, hospital, calls, LIST_S + LOOK_S)

    assert sorted(REFS) == sorted(calls.dialled) == sorted(hospital.asked)
    assert 1 == calls.most
    assert [Came.BUSY] * 3 == [kept.came_1 for kept in core.kept()]


DRAWN: Final = random.Random(8)
TOKENS: Final = (urlsafe_b64encode(DRAWN.randbytes(16)).decode()[:22] for _ in itertools.count())
MANY: Final = tuple(itertools.islice(filter(is_reference, TOKENS), 10 * STEP))


@pytest.mark.parametrize("zone", [Zone.EASTERN, Zone.UNKNOWN])
def test_a_look_at_a_long_list_lets_others_run_after_few_patients(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    judged, turns = 0, [0]

    def judge(*given: Any) -> CallNow | NotNow:
        nonlocal judged
        judged += 1
        return may_call_now(*given)

    monkeypatch.setattr("agent.outreach.may_call_now", judge)
    core = Outreach(CAMPAIGN)
    hospital = Hospital(refs=MANY)

    async def run() -> None:
        shell = CallingOut(core, hospital, Calls(), Written(), lambda: READY, lambda: MORNING_S + 3 * 3_600)
        looking = asyncio.create_task(shell.run())
        for _ in range(500):
            await asyncio.sleep(0)
            turns.append(judged)
        looking.cancel()
        await asyncio.wait([looking])

    at_once(run())
    assert len(MANY) == judged, "everybody is looked at, as nobody is due"
    assert STEP >= max(after - before for before, after in itertools.pairwise(turns))


def test_nobody_is_judged_for_a_draft_or_while_no_nurse_could_take_her(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.outreach.may_call_now", lambda *_: pytest.fail("a patient was judged"))
    for standing in (Standing(agent_live=False, nurse_free=True), Standing(agent_live=True, nurse_free=False)):
        assert () == due(outreach(), MORNING_S, standing)


def test_a_hospital_that_tells_no_number_is_asked_for_one_patient_a_look() -> None:
    hospital, calls = Hospital(numbers=False), Calls()
    ran(Outreach(CAMPAIGN), hospital, calls, 2 * LOOK_S + 1)

    assert len(REFS) == len(hospital.asked)
    few = Hospital(numbers=False)
    ran(Outreach(CAMPAIGN), few, calls, LOOK_S - 1)
    assert 1 == len(few.asked)
    assert [] == calls.dialled


def test_nobodys_number_is_even_asked_for_while_no_nurse_could_take_her() -> None:
    hospital, calls = Hospital(), Calls()
    ran(Outreach(CAMPAIGN), hospital, calls, 2 * LIST_S, Standing(agent_live=True, nurse_free=False))

    assert ([], []) == (hospital.asked, calls.dialled)


def test_a_call_that_breaks_is_an_attempt_and_its_words_go_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    core, calls = Outreach(CAMPAIGN), Calls(RuntimeError(NUMBERS[REFS[0]]))
    ran(core, Hospital(), calls, LIST_S)

    assert [Came.FAILED] * 3 == [kept.came_1 for kept in core.kept()]
    assert ("", "") == capfd.readouterr()


def test_a_call_that_is_cut_off_stays_an_attempt_of_which_nobody_knows_more() -> None:
    core = Outreach(CAMPAIGN)
    ran(core, Hospital(), Calls(), 30)

    assert [Came.PLACED] == [kept.came_1 for kept in core.kept()]


def test_an_opt_out_is_pushed_until_it_is_taken_less_and_less_often() -> None:
    core, hospital, calls = Outreach(CAMPAIGN, most_at_once=3), Hospital(refusals=8), Calls(Came.OPTED_OUT)
    ran(core, hospital, calls, LIST_S)

    assert set(REFS) == set(hospital.out)
    assert () == core.untold()
    assert all(kept.opted_out and kept.told for kept in core.kept())
    assert 11 == len(hospital.told_s)
    assert hospital.told_s[-1] - hospital.told_s[0] >= calling_out.FIRST_AGAIN_S


def test_a_caller_who_opts_out_is_matched_by_the_hospital_and_her_number_is_not_kept() -> None:
    core, hospital = Outreach(CAMPAIGN), Hospital(unreachable=2)

    async def run() -> tuple[Stopped, Stopped]:
        shell = CallingOut(core, hospital, Calls(), Written(), lambda: READY, lambda: MORNING_S)
        found = await shell.opt_out_caller(PHI("".join(NUMBERS[REFS[2]])))
        return found, await shell.opt_out_caller(PHI("+12025550100"))

    assert (Stopped.DONE, Stopped.NOBODY) == at_once(run())
    assert (REFS[2],) == core.untold()
    assert [] == held()


def test_a_hospital_that_cannot_be_asked_is_told_to_the_caller_in_time() -> None:
    async def run() -> tuple[Stopped, float]:
        loop = asyncio.get_running_loop()
        shell = CallingOut(Outreach(CAMPAIGN), Hospital(unreachable=99), Calls(), Written(), lambda: READY)
        return await shell.opt_out_caller(PHI(NUMBERS[REFS[0]])), loop.time()

    stopped, after_s = at_once(run())
    assert Stopped.NOT_NOW is stopped
    assert after_s <= CALLER_S


def held() -> list[Any]:
    """Every number that something in this process still holds as sensitive."""
    gc.collect()
    known = set(NUMBERS.values())
    return [
        each
        for each in gc.get_objects()
        if type(each) is PHI and each.map(lambda v: isinstance(v, str) and v in known).reveal()
    ]


def test_no_number_is_held_once_the_calls_are_over() -> None:
    core, hospital, calls = Outreach(CAMPAIGN), Hospital(), Calls()
    ran(core, hospital, calls, LIST_S)

    assert 3 == len(calls.dialled)
    assert [] == held()
