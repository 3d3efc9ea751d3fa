"""What both teachers share: the sentence model's layers with low-rank changes (LoRA, Hu et al. 2021), and Adam.

Wants jax (`pip install jax`; 0.10 was used), which nothing else here does: it is in no lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from policies.encoder import DENSE, EPSILON, HEAD, HEADS, NORMS, WIDTH

RANK: Final = 16
DROPPED: Final = 0.1
Learnt = dict[str, Any]
Drop = Callable[[Any], Any]


def unchanged(layers: int, chance: np.random.Generator) -> Learnt:
    """The base as it is: the changes of its matrices and norms, all of them nothing yet."""
    found: Learnt = {}
    for layer in range(layers):
        for name, (outputs, inputs) in DENSE.items():
            found[f"{layer}.{name}.A"] = chance.normal(0, inputs**-0.5, (inputs, RANK))
            found[f"{layer}.{name}.B"] = np.zeros((RANK, outputs))
        for name in NORMS:
            found |= {f"{layer}.{name}.w": np.zeros(WIDTH), f"{layer}.{name}.b": np.zeros(WIDTH)}
    return found


def single(learnt: Learnt) -> Learnt:
    return {name: jnp.asarray(array, jnp.float32) for name, array in learnt.items()}


def dropping(key: Any) -> Drop:
    """Leaves out some of what it is given, each time others.  key: None leaves out nothing."""
    keys = iter(() if key is None else jax.random.split(key, 128))

    def dropped(x: Any) -> Any:
        return x if key is None else x * jax.random.bernoulli(next(keys), 1 - DROPPED, x.shape) / (1 - DROPPED)

    return dropped


def normal(x: Any, weight: Any, bias: Any) -> Any:
    x = x - x.mean(-1, keepdims=True)
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight + bias


def embedded(base: Learnt, rows: Any, more: Any = 0.0) -> Any:
    """rows: shape (texts, n).  more: added to what each piece means.  Returns shape (texts, n, WIDTH)."""
    at = "embeddings."
    x = base[f"{at}word_embeddings.weight"][rows] + base[f"{at}position_embeddings.weight"][: rows.shape[1]]
    x = x + base[f"{at}token_type_embeddings.weight"][0] + more
    return normal(x, base[f"{at}LayerNorm.weight"], base[f"{at}LayerNorm.bias"])


def encoded(learnt: Learnt, base: Learnt, x: Any, there: Any, layers: int, dropped: Drop) -> Any:
    """x: shape (texts, n, WIDTH).  there: 1 for what is a token, shape (texts, n).  As `policies.encoder.Layer`."""
    count, length, _ = x.shape
    x = dropped(x)
    for layer in range(layers):
        inside = f"encoder.layer.{layer}."

        def dense(x: Any, name: str, layer: int = layer, inside: str = inside) -> Any:
            plain = x @ base[f"{inside}{name}.weight"].T + base[f"{inside}{name}.bias"]
            return plain + dropped(x) @ learnt[f"{layer}.{name}.A"] @ learnt[f"{layer}.{name}.B"]

        def after(x: Any, name: str, layer: int = layer, inside: str = inside) -> Any:
            weight = base[f"{inside}{name}.weight"] + learnt[f"{layer}.{name}.w"]
            return normal(x, weight, base[f"{inside}{name}.bias"] + learnt[f"{layer}.{name}.b"])

        query, known, value = (
            dense(x, f"attention.self.{name}").reshape(count, length, HEADS, HEAD).transpose(0, 2, 1, 3)
            for name in ("query", "key", "value")
        )
        weight = jax.nn.softmax(query @ known.swapaxes(-1, -2) / HEAD**0.5 + (1 - there)[:, None, None] * -1e9, -1)
        view = (weight @ value).transpose(0, 2, 1, 3).reshape(count, length, WIDTH)
        x = after(x + dropped(dense(view, "attention.output.dense")), NORMS[0])
        wide = jax.nn.gelu(dense(x, "intermediate.dense"), approximate=False)
        x = after(x + dropped(dense(wide, "output.dense")), NORMS[1])
    return x


def adam(learnt: Learnt, moments: tuple[Learnt, Learnt], slope: Learnt, number: Any, rate: Any) -> Any:
    """One step, of a slope no longer than 1, with a little decay of the matrices."""
    cut_by = jnp.minimum(1, 1 / jnp.sqrt(sum((array * array).sum() for array in slope.values())))
    first = {name: 0.9 * moments[0][name] + 0.1 * cut_by * slope[name] for name in learnt}
    second = {name: 0.99 * moments[1][name] + 0.01 * (cut_by * slope[name]) ** 2 for name in learnt}
    moved: Learnt = {}
    for name, array in learnt.items():
        change = first[name] / (1 - 0.9**number) / (jnp.sqrt(second[name] / (1 - 0.99**number)) + 1e-8)
        moved[name] = array - rate * change - rate * 0.01 * array * (array.ndim > 1)
    return moved, (first, second)


def still(learnt: Learnt) -> tuple[Learnt, Learnt]:
    """Adam's moments before its first step."""
    zeros = {name: jnp.zeros_like(array) for name, array in learnt.items()}
    return zeros, zeros
