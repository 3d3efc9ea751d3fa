"""The provisional red flags: ways in which a sign that needs a person now is said.

Written by us, reviewed by no clinician; the clinical issue replaces this file whole.  Words are in the form of
`redflags.plain`: lower case, no apostrophe, "cannot" for "can't", "will not" for "won't".

    (a|b c)    one of these             [a|b]    one of these, or nothing
    ...        up to three more words   ,        the end of a clause; [,] where a recogniser may have put one
    !(a|b c)   none of these follows    digits are a pattern: ([3-9]|[1-9][0-9]+) is three or more
"""

from __future__ import annotations

from typing import Final

# More than the two that a dose mostly is; "twenty five" is caught by its first word.
_MANY: Final = (
    "([3-9]|[1-9][0-9]+|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|a hundred|a dozen"
    "|dozens|several dozen) [one|two|three|four|five|six|seven|eight|nine|hundred] [or] [so|four|five|six|seven|eight"
    "|nine|ten|twelve|twenty|thirty]"
)
_PILLS: Final = (
    "(pill|pills|tablet|tablets|capsule|capsules|caplets|patches|tylenol|tylenols|acetaminophen|paracetamol|ibuprofen"
    "|advil|motrin|aleve|naproxen|aspirin|aspirins|oxycodone|oxy|oxys|percocet|percocets|vicodin|norco|norcos"
    "|hydrocodone|tramadol|morphine|gabapentin|xanax|ativan|valium|klonopin|ambien|benadryl|metoprolol|warfarin"
    "|coumadin|eliquis|xarelto|metformin|digoxin|insulin|painkillers|pain killers|sleepers|opioids)"
)
_WHOSE: Final = (
    "[of] [my|the|his|her|your|our|those|these|them|extra|grandmas|grandpas|moms|dads] [blood|pain|sleeping|sleep|heart"
    "|water|strong|extra|more|full|whole|different|little|white|blue] [pressure|strength|thinner|sugar]"
)
_MEDICINE: Final = "(medicine|medicines|medication|medications|meds|drugs|drops|syrup|liquid|gummies|patch)"
_CHILD: Final = (
    "(son|daughter|baby|toddler|child|children|kid|kids|grandson|granddaughter|grandchild|grandkid|grandbaby|boy|girl"
    "|nephew|niece|[a-z0-9]+ year old|[a-z0-9]+ month old|brother|sister)"
)
_THINNER: Final = (
    "(thinner|thinners|warfarin|coumadin|eliquis|xarelto|apixaban|rivaroxaban|dabigatran|pradaxa|plavix|clopidogrel"
    "|heparin|lovenox|anticoagulant|anticoagulants|brilinta)"
)
_HIT_HEAD: Final = (
    "(hit|hits|hitting|banged|bumped|knocked|struck|smacked|cracked|landed on|fell on) [my|his|her|the|their] [back of]"
    " [my|his|her|the] head"
)
_ODD_THROAT: Final = (
    "(throat|tongue|lips|mouth) [is|are|feels|feel|has been|is feeling|feeling|has] [getting|gone|a bit|a little"
    "|kind of|really|so|very] (funny|weird|strange|odd|itchy|itches|tingly|tingling|tingles|thick|numb|lumpy|full)"
)
_WOUND: Final = "(incision|wound|cut|stitches|stitch|staples|scar|surgical site|surgery site)"

CHEST_PAIN: Final = (
    "(chest|chess|breastbone) [is|feels|felt|has been|was|keeps] [so|very|really|all|a bit|a little|kind of]"
    " (pain|pains|pane|hurt|hurts|hurting|ache|aches|aching|pressure|tight|tightness|heaviness|heavy|crushing"
    "|squeezing|burning|discomfort)",
    "(pain|pains|hurt|hurts|hurting|ache|aches|pressure|tight|tightness|heaviness|squeezing|crushing|burning"
    "|discomfort) ... (in|on|across|inside|of|under) [my|the|his|her] (chest|breastbone)",
    "(elephant|weight|heavy|brick|something sitting|someone sitting|band|vice|vise) ... (on|around) [my|his|her"
    "|the] chest",
    "(sharp|stabbing|stab|tearing|knife) ... [my|his|her|the] chest",
    "chest is [really|just] (killing me|on fire|bad|getting worse)",
    "(having|is it|is this|like|be|think|get|getting) ... heart attack",
    "(pain|pains|ache|numbness) ... [my|his|her|the] left arm",
)

