"""Is a word that is also a name used as one?  Its place in the sentence tells: "chase is picking me up", "is hope in".

A name stands without an article, begins a clause before a verb of the third person, is asked for, told, called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.lexis import JOBS, RELATIVES
from policies.redacting.words import at, phrases

# After a name that is the subject: none of these follows the imperative or the noun that the word may be.
_VERBS: Final = frozenset(
    """said says told tells called calls came comes went goes took takes gave gives wants wanted needs needed doesn't
    didn't won't isn't wasn't hasn't can't couldn't wouldn't does did has had thinks thought knows knew sent left
    asked asks helped helps drove drives picked brought fell lives lived works worked promised checked changed
    answered hung put let never always usually hurt stopped started died passed cried ate slept visited wrote signed
    handles picks takes keeps kept likes loves hates feels felt looks looked sounds sounded got gets made makes
    tried tries used stays stayed moved turned cooks""".split()
)
_BE: Final = frozenset("is was 's".split())
# After "X is": of a person.
_OF_A_PERSON: Final = frozenset(
    """my his her our their not here home there out sick coming going getting picking driving eating asleep sleeping
    awake working waiting calling with on at in supposed allergic upset worried the still also already gone away who
    able available fine okay asking helping taking watching staying having being doing talking telling trying from
    married dead only been got""".split()
)
_PLACES: Final = frozenset(
    """there here in working on available around today tonight coming back off able still okay home with""".split()
)
# Before a name that is the object: nothing else stands there without an article.
_CALLING: Final = frozenset(
    """want need tell told ask asked call called have had let make made get see saw meet met thank named help remind
    text""".split()
)
_TO: Final = phrases(
    """it 's for | is for | speaking to | hold on | says | talk to | talked to | talking to | speak to | speak
    with | spoke to | spoke with | ask for | asked for | asking for | looking for | belongs to | listen to |
    married to | talk with | live with | stay with | staying with | i 'm with | message for | message from |
    call from | named | met with | up with | note from | me and | paging | along with"""
)
_AFTER_AN_OBJECT: Final = frozenset(
    """earlier before last yesterday already she'll he'll than then or and nobody everybody , . ? ! i i'm he she they
    we you it that to know about if when at in from on the my is was call come bring please and or but because so
    who said says for with tomorrow today again later there here back how what 's thanks thank do help give""".split()
)
# What a bare word is rather than a name where it is no subject of a person's verb: seasons, food, virtues.
_MASS: Final = frozenset(
    """rice pepper ginger honey olive basil sage herb rosemary faith hope joy grace love patience mercy peace art
    summer spring autumn winter dawn comfort song will may chance spice sugar bread light gay happy young long brown
    white green black gray grey""".split()
)
_NOT_BEFORE: Final = frozenset(
    """the a an my your his her our their this that these those some any no more much little very too so how to can
    could will would should may might must don't didn't not of such what which every each one two bad good best same
    other""".split()
)
_ANYWAY: Final = frozenset("hope will may grant bless so".split())
_UNNAMED: Final = frozenset("somebody someone guy girl lady man woman fella gentleman nurse boy kid person".split())
_CLAUSE: Final = frozenset(
    """, . ? ! ; and but so because cause then that when if um uh well yeah yes no okay oh hi hello hey or
    while since""".split()
)


def used_as_name(low: Sequence[str], place: int) -> bool:
    """Where the word at `place` stands a name would stand, and hardly the word."""
    before, after, later = at(low, place - 1), at(low, place + 1), at(low, place + 2)
    if _answers(low, place):
        return True
    asked = asked_for(low, place)
    if before == "called" and at(low, place - 2) in _UNNAMED:
        return True
    if asked or before in ("ask", "asked", "tell", "told"):
        return (
            after == ""
            or after in _AFTER_AN_OBJECT
            or (after not in _BE and before in ("tell", "told", "ask", "asked") and low[place] not in _MASS)
        )
    if before in _NOT_BEFORE:
        return False
    mass = low[place] in _MASS
    begins = place == 0 or before in _CLAUSE
    if (
        begins
        and after in _VERBS
        and not (mass and after in ("made", "makes", "got", "helps", "helped", "hurt", "works", "put", "let", "never"))
    ):
        return low[place] not in ("will", "may") or after in (
            "said",
            "says",
            "told",
            "called",
            "came",
            "doesn't",
            "didn't",
            "took",
            "gave",
        )
    if (
        begins
        and after in _BE
        and later in _OF_A_PERSON
        and low[place] not in ("spring", "summer", "autumn", "winter", "dawn", "easter")
        and not (mass and later in ("the", "on", "in", "not", "out", "here", "there", "fine", "okay", "at", "with"))
    ):
        return True
    if after in _BE and later in ("my", "his", "her", "the", "our") and _somebody(low, place + 3):
        return True
    if before in ("is", "was", "are") and (place == 1 or at(low, place - 2) in _CLAUSE) and after in _PLACES:
        return True
    if place == 0 and low[place] not in _ANYWAY and after == "i" and later == "'m":
        return True  # "joy i'm the hospice nurse"
    if place == 0 and after == "and" and later in ("his", "her", "my", "our") and at(low, place + 3) in RELATIVES:
        return True
    if after == "comma" or (before in ("", ".", "?", "!") and after in (".", "!") and not mass):
        return True
    met = before in ("saw", "met", "seeing", "called") and after in (
        "on",
        "at",
        "in",
        "yesterday",
        "today",
        "last",
        "and",
        "she",
        "he",
    )
    if met or (before in _CALLING and not mass):
        return met or after == "" or after in _AFTER_AN_OBJECT
    return False


def asked_for(low: Sequence[str], place: int) -> bool:
    """Right after "ask for", "speaking to", "message for"."""
    return any(place >= len(said) and tuple(low[place - len(said) : place]) == said for said in _TO)


def _answers(low: Sequence[str], place: int) -> bool:
    """ "X is my last name", "last name's X" the other way round."""
    return (
        at(low, place + 1) in _BE
        and at(low, place + 2) in ("my", "his", "her", "the", "our")
        and "name" in low[place + 3 : place + 5]
    )


def _somebody(low: Sequence[str], place: int) -> bool:
    return any(word in RELATIVES or word in JOBS for word in low[place : place + 2])
