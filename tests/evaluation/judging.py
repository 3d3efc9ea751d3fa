"""Each line of a set read once by the model, then judged as a call judges it, with these thresholds or others."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from policies.guardrails import found_in
from policies.phi import PHI, Utterance
from policies.redflags import Finding, RedFlags
from policies.rules.batch import LABELS
from policies.scope import SURE_ANSWER, Route, routed
from policies.urgency import IN_CALLS, Thresholds, UrgencyReader
from tests.evaluation.sets import Line, source_of

Setting = TypeVar("Setting")
GRID: Final = tuple(
    Thresholds(emergency, person, hint)
    for emergency, person, hint in itertools.product(
        (0.3, 0.4, 0.5, 0.6, 0.7), (0.7, 0.8, 0.85, 0.9, 0.95), (0.02, 0.05, 0.1, 0.2, 0.3)
    )
)
SCOPE_GRID: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
BARS: Final = {
    "emergency_recall_unambiguous": (98.0, True),
    "emergency_reaches_a_person": (100.0, True),
    "nurse_reaches_a_person": (95.0, True),
    "false_alarm_any_on_clear_routine": (8.0, False),
    "false_911_on_routine": (1.0, False),
}
"""Of each field of `score_redflag.py` the bar in percent, and whether more is better."""


@dataclass(frozen=True, slots=True)
class Read:
    """A line, and what the model made of its words."""

    line: Line
    said: Utterance


@dataclass(frozen=True, slots=True)
class Found(RedFlags):
    """The rules, with what they found in words they have judged: a grid asks them the same again and again."""

    known: Mapping[str, Finding] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: RedFlags, read: Iterable[Read]) -> Found:
        texts = {one.said.words.reveal() for one in read}
        return cls(rules.rules, rules.context, rules.bounds, {text: rules.judge(text) for text in texts})

    def judge(self, words: str) -> Finding:
        return self.known[words]


def read_by(reader: UrgencyReader, lines: Iterable[Line]) -> list[Read]:
    """Every line, once."""

    def one(line: Line) -> Read:
        words = PHI(str(line["text"]))
        urgency, scope = reader.read(words)
        return Read(line, Utterance(words, doubtful=False, urgency=urgency, scope=scope))

    return [one(line) for line in lines]


def urgencies(read: Iterable[Read], rules: RedFlags, sure: Thresholds = IN_CALLS) -> dict[str, str]:
    """The label of each line by its id, as the sets name them."""
    return {one.line["id"]: LABELS[found_in(one.said, rules, sure).urgency] for one in read}


def by_rules_alone(read: Iterable[Read], rules: RedFlags) -> dict[str, str]:
    return urgencies((Read(one.line, replace(one.said, urgency=None)) for one in read), rules)


def by_reader_alone(read: Iterable[Read], rules: RedFlags) -> dict[str, str]:
    return urgencies(read, RedFlags((), rules.context))


def routes(read: Iterable[Read], sure: float = SURE_ANSWER) -> dict[str, str]:
    """The route of each line by its id."""
    return {one.line["id"]: route_of(one.said, sure).value for one in read}


def route_of(said: Utterance, sure: float = SURE_ANSWER) -> Route:
    assert said.scope is not None
    return routed(said.scope.reveal(), sure)


def left_out(
    lines: Sequence[Line],
    settings: Sequence[Setting],
    judged: Callable[[Setting], Mapping[str, str]],
    choose: Callable[[Sequence[Line], Mapping[Setting, Mapping[str, str]]], Setting],
) -> tuple[dict[str, str], dict[str, Setting]]:
    """Leave one source out: (labels of every line, the setting of every source).

    judged: the labels of all lines by a setting.  choose: of these lines and their labels by each setting the best
    setting; it is given the lines and labels of all sources but the one that is labelled with what it chose.
    """
    by_setting = {setting: judged(setting) for setting in settings}
    labels: dict[str, str] = {}
    chosen: dict[str, Setting] = {}
    for source in sorted({source_of(line) for line in lines}):
        others = [line for line in lines if source_of(line) != source]
        ids = {line["id"] for line in others}
        seen = {setting: {id_: all_[id_] for id_ in ids} for setting, all_ in by_setting.items()}
        chosen[source] = choose(others, seen)
        labels |= {line["id"]: by_setting[chosen[source]][line["id"]] for line in lines if source_of(line) == source}
    return labels, chosen


def middle(settings: Sequence[Setting], coordinates: Callable[[Setting], tuple[float, ...]]) -> Setting:
    """Of settings that do equally well the middle one by the first coordinate, among those by the second, and so on."""
    left = list(settings)
    for at in range(len(coordinates(left[0]))):
        values = sorted({coordinates(setting)[at] for setting in left})
        kept = values[(len(values) - 1) // 2]
        left = [setting for setting in left if coordinates(setting)[at] == kept]
    return left[0]


def least_short(
    shortfall: Callable[[Setting], float],
    settings: Iterable[Setting],
    coordinates: Callable[[Setting], tuple[float, ...]],
) -> Setting:
    """The setting with which the bars are missed by the fewest points together; of equal ones the middle."""
    by_points = [(round(shortfall(setting), 6), setting) for setting in settings]
    fewest = min(points for points, _ in by_points)
    return middle([setting for points, setting in by_points if points == fewest], coordinates)


def short(percent: float, bar: float, *, more_is_better: bool) -> float:
    """By how many points a bar is missed."""
    return max(0.0, bar - percent if more_is_better else percent - bar)


def scorer_module(path: Path) -> Any:
    """A scorer as a module, for its `metrics`: a grid asks too often to start a process each time."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def sides(thresholds: Thresholds) -> tuple[float, ...]:
    return thresholds.emergency, thresholds.person, thresholds.hint


def choose_thresholds(metrics: Callable[[Any], Mapping[str, Any]]) -> Any:
    """metrics: of `score_redflag.py`."""

    def choose(lines: Sequence[Line], by_setting: Mapping[Thresholds, Mapping[str, str]]) -> Thresholds:
        def shortfall(thresholds: Thresholds) -> float:
            found = metrics([(line, by_setting[thresholds][line["id"]]) for line in lines])
            return sum(
                short(100 * found[name]["k"] / found[name]["n"], bar, more_is_better=more) if found[name]["n"] else 0.0
                for name, (bar, more) in BARS.items()
            )

        return least_short(shortfall, by_setting, sides)

    return choose
