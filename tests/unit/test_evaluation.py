"""The scoreboard's arithmetic, how thresholds are chosen, how a call's end is judged; nothing was learnt from a set."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.passages import load
from agent.phrases import Phrase, PhraseTexts
from deploy.teaching.sentences import shared
from policies.phi import PHI, Utterance
from policies.rules.written import red_flags
from telephony.twin.caller import Held
from telephony.twin.measure import BargeInReport, CallReport, Recording, TurnReport
from telephony.twin.script import BargeIn, Say
from telephony.twin.twiml_reader import Dial
from tests.bench.wording import plain
from tests.evaluation import scope
from tests.evaluation.board import Board, Miss, Share, loss, quantile
from tests.evaluation.calls import SPANISH_S, Ended, Material, faults, last_reply, stopped_ms, stretches
from tests.evaluation.judging import (
    GRID,
    Found,
    Read,
    by_reader_alone,
    by_rules_alone,
    left_out,
    middle,
    short,
    urgencies,
)
from tests.evaluation.patients import PATIENTS, End
from tests.evaluation.sets import BESIDE, ROOT, Line, Sets, SetsMissing, rows, source_of
from tests.real_line import NURSE

NO_DIALS: Final[tuple[Any, ...]] = ()


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(44, 45, 0.884, 0.996), (68, 68, 0.947, 1.0), (0, 35, 0.0, 0.099), (5, 10, 0.237, 0.763), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval_is_as_published(count: int, of: int, low: float, high: float) -> None:
    found = Share(count, of).interval()

    assert (low, high) == (round(found[0], 3), round(found[1], 3))


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_rate(counted: tuple[int, int]) -> None:
    share = Share(*counted)
    low, high = share.interval()

    assert 0 <= low <= share.rate + 1e-9
    assert share.rate - 1e-9 <= high <= 1


def test_a_loss_is_in_points_and_has_a_direction() -> None:
    nine, eight, none = Share(9, 10), Share(8, 10), Share(0, 0)

    assert 10 == pytest.approx(loss(nine, eight, more_is_better=True))
    assert -10 == pytest.approx(loss(nine, eight, more_is_better=False))
    assert math.isnan(loss(nine, none, more_is_better=True))


def test_a_bar_is_met_or_not_and_one_that_was_not_counted_is_not() -> None:
    board = Board("Red flags")
    board.at_least("at the bar", Share(98, 100), 98.0)
    board.at_most("at this bar", Share(8, 100), 8.0)
    board.loses_at_most("as little", 3.0, "", 3.0)
    board.within("as fast", 1.0, 10.0, 10.0)
    board.say("told", "so")
    assert board.met
    assert 4 == board.printed().count("  met\n")

    board.at_least("", Share(979, 1000), 98.0)
    board.at_most("", Share(81, 1000), 8.0)
    board.at_most("", Share(0, 0), 8.0)
    board.loses_at_most("", math.nan, "", 3.0)
    board.within("", 1.0, 10.1, 10.0)
    assert [False] * 5 == [row.met for row in board.rows[5:]]
    assert not board.met


def test_every_miss_is_shown_and_without_its_words_where_that_is_asked_for() -> None:
    board = Board("Scope", misses=[Miss("direct", "scd0001", "defer", "answer", "may I take two")])

    assert "scd0001  defer > answer  | may I take two" in board.printed()
    assert "take two" not in board.printed(with_text=False)
    assert "scd0001" in board.printed(with_text=False)


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert [10, 19, 20] == [quantile(range(1, 21), share) for share in (0.5, 0.95, 1.0)]


def test_a_source_is_its_collection_without_the_dialogue() -> None:
    named = ["a/b day1_c02, verbatim", "a/b#12", "written and labelled", "a/c, x"]

    assert ["a/b", "a/b", "written", "a/c"] == [source_of({"source": name}) for name in named]


def test_thresholds_are_chosen_without_the_source_that_is_scored() -> None:
    lines = [{"id": f"{source}{n}", "source": source} for source in ("one", "two", "three") for n in range(3)]
    seen: list[set[str]] = []

    def choose(others: Any, by_setting: Mapping[int, Mapping[str, str]]) -> int:
        left = {line["source"] for line in others}
        assert all(set(labels) == {line["id"] for line in others} for labels in by_setting.values())
        seen.append(left)
        return ["one", "two", "three"].index(({"one", "two", "three"} - left).pop())

    labels, chosen = left_out(lines, (0, 1, 2), lambda setting: {line["id"]: str(setting) for line in lines}, choose)

    assert [{"one", "two"}, {"two", "three"}, {"one", "three"}] == [seen[1], seen[0], seen[2]]
    assert {"one": 0, "two": 1, "three": 2} == chosen
    assert {"one": "0", "two": "1", "three": "2"} == {line["source"]: labels[line["id"]] for line in lines}
    assert len(lines) == len(labels)


def test_of_settings_that_do_equally_well_the_middle_is_chosen() -> None:
    assert (0.5, 0.85, 0.1) == middle([(t.emergency, t.person, t.hint) for t in GRID], lambda setting: setting)
    assert 3 == middle([5, 3, 1], lambda setting: (setting,))


def test_a_bar_is_missed_by_points_in_its_own_direction() -> None:
    assert [2.0, 0.0] == [short(96, 98, more_is_better=True), short(99, 98, more_is_better=True)]
    assert [0.0, 1.0] == [short(7, 8, more_is_better=False), short(9, 8, more_is_better=False)]


def test_how_sure_an_answer_must_be_is_chosen_by_the_bars() -> None:
    lines: list[Line] = [
        {"id": "dose", "label": "defer_dose_change"},
        {"id": "either", "label": "defer_diagnosis", "also_ok": ["answer_from_kb"]},
        {"id": "plain", "label": "answer_from_kb"},
    ]
    answered = {"dose": "answer_from_kb", "either": "answer_from_kb", "plain": "answer_from_kb"}
    right = answered | {"dose": "defer_dose_change"}
    refused = right | {"plain": "admin"}

    assert 0.5 == scope.choose(lines, {0.3: answered, 0.5: right, 0.7: refused})


def test_rules_and_reader_are_judged_together_and_each_alone_and_by_other_thresholds() -> None:
    rules = red_flags()

    def read(id_: str, text: str, *likely: float) -> Read:
        urgency = PHI(np.array(likely, np.float32))
        return Read({"id": id_, "text": text}, Utterance(PHI(text), doubtful=False, urgency=urgency))

    lines = [
        read("both", "my chest is killing me right now", 0.1, 0.1, 0.0, 0.8),
        read("heard", "something is sitting on me and I sweat", 0.2, 0.2, 0.0, 0.6),
        read("written", "my chest is killing me since noon", 0.98, 0.0, 0.0, 0.02),
    ]
    known = Found.of(rules, lines)
    stricter, laxer = (dataclasses.replace(GRID[0], emergency=e, hint=h) for e, h in ((0.7, 0.3), (0.5, 0.01)))

    together = {"both": "emergency_911", "heard": "emergency_911", "written": "nurse_now"}
    assert together == urgencies(lines, known)
    assert together | {"heard": "nurse_now"} == urgencies(lines, known, stricter)
    assert together | {"written": "emergency_911"} == urgencies(lines, known, laxer)
    assert {"both": "emergency_911", "heard": "routine", "written": "emergency_911"} == by_rules_alone(lines, known)
    assert together | {"written": "routine"} == by_reader_alone(lines, rules)


def test_a_scorer_is_given_lines_and_labels_and_no_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "scorer.py").write_text(
        "import json, sys\n"
        "gold, given = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])\n"
        "print(json.dumps({'gold': gold, 'given': given, 'paths': sys.argv[1:]}))\n"
    )
    found = Sets(tmp_path).score("scorer.py", [{"id": "a", "text": "hello"}], {"a": "routine"})

    assert ([{"id": "a", "text": "hello"}], [{"id": "a", "label": "routine"}]) == (found["gold"], found["given"])
    assert all(path.startswith("/proc/self/fd/") for path in found["paths"])
    assert ["scorer.py"] == [path.name for path in tmp_path.iterdir()]


def test_a_set_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SetsMissing, match="--sets"):
        Sets(tmp_path).lines("redflag_dev.jsonl")


# -- the end of a call -----------------------------------------------------------------------------------------------

TEXTS: Final = PhraseTexts.for_agent("Riverside General Hospital", "", draft=True, days=7).texts
MATERIAL: Final = Material(TEXTS, load(ROOT / "deploy" / "knowledge").passages)
EMERGENCY: Final = (
    "This may be an emergency, hang up and call nine one one now. If you can't stay on the line, and I'll get a nurse"
)


def ended(after: str, *, dialled: bool = True, stopped: float | None = 300.0, **record: str) -> Ended:
    report = CallReport(
        script="",
        duration_ms=0,
        greeting_ms=None,
        turns=(),
        barge_ins=(),
        mmhms=(),
        dry_spells=(),
        unprovoked_clears_ms=(),
    )
    verbs = (Dial(NURSE, None, 25),) if dialled else NO_DIALS
    held = Held(report, Recording((), np.zeros(0, np.int16)), np.zeros(0, np.int16), verbs)
    told = {"escalation": "red_flag", "outcome": "person", "end": "handed_over"} | record
    return Ended(plain(after), [after], held, stopped, told)


END: Final = End(("red_flag",), phrases=(Phrase.EMERGENCY,), words=("nurse",), stops=True)


def test_a_call_that_came_to_its_right_end_has_no_fault() -> None:
    assert [] == faults(END, ended(EMERGENCY), MATERIAL, "")


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        (ended(EMERGENCY, escalation="symptom"), "the record says symptom"),
        (ended(EMERGENCY, outcome="failed"), "no person: failed"),
        (ended(EMERGENCY, dialled=False), "not dialled"),
        (ended(EMERGENCY, stopped=1_200.0), "went on for 1200 ms"),
        (ended(EMERGENCY, stopped=None), "did not come to speak over"),
        (ended("I'm getting a nurse for you now"), "emergency was not heard"),
        (ended("this may be an emergency"), "'nurse' was not heard"),
    ],
)
def test_each_thing_that_went_wrong_is_named(what: Ended, fault: str) -> None:
    assert any(fault in found for found in faults(END, what, MATERIAL, ""))


def test_what_was_heard_is_cut_where_she_begins_and_the_stop_is_timed() -> None:
    tone = (8_000 * np.sin(np.arange(8_000))).astype(np.int16)  # a second
    heard = np.concatenate([tone, np.zeros(8_000, np.int16), tone])
    turn = TurnReport(500.0, 1_500.0, barged_in=True, gap_ms=None, answer_gap_ms=None, pauses=())
    spoke = BargeInReport(600.0, over_speech=True, silence_ms=None)
    held = ended("").held
    report = dataclasses.replace(held.report, turns=(turn,), barge_ins=(spoke,))
    both = dataclasses.replace(held, report=report, recording=Recording((), heard))

    assert [4_000, 20_000] == [len(stretch) for stretch in stretches(both)]
    assert 400.0 == pytest.approx(stopped_ms(both), abs=2)
    assert stopped_ms(held) is None


def test_a_passage_is_known_by_its_words_and_one_that_should_not_be_read_is_a_fault() -> None:
    passage = next(each for each in MATERIAL.passages if each.id == "store-insulin")
    read = ended(" ".join(passage.sentences[:2]), escalation="none", outcome="answered", end="goodbye")
    stays = End(("none",), passages=("store-insulin",), handed_over=False)

    assert [] == faults(stays, read, MATERIAL, "")
    assert ["it read store-insulin, not none"] == faults(dataclasses.replace(stays, passages=()), read, MATERIAL, "")
    assert ["it read no passage, not store-insulin"] == faults(stays, dataclasses.replace(read, after=""), MATERIAL, "")


def test_spanish_must_be_heard_at_the_beginning_of_the_last_reply() -> None:
    wants = End(("red_flag",), spanish=True)
    tone = (8_000 * np.sin(np.arange(8 * 8_000))).astype(np.int16)  # eight seconds
    held = dataclasses.replace(ended("").held, recording=Recording((), np.concatenate([np.zeros(400, np.int16), tone])))

    assert ["no Spanish was heard"] == faults(wants, ended(""), MATERIAL, plain("one moment please a person is coming"))
    assert [] == faults(wants, ended(""), MATERIAL, plain("en momento por favor viene una persona"))
    assert SPANISH_S * 8_000 == len(last_reply(held))
    assert np.abs(last_reply(held)[:400]).max() > 4_000


def test_nine_patients_call_in_two_voices_each() -> None:
    assert 9 == len({patient.name for patient in PATIENTS})
    assert all(2 == len(set(patient.voices)) for patient in PATIENTS)


# -- nothing was learnt from a set -----------------------------------------------------------------------------------


def ours() -> Iterator[str]:
    """Every sentence by which the line judges, routes or finds, and those of the synthetic patients."""
    for rule in red_flags().rules:
        yield from (*rule.must, *rule.must_not)
    for file in sorted((ROOT / "deploy" / "teaching").rglob("*.jsonl")):
        yield from (json.loads(line)["text"] for line in file.read_text("utf-8").splitlines())
    material = load(ROOT / "deploy" / "knowledge")
    for group in (*material.examples(), *material.sayings.outside.values()):
        yield from group
    for patient in PATIENTS:
        sounds = (step.sound if isinstance(step, BargeIn) else step for step in patient.steps)
        yield from (sound.text for sound in sounds if isinstance(sound, Say))


def test_no_sentence_shares_five_words_in_a_row_with_a_development_set() -> None:
    if not BESIDE.is_dir():
        pytest.skip("the development sets lie beside the repository in the project's own workshop")
    lines = [line for file in BESIDE.glob("*_dev.jsonl") for line in rows(file)]
    sentences = list(ours())

    known, whole = ["one two three four five"], ["Hello there."]
    assert ["So one, two three four five!", "hello there"] == shared(
        ["So one, two three four five!", "hello there", "one two three four", "hello there then"], [*known, *whole]
    )
    assert 15_000 < len(sentences)
    assert [] == shared(sentences, [text for line in lines for text in (line["text"], line.get("spoken_text", ""))])
