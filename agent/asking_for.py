"""Asking for a patient and making sure that it is she, in one call that we placed: words, keys, sounds in, steps out.

    asking = AskingFor(RightParty(leaves_message=True), name, is_hers)
    step = asking.picked_up(Answered.HUMAN)     # and so for words, keys, silence, what the call itself found
    if Act.CHECK in step.acts:
        step = await asking.check()

Joins `policies.right_party` with what reads words and identifiers.  Whoever answers learns nothing from what is said:
each check takes the same time and a failed one ends in the same words.  Identifiers are held until they are checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from agent import keypad
from agent.answering import Answered
from agent.contacts import ANSWER_S, Unreachable
from agent.keying import Keying
from policies.identifiers import identifiers_in, identifiers_keyed
from policies.opting_out import opts_out
from policies.patient import ENOUGH, Identifiers
from policies.phi import PHI
from policies.right_party import IDENTIFYING, Act, Event, RightParty, State, Step
from policies.who_answered import greets_as_machine, heard

CHECK_S: Final = ANSWER_S + 0.2
"""From the last identifier to what is said then, whatever was found."""
STOP_KEY: Final = keypad.STOP
PERSON_KEY: Final = keypad.PERSON
_PICKED_UP: Final = {
    Answered.HUMAN: Event.PERSON,
    Answered.UNKNOWN: Event.PERSON,
    Answered.MACHINE: Event.MACHINE,
    Answered.BEEP: Event.BEEP,
}
_KEYS: Final = {STOP_KEY: Event.STOP, PERSON_KEY: Event.WANTS_PERSON}
_YES_NO: Final = {"1": Event.SHE, "2": Event.NOT_IN}
"""To "is she there?"; elsewhere a digit that was keyed without the star before it."""


class AskingFor:
    """One call's.  Forgets what was given as soon as a step says so."""

    def __init__(
        self, party: RightParty, name: PHI[str], is_hers: Callable[[PHI[Identifiers]], Awaitable[bool | Unreachable]]
    ) -> None:
        """name: as she is asked for.  is_hers: of the patient who was rung; takes at most `ANSWER_S`."""
        self._party: Final = party
        self._name: Final = name
        self._is_hers: Final = is_hers
        self._keying: Final = Keying()
        self._given: PHI[Identifiers] = PHI(Identifiers())

    @property
    def party(self) -> RightParty:
        """How far it has come, and what came of it."""
        return self._party

    def picked_up(self, answered: Answered) -> Step:
        """What picked up, as far as the sound tells."""
        return self._on(_PICKED_UP[answered])

    def on(self, event: Event) -> Step:
        """What the call itself found: silence, an emergency, that a line has been heard, that the call is over."""
        return self._on(event)

    def hear(self, words: PHI[str], *, over_us: bool = False) -> Step | None:
        """One turn's words, after the call has looked for an emergency in them.

        over_us: it was begun while we spoke.  Then, and of a machine that greets, what means nothing is nothing: None.
        """
        state = self._party.state
        event = words.map(lambda text: heard(text, state, self._name.reveal())).reveal()
        if state not in IDENTIFYING or event is Event.STOP:
            means_nothing = event is Event.UNHEARD and (over_us or state is State.MACHINE)
            return None if means_nothing else self._on(event)
        known = self._given.map(lambda given: given.born is not None).reveal()
        return self._on(self._taken(words.map(lambda text: identifiers_in(text, birth_known=known))) or event)

    def overhear(self, words: PHI[str]) -> Step | None:
        """Words that were begun before she could hear what we ask: no answer, but a wish for no more calls counts.

        Not one that stands in a machine's greeting.
        """
        wished = words.map(lambda text: opts_out(text) and not greets_as_machine(text)).reveal()
        return self._on(Event.STOP) if wished else None

    def key(self, digit: PHI[str]) -> Step | None:
        """One key; None where it is part of a number, or stands for nothing here.

        A machine presses none: who was taken for one is a person, whatever the key.
        """
        person = self._on(Event.PERSON) if self._party.state is State.MACHINE else None
        if person is not None:
            event = digit.map(_KEYS.get).reveal()
            return person if event is None else self._on(event)
        if self._party.state in IDENTIFYING and self._keying.key(digit):
            return self._keyed()
        meanings = {**_KEYS, **(_YES_NO if self._party.state in (State.ASKED, State.FETCHED) else {})}
        event = digit.map(meanings.get).reveal()
        return None if event is None else self._on(event)

    def frame(self) -> Step | None:
        """20 ms went by: an entry on the keys may have ended with a pause."""
        self._keying.hear()
        return self._keyed()

    @property
    def entering(self) -> bool:
        """She is keying a number in."""
        return self._keying.entering

    async def check(self) -> Step:
        """One try.  Raises nothing of its own."""
        clock = asyncio.get_running_loop().time
        until_s = clock() + CHECK_S
        hers = await self._is_hers(self._given)
        await asyncio.sleep(max(0.0, until_s - clock()))
        if isinstance(hers, Unreachable):
            return self._on(Event.UNAVAILABLE)
        return self._on(Event.MATCHED if hers else Event.NOT_MATCHED)

    def _keyed(self) -> Step | None:
        if not self._keying.ready:
            return None
        found = self._keying.take().map(identifiers_keyed)
        return self._on(self._taken(found) or Event.UNHEARD)

    def _taken(self, found: PHI[Identifiers]) -> Event | None:
        """What identifiers were given is held beside the earlier ones; None if there was none."""
        if found.map(lambda new: new.given == 0).reveal():
            return None
        self._given = found.map(lambda new: new.beside(self._given.reveal()))
        return Event.TWO if self._given.map(lambda given: given.given >= ENOUGH).reveal() else Event.ONE

    def _on(self, event: Event) -> Step:
        step = self._party.on(event)
        if Act.FORGET in step.acts or self._party.state in (State.LEAVING, State.OVER):
            self._given = PHI(Identifiers())
            self._keying.forget()
        return step
