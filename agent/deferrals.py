"""Questions that approved wording must not answer: a change of dose, a diagnosis, somebody else's business.

Provisional until `policies/scope.py`: the asker is offered a nurse.  Pure; patterns over lower-case words.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import enum
import re
from typing import Final

from agent.lexicon import CLASSES, GENERICS
from agent.terms import lowered


class Ask(enum.Enum):
    """What kind of answer is asked for."""

    INFORMATION = "information"
    DOSE_CHANGE = "dose_change"
    """To stop, skip, double, halve, split, move, swap or add to a medicine, or how much of one to take."""
    TAKING = "taking"
    """Whether a named medicine may be taken: answered only by passages that send the asker to the nurse."""
    DIAGNOSIS = "diagnosis"
    PURPOSE = "purpose"
    """What a medicine is for, or how and how soon it works: the starter passages don't say."""
    OUT_OF_SCOPE = "out_of_scope"


_NAMES: Final = "|".join(
    sorted({*GENERICS, *(b for brands in GENERICS.values() for b in brands), *CLASSES}, key=len, reverse=True)
)
_KINDS: Final = (
    "medicines?|medications?|meds?|pills?|tablets?|capsules?|doses?|dosages?|dosing|prescriptions?|antibiotics?|shots?"
    "|injections?|painkillers?|thinners?|statins?|steroids?|diuretics?|inhalers?|puffs?|units?|milligrams?|mg|mcg|drops?"
    "|narcotics?|opioids?|patch|patches|antacids?|laxatives?|softeners?|drugs?"
)
_DRUG: Final = rf"(?:{_NAMES}|{_KINDS})"
_ANY_DRUG: Final = re.compile(rf"\b{_DRUG}\b")
_NAMED: Final = re.compile(rf"\b(?:{_NAMES})\b")
_SHORT: Final = r"(?:\W+[\w']+){0,6}?\W+"  # up to six words between two parts
_MAY: Final = (
    r"(?:can|could|may|should|shall|must|do|would|is it (?:ok|okay|fine|safe|alright|all right|bad)|ok|okay|safe|want|wanna"
    r"|need|going|gonna|thinking|tempted|like|allowed|possible|supposed|better|time|how|when|what if|if|let|have|try|tell)"
)
_CHANGE: Final = (
    r"(?:stop\w*|quit\w*|skip\w*|doubl\w+|tripl\w+|hal(?:f|ve|ving)|split\w*|cut(?:ting)? (?:down|back|in half|it|them|my|the)"
    r"|increas\w+|decreas\w+|reduc\w+|rais\w+|lower\w*|adjust\w*|chang\w+|switch\w*|swap\w*|replac\w+|substitut\w+"
    r"|wean\w*|taper\w*|com(?:e|ing) off|get(?:ting)? off|go(?:ing)? off|go(?:ing)? (?:up|down|back) on|space|spacing"
    r"|restart\w*|resum\w+|start\w*|begin\w*|add\w*|bump\w*|up (?:my|the) dos\w+|combin\w+|leave out|hold off"
    r"|cease|discontinu\w+|mov(?:e|ing))"
)

