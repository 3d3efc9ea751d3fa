"""What must still be asked in one call, and what her words are where a question of ours is open.

The caller's own questions come first: nothing is asked before she has none left, and a question of hers in between is
answered as ever, then ours is asked again.  `step` changes nothing, as a reply is prepared ahead of the end of a turn;
`take` does, once it is said.  Holds at most one number of hers, until it is confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent.completeness import Expected
from agent.phrases import Phrase
from agent.replying import Course
from agent.smalltalk import Social, social
from policies import answers, readings
from policies.answers import Answer
from policies.guardrails import Answerable, Care, EscalationReason, Sayable
from policies.objectives import Covered, Fetch, Item, Kind, Trouble
from policies.phi import PHI
from policies.readings import Bound, Measure, Reading
from policies.urgency import Urgency

MOST_REPEATS: Final = 2  # of one question on request; each further one is a failure to understand it
KEYPAD_AT: Final = 2  # failures to understand from which she is asked to type; one more brings a person
DONE_TYPING_MS: Final = 5_000  # without a key: what was typed stands, as some do not press the pound key
NOTHING_TYPED_MS: Final = 13_000  # after the prompt, which is said again at 8 s of silence (`agent.turns.Patience`)
CLINICAL: Final = (EscalationReason.RED_FLAG, EscalationReason.CRISIS, EscalationReason.SYMPTOM)
TO_SOMETHING_ELSE: Final = (Social.YES, Social.NO, Social.THANKS, Social.GREETING, Social.HEARING_CHECK)
"""Small talk that answers whatever was said since our question."""
ESCALATES: Final = (Course.NURSE, Course.EMERGENCY)
HEARD: Final = "I heard {number}. Is that right?"
TYPED: Final = "You typed {number}. Is that right?"
YES_KEY: Final = "1"
NO_KEY: Final = "2"


@dataclass(frozen=True, slots=True, eq=False)
class ToAsk:
    """An item, ready to be spoken."""

    item: Item
    question: Sayable
    point: Sequence[Sayable] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """What an agent's line asks, and how."""

    items: Sequence[ToAsk]
    heard: Callable[[PHI[str]], Sayable]
    """Reads a number back that was heard."""
    typed: Callable[[PHI[str]], Sayable]
    """Likewise one that was typed."""
    crossed: Callable[[Reading], Bound | None]
    """The bound that a value crosses."""
    begins: bool = False
    """The call's greeting ends with the first question: we called."""


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """Where the agenda is."""

    left: tuple[int, ...]
    """Items that are still to be settled; the first is the open one."""
    covered: tuple[Covered, ...]
    waiting: bool = False
    """The open question was the last thing said."""
    owed: bool = False
    """Something else was said over it or since: it is asked again before anything counts as its answer."""
    failures: int = 0
    repeats: int = 0
    """Times that she wanted the question again."""
    repeated: bool = False
    """The point of a teach-back was said once more."""
    heard: PHI[Reading] | None = None
    """Read back, and not confirmed."""
    begun: bool = False
    """She was told that there is something to ask."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What is said next, and where the call goes."""

    say: tuple[Sayable, ...]
    course: Course
    after: _At
    waits: bool
    """Its last sentence is our question: the next words are its answer."""


