from __future__ import annotations

import io
import json
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.keeper.__main__ import main
from agent.keeper.collector import Collector, lines
from agent.keeper.state import FILE, SqliteState, StateFailed
from policies.closed import Reason
from policies.events import (
    MAX_LINE,
    CallEnded,
    CallEvent,
    KeyPressed,
    LineReady,
    LogLine,
    OpeningsReady,
    TurnTiming,
    encode,
)
from policies.records import CallMetrics, Presence, Profile, SealedTranscript, ref_of
from policies.retention import Retention, Writable, admit
from policies.vocabulary import Event
from tests.stub_line import metrics
from tests.unit.test_pieces import a_transcript
from tests.unit.test_pieces import pieces as in_pieces

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
    return Collector(state, profile, heard.append), heard


def test_a_record_waits_while_the_disk_is_full_and_is_kept_with_the_next() -> None:
    state = FullDisk()
    one, two = metrics(), metrics()
    keeping, heard = collector(state)

    keeping.take(encode(CallEnded(1, one), Profile.DEVELOPMENT))
    assert keeping.unkept == 1
    assert LogLine(Event.STATE_FAILED, {"count": 1}) == heard[-1]
    state.room = True
    keeping.take(encode(CallEnded(2, two), Profile.DEVELOPMENT))

    assert [one, two] == state.held
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

    keeping = Collector(FullDisk(), Profile.PRODUCTION, heard.append, transcripts=take)
    nobody = Collector(FullDisk(), Profile.PRODUCTION, heard.append)
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
    one = metrics(ref_of(b"\xfb" * 16))  # a ref that begins with a hyphen
    said: list[CallEvent] = [LineReady(1, 1), OpeningsReady(140, 1, 1), KeyPressed(call=1), CallEnded(1, one)]
    command = [sys.executable, "-m", "agent.keeper"]
    collected = subprocess.run(
        [*command, "collect", "--state", tmp_path, "--profile", "development", "--echo", "log"],
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
