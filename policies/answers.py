"""What a caller's words are as an answer to a question of ours: yes, no, partly, refused, unclear, told back.  Pure.

It leans to care: "maybe" and "a little" are no plain answer, and a "no" with a "but" is none at all.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import enum
import re
from typing import Final

from policies.plain import plain


class Answer(enum.Enum):
    """How a question was answered."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    """ "A little", "maybe", "sometimes". """
    REFUSES = "refuses"
    """She can't or does not want to say."""
    UNCLEAR = "unclear"


_LEAD: Final = r"(?:(?:um+|uh|er|well|oh|so|okay|ok|and|hm+|let me see|i think|i guess|actually|honestly|sorry) )*"
_YES: Final = re.compile(
    rf"{_LEAD}(?:yes|yeah|yep|yup|ya|yah|sure|correct|right|that is right|that is correct|of course|absolutely|definitely|certainly|uh huh|mhm+|mm+ hm+"
    r"|for sure|exactly|you got it|afraid so|unfortunately"
    r"|(?:i (?:do|have|am|did|can|was)|it (?:is|does|has)|they are|there (?:is|are))"
    r"(?= (?:a little|a bit|some|had|been|having|very|so|quite|really|still|just|yes|now|today)\b|$))\b(?! not\b)"
)
_NO: Final = re.compile(
    rf"{_LEAD}(?:no(?! (?:questions?|doubt|wonder)\b)|nope|nah|uh uh|none|nothing(?= (?:at all|new|really|so far|yet|like that|i know|that i know)\b|$)|never(?! (?:been )?(?:worse|better)\b)|negative|not really|not at all|not that i know(?: of)?|not yet|not now"
    r"|i do not|i have not|i am not|i did not|i cannot|i can not|it is not|it does not|it has not|they are not"
    r"|there is not|there is no|there are no|that is not|that is wrong|wrong|i have no|i have had no|do not think so)\b"
)
_PARTLY: Final = re.compile(
    r"\b(?:a little|a bit|little bit|kind of|sort of|kinda|maybe|might|possibly|perhaps|some|sometimes|somewhat|slightly"
    r"|now and then|on and off|off and on|once or twice|more or less|almost|only when|i think so|probably)\b"
)
_TURNS: Final = re.compile(r"\b(?:but|except|although|though|however|unless|just that|only|all but|just when|worse)\b")
_NO_WORSE: Final = re.compile(
    r"\b(?:no|not|nothings?|any)(?: (?:has|have|is|been|gotten|got|getting|become|any|much|really|feeling|felt))* worse\b"
)
_EXCEPTS: Final = re.compile(r"\b(?:except|unless|only|all but|just when)\b")
_NOT_HEARD: Final = re.compile(
    r"\b(?:(?:did|do|could|can) ?not (?:quite |really |even )?(?:hear|catch|understand|follow|make out|keep up)"
    r"|repeat|say (?:it|that|this|again)|slower|slow down|louder|speak up|pardon|excuse me|what was that)\b"
)
"""The question itself did not come through: no answer to it is read out of these words."""
_BARE: Final = re.compile(rf"{_LEAD}(?:no(?! (?:idea|way))|nope|nah)\b")
_UNWILLING: Final = (
    r"rather not|prefer not|do not want to (?:say|answer|talk|tell)|not going to (?:say|answer|tell)"
    r"|none of your business|skip|next question"
)
_FORGOTTEN: Final = (
    r"forgot|(?:do not|cannot) remember|(?:have not|did not|do not|cannot|could not)"
    r" (?:check|checked|measure|measured|weigh|weighed)"
)
_WILL_NOT: Final = re.compile(rf"\b(?:{_UNWILLING})\b")
_NO_LONGER_KNOWS: Final = re.compile(rf"\b(?:{_FORGOTTEN})\b")
_REFUSES: Final = re.compile(
    r"\b(?:i do not know|do not know|no idea|not sure|could not tell you|cannot tell|cannot say|pass"
    rf"|{_UNWILLING}|{_FORGOTTEN})\b"
)
_ACCEPTS: Final = re.compile(
    rf"{_LEAD}(?:please )?(?:(?:i would|id)(?: really)? (?:like|love|appreciate)|(?:i (?:want|need)|(?:go )?get|call|bring|send)"
    r"(?: me)?)(?: (?:one|that|it|him|her|them))\b"
)
_HAS_NONE: Final = re.compile(
    r"\b(?:do not (?:have|own)|have not (?:got|taken|took)|did not take|have no|no) (?:a|one|any|it|the|my|way)\b"
)
_LEAVES: Final = re.compile(
    r"\b(?:bye|goodbye|good bye|good night|talk to you later|see you|take care|hang(?:ing)? up|(?:let me go|(?:have|got|need|want)"
    r" to (?:go|leave|run)|gotta (?:go|run))(?=(?: (?:now|soon|already|then|right|home|please|thank you|thanks|okay|sorry))*(?: (?:,|because|so|bye|goodbye)|$))"
    r"|in a hurry|no time|stop asking|no more questions|leave me alone"
    r"|do not want (?:to answer )?(?:any )?(?:more )?questions|that is all for (?:now|today)|i am (?:done|leaving))\b"
)
_ONLY_LEAVES: Final = re.compile(
    rf"{_LEAD}(?:(?:i|we) )?(?:really |just |do |now )*(?:have|need|got|have got|gotta|must|better)(?: to)? (?:go|run|leave|hang up)"
    r"(?: (?:now|soon|right now|then|already))*(?: (?:thank you|thanks|bye|bye bye|goodbye|sorry|okay))*"
)
_ONLY_DONE: Final = re.compile(rf"{_LEAD}(?:that is all|that is it|that will be all|thank you that is all)(?: .*)?")
_ASKS: Final = re.compile(
    r"(?:^|, )(?:(?:and|but|so|okay|ok|well|um|no|yes|wait) )*(?:what|when|how|why|where|who|which|can i|could i|should i|may i"
    r"|do i|am i|is it|is that|are there|will i|would it|does it|can you|could you)\b"
)
_SAYS_YES_OR_NO: Final = re.compile(rf"{_LEAD}(?:yes|yeah|yep|yup|no|nope|nah)\b")
_ANNOUNCES: Final = re.compile(r"\b(?:questions?|ask|calling|wondering|something|things?)\b")
_EMPTY: Final = frozenset(
    "a an and are as at be been but by can do does for from get go had has have he her his i if in is it its me my no not"
    " of on or our she so than that the them then there they this to up us was we were what when which who will with you"
    " your any some more would should could just about into over out very say says tell need make sure like".split()
)
_CLAUSE: Final = re.compile(r",|\b(?:but|and|so|because|instead)\b")
_NEGATES: Final = re.compile(r"\b(?:not|never|no|none|nobody|nothing|nowhere|neither|without)\b")
SHORTEST_STEM: Final = 4