BREATHING: Final = (
    "(cannot|can hardly|can barely|could not|not able to|unable to|struggling to|struggle to|hard to|difficult to)"
    " [even|really] (breathe|breath|get air|get enough air|get any air|get my breath|catch my breath"
    "|catch his breath|catch her breath)",
    "(trouble|difficulty|problem|problems|hard time|struggling|struggle) [with|in] [my|his|her] (breathing|breath)",
    "breathing is [so|very|really] (hard|difficult|bad|worse)",
    "(short|shortness|out) of breath",
    "(breathless|breathlessness|gasping|suffocating|choking|smothering|drowning|wheezing badly)",
    "(cannot|hardly|barely) [hardly|even|seem to] (breathe|breath|get a breath|get a full breath|get a deep breath"
    "|take a breath|take a deep breath|catch breath|speak a sentence|finish a sentence)",
    "(breathing|breaths) [is|are|has been|feels|getting|really|very|so] (fast|heavy|heavily|shallow|labored"
    "|laboured|worse)",
    "(lips|face|fingers) [are|is|have|has] [turned|turning|gone|going] blue",
    "(stopped|not) breathing",
)

STROKE: Final = (
    "(face|mouth|smile) [is|has|looks|feels] [been|suddenly|gone] (drooping|drooped|droops|droopy|numb|crooked"
    "|lopsided)",
    "(speech is|words are|talking is|is) [all] (slurred|slurring)",
    "(slurred|slurring) [my|his|her|the] (speech|words)",
    "cannot (speak|talk|get my words out|get the words out)",
    "cannot (move|lift|feel|raise) [my|his|her|the|one] [left|right] (arm|arms|leg|legs|face|side|hand)",
    "(arm|leg|hand|left side|right side|one side|side of my body|side of my face|side of his face|side of her face)"
    " [is|has|have|went|feels] [suddenly|all] [gone|got|become] (numb|weak|paralyzed|paralysed|limp)",
    "(numbness|weakness) (in|on|down) [my|his|her|the] [one|left|right] (side|arm|leg|face)",
    "(having|is it|is this|like|be|think) ... stroke",
    "(lost|losing|loss of) [my|his|her] (vision|sight)",
    "cannot see [anything|out of]",
    "suddenly (blind|confused|cannot see)",
    "(worst headache|thunderclap)",
)

BLEEDING: Final = (
    "(bleeding|blood|bleed) ... [,] [it|and it|that|just] (will not|does not|did not|has not|would not|cannot"
    "|is not|never)"
    " (stop|stopped|stopping|be stopped)",
    "(cannot|could not|unable to|not able to|will not) (stop|control|quit) ... (bleeding|blood)",
    "(bleeding|bled|blood) [is|was] [really|very|so|pretty]"
    " (a lot|heavily|badly|bad|heavy|everywhere|profusely|pouring|gushing|spurting|through)",
    "(lot|lots|loads|pool|cup) of (blood|bleeding)",
    "heavy bleeding",
    "(pouring|gushing|spurting) ... blood",
    "(soaked|soaking|soaks) ... (blood|bandage|bandages|dressing|dressings|pad|pads|towel|gauze)",
    "(vomit|vomited|vomiting|throw|throwing|threw|thrown|throws|cough|coughed|coughing|coughs|spit|spitting|bringing"
    "|brought|puking|puked) ... (blood|bloody|coffee grounds)",
    "blood in [my|the|his|her] (vomit|puke|throw up)",
    "(bloody vomit|coffee grounds|looks like coffee grounds)",
    "(black|tarry) [and|,] [sticky|tarry|black] (stool|stools|poop|bowel movement|bowel movements)",
    "(stool|stools|poop|bowel movement|bowel movements) [is|are|was|were|looks] [all] (black|tarry|bloody)",
    "(pooping|passing|peeing) [out|up] [a lot of] (blood|clots|blood clots)",
    "(blood|bleeding) [it] [is|just] (keeps|kept|keep|still) [just|on] (coming|running|flowing|dripping|leaking|pouring"
    "|pumping|going)",
    "(keeps|kept|will not quit) [on|right on] bleeding",
    # a fall on the head bleeds inside, and more so with a blood thinner
    "(fell|fallen|slipped|tripped) ... [,] [and|and then|i|he|she] [i|he|she|i have] [just] " + _HIT_HEAD,
    _HIT_HEAD + " ... [,] ... ... " + _THINNER,
    _THINNER + " ... [,] ... ... " + _HIT_HEAD,
)

