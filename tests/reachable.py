"""What an object, or the product as a whole, holds: for tests that nothing of a call is among it."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, CoroutineType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any, Final

BEYOND: Final = (
    ModuleType, type, CodeType, FrameType, CoroutineType, GeneratorType, asyncio.AbstractEventLoop, asyncio.Future,
)  # fmt: skip
"""What holds a program together: everything can be come by from these, the test's own texts too."""


def texts(thing: object, but: Sequence[object] = ()) -> Iterator[str | bytes | bytearray]:
    """Of the object itself and of all that it holds, each once.  but: what is the test's own, and not gone into."""
    seen = {id(thing), *map(id, but)}
    todo = [thing]
    while todo:
        one = todo.pop()
        if isinstance(one, str | bytes | bytearray):
            yield one
            continue
        for held in _held(one):
            if id(held) not in seen and not isinstance(held, BEYOND):
                seen.add(id(held))
                todo.append(held)


def holds(thing: object, words: str, but: Sequence[object] = ()) -> bool:
    """Can they be come by from it?"""
    raw = words.encode()
    return any((words in text) if isinstance(text, str) else (raw in text) for text in texts(thing, but))


def _held(thing: object) -> list[object]:
    if isinstance(thing, FunctionType):  # not its module's names
        return [thing.__closure__, thing.__defaults__, thing.__kwdefaults__]
    return gc.get_referents(thing)


Sizes = dict[str, dict[str, int]]
BY_TYPE: Final = frozenset({"policies.closed._kinds_of"})
"""Caches of what a type is like: they hold nothing of a value."""


def shared_sizes() -> Sizes:
    """By module of the product: how much each container and each cache holds that belongs to it or to a class of it."""
    return {
        name: dict(_sizes_in(name, vars(module)))
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in {"agent", "policies", "telephony"}
    }


def grown(before: Sizes) -> dict[str, int]:
    """What holds more than it did, and how much; of the modules that were there."""
    return {
        name: size
        for module, sizes in shared_sizes().items()
        for name, size in sizes.items()
        if module in before and size > before[module].get(name, 0) and name not in BY_TYPE
    }


def _sizes_in(owner: str, names: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, value in list(names.items()):
        if isinstance(value, type) and f"{value.__module__}.{value.__qualname__}" == f"{owner}.{name}":
            yield from _sizes_in(f"{owner}.{name}", vars(value))
        elif not name.startswith("__") and (size := _size(value)) is not None:
            yield f"{owner}.{name}", size


def _size(value: object) -> int | None:
    if isinstance(value, dict | list | set | deque | bytearray):
        return len(value)
    info = getattr(value, "cache_info", None)
    return info().currsize if callable(info) else None
