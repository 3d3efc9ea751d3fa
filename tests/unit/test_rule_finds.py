"""What a clinician is shown of each rule."""

from __future__ import annotations

import pytest

from deploy.teaching.rules import TRAPS, finds, shown, table
from deploy.teaching.sentences import Said, read
from policies.rules.written import red_flags
from policies.urgency import Urgency

RULES = red_flags()
ALONE = Said("he is choking on a peanut", Urgency.EMERGENCY_911, "airway", "direct", "x")
SHARED = Said("she is choking and her lips are turning blue", Urgency.EMERGENCY_911, "airway", "direct", "x")
WRONGLY = Said("i am choking on all this lace", Urgency.ROUTINE, "none", "idiom", "x")
ELSEWHERE = Said("where do i park", Urgency.ROUTINE, "none", "talk", "x")


def test_of_a_rule_is_told_what_it_finds_alone_and_what_it_takes_for_a_sign() -> None:
    told = finds(RULES, "choking", [ALONE, SHARED, WRONGLY, ELSEWHERE])

    assert {Urgency.EMERGENCY_911: 2, Urgency.ROUTINE: 1} == told.found
    assert ([ALONE], [WRONGLY]) == (told.alone, told.wrongly)
    assert ["found by no other rule:", f"  {ALONE.text}", "routine, and found:", f"  {WRONGLY.text}"] == shown(told)


def test_every_rule_has_its_line() -> None:
    lines = table(RULES, [ALONE, WRONGLY])

    assert [rule.id for rule in RULES.rules] == [line.split()[0] for line in lines[1:]]
    assert ["choking 1 0 0 1 1"] == [" ".join(line.split()) for line in lines if line.startswith("choking")]


def test_a_rule_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="no rule is called chocking"):
        finds(RULES, "chocking", [])


def test_the_traps_are_no_lesson() -> None:
    taught = {said.text for said in read()}

    assert len(read(TRAPS)) > 800
    assert not [said for said in read(TRAPS) if said.text in taught]
