"""The reader of urgency, made of the larger sentence model's files and what was taught."""

from __future__ import annotations

from policies.sentence_model import strong, taught, vocabulary
from policies.urgency import TAUGHT, UrgencyReader
from policies.wordpiece import WordPiece


def load_reader() -> UrgencyReader:
    """Some seconds; reads installed files.  Raises OSError where one is absent or not the one that was checked."""
    return UrgencyReader(WordPiece(vocabulary()), strong(), taught("policies.rules", TAUGHT))
