"""Dates of birth and digits as they are said; questions about one's own record; talk of earlier calls; keys."""

from __future__ import annotations

from datetime import date

import pytest

from agent.keying import Keying
from policies.earlier_calls import speaks_of_an_earlier_call
from policies.identifiers import identifiers_in, identifiers_keyed, may_identify, only_identifies
from policies.own_record import Topic, own_question, relation_in
from policies.patient import Appointment, Identifiers, Medicine, PartOfDay, Record, Relation
from policies.phi import PHI
from policies.told_from_record import told


@pytest.mark.parametrize(
    "said",
    [
        "March fourth nineteen fifty.", "It's March 4th, 1950.", "3, 4, 1950.", "03-04-1950", "3/4/1950", "1950-03-04",
        "My date of birth is the fourth of March nineteen fifty.", "Oh three oh four fifty.",
        "three four nineteen fifty",
        "zero three zero four one nine five zero", "0 3 0 4 1 9 5 0", "03041950", "the 4th of march, um, '50",
        "May third nineteen forty nine, no sorry, March fourth nineteen fifty",
        "march fourth of nineteen hundred and fifty",
    ],
)  # fmt: skip
def test_a_date_of_birth_is_understood_in_many_forms(said: str) -> None:
    assert Identifiers(date(1950, 3, 4)) == identifiers_in(said)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Zero one four two.", Identifiers(phone_end="0142")),
        ("oh one forty two", Identifiers(phone_end="0142")),
        ("It's 555-123-0142.", Identifiers(phone_end="0142")),
        ("one five five five one two three oh one four two", Identifiers(phone_end="0142")),
        ("The last four are seventy-seven thirty.", Identifiers(phone_end="7730")),
        ("Nine nine one seven, no sorry, zero one four two.", Identifiers(phone_end="0142")),
        ("four four seven one nine zero two", Identifiers(record="4471902")),
        ("November 21st, 1938, and it is 7730", Identifiers(date(1938, 11, 21), "7730")),
        ("July 1st, 2001", Identifiers(date(2001, 7, 1))),
        ("July first two thousand and four", Identifiers(date(2004, 7, 1))),
        ("July first nineteen oh five", Identifiers(date(1905, 7, 1))),
        ("one two oh five", Identifiers(date(2005, 1, 2))),
        ("February thirtieth nineteen fifty", Identifiers()),
        ("March fourth seventeen fifty", Identifiers()),
        ("I have two dogs and 25 cents", Identifiers()),
        ("", Identifiers()),
    ],
)
def test_digits_and_dates_are_told_apart(said: str, found: Identifiers) -> None:
    assert found == identifiers_in(said)


def test_once_a_birth_is_known_four_digits_are_no_date() -> None:
    assert Identifiers(phone_end="1205") == identifiers_in("one two oh five", birth_known=True)
    assert Identifiers(date(1950, 3, 5)) == identifiers_in("sorry, three five nineteen fifty", birth_known=True)


def test_beside_a_birth_a_second_number_is_a_correction() -> None:
    born = date(1950, 3, 4)

    assert Identifiers(born, "0142") == Identifiers(phone_end="0142").beside(Identifiers(born, record="99170"))
    assert Identifiers(None, "0142", "99170") == Identifiers(phone_end="0142").beside(Identifiers(record="99170"))


@pytest.mark.parametrize(
    ("digits", "found"),
    [
        ("03041950", Identifiers(date(1950, 3, 4))),
        ("0142", Identifiers(phone_end="0142")),
        ("4471902", Identifiers(record="4471902")),
        ("13131950", Identifiers(record="13131950")),
        ("12", Identifiers()),
        ("", Identifiers()),
    ],
)
def test_keyed_digits_are_a_date_a_phones_end_or_a_record(digits: str, found: Identifiers) -> None:
    assert found == identifiers_keyed(digits)


def test_what_tells_of_nothing_but_identifiers_is_known() -> None:
    assert only_identifies("The last four are 7730.")
    assert only_identifies("It's March 4th, 1950.")
    assert not only_identifies("It's March 4th, 1950, and my chest hurts.")
    assert not only_identifies("my birthday")
    assert may_identify("it was in March")
    assert not may_identify("How do I store insulin?")


@pytest.mark.parametrize(
    ("said", "topic", "part", "subject"),
    [
        ("What dose of metoprolol am I on?", Topic.MEDICINES, None, ""),
        ("Which pills do I take in the morning?", Topic.MEDICINES, PartOfDay.MORNING, ""),
        ("I forgot what dose I take.", Topic.MEDICINES, None, ""),
        ("What time do I take my water pill?", Topic.MEDICINES, None, ""),
        ("How often do I take metoprolol?", Topic.MEDICINES, None, ""),
        ("How often do I take my blood pressure pill?", Topic.MEDICINES, None, ""),
        ("Can you tell me my medications?", Topic.MEDICINES, None, ""),
        ("What pills should I take at night?", Topic.MEDICINES, PartOfDay.BEDTIME, ""),
        ("My mom takes metoprolol. What dose is she on?", Topic.MEDICINES, None, "mother"),
        ("What is he supposed to take with lunch?", Topic.MEDICINES, PartOfDay.NOON, "patient"),
        ("When is my follow-up?", Topic.FOLLOW_UP, None, ""),
        ("When do I see the doctor, and is he nice?", Topic.FOLLOW_UP, None, ""),
        ("I'm calling for my husband. When is his appointment?", Topic.FOLLOW_UP, None, "husband"),
        ("When was my surgery?", Topic.PROCEDURE, None, ""),
        ("What do my discharge papers say?", Topic.INSTRUCTIONS, None, ""),
    ],
)
def test_a_question_about_ones_own_record_is_known(
    said: str, topic: Topic, part: PartOfDay | None, subject: str
) -> None:
    found = own_question(said)

    assert found is not None
    assert (topic, part, subject) == (found.topic, found.part, found.subject)


