from __future__ import annotations

import json

from agent.viewer import FLOOR, STATE, VERDICT, Viewer
from policies.events import (
    CallAnswered,
    CallEnded,
    Floor,
    Holder,
    LogLine,
    OpeningsReady,
    TurnName,
    TurnState,
    TurnTiming,
    Verdict,
)
from policies.vocabulary import Event
from tests.stub_line import metrics


def timing(gap_ms: int) -> TurnTiming:
    return TurnTiming(call=1, endpoint_ms=240, stt_ms=130, answer_ms=2, tts_ms=90, gap_ms=gap_ms)


def test_every_state_holder_and_verdict_has_words() -> None:
    said_by_the_floor = {TurnName.NEW, TurnName.LISTENING, TurnName.HEARING, TurnName.SPEAKING}
    assert set(TurnName) - said_by_the_floor == set(STATE)
    assert set(Holder) == set(FLOOR)
    assert set(Verdict) == set(VERDICT)


def test_rows_are_timed_from_the_answer() -> None:
    viewer = Viewer(colour=False)
    viewer.on(CallAnswered(call=1, agent="demo"), 100.0)

    assert ["   1.50 s  caller  | speaks"] == viewer.on(Floor(call=1, who=Holder.CALLER), 101.5)
    assert ["   2.00 s  line    | greets"] == viewer.on(TurnState(call=1, state=TurnName.GREETING), 102.0)
    assert [] == viewer.on(TurnState(call=1, state=TurnName.LISTENING), 102.0)


def test_what_was_synthesised_ahead_is_one_plain_row() -> None:
    row = "140 answers begin without synthesis after 16.7 s (4863 kB)"

    assert [row] == Viewer(colour=False).on(OpeningsReady(count=140, ms=16_716, kilobytes=4_863), 0.0)


def test_the_table_holds_each_gap_and_their_median() -> None:
    viewer = Viewer(colour=False)
    for gap_ms in (700, 500, 900):
        viewer.on(timing(gap_ms), 0.0)
    table = viewer.table()

    assert 5 + 1 == len(table)
    assert "median reply gap 700 ms, longest 900 ms, 3 replies" == table[-1]


def test_a_call_without_replies_says_so() -> None:
    assert "no reply was timed" == Viewer(colour=False).table()[-1]


def test_the_record_is_shown_field_by_field() -> None:
    record = metrics()
    viewer = Viewer(colour=False)
    viewer.on(CallEnded(1, record), 0.0)
    shown = viewer.kept(json.dumps(record.to_wire()))

    assert record == viewer.record
    assert len(record.to_wire()) + 2 == len(shown)
    assert "The keeper holds no record of this call." == viewer.kept("")[-1]


def test_plain_output_holds_no_escape() -> None:
    viewer = Viewer(colour=False)
    rows = [*viewer.on(timing(500), 0.0), *viewer.table(), *viewer.kept(json.dumps(metrics().to_wire()))]

    assert "\033" not in "".join(rows)


def test_trouble_in_the_log_is_shown_and_the_rest_of_it_is_not() -> None:
    viewer = Viewer(colour=False)
    shown = viewer.on(LogLine(Event.UNCAUGHT, {"kind": "KeyError", "place": "service.py", "line": 3}), 0.0)

    assert ["   0.00 s  log     | uncaught, kind KeyError, place service.py, line 3"] == shown
    assert [] == viewer.on(LogLine(Event.READY, {}), 0.0)
