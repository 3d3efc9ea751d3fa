"""The written rules: what each is there for, what it must leave alone, and how a sign is meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.__main__ import EXIT_SETTINGS, _serve
from policies.plain import plain
from policies.redflags import ACTIONS, Finding, Rule
from policies.rules.notation import BadNotation, way
from policies.rules.written import BadRules, of, red_flags
from policies.urgency import Urgency

RULES = red_flags()
NAMED = {rule.id: rule for rule in RULES.rules}

AT_ONCE = [
    "my chest feels really tight",
    "there's a pressure right on my chest",
    "cant catch my breath",
    "she\N{RIGHT SINGLE QUOTATION MARK}s having trouble breathing",
    "he is not breathing",
    "my speech is slurred",
    "I can't lift my left arm",
    "The bleeding, it won't stop.",
    "my stools are black",
    "I took twelve Tylenol today",
    "I just took like twenty five of my blood pressure pills",
    "I took four or five of my sleeping pills",
    "the baby ate some of grandmas heart pills",
    "blood keeps coming",
    "I'm on Eliquis and I bumped my head",
    "I got hives all over and my tongue is tingly",
    "I can see the bone",
    "she won't wake up",
]

ROUTINE = [
    "I haven't had any chest pain or shortness of breath",
    "no fever or bleeding that won't stop",
    "never had a seizure",
    "he is not short of breath",
    "when can I take a shower",
    "how do I change the dressing",
    "can I take tylenol for the pain in my knee",
    "how much salt may I eat",
    "what time is my appointment",
    "I take three pills a day",
    "I have taken three pills a day for years",
    "I took my three pills this morning",
    "I took two Tylenol an hour ago",
    "I have taken three days of my antibiotic",
    "I took a 500 milligram tablet",
    "do I have to take twelve pills",
    "can I take my pills twice a day",
    "my daughter took my medicine list to the pharmacy",
    "my son ate before taking the medicine",
    "did my baby drink enough",
    "should the incision be open to air",
    "is it ok that the incision is open to air",
    "can I see inside my chart",
    "the edge of my cut has come open a little",
    "do I need blood thinners",
    "how do I keep from falling",
    "when do the stitches come out",
    "my chart number is 481806236, and I want to know if I can take gabapentin with food",
    "my phone is 379 555 0156 and my number is 52",
    "my temperature is 98.6",
    "I had a seizure in 1998",
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


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_finds_what_it_must(rule: Rule) -> None:
    assert [] == [said for said in rule.must if RULES.judge(said).urgency < rule.urgency]


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_leaves_alone_what_it_must_not_find(rule: Rule) -> None:
    assert [] == [said for said in rule.must_not if RULES.judge(said) == Finding(rule.urgency, rule.id)]


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_without_a_rule_something_is_missed(rule: Rule) -> None:
    rest = RULES.without(rule.id)
    assert [said for said in rule.must if rest.judge(said).urgency < rule.urgency]


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_says_who_owns_it_and_where_it_comes_from(rule: Rule) -> None:
    assert rule.owner
    assert rule.source
    assert rule.action is ACTIONS[rule.urgency]
    assert len(rule.must) >= 2
    assert len(rule.must_not) >= 2


@pytest.mark.parametrize("words", AT_ONCE)
def test_a_sign_is_seen_however_it_is_written_down(words: str) -> None:
    plainly = "".join(letter for letter in words.lower() if letter.isalnum() or letter == " ")
    forms = [words, words.upper(), plainly, f"um, so yeah {words}. what should i do"]
    assert [Urgency.EMERGENCY_911] * 4 == [RULES.judge(form).urgency for form in forms]


@pytest.mark.parametrize("words", ROUTINE)
def test_a_plain_denial_and_a_routine_question_are_none(words: str) -> None:
    assert Finding.nothing() == RULES.judge(words)


@pytest.mark.parametrize("words", NO_DENIAL)
def test_a_no_that_does_not_deny_the_sign_leaves_it_standing(words: str) -> None:
    assert Urgency.EMERGENCY_911 is RULES.judge(words).urgency


@pytest.mark.parametrize(
    ("words", "urgency"),
    [
        ("my husband passed out in the kitchen", Urgency.EMERGENCY_911),
        ("my cousin passed out at her wedding", Urgency.ROUTINE),
        ("i fainted when i was a girl", Urgency.ROUTINE),
        ("what should i do if i faint", Urgency.ROUTINE),
        ("i have not fainted", Urgency.ROUTINE),
        ("my chest was hurting this morning but it went away", Urgency.NURSE_NOW),
        ("my chest was hurting last week but it went away", Urgency.ROUTINE),
        ("i had a heart attack last year and my chest is hurting again", Urgency.EMERGENCY_911),
        ("they said to watch for my chest hurting", Urgency.ROUTINE),
        ("they said to watch for my chest hurting and now my chest is hurting", Urgency.EMERGENCY_911),
        ("he passed out on that hospital show", Urgency.ROUTINE),
        ("she passed out while the show was on and will not wake", Urgency.EMERGENCY_911),
        ("i passed out when i saw the price", Urgency.ROUTINE),
        ("he passed out when i gave him the tablet", Urgency.EMERGENCY_911),
        ("is it true that my chest hurting could be gas", Urgency.EMERGENCY_911),
        ("is it true that a chest hurting could be gas", Urgency.ROUTINE),
        ("i passed out in basic training", Urgency.ROUTINE),
        ("my chest was hurting and it was over in a minute", Urgency.ROUTINE),
        ("i can still hear him choking back in nineteen sixty", Urgency.ROUTINE),
        ("he is still choking", Urgency.EMERGENCY_911),
    ],
)
def test_it_counts_whose_sign_it_is_and_when(words: str, urgency: Urgency) -> None:
    assert urgency is RULES.judge(words).urgency


@pytest.mark.parametrize(
    "words",
    [
        "my daughter in high school took thirty tylenol",
        "my son in middle school swallowed a bottle of tylenol",
        "my daughter swallowed a battery in kindergarten",
        "my son, during high school class he cut his wrists",
        "my son has chest pain in fifth grade",
        "I've wanted to die for as long as I can remember",
        "my chest pain is nothing new",
        "that is when we found her unconscious with an empty pill bottle",
        "I can't breathe that's why they kept me",
        "he was vomiting blood and it stopped after an hour",
        "he is having a seizure they wrote it down as epilepsy",
        "chest pain in a child my son is six",
        "if my mom is having a seizure what do I do",
        "if my chest is crushing who do I call",
        "if I took all my pills it would be over",
        "I nearly died when my throat closed up",
        "I nearly died when I couldn't breathe last night",
        "Cedar Falls, my husband is unconscious",
        "during the sermon I had crushing chest pain",
        "after the concert I had crushing chest pain",
        "vomiting blood after brushing my teeth",
        "I got dizzy in yoga and fainted",
        "he had us in stitches but now his wound is gushing blood",
        "I can't breathe I looked at my calendar",
        "he got into bed and slept and now I can't wake him",
        "he went head over heels down the stairs and hit his head on warfarin",
        "parking was hard my chest is crushing",
        "my father died of it and I have crushing chest pain",
        "my wife god rest her soul had it and I have crushing chest pain",
        "I was listening on the radio and he collapsed",
    ],
)
def test_a_place_a_book_and_a_figure_of_speech_hide_nobody_who_is_in_danger(words: str) -> None:
    assert RULES.judge(words).urgency > Urgency.ROUTINE


@given(st.text())
def test_plain_text_is_lower_case_words_and_commas(words: str) -> None:
    assert set("abcdefghijklmnopqrstuvwxyz0123456789, ") >= set(plain(words))


@given(st.text())
def test_any_text_is_judged(words: str) -> None:
    assert RULES.judge(words).urgency in Urgency


@given(st.lists(st.sampled_from(["no", "pain", "chest", "bleeding", "not", "any", ",", "took", "my"]), max_size=80))
@settings(deadline=1000, max_examples=30)
def test_long_turns_are_read_in_bounded_time(words: list[str]) -> None:
    RULES.judge(" ".join(words) * 5)


def test_a_way_of_saying_something_is_read() -> None:
    pattern = way("(a|the [big] dog) ... !(bites) {ends} #", {"ends": ["runs", "goes home"]})
    assert pattern == "(?:a |the (?:big )?dog )(?:[a-z0-9]+ ){0,3}?(?!bites )(?:runs |goes home )[0-9]+ "


@pytest.mark.parametrize("wrong", ["(a|b", "a)", "(|a)", "a {nobody}", "A", "it's", "()", ""])
def test_what_is_no_notation_is_refused(wrong: str) -> None:
    with pytest.raises(BadNotation):
        way(wrong, {})


ABOUT = 'owner = "x"\nsource = "y"\nsign = "z"\nurgency = "nurse_now"\nmust = ["a"]\nmust_not = ["b"]\n'


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("[[rule]]\nid = 'r'\n", "not given: sign, urgency, owner, source, must, must_not"),
        (f"[[rule]]\nid = 'r'\n{ABOUT}", "says or names is needed"),
        (f"[[rule]]\nid = 'r'\n{ABOUT}says = ['(a']", "is not closed"),
        (f"[[rule]]\nid = 'r'\n{ABOUT}says = ['a']\nsay = ['b']", "not known: say"),
        (f"[[rule]]\nid = 'r'\n{ABOUT}says = ['a']\n".replace("nurse_now", "soon"), "urgency is one of"),
        (f"[[rule]]\nid = 'r'\n{ABOUT}says = ['a']\n".replace("nurse_now", "routine"), "does nothing"),
        (f"[[rule]]\nid = 'r'\n{ABOUT}says = ['a']\n" * 2, "two rules are called 'r'"),
        ("[about]\n", "it holds no rule"),
        ("= 1", "mine.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(file: str, why: str) -> None:
    with pytest.raises(BadRules, match=why):
        of({"words.toml": "", "context.toml": CONTEXT, "mine.toml": file})


CONTEXT = "\n".join(f"{name} = ['x']" for name in RULES.context.__dataclass_fields__)


def test_a_file_of_rules_of_a_clinicians_own_is_read() -> None:
    rules = of(
        {"words.toml": "", "context.toml": CONTEXT, "mine.toml": f"[[rule]]\nid = 'r'\n{ABOUT}says = ['a (b|c)']"}
    )
    assert Finding(Urgency.NURSE_NOW, "r") == rules.judge("A, b. a c")


def test_a_line_with_a_rule_that_cannot_be_read_does_not_start_and_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*_: object) -> None:
        of({"mind.toml": "[[rule]"})

    monkeypatch.setattr("agent.service.run", run)
    nothing: Any = None

    assert EXIT_SETTINGS == _serve(*[nothing] * 9)
    assert "quietline: mind.toml: " in capsys.readouterr().err
