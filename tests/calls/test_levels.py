"""What a call keeps, whoever turns which switch while it lasts: the product's own call, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from agent.keeping import Keeping
from agent.retaining import Retaining
from agent.sealing import Seal
from policies.events import TranscriptPiece, encode
from policies.pieces import Assembly
from policies.retention import Retention
from tests.fakes import Plan, Turnout
from tests.kept import CANARY, Office, Redacts
from tests.simulated import Held, Line, Setup, greeting, hold, passage

INSULIN: Final = "How do I store my insulin at home?"
BATH: Final = "When can I take a bath?"
REDACTED, ZERO = Retention.REDACTED, Retention.ZERO


class Keeper:
    """What the keeper says, and what reached it."""

    def __init__(self, office: Office, level: Retention | None) -> None:
        self.office: Final = office
        self.level = level
        redacts: Any = Redacts()
        self.redacts: Final[Redacts] = redacts
        self.retaining: Final = Retaining(redacts, Seal(office.keys.public))
        self.retaining.listen(lambda _: self.level)
        self.setup: Final = Setup(retaining=self.retaining)

    def says(self, level: Retention | None) -> None:
        self.level = level
        self.retaining.changed()

    @property
    def keeping(self) -> Keeping:
        """Of the call that is live."""
        (only,) = self.retaining._live
        return only

    def transcript(self) -> str | None:
        """What the keeper could read of what it was told."""
        assembly = Assembly()
        pieces = [event for event in self.setup.told if isinstance(event, TranscriptPiece)]
        assert len(pieces) == len(self.setup.told)
        whole = [sealed for piece in pieces if (sealed := assembly.take(piece)) is not None]
        if not whole:
            return None
        from tests.unit.test_transcripts import opened

        return opened(self.office, whole[0])


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Iterator[Office]:
    office = Office.open(tmp_path / "state")
    yield office
    office.close()


def asks(*steps: str | Callable[[], None]) -> Callable[[Line], Awaitable[None]]:
    """Questions, and what is switched between them."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for step in steps:
            if isinstance(step, str):
                await line.say(step)
                await line.reply()
            else:
                step()
        line.hang_up()

    return caller


def held(keeper: Keeper, *steps: str | Callable[[], None]) -> Held:
    return hold(asks(*steps), keeper.setup)


def test_a_call_whose_policy_allows_it_leaves_its_turns_in_order_redacted(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    held(keeper, f"My name is {CANARY}. {INSULIN}", BATH)

    transcript = keeper.transcript()
    assert transcript is not None
    lines = transcript.splitlines()
    heard = [line.partition(": ")[2] for line in lines if line.startswith("caller: ")]
    assert [f"My name is <PERSON>. {INSULIN}", BATH] == heard
    assert len(lines) == len(greeting(REDACTED)) + len(passage(INSULIN)) + len(passage(BATH)) + 2
    assert CANARY.split()[0] not in "".join(encode(event) for event in keeper.setup.told)


def test_of_a_call_that_nobody_said_anything_of_nothing_is_kept(office: Office) -> None:
    keeper = Keeper(office, None)
    held(keeper, INSULIN)

    assert [] == keeper.setup.told
    assert 0 == keeper.redacts.asked


def test_zero_retention_on_in_mid_call_drops_what_was_gathered_at_once_and_for_good(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    before, after = [], []

    def on() -> None:
        before.append(len(keeper.keeping._said))
        keeper.says(ZERO)
        after.append(len(keeper.keeping._said))

    held(keeper, INSULIN, on, BATH)

    assert before[0] > 2
    assert [0] == after
    assert [] == keeper.setup.told


def test_zero_retention_off_in_mid_call_touches_no_live_call(office: Office) -> None:
    keeper = Keeper(office, ZERO)
    held(keeper, INSULIN, lambda: keeper.says(REDACTED), BATH)

    assert [] == keeper.setup.told
    assert 0 == keeper.redacts.asked


def test_on_and_off_again_within_one_call_is_on_for_that_call(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    held(keeper, INSULIN, lambda: keeper.says(ZERO), lambda: keeper.says(REDACTED), BATH)

    assert [] == keeper.setup.told


def test_a_bus_that_is_lost_and_back_within_one_call_leaves_nothing_of_it(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    held(keeper, INSULIN, lambda: keeper.says(None), lambda: keeper.says(REDACTED), BATH)

    assert [] == keeper.setup.told


def test_a_redaction_under_way_goes_with_the_rest(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    keeper.redacts.takes_s = 60.0
    under_way: list[int] = []

    def on() -> None:
        under_way.append(len(keeper.keeping._under_way))
        keeper.says(ZERO)

    held(keeper, INSULIN, on, BATH)

    assert under_way[0] > 0
    assert [] == keeper.setup.told


def test_a_redaction_that_is_late_leaves_its_turn_out_and_holds_nobody_up(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    keeper.redacts.takes_s = 600.0
    held(keeper, INSULIN)

    transcript = keeper.transcript()
    assert transcript is not None
    assert {"(left out: it could not be redacted)"} == {line.partition(": ")[2] for line in transcript.splitlines()}


def test_what_made_us_fetch_a_person_stands_in_the_transcript_too(office: Office) -> None:
    keeper = Keeper(office, REDACTED)

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("I have chest pain.")
        await line.closed()

    hold(caller, keeper.setup)

    transcript = keeper.transcript()
    assert transcript is not None
    assert "caller: I have chest pain." in transcript.splitlines()
    assert "This may be an emergency." in transcript


def test_one_call_of_two_is_dropped_when_only_its_policy_turns(office: Office) -> None:
    """Each call has a level of its own: the stricter one says nothing of the other."""
    one, two = Keeper(office, REDACTED), Keeper(office, REDACTED)
    held(one, INSULIN, lambda: one.says(ZERO))
    held(two, INSULIN)

    assert [] == one.setup.told
    assert two.transcript() is not None


def test_of_a_call_that_broke_nothing_is_kept(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    keeper.setup.stt = Plan([Turnout(), Turnout(bug=True)], usual=Turnout(bug=True))
    held = hold(asks(INSULIN, BATH), keeper.setup, strict=False)

    assert held.failed is not None
    assert keeper.redacts.asked > 0
    assert [] == keeper.setup.told


def test_what_is_being_redacted_when_she_hangs_up_is_waited_for(office: Office) -> None:
    keeper = Keeper(office, REDACTED)
    keeper.redacts.takes_s = 1.5

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(100)
        line.hang_up()

    hold(caller, keeper.setup)

    transcript = keeper.transcript()
    assert transcript is not None
    assert f"caller: {INSULIN}" in transcript
    assert "left out" not in transcript
