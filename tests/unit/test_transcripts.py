"""Transcripts at rest: sealed before they come, taken only while the policy allows it, gone with their key."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from agent.keeper.database import Database, StateFailed
from agent.keeper.ledger import LedgerReader
from agent.keeper.transcript_keys import PRIVATE, PUBLIC, SEAL, transcript_keys
from agent.keeper.transcripts import SealedTranscripts, TranscriptsHere
from agent.keeping import Said, Speaker
from agent.sealing import CUT, SUITE, Seal, info_of
from policies.acts import Act
from policies.phi import PHI
from policies.records import LOCKED, LOCKED_KEY, TRANSCRIPT_BYTES, SealedTranscript, ref_of
from policies.retention import Retention
from policies.workspace import Force
from tests.kept import AUDITOR, CANARY, ONE, Office, allowing, redactor

QUESTION = "How do I store my insulin at home?"


def opened(office: Office, sealed: SealedTranscript) -> str:
    """As whoever has the keeper's key opens it."""
    info = info_of(sealed.ref, sealed.agent, sealed.day)
    plain = SUITE.decrypt(raw(sealed.sealed), office.keys.private, info)
    return "".join(f"{line}\n" for line in json.loads(plain))


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Iterator[Office]:
    with allowing(tmp_path / "state") as office:
        yield office


def kept(office: Office, *texts: str, day: int | None = None) -> str:
    """The ref of a transcript that is there.  day: on which it was taken; None for today."""
    ref = office.a_call()
    when_s = time.time() if day is None else day * 86_400.0
    assert office.at(when_s).take(office.sealed(ref, *texts, day=day))
    return ref


def test_what_was_sealed_is_read_by_an_auditor_and_the_log_says_so_first(office: Office) -> None:
    ref = kept(office, f"My name is {CANARY}.", QUESTION)

    assert f"caller: My name is <PERSON>.\ncaller: {QUESTION}\n" == office.transcripts.read(ref, AUDITOR)
    assert Act.TRANSCRIPT_READ is office.acts()[-1]
    assert None is office.transcripts.read(ref_of(bytes(16)), AUDITOR)
    assert None is office.transcripts.read("no ref", AUDITOR)


def test_a_text_that_cannot_be_logged_is_not_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = kept(office, QUESTION)

    def full(*_: Any) -> None:
        raise StateFailed("no room")

    monkeypatch.setattr(office.ledger, "write", full)
    with pytest.raises(StateFailed):
        office.transcripts.read(ref, AUDITOR)


def test_nothing_of_the_text_is_in_the_state_s_files(office: Office) -> None:
    kept(office, QUESTION)

    held = office.bytes()
    assert b"insulin" not in held
    assert base64.b64encode(b"insulin")[:8] not in held


@pytest.mark.parametrize("switch", ["on", "forced", "no policy"])
def test_what_the_policy_does_not_allow_now_is_not_taken(switch: str, office: Office) -> None:
    ref = office.a_call()
    sealed = office.sealed(ref, QUESTION, agent="demo" if switch != "no policy" else "other")
    if switch == "on":
        office.zero_on()
    elif switch == "forced":
        office.ledger.change_workspace(Force(), ONE, 500_000)

    assert not office.transcripts.take(sealed)
    assert [] == office.transcripts.refs()


def test_what_the_agent_s_file_does_not_allow_is_not_taken_whatever_two_admins_switched(tmp_path: Path) -> None:
    """The line asks the file too: but the line may be somebody else's by then."""
    office = Office.open(tmp_path / "other", allows=lambda agent: Retention(2 - (agent == "lax")))
    taken = []
    for agent in ("demo", "lax"):
        office.zero_off(agent)
        ref = office.a_call(agent)
        taken.append(office.transcripts.take(office.sealed(ref, QUESTION, agent=agent)))
    office.close()

    assert [False, True] == taken


def test_whoever_names_no_files_keeps_nothing(office: Office) -> None:
    ref = office.a_call()
    nothing = SealedTranscripts(office.state.database, office.ledger, office.keys, 7)

    assert not nothing.take(office.sealed(ref, QUESTION))


