"""What each line said of its own locks before it took a call.  Pure.

Only what was said counts: a line that told of no lock held none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from policies.layers import Layer
from policies.vocabulary import Event


def told(accounts: Sequence[bytes]) -> tuple[int, list[str]]:
    """Kinds of act that were tried, and refused, and the locks that held: in every session.

    accounts: all that each line wrote.  It does not start if one act was not refused.
    """
    each = [_of(account) for account in accounts]
    held = [locks for _, locks in each]
    always = [layer.value for layer in Layer if held and all(layer.value in locks for locks in held)]
    return min((tried for tried, _ in each), default=0), always


def _of(account: bytes) -> tuple[int, frozenset[str]]:
    tried, confined, missing = 0, -1, set()
    for event in _events(account):
        match event.get("name"):
            case Event.PROVED.value:
                tried = event.get("count", 0)
            case Event.CONFINED.value:
                confined = event.get("count", -1)
            case Event.LOCK_MISSING.value:
                missing.add(event.get("layer"))
    held = frozenset(layer.value for layer in Layer if layer.value not in missing)
    return tried, held if confined == len(held) else frozenset()


def _events(account: bytes) -> Iterator[dict[str, Any]]:
    for row in account.splitlines():
        try:
            event = json.loads(row)
        except (ValueError, RecursionError):  # the last may have been cut off by the line's end
            continue
        if isinstance(event, dict):
            yield event
