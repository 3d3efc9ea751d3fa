"""The sentence model's files, as `policies.meaning` takes them.

Its package names torch as a dependency; only two of its files are read here, and nothing of it is run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.engines.models import ModelFileWrong, ModelReason, meaning_files
from policies.meaning import VOCABULARY, Meaning, shapes

# safetensors: the header's length in 8 bytes, the header as JSON, then the arrays; all little-endian.
LENGTH_BYTES: Final = 8
FLOAT: Final = "F32"
LONGEST_HEADER: Final = 1 << 20
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
    header, begin = _header(raw)
    places = {name: _place(entry) for name, entry in header.items() if name != "__metadata__"}
    if places.keys() - BESIDE != wanted.keys():
        raise _unfit()
    found: dict[str, NDArray[np.float32]] = {}
    reached = 0
    for name, (kind, shape, start, end) in sorted(places.items(), key=lambda item: item[1][2]):
        if start != reached or end < start or begin + end > len(raw):
            raise _unfit()
        reached = end
        if name in wanted:
            if kind != FLOAT or shape != wanted[name] or end - start != 4 * math.prod(shape):
                raise _unfit()
            array = np.frombuffer(raw, "<f4", math.prod(shape), begin + start).reshape(shape)
            found[name] = array.astype(np.float32, copy=False)
    if begin + reached != len(raw):
        raise _unfit()
    return MappingProxyType(found)


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


def _header(raw: bytes) -> tuple[dict[str, Any], int]:
    """Name -> what the file says of the array, and where the arrays begin."""
    length = int.from_bytes(raw[:LENGTH_BYTES], "little")
    header: Any = None
    if len(raw) >= LENGTH_BYTES and length <= LONGEST_HEADER:
        try:
            header = json.loads(raw[LENGTH_BYTES : LENGTH_BYTES + length])
        except (ValueError, RecursionError):
            header = None
    if not isinstance(header, dict):
        raise _unfit()
    return header, LENGTH_BYTES + length


def _place(entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """Type, shape, first byte and the byte after the last."""
    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [int(start), int(end)]} if all(
            type(size) is int for size in shape
        ):
            return kind, tuple(shape), start, end
    raise _unfit()


def _unfit() -> ModelFileWrong:
    return ModelFileWrong(
        ModelReason.UNFIT, "The files of the model all-MiniLM-L6-v2 are not as expected: run `make setup`."
    )
