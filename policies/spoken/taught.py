"""The reader that weighs a model's sentences, made of the larger sentence model's files and what was taught."""

from __future__ import annotations

from policies.sentence_model import strong, taught, vocabulary
from policies.weighing import TAUGHT, SpokenReader
from policies.wordpiece import WordPiece


def load_weigher() -> SpokenReader:
    """Some seconds; reads installed files.  Raises OSError where one is absent or not the one that was checked."""
    return SpokenReader(WordPiece(vocabulary()), strong(), taught("policies.spoken", TAUGHT))
