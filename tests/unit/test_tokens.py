"""A token lets one stream of one call in, once, for half a minute."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from policies.phi import PHI
from telephony.tokens import TOKEN_CHARS, TTL_S, Purpose, Ticket, TokenReason, TokenRefused, Tokens

CALL = PHI("CA1")


def reason(tokens: Tokens, token: str, call: PHI[str], now_s: float) -> TokenReason:
    with pytest.raises(TokenRefused) as caught:
        tokens.redeem(token, call, now_s)
    assert (caught.value.reason.value,) == caught.value.args
    return caught.value.reason


def test_a_token_stands_for_its_leg() -> None:
    tokens = Tokens()
    token = tokens.mint(Purpose.NURSE, "leg1", "cardiology", CALL, 0)

    assert TOKEN_CHARS == len(token)
    assert Ticket(Purpose.NURSE, "leg1", "cardiology") == tokens.redeem(token, PHI("CA1"), 29.9)


def test_a_token_works_once() -> None:
    tokens = Tokens()
    token = tokens.mint(Purpose.PATIENT, "leg1", "a", CALL, 0)
    tokens.redeem(token, CALL, 1)

    assert TokenReason.UNKNOWN is reason(tokens, token, CALL, 1)


def test_a_token_ends() -> None:
    tokens = Tokens()
    token = tokens.mint(Purpose.PATIENT, "leg1", "a", CALL, 100)

    assert TokenReason.EXPIRED is reason(tokens, token, CALL, 100 + TTL_S)


def test_a_token_shown_for_another_call_is_used_up() -> None:
    tokens = Tokens()
    token = tokens.mint(Purpose.PATIENT, "leg1", "a", CALL, 0)

    assert TokenReason.OTHER_CALL is reason(tokens, token, PHI("CA2"), 1)
    assert TokenReason.UNKNOWN is reason(tokens, token, CALL, 1)


def test_the_pages_token_fits_the_name_the_page_chooses() -> None:
    tokens = Tokens()
    token = tokens.mint(Purpose.PAGE, "leg1", "a", None, 0)

    assert Purpose.PAGE is tokens.redeem(token, PHI("anything"), 1).purpose


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\u00e9" * 43, "\ud800"])
def test_strange_tokens_are_unknown(token: str) -> None:
    tokens = Tokens()
    tokens.mint(Purpose.PATIENT, "leg1", "a", CALL, 0)

    assert TokenReason.UNKNOWN is reason(tokens, token, CALL, 1)


def test_only_so_many_are_outstanding_and_each_counts_until_it_ends() -> None:
    tokens = Tokens(limit=2)
    tokens.mint(Purpose.PATIENT, "leg1", "a", CALL, 0)
    tokens.mint(Purpose.PATIENT, "leg2", "a", PHI("CA2"), 10)

    with pytest.raises(TokenRefused) as caught:
        tokens.mint(Purpose.PATIENT, "leg3", "a", PHI("CA3"), 20)

    assert TokenReason.TOO_MANY is caught.value.reason
    assert [2, 1, 0] == [tokens.outstanding(now_s) for now_s in (29, 30, 40)]


def test_a_leg_that_will_not_come_gives_its_token_back() -> None:
    tokens = Tokens()
    token = tokens.mint(Purpose.PATIENT, "leg1", "a", CALL, 0)
    tokens.forget("leg1")

    assert TokenReason.UNKNOWN is reason(tokens, token, CALL, 1)


def test_no_token_is_like_another() -> None:
    tokens = Tokens()

    assert 100 == len({tokens.mint(Purpose.PATIENT, str(n), "a", CALL, 0) for n in range(100)})


class AnyUse(RuleBasedStateMachine):
    """Mint, wait and redeem in any order: a leg is let in at most once, in time, for its own call."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = Tokens(limit=5)
        self.now_s = 0.0
        self.valid: dict[str, tuple[str, float]] = {}
        self.spent: list[str] = []

    @rule(call=st.sampled_from(["CA1", "CA2"]))
    def mints(self, call: str) -> None:
        living = sum(self.now_s < until for _, until in self.valid.values())
        try:
            token = self.tokens.mint(Purpose.PATIENT, "leg", "a", PHI(call), self.now_s)
        except TokenRefused:
            assert 5 == living
        else:
            assert living < 5
            self.valid[token] = (call, self.now_s + TTL_S)

    @rule(seconds=st.floats(0, 40))
    def waits(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(data=st.data(), call=st.sampled_from(["CA1", "CA2"]))
    def redeems(self, data: st.DataObject, call: str) -> None:
        known = [*self.valid, *self.spent]
        if not known:
            return
        token = data.draw(st.sampled_from(known))
        bound, until = self.valid.pop(token, ("", -1.0))
        self.spent.append(token)
        try:
            self.tokens.redeem(token, PHI(call), self.now_s)
        except TokenRefused:
            assert bound != call or self.now_s >= until
        else:
            assert bound == call
            assert self.now_s < until


AnyUse.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyUse = AnyUse.TestCase
