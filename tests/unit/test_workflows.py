"""The workflows' files, and what a caller's words are as an answer."""

from __future__ import annotations

import pytest

from agent.lines import Workflow
from agent.plainness import grade
from agent.settings import ROOT
from agent.workflows import WorkflowRefused, load, read
from policies.answers import Answer, accepts, announces, asks, content, leaves, refuses_number, told_back, yes_or_no
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
    assert (workflow is not Workflow.NONE) <= len(items) <= MOST_ITEMS
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
        ("Yes, except the blood thinner.", Answer.PARTLY),
        ("Yes, all but one.", Answer.PARTLY),
        ("No, just when I lie down.", Answer.PARTLY),
        ("Yes, when I lie down.", Answer.YES),
        ("No, I forgot.", Answer.NO),
        ("I forgot.", Answer.REFUSES),
        ("No, I'd rather not say.", Answer.REFUSES),
        ("No, I don't know.", Answer.UNCLEAR),
        ("No idea.", Answer.REFUSES),
        ("Nothing helps.", Answer.UNCLEAR),
        ("Nothing.", Answer.NO),
        ("Never been worse.", Answer.UNCLEAR),
        ("No, worse.", Answer.UNCLEAR),
        ("No, nothing's gotten worse.", Answer.NO),
        ("No question.", Answer.UNCLEAR),
        ("No, not now.", Answer.NO),
        ("No, I missed it.", Answer.NO),
        ("I didn't hear that.", Answer.UNCLEAR),
        ("Yes, please repeat that.", Answer.UNCLEAR),
    ],
)
def test_an_answer_is_read_leaning_to_care(words: str, answer: Answer) -> None:
    assert answer is yes_or_no(words)


@pytest.mark.parametrize("words", ["Goodbye.", "I have to go now", "That's all.", "no more questions please"])
def test_who_insists_on_leaving_is_heard(words: str) -> None:
    assert leaves(words)


@pytest.mark.parametrize(
    "words",
    ["No, not now.", "I have to go to the bathroom a lot.", "Let me go get my cuff.", "I need to leave it off."],
)
def test_who_only_goes_somewhere_stays_on_the_line(words: str) -> None:
    assert not leaves(words)


@pytest.mark.parametrize("words", ["Yes, get one.", "Yes I would like that.", "Sure, get one.", "I'd like one."])
def test_an_offer_is_accepted_in_more_than_one_word(words: str) -> None:
    assert accepts(words)


def test_who_wants_to_know_or_to_have_none_accepts_no_offer() -> None:
    assert not any(map(accepts, ("I would like to know if I can bathe.", "No, I don't want one.", "When can I shower")))


def test_a_point_is_told_back_only_where_it_is_not_denied() -> None:
    wanted = content("Talk with a nurse, your doctor, or your pharmacist.")

    assert told_back("I would call the nurse, I won't change it.", wanted, 1)
    assert not told_back("I would never call a nurse or a doctor.", wanted, 1)


@pytest.mark.parametrize("workflow", Workflow)
def test_one_word_of_a_point_is_never_enough(workflow: Workflow) -> None:
    assert [] == [item.id for item in load(FOLDER, workflow).items if item.point and item.enough < 2]


def test_a_plain_no_is_no_leaving_and_a_question_is_one() -> None:
    assert not leaves("No, that's all right.")
    assert [True, True, False] == [asks(said) for said in ("Can I shower", "It is red, is that bad?", "It is red.")]
    assert [True, False] == [asks(said) for said in ("Yes, when can I shower?", "Yes, when I lie down.")]
    assert [True, False] == [announces(said) for said in ("Yes, I have a question.", "Yes, I have.")]
    assert [True, False] == [refuses_number(said) for said in ("I don't have a meter.", "one twenty")]


def test_only_a_number_is_read_back_and_only_in_our_own_phrase() -> None:
    wording = Wording.of(["I heard {number}.", "No place."], {})

    assert "I heard 138 over 85." == read_back("I heard {number}.", PHI("138 over 85"), wording).text.reveal()
    for template, number in (("I heard {number}.", "my dose"), ("You said {number}.", "1"), ("No place.", "1")):
        with pytest.raises(NotWording):
            read_back(template, PHI(number), wording)
