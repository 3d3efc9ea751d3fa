"""The tagger, made of the sentence model's files and what was taught."""

from __future__ import annotations

from typing import Final

from policies.redacting.tagger import Tagger
from policies.sentence_model import base, taught, vocabulary

TAUGHT: Final = "taught.npz"


def load_tagger() -> Tagger:
    """About 0.5 s; reads installed files.  Raises OSError where one is absent or not the one that was checked."""
    return Tagger(base(), vocabulary(), taught("policies.redacting", TAUGHT))