class Agenda:
    """Of one call."""

    def __init__(self, asking: Asking | None, phrases: Mapping[Phrase, Sayable]) -> None:
        """asking: None for a line that asks nothing."""
        self._asking: Final = asking
        self._phrases: Final = phrases
        count = len(asking.items) if asking is not None else 0
        self._at = _At(tuple(range(count)), (Covered.NOT_REACHED,) * count)
        self._question: Sayable | None = None
        self._keys: PHI[str] = PHI("")
        self._typed = 0
        self._entered = False
        self._idle_ms = 0
        if asking is not None and asking.begins and count:
            self.take(self._ask(replace(self._at, begun=True)))

    # -- what the call asks of it ------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Her next words are an answer to a question of ours."""
        return self._at.waiting

    @property
    def pending(self) -> bool:
        """A question of ours is open, or is to be asked again."""
        return self._at.waiting or self._at.owed

    @property
    def open_item(self) -> str:
        """The name of the question of ours that is open; empty where none is."""
        return self._open.item.id if self.pending and self._at.left else ""

    @property
    def of_trouble(self) -> bool:
        """Her next words may fetch a person: the open question is whether she has a trouble.

        Not a number: whoever goes to the meter is slow to answer.
        """
        return self._at.waiting and self._open.item.trouble is not Trouble.NEITHER

    def asks(self, sentence: Sayable) -> bool:
        """Is it the sentence that asks the open question?"""
        return sentence is self._question

    @property
    def expected(self) -> Expected:
        """What the open question asks for."""
        if not self._at.waiting or self._open.item.kind is Kind.TEACH_BACK:
            return Expected.ANYTHING
        return Expected.NUMBER if self._wants_number else Expected.YES_OR_NO

    def before_goodbye(self) -> Step | None:
        """The next question, where she wants to end the call and something must still be asked."""
        if not self._at.left:
            return None
        lead = () if self._at.begun else (self._phrases[Phrase.BEFORE_YOU_GO],)
        return self._ask(replace(self._at, begun=True, heard=None), *lead)

    def step(self, said: Answerable) -> Step | None:
        """What her words bring about; None where they are no answer, but something of her own."""
        if not self._at.waiting:
            return self.again() if self._at.owed and said.care is Care.NONE and _to_something_else(said) else None
        if self._entered:
            return self._of_keys()
        return said.said.words.map(lambda words: self._of_words(words, said.care)).reveal()

    def again(self) -> Step:
        """What was last asked, once more: the question, the number that was read back, or to type it."""
        at = self._at
        if at.heard is not None:
            return self._confirm(at.heard, self._using.heard, at)
        return self._type() if self._typing else self._ask(at)

    def once_more(self) -> Step | None:
        """She wants the question again: None where it may simply be repeated, see `repeat`."""
        return self._failed() if self._at.waiting and self._at.repeats >= MOST_REPEATS else None

    def repeat(self) -> None:
        """It is repeated."""
        if self._at.waiting:
            self._at = replace(self._at, repeats=self._at.repeats + 1)

    def pause(self) -> None:
        """Another question of ours is open, so that hers are answered to that; this one is asked again later."""
        self._at = replace(self._at, waiting=False, owed=False, heard=None)

    def suspend(self) -> None:
        """Something else is said: what comes next is no answer, and the open question is asked again."""
        if self._at.waiting:
            self._at = replace(self._at, waiting=False, owed=True)
            self._forget_keys()

    def take(self, step: Step) -> None:
        """It is about to be said."""
        idle_ms = self._idle_ms if step.after is self._at else 0  # a prompt that is said again gives no more time
        self._at = replace(step.after, waiting=False, owed=step.waits)
        self._question = step.say[-1] if step.waits else None
        self._forget_keys()
        self._idle_ms = idle_ms

    def begun(self, sentence: Sayable) -> None:
        """She hears this now.  Only while it is the open question are her words its answer."""
        if not self.asks(sentence):
            self.suspend()
        elif self._at.owed:
            covered = self._at.covered
            if covered[self._at.left[0]] is Covered.NOT_REACHED:
                covered = self._cover(self._at, Covered.ASKED)
            self._at = replace(self._at, waiting=True, owed=False, covered=covered)

    def ledger(self, escalation: EscalationReason | None) -> tuple[Covered, ...]:
        """What became of each item.  escalation: why a person was fetched, if one was."""
        at = self._at
        if self.pending and at.covered[at.left[0]] is Covered.ASKED and escalation in CLINICAL:
            return self._settled(at, Covered.ESCALATED).covered
        return at.covered

    def forget(self) -> None:
        """Nothing of hers stays."""
        self._at = replace(self._at, heard=None)
        self._question = None
        self._forget_keys()

    # -- keys --------------------------------------------------------------------------------------------------------

    def key(self, digit: PHI[str]) -> bool:
        """Does the key belong to the answer?  A 0 in front still brings a person: no value begins with it."""
        if not self._at.waiting or self._entered:
            return False
        return digit.map(self._key).reveal()

    def _key(self, digit: str) -> bool:
        if self._wants_number:
            if digit == "0" and not self._typed:
                return False
            self._entered = digit == "#"
        elif self._wants_yes_or_no and digit in (YES_KEY, NO_KEY):
            self._entered = True
        else:
            return False
        if digit != "#":
            self._keys = self._keys.map(lambda keys: keys + digit)
            self._typed += 1
        self._idle_ms = 0
        return True

    def due(self, ms: int) -> bool:
        """She was silent for so long: have keys given an answer, or come none in time?"""
        if not self._at.waiting:
            return False
        self._idle_ms += ms
        if self._typed:
            self._entered = self._entered or self._idle_ms >= DONE_TYPING_MS
        elif self._typing:
            self._entered = self._entered or self._idle_ms >= NOTHING_TYPED_MS
        return self._entered

    def of_keys(self) -> Step:
        """What they bring about."""
        return self._of_keys()

    def _of_keys(self) -> Step:
        return self._keys.map(self._of_typed).reveal()

    def _of_typed(self, keys: str) -> Step:
        if not self._wants_number:
            return self._of_answer(Answer.YES if keys == YES_KEY else Answer.NO)
        measure = self._open.item.measure
        reading = None if measure is None else readings.typed(keys, measure)
        return self._failed() if reading is None else self._read_back(reading, self._using.typed)

    def _forget_keys(self) -> None:
        self._keys, self._typed, self._entered, self._idle_ms = PHI(""), 0, False, 0

    # -- words -------------------------------------------------------------------------------------------------------

    def _of_words(self, words: str, care: Care) -> Step | None:
        match social(PHI(words)):
            case Social.GREETING | Social.HEARING_CHECK:
                return self.again()
            case Social.WAIT:
                return self._stay(Phrase.CONTINUER)
            case Social.HAS_QUESTION if answers.announces(words):
                return Step((self._phrases[Phrase.SILENCE_1],), Course.ON, self._at, waits=False)
            case Social.WHO_ARE_YOU | Social.HOW_ARE_YOU:
                return None
            case None if care is Care.ASK_FIRST:
                return None
        if answers.asks(words):
            return None
        step = self._of_item(words)
        if care is Care.NONE or step.course in ESCALATES:
            return step
        return Step((self._phrases[Phrase.CHECK],), Course.OFFERED_PERSON, step.after, waits=False)

    def _of_item(self, words: str) -> Step:
        if self._wants_number:
            return self._of_number(words)
        if self._open.item.kind is Kind.TEACH_BACK:
            return self._of_own_words(words)
        answer = answers.yes_or_no(words)
        step = self._of_answer(answer)
        answered = answer in (Answer.YES, Answer.NO, Answer.PARTLY)
        return step if answered or not answers.leaves(words) else self._left(Covered.DECLINED)

    def _of_number(self, words: str) -> Step:
        measure = self._open.item.measure
        reading = None if measure is None else readings.answering(words, measure)
        if reading is not None:
            return self._read_back(reading, self._using.heard)
        if answers.leaves(words):
            return self._left(Covered.DECLINED)
        return self._next(Covered.DECLINED) if answers.refuses_number(words) else self._failed()

    def _of_own_words(self, words: str) -> Step:
        item = self._open.item
        if answers.told_back(words, item.wanted, item.enough):
            return self._next(Covered.ANSWERED)
        if answers.leaves(words):
            return self._left(Covered.DECLINED)
        if self._at.repeated:
            return self._next(Covered.ASKED)
        return self._ask(replace(self._at, repeated=True), *self._open.point)

    def _of_answer(self, answer: Answer) -> Step:
        if self._at.heard is not None:
            return self._of_confirmation(answer)
        trouble = self._open.item.trouble
        match answer:
            case Answer.PARTLY if trouble is not Trouble.NEITHER:
                return self._escalated(self._open.item.fetch)
            case Answer.YES | Answer.NO if trouble.value == answer.value:
                return self._escalated(self._open.item.fetch)
            case Answer.YES | Answer.NO | Answer.PARTLY:
                return self._next(Covered.ANSWERED)
            case Answer.REFUSES:
                return self._next(Covered.DECLINED)
            case Answer.UNCLEAR:
                return self._failed()

    def _of_confirmation(self, answer: Answer) -> Step:
        heard = self._at.heard
        if answer is not Answer.YES or heard is None:
            return self._failed()
        bound = heard.map(self._using.crossed).reveal()
        if bound is None:
            return self._next(Covered.ANSWERED)
        return self._escalated(Fetch.EMERGENCY if bound.urgency is Urgency.EMERGENCY_911 else Fetch.NURSE)

    # -- steps -------------------------------------------------------------------------------------------------------

    def _ask(self, at: _At, *lead: Sayable) -> Step:
        """The open question, from its beginning."""
        return Step((*lead, self._using.items[at.left[0]].question), Course.ON, at, waits=True)

    def _read_back(self, reading: Reading, how: Callable[[PHI[str]], Sayable]) -> Step:
        return self._confirm(PHI(reading), how, self._at)

    def _confirm(self, heard: PHI[Reading], how: Callable[[PHI[str]], Sayable], at: _At) -> Step:
        sentence = how(heard.map(lambda reading: reading.spoken))
        return Step((sentence,), Course.ON, replace(at, heard=heard), waits=True)

    def _stay(self, phrase: Phrase) -> Step:
        return Step((self._phrases[phrase],), Course.ON, self._at, waits=True)

    def _failed(self) -> Step:
        """Not understood: asked again, then the keypad, then a person."""
        at = replace(self._at, failures=self._at.failures + 1, heard=None)
        if at.failures > KEYPAD_AT:
            return Step((), Course.NOT_UNDERSTOOD, at, waits=False)
        if at.failures < KEYPAD_AT:
            return self._ask(at, self._phrases[Phrase.ASK_AGAIN])
        if self._open.item.kind is Kind.NUMBER:
            return replace(self._type(), after=at)
        asked = self._ask(at)
        return replace(asked, say=(*asked.say, self._phrases[Phrase.PRESS_YES_OR_NO]))

    def _type(self) -> Step:
        pair = self._open.item.measure is Measure.BLOOD_PRESSURE
        return self._stay(Phrase.TYPE_PRESSURE if pair else Phrase.TYPE_NUMBER)

    def _next(self, covered: Covered) -> Step:
        """The item is settled; the next one, or the goodbye."""
        at = self._settled(self._at, covered)
        if not at.left:  # what is said right before a goodbye would be cut off by it
            return Step((), Course.GOODBYE, at, waits=False)
        return self._ask(at, self._phrases[Phrase.NOTED])

    def _left(self, covered: Covered) -> Step:
        """She insists: nothing more is asked."""
        return Step((), Course.GOODBYE, replace(self._settled(self._at, covered), left=()), waits=False)

    def _escalated(self, fetch: Fetch) -> Step:
        at = replace(self._settled(self._at, Covered.ESCALATED), left=())
        return Step((), Course.EMERGENCY if fetch is Fetch.EMERGENCY else Course.NURSE, at, waits=False)

    @staticmethod
    def _settled(at: _At, covered: Covered) -> _At:
        return _At(at.left[1:], Agenda._cover(at, covered), begun=at.begun)

    @staticmethod
    def _cover(at: _At, covered: Covered) -> tuple[Covered, ...]:
        return (*at.covered[: at.left[0]], covered, *at.covered[at.left[0] + 1 :])

    # -- the open item -----------------------------------------------------------------------------------------------

    @property
    def _using(self) -> Asking:
        assert self._asking is not None
        return self._asking

    @property
    def _open(self) -> ToAsk:
        return self._using.items[self._at.left[0]]

    @property
    def _wants_number(self) -> bool:
        return self._open.item.kind is Kind.NUMBER and self._at.heard is None

    @property
    def _typing(self) -> bool:
        """She was told to type it."""
        return self._wants_number and self._at.failures >= KEYPAD_AT

    @property
    def _wants_yes_or_no(self) -> bool:
        return self._open.item.kind is Kind.YES_NO or self._at.heard is not None


def _to_something_else(said: Answerable) -> bool:
    """An answer, but to whatever was said since our question."""
    words = said.said.words
    kind = social(words)
    return kind in TO_SOMETHING_ELSE if kind is not None else words.map(answers.says_yes_or_no).reveal()
