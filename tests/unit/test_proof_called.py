"""What of a call that the line places counts, when it may be placed, and where the hospital's reference may stand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from agent.keeper.database import Database, row_of
from agent.keeper.held_patients import TABLE, HeldPatients
from agent.proof import hospital, planting, run
from agent.proof.book import Book
from agent.proof.called import CAME, MESSAGE, Rung, tells_no_more
from agent.proof.canary import NONCE_BYTES, REFERENCE, Ask, Canary, canaries, decoy
from agent.proof.disk import Own
from agent.proof.hospital import BEFORE_DAYS, LASTS_S, READY, Hospital, Hour, campaign, contact
from agent.proof.kept import beside_in_pipe, beside_in_state, held_of, records
from agent.proof.needles import Needle
from agent.proof.network import Missing
from agent.proof.part import Found
from agent.proof.places import Searcher, changed, merged
from agent.proof.placing import Placed
from agent.proof.plan import called_again, planned
from agent.proof.report import Place, Seen
from agent.proof.scenes import RING_NEEDS, Ring, missing
from agent.proof.session import is_reference, needles_for
from agent.proof.sound import SoundNeedle
from agent.proof.written import Written
from policies.attempts import Came, Kept
from policies.attempts import is_reference as is_opaque
from policies.events import OutreachHeld, encode
from policies.outreach import DAY_S, HOUR_S, CallNow, Patient, Zone, may_call
from policies.patient import Identifiers
from policies.retention import Retention, admit

NONCE: Final = bytes(range(NONCE_BYTES))
CLERK, WRITER, PLAIN = canaries(NONCE, 3)
CALLED: Final = called_again(Ring.KNOWN, canaries(NONCE, 8)).rings[0][0]
KEPT: Final = Kept(patient=CALLED.reference).placed(20_000).came(Came.REACHED)
NOON_S: Final = 1_772_550_000  # 3 March 2026, 10:00 in New York


@pytest.mark.parametrize("ring", Ring)
def test_a_call_to_a_patient_counts_only_with_all_that_its_kind_needs(ring: Ring) -> None:
    assert () == missing(RING_NEEDS[ring], ring)
    for step in RING_NEEDS[ring]:
        assert (step,) == missing(RING_NEEDS[ring] - {step}, ring)
    assert ring in CAME


def test_a_full_proof_has_patients_called_in_each_way_and_a_quick_one_none() -> None:
    _, parts = planned(NONCE, 200)
    _, quick = planned(NONCE, 3)
    [part] = [part for part in parts if part.rings]

    assert list(Ring) == [ring for _, ring in part.rings]
    assert part.transfers
    assert {Ask.STOP} == {patient.ask for patient, ring in part.rings if ring is Ring.STOPS}
    assert [] == [part for part in quick if part.rings]


def test_what_identifies_who_is_called_is_sought_and_her_reference_is_one_that_nobody_guesses() -> None:
    everybody = canaries(NONCE, 50)
    named = dict(CALLED.texts())

    assert 50 == len({each.reference for each in everybody})
    assert all(is_opaque(each.reference) for each in everybody)
    assert {CALLED.birthday.isoformat(), CALLED.born_keyed, CALLED.born, CALLED.reference} <= set(named.values())
    assert f"{CALLED.birthday:%B} {CALLED.birthday.day}, {CALLED.birthday.year}" == CALLED.born
    assert not [name for name, _ in PLAIN.texts() if name.startswith(REFERENCE)]


def test_at_every_hour_but_one_or_two_somebody_may_be_called_by_the_rules_of_real_calls() -> None:
    for start_s in (NOON_S, NOON_S + 120 * DAY_S):  # winter and summer
        found = {}
        for now_s in range(start_s, start_s + DAY_S, HOUR_S // 2):
            found[datetime.fromtimestamp(now_s, UTC).hour, now_s % HOUR_S] = hour = hospital.hour(now_s)
            if hour is None:
                continue
            held = hour.before(CALLED.reference, now_s) or Kept(patient=CALLED.reference)
            for at_s in (now_s, now_s + LASTS_S):
                asked = may_call(at_s, Patient(held, hour.zone, consented=True), campaign(now_s), READY)
                assert isinstance(asked, CallNow)
        assert {hour for (hour, _), answer in found.items() if answer is None} <= {10, 11}


def of(*patients: Canary, tried: int = 0) -> Hospital:
    return Hospital(patients, Hour(Zone.EASTERN, tried))


def test_what_was_before_is_on_the_keepers_disk_and_only_where_the_hour_needs_it(tmp_path: Path) -> None:
    of(CALLED).seed(tmp_path)
    assert () == records(tmp_path)

    of(CALLED, tried=1).seed(tmp_path)
    kept = held_of(tmp_path, CALLED.reference)
    assert kept is not None
    assert (Came.NO_ANSWER, 1) == (kept.came_1, len(kept.attempts))
    assert campaign(kept.day_1 * DAY_S + BEFORE_DAYS * DAY_S).first_day <= kept.day_1


def test_the_hospital_knows_her_by_what_she_keys_and_wants_no_machine_told_her_name() -> None:
    hers = contact(CALLED, Zone.EASTERN)

    assert hers.hers.is_meant(Identifiers(CALLED.birthday, record=CALLED.record))
    assert not hers.hers.is_meant(Identifiers(CALLED.birthday, record=PLAIN.record))
    assert not hers.named_on_machine
    assert f"+1{CALLED.phone}" == hers.number


@pytest.mark.parametrize(
    ("heard", "no_more"),
    [
        (MESSAGE, True),
        (MESSAGE.replace("202, 555, 0140", "202-555-0140").lower(), True),
        (f"{MESSAGE} This is for {CALLED.name}.", False),
        (f"{MESSAGE} {CALLED.last}.", False),
        (f"{MESSAGE} It is about the heart surgery of last week.", False),
        ("Please call us back.", False),
        ("", False),
    ],
)
def test_on_a_machine_is_left_who_called_and_a_number_and_no_more(heard: str, no_more: bool) -> None:
    assert no_more is tells_no_more(heard, CALLED)


def test_a_number_is_counted_where_it_belongs_and_searched_for_anywhere_else() -> None:
    book, number = Book(), f"+1{CALLED.phone}"
    book.note_form([("To", number), ("Called", number), ("From", "+12025550142"), ("To", f"{CALLED.name}")])
    assert {"To": 1, "Called": 1} == dict(book.numbers[number])
    assert number.encode() not in b"\n".join(book.pieces)
    assert CALLED.name.encode() in b"\n".join(book.pieces)

    book.note_form([("Twiml", number)])
    assert number.encode() in b"\n".join(book.pieces)


def state(folder: Path, *kept: Kept) -> Database:
    database = Database.open(folder)
    held = HeldPatients(database)
    for each in kept:
        record = admit(each, Retention.ZERO)
        assert record is not None
        held.keep(record)
    return database


def test_beside_the_record_the_keepers_tables_are_read_whole(tmp_path: Path) -> None:
    database = state(tmp_path, KEPT)
    database.run("CREATE TABLE seen (what TEXT)")
    assert CALLED.reference.encode() not in beside_in_state(tmp_path)
    assert (KEPT,) == records(tmp_path)

    database.run("INSERT INTO seen VALUES (?)", [CALLED.reference])
    assert CALLED.reference.encode() in beside_in_state(tmp_path)
    database.close()
    assert b"" == beside_in_state(tmp_path / "nowhere")


def test_a_table_with_more_columns_holds_no_records(tmp_path: Path) -> None:
    database = state(tmp_path)
    database.run(f"ALTER TABLE {TABLE} ADD COLUMN note TEXT")
    columns, values = row_of(KEPT)
    marks = ", ".join("?" * (1 + len(values)))
    database.run(f"INSERT INTO {TABLE} ({', '.join(columns)}, note) VALUES ({marks})", [*values, "her words"])
    database.close()

    assert () == records(tmp_path)
    assert b"her words" in beside_in_state(tmp_path)


def test_beside_the_record_all_that_the_line_told_the_keeper_is_read() -> None:
    record = encode(OutreachHeld(7, KEPT))
    longer = record.replace("}", f',"note":"{CALLED.reference}"}}')
    spaced = record.replace(":", ": ")

    assert b"" == beside_in_pipe(f"{record}\n{record}".encode()).strip()
    for other in (longer, spaced, f'{{"event":"log","name":"{CALLED.reference}"}}', CALLED.reference):
        assert other.encode() == beside_in_pipe(f"{record}\n{other}\n".encode()).strip()


def looked(monkeypatch: pytest.MonkeyPatch, folder: Path, found: Found) -> dict[Place, Seen]:
    monkeypatch.setattr(run, "changed", lambda since_s, but: changed(since_s, but, folder))
    placed = Placed(CALLED, None, frozenset(), CALLED.sentence(), (), (), "", b"", 0, 0.0, 1.0)
    found.rung.append(Rung(placed, Ring.KNOWN, frozenset()))
    rows = run._afterwards([CLERK, WRITER], found, [Needle("decoy", decoy(NONCE))], 0.0, Written(), Missing.ROOT)
    return {row.place: row.seen for row in merged(rows)}


def test_her_reference_may_stand_in_the_record_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = CALLED.reference.encode()
    for place in (Place.PIPE, Place.STATE):
        found = Found(own=Own([], []))
        found.captured[place].append(b"a record of " + reference)
        found.beside[place].append(b"nothing")
        assert Seen.NOTHING is looked(monkeypatch, tmp_path, found)[place]

        found = Found(own=Own([], []))
        found.beside[place].append(b"a note on " + reference)
        assert Seen.FOUND is looked(monkeypatch, tmp_path, found)[place]

        found = Found(own=Own([], []))
        found.captured[place].append(CALLED.born_keyed.encode())
        assert Seen.FOUND is looked(monkeypatch, tmp_path, found)[place]
    for place in (Place.BUS, Place.BOOK, Place.OUTPUT, Place.METRICS, Place.INTERFACE):
        found = Found(own=Own([], []))
        found.captured[place].append(reference)
        assert Seen.FOUND is looked(monkeypatch, tmp_path, found)[place]


def test_at_the_carrier_her_number_is_a_needle_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Found(own=Own([], []))
    found.captured[Place.BOOK].append(f"<Say>{CALLED.phone}</Say>".encode())

    assert Seen.FOUND is looked(monkeypatch, tmp_path, found)[Place.BOOK]


def test_only_references_are_taken_out_where_records_may_stand() -> None:
    placed = Placed(CALLED, None, frozenset(), "", (), (), "", b"", 0, 0.0, 1.0)
    names = [needle.name for needle in needles_for([placed]) if is_reference(needle)]

    assert 2 == len(names)
    assert all(REFERENCE in name for name in names)


def test_what_is_planted_in_orders_and_beside_the_record_is_found_in_every_form(tmp_path: Path) -> None:
    searcher = Searcher([], [Needle("decoy", decoy(NONCE)), SoundNeedle("decoy's sound", run._noise(NONCE))])
    forms = searcher.planted
    for pieces in (
        planting._orders(forms),
        [planting._beside_in_pipe(forms)],
        [planting._beside_in_state(forms, tmp_path / "state")],
    ):
        assert {hit for hit, _ in forms} == searcher.decoys_in(pieces)
