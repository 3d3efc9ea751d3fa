"""What the line returns of our own voice is learned from the line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.echo import EchoGate

OURS = -14.0  # dBFS, a usual voice


def heard(gate: EchoGate, *, loss_db: float, frames: int = 300) -> EchoGate:
    """A line that returns our voice so far down; every second frame falls between two words."""
    for number in range(frames):
        gate.listen(OURS - loss_db - (15.0 if number % 2 else 0.0), OURS)
    return gate


def test_before_anything_was_heard_a_poor_speakerphone_is_assumed() -> None:
    assert 14.0 == EchoGate().loss_db(noisy=False)
    assert not EchoGate().passes(OURS - 14.0, OURS)


def test_a_line_that_returns_nothing_lets_a_soft_voice_pass() -> None:
    soft = OURS - 22.0

    assert not EchoGate().passes(soft, OURS)
    assert heard(EchoGate(), loss_db=50.0).passes(soft, OURS)


def test_a_louder_echo_than_assumed_is_kept_out_before_it_has_fooled_anybody() -> None:
    echo = OURS - 13.5

    assert EchoGate().passes(echo, OURS)
    assert not heard(EchoGate(), loss_db=13.5).passes(echo, OURS)


@given(st.integers(5, 60))
def test_what_it_learns_stays_between_deaf_and_fooled_and_keeps_its_margin(loss_db: int) -> None:
    learned = heard(EchoGate(), loss_db=loss_db).loss_db(noisy=False)

    assert EchoGate.LEAST_LOSS_DB <= learned <= EchoGate.MOST_LOSS_DB
    assert learned <= max(EchoGate.LEAST_LOSS_DB, loss_db - EchoGate.MARGIN_DB)


def test_a_few_sounds_of_hers_among_the_frames_change_nothing() -> None:
    gate = heard(EchoGate(), loss_db=50.0, frames=480)
    for _ in range(20):
        gate.listen(OURS, OURS)

    assert EchoGate.MOST_LOSS_DB == gate.loss_db(noisy=False)


def test_what_comes_back_of_a_quiet_sound_of_ours_teaches_nothing() -> None:
    gate = EchoGate()
    for _ in range(300):
        gate.listen(-60.0, -40.0)

    assert EchoGate.ASSUMED_LOSS_DB == gate.loss_db(noisy=False)


def test_on_a_noisy_line_what_was_learned_of_levels_does_not_count() -> None:
    gate = heard(EchoGate(), loss_db=10.0)

    assert EchoGate.NOISY_LOSS_DB == gate.loss_db(noisy=True)


@given(st.integers(1, 30), st.booleans())
def test_being_fooled_raises_the_gate_step_by_step_and_never_to_deafness(times: int, noisy: bool) -> None:
    gate = heard(EchoGate(), loss_db=50.0)
    before = gate.loss_db(noisy=noisy)
    for _ in range(times):
        gate.fooled()

    assert max(EchoGate.LEAST_LOSS_DB, before - times * EchoGate.STEP_DB) == gate.loss_db(noisy=noisy)


def test_a_caller_who_was_heard_takes_back_what_noises_took() -> None:
    gate = heard(EchoGate(), loss_db=50.0)
    before = gate.loss_db(noisy=False)
    gate.fooled()
    gate.believed()

    assert before == gate.loss_db(noisy=False)