def test_a_transcript_of_no_call_that_we_know_or_a_second_one_is_not_taken(office: Office) -> None:
    ref = kept(office, QUESTION)

    assert not office.transcripts.take(office.sealed(ref, "something else"))
    assert not office.transcripts.take(office.sealed(ref_of(os.urandom(16)), QUESTION))
    assert [ref] == office.transcripts.refs()


def test_deleting_destroys_the_key_and_the_bytes_of_both(office: Office) -> None:
    ref, other = kept(office, QUESTION), kept(office, QUESTION)
    key, theirs = office.locked_key(ref).encode(), office.locked_key(other).encode()
    assert key in office.bytes()

    assert office.transcripts.delete(ref, AUDITOR)
    assert not office.transcripts.delete(ref, AUDITOR)
    assert key not in office.bytes()
    assert theirs in office.bytes()
    assert None is office.transcripts.read(ref, AUDITOR)
    assert [Act.TRANSCRIPT_DELETED] == office.acts()[-1:]


def test_expiry_destroys_what_is_over_says_so_and_leaves_the_rest(office: Office) -> None:
    today = int(time.time() // 86_400)
    old, young = kept(office, QUESTION, day=today - 6), kept(office, QUESTION)
    key, theirs = office.locked_key(old).encode(), office.locked_key(young).encode()

    assert 0 == office.transcripts.expire().gone
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert 1 == office.transcripts.expire(tomorrow).gone
    held = office.bytes()
    assert (key in held, theirs in held) == (False, True)
    assert [young] == office.transcripts.refs()
    assert Act.TRANSCRIPT_EXPIRED is office.acts()[-1]


def test_of_many_that_expire_together_no_key_stays_in_a_file(office: Office) -> None:
    refs = [kept(office, QUESTION) for _ in range(60)]
    keys = [office.locked_key(ref).encode() for ref in refs]

    assert 60 == office.transcripts.expire(datetime.now(UTC).date() + timedelta(days=7)).gone
    held = office.bytes()
    assert [] == [key for key in keys if key in held or key[:40] in held or key[40:] in held]


def test_what_is_over_is_not_read_even_before_it_has_been_destroyed(office: Office) -> None:
    ref = kept(office, QUESTION, day=int(time.time() // 86_400) - 7)

    assert None is office.transcripts.read(ref, AUDITOR)


def test_a_shorter_time_holds_for_what_is_there_and_a_longer_does_not(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "state", kept_days=7)
    office.zero_off()
    today = int(time.time() // 86_400)
    _, two = kept(office, QUESTION, day=today - 3), kept(office, QUESTION, day=today - 1)
    office.close()
    longer = Office.open(tmp_path / "state", kept_days=90)
    assert 0 == longer.transcripts.expire().gone
    assert 1 == longer.transcripts.expire(datetime.now(UTC).date() + timedelta(days=4)).gone
    assert [two] == longer.transcripts.refs()
    longer.close()

    shorter = Office.open(tmp_path / "other", kept_days=7)
    shorter.zero_off()
    _, two = kept(shorter, QUESTION, day=today - 3), kept(shorter, QUESTION, day=today - 1)
    shorter.close()
    now = Office.open(tmp_path / "other", kept_days=2)
    assert 1 == now.transcripts.expire().gone
    assert [two] == now.transcripts.refs()
    now.close()


def test_a_transcript_whose_key_is_gone_goes_with_the_next_expiry(office: Office) -> None:
    """As a crash between the two leaves it."""
    ref = kept(office, QUESTION)
    office.state.database.run("DELETE FROM transcript_keys WHERE ref = ?", [ref])

    assert None is office.transcripts.read(ref, AUDITOR)
    office.transcripts.expire()
    assert [] == office.transcripts.refs()


def test_who_has_the_state_without_the_key_that_lies_elsewhere_reads_nothing(tmp_path: Path) -> None:
    seal = tmp_path / "elsewhere.key"
    office = Office.open(tmp_path / "state", seal=seal)
    office.zero_off()
    ref = kept(office, QUESTION)
    assert not (tmp_path / "state" / SEAL).exists()
    office.close()

    stolen = Office.open(tmp_path / "state")  # a key of their own is made
    with pytest.raises(StateFailed, match="can't be opened"):
        stolen.transcripts.read(ref, AUDITOR)
    assert Act.KEY_CHANGED in stolen.acts()
    stolen.close()


def test_keys_are_for_the_keeper_alone_and_the_same_at_the_next_start(tmp_path: Path) -> None:
    keys = transcript_keys(tmp_path, None)
    again = transcript_keys(tmp_path, None)

    assert keys.public == again.public == (tmp_path / PUBLIC).read_text().strip()
    assert (True, False) == (keys.made, again.made)
    assert [0o600, 0o600] == [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (PRIVATE, SEAL)]
    (tmp_path / SEAL).chmod(0o644)
    with pytest.raises(StateFailed):
        transcript_keys(tmp_path, None)


def test_a_seal_opens_for_its_own_call_alone_and_not_with_a_byte_changed(office: Office) -> None:
    sealed = office.sealed(ref_of(bytes(16)), QUESTION)
    assert f"caller: {QUESTION}\n" == opened(office, sealed)

    for other in (
        dataclasses.replace(sealed, ref=ref_of(bytes(range(16)))),
        dataclasses.replace(sealed, day=sealed.day + 1),
        dataclasses.replace(sealed, agent="other"),
        dataclasses.replace(sealed, sealed=("B" if sealed.sealed[0] == "A" else "A") + sealed.sealed[1:]),
    ):
        with pytest.raises((InvalidTag, ValueError)):
            opened(office, other)


def test_the_length_of_a_seal_says_one_of_three_things(office: Office) -> None:
    lengths = [len(office.sealed(ref_of(bytes(16)), *[QUESTION] * turns).sealed) for turns in (1, 60, 100, 1_000)]

    assert lengths[0] == lengths[1] < lengths[2] < lengths[3]


def test_what_is_too_long_is_cut_at_a_turn_and_says_so(office: Office) -> None:
    said = [Said(Speaker.AGENT, redactor().redact(PHI("The dressing may stay on. " * 20)))] * 400
    sealed = Seal(office.keys.public).shut(said, ref=ref_of(bytes(16)), agent="demo", day=20_000, cut=False)
    lines = opened(office, sealed).splitlines()

    assert CUT == lines[-1]
    assert 1 == len(set(lines[:-1]))
    assert sum(map(len, lines)) <= TRANSCRIPT_BYTES[-1]


def test_the_shapes_of_what_is_locked_are_those_that_come_about(office: Office) -> None:
    import re

    ref = kept(office, QUESTION)
    locked = office.state.database.run("SELECT locked FROM transcripts WHERE ref = ?", [ref])[0][0][0]

    assert re.fullmatch(LOCKED.pattern, locked)
    assert re.fullmatch(LOCKED_KEY.pattern, office.locked_key(ref))


def test_a_state_that_somebody_reads_is_scrubbed_when_they_are_done(office: Office) -> None:
    ref = kept(office, QUESTION)
    key = office.locked_key(ref).encode()
    beside = Database.open_to_read(office.folder)
    with beside.snapshot():
        beside.run("SELECT count(*) FROM calls")
        office.transcripts.delete(ref, AUDITOR)
        assert key in office.bytes()
    beside.close()
    office.transcripts.expire()

    assert key not in office.bytes()


def test_each_thread_of_an_interface_reads_by_a_connection_of_its_own(office: Office) -> None:
    one, two = kept(office, QUESTION), kept(office, QUESTION)
    here = TranscriptsHere(office.folder, office.keys, 7)
    with ThreadPoolExecutor(1) as thread:
        assert f"caller: {QUESTION}\n" == thread.submit(here.read, one, AUDITOR).result()
        assert thread.submit(here.delete, one, AUDITOR).result()
    assert (None, True) == (here.read(one, AUDITOR), here.read(two, AUDITOR) is not None)
    assert [two] == office.transcripts.refs()


def test_the_log_verifies_with_reads_deletions_and_expiries(office: Office) -> None:
    for ref in [kept(office, QUESTION) for _ in range(3)][:2]:
        office.transcripts.read(ref, AUDITOR)
        office.transcripts.delete(ref, AUDITOR)
    office.transcripts.expire(datetime.now(UTC).date() + timedelta(days=9))
    reader = LedgerReader(office.folder)

    assert (len(list(reader.lines())), ()) == reader.verify(None, ())
    reader.close()
