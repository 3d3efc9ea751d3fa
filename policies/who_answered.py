"""What whoever picks up a call of ours says, read into one event.  Pure patterns over lower-case words, closed.

    heard("This is she.", State.ASKED)  ->  Event.SHE

Red flags, the wish for a person and identifiers are not read here: those come first, and are others' to read.  What is
none of these is `UNHEARD`: it is asked about once more, and then the call ends politely.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import re
from typing import Final

from policies.opting_out import opts_out
from policies.right_party import Event, State

_KIN: Final = r"(?:husband|wife|daughter|son|sister|brother|mother|father|mom|mum|mama|dad|papa|partner|grandma|grandpa|grandmother|grandfather|aunt|uncle|caregiver|friend|neighbor)"
_MACHINE: Final = re.compile(
    r"\b(?:leave (?:me |us )?(?:a |your |the )?(?:brief |short |detailed |quick )?(?:message|name|number)|(?:after|at|following) the (?:tone|beep)|(?:at the|after the) sound of the"
    r"|you(?:'ve| have) reached (?:the |my |our )?(?:voice ?mail|voicemail|answering machine|mailbox|home of|residence|desk|office|phone)|(?:voice ?mail|mailbox|answering (?:machine|service))"
    r"|(?:is|are|am|'m|'re) (?:not available|unavailable|unable|not able) to (?:take|answer|come)|(?:can't|cannot|can not|unable to) (?:take|answer) (?:your call|the phone|the call)|(?:i|we) (?:can't|cannot|can not) (?:come|get) to the phone"
    r"|(?:person|party|subscriber|customer) you(?:'re| are|'ve| have)? (?:calling|trying to reach|dialed|called)|(?:your call has been|has been) forwarded|record your message|get back to you|return your call|call you (?:right )?back as soon|press (?:one|1|pound|the pound key) (?:for|when|to)"
    r"|hang up or press|i'll (?:call|get) (?:you )?back|please try (?:your call )?again later)\b"
)
_FOR_ALL_CALLERS: Final = re.compile(
    r"\b(?:(?:if (?:this|it|you|yours)(?:'s| is| are having| have|'re having)?|in(?: the)? (?:case|event) of|in|for) (?:an? |any )?(?:\w+ ){0,2}emergenc(?:y|ies) (?:(?:please|you should|then|just|immediately) )*(?:hang up|dial|call)"
    r"|(?:after|at) the (?:tone|beep)|(?:to|for) (?:[\w'-]+ ){1,8}press (?:\d|one|two|three|four|five|six|seven|eight|nine|zero|star|pound)|press (?:\d|one|two|three|four|five|six|seven|eight|nine|zero|star|pound) (?:for|to))\b"
)
_NOT_HERS: Final = re.compile(
    r"\bwrong (?:number|person|house|guy|lady|phone)\b|\b(?:no (?:one|body)|nobody|there(?:'s| is) (?:no ?(?:one|body)|not anybody|not anyone))(?: (?:here|by that name|of that name|called that|named|with that name|with the name|called))+\b"
    r"|\b(?:she|he|they|nobody|that person)? ?(?:doesn't|does not|don't|do not|hasn't|has not|haven't) (?:live|stay|work|lived|stayed|worked) (?:here|at this)|\b(?:i )?(?:don't|do not) know (?:any|a|anybody|anyone|who that|who she|who he|who you|that person|her|him|nobody)\b"
    r"|\b(?:this|it)(?:'s| is|n't| isn't)? (?:not )?(?:her|his|their) (?:number|phone)(?: (?:any ?more|no more|no longer))\b|\bthis (?:isn't|is not) (?:her|his|their|\w+'s) (?:number|phone)\b|\b(?:not|no longer) (?:her|his) (?:number|phone)\b"
    r"|\b(?:i|we) (?:just )?got this number|\b(?:she|he)(?:'s| has|'d)? (?:moved(?: away| out)?|no longer (?:lives|stays|here)|passed(?: away| on)?|died|is dead|deceased)\b|\b(?:passed away|is deceased)\b|\bnever heard of\b|\bno (?:she|her|such person|person)(?: \w+)? (?:here|lives here|at this number|by that name)\b|\bnobody called that\b"
)
_COMING: Final = re.compile(
    r"\b(?:hold on|hang on|hold|(?:one|just a|just one|wait a) (?:moment|second|sec|minute)|let me (?:get|find|grab|fetch|put|pass|hand|go|call|wake|ask|go get|check if|see if)|give me (?:a|one|just a) (?:second|sec|minute|moment)|one sec|go (?:get|find|grab|fetch|see|check|look)(?: (?:her|him|if|for))|(?:okay|ok) wait|wait|(?:get|find) (?:her|him) for you|i(?:'ll| will|'m going to| am going to|'m gonna)? (?:get|go get|find|grab|fetch|put|hand)(?: the phone)?(?: to)? (?:her|him|mom|dad|grandma|grandpa|you|my)|(?:she|he)(?:'s| is) (?:coming|right here|here|on (?:her|his) way)"
    r"|here (?:she|he) is|hold the line|bear with me|(?:it's|that's) for you)\b"
)
_NOT_IN: Final = re.compile(
    r"\b(?:(?:she|he|they)(?:'s| is|'re| are)? (?:not|isn't|aren't|ain't)(?: \w+)? ?(?:here|in|home|available|around|at home|able to|up|awake)|(?:she|he)(?: isn't| is not|'s not)|(?:she|he)(?:'s| is) (?:unavailable|at|on vacation|on the other|taking|having (?:lunch|dinner|breakfast)|visiting|staying|with|down|over at|upstairs asleep|out|away|asleep|sleeping|resting|at work|at the|in the|in bed|gone|busy|napping|still in|back in)|not (?:here|home|in|available|around|at home)(?: (?:right now|at the moment|today|yet|now))?"
    r"|(?:she|he) (?:won't|will not|'ll not) be (?:back|home|in|here|up)|(?:she|he) (?:stepped|went|left|ran)(?: \w+)? ?(?:out|away|off|to)?|(?:she|he) (?:can't|cannot) (?:come|talk|speak|get)|(?:just|went|stepped|gone|ran) (?:out|away)|(?:can|could|may) i take a message|(?:i'm|i am|this is) (?:her|his|the|their) (?:husband|wife|daughter|son|sister|brother|mother|father|mom|dad|partner|caregiver|carer|aide|friend|neighbor|roommate|granddaughter|grandson|nurse)"
    r"|(?:no|nope)(?:,)? (?:this is|it's|i'm) (?:her|his|the|not)|(?:this|it) (?:isn't|is not|ain't) (?:she|he|her|him|me)|i(?:'m| am) not (?:she|he|her|him)|not (?:she|he|her|him))\b"
)
_WHO: Final = re.compile(
    r"\b(?:who(?:'s| is| am i| are| was)?(?: this| that| it| calling| speaking| talking(?: to)?| you| i talking| i speaking|'s calling| there)|who(?:m)? (?:should|shall|may|can) i (?:say|tell)|may i (?:ask|know) who|can i (?:ask|know) who|(?:what|which) (?:company|hospital|place|organization)|where (?:are you|you) calling from|who (?:wants|wishes) to know|who are you with|where is this(?: call)? from|and you are|who did you say|am i (?:talking|speaking) (?:to|with)|who(?:'s| is) on|what(?:'s| is) your name|is this (?:a |an )?(?:scam|robot|computer|recording|real person|machine|telemarketer|sales)|are you (?:a |an )?(?:robot|computer|machine|real|recording|ai|person|human|scam))\b"
)
_WHY: Final = re.compile(
    r"\b(?:what(?:'s| is| was)? (?:this|that|it|the call|your call)?(?: all| call)? ?(?:about|regarding|concerning|for|in reference to)|what (?:do|did) you (?:want|need)|why (?:are you|you|did you|do you) (?:calling|call|want|need|ask)|(?:what|which) (?:reason|is the reason)|is (?:this|it) (?:about|regarding)|is (?:something|anything) wrong|is (?:she|he) (?:ok|okay|all right|alright|sick|in trouble)|(?:in )?(?:regards?|reference) (?:to )?what|in regards? to|what it(?:'s| is) (?:about|concerning|regarding|for)|is (?:everything|everyone) (?:ok|okay|all right|alright|fine)|what(?:'s| is) going on|what happened|regarding what|about what|what for|how can i help you|why do you (?:want|need|ask))\b"
)
_BUSY: Final = re.compile(
    r"\b(?:i(?:'m| am) (?:busy|driving|at work|working|eating|sleeping|in a meeting|on another|at the (?:store|doctor)|about to|not interested|cooking)|not (?:now|right now|a good time|interested|at the moment|today)|(?:bad|wrong|inconvenient|not a good) time|call (?:me |us |her |him |you |it )?(?:back|again)? ?(?:later|tomorrow|another|some other|in an|in a|tonight|after|next)"
    r"|(?:can|could) you call (?:me |us |her |him )?(?:back|later)|(?:can't|cannot|don't want to|do not want to|can not) (?:talk|speak)(?: (?:now|right now|to you|at the moment))?|(?:can't|cannot) (?:right now|just now|now)|(?:isn't|is not) (?:a|the) (?:good|best|right) time|in the middle of|(?:do|have|discuss|talk about) (?:this|that|it) (?:later|tomorrow|another|some other)|(?:have|got) (?:company|guests|people over|visitors)|(?:try|reach|catch) (?:me |us |again |her |him )*(?:later|tomorrow|another|some other|tonight|next)|(?:another|some other) time|i(?:'ve| have) (?:got )?no time|no time|don't have time|do not have time|(?:don't|do not|not) call (?:me |us |here )?(?:now|tonight|at|so|before|after|this|when|while|today|during|on)|no thank you|no thanks|goodbye|bye bye|bye)\b"
)
_LEAD: Final = r"(?:(?:oh|um|uh|well|yes|yeah|yep|yup|hi|hello|hey|good (?:morning|afternoon|evening)|okay|ok|sure|and|so|you(?:'re| are)|it's|that's|this is) )*"
_SHE: Final = re.compile(
    rf"{_LEAD}(?:speaking|(?:she|he) (?:speaking|here)|this is (?:she|he|her|him|me|myself)|(?:it's|it is|that's|that is|that would be|that'd be) (?:me|she|her|he|him)|(?:i'm|i am) (?:she|her|he|him|here|listening)|(?:you(?:'re| are) )?(?:speaking|talking) (?:to|with) (?:me|her|him)|you(?:'ve| have)? got (?:me|her|him)|(?:she|he) is speaking|yes|yeah|yep|yup|yes i am|i am|sure|go ahead|of course|you may|correct|that's right|present|mm-?hmm|uh-?huh|okay|ok)(?: (?:here|speaking|she|this is|it is|is she|is he|go ahead|yes|i am|please|ma'am|sir|now|what is it|how can i help you|who is this|who's this|who's calling|what's this about))*"
)
_NO: Final = re.compile(
    rf"{_LEAD}(?:no|nope|nah|uh-?uh|i'm afraid not|afraid not|not really)(?: (?:no|i'm afraid not|sorry|she isn't|he isn't|i'm sorry|i'm afraid|sir|ma'am|thanks))*"
)
_HELLO: Final = re.compile(
    r"(?:(?:hello|hi|hey|hey there|good (?:morning|afternoon|evening)|anybody there|is anyone there|are you there|yes) ?)+"
)


def greets_as_machine(text: str) -> bool:
    """The words are those of an answering machine or a carrier's announcement."""
    return _MACHINE.search(_plain(text)) is not None or announces(text)


