"""Signs that need a person now, and no answer from a machine.

Provisional: a short list, replaced whole by the clinical issue's reviewed rules.  It errs to care: a hypothetical,
a past event or somebody else's symptom counts as well; only a plain denial right before the sign does not.
Reads text as a speech recogniser gives it: case, punctuation and apostrophes may be missing or wrong.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


class RedFlag(enum.Enum):
    """Which sign; never written down, only that there was one."""

    CHEST_PAIN = "chest_pain"
    BREATHING = "breathing"
    STROKE = "stroke"
    BLEEDING = "bleeding"
    SELF_HARM = "self_harm"
    OVERDOSE = "overdose"
    UNCONSCIOUS = "unconscious"
    SEIZURE = "seizure"
    SWELLING = "swelling"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign and the ways it is said.  pattern: over `plain()` text, whole words."""

    flag: RedFlag
    pattern: re.Pattern[str]


def plain(words: str) -> str:
    """Lower case, apostrophes gone, "cant" and its like spelled out, clause marks as ` , `, all else spaces."""
    text = words.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("'", "")
    text = re.sub(r"[.,;:!?\N{EM DASH}]+", " , ", text)
    text = re.sub(r"[^a-z0-9, ]+", " ", text)
    for short, full in _SPELLED_OUT:
        text = re.sub(rf"\b(?:{short})\b", full, text)
    return " ".join(text.split())


_SPELLED_OUT: Final = (
    ("cant|can not", "cannot"),
    ("wont", "will not"),
    ("im", "i am"),
    ("ive", "i have"),
    ("(do|does|did|is|are|was|were|has|have|had|would|could|should)nt", r"\1 not"),
    ("gonna", "going to"),
    ("wanna", "want to"),
)

_ACHE: Final = r"(?:pains?|hurt|hurts|hurting|ache|aches|aching|pressure|tight|tightness|tightening|heaviness|heavy|"
_ACHE_ENDS: Final = r"squeezing|crushing|burning|discomfort)"
_MINE: Final = r"(?:my|the|his|her|your|their|a)"
_BETWEEN: Final = r"(?: [a-z]+){0,4}"
_CANNOT: Final = r"(?:cannot|can hardly|can barely|could not|not able to|unable to|struggling to|hard to|difficult to)"


def _rule(flag: RedFlag, *ways: str) -> Rule:
    return Rule(flag, re.compile(rf"\b(?:{'|'.join(ways)})\b"))


