"""What the proof believes of the lines' own word on their locks: what was said, in every session."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.proof.account import told
from policies.layers import Layer
from policies.vocabulary import Event

ALL = [layer.value for layer in Layer]


def said(*missing: Layer, tried: int = 74, count: int | None = None) -> bytes:
    events: list[dict[str, Any]] = [{"name": Event.LOCK_MISSING.value, "layer": layer.value} for layer in missing]
    events.append({"name": Event.CONFINED.value, "count": len(ALL) - len(missing) if count is None else count})
    events.append({"name": Event.PROVED.value, "count": tried})
    return b"".join(json.dumps(event).encode() + b"\n" for event in events) + b'{"name": "cut o'


def test_a_lock_is_held_that_every_line_held() -> None:
    assert (74, ALL) == told([said(), said()])
    assert (60, [each for each in ALL if each not in ("hosts", "swap")]) == told(
        [said(Layer.HOSTS), said(Layer.SWAP, tried=60)]
    )


@pytest.mark.parametrize("silent", [b"", b"[]\n1\n", said(Layer.HOSTS, count=len(ALL)), said(Layer.HOSTS, count=3)])
def test_a_line_that_says_nothing_or_counts_otherwise_held_no_lock(silent: bytes) -> None:
    assert [] == told([said(), silent])[1]
    assert 0 == told([said(), b""])[0] == told([])[0]
    assert [] == told([])[1]
