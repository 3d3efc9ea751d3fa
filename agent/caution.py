"""Is half of a sentence worse than none?  Pure.

A sentence about a medicine, an amount or a prohibition that was cut off may have been understood the wrong way round
("... take two"), so it is said again whole.  Of others, a caller who cut in has heard enough.
"""

from __future__ import annotations

import re
from typing import Final

from agent.deferrals import names_medicine
from agent.terms import lowered

_TURNS_ROUND: Final = re.compile(
    r"\b(?:not|no|never|none|nothing|without|cannot|unless|until|only|if|except|instead|stop|skip|hold|wait|at once"
    r"|right away|now|worse|loss|avoid|off|less|more|at most|at least|before you|ask (?:a|the|your|for)"
    r"|call (?:a|the|your)|tell (?:us|the|your))\b|n't\b"
)
_GIVEN_BY: Final = re.compile(r"\b(?:pens?|vials?|syringes?|needles?|lancets?|leaflets?|labels?|bottles?|injects?)\b")
_AMOUNT: Final = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy"
    r"|eighty|ninety|hundred|thousand|half|twice|double|degrees|milligrams?|units?|ounces?|pounds?)\b"
)


def unsafe_in_part(text: str) -> bool:
    """It names a medicine, what one comes in, or an amount; or a word turns the rest round or sends to a person."""
    plain = lowered(text)
    return names_medicine(plain) or any(words.search(plain) for words in (_GIVEN_BY, _TURNS_ROUND, _AMOUNT))
