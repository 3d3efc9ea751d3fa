"""Two gates: what a model may see, and what a caller may hear.  Only this module makes the permits.

`screen_utterance` fetches a person for what the written rules or the reader of urgency find, whichever is more urgent;
`screen_reply` passes fixed wording, verbatim passages, and of a model's own sentences what the firewall lets through.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from types import MappingProxyType
from typing import Final, final

from policies.answers import only_leaves
from policies.asking import wants_a_person
from policies.brief import Told, brief
from policies.escalation import EscalationReason as EscalationReason
from policies.firewall import Firewall
from policies.language import another_language
from policies.own_record import OwnQuestion
from policies.patient import Matched
from policies.phi import PHI, Sensitive, Utterance
from policies.redflags import Finding, RedFlags
from policies.right_party import Line
from policies.right_party_wording import Callee, worded
from policies.told_from_record import told
from policies.urgency import IN_CALLS, UNSURE_PERSON, Thresholds, Urgency, danger, heard_as


class Source(enum.Enum):
    """Where a sentence comes from."""

    FIXED = "fixed"
    PASSAGE = "passage"
    MODEL = "model"
    RECORD = "record"
    """Composed by code from the record of the patient who was identified in this call, or with the name of the one whom
    we called: no model sees it, and it is kept nowhere."""
    BRIEF = "brief"
    """For the nurse who takes the caller, and for nobody else."""
    CALLER = "caller"
    """Composed by code from what the carrier says of the call: the number that she calls from."""


class Care(enum.Enum):
    """What an utterance asks for beside its answer, where nothing in it is sure enough to fetch a person."""

    NONE = "none"
    ASK_AFTER = "ask_after"
    """It may be a symptom: answered, and then she is asked whether a nurse should hear of it."""
    ASK_FIRST = "ask_first"
    """A symptom was found in words that the recogniser itself was unsure of: she is asked, and nothing is answered."""


_MINT: Final = object()


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answerable(Sensitive):
    """An utterance that a model may see."""

    said: Utterance
    care: Care
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Answerable is made by policies.guardrails alone")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sayable(Sensitive):
    """A sentence that the caller may hear."""

    text: PHI[str]
    """In the form of `normal()`."""
    source: Source
    passage_id: str
    """The approved passage it is taken from, or puts in words; empty for fixed wording and where nothing is judged."""
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Sayable is made by policies.guardrails alone")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opened(Sensitive):
    """The approved passage that a model is given to put in words: which one tells what was asked."""

    passage_id: str
    text: PHI[str]

    __hash__ = None  # see Sensitive


@dataclass(frozen=True, slots=True)
class Escalate:
    """A person is fetched."""

    reason: EscalationReason


class Defer(enum.Enum):
    """Nothing to answer."""

    NOTHING_SAID = "nothing_said"


class Refused(enum.Enum):
    """Why a sentence is not spoken."""

    NOT_APPROVED = "not_approved"
    FORBIDDEN = "forbidden"
    """A model's sentence that the firewall does not let through."""


@dataclass(frozen=True, slots=True)
class Wording:
    """All text that may be spoken verbatim, keyed by `normal()`; `Wording.of` does the keying."""

    fixed: frozenset[str]
    passages: Mapping[str, str]
    """normal(sentence) -> passage id."""
    firewall: Firewall | None = None
    """Judges a hosted model's own sentences; without it none is spoken."""
    unfiltered: bool = False
    """A hosted model's own sentences are spoken as they come: for tests and proofs, the development profile only."""

    @classmethod
    def of(
        cls,
        fixed: Iterable[str],
        passages: Mapping[str, str],
        *,
        firewall: Firewall | None = None,
        unfiltered: bool = False,
    ) -> Wording:
        """From text as it is written.  passages: sentence -> passage id."""
        keyed = {normal(sentence): passage_id for sentence, passage_id in passages.items()}
        return cls(frozenset(map(normal, fixed)), keyed, firewall, unfiltered)


class NotWording(ValueError):
    """Our own program asked for words that are not in its wording; a mistake of ours, never of a caller."""


def normal(text: str) -> str:
    """The form in which wording is compared: one space between words, nothing else changed."""
    return " ".join(text.split())


def screen_utterance(said: Utterance, rules: RedFlags) -> Answerable | Escalate | Defer:
    """May a model see this?  Red flags before everything; a guard that fails counts as a red flag."""
    try:
        verdict = _verdict(said, rules)
    except Exception:  # noqa: BLE001  # whatever failed, a person is the safe side; what it said is dropped with it
        verdict = Escalate(EscalationReason.GUARD_FAILED)
    return Answerable(said, verdict, _MINT) if isinstance(verdict, Care) else verdict