@pytest.mark.parametrize(
    "said",
    [
        "How do I store my insulin?", "Can I double my metoprolol?", "When can I take a bath?",
        "Should I skip my pill?",
        "I missed my morning pill, what do I take?", "What if I take too many pills?", "When can I go back to work?",
        "Is it safe to take my pills with milk?", "How often should I change my dressing?",
        "March fourth nineteen fifty",
        "When should I take my bandage off?", "When do I get my staples out?",
        "How often should I take my blood pressure?", "What do I take if my sugar is low?",
        "When should I go back to the emergency room?", "What should I take for the pain?",
    ],
)  # fmt: skip
def test_advice_and_general_questions_are_none(said: str) -> None:
    assert own_question(said) is None


def test_who_calls_is_taken_from_what_she_says_of_herself() -> None:
    assert Relation.DAUGHTER is relation_in("Hi, this is her daughter.", asked=False)
    assert Relation.SON is relation_in("I'm his only son", asked=False)
    assert Relation.HUSBAND is relation_in("Her husband.", asked=True)
    assert relation_in("Her husband.", asked=False) is None
    assert relation_in("It's my mother's pills.", asked=True) is None
    assert relation_in("I am not her daughter", asked=True) is None


RECORD = Record(
    medicines=(
        Medicine("metoprolol", "25 mg", (PartOfDay.MORNING, PartOfDay.NOON, PartOfDay.EVENING), ("Lopressor",)),
        Medicine("acetaminophen", "500 mg", (PartOfDay.AS_NEEDED,)),
    ),
    procedure=Appointment("a knee replacement", date(2026, 1, 20)),
    instructions=("Keep it dry.", "Walk."),
)


@pytest.mark.parametrize(
    ("said", "sentences"),
    [
        ("What dose of Lopressor am I on?",
         ["Your instructions list metoprolol, 25 mg, in the morning, at noon and in the evening."]),
        ("Which pills do I take at noon?",
         ["Your instructions list metoprolol, 25 mg, in the morning, at noon and in the evening."]),
        ("What medicines is my mother on?",
         ["The patient's instructions list metoprolol, 25 mg, in the morning, at noon and in the evening.",
          "The patient's instructions list acetaminophen, 500 mg, only as needed."]),
        ("When was my surgery?", ["Your record lists a knee replacement, on Tuesday, January 20, 2026."]),
        ("When is my follow-up?", []),
        ("Which pills do I take at bedtime?", []),
        ("Read me my instructions", ["Your discharge instructions say this.", "Keep it dry.", "Walk."]),
    ],
)  # fmt: skip
def test_sentences_are_composed_from_the_record_alone(said: str, sentences: list[str]) -> None:
    asked = own_question(said)

    assert asked is not None
    assert sentences == list(told(RECORD, asked))


@pytest.mark.parametrize(
    "said",
    ["I called yesterday.", "I called you guys about my wound two days ago", "You told me last week to rest",
     "When I called, somebody said so", "Last time you said it was fine", "I talked to you yesterday"],
)  # fmt: skip
def test_an_earlier_call_is_spoken_of(said: str) -> None:
    assert speaks_of_an_earlier_call(said, answered=True)


def test_you_told_me_means_this_call_once_something_was_answered() -> None:
    assert speaks_of_an_earlier_call("Like you told me, I rested.", answered=False)
    assert not speaks_of_an_earlier_call("Like you told me, I rested.", answered=True)
    assert not speaks_of_an_earlier_call("I called my sister yesterday.", answered=False)
    assert not speaks_of_an_earlier_call("The doctor told me to rest.", answered=False)


def test_an_entry_begins_with_a_star_and_ends_with_a_pound_or_a_pause() -> None:
    entry = Keying()

    assert not entry.key(PHI("0"))
    assert all(entry.key(PHI(sign)) for sign in "*9*01")
    assert not after_a_frame(entry)
    assert entry.key(PHI("#"))
    assert after_a_frame(entry)
    assert "01" == entry.take().reveal()
    assert "" == entry.take().reveal()
    assert not entry.key(PHI("0"))
    assert entry.key(PHI("*"))
    assert 150 == next(frames for frames in range(1, 200) if after_a_frame(entry))
    entry.forget()
    assert not after_a_frame(entry)


def after_a_frame(entry: Keying) -> bool:
    entry.hear()
    return entry.ready