_DOSE: Final = (
    re.compile(rf"\b{_MAY}\b(?!'){_SHORT}(?:{_CHANGE})\b(?:{_SHORT})?(?:\W*{_DRUG})\b"),
    re.compile(rf"\b{_MAY}\b(?!') (?:i|we)\b{_SHORT}{_DRUG}\b{_SHORT}(?:{_CHANGE})\b"),
    re.compile(rf"\b{_DRUG}\b{_SHORT}(?:be|get|needs?|been) (?:to be )?(?:{_CHANGE})\b"),
    re.compile(r"\b(?:can|should|may|could|shall|do) i (?:just |now |also |have to |need to )?(?:stop|quit|skip|double|halve|split) (?:it|them|that|those|one|the|my|taking|using)\b"),
    re.compile(rf"\b{_CHANGE}\W+(?:taking|using)\b(?=.*\b{_DRUG}\b)"),
    re.compile(r"\b(?:stop|quit|skip|start|restart|resume) taking\b"),
    re.compile(
        r"\btak(?:e|ing)\b(?:\W+\w+){0,3}?\W+(?:more|less|extra|another|two|three|four|five|twice|double|half|both|an additional"
        r"|together|instead|early|earlier|sooner|fewer|higher|lower|every (?:two|three|four|five|six|\d))\b"
    ),
    re.compile(rf"(?<!without )(?<!with no )(?<!besides )\b(?:more|extra|another|second|additional|higher|lower|bigger|smaller|stronger|half|double)\b(?:\W+\w+){{0,3}}?\W+{_DRUG}\b"),
    re.compile(rf"\bhow (?:much|many|often|frequently)\b(?:\W+[\w']+){{0,8}}?\W+{_DRUG}\b"),
    re.compile(rf"\b{_DRUG}\b(?:\W+[\w']+){{0,6}}?\W+how (?:much|many|often)\b"),
    re.compile(r"\b(?:strong|high|low|big|small|large|normal|typical|average|safe|heavy|full) (?:dose|dosage)\b"),
    re.compile(r"\b(?:what|which|maximum|max|right|correct|usual|safe|recommended|proper|highest) (?:\w+ ){0,2}?(?:dose|dosage|dosing|amount|strength)\b"),
    re.compile(r"\bhow (?:much|many|often)\b(?:\W+[\w']+){0,4}?\W+(?:take|inject|give)\b"),
    re.compile(rf"\b(?:do|should|must|can|will) i (?:still |really |have to |need to |always )+(?:take|keep taking|be taking|use|stay on|continue)\b(?=.*\b{_DRUG}\b)"),
    re.compile(rf"\b(?:instead of|rather than|in place of)\b{_SHORT}?{_DRUG}\b"),
    re.compile(rf"\b(?:should|can|may|could) i (?:keep|continue) (?:on )?(?:taking|using|with)\b(?=.*\b{_DRUG}\b)"),
)  # fmt: skip

_TAKING: Final = (
    re.compile(rf"\b(?<!how )(?<!when )(?<!where )(?:can|could|may|should|shall|do|must|might|okay|ok|safe|fine|alright|right|bad|allowed)\b{_SHORT}"
               rf"(?:take|taking|use|using|have|give|given|taken|used|try)\b(?:\W+(?!on\b|with\b|while\b|after\b|for\b)[\w']+){{0,5}}?\W+(?:{_NAMES})\b"),
    re.compile(rf"\b(?:can|could|may|should|is|are)\b{_SHORT}(?:{_NAMES})\b{_SHORT}(?:taken|used|take|with|together|safe|okay|ok)\b"),
    re.compile(rf"\b(?:{_NAMES})\b{_SHORT}(?:with|and|together with)\b{_SHORT}(?:{_NAMES})\b"),
)  # fmt: skip

