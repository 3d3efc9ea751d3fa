"""Who is calling: what is asked, and what is told to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pytest

from agent.identifying import Identifying
from agent.mouth import Gate
from agent.phrases import Phrase, PhraseTexts
from agent.replying import Course
from policies.guardrails import Answerable, Sayable, Wording, fixed, screen_utterance
from policies.patient import Identifiers, Matched, NotMatched, Unavailable
from policies.phi import PHI, Utterance
from policies.rules.written import red_flags
from tests.calls.test_identifying_in_calls import BORN, DOSE, HERS, METOPROLOL, NOBODYS, PHONE, Directory
from tests.virtual_time import at_once

TEXTS: Final = PhraseTexts.for_agent("Mercy", "", draft=False, days=7)
WORDING: Final = Wording.of(TEXTS.wording(), {})
ELSEWHERE: Final = "answered elsewhere"
P = Phrase
ASKED: Final = [P.IDENTIFY, P.ASK_SECOND]
TOLD: Final = [P.CHECKED, METOPROLOL, P.IF_IT_DIFFERS]


class Heard:
    """A mouth: what it says, and when."""

    def __init__(self) -> None:
        self.said: list[Phrase | str] = []
        self.at_s: list[float] = []

    async def recite(self, sentences: Sequence[Sayable]) -> None:
        for sentence in sentences:
            text = sentence.text.reveal()
            self.said.append(next((phrase for phrase in Phrase if TEXTS[phrase] == text), text))
            self.at_s.append(asyncio.get_running_loop().time())


def answerable(words: str, unsure: bool) -> Answerable:
    likely = PHI(np.array((0.25, 0.7, 0.03, 0.02), np.float32)) if unsure else None
    found = screen_utterance(Utterance(PHI(words), doubtful=False, urgency=likely), red_flags())
    assert isinstance(found, Answerable)
    return found


async def _asking() -> tuple[Identifying, Gate]:
    """One that has asked for a date of birth."""
    heard, gate = Heard(), Gate.shut()
    gate.open()
    who = Identifying(Directory(), heard.recite, lambda phrase: fixed(TEXTS[phrase], WORDING))
    await who.reply(answerable(DOSE, unsure=False), gate, offered=False)
    assert who.asking
    return who, gate


async def test_where_another_question_is_open_only_what_identifies_is_taken() -> None:
    who, _ = await _asking()
    turns = ("Yes.", "I think so.", BORN, DOSE)

    taken = [
        [who.takes(answerable(turn, unsure=False), offered=False, waiting=on) for turn in turns] for on in (False, True)
    ]
    assert [[True, True, True, True], [False, False, True, True]] == taken
    assert [False, True] == [who.takes(answerable(t, unsure=False), offered=True) for t in ("Yes, get one.", BORN)]


async def test_once_it_has_left_it_takes_no_answer_but_goes_on_with_keys_and_questions() -> None:
    who, gate = await _asking()
    await who.reply(answerable(BORN, unsure=False), gate, offered=False)
    who.leave()

    assert not who.takes(answerable("Yes.", unsure=False), offered=False)
    assert not who.key(PHI("1"))
    assert all(who.key(PHI(digit)) for digit in "*01")
    assert who.entering
    assert all(who.key(PHI(digit)) for digit in "42#")
    assert who.keyed()
    assert Course.ON is await who.reply_to_keys()
    assert who._patient is not None


async def _conversation(turns: Sequence[str], records: Any, unsure: str) -> tuple[Heard, list[float]]:
    heard, took, offered = Heard(), list[float](), False
    who = Identifying(records, heard.recite, lambda phrase: fixed(TEXTS[phrase], WORDING))
    for turn in turns:
        began_s, said_before = asyncio.get_running_loop().time(), len(heard.said)
        gate = Gate.shut()
        gate.open()
        if turn.startswith("*"):
            for digit in turn:
                assert who.key(PHI(digit))
            for _ in range(150):
                who.keyed()
            assert who.keyed()
            course = await who.reply_to_keys()
        else:
            said = answerable(turn, bool(unsure) and unsure in turn)
            if who.takes(said, offered=offered):
                course = await who.reply(said, gate, offered=offered)
            else:
                heard.said.append(ELSEWHERE)
                heard.at_s.append(began_s)
                course = Course.ON
        offered = course is Course.OFFERED_PERSON
        took.append(heard.at_s[said_before] - began_s)
    who.forget()
    assert not who.asking or who._given.reveal() == Identifiers()
    assert who._patient is None
    return heard, took


def said_to(*turns: str, records: Any = None, unsure: str = "") -> list[Phrase | str]:
    return at_once(_conversation(turns, records or Directory(), unsure))[0].said


def after_s(*turns: str, records: Any = None) -> float:
    """From the last turn to the first word of its reply."""
    return round(at_once(_conversation(turns, records or Directory(), ""))[1][-1], 6)


def test_two_of_three_identifiers_in_any_order_and_manner_do() -> None:
    assert [*ASKED, *TOLD] == said_to(DOSE, BORN, PHONE)
    assert [P.IDENTIFY, *TOLD] == said_to(DOSE, "It's March 4th, 1950, and my record number is 4 4 7 1 9 0 2.")
    assert [P.ASK_SECOND, *TOLD] == said_to(f"I was born March fourth nineteen fifty. {DOSE}", PHONE)
    assert [*ASKED, *TOLD] == said_to(DOSE, "My record number is 4471902.", PHONE)
    assert [P.IDENTIFY, P.ASK_BIRTH, *TOLD] == said_to(DOSE, PHONE, BORN)
    assert [*ASKED, *TOLD] == said_to(DOSE, "*03041950", "*0142")


def test_two_failures_end_it_whatever_is_given_afterwards() -> None:
    directory = Directory()
    told = said_to(DOSE, BORN, NOBODYS, BORN, NOBODYS, DOSE, BORN, PHONE, records=directory)

    assert [*ASKED, P.CHECK_AGAIN, P.ASK_SECOND, P.NOT_CHECKED, *[ELSEWHERE] * 3] == told
    assert 2 == directory.asked


def test_every_check_takes_the_same_time_and_a_failed_one_has_the_same_wording() -> None:
    matched = after_s(DOSE, BORN, PHONE)

    failed: list[tuple[tuple[str, ...], Any]] = [
        ((DOSE, BORN, NOBODYS), Directory()),
        ((DOSE, BORN, NOBODYS), Directory(takes_s=0.9)),
        ((DOSE, "May first nineteen sixty one.", NOBODYS), Directory()),
        ((f"I'm her friend. {HERS}", BORN, PHONE), Directory()),
    ]
    assert {(matched, P.CHECK_AGAIN)} == {(after_s(*t, records=r), said_to(*t, records=r)[-1]) for t, r in failed}
    away = (DOSE, BORN, PHONE)
    assert matched == after_s(*away, records=Directory(away=True))
    assert P.RECORDS_AWAY is said_to(*away, records=Directory(away=True))[-1]
    assert 1.0 < matched < 1.5


def test_without_records_nobody_is_asked() -> None:
    assert [ELSEWHERE] == at_once(_conversation([DOSE], None, ""))[0].said


def test_a_proxy_hears_what_the_patient_has_consented_to_and_of_nobody_else() -> None:
    hers = METOPROLOL.replace("Your", "The patient's")
    daughter = [P.CHECKED, hers, P.IF_IT_DIFFERS]

    assert [*ASKED, P.ASK_RELATION, *daughter] == said_to(HERS, BORN, PHONE, "I'm her daughter.")
    known = said_to(f"This is her daughter. {HERS}", BORN, PHONE, "When is my father's visit?", "When is her visit?")
    assert [*ASKED, *daughter, ELSEWHERE] == known[:-1]
    assert str(known[-1]).startswith("The patient's next visit is")
    assert [P.ASK_RELATION, P.CHECK_AGAIN, P.ASK_SECOND, P.NOT_CHECKED] == said_to(
        HERS, BORN, PHONE, "A friend.", BORN, PHONE
    )[2:]
    assert ELSEWHERE == said_to(DOSE, BORN, PHONE, HERS)[-1], "her own record answers nothing about her mother"


def test_what_the_record_does_not_say_is_a_nurses() -> None:
    assert [P.CHECKED, P.NOT_LISTED] == said_to(DOSE.replace("metoprolol", "warfarin"), BORN, PHONE)[2:]
    knee = ("When is my follow-up?", "November 21st, 1938.", "7730")
    assert [P.CHECKED, P.NOT_LISTED] == said_to(*knee)[2:]


def test_an_answer_without_an_identifier_is_asked_again_once_with_the_keypad() -> None:
    what = "I really could not tell you."

    assert [P.IDENTIFY, P.USE_KEYS, P.ASK_BIRTH, P.NOT_CHECKED] == said_to(DOSE, what, what)
    assert [P.IDENTIFY, P.USE_KEYS, P.ASK_BIRTH, P.ASK_SECOND, *TOLD] == said_to(DOSE, "*12", BORN, PHONE)


def test_who_declines_or_asks_something_else_is_answered_and_may_go_on() -> None:
    insulin = "How do I store my insulin at home?"

    assert [P.IDENTIFY, P.NOT_CHECKED] == said_to(DOSE, "No thank you.")
    assert [P.IDENTIFY, ELSEWHERE, P.ASK_SECOND, *TOLD] == said_to(DOSE, insulin, BORN, PHONE)
    assert [P.IDENTIFY, P.ASK_BIRTH, ELSEWHERE] == said_to(DOSE, "Okay.", "Could you say that again?")


def test_a_doubtful_symptom_among_identifiers_is_asked_about_and_identifiers_alone_are_none() -> None:
    strange = "I feel sort of strange. March fourth nineteen fifty."

    assert [P.IDENTIFY, P.CHECK, P.ASK_SECOND, *TOLD] == said_to(DOSE, strange, "No.", PHONE, unsure="strange")
    assert [*ASKED, *TOLD] == said_to(DOSE, BORN, "The last four are 0 1 4 2.", unsure="last four")
    assert [P.IDENTIFY, P.CHECK, ELSEWHERE] == said_to(DOSE, strange, "Yes.", unsure="strange")
    assert [ELSEWHERE] == said_to(f"I feel sort of strange. {DOSE}", unsure="strange")


def test_nothing_that_was_given_is_read_out() -> None:
    said = " ".join(map(str, said_to(DOSE, BORN, NOBODYS, BORN, PHONE))).lower()

    assert not any(part in said for part in ("1950", "fifty", "0142", "9917", "march"))


@pytest.mark.parametrize("found", [NotMatched.NOBODY, Unavailable.NO_ANSWER])
def test_a_failed_check_forgets_what_was_given(found: NotMatched | Unavailable) -> None:
    class Never:
        given: Identifiers | None = None

        async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
            Never.given = given.reveal()
            return found

    said_to(DOSE, BORN, PHONE, NOBODYS, records=Never())

    assert Never.given is not None
    assert "0142" == Never.given.phone_end
