"""Does a caller ask what her own record says: a dose, a time, a day?  Pure patterns over lower-case words.

Asked for a fact of a list that the hospital keeps, never for leave or advice: "may I double it" is none of these.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from policies.patient import PartOfDay, Relation


class Topic(enum.Enum):
    """Which part of the record."""

    MEDICINES = "medicines"
    """What is taken, how much of it and when."""
    FOLLOW_UP = "follow_up"
    PROCEDURE = "procedure"
    INSTRUCTIONS = "instructions"


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """What is asked of a record."""

    topic: Topic
    words: str
    """The question in lower case: a medicine may be named in it."""
    part: PartOfDay | None = None
    """Only medicines of this part of the day."""
    subject: str = ""
    """Whose record: empty for the caller's own, "patient" for "she", else the word for the person: "mother"."""


_PERSON_WORDS: Final = (
    "mother|mom|mum|mama|father|dad|papa|wife|husband|partner|son|daughter|sister|brother|grandmother|grandma"
    "|grandfather|grandpa|aunt|uncle|friend|neighbor|patient"
)
_OTHERS: Final = re.compile(
    rf"\b(?:my|our|the) (?P<who>{_PERSON_WORDS})(?:'s|s)?\b|\b(?P<she>she|he|her|his|him|they|their)\b"
)
_SAME: Final = {
    "mom": "mother", "mum": "mother", "mama": "mother", "dad": "father", "papa": "father", "grandma": "grandmother",
    "grandpa": "grandfather",
}  # fmt: skip
_WHO: Final = rf"(?:i|we|she|he|they|(?:my|our|the) (?:{_PERSON_WORDS}))"
_WHOSE: Final = rf"(?:my|our|her|his|their|(?:my|our|the) (?:{_PERSON_WORDS})'?s?)"
_PILLS: Final = (
    r"(?:medicines?|medications?|meds|pills?|tablets?|drugs?|prescriptions?|medicine list|medication list|med list)"
)
_PARTS: Final = (
    (PartOfDay.MORNING, re.compile(r"\b(?:in the morning|mornings?|with breakfast|at breakfast|when i (?:wake|get) up)\b")),
    (PartOfDay.NOON, re.compile(r"\b(?:at noon|noon|midday|with lunch|at lunch|lunchtime)\b")),
    (PartOfDay.EVENING, re.compile(r"\b(?:in the evening|evenings?|with (?:dinner|supper)|at (?:dinner|supper))\b")),
    (PartOfDay.BEDTIME, re.compile(r"\b(?:at night|at bedtime|bedtime|before bed)\b")),
)  # fmt: skip

_MEDICINES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bwhat(?:'s| is)? (?:the )?(?:dose|dosage|strength)(?: of [\w -]{{2,30}}?)? (?:am|is|are|do|does|was|were|did) {_WHO}\b",
        rf"\bwhat(?:'s| is| was) {_WHOSE} (?:[\w-]+ ){{0,2}}?(?:dose|dosage)\b",
        r"\bwhat (?:dose|dosage|strength) (?:of [\w -]{2,30}? )?(?:am i|is (?:she|he)|(?:was i|were we) (?:given|put|prescribed))\b",
        rf"\b(?:what|which) (?:of {_WHOSE} )?{_PILLS} (?:am i|are we|is (?:she|he)|do {_WHO}|does {_WHO}|was i|were we) (?:on|take|taking|supposed to take|to take|prescribed|given|sent home with|have)\b",
        rf"\b(?:what|which) {_PILLS} (?:do|does|am|is|are|should) {_WHO}\b",
        rf"\bwhat (?:do|does|am|is|are|should) {_WHO} (?:supposed to |to )?take\b",
        rf"\bhow (?:much|many|often)(?: [\w-]+){{0,4}}? (?:do|does|should) {_WHO} (?:supposed to |have to |need to )?take\b",
        rf"\b(?:do|does) {_WHO} take (?:[\w-]+ ){{1,4}}?(?:once|twice|three times|in the (?:morning|evening)|at (?:night|bedtime|noon))\b",
        rf"\b(?:what|which) (?:dose|dosage|strength|{_PILLS})(?: of [\w -]{{2,30}}?)? {_WHO}(?:'m| am| is| are|'s)? (?:supposed to )?(?:takes?|on|taking)\b",
        rf"\bwhat(?:'s| is| are) (?:on |in )?{_WHOSE} (?:[\w-]+ )?{_PILLS}(?: list)?\W*$",
        rf"\b(?:read|tell|give|list|go over) (?:me )?{_WHOSE} (?:list of )?{_PILLS}\b",
        rf"\bwhen (?:do|does|am|is|are|should) {_WHO} (?:supposed to |to )?(?:take|get) {_WHOSE} [\w -]{{2,30}}",
        rf"\bwhat time(?:s)?(?: of (?:the )?day)? (?:do|does|am|is|are|should) {_WHO} (?:supposed to |to )?(?:take|get)\b",
        r"\bhow (?:much|many)(?: [\w-]+){0,4}? (?:am i|is (?:she|he)|are we) (?:on|taking|supposed to (?:take|be taking|get)|prescribed)\b",
    )
)
_VISIT: Final = r"(?:follow[- ]?ups?|appointments?|check[- ]?ups?|visits?)"
_FOLLOW_UP: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:when|what day|what time|what date|where)(?:'s| is| are| was)? {_WHOSE} (?:next |first |follow[- ]?up )?(?:[\w-]+ )?{_VISIT}\b",
        rf"\bwhen (?:do|does|am|is|are|should) {_WHO} (?:supposed to |due to |scheduled to |need to |have to )?(?:see|come (?:back|in)|go back|return|be seen)\b",
        rf"\b(?:do|does) {_WHO} have (?:a|an|any) (?:[\w-]+ )?{_VISIT}\b",
        rf"\bwhat(?:'s| is) (?:the (?:day|date|time) of )?{_WHOSE} (?:next )?{_VISIT}\b",
    )
)
_OPERATION: Final = r"(?:procedure|operation|surgery|colonoscopy|endoscopy|biopsy|scan|catheterization|replacement)"
_PROCEDURE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:when|what day|what date|what time)(?:'s| is| was) {_WHOSE} (?:[\w-]+ )?{_OPERATION}\b",
        rf"\bwhat (?:procedure|operation|surgery) (?:did|do|am|is|was) {_WHO}\b",
        rf"\bwhen (?:did|do|does|am|is) {_WHO} (?:have|having|get|getting|going in for) {_WHOSE} (?:[\w-]+ )?{_OPERATION}\b",
    )
)
_INSTRUCTIONS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:read|tell|give) (?:me )?{_WHOSE} (?:[\w-]+ )?instructions\b",
        rf"\bwhat (?:do|did|does|are|were) {_WHOSE} (?:[\w-]+ )?(?:instructions|discharge papers?)\b",
        rf"\bwhat(?:'s| is) (?:in|on) {_WHOSE} (?:[\w-]+ )?(?:instructions|papers?|paperwork)\b",
    )
)
_ADVICE: Final = re.compile(
    r"\b(?:can|could|may|might) (?:i|we|she|he)\b|\bshould (?:i|we|she|he) (?:stop|skip|double|change|keep|still|start|take (?:more|less|another|an extra))\b"
    r"|\b(?:stop|skip|double|halve|cut|increase|decrease|lower|raise|more|less|extra|another|instead|missed|forgot (?:to|my|a|the)|too much|too many)\b"
    r"|\bif (?:i|we|she|he|my|her|his|it|the|there)\b|\bfor (?:the|this|my|her|his) (?:\w+ ){0,2}?(?:pain|headache|nausea|itch|itching|rash|fever|cough|swelling|constipation|diarrhea|dizziness|cold|sore throat)\b"
    r"|\b(?:take|get|have|come) (?:[\w'-]+ ){0,4}?(?:off|out)\b|\bremoved?\b"
    r"|\b(?:take|check|measure) (?:(?:my|her|his|their|the|a) )?(?:\w+ )?(?:blood (?:pressure|sugar)|sugar|pressure|temperature|pulse|weight|oxygen|shower|bath|walk|nap)\b(?! (?:medicine|medication|meds?|pill|tablet|drug|water|check))"
    r"|\b(?:go|come) (?:back )?(?:in )?to (?:the )?(?:er|e r|work|school|gym)\b|\bemergency\b"
    r"|\bside effects?\b|\bis it (?:safe|ok|okay|fine)\b|\bwhat if\b"
)

