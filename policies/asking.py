"""Does a caller ask for a person?  Provisional wording; "the nurse told me to change it" is no request.

Reads text as a speech recogniser gives it.  When in doubt it is a request: a person answers either way.
"""

from __future__ import annotations

import re
from typing import Final

from policies.plain import plain

_PERSON: Final = (
    r"(?:(?:a |an |the |my |your |some |any |another )?(?:real |live |actual |human |charge |duty |on call |triage )*"
    r"(?:nurses?(?: line| desk| station| practitioner)?|person|people|human|human being|operator|receptionist"
    r"|representative|rep|agent|doctor|physician|clinician|staff|supervisor|front desk|switchboard"
    r"|somebody|someone|anybody|anyone)(?: real| else| human| alive| there| who is real)?)"
)
_POLITE: Final = (
    r"(?:please|now|right now|just|hello|hi|hey|um|uh|yes|yeah|no|okay|ok|well|so|thanks|thank you|sorry|can i|could i"
    r"|give me|get me|i want|i need|i would like|id like|i said|,)"
)
_TALK: Final = r"(?:talk|speak|be connected|be transferred|be put through)(?: to| with)?"
# "talk to Sarah the nurse"; not "talk to you when the nurse comes", not "talk about my doctor"
_NAMED: Final = (
    r"(?: (?!(?:about|of|me|you|and|or|like|when|if|while|before|after|until|because|since|so|,)\b)[a-z]+){0,2}"
)
_END: Final = r"(?= ,| please| now|$)"
# A person for something at home, or something of that person's: none is asked for here.
_NOT_HERE: Final = (
    r"(?! (?:to|for|at|in|who|that|with|from|if|when|comes?|visits?|visit|numbers?|notes?|names?|appointments?)\b)"
)

# The whole turn is nothing but the person wanted.
_ALONE: Final = re.compile(rf"(?:{_POLITE} )*{_PERSON}(?: (?:{_POLITE}|{_PERSON}))*")

# The greeting promises "say nurse, at any time": the word that opens a clause calls for one, whatever follows, unless
# what follows tells of a nurse ("nurse gave me a paper").
_OPENING: Final = (
    r"(?:^|, )(?:(?:please|now|hello|hi|hey|um|uh|oh|yes|yeah|no|okay|ok|well|so|but|and|thanks|thank you|sorry|wait"
    r"|actually|excuse me|good morning|good afternoon|good evening|help|help me) )*"
)
_TELLS: Final = (
    r"(?:told|said|says?|saying|gave|gives?|given|came|comes?|coming|went|goes|did|does not|was|were|had|has|have"
    r"|will|would|should|might|may|must|showed|shows|put|took|takes|changed|changes|removed|taught|explained|mentioned"
    r"|wrote|wants|wanted|thinks|thought|asked|asks|advised|recommended|called|calls|visited|visits?|saw|sent|left|used"
    r"|forgot|checked|discharged|who|that|at|in|from|on|with|and|or|to|for|of|numbers?|notes?|appointments?|my baby"
    r"|is (?!it|this|that|there|my|the|anyone|anybody)[a-z]+)"
)
_CALLED_FOR: Final = (
    r"(?:nurses?|operator|representative|receptionist|human being|real person)"
    rf"(?! (?:(?:practitioner|line|desk|station) )?{_TELLS}\b)"
)

_REQUESTS: Final = re.compile(
    r"(?:"
    + "|".join(
        (
            rf"{_OPENING}{_CALLED_FOR}",
            rf"{_OPENING}(?:call|page|get|fetch|find) {_PERSON}{_NOT_HERE}",
            rf"{_OPENING}(?:somebody|someone|anybody|anyone|doctor) (?:please )?(?:help|i need)",
            rf"\bhelp(?: me)?(?: please)? (?:nurse|operator){_END}",
            rf"\b{_TALK}{_NAMED} {_PERSON}",
            rf"\b(?:connect|transfer|hand|pass|switch) me(?: over| on| back)?(?: to| with)?(?: {_PERSON})?",
            rf"\bput (?:me (?:through|on)|{_PERSON} on)",
            rf"\b(?:get|give|fetch|find|bring|pass) me {_PERSON}",
            rf"\b(?:get|fetch|grab|page) {_PERSON}{_NOT_HERE}",
            rf"\b(?:can|could|would|will) you (?:please )?(?:call|find|reach|bring|ring) {_PERSON}{_NOT_HERE}",
            rf"\b(?:looking for|asking for|(?:trying|want|need) to (?:reach|get|get hold of|get a hold of)) {_PERSON}"
            rf"{_NOT_HERE}",
            r"\b(?:want|need|would like|id like|prefer|rather(?: have)?|can i (?:have|get)|could i (?:have|get))"
            rf" {_PERSON}{_NOT_HERE}",
            rf"\b(?:have|get|ask|tell|let|can|could|would) {_PERSON} (?:please )?(?:to )?"
            r"(?:(?:call|ring|phone|speak|talk)(?: to| with)? me|call back)",
            rf"\b(?:have|get|ask|let) {_PERSON} (?:to )?help me",
            rf"\b(?:can|could|would|will) {_PERSON} (?:please )?help(?: me)?{_END}",
            # not the hours of a day: "is the doctor here on Saturdays", "when is the nurse there"
            rf"(?<!when )(?<!time )(?<!days )(?<!hours )\b(?:is|are) {_PERSON} (?:there|here|available|around|free)"
            r"(?! (?:on|at|in|this|next|tomorrow|every|during|over|for|after|before|to)\b)",
            rf"\b(?:is|are) there {_PERSON}"
            rf"(?: (?:there|here|available|around|(?:that |who )?i (?:can|could|may) (?:talk|speak))|{_END})",
            rf"\b{_PERSON} (?:that |who )?i (?:can|could|may) (?:talk|speak)",
            r"\b(?:not want|hate|instead of|rather than|stop|not like)(?: to)?"
            r"(?: talk| speak| talking| speaking)?(?: to| with)?"
            r" (?:a|an|this|the) (?:machine|robot|computer|recording|bot)",
            r"\b(?:real|live|actual) (?:person|human|nurse) (?:please|now)",
            r"\b(?:press|pressed|pressing|dial|dialed|dialing|hit|push|pushed) (?:the )?(?:zero|0|oh)",
        )
    )
    + r")(?!\w)"
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
