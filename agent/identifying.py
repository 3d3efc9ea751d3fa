"""Who is calling: two identifiers before anything of a patient's own record is said, and what is said then.

Asked at one place, before an answer is prepared.  It takes a turn only if that turn asks for the caller's own record,
or answers what it has asked; red flags, a doubtful symptom and the wish for a person have all come before.

Whoever guesses gains nothing: two tries a call, and in each the same wording after the same time, whether there is
such a patient or not, whichever identifier was wrong, and also where a proxy lacks consent.  Nothing that was given is
read out.
"""

from __future__ import annotations

import asyncio
import enum
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from agent.keying import Keying
from agent.lexicon import MEDICINE_NAMES
from agent.mouth import Gate
from agent.patients import ANSWER_S, PatientRecords
from agent.phrases import Phrase
from agent.questions import asks_something
from agent.replying import Course
from agent.smalltalk import Social, social
from policies.earlier_calls import speaks_of_an_earlier_call
from policies.guardrails import Answerable, Care, Sayable, from_record
from policies.identifiers import identifiers_in, identifiers_keyed, may_identify, only_identifies
from policies.own_record import OwnQuestion, Topic, own_question, relation_in
from policies.patient import ENOUGH, Identifiers, Matched, Relation, Unavailable
from policies.phi import PHI
from policies.told_from_record import names_one

_NAMED: Final = re.compile(rf"\b(?:{'|'.join(sorted(MEDICINE_NAMES))})\b")
"""A medicine by its name; a question that names one which the record does not list is not answered with others."""
CHECK_S: Final = ANSWER_S + 0.2
"""From the last identifier to the first word, whatever was found; shorter than the wait for a filler (1.5 s)."""
MOST_TRIES: Final = 2
"""Usual for a telephone line (telephony dossier, section 1.7)."""
SHORT_WORDS: Final = 4
"""Of an answer, "a friend" or "no idea", which a topic alone would be too."""
MOST_UNHEARD: Final = 2
"""Answers in a row that held no identifier: after the first the keypad is offered, after the second a nurse."""


class Stage(enum.Enum):
    """How far it has come."""

    OPEN = "open"
    """Nobody has asked for a record."""
    ASKING = "asking"
    MATCHED = "matched"
    OVER = "over"
    """In this call no record is looked at any more."""