REASONS: Final = MappingProxyType(
    {
        Urgency.EMERGENCY_911: EscalationReason.RED_FLAG,
        Urgency.CRISIS_988: EscalationReason.CRISIS,
        Urgency.NURSE_NOW: EscalationReason.SYMPTOM,
    }
)


_GRAVITY: Final = MappingProxyType(
    {reason: urgency for urgency, reason in REASONS.items()}
    | {EscalationReason.GUARD_FAILED: Urgency.EMERGENCY_911, EscalationReason.NOT_UNDERSTOOD: Urgency.NURSE_NOW}
)
"""Reasons that are told in words of their own; any other weighs as little as routine."""


def graver(reason: EscalationReason, than: EscalationReason) -> bool:
    """Does it ask for other words than those she has been told?"""
    return _GRAVITY.get(reason, Urgency.ROUTINE) > _GRAVITY.get(than, Urgency.ROUTINE)


FEW_WORDS: Final = 6
"""Fewer are often misheard, or only begun ("wait a moment, one minute"): alone, the reader must be sure of them."""
FEWEST_WORDS: Final = 4
"""Of fewer she is not even asked whether a nurse should hear of it."""
OF_DESPAIR: Final = frozenset({"suicide", "overdose"})
"""Signs of which a thought of suicide is a hint; of another sign it is none: 911 is not said instead of 988."""
READER: Final = "reader"
"""Stands for a rule where the reader of urgency heard more than the rules."""


def found_in(said: Utterance, rules: RedFlags, sure: Thresholds = IN_CALLS) -> Finding:
    """The more urgent of what the rules find and what the reader heard.

    By itself a rule brings a nurse; to say 911 the reader must hear a hint of it too.  Likewise a hint is enough where
    an emergency was heard in a part of these words.  Without a reader, or where it could not read, the rule's own
    urgency stands.
    """
    found = rules.judge(said.words.reveal())
    if said.urgency is None:
        return found
    if only_leaves(said.words.reveal()):
        return found  # to the reader "I have to go now" is somebody who is losing consciousness
    likely = said.urgency.reveal()
    despair = found.urgency is Urgency.CRISIS_988 or rules.sign_of(found.rule) in OF_DESPAIR
    hinted = danger(likely) if despair else float(likely[Urgency.EMERGENCY_911])
    if found.urgency > Urgency.NURSE_NOW and hinted < sure.hint:
        found = Finding(Urgency.NURSE_NOW, found.rule)
    heard = heard_as(likely, sure)
    if said.alarmed and danger(likely) >= sure.hint:
        crisis = likely[Urgency.CRISIS_988] > likely[Urgency.EMERGENCY_911]
        heard = max(heard, Urgency.CRISIS_988 if crisis else Urgency.EMERGENCY_911)
    if _fewer(said, FEW_WORDS) and danger(likely) < sure.person and not said.alarmed:
        heard = min(heard, Urgency.NURSE_NOW) if likely[Urgency.NURSE_NOW] >= sure.person else Urgency.ROUTINE
    return found if found.urgency >= heard else Finding(heard, READER)


def _verdict(said: Utterance, rules: RedFlags) -> Escalate | Defer | Care:
    words = said.words.reveal()
    if not any(letter.isalnum() for letter in words):
        return Defer.NOTHING_SAID
    finding = found_in(said, rules)
    foreign = said.hardly_english and rules.judge(words).urgency is Urgency.ROUTINE
    if finding.rule == READER and (foreign or another_language(words)):
        # the reader knows English; the wording tells 911 in both
        return Escalate(EscalationReason.NOT_UNDERSTOOD)
    found = finding.urgency
    to_ask = found is Urgency.NURSE_NOW and said.doubtful
    if found is not Urgency.ROUTINE and not to_ask:
        return Escalate(REASONS[found])
    if wants_a_person(words):
        return Escalate(EscalationReason.ASKED)
    if to_ask:
        return Care.ASK_FIRST
    return Care.ASK_AFTER if _unsure(said) else Care.NONE


def _fewer(said: Utterance, words: int) -> bool:
    return len(said.words.reveal().split()) < words


def _unsure(said: Utterance) -> bool:
    """The reader takes it for a symptom rather than not, or how it was spoken is a reason to ask."""
    if only_leaves(said.words.reveal()):
        return False
    if said.strained:
        return True
    if said.urgency is None or _fewer(said, FEWEST_WORDS):
        return False
    return float(said.urgency.reveal()[Urgency.ROUTINE]) <= 1 - UNSURE_PERSON