_PROVISIONAL: Final = (
    _rule(
        RedFlag.CHEST_PAIN,
        rf"(?:chest|chess|breastbone) (?:is |feels |felt |has been |was )?(?:so |very |really |all |a bit )?{_ACHE}{_ACHE_ENDS}",
        rf"{_ACHE}{_ACHE_ENDS}{_BETWEEN} {_MINE} (?:chest|breastbone)",
        rf"{_ACHE}{_ACHE_ENDS} (?:in|on|across) chest",
        r"(?:elephant|weight) (?:sitting )?on (?:my|his|her) chest",
        r"heart attack",
        r"pains? (?:down|into|in|shooting down) (?:my|his|her|the) left arm",
    ),
    _rule(
        RedFlag.BREATHING,
        rf"{_CANNOT} (?:even |really )?(?:breathe|breath|get (?:enough |any |my )?(?:air|breath)|catch (?:my|his|her|a) breath)",
        r"(?:trouble|difficulty|problems?|hard time|struggling|struggle)(?: with| in)?(?: [a-z]+)? (?:breathing|to breathe)",
        r"(?:short|shortness|out) of breath|breathless|breathlessness|gasping|suffocating|choking",
        r"(?:lips|face|fingers) (?:are |is |have )?(?:turned |turning |gone |going )?blue",
        r"(?:stopped|not) breathing",
    ),
    _rule(
        RedFlag.STROKE,
        r"(?:face|mouth|smile) (?:is |has |looks |feels |was )?(?:been )?(?:drooping|drooped|droops|droopy|numb|crooked|gone numb|lopsided)",
        r"(?:speech is |words are |my words )?(?:slurred|slurring)",
        r"cannot (?:speak|talk|get (?:my |the )?words out|move (?:my|his|her|the|one)|lift (?:my|his|her|the|one)|feel (?:my|his|her) (?:arm|leg|face|left|right))",
        r"(?:arm|leg|left side|right side|one side|side of (?:my|his|her) (?:body|face))"
        r" (?:is |has |have |went |feels |suddenly )*(?:gone |got |become )?(?:numb|weak|paralyzed|paralysed|limp)",
        r"(?:numbness|weakness) (?:in|on|down) (?:my |his |her |the )?(?:one|left|right|arm|leg|face)(?: side| arm| leg)?",
        r"(?:having|have|had|is it|be) a stroke",
        r"(?:lost|losing|loss of) (?:my |his |her )?(?:vision|sight)|cannot see|suddenly (?:blind|confused)",
        r"worst headache|thunderclap",
    ),
    _rule(
        RedFlag.BLEEDING,
        rf"(?:bleeding|blood|bleed){_BETWEEN} (?:will not|does not|did not|has not|would not|cannot|never|is not) (?:stop|stopped|stopping|be stopped)",
        rf"(?:cannot|could not|unable to|not able to|will not) (?:stop|control){_BETWEEN} (?:bleeding|blood)",
        r"(?:bleeding|bled|blood)(?: is| was| really| very| so| pretty)* (?:a lot|heavily|badly|heavy|everywhere|profusely|pouring|gushing|spurting|through)",
        r"(?:lot|lots|loads|pool|cup|cups) of (?:blood|bleeding)|heavy bleeding",
        r"(?:pouring|gushing|spurting|soaked|soaking|soaks|soak)(?: [a-z]+){0,3} (?:blood|bandage|bandages|dressing|dressings|pad|pads|towel)",
        r"(?:vomit|vomited|vomiting|throw|throwing|threw|thrown|cough|coughed|coughing|spit|spitting|bring|bringing|brought)"
        r"(?: [a-z]+){0,3} (?:blood|bloody|coffee grounds)",
        r"blood(?:y)? (?:in (?:my |the |his |her )?)?(?:vomit|puke|throw up)|coffee grounds?",
        r"black (?:and )?(?:tarry )?(?:stools?|poop|bowel movements?)|tarry|(?:pooping|passing|peeing) (?:[a-z]+ )?(?:blood|clots)",
    ),
    _rule(
        RedFlag.SELF_HARM,
        r"suicide|suicidal|(?:kill|killing|hurt|hurting|harm|harming|cut|cutting) (?:myself|himself|herself|themselves)",
        r"(?:end|ending|take|taking) (?:my|his|her)(?: own)? life|end it all|better off dead|rather be dead",
        r"(?:want|wanted|going|like|wish i could|ready) to die|wish i (?:was|were) dead|do not want to (?:live|be here|wake up)",
        r"no reason to live|not worth living|nothing to live for",
    ),
    _rule(
        RedFlag.OVERDOSE,
        r"overdose|overdosed|overdosing|poisoned|poisoning",
        r"(?:took|taken|swallowed|had|ate)(?: [a-z]+){0,3} too (?:many|much)(?: of)?(?: [a-z]+){0,2}",
        r"(?:took|taken|swallowed|ate)(?: [a-z]+){0,2} (?:whole|entire|all (?:of )?(?:the|my|his|her)|full)(?: [a-z]+)? (?:bottle|pack|packet|box|pills|tablets)",
        r"(?:took|taken|swallowed)(?: [a-z]+){0,4} (?:double|twice|two times|three times|triple) (?:the|my|his|her|as)",
    ),
    _rule(
        RedFlag.UNCONSCIOUS,
        r"unconscious|unresponsive|passed out|passing out|pass out|fainted|fainting|blacked out|blacking out|collapsed",
        r"(?:will not|does not|cannot) wake (?:up|him|her|them)|cannot wake(?: [a-z]+){1,3}|not responding|not waking up",
        r"(?:very |really |so )?(?:confused and|suddenly confused)|does not know where (?:he|she|i)",
    ),
    _rule(RedFlag.SEIZURE, r"seizures?|convulsions?|convulsing|having a fit|shaking all over|fitting on"),
    _rule(
        RedFlag.SWELLING,
        r"(?:throat|tongue|lips?|face|mouth|airway|neck)(?: [a-z]+){0,3} (?:swelling|swollen|swelled|swells|swell|closing|closed|puffy|tightening|tight)",
        r"(?:swelling|swollen|closing)(?: up| in| of| on| around)*(?: my| the| his| her)* (?:throat|tongue|lips?|face|mouth|airway)",
        r"anaphylaxis|anaphylactic|allergic reaction|cannot swallow",
    ),
    _rule(
        RedFlag.EMERGENCY,
        r"(?:this is|it is|its|have|having) an emergency|(?:call|called|calling|need|send|get) (?:me |us )?(?:an ambulance|9 ?1 ?1|nine one one)",
        r"(?:i am|i think i am|he is|she is|feel like i am|feels like i am) dying",
    ),
)

# A denial is one of these right before the sign, with nothing but the fillers between.  "no i have chest pain",
# "do not know , chest pain" and "not only chest pain" are no denials.
_DENIAL: Final = (
    r"(?:no|not|without|never|denies|deny|nor|neither"
    r"|(?:do|does|did|have|has|had) not (?:have|had|get|got|feel|felt|having|been having|experienced?|noticed?|seen?|see))"
)
_FILLER: Final = (
    r"(?:any|a|an|more|further|been|having|had|have|feeling|experiencing|currently|signs? of|kind of|sort of|type of"
    r"|symptoms of|such thing as|real|new|bad|severe|denied or|denied nor|denied no)"
)
_DENIED: Final = re.compile(rf"(?:^|\s){_DENIAL}(?: {_FILLER})*\s?$")
# What such a denial says is a danger itself, or the sign already holds its own "not".
_NEVER_DENIED: Final = frozenset({RedFlag.SELF_HARM})


@dataclass(frozen=True, slots=True)
class RedFlags:
    """The rules in force, in order."""

    rules: Sequence[Rule]

    @classmethod
    def provisional(cls) -> RedFlags:
        """The built-in short list; not reviewed by a clinician."""
        return cls(_PROVISIONAL)

    def seen_in(self, words: str) -> frozenset[RedFlag]:
        """The signs that are said and not plainly denied.  words: one turn of a caller."""
        text = plain(words)
        return frozenset(rule.flag for rule in self.rules if _stands(rule, text))


def _stands(rule: Rule, text: str) -> bool:
    return any(
        rule.flag in _NEVER_DENIED or _DENIED.search(_denials_folded(text[: found.start()])) is None
        for found in rule.pattern.finditer(text)
    )


def _denials_folded(before: str) -> str:
    """What stands before a sign, with signs that were denied themselves as `denied`: "no fever or" is one denial."""
    return _DENIED_SIGN.sub(r"\1 denied ", before)


_DENIED_SIGN: Final = re.compile(
    rf"\b({_DENIAL}(?: any| a)?)"
    r" (?:chest (?:pain|pressure|tightness)|(?:trouble|difficulty) breathing|shortness of breath|bleeding|swelling|fever"
    r"|dizziness|nausea|vomiting|pain|seizures?|fainting) (?=(?:or|nor|no) )"
)
