"""Vectors of our own material, computed beforehand: what some thousand sentences mean is not worked out at every start.

A file of them is a shortcut only.  It knows a text by its sum and says of which model it is; what it does not know, and
everything if it is absent, damaged or another model's, is computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from agent.engines.models import MINILM
from agent.likeness import Likeness
from agent.passages import Material
from policies.meaning import WIDTH, Floats, Meaning

Bytes8: TypeAlias = NDArray[np.int8]

FILE: Final = "vectors.bin"  # beside the passages
# The file: mark, model, texts' sums in order, a row of bytes for each, and the sum of all that.
MARK: Final = b"QLVEC 1\n"
SUM_BYTES: Final = 32  # SHA-256
KEY_BYTES: Final = 16  # of a text's SHA-256
MODEL: Final = hashlib.sha256(" ".join(file.sha256 for file in MINILM).encode("ascii")).digest()
STEPS: Final = 127  # int8 for the largest number of a vector; what is rounded away turns it by about half a degree
LARGEST_BYTES: Final = 64 << 20  # 160,000 texts; a wrong path must not fill the memory


@final
class VectorFile:
    """Vectors by the sum of their text, rounded to bytes.  Holds no text."""

    __slots__ = ("_bytes", "_rows")

    def __init__(self, rows: Mapping[bytes, int], vectors: Bytes8) -> None:
        """rows: a text's key -> its row of `vectors`, shape (n, 384)."""
        self._rows: Final = MappingProxyType(dict(rows))
        self._bytes: Final = vectors

    @classmethod
    def empty(cls) -> VectorFile:
        return cls({}, np.empty((0, WIDTH), np.int8))

    @classmethod
    def read(cls, path: Path) -> VectorFile:
        """An empty one if there is no such file, or none that fits."""
        try:
            raw = path.read_bytes() if path.stat().st_size <= LARGEST_BYTES else b""
        except OSError:
            raw = b""
        return cls.from_bytes(raw)

    @classmethod
    def from_bytes(cls, raw: bytes) -> VectorFile:
        """An empty one if these are not what `to_bytes` gave, with this model."""
        head = MARK + MODEL
        body = raw[len(head) : -SUM_BYTES]
        count, odd = divmod(len(body), KEY_BYTES + WIDTH)
        if odd or not raw.startswith(head) or _sum(raw[:-SUM_BYTES]) != raw[-SUM_BYTES:]:
            return cls.empty()
        keys = (body[place : place + KEY_BYTES] for place in range(0, count * KEY_BYTES, KEY_BYTES))
        vectors = np.frombuffer(body, np.int8, count * WIDTH, count * KEY_BYTES).reshape(count, WIDTH)
        return cls({key: row for row, key in enumerate(keys)}, vectors)

    def to_bytes(self) -> bytes:
        """The same bytes for the same vectors, in whatever order they came."""
        keys = sorted(self._rows)
        vectors = self._bytes[[self._rows[key] for key in keys]]
        raw = b"".join([MARK, MODEL, *keys, vectors.tobytes()])
        return raw + _sum(raw)

    def lacks(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Those of the texts that have no vector here."""
        return tuple(text for text in texts if key_of(text) not in self._rows)

    def of(self, texts: Sequence[str], meaning: Meaning) -> Floats:
        """Shape (len(texts), 384), rows of length 1.  Blocks about 3 ms for each text that is not known here."""
        found = np.empty((len(texts), WIDTH), np.float32)
        rows = [self._rows.get(key_of(text)) for text in texts]
        known = [place for place, row in enumerate(rows) if row is not None]
        found[known] = self._bytes[[row for row in rows if row is not None]]
        found[known] /= np.linalg.norm(found[known], axis=1, keepdims=True)
        unknown = [place for place, row in enumerate(rows) if row is None]
        found[unknown] = meaning.vectors([texts[place] for place in unknown])
        return found

    def holding(self, texts: Sequence[str], meaning: Meaning) -> VectorFile:
        """These texts and no others; what is known here keeps its bytes, whichever processor computed them."""
        distinct = list(dict.fromkeys(texts))
        vectors = self.of(distinct, meaning)
        vectors *= STEPS / np.abs(vectors).max(axis=1, keepdims=True)
        rounded = np.rint(vectors).astype(np.int8)
        for row, text in enumerate(distinct):
            if (place := self._rows.get(key_of(text))) is not None:
                rounded[row] = self._bytes[place]
        return VectorFile({key_of(text): row for row, text in enumerate(distinct)}, rounded)

    def __len__(self) -> int:
        return len(self._rows)


def likeness_of(material: Material, file: VectorFile, meaning: Meaning) -> Likeness:
    """Blocks about 3 ms for each text that the file doesn't hold."""
    outside = {kind: file.of(said, meaning) for kind, said in material.sayings.outside.items()}
    return Likeness([file.of(group, meaning) for group in material.examples()], outside)


def key_of(text: str) -> bytes:
    return _sum(text.encode("utf-8"))[:KEY_BYTES]


def _sum(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
