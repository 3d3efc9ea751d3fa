"""What a caller asks of the voice itself: again, slower, faster, louder, softer, and which keys there are.  Pure, closed.

Only a turn that holds nothing else counts, as in `agent.smalltalk`: "slower, and can I shower?" is a question.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agent.smalltalk import Social, social
from agent.terms import lowered
from policies.phi import PHI


class Wish(enum.Enum):
    """One thing that is asked of the voice."""

    AGAIN = "again"
    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    SOFTER = "softer"
    KEYS = "keys"
    """Which keys may be pressed."""


LONGEST_WORDS: Final = 16  # as in small talk: a longer turn is heard as a question

_SO_MUCH: Final = r"(?:(?:a (?:little )?(?:bit|little|lot|tad|touch)|much|way|even|just|slightly|more) )*"
_SAY: Final = r"(?:speak|speaking|talk|talking|go|going|read|explain|say|saying|repeat|repeating|tell me)(?: (?:it|that|this|everything|the last (?:bit|part|thing)|to me|with me))*"
_YOU_ARE: Final = r"(?:(?:you're|you are|your|you|that's|that is|that was|this is|the voice is|your voice is)(?: (?:talk|speak|go|talking|speaking|going|saying it|saying that|reading))?(?: (?:it|that))?(?: (?:just|still|way|much|a (?:bit|little)|really|kind of))* )?"
_KINDS: Final[Mapping[Wish, re.Pattern[str]]] = MappingProxyType(
    {
        wish: re.compile(rf"(?:{pattern})")
        for wish, pattern in {
            Wish.SLOWER: rf"(?:(?:{_SAY} )?{_SO_MUCH}(?:slower|slowly)|(?:speak|talk|go) (?:really |very |nice and )?slow|(?:slow|slowing)(?: (?:it|that|this|yourself))? (?:way )?down(?: (?:a (?:bit|little|lot)|some))?|i (?:need|want|would like|like) (?:it|that) {_SO_MUCH}slower"
            rf"|{_YOU_ARE}(?:too|so) (?:fast|quick|quickly)(?: for me)?|(?:don't|do not|stop|no) (?:go(?:ing)? |talk(?:ing)? |speak(?:ing)? )?(?:so fast|rush(?:ing)?)|not (?:so|that|too) fast|you(?:'re| are) (?:rushing|going a mile a minute)"
            r"|(?:i )?(?:can't|cannot|couldn't|could not) keep up(?: with (?:you|that))?|(?:it's |that's )?(?:hard|difficult) to keep up)",
            Wish.FASTER: rf"(?:(?:{_SAY} )?{_SO_MUCH}(?:faster|quicker|more quickly)|speed (?:(?:it|that|things) )?up|{_YOU_ARE}(?:too|so) slow(?:ly)?(?: for me)?|not (?:so|that) slow(?:ly)?"
            r"|pick up the pace|(?:back to )?(?:your |the )?(?:normal|regular|usual) (?:speed|pace))",
            Wish.LOUDER: rf"(?:(?:{_SAY} )?{_SO_MUCH}(?:louder|more loudly)|(?:speak|speaking) {_SO_MUCH}up|(?:turn|turning) (?:(?:it|that|yourself|your voice|the (?:volume|sound)) )?up(?: the (?:volume|sound))?|(?:more volume|volume up|raise (?:your voice|the volume))"
            r"|(?:i )?(?:can't|cannot|can not|couldn't|could not|can barely|can hardly|could barely|could hardly|barely|hardly|don't|didn't) (?:really |quite |even )?hear(?: (?:you|that|it|anything|a (?:word|thing)|what you (?:said|say|are saying)|what you're saying))?(?: (?:so|very|too|that|at))?(?: (?:well|good|clearly|all))?"
            rf"|{_YOU_ARE}(?:too|so|very) (?:quiet|soft|softly|faint|low|quietly)(?: for me)?|i(?:'m| am) (?:(?:a (?:little|bit)|kind of|very|quite) )*(?:hard of hearing|deaf)|i (?:have|wear|use) (?:a )?hearing aids?|my hearing (?:isn't|is not) (?:so |very |too |that )?(?:good|great))",
            Wish.SOFTER: rf"(?:(?:{_SAY} )?{_SO_MUCH}(?:softer|quieter|more (?:softly|quietly)|less loud)|{_YOU_ARE}(?:too|so) loud(?: for me)?|not (?:so|that|too) loud|(?:turn|bring|keep) (?:(?:it|that|yourself|your voice|the (?:volume|sound)) )?down(?: the (?:volume|sound))?"
            r"|(?:lower (?:your voice|the volume)|volume down|less volume)|(?:don't|do not|stop|no need to|you don't (?:have|need) to|quit) (?:shout(?:ing)?|yell(?:ing)?|scream(?:ing)?)|you(?:'re| are) (?:shouting|yelling))",
            Wish.AGAIN: r"(?:(?:can|could|may) (?:i|we) (?:hear (?:it|that|this|the last (?:bit|part|thing))|(?:get|have) (?:that|the last (?:bit|part|thing)))(?: (?:again|once more|one more time))+|(?:say|saying|repeat|tell me|read|play|go over|run through|explain)(?: (?:it|that|this|me|all (?:of )?that|everything|the last (?:bit|part|thing)|what you (?:just )?said))*(?: (?:again|over|once more|one more time|over again|all over|a second time|for me))+|(?:repeat|repeating)(?: (?:it|that|this|yourself|everything|all (?:of )?that|the last (?:bit|part|thing)|what you (?:just )?said))*(?: for me)?"
            r"|again|one more time|once more|come again|say what|replay(?: (?:it|that))?|start over(?: from the (?:beginning|start|top))?|from the (?:beginning|start|top)|go back(?: (?:a (?:bit|little)|please))?|go over (?:it|that)(?: again)?"
            r"|what (?:was|is) (?:that|it)(?: (?:again|you said|last (?:bit|part|thing)))?|what did you (?:just )?say|i (?:missed|forgot|lost)(?: (?:it|that|all that|the last (?:bit|part|thing)|what you (?:just )?said|some of that|part of that|most of that))"
            r"|(?:i )?(?:didn't|did not|couldn't|could not) (?:quite )?(?:hear|catch|get|understand|follow|make out)(?: (?:all (?:of )?)?(?:it|that|you|a word|what you said|the last (?:bit|part|thing)))?)",
            Wish.KEYS: r"(?:(?:what|which|what are the|tell me the|what's the)(?: (?:keys?|buttons?|numbers?))? (?:can|do|should|could|am|are) (?:i|we)(?: (?:supposed|allowed) to)? (?:press|push|use|hit|punch|dial)(?: (?:on the (?:phone|keypad)|for (?:that|this|what)))?|what are (?:the|my) (?:keys|buttons|keypad options|key options)|which (?:keys?|buttons?)(?: (?:is|are) (?:it|they|there|which|what))?"
            r"|what (?:do|does) (?:the|each|these) (?:keys?|buttons?|numbers?) (?:do|mean)|(?:can|could|may) i (?:use|press|push) (?:the |my |some |a )?(?:keypad|keys?|buttons?|phone keys)(?: (?:instead|too))?|(?:is|are) there (?:a |any )?(?:keys?|buttons?)(?: (?:i can|to) (?:press|push|use))?(?: for (?:that|this))?|keypad(?: (?:help|options|keys))?|how do i use the (?:keypad|keys|buttons))",
        }.items()
    }
)  # fmt: skip
"""In the order in which a turn that asks for several is granted."""

_ROUND_IT: Final = (
    r"(?:please|thank you|thanks|sorry|i'm sorry|excuse me|pardon(?: me)?|um+|uh+|oh|ah|well|so|okay|ok|all right|hey|whoa|hello|hi|wait|hold on|hang on|no|yes|yeah|sir|ma'am|miss|dear|honey|and|but|then|also|maybe|just|kindly|now|if you (?:can|could|would|don't mind)|for me|than that|a (?:little )?bit|a little"
    r"|(?:can|could|would|will|do) you(?: mind)?|(?:would it be|is it) possible to|can we|could we|i (?:need|want|would like|wish)(?: you)? to|i'd like(?: you)? to|i need(?: you)?|i'd like|you(?:'ll)? (?:need|have) to|let's|let me|try (?:to|and)|you|i|because|cause|to)"
)
_ANY: Final = "|".join(pattern.pattern for pattern in _KINDS.values())
_WHOLE: Final = re.compile(rf"(?:{_ROUND_IT} )*(?:{_ANY})(?: (?:{_ANY}|{_ROUND_IT}))*")
_WITHIN: Final = {wish: re.compile(rf"\b{pattern.pattern}\b") for wish, pattern in _KINDS.items()}


def wished(said: PHI[str]) -> tuple[Wish, ...]:
    """All that the whole turn asks of the voice; empty where it says anything else.  Keeps nothing."""
    plain = " ".join(re.findall(r"[a-z]+(?:'[a-z]+)?", lowered(said.reveal()).replace("-", " ")))
    if len(plain.split()) > LONGEST_WORDS:
        return ()
    if _WHOLE.fullmatch(plain):
        return tuple(wish for wish, pattern in _WITHIN.items() if pattern.search(plain))
    return (Wish.AGAIN,) if social(said) is Social.REPEAT else ()
