"""The texts that can be come by from an object: for tests that it holds nothing of what it was given."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from types import CodeType, CoroutineType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Final

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