SELF_HARM: Final = (
    "(suicide|suicidal|kill myself|killing myself|killed myself|hurt myself on purpose|hurting myself|harm myself"
    "|harming myself|cut myself on purpose|cutting myself)",
    "(want to|going to|might|thinking of|thinking about|about to) ... hurt myself",
    "(end|ending|take|taking) (my|his|her) [own] life",
    "(end it all|better off dead|rather be dead|better off without me)",
    "(want|wants|wanted|ready|going|wish i could|wish i would) [to] [just] die",
    "wish i (was|were) dead",
    "not want to (live|be here|be alive|wake up|go on)",
    "(no reason to live|not worth living|nothing to live for|tired of living|tired of being alive|done with life"
    "|done living|cannot go on|cannot do this anymore|cannot take it anymore|no way out|give up on life|ending it"
    "|not want to be alive|not want to be around|not want to exist)",
    "(no|what is the|whats the|not see the|not see a|any) (point|point in|point of) [in|of] (living|life|going"
    " on|being here"
    "|anything|it all|anymore)",
    "(sleep|bed) ... (not wake up|never wake up|never waking up|not waking up)",
    "(everyone|everybody|they|family|world|kids|people) ... better off",
    "(disappear|not be here|be gone) (anymore|forever|anyway|for good)",
    "(burden) (to|on) (everyone|everybody|my|them)",
    "(hang|shoot|drown|stab) myself",
    "(jump|jumping) (off|in front|from)",
    "(saved up|saving up|stockpiled|hoarding|counted out) ... (pills|tablets|medicine|medication)",
)

OVERDOSE: Final = (
    "(overdose|overdosed|overdosing|poisoned|poisoning)",
    "(took|taken|swallowed|ate|given|gave) ... too (many|much)",
    "(took|taken|swallowed|ate) ... (whole|entire|full) [pill] (bottle|pack|packet|box)",
    "(took|taken|swallowed) ... (handful|bunch|lots) [of]",
    "(took|taken|swallowed) all [of] (my|the|his|her) ... (pill|pills|tablet|tablets|medicine|medication|medications)",
    "(took|taken|swallowed) ... (double|twice|two times|three times|triple) [of] (the|my|his|her|as)",
    "(took|taken|swallowed) ... (twice|double|wrong) ... (by mistake|by accident|accidentally|today|dose|pill|pills)",
    "(accidentally|mistakenly) (took|taken|swallowed) ... (twice|double|two|three|four|extra|wrong|more)",
    # three or more at once; "I took my three pills" and "three pills a day" are what was ordered
    "(took|taken|swallowed|popped) [like|about|maybe|at least|almost|over|more than|some|another|around|up to|all"
    "|probably] "
    + _MANY
    + " "
    + _WHOSE
    + " "
    + _PILLS
    + " !(a day|a week|per day|daily|every|each|in the morning|with breakfast"
    "|for breakfast|as prescribed|like the|like they|as directed|as ordered|as told)",
    "(took|taken) [my|the|his|her|all my|all the] [blood|pain|heart|water|morning|evening|night]"
    " [pressure|thinner|sugar] (pill|pills|tablet|tablets|medicine|medicines|medication|medications|meds|dose|insulin"
    "|shot) [today|this morning|tonight|just now] (twice|two times|three times|double) !(a|per|daily|every|each|as)",
    _CHILD
    + " [has|have|had|just|may have|might have|accidentally|i think] [just] (drank|drunk|ate|eaten|swallowed|chewed"
    "|got into|gotten into|got hold of|got a hold of|licked) [some|one|a|all|a bunch|a couple|a few|few|half|two|three]"
    " " + _WHOSE + " [cough|heart|pain] " + _MEDICINE,
    _CHILD
    + " [has|have|had|just|may have|might have|accidentally|i think] [just] (drank|drunk|ate|eaten|swallowed|chewed"
    "|got into|gotten into|got hold of|got a hold of|took) [some|one|a|all|a bunch|a couple|a few|few|half|two|three]"
    " [of] (my|his grandmothers|her grandmothers|grandmas|grandpas|somebodys|someones) ... " + _PILLS,
    _CHILD
    + " [has|have|had|just|may have|might have|accidentally|i think] [just] (drank|drunk|ate|eaten|swallowed|chewed"
    "|got into|gotten into) [some|one|a|all|a bunch|a couple|a few|few|half|two|three] " + _WHOSE + " " + _PILLS,
)

