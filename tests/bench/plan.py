"""Which calls are placed: scripts, conditions, and which of them one at a time, which four at once.  Pure."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from telephony.twin.line_noise import Conditions, NoiseKind
from telephony.twin.script import BargeIn, HangUp, MmHm, Pause, Say, SayFile, Script, Step, Wait, WaitFor

NOISE_DB: Final = 10.0
ECHO_DB: Final = -20.0
LINES: Final[tuple[tuple[str, float | None, NoiseKind, float | None], ...]] = (
    ("clean", None, NoiseKind.ROOM, None),
    ("room", NOISE_DB, NoiseKind.ROOM, None),
    ("echo", None, NoiseKind.ROOM, ECHO_DB),
    ("clean", None, NoiseKind.ROOM, None),
    ("babble", NOISE_DB, NoiseKind.BABBLE, None),
    ("echo", None, NoiseKind.ROOM, ECHO_DB),
    ("clean", None, NoiseKind.ROOM, None),
    ("clatter", NOISE_DB, NoiseKind.CLATTER, None),
    ("echo", None, NoiseKind.ROOM, ECHO_DB),
)
"""The three conditions of the issue in turn; the noise is another kind each time."""
LIMIT_S: Final = 600  # a caller's patience must not end a bench call; the longest that a script may say
ANSWER_MS: Final = 750  # "One moment." and "Take your time." are shorter; the shortest answer is longer


@dataclass(frozen=True, slots=True)
class Planned:
    """One call to place."""

    name: str
    """Its script's folder and file, e.g. `house/knee`."""
    path: Path
    script: Script
    line: str
    """Of `LINES`."""
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the caller, as the script has it."""

    step: int
    """Its last step, from 1."""
    expect: tuple[str, ...]
    barge_in: bool


def turns_of(script: Script) -> tuple[Turn, ...]:
    """The script's turns in order; neighbouring `say`, `file` and pause steps are one."""
    turns: list[Turn] = []
    open_: list[str] | None = None
    for n, step in enumerate(script.steps, 1):
        if isinstance(step, Say | SayFile | Pause):
            if not isinstance(step, Pause):
                open_ = [*(open_ or ()), *step.expect]
            following = script.steps[n] if n < len(script.steps) else None
            if open_ is not None and not isinstance(following, Say | SayFile | Pause):
                turns.append(Turn(n, tuple(open_), barge_in=False))
                open_ = None
        elif isinstance(step, BargeIn):
            turns.append(Turn(n, step.sound.expect, barge_in=True))
    return tuple(turns)


def sayable_turns(turns: Sequence[Turn], in_vain: Sequence[int]) -> tuple[Turn, ...]:
    """The turns without the barge-ins for which no reply came; said were the first of these, up to the line's end."""
    return tuple(turn for turn in turns if not (turn.barge_in and turn.step in in_vain))


def patient(script: Script) -> Script:
    """The same caller, who waits for an answer where she heard a filler, and does not hang up by the clock."""
    steps = tuple(
        dataclasses.replace(step, min_ms=max(step.min_ms, ANSWER_MS))
        if isinstance(step, Wait) and step.what is WaitFor.REPLY_END
        else step
        for step in script.steps
    )
    return dataclasses.replace(script, steps=steps, limit_s=LIMIT_S)


def first_turns(script: Script, most: int) -> Script:
    """The script up to its `most`-th turn and what follows it until the next, then a hang-up."""
    kept: list[Step] = []
    begun, speaking = 0, False
    for step in script.steps:
        speaks = isinstance(step, Say | SayFile | Pause)
        if (speaks and not speaking) or isinstance(step, BargeIn):
            begun += 1
        speaking = speaks
        if begun > most:
            return dataclasses.replace(script, steps=(*kept, HangUp()))
        kept.append(step)
    return script


def planned(scripts: Sequence[tuple[str, Path, Script]], seed: int) -> tuple[Planned, ...]:
    """Each script with its line; every voice meets every condition in turn.  Another seed turns them on."""
    calls: list[Planned] = []
    met: dict[str, int] = {}
    for name, path, script in scripts:
        at = met.setdefault(script.voice, (seed + 3 * len(met)) % len(LINES))
        met[script.voice] += 1
        line, snr, kind, echo = LINES[at % len(LINES)]
        conditions = Conditions(snr, kind, echo, seed=seed * 1000 + len(calls) + 1)
        calls.append(Planned(name, path, patient(script), line, conditions))
    return tuple(calls)


def split(calls: Sequence[Planned], alone_turns: int, seed: int) -> tuple[tuple[Planned, ...], tuple[Planned, ...]]:
    """(one at a time, four at once): the first has at least `alone_turns` turns, from every folder in turn."""
    drawn = random.Random(seed)
    folders = [list(group) for _, group in itertools.groupby(calls, lambda call: call.name.split("/")[0])]
    for folder in folders:
        drawn.shuffle(folder)
    alone: list[Planned] = []
    turns = 0
    for call in _in_turn(folders):
        if turns >= alone_turns:
            break
        alone.append(call)
        turns += len(turns_of(call.script))
    rest = [call for call in calls if call not in alone]
    drawn.shuffle(rest)
    return tuple(alone), tuple(rest)


def _in_turn(folders: Sequence[Sequence[Planned]]) -> Iterator[Planned]:
    for row in itertools.zip_longest(*folders):
        yield from (call for call in row if call is not None)


@dataclass(frozen=True, slots=True)
class Makeup:
    """What a set of scripts holds."""

    turns: int
    pauses: int
    barge_ins: int
    mmhms: int

    @classmethod
    def of(cls, scripts: Sequence[Script]) -> Makeup:
        steps = [step for script in scripts for step in script.steps]
        said = [step.sound if isinstance(step, BargeIn) else step for step in steps]
        return cls(
            turns=sum(len(turns_of(script)) for script in scripts),
            pauses=sum(s.text.count("|") for s in said if isinstance(s, Say))
            + sum(isinstance(step, Pause) for step in steps),
            barge_ins=sum(isinstance(step, BargeIn) for step in steps),
            mmhms=sum(isinstance(step, MmHm) for step in steps),
        )


def to_json(call: Planned, most_turns: int | None) -> dict[str, Any]:
    """For the caller's process, which reads the script itself."""
    line = call.conditions
    return {
        "name": call.name,
        "path": str(call.path),
        "line": call.line,
        "most_turns": most_turns,
        "noise_snr_db": line.noise_snr_db,
        "noise_kind": line.noise_kind.value,
        "echo_db": line.echo_db,
        "seed": line.seed,
    }


def conditions_of(call: dict[str, Any]) -> Conditions:
    """The line of a call that `to_json` wrote."""
    return Conditions(call["noise_snr_db"], NoiseKind(call["noise_kind"]), call["echo_db"], seed=call["seed"])
