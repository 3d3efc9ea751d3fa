"""Lines of the sets as speech over a telephone: what is lost between what was said and what is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policies.redflags import RedFlags
from policies.rules.batch import LABELS
from policies.scope import Route
from policies.urgency import UrgencyReader
from telephony.twin.wav import read_wav
from tests.evaluation import judging, scope, text
from tests.evaluation.board import Board, Miss, Share, loss
from tests.evaluation.hearing import Engines, Hearing
from tests.evaluation.judging import read_by, route_of
from tests.evaluation.sets import Line, Sets, accepted, share

MANIFEST: Final = "spoken/dev/manifest.jsonl"
LOSS_BAR: Final = 3.0
AT_ONCE: Final = 2
RIGHT: Final = "right, or also accepted"


@dataclass(frozen=True, slots=True)
class Said:
    """What was heard of one line, and what followed."""

    words: str
    urgency: str
    route: str
    asked: bool


async def hear_all(engines: Engines, folder: Path, lines: Sequence[Line]) -> dict[str, Said]:
    """Every line's sound, by the line's id."""
    free = asyncio.Semaphore(AT_ONCE)
    found: dict[str, Said] = {}

    async def one(number: int, line: Line) -> None:
        async with free:
            hearing = Hearing(engines, number)
            await hearing.listen(read_wav(folder / str(line["audio"])))
            heard = hearing.turn
            route = route_of(heard) if heard is not None and heard.scope is not None else Route.DIAGNOSIS
            words = "" if heard is None else heard.words.reveal()
            found[line["id"]] = Said(words, LABELS[hearing.found], route.value, hearing.asked)

    async with asyncio.TaskGroup() as tasks:
        for number, line in enumerate(lines):
            tasks.create_task(one(number, line))
    return found


def evaluate(sets: Sets, reader: UrgencyReader, rules: RedFlags, engines: Engines) -> Board:
    lines = sets.lines(MANIFEST)
    flags = [line for line in lines if str(line["audio"]).startswith("redflag-")]
    questions = [line for line in lines if str(line["audio"]).startswith("scope-")]
    heard = asyncio.run(hear_all(engines, (sets.folder / MANIFEST).parent, lines))
    written = judging.urgencies(read_by(reader, flags), rules)
    urgencies = {line["id"]: heard[line["id"]].urgency for line in flags}
    asked_as = judging.routes(read_by(reader, questions))
    routes = {line["id"]: heard[line["id"]].route for line in questions}
    board = Board("Spoken over 8 kHz mu-law, recognised, and judged as in a call")
    before, after = (sets.score(text.SCORER, flags, labels) for labels in (written, urgencies))
    for name, (_, more) in judging.BARS.items():
        _lost(board, name, share(before, name), share(after, name), more_is_better=more)
    first, then = (scope.measures(sets.score(scope.SCORER, questions, labels)) for labels in (asked_as, routes))
    for name in scope.BARS:
        _lost(board, name, first[name], then[name], more_is_better=False)
    board.say("scope, right or also accepted", f"written {first[RIGHT]}, spoken {then[RIGHT]}")
    board.say("symptoms asked about, heard in doubt", sum(heard[line["id"]].asked for line in flags))
    board.say("of which no word was heard", sum(not said.words for said in heard.values()))
    board.notes.append(
        f"{len(flags)} red-flag lines and {len(questions)} questions, by one synthetic voice, some in noise"
    )
    board.notes.append("written: the same lines as they were said, judged as text")
    board.misses = [*_misses(flags, written, urgencies, heard), *_misses(questions, asked_as, routes, heard)]
    return board


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
