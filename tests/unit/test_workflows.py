"""The workflows' files, and what a caller's words are as an answer."""

from __future__ import annotations

import pytest

from agent.lines import Workflow
from agent.plainness import grade
from agent.settings import ROOT
from agent.workflows import WorkflowRefused, load, read
from policies.answers import Answer, announces, asks, leaves, refuses_number, yes_or_no
from policies.guardrails import NotWording, Wording, read_back
from policies.objectives import MOST_ITEMS
from policies.phi import PHI

FOLDER = ROOT / "deploy" / "workflows"
ABOUT = "[about]\nis = 'a'\nowner = 'b'\nsource = 'c'\n"
YES_NO = "[[item]]\nid = 'one'\nask = 'Is it?'\nkind = 'yes_no'\ntrouble = 'yes'\n"
NUMBER = "[[item]]\nid = 'two'\nask = 'What is it?'\nkind = 'number'\nmeasure = 'glucose'\n"
TEACH = "[[item]]\nid = 'three'\nask = 'How?'\nkind = 'teach_back'\npoint = 'Look at the paper.'\nenough = 1\n"


def test_a_line_may_ask_nothing() -> None:
    assert () == load(FOLDER, Workflow.NONE).items


@pytest.mark.parametrize("workflow", [each for each in Workflow if each is not Workflow.NONE])
def test_every_workflow_has_a_file_of_plain_questions(workflow: Workflow) -> None:
    items = load(FOLDER, workflow).items
    assert 1 <= len(items) <= MOST_ITEMS
    assert [] == [item.id for item in items if grade(item.ask) > 8 or (item.point and grade(item.point) > 8)]


def test_a_file_holds_its_items_in_order() -> None:
    assert ["one", "two", "three"] == [item.id for item in read("x.toml", ABOUT + YES_NO + NUMBER + TEACH).items]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("= 1", r"is not TOML"),
        (YES_NO, r"\[about\]: give"),
        (ABOUT.replace("'a'", "''") + YES_NO, r"is: write one line"),
        (ABOUT + "item = []", r"\[about\]"),
        ("item = []\n" + ABOUT, r"\[\[item\]\]: give 1 to 8"),
        (ABOUT + YES_NO * 2, r"id: is there twice"),
        (ABOUT + YES_NO + YES_NO.replace("one", "four"), r"ask: is there twice"),
        (ABOUT + YES_NO.replace("'one'", "'One'"), r"id: use small letters"),
        (ABOUT + YES_NO.replace("yes_no", "maybe"), r"one: kind: must be number or teach_back or yes_no"),
        (ABOUT + YES_NO + "point = 'x'", r"one: point: an item of the kind yes_no has no such key"),
        (ABOUT + NUMBER.replace("measure = 'glucose'", ""), r"two: measure: is missing"),
        (ABOUT + NUMBER.replace("glucose", "systolic"), r"two: measure: must be"),
        (ABOUT + YES_NO.replace("Is it?", "Say it."), r"one: ask: write one question"),
        (ABOUT + YES_NO.replace("Is it?", "Is it? Or?"), r"one: ask: write one question"),
        (ABOUT + YES_NO.replace("Is it?", "Is  it?"), r"one: ask: write up to 160"),
        (ABOUT + TEACH.replace("enough = 1", "enough = 9"), r"three: enough: say how many of the point's own 2"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(WorkflowRefused, match=f"^x.toml: {why}"):
        read("x.toml", text)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(WorkflowRefused, match=r"^intake.toml: put this file into the folder that QUIETLINE_WORKFLOWS"):
        load(ROOT / "docs", Workflow.INTAKE)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Yes.", Answer.YES),
        ("Yeah, I do.", Answer.YES),
        ("I am.", Answer.YES),
        ("No.", Answer.NO),
        ("Um, well, no, not really", Answer.NO),
        ("I don't have any.", Answer.NO),
        ("Yes, a little.", Answer.PARTLY),
        ("Maybe.", Answer.PARTLY),
        ("I don't know.", Answer.REFUSES),
        ("No, but it looks funny.", Answer.UNCLEAR),
        ("I am busy.", Answer.UNCLEAR),
        ("I have to go.", Answer.UNCLEAR),
        ("I'm fine.", Answer.UNCLEAR),
        ("Purple elephants.", Answer.UNCLEAR),
    ],
)
def test_an_answer_is_read_leaning_to_care(words: str, answer: Answer) -> None:
    assert answer is yes_or_no(words)


@pytest.mark.parametrize("words", ["Goodbye.", "I have to go now", "That's all.", "no more questions please"])
def test_who_insists_on_leaving_is_heard(words: str) -> None:
    assert leaves(words)


def test_a_plain_no_is_no_leaving_and_a_question_is_one() -> None:
    assert not leaves("No, that's all right.")
    assert [True, True, False] == [asks(said) for said in ("Can I shower", "It is red, is that bad?", "It is red.")]
    assert [True, False] == [announces(said) for said in ("Yes, I have a question.", "Yes, I have.")]
    assert [True, False] == [refuses_number(said) for said in ("I don't have a meter.", "one twenty")]


def test_only_a_number_is_read_back_and_only_in_our_own_phrase() -> None:
    wording = Wording.of(["I heard {number}.", "No place."], {})

    assert "I heard 138 over 85." == read_back("I heard {number}.", PHI("138 over 85"), wording).text.reveal()
    for template, number in (("I heard {number}.", "my dose"), ("You said {number}.", "1"), ("No place.", "1")):
        with pytest.raises(NotWording):
            read_back(template, PHI(number), wording)