_DIAGNOSIS: Final = (
    re.compile(r"\bdo (?:i|you think i|we|he|she|they) (?:really |maybe |already |still )?(?:have|got)\b(?! to\b| any (?:questions?|plans|appointments?)| (?:a|an|my|another) (?:follow|appointment|check ?up|visit))"),
    re.compile(r"\b(?:(?:could|might|can|would) (?:this|it|that|these|they)|(?:could|might) my [\w ]{1,20}?)(?: \w+)? (?:be|mean)\b(?! (?:\w+ )?(?:washed|wet|stored|kept|left|taken|used|crushed|cut|frozen|in (?:the|a|my)|at room|out of))"),
    re.compile(r"\b(?:could|might) (?:i|he|she|we) (?:really |maybe |possibly |already )?have (?:an?|the|some|my|got|\w+itis)\b(?! (?:copy|drink|glass|cup|beer|shower|bath|question|note|refill|number|minute|second|snack))"),
    re.compile(r"\b(?:is|are) (?!the (?:\w+ )?(?:signs?|symptoms?)\b)(?:it|they|(?:this|that|these|those)(?: [\w ]{1,30}?)?|my [\w ]{1,30}?|the [\w ]{1,30}?) (?:serious|infected|dangerous|broken|cancer\w*|bad sign|a sign|an? (?:infection|clot|blood clot|stroke|heart attack|reaction|allergy|emergency|bad sign|virus|hernia)|anything (?:serious|to worry)|something (?:serious|bad|to worry))\b"),
    re.compile(r"\bwhat(?:'s| is| are|s) (?:wrong|the matter|going on|happening) with\b"),
    re.compile(r"\bwhat (?:is|could be|might be|can be|would be|would|could|is it that's|is it that is) caus(?:e|ing)\b"),
    re.compile(r"\bwhat (?:do|does|did|would) (?:i have|it mean|this mean|that mean|he have|she have|they mean|my [\w ]{1,40}? mean|(?:a|an|the|these|those|this) [\w ]{1,40}? mean)\b"),
    re.compile(r"\b(?:should|do|must) (?:i|we) (?:need to |have to )?(?:be )?(?:worried|worry|concerned|alarmed|scared)\b"),
    re.compile(r"\b(?:am|was) i (?:having|dying|going to die|getting (?:an? )?(?:infection|worse|sick)|sick|okay|ok|in danger|infected|allergic|anemic|diabetic|pregnant)\b"),
    re.compile(r"\bwhat (?:disease|illness|condition|infection|sickness|disorder|diagnosis)\b"),
    re.compile(r"(?<!know )(?<!understand )\bwhy(?: is that| is this| would that be)?\W*$"),
    re.compile(r"\b(?:diagnos\w+|do you think (?:it|this|that|my|i(?! (?:can|could|may|should)))|is (?:it|this|that) because|prognosis|how long (?:do|have) i (?:have|got) (?:left|to live)|will i (?:die|live|ever))\b"),
    re.compile(rf"\bwhy (?:am|do|does|is|are|has|have|did|can't|cannot|won't|would) (?:i|my|it|this|that|the|there|he|she)\b(?! (?:have to|need to|must)\b)(?!(?: \w+){{0,2}} (?:tired|exhausted|weepy|tearful|crying|cry|constipated|bloated|gassy|hoarse)\b)(?!(?: \w+){{0,3}} {_DRUG}\b)(?! {_DRUG}\b)"),
)  # fmt: skip

_PURPOSE: Final = (
    re.compile(
        rf"\bwhat(?:'s| is| are|s) (?:the |my |this |a )?{_DRUG}(?: {_DRUG})? (?:even |actually )?(?:used )?for\b"
    ),
    re.compile(rf"\bhow (?:do|does) (?:the |my |this |a )?{_DRUG}(?: {_DRUG})? (?:even |actually )?work\b"),
    re.compile(rf"\bhow (?:long|soon|fast|quickly)\b(?=.*\b{_DRUG}\b).*\b(?:work|works|working|effect|kicks? in)\b"),
)

