"""The sentence model's files, as `policies.meaning` takes them.

Its package names torch as a dependency; only two of its files are read here, and nothing of it is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.engines.models import ModelFileWrong, ModelReason, meaning_files
from policies.meaning import VOCABULARY, Meaning, shapes
from policies.safetensors import arrays

BESIDE: Final = frozenset({"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"})  # of no use here


def load_meaning() -> Meaning:
    """About 0.6 s.  Raises `ModelFileWrong`."""
    files = meaning_files().files
    return Meaning(weights(files["model.safetensors"], shapes()), vocabulary(files["vocab.txt"], VOCABULARY))


def weights(raw: bytes, wanted: Mapping[str, tuple[int, ...]]) -> Mapping[str, NDArray[np.float32]]:
    """The arrays of a safetensors file, as views of its bytes.  Raises `ModelFileWrong`.

    wanted: the shape of each array by its name.  Anything else is refused: another name (but for `BESIDE`), type or
    shape, a gap, a byte too many.
    """
    found = arrays(raw, wanted, BESIDE)
    if found is None:
        raise _unfit()
    return found


def vocabulary(raw: bytes, size: int) -> Mapping[str, int]:
    """One piece a line, `size` different ones; its row is the line's number from 0.  Raises `ModelFileWrong`."""
    try:
        pieces = raw.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        pieces = []
    found = {piece: row for row, piece in enumerate(pieces)}
    if len(found) != len(pieces) or len(found) != size:
        raise _unfit()
    return MappingProxyType(found)


def _unfit() -> ModelFileWrong:
    return ModelFileWrong(
        ModelReason.UNFIT, "The files of the model all-MiniLM-L6-v2 are not as expected: run `make setup`."
    )
