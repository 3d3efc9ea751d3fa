"""What a language model may not say, beside the passage that it was to put in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import passages
from agent.lexicon import MEDICINES
from policies.firewall import Breach, Firewall, figures
from policies.guardrails import Opened, Refused, Sayable, Source, Wording, screen_reply
from policies.phi import PHI
from policies.plain import plain
from policies.rules.written import BadRules
from policies.spoken.written import firewall, rules_of

PASSAGE = (
    "Take it with food. Unopened insulin keeps in the refrigerator. Call us if your temperature is above 100.4 degrees."
)


def safe(sentence: PHI[str], passage: str) -> PHI[float]:
    return PHI(1.0)


WALL = firewall(MEDICINES, safe)
NAMED = {rule.id: rule for rule in WALL.rules}


def between(text: str) -> str:
    return f" {plain(text)} "


@pytest.mark.parametrize("rule_id", NAMED)
def test_each_rule_forbids_what_it_must_and_is_needed_for_it(rule_id: str) -> None:
    rule = NAMED[rule_id]

    assert all(rule.forbids(between(said), "") for said in rule.must)
    assert not any(rule.forbids(between(said), "") for said in rule.must_not)
    assert any(not _by(WALL.without(rule_id), said) for said in rule.must)


FORBIDDEN = {
    "stop-a-medicine": "If you feel well you could quit the antibiotic",
    "skip-a-dose": "People often skip a pill now and then",
    "double-or-halve": "Take a little extra at night",
    "start-or-swap": "You might try another brand of tablets instead",
    "when-to-take": "Just move the pills to the evening",
    "names-a-condition": "You may have a chest infection",
    "reassures": "This is completely harmless",
    "promises": "I have let your doctor know and booked a visit",
    "implies-a-licence": "Speaking as a pharmacist I like it",
}


def test_every_rule_is_there() -> None:
    assert FORBIDDEN.keys() == NAMED.keys()
    assert dict.fromkeys(FORBIDDEN, True) == {rule_id: _by(WALL, said) for rule_id, said in FORBIDDEN.items()}


def _by(wall: Firewall, said: str) -> bool:
    return any(rule.forbids(between(said), "") for rule in wall.rules)


def test_no_rule_stands_in_the_way_of_what_another_must_leave_alone() -> None:
    allowed = [said for rule in WALL.rules for said in rule.must_not]

    assert [] == [said for said in allowed if _by(WALL, said)]


def test_every_approved_sentence_may_be_said_beside_its_own_passage() -> None:
    folder = Path(__file__).parents[2] / "deploy" / "knowledge"
    sentences = [(said, one.text) for one in passages.load(folder).passages for said in one.sentences]

    assert len(sentences) > 400
    assert [] == [said for said, text in sentences if WALL.breach(said, text) is not None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Take two tablets, then 3 more.", {"2", "3"}),
        ("Twenty-four hours, or 24.", {"24"}),
        ("Over one hundred point four.", {"100.4"}),
        ("A hundred and one point five degrees.", {"101.5"}),
        ("2,000 milligrams of salt", {"2000"}),
        ("Two thousand five hundred", {"2500"}),
        ("one tablet, not the blue one", {"1"}),
        ("Twice a day, half of it", {"2", "1/2"}),
        ("four or five", {"4", "5"}),
        ("point to where it hurts", set()),
        ("A thousand and one nights", {"1001"}),
        ("800mg every 4h, 3x a day", {"800", "4", "3"}),
        ("1.5mg", {"1.5"}),
        ("5 hundred, 2 thousand", {"500", "2000"}),
    ],
)
def test_figures_are_the_same_in_words_and_in_digits(text: str, found: set[str]) -> None:
    assert found == figures(text)


@pytest.mark.parametrize(
    ("sentence", "breach"),
    [
        ("Call us above one hundred point four.", None),
        ("Call us above 101 degrees.", Breach.FIGURE),
        ("Take two with food.", Breach.FIGURE),
        ("Take your warfarin with food.", Breach.MEDICINE),
        ("You can stop taking it.", Breach.RULE),
        ("Have it with a meal.", None),
        ("Have \uff15 with a meal.", Breach.SIGNS),
        ("St\u043ep taking it.", Breach.SIGNS),
        ("Have it with a m\u00adeal.", Breach.SIGNS),
        ("", Breach.SIGNS),
    ],
)
def test_what_the_passage_does_not_hold_may_not_be_said(sentence: str, breach: Breach | None) -> None:
    assert breach is WALL.breach(sentence, PASSAGE)


def test_a_medicine_may_be_called_by_another_of_its_names() -> None:
    assert WALL.breach("Tylenol is fine to keep dry.", "Keep acetaminophen dry. It is fine in a cupboard.") is None


def test_what_a_passage_itself_says_is_forbidden_by_no_rule() -> None:
    said = "You can stop taking the pain medicine when you no longer need it."

    assert Breach.RULE is WALL.breach(said, PASSAGE)
    assert WALL.breach(said, f"Good news. {said}") is None


@pytest.mark.parametrize("likely", [0.49, 0.0, float("nan")])
def test_what_the_reader_finds_unsafe_or_cannot_weigh_may_not_be_said(likely: float) -> None:
    wall = Firewall(WALL.rules, MEDICINES, lambda sentence, passage: PHI(likely))

    assert Breach.READER is wall.breach("Have it with a meal.", PASSAGE)


def test_a_models_sentence_stands_under_the_passage_it_was_judged_beside() -> None:
    wording, opened = Wording.of([], {}, firewall=WALL), Opened("insulin", PHI(PASSAGE))

    said = screen_reply(PHI("Have it with a meal."), wording, opened=opened)

    assert isinstance(said, Sayable)
    assert (Source.MODEL, "insulin") == (said.source, said.passage_id)
    assert Refused.FORBIDDEN is screen_reply(PHI("You can stop taking it."), wording, opened=opened)


def test_without_a_passage_or_a_firewall_nothing_of_a_models_is_said() -> None:
    said, opened = PHI("Have it with a meal."), Opened("insulin", PHI(PASSAGE))

    assert Refused.NOT_APPROVED is screen_reply(said, Wording.of([], {}, firewall=WALL))
    assert Refused.NOT_APPROVED is screen_reply(said, Wording.of([], {}), opened=opened)


def test_what_could_not_be_judged_is_not_said() -> None:
    def fails(sentence: PHI[str], passage: str) -> PHI[float]:
        raise RuntimeError

    wording = Wording.of([], {}, firewall=Firewall(WALL.rules, MEDICINES, fails))

    assert Refused.FORBIDDEN is screen_reply(PHI("Have it."), wording, opened=Opened("insulin", PHI(PASSAGE)))


RULE = """
[about]
owner = "o"
source = "s"
[[rule]]
id = "one"
says = ["(now|then)"]
must = ["now"]
must_not = ["later"]
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[rule]", "rules.toml"),
        ("", "no rule"),
        (RULE + RULE.split("[about]")[1].split("[[rule]]")[1].join(["[[rule]]", ""]), "two of one id"),
        (RULE.replace("must_not", "mustnt"), "mustnt"),
        (RULE.replace('owner = "o"', ""), "owner"),
        (RULE.replace("(now|then)", "(now|"), "one"),
    ],
)
def test_a_file_of_rules_that_cannot_be_used_says_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(BadRules, match=told):
        rules_of(text)
