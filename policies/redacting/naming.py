"""What in a sentence says that a name comes next, or that none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.redacting.lexis import FIRM_TITLES, HESITATION, JOBS, RELATIVES
from policies.redacting.medical import EPONYM_NOUNS, EPONYMS
from policies.redacting.words import at, phrases

# A name comes, whatever word it is.
_FIRM: Final = phrases(
    """last name | first name | middle name | maiden name | full name | surname | my name | his name | her name |
    their name | 's name | the name | name is | name 's | name was | name of | name on it is | name on it 's |
    name on the card is | name on the account is | names | named | nickname | name : | call me | calls me | call
    him | call her | goes by | go by | going by | known as | patient is | patient : | attention | attn | under
    the name | name would be | name it 's | name its | name should be | name not | name as | name on that is |
    name there is"""
)
# The speaker, or who is spoken of, gives a name, if what follows can be one.
_OWN: Final = phrases(
    """this is | it 's | its | i 'm | i am | im | here 's | hi | hello | hey | it 's me | me again | we 're | you
    're speaking with | speaking with"""
)
# A person is spoken of or to.
_LIKELY: Final = phrases(
    """looking for | need | hold on | speaking to | named | ask for | asked for | asking for | tell | told |
    speak with | speak to | talk to | talk with | talked to | talked with | spoke to | spoke with | calling
    for | calling about | behalf of | want | see | saw | seeing | met | by | with | from | for | and | call
    | called | says | thanks | to | patient | dear | yes | yeah | no | not | or | that 's | he 's | she 's |
    signed | under | let | is it | thank you | asked | ask | gave | helped | about | is | was | text |
    message"""
)
_OVER: Final = HESITATION | frozenset(
    """- mr mrs ms miss mister missus actually oh yes comma , just : good morning afternoon evening there it's again
    ma'am sir okay ok what was it it's uh-huh hold on sorry no wait i think dr""".split()
)
# What follows a name that somebody gives, so that a word before it is one.
_GIVING: Final = frozenset(
    """like earlier over doctor after before today calling here speaking and i i'm from . , again with the we my his
    her returning can could born date we're hi hello d dob um uh just a patient that's spelled daughter phone chart
    social so there first last i've he she yes ? ! it's but comma name who is was at on of in 's to""".split()
)
_NAMED_THINGS: Final = frozenset(
    "the a brand generic trade drug medicine what by this that same user file street".split()
)
# After these stands a thing: "my x", "taking x", "ten milligrams of x".
_DETERMINERS: Final = frozenset(
    """my the a an this that these those some any your our more of taking take takes took mg milligrams prescribed dose
    refill started stopped on off his her their its another no extra too much every each using use used daily
    generic brand stop start restart skip missed increase mcg units lower higher new same other than or like via
    into inside""".split()
) - frozenset({"his", "her", "no"})
_MEASURES: Final = frozenset(
    """milligrams mg mcg milligram tablet tablets pill pills dose doses refill refills refilled inhaler cream ointment
    shot shots injection injections patch patches drops capsule capsules spray units twice daily prescription script
    medication medicine infusion infusions needles pen drip solution gel syrup powder mask machine disease syndrome
    diet""".split()
)
# Where at a hospital somebody works, and what somebody does who is named.
_DEPARTMENTS: Final = frozenset(
    """scheduling billing radiology cardiology pharmacy oncology records admissions reception lab surgery therapy
    dialysis neurology urology orthopedics pediatrics medical financial registration intake discharge hospice home
    triage""".split()
)
_REPORTING: Final = frozenset(
    "told said says called asked hung promised answered brought gave helped drove drives wants".split()
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the words before a place say of it."""

    firm: bool
    own: bool
    likely: bool
    title: bool
    """ "doctor", "mrs"."""
    job: bool
    """ "the nurse, ...", "home health aide ..."."""
    relative: bool
    thing: bool
    """ "my", "taking": no name, but one that is nothing else."""


def expected(low: Sequence[str], place: int) -> Expected:
    """Reads the words before `place`."""
    back = place
    while back > 0 and place - back < 5 and low[back - 1] in _OVER:
        back -= 1
    firm = _ends(low, place, _FIRM) or any(_ends(low, here, _FIRM) for here in range(back, place))
    firm = firm or (at(low, place - 1) == "name" and at(low, place - 2) not in _NAMED_THINGS)
    own = _ends(low, place, _OWN) or any(_ends(low, here, _OWN) for here in range(back, place))
    likely = own or firm or back == 0 or _ends(low, place, _LIKELY) or _ends(low, back, _LIKELY)
    near = place - 1
    while near >= 0 and place - near < 3 and low[near] in (".", "um", "uh", ","):
        near -= 1
    title = at(low, near) in FIRM_TITLES and not (
        at(low, near + 1) == "," or (at(low, near) == "nurse" and at(low, near - 1) in ("a", "another"))
    )
    job = at(low, near) in JOBS or (at(low, near) in ("was", "is", "'s", "named") and at(low, near - 1) in JOBS)
    kin = place - 1
    while (
        kin >= 0
        and place - kin < 5
        and low[kin]
        in (
            ",",
            "'s",
            "name",
            "named",
            "called",
            "um",
            "uh",
            "law",
            "in",
            "miss",
            "-",
            "old",
            "elderly",
            "over",
            "here",
            "is",
            "was",
        )
    ):
        kin -= 1
    relative = at(low, kin) in RELATIVES and place - kin < 5
    thing = at(low, place - 1) in _DETERMINERS or at(low, place + 1) in _MEASURES or at(low, place - 1).isdecimal()
    return Expected(firm, own, likely, title, job, relative, thing)


def gives(low: Sequence[str], place: int) -> bool:
    """What stands here may follow a name that somebody has just given; the end may."""
    return place >= len(low) or low[place] in _GIVING or (len(low[place]) == 1 and low[place].isalpha())


def calls(low: Sequence[str], place: int) -> bool:
    """ "X here", "X the physician assistant", "X in cardiology said": who X is follows."""
    if at(low, place) == "here" or (at(low, place) == "speaking" or at(low, place) == "calling"):
        return True
    if at(low, place) in ("in", "from", "at", "over") and {at(low, place + 1), at(low, place + 2)} & _DEPARTMENTS:
        return True
    if at(low, place) in _REPORTING:
        return True
    after = place + (at(low, place) == ",")
    if at(low, after) in ("the", "my", "a", "her", "his", "our"):
        return any(word in JOBS or word in RELATIVES for word in low[after + 1 : after + 4])
    return False


_HERBS: Final = frozenset("wort wart".split())
# Words that are names elsewhere and part of a thing here.
_SET: Final = frozenset(
    phrases(
        """billy goat | teddy bear | charley horse | charlie horse | jack knife | jack hammer | cotton candy | cotton
        swab | cotton ball | cotton balls | say grace | saying grace | said grace | tank top | pound cake |
        brain fog | brain tumor | brain tumour | brain surgery | brain scan | brain bleed | sun block |
        ivory soap | epsom salts | jack rabbit | bloody mary | shirley temple | the john | of joe | merry christmas |
        lazy susan | peeping tom | kitty litter | kitty cat | guinea pig | beta blocker |
        nick of | old glory | mother nature | father time | rose water | ginger ale |
        ginger tea | rice cake | rosemary oil | olive oil | chuck it | sue the | sue you | sue them"""
    )
)


def eponym(low: Sequence[str], place: int) -> bool:
    """The name of a thing: "bell's palsy", "the foley", "a jackson-pratt", "saint john's wort", "billy goat"."""
    if (at(low, place + 1) in ("'s", "s") and at(low, place + 2) in _HERBS) or at(low, place + 1) in _HERBS:
        return True
    if low[place] in ("saint", "st") and at(low, place + 2) in ("'s", "s") and at(low, place + 3) in _HERBS:
        return True
    if (low[place], at(low, place + 1)) in _SET or (at(low, place - 1), low[place]) in _SET:
        return True
    if low[place] not in EPONYMS or set(low[max(0, place - 2) : place]) & FIRM_TITLES:
        return False
    before, following = at(low, place - 1), at(low, place + 1)
    owned = before in (
        "the",
        "a",
        "an",
        "my",
        "this",
        "your",
        "have",
        "has",
        "got",
        "with",
        "and",
        "his",
        "her",
        "had",
        "of",
    )
    if following == "'s":
        return at(low, place + 2) in EPONYM_NOUNS or owned
    if following == "-":
        following = at(low, place + 2)
    if before == "-" and at(low, place - 2) in EPONYMS:
        return True
    if before in EPONYMS and eponym(low, place - 1):
        return True  # the second of two
    return (
        following in EPONYM_NOUNS
        or before in ("the", "a", "an", "this", "your")
        or (before == "my" and following not in ("and",) and following in EPONYMS)
    )


def _ends(low: Sequence[str], end: int, phrases: Sequence[tuple[str, ...]]) -> bool:
    return any(end >= len(phrase) and tuple(low[end - len(phrase) : end]) == phrase for phrase in phrases)
