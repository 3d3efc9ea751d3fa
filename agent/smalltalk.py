"""What a caller says that is no question: greetings, thanks, yes and no, "are you there?".  Pure, closed.

Only a turn that holds nothing else counts: "thank you, and can I shower?" is a question.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import enum
import re
from typing import Final

from agent.terms import lowered
from policies.phi import PHI


class Social(enum.Enum):
    """What kind of small talk a turn is."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    """The caller wants to end: "bye", "no, that's all"."""
    YES = "yes"
    NO = "no"
    HEARING_CHECK = "hearing_check"
    """ "Can you hear me?" """
    WHO_ARE_YOU = "who_are_you"
    """ "Are you a robot?", "who is this?" """
    REPEAT = "repeat"
    WAIT = "wait"
    """ "Hold on a second": the caller wants room, not an answer. """
    HOW_ARE_YOU = "how_are_you"
    HAS_QUESTION = "has_question"
    """ "I have a question": the question itself is still to come. """


_POLITE: Final = (
    r"(?:um+|i(?:'m| am) sorry|let me (?:find|get|grab|fetch) (?:a|my|some) [a-z]+|a (?:bit|little)(?: slower| louder| more slowly)?|sorry|wait|hold on|hang on|uh+|er+|ah+|oh|well|so|and|but|then|please|dear|honey|sweetie|ma'am|sir|miss|again|now|just|hey|actually"
    r"|right|really|very|so|much|a lot|for (?:your|the|all(?: of)?(?: your)?) (?:help|time|information|answer)"
    r"|for that|for everything|for helping(?: me)?|that's|great|perfect|good|wonderful|lovely|okay|ok|alright|all right|fine"
    r"|i appreciate (?:it|that|your help)|appreciate it|you've been (?:very |so |a great )?help(?:ful)?|that helps"
    r"|that was helpful|there|today)"
)
_KINDS: Final[tuple[tuple[Social, str], ...]] = (
    (Social.YES, r"(?:uh huh|mm+ hm+|mm+ hmm+|mhm+|mm+)"),
    (Social.REPEAT, r"(?:(?:can|could|would|will) you (?:please )?(?:repeat|say|go over|run through)(?: (?:that|it|this|the last (?:bit|part|thing)))?(?: (?:for me|again|one more time|once more|over|slower|more slowly|louder|a (?:bit|little) (?:slower|louder|more slowly)))*"
     r"|(?:say|repeat) (?:that|it|the last (?:bit|part|thing))(?: (?:again|once more|one more time|slower|more slowly|a (?:bit|little) slower))*|what did you (?:just )?say|what was the last (?:thing|bit|part)(?: you said)?"
     r"|(?:i )?(?:didn't|did not|couldn't|could not|can't|cannot) (?:quite )?(?:hear|catch|get|understand|follow)(?: (?:that|you|it|a word|what you said|(?:that|the) last (?:bit|part|thing)))?(?: very well| well)?"
     r"|(?:can|could) you (?:please )?(?:speak|talk) (?:up|slower|louder|more slowly|a (?:bit|little) (?:slower|louder|more slowly))|speak up|you(?:'re| are) breaking up"
     r"|come again|pardon(?: me)?|sorry what(?: was that)?|what was that|one more time|once more|i missed that|what|huh|sorry|excuse me)"),
    (Social.WAIT, r"(?:hold on|wait|hang on|one (?:second|sec|moment|minute)|just a (?:second|sec|moment|minute)|give me a (?:second|sec|moment|minute)"
     r"|let me (?:think|see|get (?:a pen|my glasses|something to write with|my list|my bottle))|bear with me)(?: (?:a|for a|one) (?:second|sec|moment|minute))?"),
    (Social.HEARING_CHECK, r"(?:(?:can|do|did|could) you hear me|are you (?:still )?(?:there|on the line|with me|listening)|is (?:anyone|anybody|someone|somebody) there|hello are you there|you there|did i lose you|is this working)(?: okay| ok)?"),
    (Social.WHO_ARE_YOU, r"(?:who are you|who is this|who's this|who am i (?:talking|speaking) (?:to|with)|what are you|are you (?:a |an )?(?:(?:real|actual|live|human) )?(?:robot|machine|computer|bot|person|human|recording|ai|a i|nurse|doctor|real|automated)(?: or (?:a |an )?(?:(?:real|actual|live) )?(?:robot|machine|computer|bot|person|human|recording))?|is this (?:a |an )?(?:(?:real|live|actual) )?(?:robot|machine|computer|bot|person|human|recording|ai|a i|automated|nurse)|am i (?:talking|speaking) (?:to|with) (?:a |an )?(?:(?:real|live|actual) )?(?:robot|machine|computer|bot|person|human|recording|ai)|what's your name|what is your name)"),
    (Social.HOW_ARE_YOU, r"how (?:are you(?: doing)?|you doing|do you do|is it going)"),
    (Social.HAS_QUESTION, r"(?:i (?:have|had|got|'ve got|do have)|i've got|just|there's|(?:can|may|could) i ask(?: you)?(?: about)?|i (?:want|wanted|would like|need) to ask(?: you)?(?: about)?|i'm calling (?:about|with)|i was (?:wondering|calling)|yes i have)(?: (?:a|one|another|some|a few|a couple(?: of)?|two|three|more))*(?: (?:quick|small|silly|dumb|simple|more|other))*(?: (?:questions?|something(?: else)?|things?))?(?: (?:for|about) (?:you|something|my (?:surgery|medicines?|medication|discharge)))?"),
    (Social.GOODBYE, r"(?:(?:no|nope|nah|yes|yeah) )?(?:(?:that's|that is|that'll be|that will be|i think that's|thats|that would be) (?:all|it|everything)(?: (?:i (?:need|needed|wanted|have)|for (?:now|today|me)|thank you|thanks|bye))*|nothing else|i'm (?:good|done|all set|all good|fine)|(?:good )?bye(?: bye| now)*|goodbye|good night|have a (?:good|nice|great) (?:day|night|evening|one)|talk to you later|see you|take care|i have to go|i gotta go|no more questions|no (?:other|further|more) questions|no,? (?:thank you|thanks),? (?:good)?bye)"),
    (Social.THANKS, r"(?:thank you|thanks|thank you so much|many thanks|cheers)"),
    (Social.GREETING, r"(?:hello|hi|hey|good (?:morning|afternoon|evening)|howdy|hiya)"),
    (Social.YES, r"(?:yes|yeah|yep|yup|sure|of course|uh huh|mm hm+|mhm+|correct|please do|yes please|i do|i would|go ahead|that's right|absolutely|definitely|okay|ok|alright|all right|i see|got it|i understand|makes sense|sounds good|go on|carry on|keep going|continue|i'm (?:back|ready)|ready)"),
    (Social.NO, r"(?:no|no thank you|no thanks|nope|nah|not really|no i don't|i don't|not now|no no|uh uh|not at all|don't|i'd rather not)"),
)  # fmt: skip
_WHOLE: Final[tuple[tuple[Social, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(rf"(?:{_POLITE} )*(?:{pattern})(?: (?:{pattern}|{_POLITE}))*")) for kind, pattern in _KINDS
)
_OPENERS: Final = r"(?:hello|hi|hey|good (?:morning|afternoon|evening)|thank you|thanks|yes|yeah|no|nope|okay|ok)"
_OPENED: Final = re.compile(rf"(?:(?:{_OPENERS}|{_POLITE}) )+")
LONGEST_WORDS: Final = 16  # small talk is short; a longer turn is heard as a question


def social(said: PHI[str]) -> Social | None:
    """The kind of small talk that the whole turn is, or None.  Keeps nothing."""
    plain = " ".join(re.findall(r"[a-z]+(?:'[a-z]+)?", lowered(said.reveal()).replace("-", " ")))
    if not plain or len(plain.split()) > LONGEST_WORDS:
        return None
    rest = _OPENED.sub("", plain, count=1) if _OPENED.match(plain + " ") else plain
    for text in dict.fromkeys((plain, rest)):
        for kind, pattern in _WHOLE:
            if text and pattern.fullmatch(text):
                return kind
    if re.fullmatch(rf"(?:{_POLITE}|{_OPENERS})(?: (?:{_POLITE}|{_OPENERS}))*", plain):
        if re.search(r"\bthank(?:s| you)\b|\bappreciate\b|\bhelp", plain):
            return Social.THANKS
        if re.search(r"\b(?:hello|hi)\b", plain):
            return Social.GREETING
        if re.search(r"\b(?:sorry|let me|a (?:bit|little))\b", plain):
            return None  # it only leads in
        return Social.YES
    return None
