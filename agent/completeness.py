"""Do these words end a turn?  Pure; reads the whole turn, never the last fragment alone.

A caller who pauses in mid-sentence has left something open: a function word, a verb without its object, a number that
is not finished, a question that has only begun.  A caller who has asked has left nothing open.  What lies between (a
statement) may go on, and gets more time.
"""

from __future__ import annotations

import enum
import re
from typing import Final

from agent.terms import lowered
from policies.phi import PHI


class Completeness(enum.Enum):
    """How finished the words so far are."""

    COMPLETE = "complete"
    """A whole question or request, a closing, or the answer that was just asked for."""
    LIKELY = "likely"
    """A whole statement: people stop here, and people go on from here."""
    OPEN = "open"
    """It announces more ("I have a question"), or it may be a number in the middle."""
    INCOMPLETE = "incomplete"
    """It can't end here."""
    NOTHING = "nothing"
    """No words."""


class Expected(enum.Enum):
    """What the agent has just asked for."""

    ANYTHING = "anything"
    YES_OR_NO = "yes_or_no"
    NUMBER = "number"


_DETERMINERS: Final = (
    "a an the my your his her our their its this these those some any each every another which whose".split()
)
_CONJUNCTIONS: Final = (
    "and or but because cause if when while although though unless until since whether than as so".split()
)
_PREPOSITIONS: Final = (
    "of to for from with at by into onto about between against during without within like near per".split()
)
_LIGHT_VERBS: Final = (
    "is are was were am be been being do does did have has had can could should would will may might must shall"
    " i'm i've i'll i'd he's she's it's that's they're we're you're there's what's isn't aren't don't doesn't didn't"
    " can't couldn't shouldn't wouldn't won't gonna wanna gotta im ive"
).split()
_PRONOUN_SUBJECTS: Final = "i he she we they who".split()
_FILLERS: Final = "um uh uhm erm er hmm mm ah well like actually basically just also maybe really very too".split()
# Verbs and adverbs that a question on this line does not end on.
_OBJECT_WANTED: Final = frozenset(
    "take taking use using get getting want need put eat eating drink drinking keep keeping wear remove change"
    " changing have having give giving clean cleaning wash tell ask make find mean said says told gave feel feeling"
    " was were how what why where when whenever every twice how's supposed allowed okay ok".split()
)
_NEVER_LAST: Final = frozenset(
    _DETERMINERS + _CONJUNCTIONS + _PREPOSITIONS + _LIGHT_VERBS + _PRONOUN_SUBJECTS + _FILLERS
) - frozenset(
    "too really so like his her this these those its some any that've very while did do does can have".split()
)
_AT_REST: Final = frozenset("is are be am was were".split())  # "where it is", "what that may be"
_WANT_OBJECT: Final = frozenset("says said told thinks wondering lost found took bought brought".split())
_SELDOM_LAST: Final = _NEVER_LAST.union(_WANT_OBJECT, _OBJECT_WANTED)
_STRANDED: Final = frozenset("for with about to from at of into like on in".split())  # "what is it for"
_AUXILIARY: Final = frozenset(
    "is are was were am do does did have has had can could should would will may might must shall isn't aren't don't"
    " doesn't didn't can't couldn't shouldn't wouldn't won't".split()
)
_WH: Final = frozenset("what what's when where which who how how's why whats whose".split())
_ASKS_INDIRECTLY: Final = re.compile(
    r"\b(?:wonder(?:ing)? (?:if|whether|what|when|how|about)"
    r"|(?:want(?:ed)?|like|need) to (?:know|ask|find out) (?:if|whether|what|when|how|why|where|about)"
    r"|tell me (?:if|what|when|how|about|whether)|(?:not|don't|do not) (?:sure|know) (?:if|whether|what|when|how|why)"
    r"|(?:help|remind) me)\b"
)
_ANNOUNCES: Final = re.compile(  # more is coming
    r"\b(?:i (?:have|had|got|'ve got|wanted to ask|want to ask|need to ask)(?: you)?"
    r" (?:a|another|one|one more|two|some|a couple of|a quick) questions?(?: for you)?"
    r"|(?:just )?(?:have|had) a question|can i ask(?: you)?(?: something| a question)?|(?:i'm|i am|im) calling about"
    r"|i was wondering|question about [a-z' ]+|calling about [a-z' ]+|so basically|the thing is|let me see|hold on"
    r"|one moment|one second|wait a (?:minute|second)|let me (?:check|look|get))$"
)
_LEADS: Final = frozenset("and so but okay ok well hi hello um uh oh also yes yeah then or now please".split())
_SUBJECTS: Final = frozenset("i it my he she we they you there this that the these those".split())
_STATED: Final = frozenset("i it he she we they you that which who".split())  # "it does the", "that is my"
_AFTER_WH: Final = frozenset("long much many often soon about should do does can is are".split())
_NUMBER: Final = frozenset(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand point".split()
)
_WHOLE: Final = frozenset(
    "yes|yeah|yep|yup|no|nope|no thanks|no thank you|thanks|thank you|okay thank you|ok thank you|bye|goodbye|bye bye"
    "|hello|hi|please|yes please|stop|wait|help|nurse|a nurse|operator|that's all|that is all|that's it|repeat that"
    "|say that again|pardon|go on|go ahead|continue|i don't know|not sure|correct|that's right".split("|")
)
_HALF_WHOLE: Final = frozenset("okay ok right sorry what sure".split())  # may open a sentence as well as be one
_CLOSER: Final = re.compile(r"(?:thank you|thanks|thanks a lot|thank you very much|that's all|that is all|bye|please)$")
_SHORTEST_QUESTION: Final = 4  # words: "can I shower now"; fewer is a beginning ("can I take")
LONG_ENOUGH: Final = 6  # "how long do I leave it on"; fewer words before a preposition are more often a beginning
_CLAUSE: Final = re.compile(r"[.!?;]+\s+|,\s+(?=(?:and|but|so|or|then)\b)")


