"""What a call tells of itself at its start and its end, under each retention, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from agent.phrases import Phrase
from policies.records import EndReason
from policies.retention import Retention
from tests.calls.test_levels import Keeper
from tests.kept import Office
from tests.simulated import Held, Line, greeting, hold, words

REDACTED, ZERO = Retention.REDACTED, Retention.ZERO
CLOSING: Final = {ZERO: Phrase.CLOSING, REDACTED: Phrase.CLOSING_KEPT}
SAYS: Final = {
    ZERO: "This call is not recorded, and nothing you say is kept.",
    REDACTED: "This call is not recorded, but a redacted transcript is kept for seven days.",
}
OVER: Final = "Wait, who is this?"


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Iterator[Office]:
    office = Office.open(tmp_path / "state")
    yield office
    office.close()


def called(keeper: Keeper, meanwhile: Callable[[], None] = lambda: None) -> Held:
    """A call to its goodbye.  meanwhile: done after the greeting."""

    async def caller(line: Line) -> None:
        await line.greeting()
        meanwhile()
        await line.say("Goodbye.")
        await line.closed()

    return hold(caller, keeper.setup)


@pytest.mark.parametrize(
    ("said", "then", "begins", "ends"),
    [
        (ZERO, ZERO, ZERO, ZERO),
        (None, None, ZERO, ZERO),
        (REDACTED, REDACTED, REDACTED, REDACTED),
        (ZERO, REDACTED, ZERO, ZERO),
        (REDACTED, ZERO, REDACTED, ZERO),
        (REDACTED, None, REDACTED, ZERO),
    ],
)
def test_a_call_says_at_both_ends_what_is_kept_of_it(
    office: Office, said: Retention | None, then: Retention | None, begins: Retention, ends: Retention
) -> None:
    """said: by the keeper when the call starts; then: from the greeting's end on."""
    keeper = Keeper(office, said)

    held = called(keeper, lambda: keeper.says(then))

    assert [*greeting(begins), words(CLOSING[ends])] == held.texts
    assert SAYS[begins] in held.texts
    assert (ends is REDACTED) == (keeper.transcript() is not None)
    assert (True, True) == (held.metrics.greeting_played, held.metrics.closing_played)
    assert EndReason.GOODBYE is held.metrics.end


@pytest.mark.parametrize("level", Retention)
def test_speech_stops_the_greeting_only_after_what_is_kept_was_said(office: Office, level: Retention) -> None:
    async def caller(line: Line) -> None:
        await line.hears(400)
        await line.say(OVER)
        await line.reply()
        line.hang_up()

    held = hold(caller, Keeper(office, level).setup)

    heard = held.texts.index(SAYS[level]) + 1
    assert greeting(level)[:heard] == held.texts[:heard]
    assert all(sentence.whole for sentence in held.spoken[:heard])
    assert greeting(level)[-1] not in held.texts
    assert held.metrics.greeting_played


@pytest.mark.parametrize("level", Retention)
@pytest.mark.parametrize("to_its_end", [False, True])
def test_the_greeting_counts_as_played_when_what_is_kept_was_heard_to_its_end(
    office: Office, level: Retention, to_its_end: bool
) -> None:
    nth = greeting(level).index(SAYS[level])
    last = greeting(level)[nth + 1 if to_its_end else nth]

    async def caller(line: Line) -> None:
        await line.until(lambda: line.texts()[-1:] == [last], "it was not said")
        await line.wait(200)
        line.hang_up()

    assert to_its_end == hold(caller, Keeper(office, level).setup).metrics.greeting_played


@pytest.mark.parametrize("level", Retention)
def test_the_closing_that_is_asked_for_again_is_a_goodbye_again(office: Office, level: Retention) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Goodbye.")
        await line.hears(900)
        await line.say("Say that again.")
        await line.closed()

    held = hold(caller, Keeper(office, level).setup)

    assert [words(CLOSING[level])] * 2 == held.texts[-2:]
    assert held.spoken[-1].whole
    assert EndReason.GOODBYE is held.metrics.end