_RELATION_OF: Final = {
    **{relation.value: relation for relation in Relation},
    "boyfriend": Relation.PARTNER, "girlfriend": Relation.PARTNER, "spouse": Relation.PARTNER, "mom": Relation.MOTHER,
    "dad": Relation.FATHER, "granddaughter": Relation.GRANDCHILD, "grandson": Relation.GRANDCHILD,
    "carer": Relation.CAREGIVER, "aide": Relation.CAREGIVER,
}  # fmt: skip
_RELATIONS: Final = "|".join(sorted(_RELATION_OF, key=len, reverse=True))
_I_AM: Final = re.compile(
    rf"\b(?:i'm|i am|im|this is|it's|as) (?:(?:her|his|their|the|a|an|my \w+'s|the patient's|\w+'s) )?(?:(?!my\b|our\b)\w+ )?(?P<who>{_RELATIONS})\b"
)
_BARE: Final = re.compile(
    rf"(?:\W|\b(?:her|his|their|the|a|an|um|uh|well|yes|only|oldest|youngest|patient's)\b)*(?P<who>{_RELATIONS})\W*"
)


def own_question(text: str) -> OwnQuestion | None:
    """What of a record the words ask for, or None."""
    plain = _plain(text)
    if _ADVICE.search(plain):
        return None
    for topic, patterns in (
        (Topic.FOLLOW_UP, _FOLLOW_UP),
        (Topic.PROCEDURE, _PROCEDURE),
        (Topic.INSTRUCTIONS, _INSTRUCTIONS),
        (Topic.MEDICINES, _MEDICINES),
    ):
        found = next((match for match in (pattern.search(plain) for pattern in patterns) if match), None)
        if found is not None:
            part = next((part for part, said in _PARTS if said.search(plain)), None)
            return OwnQuestion(topic, plain, part if topic is Topic.MEDICINES else None, _subject(found[0], plain))
    return None


def relation_in(text: str, *, asked: bool) -> Relation | None:
    """Who the caller says she is to the patient.  asked: she was asked just that, so the word alone will do."""
    plain = _plain(text)
    found = _I_AM.search(plain) or (_BARE.fullmatch(plain) if asked else None)
    return None if found is None else _RELATION_OF[found["who"]]


def _subject(asked: str, plain: str) -> str:
    """asked: what of the words is the question.  "She" is whoever is named beside it."""
    if _OTHERS.search(asked) is None:
        return ""
    named = _named(asked) or _named(plain) or "patient"
    return _SAME.get(named, named)


def _named(text: str) -> str:
    return next((match["who"] for match in _OTHERS.finditer(text) if match["who"]), "")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())
