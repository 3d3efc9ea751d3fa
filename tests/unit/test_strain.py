"""What is heard of how she speaks, and that it can only raise care."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.endpointing import Ear, Endpointer
from agent.strain import Strain
from policies.guardrails import Answerable, Care, screen_utterance
from policies.phi import PHI, Utterance
from policies.rules.written import red_flags
from telephony.audio import FRAME_MS, FRAME_SAMPLES, AudioFrame
from tests.architecture.tree import modules

RULES: Final = red_flags()
HERS: Final = -20.0
PLAIN: Final = (1_500,)
"""Milliseconds of voice, silence, voice ...: an ordinary turn."""
HALTING: Final = (700, 3_000, 700)
"""Voice in 32 % of 4.4 s, in two stretches."""
IN_PIECES: Final = (600, 400, 600, 400, 600, 400, 1_200)
"""Four stretches within 4.2 s, three of them short; voice in 71 %."""


def speak(strain: Strain, turn: Sequence[int], level: float = HERS) -> bool:
    """One turn, heard as the ear hears it, and what it is taken for before its end and after."""
    strain.began()
    sounds(strain, turn, level)
    before = strain.strained()
    for _ in range(30):
        strain.hear(None, audible=False)
    strain.over()
    assert strain.strained() is before
    strain.hear(None, audible=True)
    return before


def sounds(strain: Strain, turn: Sequence[int], level: float = HERS) -> None:
    for nth, ms in enumerate(turn):
        for _ in range(ms // FRAME_MS):
            strain.hear(None if nth % 2 else level, audible=False)


def after(silence_ms: int, *, of_trouble: bool = True) -> Strain:
    """Our own voice was heard, then nothing for so long."""
    strain = Strain()
    strain.of_trouble = of_trouble
    asked(strain, silence_ms)
    return strain


def asked(strain: Strain, silence_ms: int) -> None:
    strain.hear(None, audible=True)
    for _ in range(silence_ms // FRAME_MS):
        strain.hear(None, audible=False)


def known(*levels: float, ms: int = 1_000) -> Strain:
    """She has spoken at these levels, and answers our question late."""
    strain = after(0)
    for level in levels or (HERS, HERS):
        speak(strain, [ms], level)
    asked(strain, 4_000)
    return strain


def test_an_ordinary_call_is_not_strained() -> None:
    strain = after(200)

    assert [False] * 4 == [speak(strain, PLAIN, level) for level in (-20.0, -24.0, -27.0, -18.0)]


# Each of the cues below is heard together with another, so that it decides.


@pytest.mark.parametrize(("ms", "strained"), [(4_000, True), (3_980, False)])
def test_an_answer_about_a_symptom_is_late_after_four_seconds(ms: int, strained: bool) -> None:
    assert strained is speak(after(ms), HALTING)


def test_an_answer_to_anything_else_is_never_late() -> None:
    assert not speak(after(9_000, of_trouble=False), HALTING)


def test_time_in_which_we_spoke_does_not_make_an_answer_late() -> None:
    strain = after(3_000)
    asked(strain, 2_000)

    assert not speak(strain, HALTING)


@pytest.mark.parametrize(
    ("turn", "strained"),
    [
        ((700, 2_600, 700), False),  # 35.0 % of 4 s
        ((700, 2_620, 680), True),
        ((680, 2_620, 680), False),  # 3,980 ms are too short to tell
    ],
)
def test_a_turn_halts_with_voice_in_less_than_35_percent_of_four_seconds(turn: Sequence[int], strained: bool) -> None:
    assert strained is speak(after(4_000), turn)


@pytest.mark.parametrize(
    ("turn", "strained"),
    [
        ((680, 440, 680, 440, 680, 440, 680), True),
        ((680, 420, 680, 440, 680, 440, 640), False),  # 3,980 ms
        ((700, 440, 700, 440, 680, 440, 680), False),  # half of them are short, not most
        ((680, 240, 680, 440, 680, 440, 1_200), False),  # three stretches: 240 ms parts nothing
        ((680, 260, 680, 440, 680, 440, 1_200), True),
        ((600, 1_200, 600, 1_200, 600), False),  # three, all of them short
        ((680, 1_200, 680, 440, 680, 440, 680), True),
        ((680, 1_220, 680, 440, 680, 440, 680), False),  # a pause of thinking
        ((1_500, 400, 60, 400, 60, 400, 60, 400, 1_200), False),  # clicks are no stretches
        ((1_500, 400, 80, 400, 80, 400, 80, 400, 1_200), True),
    ],
)
def test_a_turn_is_in_pieces_with_four_stretches_most_of_them_short(turn: Sequence[int], strained: bool) -> None:
    assert strained is speak(after(4_000), turn)


@pytest.mark.parametrize(
    ("start", "level", "strained"),
    [
        ((-20.0, -20.0), -30.0, True),
        ((-20.0, -20.0), -29.9, False),
        ((-18.0, -24.0), -31.0, True),  # under the mean of both
        ((-18.0, -24.0), -30.9, False),
        ((-20.0,), -40.0, False),  # one turn is no start
        ((-20.0, -20.0, -40.0), -31.0, True),  # the start stays the start
    ],
)
def test_a_voice_is_quieter_10_db_under_the_first_two_turns(
    start: Sequence[float], level: float, strained: bool
) -> None:
    assert strained is speak(known(*start), PLAIN, level)


@pytest.mark.parametrize(("ms", "strained"), [(1_000, True), (980, False)])
def test_turns_of_less_than_a_second_of_voice_are_no_start(ms: int, strained: bool) -> None:
    assert strained is speak(known(ms=ms), PLAIN, -30.0)


@pytest.mark.parametrize(
    "turn", [HALTING, IN_PIECES, (1_500, 200, 1_500, 200, 1_500)], ids=["halting", "in pieces", "neither"]
)
def test_one_cue_alone_is_nothing_and_the_same_one_again_is_a_reason(turn: Sequence[int]) -> None:
    strain = after(0, of_trouble=False)
    has_a_cue = turn in (HALTING, IN_PIECES)

    assert [False, has_a_cue] == [speak(strain, turn), speak(strain, turn)]
    assert [False, False] == [speak(strain, PLAIN), speak(strain, turn)]


def test_one_cue_and_then_another_are_no_reason() -> None:
    strain = after(0)

    assert [False, False] == [speak(strain, HALTING), speak(strain, IN_PIECES)]


def test_what_is_reopened_is_one_turn() -> None:
    strain = known()
    strain.began()
    sounds(strain, [700])
    strain.over()
    asked(strain, 0)  # we began to speak
    strain.began()
    strain.reopen()
    sounds(strain, [20, 3_300, 700])

    assert strain.strained(), "it was late, and it halts"
    strain.over()
    assert strain.strained()

    once = after(0, of_trouble=False)
    speak(once, HALTING)
    once.reopen()
    once.began()
    sounds(once, [20])
    assert not once.strained(), "it is the same turn, not two in a row"


def test_sound_that_was_no_turn_leaves_no_trace() -> None:
    strain = after(0, of_trouble=False)
    speak(strain, HALTING)
    strain.began()
    sounds(strain, PLAIN)
    strain.drop()

    assert speak(strain, HALTING), "still the turn before"


def test_nothing_of_her_voice_stays_when_the_call_is_over() -> None:
    strain, fresh = known(), Strain()
    strain.began()
    strain.reopen()
    sounds(strain, HALTING)
    strain.forget()
    fresh.of_trouble, fresh._quiet_ms = strain.of_trouble, strain._quiet_ms

    assert vars(fresh) == vars(strain)


def test_a_turn_is_bounded() -> None:
    strain = Strain()
    strain.began()
    sounds(strain, [61_000])
    assert 3_000 == len(strain._levels)
    strain.over()
    strain.reopen()
    strain.began()
    sounds(strain, [61_000])
    assert 3_000 == len(strain._turn.levels)


def heard(ear: Endpointer, ms: int, height: int = 0) -> list[Ear]:
    """Sound of this height; 0: nobody speaks."""
    frame = AudioFrame(np.full(FRAME_SAMPLES, height, np.int16))
    return [each for _ in range(ms // FRAME_MS) for each in ear.hear(frame, bool(height))]


def test_the_ear_tells_it_each_turn() -> None:
    ear = Endpointer()
    heard(ear, 10_000)
    for _ in range(2):
        heard(ear, 1_200, 8_000)
        assert Ear.TURN_OVER in heard(ear, 1_400)
    start = ear.strain._known.start

    assert [20 * np.log10(8_000 / 32_768)] * 2 == pytest.approx(start), "the level of her voice, silence left out"
    ear.forget()
    assert start == ear.strain._known.start, "her start stays hers when a sound is passed over"

    ear.strain.of_trouble = True
    heard(ear, 4_000)
    heard(ear, 1_000, 2_000)
    assert ear.strain.strained(), "late and quieter"


def test_the_ear_tells_it_what_was_no_turn_and_what_goes_on() -> None:
    ear = Endpointer()
    heard(ear, 1_000, 8_000)
    ear.forget()
    assert [] == ear.strain._levels

    heard(ear, 60, 8_000)
    assert [Ear.BLIP] == heard(ear, 200)
    assert [] == ear.strain._levels

    heard(ear, 1_000, 8_000)
    heard(ear, 1_400)
    ended = ear.strain._last.levels
    heard(ear, 100, 8_000)
    ear.reopen()
    assert ended == ear.strain._turn.levels[: len(ended)]
    assert len(ended) < len(ear.strain._turn.levels)

    ear.forget()
    heard(ear, 100, 8_000)
    ear.reopen()
    assert len(ear.strain._turn.levels) < len(ended), "what was forgotten does not come back"


LEVELS: Final = st.floats(-96.0, 0.0, allow_nan=False)
TURN: Final = st.lists(st.integers(0, 200), min_size=1, max_size=9).map(lambda ms: [each * FRAME_MS for each in ms])


@given(st.lists(st.tuples(TURN, LEVELS, st.booleans(), st.integers(0, 300)), min_size=1, max_size=4), st.floats(-9, 9))
def test_louder_or_softer_as_a_whole_is_all_the_same(
    turns: Sequence[tuple[Sequence[int], float, bool, int]], gain: float
) -> None:
    one, other = Strain(), Strain()
    for turn, level, of_trouble, silence in turns:
        level = round(level)
        heard = []
        for strain, at in ((one, level), (other, level + round(gain))):
            strain.of_trouble = of_trouble
            asked(strain, silence * FRAME_MS)
            heard.append(speak(strain, turn, float(at)))
        assert heard[0] is heard[1]


SAID: Final = st.sampled_from(
    [
        "",
        "No.",
        "Goodbye.",
        "I have to go now.",
        "How do I store my insulin at home?",
        "I have chest pain right now.",
        "Some days I just want to die.",
        "My incision is red and hot since yesterday.",
        "I want to talk to a nurse.",
        "I feel sort of strange in my left side.",
    ]
)
LIKELY: Final = st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4).map(
    lambda each: np.array(each, np.float32) / np.float32(sum(each))
)


@given(SAID, st.none() | LIKELY, st.booleans(), st.booleans())
def test_it_only_raises(
    words: str, likely: np.ndarray[tuple[int], np.dtype[np.float32]] | None, doubtful: bool, foreign: bool
) -> None:
    calm = Utterance(PHI(words), doubtful, urgency=None if likely is None else PHI(likely), hardly_english=foreign)
    found, raised = (screen_utterance(dataclasses.replace(calm, strained=how), RULES) for how in (False, True))

    if isinstance(found, Answerable) and found.care is Care.NONE and words != "I have to go now.":
        assert isinstance(raised, Answerable)
        assert Care.ASK_AFTER is raised.care
    elif isinstance(found, Answerable):
        assert isinstance(raised, Answerable)
        assert found.care is raised.care
    else:
        assert found == raised


def _of_it(node: ast.AST) -> bool:
    names = [getattr(node, field, None) for field in ("id", "attr", "arg", "name", "value", "module")]
    words = " ".join(name for name in names if isinstance(name, str)) if not _is_text(node) else ""
    return re.search(r"(?i)(?<![a-z])strain", words) is not None


def _is_text(node: ast.AST) -> bool:
    """Prose: what has spaces in it is no name."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def test_no_other_part_knows_of_it() -> None:
    """It is in no record, metric, log, event, hosted model or page: none of their code names it."""
    found = {name for name, tree in modules() if any(map(_of_it, ast.walk(tree)))}

    users = {"agent.strain", "agent.endpointing", "agent.call", "policies.phi", "policies.guardrails"}
    assert users | {"agent.outbound_leg"} == found  # which forgets it