_OUT: Final = (
    re.compile(r"\b(?:ignore|disregard|forget|override|bypass|skip)\b(?:\W+\w+){0,5}?\W+(?:rules?|instructions?|guidelines?|prompts?|training|restrictions?|programming|safety)\b"),
    re.compile(r"\b(?:system prompt|developer mode|jailbreak|role ?play|pretend|act as|you are now|hypothetically you|your (?:prompt|instructions|programming|training|rules))\b"),
    re.compile(r"\b(?:my|our|the|a|his|her) (?:[\w']+ )?(?:dog|cat|puppy|kitten|horse|rabbit|hamster|bird)(?:'s)? (?:take|have|eat|ate|has|need|needs|get|is|swallowed|be)\b"),
    re.compile(r"\b(?:give|giving|for) (?:it to |this to |some to )?(?:my|our|the|a) (?:dog|cat|puppy|kitten|horse|rabbit|hamster|bird)\b"),
    re.compile(r"\b(?:cocaine|heroin|meth|crack|ecstasy|lsd|mushrooms|get high|getting high|to get a buzz|weed|marijuana|fake|forge|forged)\b"),
    re.compile(r"\b(?:other|another|somebody else's|someone else's|her|his|my (?:neighbor|friend|boss|ex)(?:'s)?) (?:patient|patient's|patients|patients'|records?|chart|results?|room number|test|tests|diagnosis)\b"),
    re.compile(r"\bhow (?:is )?(?:my|our|the) (?:[\w']+ )?(?:brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|friend|neighbou?r|patient)\b(?: in \w+(?: \w+)?)? (?:is |(?:is )?doing)"),
    re.compile(r"\b(?:can|could|may|should|is it (?:ok|okay|safe|fine) (?:for|if)) (?:my|our) (?:wife|husband|partner|son|daughter|mother|mom|mum|father|dad|sister|brother|friend|neighbou?r|kids?|child|children|roommate|cousin)"
               r" (?:to )?(?:have|take|takes|use|uses|try|tries|borrow)\b(?:\W+\w+){0,4}?\W+my\b(?! (?:temperature|blood pressure|bandage|dressing|arm|car)\b)"),
    re.compile(r"\b(?:give|take|giving|share|sharing|sell|selling|borrow)\b(?:\W+\w+){0,5}?\W+(?:my|your|his|her)? ?(?:friend|friends|neighbor|neighbors|boyfriend|girlfriend|roommate|coworker|cousin)(?:'s|s)?\b"),
)  # fmt: skip

_MISSED: Final = re.compile(
    r"\b(?:miss(?:ed|ing)?|forgot(?:ten)?|forget|late (?:with|for|on|taking)|slipped my mind|didn't take|did not take|slept (?:\w+ )?through"
    r"|skipped|overlooked|(?:have|has|had)(?:n't| not) (?:taken|had)|never (?:took|had|got|gave)|still in (?:the|my|his|her) (?:\w+ )?box"
    r"|(?:remember|recall|know|sure) (?:if|whether) (?:i|he|she) (?:already )?(?:took|gave|had)"
    r"|(?:threw|throw|throws|thrown|throwing) (?:\w+ )?up|vomit\w*|puk(?:e|es|ed|ing)|c[ao]mes? (?:right )?(?:back )?up)\b"
)


_NOT_TAKEN: Final = re.compile(
    # the verb must have a dose for its object: "I forgot to ask, can I stop" is no missed dose
    rf"\b(?:missed|forgot(?:ten)?|skipped|slept through|didn't take|did not take|late (?:with|for|on|taking))\b"
    rf"(?: (?:to (?:take|inject|use|have|give)|taking))?(?: [\w']+){{0,4}}? (?:{_NAMES}|{_KINDS}|it|them)\b"
)
_OTHERWISE: Final = re.compile(r"\b(?:less|more|double|half|halve|stop|quit|increase|decrease|raise|lower|switch)\b")
_TOLD_CHANGE: Final = re.compile(
    rf"\b(?:stop\w*|quit\w*|halv\w*|doubl\w*|cut(?:ting)? (?:back|down|out)|(?:take|took|taken|come|came|get|got) (?:me |him |her )?off)\b"
    rf"{_SHORT}?\W*{_DRUG}\b|\b{_DRUG}\b(?:\W+[\w']+){{0,3}}? (?:was|were|got|been) (?:stopped|doubled|halved|changed|increased|lowered)\b"
    rf"|\bnot (?:going to|gonna) take (?:my|the|any|these|those|them|it)\b"
)
_CHANGE_OF_IT: Final = re.compile(
    r"\b(?:stop|skip|quit|double|triple|halve|half of|split|(?:more|less|half|twice|another) (?:of )?)\W*(?:taking |using )?"
    r"(?:it|them|that|those|these|one|this)\b|^\W*(?:and )?(?:half|double|twice|more|less)(?: of it| of them)?\W*$"
)


