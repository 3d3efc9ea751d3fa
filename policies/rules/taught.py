"""The reader of urgency, made of the sentence model's files and what was taught."""

from __future__ import annotations

from policies.meaning import Meaning
from policies.sentence_model import base, taught, vocabulary
from policies.urgency import TAUGHT, UrgencyReader


def load_reader() -> UrgencyReader:
    """About a second; reads installed files.  Raises OSError where one is absent or not the one that was checked."""
    weights = base()
    return UrgencyReader(Meaning(weights, vocabulary()), weights, taught("policies.rules", TAUGHT))