class Identifying:
    """One call's.  Holds identifiers and record in memory, and forgets them with the call."""

    def __init__(
        self,
        records: PatientRecords | None,
        recite: Callable[[Sequence[Sayable]], Awaitable[object]],
        phrase: Callable[[Phrase], Sayable],
    ) -> None:
        """records: None where there is no source, or the agent's file allows none.  recite: says a whole reply.

        phrase: its fixed wording.
        """
        self._records: Final = records
        self._recite: Final = recite
        self._phrase: Final = phrase
        self._keying: Final = Keying()
        self._stage = Stage.OPEN
        self._asked: PHI[OwnQuestion] | None = None
        self._given: PHI[Identifiers] = PHI(Identifiers())
        self._relation: PHI[Relation | None] = PHI(None)
        self._patient: Matched | None = None
        self._subject: PHI[str] = PHI("")
        self._tries = 0
        self._unheard = 0
        self._recalled = False

    def forget(self) -> None:
        """No identifier, question or fact stays."""
        self._keying.forget()
        self._drop()
        self._asked = self._patient = None
        self._subject = PHI("")

    @property
    def asking(self) -> bool:
        """What the caller says now may be an identifier: it is kept nowhere and no model sees it."""
        return self._stage is Stage.ASKING

    def leave(self) -> None:
        """A question of another kind is asked now: what comes next answers that one.  What was given stays known."""
        if self.asking:
            self._stage = Stage.OPEN

    # -- keys --------------------------------------------------------------------------------------------------------

    @property
    def entering(self) -> bool:
        """Star was pressed, and no end yet: the next key is a digit of an identifier, whatever else is asked."""
        return self._keying.entering

    def key(self, digit: PHI[str]) -> bool:
        """True if the key belongs to an identifier; else it means what it always means."""
        return self._may_key and self._keying.key(digit)

    def keyed(self) -> bool:
        """20 ms went by.  True while an entry is complete and waits to be answered."""
        self._keying.hear()
        return self._may_key and self._keying.ready

    @property
    def _may_key(self) -> bool:
        """Identifiers are asked for, or were, before another question came between."""
        return self.asking or (self._stage is Stage.OPEN and self._asked is not None)

    # -- turns -------------------------------------------------------------------------------------------------------

    async def recall(self, said: Answerable, gate: Gate, *, answered: bool) -> Course | None:
        """Who speaks of an earlier call hears, once, that none is remembered.  None: she is still to be answered.

        answered: something was answered in this call.  Raises `VoiceFailed`.
        """
        words = said.said.words
        if self._recalled or not words.map(lambda text: speaks_of_an_earlier_call(text, answered=answered)).reveal():
            return None
        await gate.opened.wait()
        self._recalled = True
        if said.care is not Care.NONE or words.map(asks_something).reveal():
            await self._say(Phrase.NOT_REMEMBERED)
            return None
        return await self._say(Phrase.NOT_REMEMBERED, Phrase.SILENCE_1)

    def takes(self, said: Answerable, *, offered: bool, waiting: bool = False) -> bool:
        """Is this turn answered here?  Changes nothing: a draft may be dropped.

        offered: a "yes" asks for a person.  waiting: a question that must be asked is open, and a "yes" answers that.
        """
        if self._records is None or self._stage is Stage.OVER:
            return False
        words, kind = said.said.words, social(said.said.words)
        if self.asking:
            if waiting:
                return words.map(_surely_answers).reveal()
            if kind is not None:
                return kind is Social.NO or (kind is Social.YES and not offered)
            return words.map(_surely_answers if offered else _may_answer).reveal()
        if said.care is not Care.NONE:
            return False
        question = words.map(own_question) if kind is None else PHI(None)
        return question.map(self._may_ask).reveal()

    def bare(self, said: Answerable) -> bool:
        """Identifiers that were asked for, and no other word: whatever a reader makes of them, no symptom was told."""
        return self.asking and said.care is Care.ASK_AFTER and said.said.words.map(only_identifies).reveal()

    async def reply(self, said: Answerable, gate: Gate, *, offered: bool) -> Course:
        """Raises `VoiceFailed`."""
        await gate.opened.wait()
        words, kind = said.said.words, social(said.said.words)
        asked = words.map(own_question)
        fresh = asked.map(lambda question: question is not None).reveal()
        if fresh:
            self._asked = asked.map(_there)
        if self._patient is not None and self._asked is not None:
            return await self._tell(self._patient, self._asked)
        if not self.asking:
            self._stage, self._unheard = Stage.ASKING, 0
            self._hear(words)
            if self._given.map(lambda given: given.given).reveal() == 0:
                return await self._say(Phrase.IDENTIFY)
            return await self._go_on()
        if said.care is not Care.NONE and kind is None and not self.bare(said):
            self._hear(words)
            check = Phrase.CHECK_HEARD if said.care is Care.ASK_FIRST else Phrase.CHECK
            return await self._say(check, then=Course.OFFERED_PERSON)
        if kind is Social.NO and not offered:
            self._stage = Stage.OPEN
            self._drop()
            return await self._say(Phrase.NOT_CHECKED, then=Course.OFFERED_PERSON)
        if self._hear(words) or fresh or kind is not None:
            return await self._go_on()
        return await self._not_heard()

    async def reply_to_keys(self) -> Course:
        """To a complete entry.  Raises `VoiceFailed`."""
        self._stage = Stage.ASKING
        found = self._keying.take().map(identifiers_keyed)
        if not self._take(found):
            return await self._not_heard()
        return await self._go_on()

    def _may_ask(self, question: OwnQuestion | None) -> bool:
        """Once a patient is identified, a question about another person is not answered from her record."""
        if question is None or self._patient is None:
            return question is not None
        subject = self._subject.reveal()
        return question.subject in ("patient", subject) if subject else not question.subject

    def _hear(self, words: PHI[str]) -> bool:
        """Takes what identifies from the words.  True if they held anything."""
        wanted = self._wants_relation()
        relation = words.map(lambda text: relation_in(text, asked=wanted))
        told = relation.map(lambda found: found is not None).reveal()
        if told:
            self._relation = relation
        known = self._given.map(lambda given: given.born is not None).reveal()
        return self._take(words.map(lambda text: identifiers_in(text, birth_known=known))) or told

    def _take(self, found: PHI[Identifiers]) -> bool:
        self._given = found.map(lambda new: new.beside(self._given.reveal()))
        return found.map(lambda new: new.given > 0).reveal()

    def _wants_relation(self) -> bool:
        """The record is somebody else's, and who calls is not known yet."""
        others = self._asked is not None and self._asked.map(lambda asked: bool(asked.subject)).reveal()
        return others and self._relation.map(lambda known: known is None).reveal()

    async def _not_heard(self) -> Course:
        wanted = self._wanted()
        if wanted is None:  # a check was cut off by something that is no identifier
            return await self._check()
        self._unheard += 1
        if self._unheard < MOST_UNHEARD:
            return await self._say(Phrase.USE_KEYS, wanted)
        return await self._give_up(Phrase.NOT_CHECKED)

    async def _go_on(self) -> Course:
        self._unheard = 0
        wanted = self._wanted()
        return await self._check() if wanted is None else await self._say(wanted)

    def _wanted(self) -> Phrase | None:
        """The question for what is still to be known; None: it can be checked."""
        given = self._given.reveal()
        if given.given < ENOUGH:
            return Phrase.ASK_SECOND if given.born or given.record else Phrase.ASK_BIRTH
        return Phrase.ASK_RELATION if self._wants_relation() else None

    async def _check(self) -> Course:
        """One try.  Its outcome counts from the moment at which it is told: what is cut off before tells nothing."""
        assert self._records is not None
        assert self._asked is not None
        clock = asyncio.get_running_loop().time
        until_s = clock() + CHECK_S
        found = await self._records.match(self._given)
        await asyncio.sleep(max(0.0, until_s - clock()))
        self._given = PHI(Identifiers())
        if isinstance(found, Matched) and self._may_hear(found):
            self._stage, self._patient = Stage.MATCHED, found
            self._subject = self._asked.map(lambda asked: asked.subject)
            return await self._tell(found, self._asked, Phrase.CHECKED)
        if isinstance(found, Unavailable):
            return await self._give_up(Phrase.RECORDS_AWAY)
        self._tries += 1
        if self._tries < MOST_TRIES:
            return await self._say(Phrase.CHECK_AGAIN)
        return await self._give_up(Phrase.NOT_CHECKED)

    def _may_hear(self, found: Matched) -> bool:
        """The patient herself, or one of those who may hear all of it with her consent."""
        assert self._asked is not None
        relation = self._relation.reveal()
        if not self._asked.map(lambda asked: bool(asked.subject)).reveal() and relation is None:
            return True
        return found.record.map(lambda record: relation in record.proxies).reveal()

    async def _give_up(self, phrase: Phrase) -> Course:
        self._stage = Stage.OVER
        self._drop()
        return await self._say(phrase, then=Course.OFFERED_PERSON)

    async def _tell(self, patient: Matched, asked: PHI[OwnQuestion], *lead: Phrase) -> Course:
        medicines = asked.map(lambda question: question.topic is Topic.MEDICINES).reveal()
        here = asked.map(lambda question: patient.record.map(lambda record: names_one(record, question)).reveal())
        elsewhere = asked.map(lambda question: _NAMED.search(question.words) is not None)
        sentences = from_record(patient, asked)
        if not sentences or (medicines and elsewhere.reveal() and not here.reveal()):
            return await self._say(*lead, Phrase.NOT_LISTED, then=Course.OFFERED_PERSON)
        said = [*map(self._phrase, lead), *sentences, *([self._phrase(Phrase.IF_IT_DIFFERS)] if medicines else [])]
        await self._recite(said)
        return Course.ON

    async def _say(self, *phrases: Phrase, then: Course = Course.ON) -> Course:
        await self._recite([self._phrase(phrase) for phrase in phrases])
        return then

    def _drop(self) -> None:
        self._given, self._relation = PHI(Identifiers()), PHI(None)


def _may_answer(text: str) -> bool:
    """To the question for an identifier: all but another question, without a number or a month in it."""
    short = "?" not in text and len(text.split()) <= SHORT_WORDS
    return short or may_identify(text) or own_question(text) is not None or not asks_something(text)


def _surely_answers(text: str) -> bool:
    """A whole identifier, or a question for the record: where "yes, get one" and its like answer something else."""
    return identifiers_in(text).given > 0 or own_question(text) is not None


def _there(question: OwnQuestion | None) -> OwnQuestion:
    assert question is not None
    return question
