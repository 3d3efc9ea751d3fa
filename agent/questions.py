# ruff: noqa: E501  a pattern is read whole
"""The question in what was said.  Pure."""

from __future__ import annotations

import re
from typing import Final

from agent.terms import SOFT_SHARE, SOFT_TERMS, lowered, shorten, terms

MOST_CUES: Final = 8  # in one long run, only the last few beginnings of a question are tried
LONG_WORDS: Final = 12  # from this length on, what stands before the last question is set apart

_SENTENCE: Final = re.compile(r"(?<=[.?!;])\s+")
_AUX: Final = (
    "can|could|may|should|shall|am|do|does|did|is|are|was|were|will|would|must|might|has|have|isn't|can't|don't|won't"
)
_SUBJECT: Final = r"(?:i|i'm|we|it|this|that|these|those|the|a|an|my|he|she|they|there|you|anyone|someone|anything)"
_CUE: Final = re.compile(
    # a question's own word order: at the start of a clause, or wherever "can I" stands
    rf"(?:^|[,.?!;:]\s*|\b(?:and|but|so|or|then|um|uh|well|okay|hi|hello|hey|please|anyway|also|wondering|ask|question is)\s+)"
    rf"(?:{_AUX})\s+{_SUBJECT}\b"
    r"|^(?:(?:um|uh|so|well|hi|hello|hey|and|okay)\s+)*(?:can|could|is|are|does|do|did|will|should|would|may|which|what|what's"
    r"|how|how's|why|who|who's)\b"
    r"|\b(?:can|could|may|should|shall|do|must|will|would) (?:i|we|you)\b(?! (?:have )?been\b)"
    r"|\b(?:when|what|how|why|where|which|who) (?:\w+ )?(?:can|could|may|should|shall|do|does|did|am|will|would|must)\b"
    r"|\b(?:when|what|how|why|where|which|who) (?:is|are|was|were)\b|\b(?:what|which|how) \w+ (?:is|are)\b"
    r"|\bhow (?:long|much|many|soon|often|far|high|heavy|to)\b|\b(?:what|where|when) to\b"
    r"|\b(?:when|what|how|why|where|which|who) (?:i|we|my \w+|the \w+|it|they) (?:can|should|could|may|need|have to|am allowed)\b"
    r"|\b(?:if|whether) (?:i|she|he|we|they) (?:can|should|could|may)\b"
)
_REQUEST: Final = re.compile(
    r"\b(?:wonder\w*|(?:wants?|wanted|needs?|needed|like|likes|love) to (?:know|ask|find out|hear|understand)|tell me|explain|show me"
    r"|(?:my|a|one|the) question|ask(?:ing)? (?:you )?about|(?:calling|called) about|help (?:me )?with|curious|\bi(?:'m| am| do|) ?(?:not|don't|can't) (?:sure|know|remember"
    r"|understand|figure out) (?:if|how|when|what|whether|where|which|who)|any (?:advice|tips|ideas?))\b"
)
_TELLS: Final = re.compile(r"\b(?:i|i'm|i've|my|it|it's|he|she|we|they|yes|yeah|no|not|there's|was|had|got)\b")
_REFERS: Final = re.compile(
    # a question whose "that" or "it" stands for what was said before
    r"\W*(?:(?:and|but|so|or)\s+)?(?:(?:is|are|was|does|do|would|will|should|can|could) (?:that|this|these|those|they)\b"
    r"|is it (?:okay|ok|safe|bad|fine|normal|alright|all right)\W*$|(?:should|can|could|may) i (?:do|use|take|try|eat) (?:it|that|this|them)\b)"
)


def focus(text: str) -> tuple[str, str]:
    """The question in what was said, and the rest: of several questions the last one counts.

    What is only told is taken whole; with a topicless question ("is that all right?")
    the sentence before it is taken too.
    """
    text = shorten(text)
    if not asks_something(text):
        return text, ""
    parts = [part for part in _SENTENCE.split(lowered(text.strip())) if part.strip()]
    parts = [piece for part in parts for piece in _cut_long(part)]
    asking = [at for at, part in enumerate(parts) if _CUE.search(part) or part.rstrip().endswith("?")]
    topical = [at for at, part in enumerate(parts) if _solid(part) > 0]
    chosen = [at for at in asking if at in topical] or topical
    if not chosen:
        return text, ""
    at = chosen[-1]
    if asking and asking[-1] > at and not _solid(parts[asking[-1]]):
        at = max((place for place in topical if place <= asking[-1]), default=at)
    first = at
    while first > 0 and (_solid(" ".join(parts[first : at + 1])) < 1 or _REFERS.match(parts[first].strip())):
        first -= 1
    rest = parts[:first] + parts[at + 1 :]
    return " ".join(parts[first : at + 1]), " ".join(rest)


def asks_something(text: str) -> bool:
    """The words ask, or name a topic in a few words; the rest is told."""
    plain = lowered(text.strip())
    if "?" in plain or _CUE.search(plain) or _REQUEST.search(plain):
        return True
    return len(plain.split()) <= 4 and not _TELLS.search(plain)


def is_told(ask: str) -> bool:
    """A known way of asking that is a statement, such as "my wound itches", or a bare topic."""
    return not _CUE.search(ask.lower())


def _cut_long(part: str) -> list[str]:
    """A long run without stops is cut before its last question that has a topic."""
    if len(part.split()) < LONG_WORDS:
        return [part]
    cues = [*_CUE.finditer(part), *_REQUEST.finditer(part)]
    for cue in sorted(cues, key=lambda found: -found.start())[:MOST_CUES]:
        if cue.start() > 0 and not _REFERS.match(part, cue.start()) and _solid(part[cue.start() :]) >= 1:
            return [part[: cue.start()].strip(), part[cue.start() :]]
    return [part]


def _solid(part: str) -> float:
    """How much topic a piece holds: words that make one count 1, words that hint at one a third."""
    return sum(SOFT_SHARE if term in SOFT_TERMS else 1.0 for term in set(terms(part)))
