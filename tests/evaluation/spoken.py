"""Lines of the sets as speech over a telephone: what is lost between what was said and what is heard.

The development set brings its own sound, 86 lines by one voice.  Of the strangers' sets every line is said, in four
voices by turns, every second one with people talking around her: so many that a bar of three points means something.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policies.redflags import RedFlags
from policies.rules.batch import LABELS
from policies.scope import Route
from policies.urgency import UrgencyReader
from telephony.audio import Int16
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.wav import read_wav
from tests.evaluation import judging, scope, text
from tests.evaluation.board import Board, Miss, Share, loss
from tests.evaluation.hearing import Engines, Hearing
from tests.evaluation.judging import read_by, route_of
from tests.evaluation.patients import NOISE
from tests.evaluation.sets import Line, Sets, accepted, rows, share
from tests.evaluation.speaking import Rendered
from tests.evaluation.unseen import FOLDER

MANIFEST: Final = "spoken/dev/manifest.jsonl"
LOSS_BAR: Final = 3.0
AT_ONCE: Final = 2
VOICES: Final = ("slt", "rms", "awb", "kal")  # flite's: two of American English, a Scot, and its oldest, a poor one
RIGHT: Final = "right, or also accepted"


@dataclass(frozen=True, slots=True)
class Said:
    """What was heard of one line, and what followed."""

    words: str
    urgency: str
    route: str
    asked: bool


async def hear_all(
    engines: Engines,
    lines: Sequence[Line],
    sound: Callable[[int, Line], Int16],
    around: Sequence[Floor | None] = (None,),
) -> dict[str, Said]:
    """What was heard, by the line's id.

    sound: of a line and its place, at 8 kHz.  around: what is heard around the speakers, by turns.
    """
    free = asyncio.Semaphore(AT_ONCE)
    found: dict[str, Said] = {}

    async def one(number: int, line: Line) -> None:
        async with free:
            hearing = Hearing(engines, number)
            await hearing.listen(await asyncio.to_thread(sound, number, line), around[number % len(around)])
            heard = hearing.turn
            route = route_of(heard) if heard is not None and heard.scope is not None else Route.DIAGNOSIS
            words = "" if heard is None else heard.words.reveal()
            found[line["id"]] = Said(words, LABELS[hearing.found], route.value, hearing.asked)

    async with asyncio.TaskGroup() as tasks:
        for number, line in enumerate(lines):
            tasks.create_task(one(number, line))
    return found


def evaluate(sets: Sets, reader: UrgencyReader, rules: RedFlags, engines: Engines) -> Board:
    """Raises `SetsMissing`."""
    lines = sets.lines(MANIFEST)
    flags = [line for line in lines if str(line["audio"]).startswith("redflag-")]
    questions = [line for line in lines if str(line["audio"]).startswith("scope-")]
    folder = (sets.folder / MANIFEST).parent
    heard = asyncio.run(hear_all(engines, lines, lambda _, line: read_wav(folder / str(line["audio"]))))
    board = Board("Spoken over 8 kHz mu-law, recognised, and judged as in a call")
    _compare(board, sets, reader, rules, flags, questions, heard)
    board.notes.append(
        f"{len(flags)} red-flag lines and {len(questions)} questions, by one synthetic voice, some in noise"
    )
    return board


def of_strangers(sets: Sets, reader: UrgencyReader, rules: RedFlags, engines: Engines) -> Board:
    """Raises `SetsMissing` where the scorers are not there, `BuildFailed` without flite."""
    flags = [line for file in sorted(FOLDER.glob("urgency_*.jsonl")) for line in rows(file)]
    questions = [line for file in sorted(FOLDER.glob("scope_*.jsonl")) for line in rows(file)]
    rendered = Rendered()

    def sound(number: int, line: Line) -> Int16:
        return rendered.say(VOICES[number // 2 % len(VOICES)], str(line["text"]))

    heard = asyncio.run(hear_all(engines, [*flags, *questions], sound, (Floor(Conditions()), Floor(NOISE))))
    board = Board("The sets of strangers, spoken: four voices, every second line among people talking, 8 kHz mu-law")
    _compare(board, sets, reader, rules, flags, questions, heard)
    board.notes.append(f"{len(flags)} red-flag lines and {len(questions)} questions; the synthetic voices are flite's")
    return board


def _compare(
    board: Board,
    sets: Sets,
    reader: UrgencyReader,
    rules: RedFlags,
    flags: Sequence[Line],
    questions: Sequence[Line],
    heard: Mapping[str, Said],
) -> None:
    written = judging.urgencies(read_by(reader, flags), rules)
    urgencies = {line["id"]: heard[line["id"]].urgency for line in flags}
    asked_as = judging.routes(read_by(reader, questions))
    routes = {line["id"]: heard[line["id"]].route for line in questions}
    before, after = (sets.score(text.SCORER, flags, labels) for labels in (written, urgencies))
    for name, (_, more) in judging.BARS.items():
        _lost(board, name, share(before, name), share(after, name), more_is_better=more)
    first, then = (scope.measures(sets.score(scope.SCORER, questions, labels)) for labels in (asked_as, routes))
    for name in scope.BARS:
        _lost(board, name, first[name], then[name], more_is_better=False)
    board.say("scope, right or also accepted", f"written {first[RIGHT]}, spoken {then[RIGHT]}")
    board.say("symptoms asked about, heard in doubt", sum(heard[line["id"]].asked for line in flags))
    board.say("of which no word was heard", sum(not said.words for said in heard.values()))
    board.notes.append("written: the same lines as they were said, judged as text")
    board.misses = [*_misses(flags, written, urgencies, heard), *_misses(questions, asked_as, routes, heard)]


def _lost(board: Board, name: str, written: Share, spoken: Share, *, more_is_better: bool) -> None:
    lost = loss(written, spoken, more_is_better=more_is_better)
    board.loses_at_most(name, lost, f"written {written}, spoken {spoken}", LOSS_BAR)


def _misses(
    lines: Sequence[Line], written: Mapping[str, str], spoken: Mapping[str, str], heard: Mapping[str, Said]
) -> list[Miss]:
    """Every line that is not right when spoken, and what was heard of it."""
    return [
        Miss(
            "lost" if accepted(line, written[line["id"]]) else "wrong in writing too",
            line["id"],
            line["label"],
            spoken[line["id"]],
            f"{line['text']}  | heard: {heard[line['id']].words}",
        )
        for line in lines
        if not accepted(line, spoken[line["id"]])
    ]
