"""Arrays of a safetensors file: a header's length in 8 bytes, the header as JSON, the arrays; all little-endian."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LENGTH_BYTES: Final = 8
FLOAT: Final = "F32"
LONGEST_HEADER: Final = 1 << 20


def arrays(
    raw: bytes, wanted: Mapping[str, tuple[int, ...]], beside: Set[str]
) -> Mapping[str, NDArray[np.float32]] | None:
    """Views of the file's bytes; None for any file that is not as expected.

    wanted: the shape of each array by its name.  beside: names that may be there too and are passed over.  Anything
    else is refused: another name, type or shape, a gap, a byte too many.
    """
    header, begin = _header(raw)
    if header is None:
        return None
    places = {name: _place(entry) for name, entry in header.items() if name != "__metadata__"}
    if places.keys() - beside != wanted.keys():
        return None
    found: dict[str, NDArray[np.float32]] = {}
    reached = 0
    for name, place in sorted(places.items(), key=lambda item: item[1][2] if item[1] is not None else -1):
        if place is None or place[2] != reached or place[3] < place[2] or begin + place[3] > len(raw):
            return None
        kind, shape, start, reached = place
        if name in wanted:
            if kind != FLOAT or shape != wanted[name] or reached - start != 4 * math.prod(shape):
                return None
            array = np.frombuffer(raw, "<f4", math.prod(shape), begin + start).reshape(shape)
            found[name] = array.astype(np.float32, copy=False)
    return MappingProxyType(found) if begin + reached == len(raw) else None


def _header(raw: bytes) -> tuple[dict[str, Any] | None, int]:
    """Name -> what the file says of the array, and where the arrays begin."""
    length = int.from_bytes(raw[:LENGTH_BYTES], "little")
    header: Any = None
    if len(raw) >= LENGTH_BYTES and length <= LONGEST_HEADER:
        try:
            header = json.loads(raw[LENGTH_BYTES : LENGTH_BYTES + length])
        except (ValueError, RecursionError):
            header = None
    return (header if isinstance(header, dict) else None), LENGTH_BYTES + length


def _place(entry: Any) -> tuple[str, tuple[int, ...], int, int] | None:
    """Type, shape, first byte and the byte after the last."""
    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [int(start), int(end)]} if all(
            type(size) is int for size in shape
        ):
            return kind, tuple(shape), start, end
    return None
