"""`agent/availability.py`: the keeper's word, her own word to this line, and silence."""

from __future__ import annotations

from agent.availability import AWAY_S, MOST_KNOWN, SETTLES_S, Availability
from agent.keeper.nurses import MOST_HELD
from agent.shared import POLICY_TTL_S
from policies.records import NurseStatus


class Desk:
    """One line's, with a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.told: list[NurseStatus] = []
        self.known = Availability(lambda: self.now_s, self.told.append)

    def heard(self, *, available: bool, nurse: str = "dana") -> None:
        self.known.heard(NurseStatus(on_call="ward", nurse=nurse, available=available))

    def set(self, *, available: bool) -> None:
        self.known.set(NurseStatus(on_call="ward", nurse="dana", available=available))

    @property
    def away(self) -> frozenset[str]:
        return self.known.away("ward")


def test_of_whom_nothing_was_said_she_is_available() -> None:
    desk = Desk()

    assert (frozenset(), True) == (desk.away, desk.known.is_available("ward", "dana"))


def test_whom_the_keeper_says_away_is_away_in_that_list_alone() -> None:
    desk = Desk()
    desk.heard(available=False)

    assert (frozenset({"dana"}), frozenset()) == (desk.away, desk.known.away("night"))


def test_what_is_not_said_again_is_not_known_any_more() -> None:
    desk = Desk()
    desk.heard(available=False)
    desk.now_s += POLICY_TTL_S - 0.1
    assert desk.away
    desk.now_s += 0.2

    assert not desk.away


def test_what_she_sets_holds_here_at_once_and_is_told() -> None:
    desk = Desk()
    desk.set(available=False)

    assert (frozenset({"dana"}), [False]) == (desk.away, [each.available for each in desk.told])


def test_a_word_of_before_does_not_undo_what_she_set() -> None:
    desk = Desk()
    desk.heard(available=False)
    desk.set(available=True)
    desk.now_s += 0.1
    desk.heard(available=False)  # on its way when she set it

    assert not desk.away


def test_the_keeper_s_word_counts_again_when_it_had_time_to_know() -> None:
    """Somebody set it otherwise over the interface."""
    desk = Desk()
    desk.set(available=False)
    desk.now_s += SETTLES_S
    desk.heard(available=True)

    assert not desk.away


def test_once_the_keeper_has_said_the_same_its_silence_counts_as_ever() -> None:
    """It was started anew: everybody is available."""
    desk = Desk()
    desk.set(available=False)
    desk.heard(available=False)
    desk.now_s += POLICY_TTL_S

    assert not desk.away


def test_what_she_set_holds_while_the_keeper_cannot_be_heard() -> None:
    desk = Desk()
    desk.set(available=False)
    desk.now_s += AWAY_S - 1.0

    assert desk.away


def test_an_away_that_the_keeper_never_took_up_ends_with_her_shift() -> None:
    desk = Desk()
    desk.set(available=False)
    desk.now_s += AWAY_S

    assert (frozenset(), True) == (desk.away, desk.known.is_available("ward", "dana"))


def test_the_keeper_s_away_counts_when_her_own_has_ended() -> None:
    desk = Desk()
    desk.set(available=False)
    desk.now_s += AWAY_S
    desk.heard(available=False)

    assert desk.away


def test_what_is_known_has_a_bound_as_wide_as_what_the_keeper_tells() -> None:
    desk = Desk()
    for n in range(MOST_KNOWN + 5):
        desk.heard(available=False, nurse=f"n{n}")

    assert (MOST_HELD, MOST_KNOWN) == (MOST_KNOWN, len(desk.away))
