"""What kind of word it is: plain English, a given or a family name, of medicine, of the grammar.

The English words are given (spaCy's model holds WordNet's); the names lie in files beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from importlib import resources
from typing import Final, final

from policies.redacting.medical import DRUG_ENDING, MEDICAL

# Words of the grammar and the commonest verbs and adverbs: never part of a name in lower case.
GRAMMAR: Final = frozenset(
    """a about above across after again against ago all almost alone along already also although always am an and any
    anybody anymore anyone anything anyway are aren't around as ask asked asking at away back be because been before
    behind being below besides best better between both bring bringing brought but by bye call called calling calls
    came can can't cannot cause come comes coming could couldn't cuz d did didn't do does doesn't doing don't done
    down during each either else em enough even ever every everybody everyone everything feel feeling feels felt few
    find first for from full gave get gets getting give gives go goes going gone gonna good goodbye got gotta had
    hadn't hang has hasn't have haven't having he hello her here hers herself hey hi him himself his hold how
    however i if in instead into is isn't it its itself just keep keeps kept kind kinda know knows last lately later
    least leave left less let let's like little live lives living ll long look looking lot m ma'am made make makes
    making many maybe me mean means might mine more most much must my myself near need needed needs neither never
    next no nobody none nor not nothing now of off oh ok okay old on once one only onto or other our ours out over
    own past people please put puts quite rather re really reach right s said same saw say saying says see seem
    seems seen send sent set she should shouldn't show since sir so some somebody someone something sometimes
    somewhere soon sorry speak speaking spell spelled spelling stay staying still stuff such sure t take takes
    taking talk talking tell telling tells than thank thanks that the their them then there these they thing things
    think this those though thought through till to today told tomorrow tonight too took tried try trying turn
    turned two uh um under until up upon us use used using ve very wait wanna want wanted wants was wasn't way we
    well went were weren't what whatever when where whether which while who whoever whole whom whose why will with
    within without won't would wouldn't write writes yeah yep yes yesterday yet you your yours yourself yup ain't
    unless ought oughta toward towards themselves ourselves yourselves itself oneself whereas albeit amongst amid
    theirs hence thus else's beside besides thereafter whichever whomever hadn't mustn't needn't shan't mayn't upto
    y'all gimme lemme dunno alright hmm mm huh er erm uhm ah aw hiya morning afternoon evening night returning
    checking hoping wondering moved married gotten discharged released scheduled supposed sick worried having born
    aged age is'nt im ive hes shes thats theres whats dont 's 'm 're 've 'll 'd""".split()
)
# Hesitation: heard anywhere, also inside a number or a name.
HESITATION: Final = frozenset("um uh uhm er erm hmm mm ah eh well like so".split())
RELATIVES: Final = frozenset(
    """husband wife son daughter mother father mom mum dad mama papa ma pa mommy daddy brother sister aunt auntie uncle
    cousin niece nephew grandmother grandfather grandma grandpa granny gramps granddad grandad nana grandson
    granddaughter grandchild kid baby boy girl child partner spouse fiance fiancee boyfriend girlfriend friend
    neighbor neighbour roommate caregiver stepson stepdaughter stepmother stepfather stepmom stepdad twin in-law law
    hubby godson godmother godfather goddaughter""".split()
)
TITLES: Final = frozenset(
    """doctor dr doc mr mister mrs missus misses ms miss nurse professor prof pastor reverend rev father sister
    brother aunt auntie uncle surgeon therapist aide cardiologist oncologist anesthesiologist urologist
    neurologist hospitalist resident midwife pharmacist chaplain deacon rabbi imam captain sergeant officer
    madam dame lady sir""".split()
)
FIRM_TITLES: Final = frozenset(
    """doctors drs nurses doc doctor dr mr mister mrs missus ms miss nurse professor prof pastor reverend""".split()
)
# Who works at a hospital or comes to a home; a name may follow, or stand before "the".
JOBS: Final = frozenset(
    """nurse aide therapist physician assistant surgeon cardiologist oncologist urologist neurologist hospitalist
    resident midwife pharmacist chaplain receptionist coordinator manager worker technician tech specialist
    dietitian nutritionist anesthesiologist dermatologist pulmonologist nephrologist gastroenterologist orthopedist
    pediatrician psychiatrist psychologist podiatrist dentist radiologist practitioner caregiver sitter doctor
    intern phlebotomist paramedic driver secretary scheduler interpreter counselor hygienist obstetrician
    gynecologist endocrinologist rheumatologist hematologist ophthalmologist clerk supervisor landlord lawyer
    attorney barber hairdresser boss teacher""".split()
)
WEEKDAYS: Final = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
STATES: Final = frozenset(
    """alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois
    indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri
    montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington
    wisconsin wyoming""".split()
)
PREFIXED: Final = 5  # letters of a word with a syllable before it: "recheck", "grandbaby" isn't one of four
_BEGINNINGS: Final = ("re", "un", "pre", "non", "over", "under", "grand", "mis", "post", "anti", "micro")
SLIP: Final = 5  # letters from which a word is compared with others: shorter ones are near to too many
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_IRISH: Final = re.compile(r"[od]'\w{3,}")
_ENDINGS: Final = (
    ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("er", ""), ("er", "e"),
    ("est", ""), ("est", "e"), ("ier", "y"), ("iest", "y"), ("ly", ""), ("ness", ""), ("less", ""), ("y", ""),
    ("in", "ing"),
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True, repr=False)
class Lexis:
    """Read by all texts, changed by none."""

    english: Set[str]
    """Base forms of English words, in lower case; proper nouns among them do no harm."""
    things: Set[str]
    """Those that are nouns and nothing else."""
    given: Set[str]
    """Given names that are no ordinary words."""
    either: Set[str]
    """Given names that are ordinary words as well."""
    family: Set[str]

    @classmethod
    def of(cls, english: Set[str], things: Set[str]) -> Lexis:
        """With the names beside this module.  Raises OSError where they cannot be read."""
        return cls(english, things, _listed("given_names.txt"), _listed("word_names.txt"), _listed("family_names.txt"))

    def plain(self, word: str) -> bool:
        """An English word, as it stands or inflected, that is no given name first of all."""
        if word in GRAMMAR or word in MEDICAL:
            return True
        return word not in self.given and self.known(word)

    def known(self, word: str) -> bool:
        """An English word, as it stands or inflected."""
        if word in self.english:
            return True
        for ending, base in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) > 2:
                stem = word[: len(word) - len(ending)]
                if stem + base in self.english or (stem[-1] == stem[-2] and stem[:-1] in self.english):
                    return True
        if word.endswith(("ied", "ies")) and (word[:-1] in self.english or f"{word[:-3]}y" in self.english):
            return True  # "died", "cries": their stems are short
        return any(
            word.startswith(first) and len(word) - len(first) >= PREFIXED and self.known(word[len(first) :])
            for first in _BEGINNINGS
        )

    def medical(self, word: str) -> bool:
        """A medicine, a device, an eponym, an abbreviation."""
        if word in MEDICAL:
            return True
        return (
            len(word) > 5
            and word not in self.family
            and word not in self.given
            and DRUG_ENDING.search(word) is not None
        )

    def name(self, word: str) -> bool:
        """A name, and not an ordinary word: it needs no announcement."""
        return word in self.given and word not in GRAMMAR and not self.medical(word)

    def namelike(self, word: str) -> bool:
        """Can be a name where one is expected without being announced as such: a name, or no English word."""
        if word in GRAMMAR or self.medical(word) or len(word) < 2:
            return False
        return word in self.given or word in self.either or _IRISH.fullmatch(word) is not None or not self.known(word)

    def slip(self, word: str) -> bool:
        """One letter away from an English word: a slip of the pen rather than a name."""
        if len(word) < SLIP:
            return False
        cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
        near = {left + right[1:] for left, right in cuts if right}
        near |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
        near |= {left + letter + right for left, right in cuts for letter in _LETTERS}
        near |= {left + letter + right[1:] for left, right in cuts if right for letter in _LETTERS}
        return not near.isdisjoint(self.english) or not near.isdisjoint(GRAMMAR)

    def continues(self, word: str) -> bool:
        """Can follow a name as part of it."""
        return self.namelike(word) or (word in self.family and word not in GRAMMAR and not self.medical(word))


def _listed(name: str) -> frozenset[str]:
    text = resources.files("policies.redacting").joinpath(name).read_text(encoding="utf-8")
    return frozenset(re.sub(r"^#.*$", "", text, flags=re.MULTILINE).split())
