"""The bench's numbers: built from tones at known places and words at known times, they come out as put in."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.phrases import PhraseTexts
from telephony.audio import Int16
from telephony.twin.measure import CallReport, Recording, Uttered, UtteredAs
from telephony.twin.playback import Cleared, How, MarkBack, Piece
from telephony.twin.script import Script, Wait, WaitFor, parse_script
from tests.bench import cost, rows
from tests.bench.plan import (
    ANSWER_MS,
    Makeup,
    Planned,
    Turn,
    conditions_of,
    first_turns,
    patient,
    planned,
    sayable_turns,
    split,
    to_json,
    turns_of,
)
from tests.bench.recorded import Kept, keep, read
from tests.bench.score import MISSING, ScoredCall, ScoredTurn, quantile, score, share
from tests.bench.wording import Fixed, Word, holds, is_not_known, leading_asides, plain, spelled

FIXED: Final = Fixed.of(PhraseTexts.for_agent("Riverside General Hospital", "", draft=True, days=7))
HERE: Final = Path(__file__).parent
LINE: Final[dict[str, Any]] = {
    "ending": "hung_up",
    "close_code": None,
    "finished": True,
    "timeouts": [],
    "violations": {},
    "sent_late_ms": 0.0,
    "after": [],
}
TURN, BARGE_IN, MMHM = UtteredAs.TURN, UtteredAs.BARGE_IN, UtteredAs.MMHM


def tone(ms: int) -> Int16:
    return np.where(np.arange(ms * 8) % 16 < 8, 3_000, -3_000).astype(np.int16)


def said(as_: UtteredAs, *sounds: tuple[int, int]) -> Uttered:
    return Uttered(as_, tuple(Piece(start * 8, tone(end - start)) for start, end in sounds))


def call(
    uttered: tuple[Uttered, ...],
    *heard: tuple[int, int],
    total_ms: int = 20_000,
    line: str = "clean",
    clears: tuple[Cleared, ...] = (),
    spans: tuple[tuple[int, int], ...] = (),
    **told: Any,
) -> Kept:
    """A call in which the agent was heard in these stretches (ms)."""
    sound = np.zeros(total_ms * 8, np.int16)
    for start, end in heard:
        sound[start * 8 : end * 8] = tone(end - start)
    about = {"name": "house/test", "part": "one", "voice": "slt", "line": line}
    recording = Recording(uttered, sound, tuple((a * 8, b * 8) for a, b in spans), (), clears)
    return Kept(recording, {**LINE, **told}, about)


def words(text: str, start_ms: float, end_ms: float) -> list[Word]:
    """Spread evenly."""
    each = text.split()
    step = (end_ms - start_ms) / len(each)
    return [(word, start_ms + n * step, start_ms + (n + 1) * step) for n, word in enumerate(each)]


def heard(*replies: list[Word], in_pauses: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"replies": list(replies), "in_pauses": list(in_pauses)}


def scored(kept: Kept, what: dict[str, Any], *turns: Turn) -> ScoredCall:
    return score(kept, what, turns, FIXED)


ASKED: Final = Turn(2, ("shower",), barge_in=False)


def script(*steps: str) -> Script:
    return parse_script(f"steps = [{', '.join(steps)}]", HERE)


def test_the_gap_is_to_the_answer_and_a_filler_is_counted_apart() -> None:
    kept = call((said(TURN, (1_000, 2_000)),), (2_900, 3_450), (4_200, 8_000))
    what = heard(words("One moment.", 2_900, 3_450) + words("You may shower when your sheet says so.", 4_200, 8_000))
    (turn,) = scored(kept, what, ASKED).turns
    assert (900.0, 2_200.0, 1, True, True) == (
        turn.gap_ms,
        turn.answer_gap_ms,
        turn.asides,
        turn.asked,
        turn.addressed,
    )


def test_an_answer_that_follows_a_filler_without_a_breath_begins_where_the_filler_ends() -> None:
    kept = call((said(TURN, (1_000, 2_000)),), (2_900, 8_000))
    what = heard(words("One moment.", 2_900, 3_500) + words("You may shower when your sheet says so.", 3_500, 8_000))
    (turn,) = scored(kept, what, ASKED).turns
    assert (900.0, 1_500.0) == (turn.gap_ms, turn.answer_gap_ms)


def test_a_turn_that_got_only_a_filler_got_no_answer() -> None:
    kept = call((said(TURN, (1_000, 2_000)),), (2_900, 3_450))
    (turn,) = scored(kept, heard(words("One moment.", 2_900, 3_450)), ASKED).turns
    assert (MISSING, False) == (turn.answer_gap_ms, turn.addressed)


def test_a_prompt_after_a_long_silence_is_no_answer_and_the_same_words_at_once_are() -> None:
    text = "What else can I help you with?"
    late = call((said(TURN, (1_000, 2_000)),), (10_000, 11_200))
    soon = call((said(TURN, (1_000, 2_000)),), (2_600, 3_800))
    assert MISSING == scored(late, heard(words(text, 10_000, 11_200)), ASKED).turns[0].answer_gap_ms
    assert 600.0 == scored(soon, heard(words(text, 2_600, 3_800)), ASKED).turns[0].answer_gap_ms


def test_a_continuer_in_a_pause_is_no_reply_into_it_and_an_answer_is() -> None:
    turn = said(TURN, (1_000, 2_000), (3_200, 4_000))
    kept = call((turn,), (2_800, 3_300), (4_700, 8_000))
    reply = words("You may shower.", 4_700, 8_000)
    continuer = {"start": 2_800 * 8, "words": words("Take your time.", 2_800, 3_300)}
    answer = {"start": 2_800 * 8, "words": words("Do not drive yet.", 2_800, 3_300)}
    assert ((1_200.0, False),) == scored(kept, heard(reply, in_pauses=(continuer,)), ASKED).pauses
    assert ((1_200.0, True),) == scored(kept, heard(reply, in_pauses=(answer,)), ASKED).pauses


def test_a_reply_that_she_broke_into_is_not_judged() -> None:
    kept = call((said(TURN, (1_000, 2_000)), said(BARGE_IN, (4_000, 5_000))), (2_600, 4_200), (5_700, 9_000))
    first, second = scored(
        kept,
        heard(words("Do not drive", 2_600, 4_000), words("The staples come out at a visit.", 5_700, 9_000)),
        ASKED,
        Turn(3, ("staples",), barge_in=True),
    ).turns
    assert (False, True, True) == (first.asked, second.asked, second.addressed)


def test_a_missed_barge_in_is_infinite_and_one_after_the_reply_is_none() -> None:
    turn, late = said(TURN, (1_000, 2_000)), said(BARGE_IN, (9_000, 9_800))
    missed = call((turn, said(BARGE_IN, (4_000, 5_000))), (2_600, 8_000))
    planned_turns = (ASKED, Turn(3, (), barge_in=True))
    assert (MISSING,) == scored(missed, heard([], []), *planned_turns).silences_ms
    resumed = call((turn, said(BARGE_IN, (4_000, 5_000))), (2_600, 4_400), (4_700, 5_100), (5_400, 8_000))
    assert [600.0, MISSING] == [one.answer_gap_ms for one in scored(resumed, heard([], []), *planned_turns).turns]
    too_late = scored(call((turn, late), (2_600, 6_000)), heard([], []), *planned_turns)
    assert ((), 1) == (too_late.silences_ms, too_late.barge_ins_late)


def test_an_answer_is_stopped_by_noise_if_sound_was_cleared_while_she_was_silent() -> None:
    turn = said(TURN, (1_000, 2_000))
    whole, cleared = (2_600, 8_000), (Cleared(5_000 * 8, 0),)
    assert (False,) == scored(call((turn,), whole, line="babble"), heard([]), ASKED).listening
    assert (True,) == scored(call((turn,), whole, line="echo", clears=cleared), heard([]), ASKED).listening


@pytest.mark.parametrize(
    ("line", "reply", "mmhm"),
    [("clean", (2_600, 8_000), ()), ("room", (2_600, 5_000), ()), ("room", (2_600, 8_000), ((4_000, 4_300),))],
    ids=["a clean line", "a short answer", "a mm-hm in it"],
)
def test_listening_alone_needs_a_bad_line_a_long_answer_and_a_silent_caller(
    line: str, reply: tuple[int, int], mmhm: tuple[tuple[int, int], ...]
) -> None:
    uttered = (said(TURN, (1_000, 2_000)), *(said(MMHM, sound) for sound in mmhm))
    assert () == scored(call(uttered, reply, line=line), heard([]), ASKED).listening


def test_only_gaps_of_a_frame_and_more_are_counted() -> None:
    sound = ((1_000, 1_300), (1_320, 2_000), (2_010, 3_000))
    kept = call((), *sound, spans=sound)
    assert (20.0,) == scored(kept, heard()).underruns_ms


def test_questions_that_a_dead_line_kept_from_being_asked_are_told() -> None:
    kept = call((said(TURN, (1_000, 2_000)),), (2_600, 8_000), finished=False)
    turns = (ASKED, Turn(4, (), barge_in=False), Turn(6, ("drive",), barge_in=False))
    found = scored(kept, heard([]), *turns)
    assert (1, False) == (found.never_asked, found.finished)


def test_a_barge_in_that_waited_in_vain_is_left_out_of_the_turns_that_were_said() -> None:
    turns = (ASKED, Turn(3, ("a",), barge_in=True), Turn(5, ("b",), barge_in=False))
    assert (turns[0], turns[2]) == sayable_turns(turns, (3,))
    assert turns == sayable_turns(turns, (4,))


def test_a_recording_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    quiet = Uttered(MMHM, (Piece(4_000 * 8, tone(200) // 2),))
    uttered = (said(TURN, (1_000, 1_500), (1_900, 2_400)), quiet)
    kept = call(uttered, (2_900, 6_000), clears=(Cleared(80, 8),), spans=((2_900, 6_000),))
    recording = dataclasses.replace(kept.recording, marks=(MarkBack("a", 8, 16, How.PLAYED),))
    report = dataclasses.replace(kept.report(), timeouts=(3,), violations={"binary": 1}, finished=False)
    keep(tmp_path / "call.npz", recording, report, kept.about)
    back = read(tmp_path / "call.npz")
    assert report == back.report()
    assert kept.about == back.about
    assert (recording.marks, recording.clears) == (back.recording.marks, back.recording.clears)
    for was, is_ in zip(recording.uttered, back.recording.uttered, strict=True):
        assert was.as_ is is_.as_
        assert np.array_equal(was.sound()[1], is_.sound()[1])


def test_quantiles_are_of_the_nearest_rank_and_a_missing_value_stays_infinite() -> None:
    assert (2.0, 4.0) == (quantile([4.0, 1.0, 2.0, 3.0], 0.5), quantile([4.0, 1.0, 2.0, 3.0], 0.95))
    assert MISSING == quantile([1.0] * 9 + [MISSING], 0.95)
    assert 1.0 == quantile([1.0] * 19 + [MISSING], 0.95)
    assert math.isnan(quantile([], 0.5))
    assert (0.25, True) == (share([True, False, False, False]), math.isnan(share([])))


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_a_value_that_so_many_do_not_exceed(values: list[float], q: float) -> None:
    got = quantile(values, q)
    assert got in values
    assert sum(value <= got for value in values) >= q * len(values) - 1e-6


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "zero"), (14, "fourteen"), (40, "forty"), (99, "ninety nine"), (911, "nine hundred eleven")],
)
def test_figures_are_compared_as_words(number: int, text: str) -> None:
    assert text == spelled(number)
    assert text == plain(str(number))


def test_a_hoped_for_word_is_found_at_the_beginning_of_words_only() -> None:
    assert holds("Try walking, 10 minutes.", ["walk"])
    assert holds("It's ten minutes", ["10"])
    assert not holds("It is plain rice.", ["ice"])
    assert not holds("It is plain rice.", [])


def test_not_known_is_recognised_through_errors_of_the_transcript() -> None:
    text = "I don't have approved information about that, but a nurse can help say nurse or press 0."
    assert is_not_known(text, FIXED)
    assert is_not_known("I've moved information about that, but a nurse can help. Say nurse or press zero.", FIXED)
    assert is_not_known("Okay. " + text + " What else can I help you with?", FIXED)
    assert not is_not_known("Ask a nurse if your sheet does not say, or press on the wound for ten minutes.", FIXED)


def test_fillers_are_taken_from_the_front_only() -> None:
    spoken = words("One moment. Let me check your instructions. Keep the wound dry. One moment.", 0, 1_300)
    assert [(0.0, 200.0), (200.0, 700.0)] == [(a, b) for _, a, b in leading_asides(spoken, FIXED)]
    assert () == leading_asides(words("Keep the wound dry.", 0, 400), FIXED)
    assert () == leading_asides([], FIXED)


def test_neighbouring_steps_are_one_turn_and_expect_what_any_of_them_does() -> None:
    steps = script(
        '{ wait = "greeting_end" }',
        '{ say = "I fell", expect = ["fall"] }',
        "{ pause_ms = 400 }",
        '{ say = "what now", expect = ["call"] }',
        '{ barge_in_after_ms = 900, say = "wait", expect = ["drive"] }',
        '{ wait = "reply_end" }',
        '{ say = "bye" }',
    )
    assert (
        Turn(4, ("fall", "call"), barge_in=False),
        Turn(5, ("drive",), barge_in=True),
        Turn(7, (), barge_in=False),
    ) == turns_of(steps)
    assert Makeup(turns=3, pauses=1, barge_ins=1, mmhms=0) == Makeup.of([steps])
    assert [4, 5] == [turn.step for turn in turns_of(first_turns(steps, 2))]
    assert steps == first_turns(steps, 3)


def test_a_patient_caller_waits_for_more_than_a_filler() -> None:
    steps = patient(script('{ say = "may I walk" }', '{ wait = "reply_end" }', '{ wait = "quiet" }')).steps
    assert [ANSWER_MS, 0] == [step.min_ms for step in steps if isinstance(step, Wait)]
    assert WaitFor.REPLY_END is next(step.what for step in steps if isinstance(step, Wait))


def calls(count: int) -> tuple[Planned, ...]:
    entries = []
    for n in range(count):
        one = dataclasses.replace(script('{ say = "may I walk" }', '{ wait = "quiet" }'), voice=("slt", "rms")[n % 2])
        entries.append((f"{'house' if n < count / 2 else 'stranger'}/{n}", HERE / f"{n}.toml", one))
    return planned(entries, seed=1)


def test_every_voice_meets_a_clean_line_noise_and_echo() -> None:
    met = {(call.script.voice, rows.kind(call.line)) for call in calls(12)}
    assert {(voice, line) for voice in ("slt", "rms") for line in ("clean", "noise", "echo")} == met


def test_a_call_is_in_one_part_only_and_both_hands_are_in_each() -> None:
    every = calls(20)
    alone, rest = split(every, alone_turns=6, seed=3)
    assert sorted(call.name for call in every) == sorted(call.name for call in (*alone, *rest))
    assert 6 == len(alone)
    assert {"house", "stranger"} == {call.name.split("/")[0] for call in alone}
    assert (alone, rest) == split(every, alone_turns=6, seed=3)


def test_the_line_of_a_call_survives_the_way_to_the_caller_process() -> None:
    for one in calls(12):
        assert one.conditions == conditions_of(to_json(one, None))


def one_call(part: str, gaps: list[float], **more: Any) -> ScoredCall:
    turns = tuple(
        ScoredTurn(n, False, gap, gap, False, 0, asked=True, addressed=n != 1, not_known=n == 1, told="")
        for n, gap in enumerate(gaps, 1)
    )
    plainly: dict[str, Any] = {
        "name": "house/test",
        "part": part,
        "voice": "slt",
        "line": "clean",
        "greeting_ms": 20.0,
        "turns": turns,
        "never_asked": 0,
        "pauses": (),
        "silences_ms": (),
        "barge_ins_late": 0,
        "mmhms": (),
        "listening": (),
        "held": 0,
        "underruns_ms": (),
        "hesitations_ms": (),
        "answers_to_nobody": 0,
        "violations": 0,
        "finished": True,
        "sent_late_ms": 0.0,
        "off_ms": 0.0,
    }
    return ScoredCall(**{**plainly, **more})


def row(found: list[rows.Row], measure: str) -> rows.Row:
    return next(one for one in found if one.measure.startswith(measure))


def test_a_bar_is_met_only_if_both_its_parts_are() -> None:
    fast, tail = [one_call("one", [500.0] * 20)], [one_call("one", [500.0] * 18 + [1_200.0] * 2)]
    assert row(rows.gap_rows([fast]), "reply gap, 1 call").met
    assert row(rows.gap_rows([tail]), "reply gap, 1 call").met is False
    lost = row(rows.gap_rows([[one_call("one", [500.0] * 18 + [MISSING] * 2)]]), "reply gap, 1 call")
    assert (500.0, MISSING, False, "2 never came") == (lost.p50, lost.p95, lost.met, lost.note)
    assert "inf" == lost.to_json()["p95"]


def test_a_turn_whose_pause_was_spoken_into_times_nothing() -> None:
    turn = said(TURN, (1_000, 2_000), (3_200, 4_000))
    kept = call((turn,), (2_800, 3_300), (4_100, 8_000))
    cut = {"start": 2_800 * 8, "words": words("Do not drive", 2_800, 3_300)}
    one = scored(kept, heard(words("yet.", 4_100, 8_000), in_pauses=(cut,)), ASKED)
    assert [True] == [each.cut_into for each in one.turns]
    found = row(rows.gap_rows([[one, one_call("one", [700.0])]]), "reply gap, 1 call")
    assert (700.0, 1, "1 more whose pause was spoken into") == (found.p50, found.n, found.note)


def test_several_runs_give_the_median_of_their_values_and_all_their_turns() -> None:
    found = row(rows.gap_rows([[one_call("one", [ms] * 3)] for ms in (400.0, 900.0, 500.0)]), "reply gap, 1 call")
    assert (500.0, 9) == (found.p50, found.n)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    for one in [*rows.gap_rows([[]]), *rows.conversation_rows([[]]), *rows.sound_rows([[]])]:
        assert None is one.met
    assert None is rows.recognition_rows(None)[0].met


def test_conversation_rows_count_both_parts_and_not_the_model() -> None:
    run = [
        one_call("one", [500.0], mmhms=(True, False), pauses=((800.0, False), (1_500.0, True))),
        one_call("four", [500.0, 500.0], mmhms=(False, False), pauses=((900.0, True),), silences_ms=(200.0, MISSING)),
        one_call("model", [500.0] * 5, mmhms=(True,), pauses=((900.0, True),), silences_ms=(MISSING,)),
    ]
    found = rows.conversation_rows([run])
    assert (0.25, 4) == (row(found, "mm-hm").share, row(found, "mm-hm").n)
    assert (0.5, 2) == (row(found, "replies into").share, row(found, "replies into").n)
    assert (0.5, MISSING) == (row(found, "barge-ins missed").share, row(found, "barge-in: onset").p95)
    assert (1 / 3, 3) == (row(found, "answers that").share, row(found, "answers that").n)
    assert 2 / 3 == row(found, "  honestly").share


def test_a_gap_with_four_calls_misses_its_bar_of_none() -> None:
    assert row(rows.sound_rows([[one_call("four", [])]]), "gaps of").met
    assert row(rows.sound_rows([[one_call("four", [], underruns_ms=(40.0,))]]), "gaps of").met is False


def test_cpu_is_told_by_the_minute_of_call_and_memory_after_fourteen() -> None:
    spent = {"one": [{"line_cpu_s": 12.0, "call_s": 120.0, "resident_mb_most": 500.0}]}
    found = rows.resource_rows(spent, [float(n) for n in range(1, 21)])
    assert 6.0 == row(found, "line: CPU").p50
    assert (14.0, 14) == (row(found, "line: resident memory after").p50, row(found, "line: resident memory after").n)


def test_the_recognition_row_reads_the_scorers_own_output() -> None:
    told = {"wer": {"all/tel": {"wer": 0.131}}, "digits": {"tel": {"strings": 15, "strings_right": 14}}}
    errors, strings = rows.recognition_rows({"score": told})
    assert (0.131, True, True, 15) == (errors.share, errors.met, strings.met, strings.n)


def test_stages_are_told_with_their_share_of_the_median_gap() -> None:
    timing = {"endpoint_ms": 300, "stt_ms": 200, "answer_ms": 5, "tts_ms": 50, "gap_ms": 600}
    assert [0.5, 0.33, 0.01, 0.08, 1.0] == [stage["share"] for stage in rows.stages([timing])]


def test_every_fault_is_told_with_its_place_and_the_table_holds_a_line_a_row() -> None:
    bad = one_call("four", [MISSING, 2_000.0], silences_ms=(MISSING, 400.0), mmhms=(True,), finished=False)
    told = "\n".join(rows.faults([[bad]]))
    for what in ("turn 1: no answer", "after 2000 ms", "barge-in was missed", "400 ms after", "mm-hm", "line ended"):
        assert what in told
    found = rows.conversation_rows([[bad]])
    assert 1 + len(found) == len(rows.table(found).splitlines())
    assert "NOT MET" in rows.table(found)


def test_the_scripts_of_both_hands_hold_what_the_issue_asks_for() -> None:
    from tests.bench.__main__ import scripts

    every = scripts()
    house = Makeup.of([one for name, _, one in every if name.startswith("house/")])
    assert house.turns >= 60
    assert house.pauses >= 50
    assert (22, 22) == (house.barge_ins, house.mmhms)
    both = Makeup.of([one for _, _, one in every])
    assert both.turns >= 120
    assert both.pauses >= 100
    assert {"slt", "rms", "awb"} == {one.voice for _, _, one in every}


def test_a_report_keeps_the_line_s_own_facts() -> None:
    report: CallReport = call((), (100, 900), timeouts=[2], violations={"binary": 2}).report()
    assert ((2,), {"binary": 2}, 100.0) == (report.timeouts, report.violations, report.greeting_ms)


def compared(gaps: dict[str, list[float]], told: dict[str, list[str]]) -> list[rows.Row]:
    run = [one_call(part, gaps[part.removesuffix("-again")]) for part in told]
    said = [
        dataclasses.replace(
            call,
            turns=tuple(dataclasses.replace(t, told=text) for t, text in zip(call.turns, told[call.part], strict=True)),
        )
        for call in run
    ]
    return cost.rows([said])


def test_guards_that_make_the_slowest_answers_a_fifth_slower_miss_the_bar() -> None:
    told = {key: ["keep it dry", "take two"] for key in ("guarded", "unguarded", "guarded-again", "unguarded-again")}
    dear = compared({"guarded": [500.0, 1200.0], "unguarded": [500.0, 1000.0]}, told)
    cheap = compared({"guarded": [500.0, 1050.0], "unguarded": [500.0, 1000.0]}, told)

    assert (False, True) == (
        row(dear, "  dearer at the 95th percentile").met,
        row(cheap, "  dearer at the 95th percentile").met,
    )
    assert 1.0 == row(cheap, "answers the same as without guards").share


def test_another_answer_than_without_guards_is_seen() -> None:
    same, other = (
        ["keep the wound dry for two days", "walk a little"],
        ["keep the wound dry for two days", "call 911 now"],
    )
    told = {"guarded": same, "guarded-again": same, "unguarded": same, "unguarded-again": other}
    found = compared({"guarded": [500.0, 600.0], "unguarded": [500.0, 600.0]}, told)

    assert 0.75 == row(found, "answers the same as without guards").share
    assert 1.0 == row(found, "  as in another run with them").share


def test_another_answer_of_a_line_that_keeps_is_seen() -> None:
    same, other = ["keep it dry", "take two tablets"], ["keep it dry", "call the nurse now"]
    told = dict.fromkeys(("guarded", "unguarded", "guarded-again", "unguarded-again", "redacted"), same)
    gaps = [500.0, 600.0]
    found = compared(dict.fromkeys(("guarded", "unguarded", "redacted"), gaps), {**told, "redacted-again": other})

    assert 0.75 == row(found, "answers the same with zero retention on and off").share
    assert 1.0 == row(found, "answers the same as without guards").share


def test_without_a_comparison_there_are_no_rows_of_cost() -> None:
    assert [] == cost.rows([[one_call("one", [500.0])]])