UNCONSCIOUS: Final = (
    "(unconscious|unresponsive|passed out|passing out|fainted|fainting|blacked out|blacking out|collapsed)",
    "(going to|about to|nearly|almost|might|feel like i will) (pass out|faint|black out)",
    "(will not|does not|cannot) (wake|wake up|respond)",
    "(not responding|not waking up)",
    "(he|she|mom|mum|dad|husband|wife|mother|father) is [so|very|really|suddenly|acting] confused",
)

SEIZURE: Final = (
    "(having|had|has|have|another) [a|an|another|some|more] (seizure|seizures|convulsion|convulsions|fit)",
    "(convulsing|seizing|shaking all over)",
)

SWELLING: Final = (
    "(throat|tongue|lip|lips|face|mouth|airway) ... (swelling|swollen|swelled|swells|swell|closing|puffy|tightening)",
    "throat [is|feels] [so|very|really] tight",
    "(swelling|swollen|closing) ... (throat|tongue|lip|lips|face|mouth|airway)",
    "(having|have|had|got|be|is it|is this) ... allergic reaction",
    "(anaphylaxis|anaphylactic)",
    "cannot swallow (anything|water|spit|saliva|liquids|at all|my own)",
    # a throat that feels odd is one with a rash beside it
    _ODD_THROAT + " ... [,] ... ... (rash|hives|welts|itching|itchy all over)",
    "(rash|hives|welts|itching|itchy all over) ... [,] ... ... " + _ODD_THROAT,
)

EMERGENCY: Final = (
    "(this is|it is|have|having) an emergency",
    "(call|called|calling|need|send|get) [me|us|for] [an|the] (ambulance|911|9 1 1|nine one one)",
    "(i am|think i am|he is|she is|feel like i am|feels like i am) dying",
    # a wound that has come apart
    _WOUND + " [has|have|is|are|had|just] [just|all] (came|come|coming|burst|bursting|split|splitting|popped|torn|tore"
    "|ripped|ripping|broke|broken|gone) [all|wide|right|back] (open|opened|apart|open again)"
    " !(a little|a bit|slightly|a tiny)",
    "(incision|stitches|staples|scar|surgical site|surgery site) [is|are|has|have] [all|wide|just|gaping|right]"
    " (open|opened|opened up|gaping|apart) !(to air|to the air|to the public)",
    _WOUND + " [is|are] [wide] open ... [,] ... (see|inside|bone|muscle|fat|gut|guts)",
    "(can|could) see [right|all the way|way] (inside|into it|bone|the bone|muscle|the muscle|fat|the fat|my insides"
    "|my guts|my bowel|my intestines|tissue)",
    "i (see|saw) [my|the|some] (bone|muscle|fat|guts|intestines)",
    "(guts|bowel|bowels|intestine|intestines|insides) [is|are] [coming|sticking|hanging|poking|falling] out",
)

# A plain denial: one of these right before the sign, with only `BETWEEN` between.  "no i have chest pain" is none.
DENIALS: Final = (
    "(no|not|without|never|denies|deny|nor)",
    "(do|does|did|have|has|had|am|is|was) not [really] [have|had|having|get|got|getting|feel|felt|been"
    "|experience|notice"
    "|noticed|see|seen]",
)
BETWEEN: Final = (
    "(any|a|an|more|further|been|having|had|have|feeling|experiencing|currently|signs of|sign of|symptoms of|kind of"
    "|sort of|type of|real|new|severe)"
)
# Signs in a list that one denial covers: "no fever or bleeding".
LISTED: Final = (
    "(chest pain|chest pressure|chest tightness|trouble breathing|difficulty breathing|shortness of breath|bleeding"
    "|swelling|fever|chills|dizziness|nausea|vomiting|pain|seizures|fainting|redness|rash) (or|nor|no)"
)
