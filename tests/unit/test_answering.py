"""A person, a machine and its beep are told apart in audio time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answering import WINDOW, Answered, Answering, Hearing, tone_hz
from agent.engines.models import activity_file
from agent.engines.silero import Silero
from policies.phi import PHI
from telephony import g711
from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, SILENCE, AudioFrame, Int16, frames_of
from telephony.twin.line_noise import NoiseKind, noise
from telephony.twin.personas import BEEP_HZ, BEEP_S, GREETING_S, tone
from tests import greetings

HEARING: Final = Hearing()
VOICE: Final = AudioFrame(noise(NoiseKind.BABBLE, -22.0, 5, 1)[:FRAME_SAMPLES])


def heard(answering: Answering, flags: Iterable[tuple[bool, int]]) -> list[tuple[Answered, int]]:
    """Runs of speech and silence in ms: each verdict, and at what time."""
    found, now_ms = [], 0
    for speech, ms in flags:
        for _ in range(ms // FRAME_MS):
            now_ms += FRAME_MS
            verdict = answering.hear(VOICE if speech else SILENCE, speech)
            if verdict is not None:
                found.append((verdict, now_ms))
    return found


def sounded(sound: Int16, *, speech: bool = False) -> list[tuple[Answered, int]]:
    """The same for a sound, all of which the activity detector takes for speech, or for none."""
    answering = Answering()
    wire = g711.decode(g711.encode(sound))
    told = [(answering.hear(frame, speech), nth * FRAME_MS) for nth, frame in enumerate(frames_of(wire), 1)]
    return [(verdict, at) for verdict, at in told if verdict is not None]


def quiet(seconds: float) -> Int16:
    return np.zeros(round(seconds * RATE_HZ), np.int16)


def test_a_short_greeting_and_half_a_second_of_silence_are_a_person() -> None:
    assert [(Answered.HUMAN, 1_500)] == heard(Answering(), [(False, 200), (True, 800), (False, 3_000)])


def test_a_short_pause_within_a_greeting_does_not_end_it() -> None:
    flags = [(True, 400), (False, 480), (True, 400), (False, 3_000)]

    assert [(Answered.HUMAN, 1_780)] == heard(Answering(), flags)


def test_a_greeting_that_goes_on_is_a_machine_at_once() -> None:
    assert [(Answered.MACHINE, HEARING.greeting_ms + FRAME_MS)] == heard(Answering(), [(True, 8_000), (False, 9_000)])


def test_a_machine_that_paused_is_found_out_later() -> None:
    told = heard(Answering(), [(True, 600), (False, 700), (True, 4_000)])

    assert [Answered.HUMAN, Answered.MACHINE] == [verdict for verdict, _ in told]


def test_nobody_speaking_is_unknown_after_ten_seconds_and_clicks_after_twenty() -> None:
    clicks = [(True, 40), (False, 960)] * 30

    assert [(Answered.UNKNOWN, HEARING.nothing_ms)] == heard(Answering(), [(False, 30_000)])
    told = heard(Answering(), clicks)
    assert [Answered.UNKNOWN] == [verdict for verdict, _ in told]
    assert HEARING.nothing_ms <= told[0][1] <= HEARING.total_ms


def test_who_speaks_after_the_unknown_is_still_told() -> None:
    told = heard(Answering(), [(False, 11_000), (True, 600), (False, 1_000)])

    assert [Answered.UNKNOWN, Answered.HUMAN] == [verdict for verdict, _ in told]


def test_the_words_of_a_machine_make_one_of_what_sounded_like_a_person() -> None:
    answering = Answering()
    heard(answering, [(True, 800), (False, 600)])

    assert answering.read(PHI("Hello, this is Maria.")) is None
    assert Answered.MACHINE is answering.read(PHI("Please leave a message after the tone."))
    assert answering.read(PHI("Please leave a message after the tone.")) is None
    assert Answered.MACHINE is answering.verdict


def test_the_voicemail_of_the_twin_is_a_machine_and_its_beep_is_told_when_it_ends() -> None:
    beep_ends_ms = round((GREETING_S + BEEP_S) * 1_000)
    sound = np.concatenate([tone(220.0, GREETING_S), tone(BEEP_HZ, BEEP_S), quiet(2)])
    machine, beep = sounded(sound, speech=True)

    assert Answered.MACHINE is machine[0]
    assert Answered.BEEP is beep[0]
    assert beep_ends_ms <= beep[1] <= beep_ends_ms + 3 * FRAME_MS


def test_a_beep_alone_is_a_beep_and_no_person_although_it_is_taken_for_speech() -> None:
    sound = np.concatenate([quiet(0.5), tone(BEEP_HZ, BEEP_S), quiet(4)])
    answering, found = Answering(), []
    for nth, frame in enumerate(frames_of(sound)):
        found.append(answering.hear(frame, 25 <= nth < 46))

    assert [Answered.BEEP] == [verdict for verdict in found if verdict is not None]


@settings(max_examples=60, deadline=None)
@given(st.floats(420, 1_980), st.floats(0.22, 2.5), st.floats(-35, -8), st.integers(0, FRAME_SAMPLES - 1))
def test_any_steady_tone_of_a_beeps_length_is_one(hz: float, seconds: float, dbfs: float, shift: int) -> None:
    sound = np.concatenate([quiet(0.4), np.zeros(shift, np.int16), tone(hz, seconds, dbfs), quiet(1)])

    assert [Answered.BEEP] == [verdict for verdict, _ in sounded(sound)]


TWO_TONES: Final = (tone(770.0, 0.5) // 2) + (tone(1_336.0, 0.5) // 2)  # key 5 (ITU-T Q.23)
RINGBACK: Final = (tone(440.0, 2.0) // 2) + (tone(480.0, 2.0) // 2)
SWEEP: Final = np.rint(4_000 * np.sin(2 * np.pi * np.cumsum(np.linspace(500, 1_500, RATE_HZ)) / RATE_HZ)).astype(
    np.int16
)  # a tone that glides through the band within a second


@pytest.mark.parametrize(
    "sound",
    [
        TWO_TONES, RINGBACK, SWEEP, tone(1_000.0, 0.1), tone(1_000.0, 5.0), tone(300.0, 0.5), tone(2_300.0, 0.5),
        tone(1_000.0, 0.5, -60.0), noise(NoiseKind.BABBLE, -22.0, 3, 5), noise(NoiseKind.CLATTER, -22.0, 3, 5),
        noise(NoiseKind.ROOM, -22.0, 3, 5), quiet(2),
    ],
    ids="key ringback sweep short endless low high faint babble clatter room silence".split(),
)  # fmt: skip
def test_what_is_no_single_steady_tone_of_that_length_is_no_beep(sound: Int16) -> None:
    assert [] == sounded(np.concatenate([quiet(0.4), sound, quiet(1)]))


def test_a_tone_is_measured_within_its_drift() -> None:
    for hz in range(410, 1_991, 37):
        found = tone_hz(tone(hz, 1.0)[:WINDOW], HEARING)
        assert found is not None
        assert abs(found - hz) < HEARING.drift_hz / 4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 150)), max_size=30))
def test_a_verdict_is_told_once_and_a_machine_is_not_taken_back(runs: Sequence[tuple[bool, int]]) -> None:
    answering = Answering()
    told = [verdict for verdict, _ in heard(answering, [(speech, frames * FRAME_MS) for speech, frames in runs])]

    assert all(one is not other for one, other in pairwise(told))
    assert Answered.MACHINE not in told[:-1]
    assert answering.verdict is (told[-1] if told else None)
    assert sum(frames for _, frames in runs) * FRAME_MS < HEARING.total_ms or told


@pytest.fixture(name="silero", scope="module")
def _silero() -> Silero:
    return Silero(activity_file())


@pytest.mark.models
@pytest.mark.parametrize("line", greetings.LINES)
def test_on_every_line_short_greetings_are_people_and_long_ones_machines_with_a_beep(silero: Silero, line: str) -> None:
    conditions = greetings.LINES[line]
    people = greetings.all_judged(list(greetings.short()), conditions, silero)
    machines = greetings.all_judged(list(greetings.long(0.25)), conditions, silero)

    assert [Answered.HUMAN] * 24 == [each.first for each in people]
    assert [Answered.MACHINE] * 24 == [each.first for each in machines]
    assert [Answered.BEEP] * 24 == [each.last for each in machines]


@pytest.mark.models
def test_without_a_beep_none_is_heard_in_any_sentence(silero: Silero) -> None:
    spoken = greetings.all_judged(list(greetings.long(0.25, None)), greetings.LINES["babble 15 dB"], silero)

    assert 24 == len(spoken)
    assert [] == [each for each in spoken if each.at_ms(Answered.BEEP) is not None]


@pytest.mark.models
def test_a_machine_that_pauses_may_pass_for_a_person_first_and_is_found_out_in_the_end(silero: Silero) -> None:
    found = greetings.all_judged(list(greetings.long(0.8)), greetings.LINES["clean"], silero)

    assert [Answered.BEEP] * 24 == [each.last for each in found]
    assert sum(each.first is Answered.MACHINE for each in found) >= 9  # 12 were measured
