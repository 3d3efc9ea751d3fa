"""Does a caller speak, or ask for, another language than English?  Pure, the same every time.

The recogniser writes what it hears as English, so most of what is said in another language comes as odd English that
it is unsure of: `agent.understanding` counts that.  Here is what can be told from the words alone: that somebody asks
for a language or an interpreter, and Spanish that came through as Spanish.  Names of medicines, places and dishes, and
a language that is only talked about, are none of it.
"""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import re
import unicodedata
from typing import Final

_LANGUAGE: Final = (
    "(?:spanish|espanol|mandarin|cantonese|chinese|vietnamese|tagalog|arabic|korean|russian|haitian|creole|portuguese|"
    "french|hindi|urdu|farsi|persian|armenian|punjabi|bengali|somali|hmong|polish|ukrainian|japanese|italian|german|"
    "amharic|nepali|khmer|cambodian|another language|my language|other languages?)"
)
_ASKS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:do|does|can|could|is there|are there|have|got) (?:you|we|i|they|anyone|anybody|someone|somebody|any|a|the)"
        rf"(?: [a-z]+){{0,4}} (?:speaks?|talks?|in|to|know) {_LANGUAGE}\b",
        rf"^(?:(?:please|hello|hi|sorry|um|uh|yes|no) )*{_LANGUAGE}(?: (?:please|speaker|only|language|interpreter|nurse))*$",
        rf"\b(?:i|we|she|he|they|my [a-z]+) (?:only|just) speaks? (?:[a-z]+ )?{_LANGUAGE}\b",
        rf"\bin {_LANGUAGE},? please\b|\bpress (?:[a-z0-9]+ )?for {_LANGUAGE}\b",
        r"\b(?:i|we|she|he|they|my [a-z]+) (?:do not|don't|does not|doesn't|can't|cannot|no) (?:really )?(?:speak|talk|understand|know) "
        r"(?:any |much |good |very much )?english\b|^(?:sorry )?no (?:speak |good )?english$|\bmy english is (?:not|very bad|bad|no)\b",
        r"\b(?:need|want|have|get|like|is there|are there)(?: me)? (?:an? |any )?(?:[a-z]+ )?(?:interpreter|translator)s?\b",
        r"\b(?:se )?habla[ns]? (?:usted )?espanol\b|\bno hablo\b|\bno entiendo\b|\bnecesito un interprete\b|\ben espanol\b",
    )
)  # fmt: skip
_SPANISH: Final = frozenset(
    "hola buenos buenas dias tardes noches gracias senor senora senorita necesito quiero quisiera ayuda ayudeme duele "
    "dolor tengo tiene estoy esta esto eso usted ustedes mucho mucha muy donde cuando cuanto como porque pero para "
    "hablar hablo habla hable espanol ingles medicina pastilla pastillas enfermera pecho cabeza estomago fiebre herida "
    "mi mis su que una unos con por favor puedo puede hoy ayer manana entiendo sangre respirar mama hija hijo ahora "
    "tomar llamar cirugia operacion".split()
)
"""Frequent in Spanish and no English words; short ones that are both ("no", "me", "a") are left out."""
LEAST_WORDS: Final = 2
LEAST_SHARE: Final = 0.5  # of the words: "can I eat arroz con pollo" and "doctor Buenos" stay English


_OF_LANGUAGE: Final = re.compile(rf"\b(?:english|{_LANGUAGE}|languages?|interpreters?|translators?)\b", re.IGNORECASE)


def of_language(words: str) -> bool:
    """A language or an interpreter is spoken of; where the sound is another language's, that is what is asked for."""
    return _OF_LANGUAGE.search(words) is not None


def another_language(words: str) -> bool:
    """words: what was recognised in one turn."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", words.lower()) if not unicodedata.combining(c))
    heard = re.findall(r"[a-z]+(?:'[a-z]+)?", plain.replace("\u2019", "'"))
    if any(pattern.search(" ".join(heard)) for pattern in _ASKS):
        return True
    spanish = [word for word in heard if word in _SPANISH]
    return len(set(spanish)) >= LEAST_WORDS and len(spanish) >= LEAST_SHARE * len(heard)
