"""The provisional red flags: what is a sign, and what is a plain denial of one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.redflags import RedFlag, RedFlags, plain

RULES = RedFlags.provisional()

SIGNS = [
    (RedFlag.CHEST_PAIN, "I have chest pain"),
    (RedFlag.CHEST_PAIN, "my chest feels really tight"),
    (RedFlag.CHEST_PAIN, "there's a pressure right on my chest"),
    (RedFlag.CHEST_PAIN, "i think i'm having a heart attack"),
    (RedFlag.BREATHING, "I can't breathe"),
    (RedFlag.BREATHING, "cant catch my breath"),
    (RedFlag.BREATHING, "she\N{RIGHT SINGLE QUOTATION MARK}s having trouble breathing"),
    (RedFlag.BREATHING, "he is not breathing"),
    (RedFlag.STROKE, "his face is drooping on one side"),
    (RedFlag.STROKE, "my speech is slurred"),
    (RedFlag.STROKE, "I can't lift my left arm"),
    (RedFlag.BLEEDING, "it won't stop bleeding"),
    (RedFlag.BLEEDING, "The bleeding, it won't stop."),
    (RedFlag.BLEEDING, "I threw up some blood"),
    (RedFlag.BLEEDING, "the cut is bleeding through and it's bleeding heavily"),
    (RedFlag.BLEEDING, "my stools are black"),
    (RedFlag.SELF_HARM, "I want to kill myself"),
    (RedFlag.SELF_HARM, "I don't want to live anymore"),
    (RedFlag.SELF_HARM, "i wish i was dead"),
    (RedFlag.OVERDOSE, "I took too many of my pills"),
    (RedFlag.OVERDOSE, "I think I overdosed"),
    (RedFlag.OVERDOSE, "I accidentally took two"),
    (RedFlag.OVERDOSE, "I took twelve Tylenol today"),
    (RedFlag.OVERDOSE, "I took 20 pills"),
    (RedFlag.OVERDOSE, "I just took like twenty five of my blood pressure pills"),
    (RedFlag.OVERDOSE, "he swallowed ten oxycodone"),
    (RedFlag.OVERDOSE, "I have taken a hundred tablets"),
    (RedFlag.OVERDOSE, "I took four or five of my sleeping pills"),
    (RedFlag.OVERDOSE, "I took my pills twice"),
    (RedFlag.OVERDOSE, "I think I took my blood pressure medicine twice"),
    (RedFlag.OVERDOSE, "my grandson drank my medicine"),
    (RedFlag.OVERDOSE, "my two year old got into the pills"),
    (RedFlag.OVERDOSE, "the baby ate some of grandmas heart pills"),
    (RedFlag.BLEEDING, "blood keeps coming"),
    (RedFlag.BLEEDING, "the blood just keeps on coming"),
    (RedFlag.BLEEDING, "the cut keeps bleeding"),
    (RedFlag.BLEEDING, "I fell and hit my head"),
    (RedFlag.BLEEDING, "I fell and hit my head and I'm on blood thinners"),
    (RedFlag.BLEEDING, "I'm on Eliquis and I bumped my head"),
    (RedFlag.BLEEDING, "she hit her head, she takes warfarin"),
    (RedFlag.SWELLING, "my throat feels funny and I have a rash"),
    (RedFlag.SWELLING, "I got hives all over and my tongue is tingly"),
    (RedFlag.EMERGENCY, "my incision is open and I can see inside"),
    (RedFlag.EMERGENCY, "my stitches burst open"),
    (RedFlag.EMERGENCY, "the wound came apart"),
    (RedFlag.EMERGENCY, "I can see the bone"),
    (RedFlag.UNCONSCIOUS, "My husband passed out"),
    (RedFlag.UNCONSCIOUS, "she won't wake up"),
    (RedFlag.SEIZURE, "he just had a seizure"),
    (RedFlag.SWELLING, "my throat is swelling up"),
    (RedFlag.SWELLING, "my tongue feels swollen"),
    (RedFlag.EMERGENCY, "I think I need an ambulance"),
]

DENIED_OR_ROUTINE = [
    "no chest pain",
    "I don't have any chest pain",
    "I haven't had any chest pain or shortness of breath",
    "no fever or bleeding that won't stop",
    "I'm not having any trouble breathing",
    "never had a seizure",
    "he is not short of breath",
    "when can I take a shower",
    "how do I change the dressing",
    "can I take tylenol for the pain in my knee",
    "is it normal that my ankle is swollen",
    "my incision is bleeding a little",
    "how much salt may I eat",
    "what time is my appointment",
    "I take three pills a day",
    "I have taken three pills a day for years",
    "I took my three pills this morning",
    "I took two Tylenol an hour ago",
    "I took one pill three hours ago",
    "I have taken three days of my antibiotic",
    "I took a 500 milligram tablet",
    "how many pills can I take",
    "do I have to take twelve pills",
    "I have taken my medicine twice a day",
    "can I take my pills twice a day",
    "my daughter took my medicine list to the pharmacy",
    "my son ate before taking the medicine",
    "did my baby drink enough",
    "I have not taken ten pills",
    "should the incision be open to air",
    "is it ok that the incision is open to air",
    "can I see inside my chart",
    "the edge of my cut has come open a little",
    "I have a rash on my arm",
    "my throat is scratchy from the breathing tube",
    "I take a blood thinner and my head hurts a bit",
    "do I need blood thinners",
    "how do I keep from falling",
    "when do the stitches come out",
    "my insides feel sore",
]

NO_DENIAL = [
    "No, I have chest pain.",
    "No. Chest pain.",
    "not only chest pain",
    "I don't know, chest pain maybe",
    "no chest pain but I can't breathe",
    "no chest pain. now I have chest pain",
    "I never said I have no chest pain, I have chest pain",
]


@pytest.mark.parametrize(("flag", "words"), SIGNS)
def test_a_sign_is_seen(flag: RedFlag, words: str) -> None:
    assert flag in RULES.seen_in(words)


@pytest.mark.parametrize(("flag", "words"), SIGNS)
def test_a_sign_is_seen_however_it_is_written_down(flag: RedFlag, words: str) -> None:
    assert flag in RULES.seen_in(words.upper())
    assert flag in RULES.seen_in("".join(letter for letter in words.lower() if letter.isalnum() or letter == " "))
    assert flag in RULES.seen_in(f"um, so yeah {words}. what should i do")


@pytest.mark.parametrize("words", DENIED_OR_ROUTINE)
def test_a_plain_denial_and_a_routine_question_are_none(words: str) -> None:
    assert frozenset() == RULES.seen_in(words)


@pytest.mark.parametrize("words", NO_DENIAL)
def test_a_no_that_does_not_deny_the_sign_leaves_it_standing(words: str) -> None:
    assert frozenset() != RULES.seen_in(words)


def test_every_flag_has_a_sign_in_this_test() -> None:
    assert set(RedFlag) == {flag for flag, _ in SIGNS}


@given(st.text())
def test_plain_text_is_lower_case_words_and_commas(words: str) -> None:
    assert set("abcdefghijklmnopqrstuvwxyz0123456789, ") >= set(plain(words))


@given(st.lists(st.sampled_from(["no", "pain", "chest", "bleeding", "not", "any", ",", "took", "my"]), max_size=80))
@settings(deadline=1000)
def test_long_turns_are_read_in_bounded_time(words: list[str]) -> None:
    RULES.seen_in(" ".join(words) * 20)
