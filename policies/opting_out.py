"""Does somebody who was called say that she wants no such calls?  Pure patterns over lower-case words.

Any clear way of saying it counts (47 CFR 64.1200(a)(10)): it is looked for within the turn, whatever stands beside it.
What forbids one moment, "not tonight", is no opt-out, and neither is a word about another person's calls.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import re
from typing import Final

_CALL: Final = r"(?:call|calling|phone|phoning|ring|ringing|contact|contacting|bother|bothering|robocall|robocalling|dial|dialing|harass|harassing)"
_US: Final = (
    r"(?:me|us|here|this (?:number|phone|house)|my (?:number|phone|house|home|cell)|our (?:number|phone|house|home))"
)
_NOT: Final = r"(?:don't you (?:dare|ever)|don't|do not|never|dont|please no|you (?:can't|cannot|may not|must not|mustn't|shouldn't)|i told you not to|i said not to)"
_ANY_MORE: Final = r"(?:any ?more|again|ever|ever again|no more|back|at all|please|okay|ok|thank you|thanks|sir|ma'am|with (?:this|these|your) [a-z]+)"
_LIST: Final = r"(?:list|lists|call list|calling list|phone list|system|database|records|books|roster)"
_CALLS: Final = r"(?:calls|robocalls?|phone calls?|follow[- ]?ups?|messages|voicemails?|reminders)"
_NOT_NOW: Final = (
    r"(?:today|tonight|now|right now|this (?:late|early|morning|afternoon|evening|week|hour)|so (?:late|early)|before|after|until|till|while|when|if|unless|during|at (?:work|night|dinner|this (?:hour|time)|\w+ (?:o'clock|am|pm))"
    r"|in the (?:morning|afternoon|evening|middle)|on (?:sundays?|saturdays?|weekends?|my cell|the other)|yet|names?|an? \w+|that|it|mrs|mr|miss|ms|dr|doctor|grandma|grandpa|mom|honey|sweetie|dear)"
)
_ENDS: Final = rf"(?! (?:{_NOT_NOW})\b)(?= {_ANY_MORE}\b| *$| (?:and|or|i|you|it|this|so|from|ask|she|he|we|there|because|cause|leave|take|remove|bye|goodbye)\b)"
_WAYS: Final = (
    rf"(?<!don't )(?<!not )(?<!never )(?<!can't )\b(?:stop|quit|cease|knock off)(?: (?:with )?(?:all )?(?:the|these|this|your|those))? {_CALL}(?: (?:{_US}|my (?:mother|father|mom|dad|parents|wife|husband|family|son|daughter)))?(?:{_ENDS}|(?= (?:right )?now\b))",
    rf"\b{_NOT} (?:ever |you ever )?{_CALL} {_US}{_ENDS}",
    rf"\b{_NOT} (?:ever )?{_CALL}(?: {_ANY_MORE})+(?! (?:{_NOT_NOW})\b)",
    rf"\b(?:stop|quit|no more|end|cancel|turn off|i (?:don't|do not) (?:want|need|like)(?: to (?:get|have|receive|be getting))?|(?:don't|do not) (?:want|send|make|place)(?: me)?)(?: (?:any|any more|all|more|of|the|these|this|those|your|such|kind of|sort of|automated|automatic|with|follow[- ]?up|phone))* {_CALLS}{_ENDS}",
    rf"\bi (?:don't|do not|no longer) (?:want|wish|like) (?:you (?:people |guys )?)?(?:to )?(?:be |keep |get )?(?:called|{_CALL})(?: {_US})?{_ENDS}",
    rf"\b(?:take|get|cross|scratch|keep|drop|strike) (?:{_US}|my name|(?:my|this|our) (?:\w+'s )?(?:phone )?number|her|him|them) (?:off|out|from)(?: of)?(?: (?:of|the|your|that|this|any|all|these|calling|call|phone))*(?: {_LIST}| {_CALLS}|{_ENDS})",
    rf"\b(?:remove|delete|erase|unsubscribe|unlist|strike) (?:{_US}|my name|(?:my|this|our) (?:phone )?number|her|him|them)\b",
    r"\b(?:unsubscribe|opt(?:ing|ed)? (?:me )?out|opt-?out|do[- ]not[- ]call (?:list|registry)|lose (?:my|this|our) number|forget (?:my|this|our) number)\b",
    rf"\b(?:put|add) (?:{_US} )?(?:on|to) (?:the|your|a) (?:do[- ]not[- ]call|no[- ]call)\b",
    rf"\b(?:leave (?:me|us) alone|i (?:revoke|withdraw|take back) (?:my )?(?:consent|permission)|(?:you )?(?:don't|do not) have (?:my )?(?:consent|permission) to {_CALL}(?: {_US})?)(?! (?:for now|right now|today|tonight)\b)",
    rf"\b(?:i|we) (?:want|would like|'d like|need)? ?(?:you )?(?:to )?(?:stop|end) (?:getting|receiving|having|taking|with)(?: (?:all|any|of|the|these|this|those|your))* {_CALLS}\b",
    rf"\b(?:make|have) (?:it|this|them|these|the calls?|these calls?|those calls?|your calls?) stop\b|\b(?:these|this|the|your|those) {_CALLS} (?:have to|has to|must|need to|needs to|should) (?:stop|end)\b",
    rf"\b(?:could|can|will|would) you (?:please |just )?not (?:ever )?{_CALL} {_US}{_ENDS}|\b{_NOT} bother {_CALL}(?: {_US})?{_ENDS}",
    rf"\b(?:don't|do not|never|no longer|not) (?:ever )?(?:want|wish|like|care|need)(?: to)? (?:hear from you|be (?:contacted|called|phoned|rung|bothered)|(?:another|any) (?:more )?(?:phone )?calls?)\b{_ENDS}",
    rf"\b(?:rather|prefer(?: to)?) (?:you )?not (?:to )?(?:(?:get|have|receive|take)(?: any| these| those| your| such| more)* {_CALLS}|be (?:called|contacted)|{_CALL} {_US}){_ENDS}",
    rf"\bcease and desist\b|\b(?:end|stop|discontinue|halt|cease|suspend|terminate)(?: (?:any|all|of|the|these|this|those|your|further|future|phone|such))+ {_CALLS}\b",
    rf"\b(?:want|get|be|am|taken|like|come|me) off (?:of )?(?:this|the|your|that|any|all)(?: (?:calling|call|phone))* {_LIST}\b|\b(?:want|get me|let me) out of (?:this|these|the|your) (?:calls|program|list|system)\b",
    r"\bblock (?:my|this|our) (?:phone )?number\b|\b(?:nobody|no one|no body) (?:here |at all )?wants? (?:these|your|those|any) (?:phone )?calls\b",
    r"\b(?:done|finished|through|fed up|sick|tired|had enough|sick and tired) (?:with|of) (?:getting |all )?(?:these|your|those|the) (?:phone )?calls\b",
    rf"\b(?:nobody|no one|no body) (?:ever )?(?:calls?|phones?|contacts?) {_US} {_ANY_MORE}|\b(?:cancel|end|withdraw) my (?:enrollment|subscription|participation|sign-?up)\b",
    rf"\b(?:want|need|like)(?: (?:all|of|these|the|those|your|phone|this))* {_CALLS} to (?:stop|end)\b",
)
_OUT: Final = re.compile("|".join(f"(?:{way})" for way in _WAYS))
_ALONE: Final = re.compile(
    r"(?:(?:please|just|no|hey|you|and|i said|ok|okay|now|um|uh) )*(?:stop|stop it|stop this|stop that|remove|end|quit|cancel)(?: (?:please|now|it|this|all|stop|thank you|thanks))*"
)
"""The bare words that carriers and the rule name, as the whole turn."""

_SENTENCE_END: Final = re.compile(r"[.?!]+\s")
_REFUSED: Final = r"(?:stop|quit|no more|don't|do not|never|not|no longer|cease|end|cancel|remove|delete|drop|revok(?:e|ing)|withdraw(?:ing)?|done|enough|harassment|against|refuse|rather not)"
_CALLING: Final = r"(?:calls|calling|robocalls?|phoning|contact(?:ing|ed)?|(?:call|phone|ring|dial) (?:me|us|here|this|my house|my number|again|back|any ?more)|don't call|(?:call|calling|phone|your) lists?|(?:my|our) (?:consent|permission))"
_NEAR: Final = re.compile(
    rf"\b{_REFUSED}\b(?: [\w'-]+){{0,5}}? {_CALLING}\b|\bleave (?:me|us|her|him|my \w+) alone\b|^(?:no )?(?:please )?(?:don't|do not) call\b(?! \w+ \w+ \w+ (?:if|when))(?! (?:an?|the|my|her|him|9|911|it|when|if|before|after|until|now|tonight|today|so)\b)"
)
_BUT: Final = re.compile(
    rf"\b(?:don't|not|never|can't|cannot|won't) stop|\bstopped\b|\b(?:call|calling|contact) (?:{_NOT_NOW}|my|her|him|the|an?|you|it|off|your)\b|\b(?:call|calling|contact)(?: (?:me|us|here|back|again|this|number|house))+ {_NOT_NOW}\b|\b(?:tomorrow|later|tonight|today|before|after|until|o'clock|instead|bank|doctor|clinic|nurse|pharmacy|ambulance|police|cell|list of|old|when|if|name|names)\b"
    rf"|\b(?:call|calling) (?:me|us|her|him|it|that) (?!{_ANY_MORE}\b|from|at|on|now|right|or|and|i|you|with|this|so|because|any)\w+"
    r"|\bnot (?:here|home|in|available|around|up)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:she|he) (?:doesn't|does not|never)\b|\b(?:take|takes|taking) (?:these|the|your|my) calls\b|\bwhy\b|\bdid you\b|\bcan you call\b"
)
"""What sounds like it and speaks of one moment, or of somebody else's telephone."""


def opts_out(text: str) -> bool:
    """True where the words ask that these calls end for good."""
    plain = _plain(text)
    if _ALONE.fullmatch(plain) is not None or any(_OUT.search(each) for each in (plain, *_sentences(text))):
        return True
    return _NEAR.search(plain) is not None and _BUT.search(plain) is None


def _sentences(text: str) -> list[str]:
    """What one sentence asks, the next takes nothing from."""
    return [_plain(sentence) for sentence in _SENTENCE_END.split(text)]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)?|-", text.lower().replace("’", "'"))).replace(" - ", "-")
