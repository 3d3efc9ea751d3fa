"""Does a caller ask for a person?  Provisional wording; "the nurse told me to change it" is no request.

Reads text as a speech recogniser gives it.  When in doubt it is a request: a person answers either way.
"""

from __future__ import annotations

import re
from typing import Final

from policies.redflags import plain

_PERSON: Final = (
    r"(?:(?:a |an |the |my |your |some |any |another )?(?:real |live |actual |human |charge |duty |on call |triage )*"
    r"(?:nurses?|person|people|human|human being|operator|receptionist|representative|rep|agent|doctor|staff"
    r"|somebody|someone|anybody|anyone)(?: real| else| human| alive| there| who is real)?)"
)
_POLITE: Final = (
    r"(?:please|now|right now|just|hello|hi|hey|um|uh|yes|yeah|no|okay|ok|well|so|thanks|thank you|sorry|can i|could i"
    r"|give me|get me|i want|i need|i would like|id like|i said|,)"
)
_TALK: Final = r"(?:talk|speak|be connected|be transferred|be put through)(?: to| with)?"

# The whole turn is nothing but the person wanted.
_ALONE: Final = re.compile(rf"(?:{_POLITE} )*{_PERSON}(?: (?:{_POLITE}|{_PERSON}))*")

_REQUESTS: Final = re.compile(
    r"\b(?:"
    + "|".join(
        (
            rf"{_TALK} {_PERSON}",
            rf"(?:connect|transfer|hand|pass|switch) me(?: over| on| back)?(?: to| with)?(?: {_PERSON})?",
            rf"put (?:me (?:through|on)|{_PERSON} on)",
            rf"(?:get|give|fetch|find|bring|pass) me {_PERSON}",
            rf"(?:want|need|would like|id like|prefer|rather have|can i (?:have|get)|could i (?:have|get)) {_PERSON}"
            r"(?! (?:to|for|at|in|who|that|with|from|comes?|visits?)\b)",
            rf"(?:have|get|ask|let) {_PERSON} (?:to )?(?:call|ring|phone|speak|talk|help)(?: to)? me",
            rf"(?:is|are) there {_PERSON} (?:there|here|(?:that |who )?i (?:can|could|may) (?:talk|speak))",
            rf"{_PERSON} (?:that |who )?i (?:can|could|may) (?:talk|speak)",
            r"(?:not want|hate|instead of|rather than|stop|not like)(?: to)?"
            r"(?: talk| speak| talking| speaking)?(?: to| with)?"
            r" (?:a|an|this|the) (?:machine|robot|computer|recording|bot)",
            r"(?:real|live|actual) (?:person|human|nurse) (?:please|now)",
        )
    )
    + r")\b"
)

# Talk about a person, told or asked, that asks for none here: the request must not stand right behind it.
_ABOUT: Final = re.compile(
    r"\b(?:(?:told|asked|advised|reminded) (?:me|us|him|her) (?:not )?to"
    r"|(?:do|did|should|must|will|when do|when should) i"
    r"(?: need to| have to)?|(?:i )?(?:already|did|used to)|(?:do|did) not(?: need to| want to| have to)?) ?$"
)


def wants_a_person(words: str) -> bool:
    """True when a turn asks to be put through.  words: one turn of a caller."""
    text = plain(words)
    bare = " ".join(text.replace(",", " ").split())
    if _ALONE.fullmatch(bare):
        return True
    return any(_ABOUT.search(text[: found.start()]) is None for found in _REQUESTS.finditer(text))