def yes_or_no(words: str) -> Answer:
    """As the answer to a question that asks for yes or no."""
    text = _unbroken(words)
    yes, no = _YES.match(text) is not None, _NO.match(text) is not None
    if _NOT_HEARD.search(text):
        return Answer.UNCLEAR
    if _REFUSES.search(text) and not yes:
        if _BARE.match(text) is None or _WILL_NOT.search(text):
            return Answer.REFUSES
        return Answer.NO if _NO_LONGER_KNOWS.search(text) else Answer.UNCLEAR
    if _PARTLY.search(text):
        return Answer.PARTLY
    if yes is no:
        return Answer.UNCLEAR
    if _TURNS.search(_NO_WORSE.sub("", plain(words))):
        return Answer.PARTLY if yes or _EXCEPTS.search(text) else Answer.UNCLEAR
    return Answer.NO if no else Answer.YES


def says_yes_or_no(words: str) -> bool:
    """It is an answer, and no question of hers."""
    return not words.rstrip().endswith("?") and yes_or_no(words) is not Answer.UNCLEAR


def accepts(words: str) -> bool:
    """As the answer to an offer: a leading yes, or that she would like one."""
    text = _unbroken(words)
    return _YES.match(text) is not None or _ACCEPTS.match(text) is not None


def refuses_number(words: str) -> bool:
    """She can't or does not want to say it, or has nothing to measure it with."""
    text = plain(words)
    return _REFUSES.search(text) is not None or _HAS_NONE.search(text) is not None


def leaves(words: str) -> bool:
    """She insists on ending the call."""
    text = plain(words)
    return _LEAVES.search(text) is not None or _ONLY_DONE.fullmatch(text.replace(" , ", " ").strip(" ,")) is not None


def only_leaves(words: str) -> bool:
    """The whole turn says that she must end the call, and nothing else."""
    return _ONLY_LEAVES.fullmatch(_unbroken(words)) is not None


def asks(words: str) -> bool:
    """She asks something herself."""
    if words.rstrip().endswith("?"):
        return True
    text = plain(words)
    return _ASKS.search(text) is not None and _SAYS_YES_OR_NO.match(text) is None


def announces(words: str) -> bool:
    """She says that a question of hers is to come; "yes, I have" alone does not."""
    return _ANNOUNCES.search(plain(words)) is not None


def told_back(words: str, wanted: frozenset[str], enough: int) -> bool:
    """Her own words hold enough of these content words, in any form of theirs, and not beside a "not" or a "never"."""
    clauses = [clause for clause in _CLAUSE.split(plain(words)) if _NEGATES.search(clause) is None]
    return len(content(" ".join(clauses)) & wanted) >= enough


def content(text: str) -> frozenset[str]:
    """Its content words, each cut to a stem; numbers in digits or words are what they are."""
    return frozenset(_stem(word) for word in re.findall(r"[a-z0-9]+", plain(text)) if word not in _EMPTY)


def _unbroken(words: str) -> str:
    """Plain, without the ends of its clauses."""
    return " ".join(plain(words).replace(",", " ").split())


def _stem(word: str) -> str:
    for ending in ("ing", "ness", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM - 1:
            return word[: -len(ending)]
    return word