def plain(text: str) -> str:
    """Lower case, one space, no punctuation but the apostrophe inside a word."""
    return " ".join(re.sub(r"[^a-z0-9' ]+", " ", lowered(text)).split())


def sounds_closed(text: str) -> bool:
    """The recogniser wrote a full stop or a question mark at its end, not three dots."""
    return text.rstrip().endswith((".", "?", "!")) and not text.rstrip().endswith("...")


def completeness(said: PHI[str], expected: Expected = Expected.ANYTHING) -> Completeness:
    """How finished the whole turn so far is, given what the agent has just asked."""
    return said.map(lambda text: _judge(text, expected)).reveal()


def _judge(text: str, expected: Expected) -> Completeness:
    whole = plain(text)
    words = whole.split()
    if not words:
        return Completeness.NOTHING
    if expected is Expected.YES_OR_NO and words[0] in {
        "yes",
        "yeah",
        "no",
        "nope",
        "yep",
        "yup",
        "sure",
        "please",
        "okay",
        "ok",
    }:
        return Completeness.COMPLETE if len(words) <= 4 else _free(text, words)
    if expected is Expected.NUMBER or (len(words) >= 2 and all(w in _NUMBER or w.isdigit() for w in words[-2:])):
        return Completeness.OPEN if words[-1] in _NUMBER or words[-1].isdigit() else _free(text, words)
    if whole in _HALF_WHOLE:
        return Completeness.LIKELY
    if whole in _WHOLE:
        return Completeness.COMPLETE
    return _free(text, words)


def _free(text: str, words: list[str]) -> Completeness:
    last_clause = plain(_CLAUSE.split(text.strip())[-1])
    clause = _begun(last_clause.split()) or words
    asked = text.rstrip().endswith("?")
    question = _is_question(clause) or bool(_ASKS_INDIRECTLY.search(last_clause))
    if text.rstrip().endswith(("...", "…", ",", "-")):
        return Completeness.INCOMPLETE
    if _ANNOUNCES.search(" ".join(words)):
        return Completeness.OPEN
    if words[-1] in _STRANDED and question and asked and len(clause) >= _SHORTEST_QUESTION:
        return Completeness.COMPLETE if clause[0] in _WH and len(clause) >= LONG_ENOUGH else Completeness.LIKELY
    if words[-1] in _AT_REST and _WH.intersection(clause) and len(clause) >= 3:
        return Completeness.LIKELY
    if asked and len(clause) >= LONG_ENOUGH and words[-1] in _SELDOM_LAST:
        return Completeness.LIKELY  # "with food or without?", "... that I no longer need?": the recogniser heard it end
    if words[-1] in _NEVER_LAST or words[-1] in _WANT_OBJECT or (question and words[-1] in _OBJECT_WANTED):
        return Completeness.INCOMPLETE
    if question:
        if len(clause) < _SHORTEST_QUESTION:
            return Completeness.LIKELY if asked and len(clause) > 1 else Completeness.INCOMPLETE
        return Completeness.COMPLETE
    if words[-1] in _NUMBER:
        return Completeness.OPEN
    if _CLOSER.search(last_clause):
        return Completeness.COMPLETE
    if asked:
        return Completeness.COMPLETE if len(words) >= _SHORTEST_QUESTION else Completeness.LIKELY
    return Completeness.LIKELY if len(words) >= 3 else Completeness.OPEN


def _begun(clause: list[str]) -> list[str]:
    """The clause without what only leads in: "and", "so", "okay", "hi"."""
    lead = 0
    while lead < len(clause) and clause[lead] in _LEADS:
        lead += 1
    return clause[lead:]


def _is_question(clause: list[str]) -> bool:
    """Inversion or a question word in front, or such a beginning right after a short lead."""
    if len(clause) > 1 and clause[0] in _WH:
        return True
    return any(_asks(clause, at) for at in range(min(len(clause) - 1, 12)))


def _asks(clause: list[str], at: int) -> bool:
    first, second = clause[at], clause[at + 1]
    before = clause[at - 1] if at else ""
    if first in _AUXILIARY and second in _SUBJECTS:
        return before not in _STATED
    return bool(at) and first in {"how", "what", "when", "where"} and second in _AFTER_WH