def screen_reply(
    sentence: PHI[str], wording: Wording, *, opened: Opened | None = None, source_hint: Source | None = None
) -> Sayable | Refused:
    """May the caller hear this?  Fixed wording and verbatim passage sentences pass; a model's own by the firewall.

    opened: the passage that a model's sentence is judged beside; without one none of its own passes.  Then it blocks
    for some tens of milliseconds.  source_hint: which of the two a sentence is that stands in both; it opens nothing.
    """
    text = normal(sentence.reveal())
    passage_id = wording.passages.get(text)
    if text in wording.fixed and not (passage_id is not None and source_hint is Source.PASSAGE):
        return Sayable(PHI(text), Source.FIXED, "", _MINT)
    if passage_id is not None:
        return Sayable(PHI(text), Source.PASSAGE, passage_id, _MINT)
    if wording.unfiltered and text:
        return Sayable(PHI(text), Source.MODEL, "", _MINT)
    if wording.firewall is None or opened is None or not text:
        return Refused.NOT_APPROVED
    try:
        forbidden = wording.firewall.breach(text, opened.text.reveal()) is not None
    except Exception:  # noqa: BLE001  # what could not be judged is not said; what failed is dropped with its text
        forbidden = True
    return Refused.FORBIDDEN if forbidden else Sayable(PHI(text), Source.MODEL, opened.passage_id, _MINT)


def fixed(text: str, wording: Wording) -> Sayable:
    """Our own phrase.  Raises `NotWording` if it is not among the fixed ones."""
    if normal(text) not in wording.fixed:
        raise NotWording("this phrase is not in the fixed wording; add it there")
    return Sayable(PHI(normal(text)), Source.FIXED, "", _MINT)


NUMBER: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?(?: over [0-9]{1,3}(?:\.[0-9]{1,4})?)?", re.ASCII)
PLACE_OF_NUMBER: Final = "{number}"


def read_back(template: str, number: PHI[str], wording: Wording) -> Sayable:
    """A number of hers in our own phrase.  template: holds `{number}` once.

    Raises `NotWording` if the template is not among the fixed wording, or the number is none.
    """
    if normal(template) not in wording.fixed or template.count(PLACE_OF_NUMBER) != 1:
        raise NotWording("this phrase is not in the fixed wording; add it there")
    if not number.map(lambda digits: NUMBER.fullmatch(digits) is not None).reveal():
        raise NotWording("only a number in digits is read back")
    return Sayable(
        number.map(lambda digits: normal(template).replace(PLACE_OF_NUMBER, digits)), Source.FIXED, "", _MINT
    )


def from_record(patient: Matched, asked: PHI[OwnQuestion]) -> tuple[Sayable, ...]:
    """What the record of an identified patient says to a question; empty where it does not say.

    Whatever is not composed here from a record that matched is no sentence of this source.
    """
    sentences = told(patient.record.reveal(), asked.reveal())
    return tuple(Sayable(PHI(normal(sentence)), Source.RECORD, "", _MINT) for sentence in sentences)


_ABROAD: Final = (
    "242|246|264|268|284|345|441|473|649|658|664|721|758|767|784|809|829|849|868|869|876"  # not of the United States
)
OWN_NUMBER: Final = re.compile(
    rf"\+1((?!900|{_ABROAD})[2-9](?!11)[0-9]{{2}})((?!976)[2-9](?!11)[0-9]{{2}})([0-9]{{4}})", re.ASCII
)
"""A telephone of the United States or Canada (NANPA, area codes), where calling it costs nothing out of the way.

Not 900 and 976, nor the islands whose numbers look the same: they are called for what the call earns.
"""


def own_number(number: PHI[str]) -> Sayable:
    """The number that she calls from, digit by digit, for herself.  Raises `NotWording` if it is none to call back."""
    said = number.map(_digit_by_digit)
    if not said.map(bool).reveal():
        raise NotWording("this is no number that is called back")
    return Sayable(said, Source.CALLER, "", _MINT)


def _digit_by_digit(number: str) -> str:
    found = OWN_NUMBER.fullmatch(number)
    return "" if found is None else ", ".join(" ".join(part) for part in found.groups()) + "."


def to_callee(line: Line, callee: Callee) -> tuple[Sayable, ...]:
    """What whoever picks up a call of ours may hear before she is known, sentence by sentence.

    Her name stands in it as the hospital gave it and `Callee` has checked it: kept nowhere, like her record.
    """
    return tuple(Sayable(sentence.map(normal), Source.RECORD, "", _MINT) for sentence in worded(line, callee))


def for_the_nurse(of: Told) -> tuple[Sayable, ...]:
    """What a nurse hears before she takes the caller."""
    return tuple(Sayable(sentence.map(normal), Source.BRIEF, "", _MINT) for sentence in brief(of))


def clauses_of(sentence: Sayable, pieces: Sequence[str]) -> list[Sayable]:
    """A sentence in the clauses it is spoken in, of the same source.

    Raises `NotWording` unless the pieces, joined by single spaces, are exactly the sentence.
    """
    if not all(pieces) or " ".join(pieces) != sentence.text.reveal():
        raise NotWording("the clauses are not the sentence")
    return [Sayable(PHI(piece), sentence.source, sentence.passage_id, _MINT) for piece in pieces]
