"""Whole calls in which something must be asked before the goodbye."""

from __future__ import annotations

from agent.lines import Workflow
from agent.phrases import Phrase
from policies.objectives import Covered
from policies.records import EndReason
from tests.simulated import Held, Line, Setup, hold, house, passage, words

INSULIN = "How do I store my insulin at home?"
A, D, E, K, N, X = (
    Covered.ANSWERED,
    Covered.DECLINED,
    Covered.ESCALATED,
    Covered.ASKED,
    Covered.NOT_REACHED,
    Covered.NONE,
)
DISCHARGE = Setup(workflow=Workflow.POST_DISCHARGE)
CHRONIC = Setup(workflow=Workflow.CHRONIC_CHECK_IN)


def questions(workflow: Workflow) -> list[str]:
    asking = house(workflow)[0].script.asking
    assert asking is not None
    return [one.item.ask for one in asking.items]


ASKED = questions(Workflow.POST_DISCHARGE)
CHECKED = questions(Workflow.CHRONIC_CHECK_IN)
LEAD = words(Phrase.BEFORE_YOU_GO)
NEXT = words(Phrase.NOTED)
GOODBYE = words(Phrase.CLOSING)


def call(*turns: str, setup: Setup = DISCHARGE) -> Held:
    """One who says each turn when the agent has fallen silent; a turn like `#120*80#` is typed."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for nth, turn in enumerate(turns):
            if turn[0] == "#":
                for key in turn[1:]:
                    line.press(key)
                    await line.wait(200)
            elif turn:
                await line.say(turn)
            if nth < len(turns) - 1:
                await line.reply()
        await line.closed(60)

    return hold(caller, setup)


def ledger(held: Held) -> list[Covered]:
    return [getattr(held.metrics, f"objective_{nth}") for nth in range(1, 9)]


def test_all_is_asked_before_a_goodbye_after_her_own_question_is_answered() -> None:
    held = call(
        INSULIN, "No, that's all. Goodbye.", "No.", "No.", "No, none.", "No.", "Yes, I do.", "I would call the nurse."
    )

    asked = [ASKED[0], *(text for question in ASKED[1:] for text in (NEXT, question))]
    assert [*passage(INSULIN), LEAD, *asked, GOODBYE] == held.replies
    assert [A, A, A, A, A, A, X, X] == ledger(held)
    assert (EndReason.GOODBYE, None) == (held.metrics.end, held.metrics.escalation)
