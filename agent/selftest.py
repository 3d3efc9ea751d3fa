"""The redaction self-test: does what is installed here take out what it must, and leave what it must?

Not how well redaction does (docs/decisions/0011-redaction.md says that): that it works at all on this machine, with
these packages and models.  An agent leaves draft only when it has passed for its very build.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from policies.phi import PHI
from policies.redacting.found import Kind


class Sample(NamedTuple):
    """One text; nobody's, made up for this."""

    text: str
    kind: Kind
    goes: str
    stays: str


SAMPLES: Final = (
    Sample("my name is helen marsh and i have a question about metoprolol", Kind.PERSON, "helen marsh", "metoprolol"),
    Sample("you can reach me at two oh two five five five oh one four two", Kind.PHONE, "oh one four two", "reach me"),
    Sample("my social is 000-12-3456 if that helps", Kind.SSN, "000-12-3456", "if that helps"),
    Sample("the medical record number is 00482913", Kind.MRN, "00482913", "medical record"),
    Sample("i was born on march third nineteen fifty eight", Kind.DOB, "fifty eight", "i was born"),
    Sample("write to helen dot marsh at example dot com please", Kind.EMAIL, "example dot com", "please"),
    Sample("i live at 14 cedar lane and i take 20 milligrams", Kind.ADDRESS, "cedar lane", "20 milligrams"),
    Sample("the card is 4111 1111 1111 1111", Kind.CARD, "4111 1111", "the card"),
    Sample("my mother is ninety four and her pressure is 130 over 80", Kind.AGE_90_PLUS, "ninety four", "130 over 80"),
)


def failed() -> tuple[Kind, ...]:
    """The kinds of which something stayed, or that took too much.  Raises OSError where the model is not installed."""
    from policies.redaction import RedactionFailed, Redactor

    redactor = Redactor.load()
    wrong = []
    for sample in SAMPLES:
        try:
            left = redactor.redact(PHI(sample.text)).text.reveal()
        except RedactionFailed:
            left = sample.text
        if sample.goes in left or sample.stays not in left:
            wrong.append(sample.kind)
    return tuple(wrong)
