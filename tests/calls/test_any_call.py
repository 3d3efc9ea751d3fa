"""Whatever a caller, the network and the engines do, in any order: the call ends as it must and leaves nothing.

`hold` fails when a task, a buffer or a sensitive value outlives the call.  A pair that the table of turns does not list
shows here as `UnlistedTurn`, with the shortest sequence that brings it about.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engines.ports import EngineReason
from agent.phrases import Phrase
from agent.script import Limits
from agent.turns import State
from policies.guardrails import EscalationReason
from policies.records import EndReason
from tests.fakes import RATE_MARK, Plan, Turnout
from tests.simulated import Ending, Held, Line, Network, Setup, WaitedInVain, hold, words

SENTENCES = (
    "How do I store my insulin at home?",
    "When can I take a bath?",
    "Can I take ibuprofen with my",
    "and another thing",
    "mm-hm",
    "okay",
    "yes",
    "no",
    "um",
    "wait a second",
    "can you repeat that",
    "thank you",
    "hello?",
    "goodbye",
    "I want to talk to a nurse.",
    "I have chest pain.",
    "purple elephants",
)


@dataclass(frozen=True)
class Say:
    """Speaks, and goes on with the next step after so much of it; `None`: after the last word."""

    words: str
    until_ms: int | None


@dataclass(frozen=True)
class Noise:
    ms: int


@dataclass(frozen=True)
class Quiet:
    ms: int


@dataclass(frozen=True)
class Press:
    digit: str


@dataclass(frozen=True)
class Listen:
    """Until the agent has been heard for so long, at most 3 s."""

    ms: int


@dataclass(frozen=True)
class HearOut:
    """Until the agent has finished, and a little longer."""

    ms: int


Step = Say | Noise | Quiet | Press | Listen | HearOut


@dataclass(frozen=True)
class Story:
    """One call."""

    steps: list[Step]
    ends: str
    stt: list[Turnout] = field(default_factory=list)
    tts: list[Turnout] = field(default_factory=list)
    model: list[Turnout] | None = None
    approved: list[Turnout] | None = None
    delay_ms: int = 30
    lost_marks: int = 0
    """Every so many marks one is lost; 0: none."""
    call_ms: int = Limits().call_ms


_ms = st.integers(1, 25).map(lambda n: n * 20) | st.integers(10, 60).map(lambda n: n * 40)
STEPS = st.one_of(
    st.builds(Say, st.sampled_from(SENTENCES), st.none() | _ms),
    st.builds(Say, st.just("goodbye"), st.none()),
    st.builds(Noise, _ms),
    st.builds(Quiet, _ms),
    st.builds(Quiet, st.sampled_from([3_000, 7_000, 9_000])),
    st.builds(Press, st.sampled_from("0123456789*#")),
    st.builds(Listen, _ms),
    st.builds(HearOut, st.sampled_from([60, 400, 1_200])),
    st.builds(HearOut, st.sampled_from([60, 400, 1_200])),
)
TURNOUTS = st.one_of(
    st.builds(Turnout, st.sampled_from([0.0, 0.05, 0.3, 1.0, 2.5, 5.0])),
    st.builds(Turnout, st.sampled_from([0.0, 0.3]), fails=st.sampled_from(EngineReason)),
    st.just(Turnout(never=True)),
    st.builds(Turnout, st.sampled_from([0.0, 1.0]), st.sampled_from(EngineReason), stops_after=st.integers(1, 14)),
)
STORIES = st.builds(
    Story,
    st.lists(STEPS, max_size=10),
    st.sampled_from(["stays", "hangs_up", "drops", "stalls", "breaks"]),
    st.lists(TURNOUTS, max_size=3),
    st.lists(TURNOUTS, max_size=2),
    st.none() | st.lists(TURNOUTS, max_size=3),
    st.none() | st.lists(TURNOUTS, max_size=3),
    st.sampled_from([0, 30, 120]),
    st.sampled_from([0, 0, 2, 7]),
    st.sampled_from([Limits().call_ms, Limits().call_ms, 12_000, 30_000]),
)


def told(story: Story) -> Held:
    """The story as a call."""
    marks = 0

    def loses(name: str) -> bool:
        nonlocal marks
        marks += 1
        return bool(story.lost_marks) and marks % story.lost_marks == 0

    async def caller(line: Line) -> None:
        for step in story.steps:
            match step:
                case Say(said, None):
                    await line.say(said)
                case Say(said, ms):
                    line.begin(said)
                    await line.wait(ms or 0)
                case Noise(ms):
                    line.noise(ms)
                    await line.wait(ms)
                case Quiet(ms):
                    await line.wait(ms)
                case Press(digit):
                    line.press(digit)
                    await line.wait(100)
                case HearOut(ms):
                    with contextlib.suppress(WaitedInVain):
                        await line.quiet(ms)
                case Listen(ms):
                    for _ in range(30):
                        if line.sounding:
                            await line.wait(ms)
                            break
                        await line.wait(100)
        if story.ends == "stays":
            with contextlib.suppress(WaitedInVain):
                await line.closed(LEFT_ALONE_S)
            line.hang_up()
        else:
            {"hangs_up": line.hang_up, "drops": line.drop, "stalls": line.stall, "breaks": line.break_protocol}[
                story.ends
            ]()

    def plan(turnouts: list[Turnout] | None) -> Plan | None:
        return None if turnouts is None else Plan(list(turnouts), Turnout(after_s=0.08))

    setup = Setup(
        stt=plan(story.stt) or Plan(),
        tts=plan(story.tts),
        model=plan(story.model),
        approved=plan(story.approved),
        limits=Limits(call_ms=story.call_ms),
        network=Network(delay_s=story.delay_ms / 1000, loses_mark=loses),
    )
    return hold(caller, setup)


LEFT_ALONE_S = 150
"""Beyond the rest of the greeting, the longest answer, three steps of silence and a parting line whose mark is lost."""

PARTING = {
    EscalationReason.RED_FLAG: Phrase.EMERGENCY,
    EscalationReason.GUARD_FAILED: Phrase.EMERGENCY,
    EscalationReason.CRISIS: Phrase.CRISIS,
    EscalationReason.SYMPTOM: Phrase.SYMPTOM,
    EscalationReason.SILENCE: Phrase.SILENCE_3,
    EscalationReason.FAILURE: Phrase.FAILURE,
    EscalationReason.ASKED: Phrase.TRANSFER,
    EscalationReason.KEY_ZERO: Phrase.TRANSFER,
    EscalationReason.NOT_UNDERSTOOD: Phrase.NOT_ENGLISH,
}


def check(story: Story) -> None:
    held = told(story)  # raises what `run()` raised
    states = held.notes.states
    assert State.ENDED is states[-1]
    assert 1 == states.count(State.ENDED)
    if held.notes.reasons:
        assert [State.HANDING_OFF, State.ENDED] == states[-2:]
        assert len(held.notes.reasons) == 1
        assert held.notes.reasons[0] is held.metrics.escalation
    if State.HANDING_OFF in states:
        assert held.notes.reasons
        if held.ending is Ending.AGENT and held.metrics.end is EndReason.HANDED_OVER:
            assert words(PARTING[held.notes.reasons[0]]) == held.texts[-1].partition(RATE_MARK)[0]
    if any(isinstance(step, Press) and step.digit == "0" for step in story.steps) and held.notes.keys:
        pressed = [step.digit for step in story.steps if isinstance(step, Press)][: held.notes.keys]
        assert ("0" in pressed) <= (State.HANDING_OFF in states)
    a_voice_hangs = any(turnout.never for turnout in story.tts)  # a port's own deadline ends that, see `EngineFailed`
    if story.ends == "stays" and not story.lost_marks and not a_voice_hangs:  # silence ends at a person
        assert Ending.AGENT is held.ending


@given(STORIES)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_a_call_of_any_kind_ends_as_it_must(story: Story) -> None:
    check(story)