def names_medicine(text: str) -> bool:
    """A medicine, a class of them, or what they come as."""
    return bool(_ANY_DRUG.search(lowered(text)))


def dose_not_taken(text: str) -> bool:
    """A dose was missed, and nothing else about it is to be changed."""
    plain = lowered(text)
    taken = _NOT_TAKEN.search(plain)
    return taken is not None and not _OTHERWISE.search(plain[: taken.start()] + plain[taken.end() :])


def changes(text: str, *, told: bool, follows: bool) -> bool:
    """The words tell of a change to a medicine, or speak of changing "it" after a passage that may be about one."""
    plain = lowered(text)
    return bool((told and _TOLD_CHANGE.search(plain)) or (follows and _CHANGE_OF_IT.search(plain)))


def ask_of(text: str) -> Ask:
    """What kind of answer the words ask for; the stricter kind where several fit."""
    plain = re.sub(r"\s+", " ", lowered(text).replace("-", " ")).strip()[-1600:]
    if any(pattern.search(plain) for pattern in _OUT):
        return Ask.OUT_OF_SCOPE
    medicine = _ANY_DRUG.search(plain) or "take" in plain or "taking" in plain
    if medicine and any(pattern.search(plain) for pattern in _DOSE):
        return Ask.DOSE_CHANGE
    if any(pattern.search(plain) for pattern in _PURPOSE):
        return Ask.PURPOSE
    if any(pattern.search(plain) for pattern in _DIAGNOSIS):
        return Ask.DIAGNOSIS
    if _NAMED.search(plain) and any(pattern.search(plain) for pattern in _TAKING):
        return Ask.TAKING
    return Ask.INFORMATION


_ALARM: Final = re.compile(
    r"\b(?:chest|breath(?:s|e|less|ing(?! (?:tube|exercises?|machine|thing|tool)))?|faint\w*|pass(?:ed|ing)? out|black(?:ed)? out|collaps\w+|unconscious|unresponsive|blood(?! (?:pressure"
    r"|sugars?|thinn\w+|tests?|work|clots?))|blee?d(?:s|ing)?|heart(?! (?:failure|surgery|diet|healthy|medicines?|pills?))|pounding"
    r"|confus\w+|slurr\w+|stroke|seizures?|convuls\w+|paraly\w+|suicid\w*|kill|die|dying(?! for (?:a|an|some|my)\b)|dead|end it|wake up|hurt myself"
    r"|calf|calves|control of (?:my|his|her) (?:bladder|bowels?|water|pee)|harm myself|overdos\w*|poison\w*|chok\w+|lips|tongue|allergic|worst|worse|severe|unbearable|emergency|ambulance|all my pills)\b"
)
_REPLIES: Final = re.compile(
    r"^\W*(?:(?:um+|uh+|well|oh|hmm+)\W+)?(?:(?:yes|yeah|yep|yup|nope|nah|not really|correct|right|okay|ok)\b"
    r"|no(?=\W*$|[,.!;]|\s+(?:i|it|it's|not|no|that|there|they|just)\b))"
    r"|\b(?:do not|don't|did not|didn't|does not|doesn't|haven't|have not|never) (?:have|had|having|feel|felt) any\b|\bnot having\b"
)


def alarming(text: str) -> bool:
    """The words hold something that a person should hear of.  Wider than red flags, and it opens nothing."""
    return bool(_ALARM.search(lowered(text)))


def only_bleeding(text: str) -> bool:
    """Of all that alarms, the words tell of blood alone."""
    found = {word.group() for word in _ALARM.finditer(lowered(text))}
    return bool(found) and all(word.startswith("bl") and not word.startswith("black") for word in found)


def replies(text: str) -> bool:
    """The words answer a question, or deny something, rather than ask."""
    return bool(_REPLIES.search(lowered(text)))


def missed_dose(text: str) -> bool:
    """The words speak of a dose that was not taken, or did not stay down."""
    return bool(_MISSED.search(lowered(text)))
