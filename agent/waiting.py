"""The wait of one caller for a nurse: what it comes to, and what she is told of it.  Decides; says and hears nothing.

waiting.begin(told, tell)
for event in waiting.news(news, state): ...       # into `agent.turns`
for event in waiting.hear(state, silent=..., speaking=...): ...
waiting.next_words(reason)                        # what to say when she is to hear how it stands
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agent.fetching import Fetch, Fetching, News, Promising
from agent.phrases import Phrase
from agent.turns import Event, State
from policies.brief import Told
from policies.escalation import EscalationReason
from policies.phi import PHI
from telephony.audio import FRAME_MS

CHECK_IN_MS: Final = 6_000  # of silence while nurses are being called; the bar is 8 s, with the sentence's own start
MOST_WAITING_MS: Final = 600_000  # longer than eight rungs take with a brief heard on each; then the carrier dials
MOST_OFFERS: Final = 2  # times that a call back is offered: who says nothing to either goes to the nurse line
TIDINGS: Final = {
    News.OTHERS: Phrase.OTHERS_CALLED,
    News.FOUND: Phrase.NURSE_FOUND,
    News.ALONE: Phrase.NURSE_LOST,
}
TOLD_911: Final = (EscalationReason.RED_FLAG, EscalationReason.CRISIS, EscalationReason.GUARD_FAILED)


class Waiting:
    """One caller's."""

    def __init__(self, fetch: Fetch | None, promising: Promising | None) -> None:
        """fetch: None where no nurse is rung by us.  promising: None where she can't be called back."""
        self._fetch: Final = fetch
        self._promising: Final = promising
        self._fetching: Fetching | None = None
        self._tidings: Phrase | None = None
        self._found = False  # a nurse hears the brief
        self._comes = False  # one has accepted
        self._nobody = False  # every rung was tried
        self._quiet_ms = 0
        self._waited_ms = 0
        self._check_ins = 0
        self._offers = 0
        self._told: Callable[[], Told] | None = None
        self.words: PHI[str] | None = None
        """The caller's, for the brief."""
        self.rose = False
        """Something graver was heard while a nurse was coming on."""
        self.joins = False
        """A nurse is in the room: the stream closes."""
        self.alone = False
        """The process ends soon, or she has waited too long: no nurse is rung any more by us."""
        self.promised = False
        """She will be called back."""
        self.asked = False
        """The question whether she wants it has begun to sound."""

    @property
    def rings(self) -> bool:
        """Nurses are being called, and she stays."""
        return self._fetching is not None

    @property
    def offered(self) -> bool:
        """She has been asked whether she wants to be called back."""
        return self._offers > 0 and not self.promised

    @property
    def number(self) -> PHI[str] | None:
        """Which would be called back."""
        return None if self._promising is None else self._promising.number

    def begin(self, told: Callable[[], Told], tell: Callable[[News], None]) -> None:
        """Ring nurses, unless they are being rung, or none came.  told: asked for each time that the brief is said."""
        if self._fetch is None or self._fetching is not None or self._nobody or self.alone:
            return
        self._told = told
        self._fetching = self._fetch(tell)
        self._fetching.begin(told)

    def begin_again(self, told: Callable[[], Told], tell: Callable[[News], None]) -> tuple[Event, ...]:
        """For her whose nurse was lost before they met."""
        self.begin(told, tell)
        self._tidings = Phrase.NURSE_LOST
        return (Event.STAYS, Event.NEWS)

    def told(self) -> None:
        """She has heard who is coming on, to the end."""
        if self._fetching is not None:
            self._fetching.told()

    def stop(self) -> None:
        """She wants no nurse any more."""
        fetching, self._fetching = self._fetching, None
        self._found = self._comes = False
        self._tidings = self.words = None
        if self._offers:
            self._offers, self._nobody, self.asked = 0, False, False
        if fetching is not None:
            fetching.stop()

    def give_up(self) -> None:
        """No nurse is waited for any more, and whoever is rung is told so."""
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.gone()

    def over(self) -> None:
        """Her call is over: from now on a promise can be kept.  No word stays."""
        if self.promised and self._promising is not None and self._told is not None:
            self._promising.make(self._told())
        self.words = self._told = None

    # -- what comes of it ----------------------------------------------------------------------------------------------

    def stays(self) -> tuple[Event, ...]:
        """The hand-off's words have been heard."""
        self._quiet_ms = 0
        if self._nobody:
            return self._nobody_comes()
        if self._comes:
            return (Event.COMING,)
        return () if self._tidings is None else (Event.NEWS,)

    def news(self, news: News, state: State) -> tuple[Event, ...]:
        """How it stands with the nurse; said once the hand-off's own words have been heard."""
        if self._fetching is None:
            return ()
        self._tidings = TIDINGS.get(news, self._tidings)
        self._found = news is News.FOUND or (self._found and news not in (News.ALONE, News.OTHERS, News.NOBODY))
        self._comes = news is News.COMING or (self._comes and news not in (News.ALONE, News.NOBODY))
        match news:
            case News.COMING:
                return (Event.COMING,)
            case News.JOIN:
                self.joins, self._fetching = True, None
                return (Event.PARTED if state is State.CONNECTING else Event.GONE,)
            case News.ALONE if state is State.CONNECTING:
                return (Event.ALONE, *self._alone_again())
            case News.NOBODY:
                self._nobody = True
                return () if state is State.HANDING_OFF else self._nobody_comes()
            case News.OTHERS | News.FOUND | News.ALONE:
                return (Event.NEWS,)

    def _alone_again(self) -> tuple[Event, ...]:
        if self.alone:
            self._nobody = True
            self.give_up()
            return (Event.NOBODY,)
        rose, self.rose = self.rose, False
        return (Event.GRAVER,) if rose else ()

    def _nobody_comes(self) -> tuple[Event, ...]:
        """She is offered a call back where that is safe; else she hears so, and the carrier dials the nurse line."""
        self._fetching = None
        if self._promising is None or not self._promising.ready or self.alone or self._offers or self._grave():
            return (Event.NOBODY,)
        self._offers, self._tidings = 1, None
        return (Event.NEWS,)

    def _grave(self) -> bool:
        return self._told is not None and self._told().reason in TOLD_911

    def hand_over(self, state: State) -> tuple[Event, ...]:
        """The process ends soon, or she has waited for long enough: the nurse line, by the carrier alone."""
        if state is State.CONNECTING and self._waited_ms < MOST_WAITING_MS:
            return ()  # a nurse is about to have her
        self._nobody = True
        if state is State.HANDING_OFF and self._fetching is not None:
            self._fetching.gone()  # she hears its words out first, and then that nobody comes
            return ()
        self.give_up()
        return (Event.NOBODY,)

    def hear(self, state: State, *, silent: bool, speaking: bool) -> tuple[Event, ...]:
        """20 ms of it: nobody who waits is left in silence for long.  silent: nothing is being said to her."""
        if state in (State.WAITING, State.CONNECTING) and self._fetching is not None:
            self._waited_ms += FRAME_MS
            if self._waited_ms >= MOST_WAITING_MS:
                self.alone = True
                return self.hand_over(state)
        self._quiet_ms = self._quiet_ms + FRAME_MS if silent and state is State.WAITING else 0
        # who speaks is not in silence, but steady noise sounds like speech without an end
        if self._quiet_ms < (2 * CHECK_IN_MS if speaking else CHECK_IN_MS):
            return ()
        self._quiet_ms = 0
        return self._offer_again() if self.offered else (Event.NEWS,)

    def _offer_again(self) -> tuple[Event, ...]:
        self._offers += 1
        return (Event.NEWS,) if self._offers <= MOST_OFFERS else (Event.NOBODY,)

    def unclear(self) -> tuple[Event, ...]:
        """What she said to the offer is neither yes nor no."""
        return self._offer_again()

    def rises(self) -> None:
        """Something graver was heard: no promise stands for it, and nurses may be called once more."""
        if self.promised or self._offers:
            self.promised = self.asked = self._nobody = False
            self._offers = 0

    def promise(self) -> None:
        """She wants to be called back."""
        if self._promising is not None and self._told is not None:
            self.promised, told = True, self._told()
            self._told = lambda: told

    def next_words(self, reason: EscalationReason | None) -> Phrase | None:
        """How it stands; None while a call back is offered.  reason: why a nurse is fetched."""
        if self.offered:
            return None
        tidings, self._tidings = self._tidings, None
        if tidings is not None:
            return tidings
        self._check_ins += 1
        if self._found:
            return Phrase.NURSE_LISTENS
        if reason in TOLD_911:
            return Phrase.STILL_DANGER
        return Phrase.STILL_CALLING if self._check_ins % 2 else Phrase.STILL_CALLING_2
