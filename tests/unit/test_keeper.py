from __future__ import annotations

import dataclasses
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.keeper.__main__ import main
from agent.keeper.answered import CALLS_A_MINUTE, LOST, Answered
from agent.keeper.collector import LIBRARIES_A_MINUTE, OURS_A_MINUTE, Collector, lines
from agent.keeper.state import FILE, SqliteState, StateFailed
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent
from policies.closed import Reason
from policies.events import (
    MAX_LINE,
    CallAnswered,
    CallEnded,
    CallEvent,
    KeyPressed,
    LineReady,
    LogLine,
    OpeningsReady,
    TurnTiming,
    encode,
)
from policies.records import (
    CallMetrics,
    Engine,
    NurseStatus,
    Presence,
    Profile,
    SealedTranscript,
    hour_of,
    ref_of,
)
from policies.refs import ref_at
from policies.retention import Retention, Writable, admit
from policies.vocabulary import Event
from tests.stub_line import HOUR, KEY, answered, metrics, numbered
from tests.unit.test_pieces import a_transcript
from tests.unit.test_pieces import pieces as in_pieces

ROOT = Path(__file__).parents[2]
TIMING = TurnTiming(call=1, endpoint_ms=1, stt_ms=2, answer_ms=3, tts_ms=4, gap_ms=5)


def permitted(record: CallMetrics | Presence) -> Writable:
    permit = admit(record, Retention.ZERO)
    assert permit is not None
    return permit


class FullDisk:
    """A state that takes nothing until there is room."""

    def __init__(self) -> None:
        self.room = False
        self.held: list[CallMetrics] = []

    def keep(self, record: Writable) -> bool:
        if not self.room:
            raise StateFailed("no room")
        assert isinstance(record.record, CallMetrics)
        self.held.append(record.record)
        return True

    def record(self, ref: str) -> CallMetrics | None:
        return next((one for one in self.held if one.ref == ref), None)

    def latest(self, most: int) -> list[CallMetrics]:
        return self.held[-most:]

    def close(self) -> None: ...


def test_what_is_kept_comes_back_the_same(tmp_path: Path) -> None:
    state = SqliteState.open(tmp_path)
    one, two = metrics(), metrics()

    assert [state.keep(permitted(one)), state.keep(permitted(two))] == [True, True]
    assert [two, one] == list(state.latest(5))
    assert one == state.record(one.ref)
    state.close()


def test_a_record_told_twice_is_kept_once(tmp_path: Path) -> None:
    state = SqliteState.open(tmp_path)
    one = metrics()

    assert [state.keep(permitted(one)), state.keep(permitted(one))] == [True, False]
    assert [one] == list(state.latest(5))
    state.close()


def test_the_state_is_there_after_the_next_start(tmp_path: Path) -> None:
    one = metrics()
    state = SqliteState.open(tmp_path)
    state.keep(permitted(one))
    state.close()
    again = SqliteState.open(tmp_path)

    assert [one] == list(again.latest(5))
    again.close()