def announces(text: str) -> bool:
    """The words are for whoever may call: no person says them to somebody who has just asked for her."""
    return _FOR_ALL_CALLERS.search(_plain(text)) is not None


def heard(text: str, state: State, name: str = "") -> Event:
    """What the words mean where they were said.

    text: one turn, as it was transcribed.  name: hers, as she was asked for; said by whoever answers it means "she".
    """
    plain = _plain(text)
    for part in _plain(name).split():
        plain = re.sub(rf"\b{re.escape(part)}'s (?={_KIN}\b)", "her ", plain)
        plain = re.sub(rf"\b{re.escape(part)}\b", "she", plain)
    plain = re.sub(r"\bshe(?: she)+\b", "she", plain)
    plain = re.sub(rf"\b(?:my )?{_KIN}(?='s| is| isn't| went| can't)", "she", plain)
    if greets_as_machine(text) and state in (State.ANSWERED, State.ASKED, State.FETCHED, State.MACHINE):
        return Event.MACHINE
    if opts_out(text):
        return Event.STOP
    asked = state in (State.ANSWERED, State.ASKED, State.FETCHED)
    for event, pattern in ((Event.NOT_HERS, _NOT_HERS), (Event.NOT_IN, _NOT_IN), (Event.BUSY, _BUSY)):
        if pattern.search(plain):
            return event
    if _SHE.fullmatch(plain):
        said_why, said_who = _WHY.search(plain), _WHO.search(plain)
        return Event.SHE if asked or not (said_why or said_who) else Event.WHO if said_who else Event.WHY
    if plain == "why":
        return Event.WHY
    for event, pattern in ((Event.WHO, _WHO), (Event.WHY, _WHY), (Event.COMING, _COMING)):
        if pattern.search(plain):
            return event
    if asked and _NO.fullmatch(plain):
        return Event.NOT_IN
    if state is State.FETCHED and _HELLO.fullmatch(plain):
        return Event.PERSON
    return Event.UNHEARD


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+(?:['-][a-z]+)*", text.lower().replace("’", "'")))
