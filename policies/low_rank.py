"""What was taught to the layers of the sentence model: low-rank changes of their matrices (LoRA, Hu et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from policies.encoder import DENSE, NORMS, Floats


def changed(
    base: Mapping[str, Floats],
    taught: Mapping[str, Floats],
    layers: int,
    dense: Iterable[str] = tuple(DENSE),
    norms: Iterable[str] = NORMS,
) -> Mapping[str, Floats]:
    """The weights of the first layers with what was learnt added.

    base: the arrays of the sentence model.  taught: of layer 2 "2.<name of a matrix>.A" and ".B", whose product is
    added to it, and ".w" and ".b" of its norms.  dense, norms: what a layer's matrices and norms are called.

    Raises KeyError for what is absent and ValueError for what does not fit.
    """
    found: dict[str, Floats] = {}
    for layer in range(layers):
        inside = f"encoder.layer.{layer}."
        for name in dense:
            change = whole(taught[f"{layer}.{name}.A"]) @ whole(taught[f"{layer}.{name}.B"])
            found[f"{inside}{name}.weight"] = base[f"{inside}{name}.weight"] + change.T
            found[f"{inside}{name}.bias"] = base[f"{inside}{name}.bias"]
        for name in norms:
            found[f"{inside}{name}.weight"] = base[f"{inside}{name}.weight"] + whole(taught[f"{layer}.{name}.w"])
            found[f"{inside}{name}.bias"] = base[f"{inside}{name}.bias"] + whole(taught[f"{layer}.{name}.b"])
    return MappingProxyType(found)


def whole(array: Floats) -> Floats:
    """Of half precision, as it is kept, single precision, as it is computed with."""
    return array.astype(np.float32)