def test_nobody_else_may_read_the_state(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    SqliteState.open(folder).close()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_presence_is_not_durable(tmp_path: Path) -> None:
    state = SqliteState.open(tmp_path)
    presence = Presence(worker=ref_of(bytes(16)), hour=500_000, live_calls=0, capacity=8, draining=False)

    with pytest.raises(StateFailed):
        state.keep(permitted(presence))
    state.close()


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    theirs = sqlite3.connect(tmp_path / FILE)
    theirs.execute("CREATE TABLE calls (words TEXT)")
    theirs.commit()
    theirs.close()

    with pytest.raises(StateFailed) as refused:
        SqliteState.open(tmp_path)

    assert None is refused.value.__context__


def test_records_of_an_older_schema_stay_beside_the_new_table(tmp_path: Path) -> None:
    state = SqliteState.open(tmp_path)
    state.keep(permitted(metrics()))
    state.close()
    older = sqlite3.connect(tmp_path / FILE)
    older.execute("PRAGMA user_version = 7")
    older.close()

    again = SqliteState.open(tmp_path)
    assert list(again.latest(5)) == []
    again.close()
    database = sqlite3.connect(tmp_path / FILE)
    assert database.execute("SELECT count(*) FROM calls_7").fetchall() == [(1,)]
    database.close()


def test_the_database_itself_refuses_what_is_out_of_bounds(tmp_path: Path) -> None:
    state = SqliteState.open(tmp_path)
    state.keep(permitted(metrics()))
    state.close()
    database = sqlite3.connect(tmp_path / FILE)
    for assignment in ("turns = 100000", "outcome = 'a word'", "greeting_played = 2", "duration_s = 31"):
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(f"UPDATE calls SET {assignment}")
    database.close()


def test_nothing_is_shown_where_nothing_was_ever_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--state", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "none").exists()


def collector(state: FullDisk, profile: Profile = Profile.DEVELOPMENT) -> tuple[Collector, list[CallEvent]]:
    heard: list[CallEvent] = []
    return Collector(state, profile, answered(profile), heard.append, clock=lambda: HOUR * 3600.0), heard


def told(keeping: Collector, *events: CallEvent) -> None:
    for event in events:
        keeping.take(encode(event, Profile.DEVELOPMENT))


def test_a_record_waits_while_the_disk_is_full_and_is_kept_with_the_next() -> None:
    state = FullDisk()
    keeping, heard = collector(state)

    told(keeping, *numbered(1))
    assert keeping.unkept == 1
    assert LogLine(Event.STATE_FAILED, {"count": 1}) == heard[-1]
    state.room = True
    told(keeping, *numbered(2))

    assert [numbered(number)[1].metrics for number in (1, 2)] == state.held
    assert (keeping.unkept, keeping.kept) == (0, 2)


def test_a_transcript_is_taken_whole_told_to_nobody_and_counted_where_it_may_not_be_kept() -> None:
    pieces = [encode(piece) for number in (1, 2) for piece in in_pieces(a_transcript(number=number))]
    taken: list[str] = []
    heard: list[CallEvent] = []

    def take(sealed: SealedTranscript) -> bool:
        taken.append(sealed.ref)
        if len(taken) == 2:
            raise StateFailed("no room")
        return False

    def at() -> float:
        return 60_000 * 86_400.0  # the day of these transcripts

    known = Answered({}, KEY, 1, Profile.PRODUCTION, at)
    keeping = Collector(FullDisk(), Profile.PRODUCTION, known, heard.append, clock=at, transcripts=take)
    nobody = Collector(FullDisk(), Profile.PRODUCTION, known, heard.append, clock=at)
    for line in pieces:
        keeping.take(line)
        nobody.take(line)

    assert [ref_of(bytes([number]) * 16) for number in (1, 2)] == taken
    assert (2, 2) == (keeping.transcripts_dropped, nobody.transcripts_dropped)
    assert {LogLine} == {type(event) for event in heard}
    assert LogLine(Event.RECORD_REFUSED, {"count": 2}) == heard[-1]
    assert 0 == keeping.unkept


def test_timings_of_a_turn_pass_in_development_only() -> None:
    line = encode(TIMING, Profile.DEVELOPMENT)
    strict, heard_strict = collector(FullDisk(), Profile.PRODUCTION)
    loose, heard_loose = collector(FullDisk(), Profile.DEVELOPMENT)
    strict.take(line)
    loose.take(line)

    assert dict(strict.refused) == {Reason.NOT_IN_THIS_PROFILE: 1}
    assert heard_loose == [TIMING]
    assert [LogLine(Event.EVENT_REFUSED, {"reason": "not_in_this_profile"})] == heard_strict


def _key(number: int) -> bytes:
    return number.to_bytes(32, "big")


BEGUN, ENDED = numbered(1)
WORDS_IN_A_REF = "SheSaidPainSince1951-Q"
WORDS_FOR_AN_AGENT = "she-said-chest-pain"


def altered(**fields: object) -> CallEnded:
    return CallEnded(1, dataclasses.replace(ENDED.metrics, **fields))  # type: ignore[arg-type]  # a table of fields has no types


@pytest.mark.parametrize(
    "said",
    [
        (ENDED,),
        (BEGUN, altered(ref=WORDS_IN_A_REF)),
        (BEGUN, altered(ref=ref_at(KEY, 2))),
        (BEGUN, altered(agent=WORDS_FOR_AN_AGENT)),
        (CallAnswered(1, WORDS_FOR_AN_AGENT), altered(agent=WORDS_FOR_AN_AGENT)),
        (BEGUN, altered(engine=Engine.ANTHROPIC)),
        (BEGUN, altered(profile=Profile.PRODUCTION)),
        (BEGUN, altered(hour=HOUR + 1)),
        (BEGUN, altered(hour=HOUR - 3)),
        (CallAnswered(LOST + 1, "demo"), CallEnded(LOST + 1, metrics(ref_at(KEY, LOST + 1)))),
    ],
    ids=repr,
)
def test_a_record_is_of_a_call_that_was_answered_by_an_agent_that_is_there_and_chooses_no_ref_and_no_time(
    said: tuple[CallEvent, ...],
) -> None:
    state = FullDisk()
    state.room = True
    keeping, heard = collector(state)
    told(keeping, *said)

    assert [] == state.held
    assert Reason.NO_SUCH_CALL in keeping.refused
    shown = "".join(encode(event, Profile.DEVELOPMENT) for event in heard)
    assert not any(words in shown for words in (WORDS_IN_A_REF, WORDS_FOR_AN_AGENT))


def test_a_call_leaves_one_record_and_is_answered_once() -> None:
    state = FullDisk()
    state.room = True
    keeping, _ = collector(state)
    told(keeping, BEGUN, ENDED, ENDED, BEGUN, ENDED, *numbered(3))  # the second was lost on a full pipe

    assert [ENDED.metrics, numbered(3)[1].metrics] == state.held
    assert {Reason.NO_SUCH_CALL: 3} == keeping.refused


def test_no_more_records_are_left_than_the_line_has_places_for_calls() -> None:
    state = FullDisk()
    state.room = True
    keeping, _ = collector(state)  # of two places, in a minute that does not end
    for number in range(1, 200):
        told(keeping, *numbered(number))

    assert 2 * CALLS_A_MINUTE == len(state.held)


def test_more_calls_at_once_than_there_are_places_leave_no_record() -> None:
    state = FullDisk()
    state.room = True
    keeping, _ = collector(state)
    told(keeping, *(numbered(number)[0] for number in (1, 2, 3)), *(numbered(number)[1] for number in (1, 2, 3)))

    assert [numbered(number)[1].metrics for number in (2, 3)] == state.held


def test_what_only_the_keeper_says_is_refused_from_the_line() -> None:
    keeping, heard = collector(FullDisk())
    told(keeping, LogLine(Event.ADMIN_READY, {"port": 26_729}), LogLine(Event.RECORD_REFUSED, {"count": 9_999}))
    told(keeping, LineReady(26_729, 1), LineReady(24_936, 1), OpeningsReady(1, 1, 1), OpeningsReady(2, 2, 2))

    assert {Reason.NOT_THE_LINES: 2, Reason.TOO_MANY: 2} == keeping.refused
    assert [LineReady(26_729, 1), OpeningsReady(1, 1, 1)] == [each for each in heard if not isinstance(each, LogLine)]


def test_a_line_that_never_stops_talking_is_counted_and_hides_no_trouble_behind_a_library() -> None:
    now = [HOUR * 3600.0]
    heard: list[CallEvent] = []
    keeping = Collector(FullDisk(), Profile.DEVELOPMENT, answered(), heard.append, clock=lambda: now[0])
    noise = LogLine(Event.LIBRARY, {"library": "onnxruntime", "level": 30})
    trouble = LogLine(Event.CALL_FAILED, {"kind": "ValueError", "place": "call.py", "line": 7})
    told(keeping, *[noise] * 5_000, trouble)

    assert [noise] * LIBRARIES_A_MINUTE + [trouble] == heard
    now[0] += 60
    told(keeping, *[trouble] * (OURS_A_MINUTE + 1))
    assert LogLine(Event.EVENT_REFUSED, {"reason": "too_many", "count": 5_000 - LIBRARIES_A_MINUTE}) == heard[61]
    assert [trouble] * OURS_A_MINUTE == heard[62:]
    keeping.end()
    assert LogLine(Event.EVENT_REFUSED, {"reason": "too_many", "count": 1}) == heard[-1]


@pytest.mark.parametrize("days", [-2, 1, 300])
def test_a_transcript_of_another_day_is_not_taken(days: int) -> None:
    """Its day says how long it is kept."""
    keeping, _ = collector(FullDisk())
    piece = next(iter(in_pieces(a_transcript())))
    told(keeping, dataclasses.replace(piece, day=HOUR // 24 + days), dataclasses.replace(piece, day=HOUR // 24))

    assert {Reason.NO_SUCH_CALL: 1} == keeping.refused


@pytest.mark.parametrize(
    "line",
    [
        "she said my chest hurts",
        '{"event":"said","words":"my chest hurts"}',
        '{"event":"key_pressed","call":1,"key":"7"}',
        '{"event":"key_pressed","call":"my chest hurts"}',
        '{"event":"call_ended","call":1}',
        "",
    ],
)
def test_words_on_the_pipe_go_nowhere(line: str) -> None:
    keeping, heard = collector(FullDisk())
    keeping.take(line)

    assert sum(keeping.refused.values()) == 1
    assert "chest" not in "".join(encode(event, Profile.DEVELOPMENT) for event in heard)


@given(st.lists(st.binary(max_size=3 * MAX_LINE).map(lambda junk: junk.replace(b"\n", b"")), max_size=8))
def test_whatever_comes_down_the_pipe_the_next_event_is_still_read(junk: list[bytes]) -> None:
    event = encode(KeyPressed(call=1)).encode("ascii")
    read = list(lines(io.BytesIO(b"\n".join([*junk, event]) + b"\n")))

    assert len(junk) + 1 == len(read)
    assert event.decode("ascii") == read[-1]
    assert all(line is None or len(line) < MAX_LINE for line in read)


def test_the_last_line_cut_short_is_refused() -> None:
    assert list(lines(io.BytesIO(b'{"event":"key_pre'))) == [None]


def test_the_process_keeps_records_and_shows_them(tmp_path: Path) -> None:
    key = next(key for key in map(_key, range(1_000)) if ref_at(key, 1).startswith("-"))  # begins with a hyphen
    begun, ended = numbered(1, key, hour_of(time.time()))
    one = ended.metrics
    said: list[CallEvent] = [LineReady(1, 1), OpeningsReady(140, 1, 1), begun, KeyPressed(call=1), ended]
    command = [sys.executable, "-m", "agent.keeper"]
    demo: list[str | Path] = ["--agents", ROOT / "deploy" / "agents", "--allowlist", ROOT / "deploy" / "allowlist.toml"]
    collected = subprocess.run(
        [*command, "collect", "--state", tmp_path, "--profile", "development", "--echo", "log", *demo],
        env={**os.environ, "REFS_KEY": key.hex(), "PYTHONPATH": str(ROOT)},
        input="".join(encode(event, Profile.DEVELOPMENT) + "\n" for event in said),
        capture_output=True,
        text=True,
        check=True,
    )
    shown = subprocess.run(
        [*command, "show", "--state", tmp_path, f"--ref={one.ref}"], capture_output=True, text=True, check=True
    )

    assert one.to_wire() == json.loads(shown.stdout)
    assert [json.loads(line)["event"] for line in collected.stdout.splitlines()] == [
        "log",
        "line_ready",
        "openings_ready",
    ]
    assert collected.stderr == ""


def test_what_a_nurse_sets_is_told_to_nobody_else_and_its_entry_waits_for_the_state() -> None:
    away = NurseStatus(on_call="ward", nurse="dana", available=False)
    entry = AuditEvent(hour=HOUR, role=Role.LINE, act=Act.NURSE_AWAY, subject=Subject.NURSE, thing="dana")
    outcomes: list[AuditEvent | Reason | None] = [entry, None, Reason.NO_SUCH_NURSE, Reason.TOO_MANY]
    heard: list[CallEvent] = []
    written: list[AuditEvent] = []
    room: list[bool] = []

    def audit(event: AuditEvent) -> None:
        if not room:
            raise StateFailed("no room")
        written.append(event)

    keeping = Collector(
        FullDisk(),
        Profile.PRODUCTION,
        answered(Profile.PRODUCTION),
        heard.append,
        audit,
        clock=lambda: HOUR * 3600.0,
        nurses=lambda status: outcomes.pop(0) if status == away else None,
    )
    for _ in range(4):
        keeping.take(encode(away))
    assert (1, []) == (keeping.unkept, written)
    room.append(True)
    keeping.flush()

    assert (0, [entry]) == (keeping.unkept, written)
    assert {Reason.NO_SUCH_NURSE: 1, Reason.TOO_MANY: 1} == dict(keeping.refused)
    assert {LogLine} == {type(event) for event in heard}
    assert "dana" not in str(heard)


def test_a_keeper_without_lists_takes_no_nurse_s_word() -> None:
    keeping, heard = collector(FullDisk())
    told(keeping, NurseStatus(on_call="ward", nurse="dana", available=False))

    assert {Reason.NO_SUCH_NURSE: 1} == dict(keeping.refused)
    assert [LogLine(Event.EVENT_REFUSED, {"reason": "no_such_nurse"})] == heard
