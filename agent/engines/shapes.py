"""What a request's body may be, value by value: strict JSON against a closed shape, checked as bytes on the wire.

shape = table({"model": same("m"), "stream": same(True), "messages": talk()})
fits(body, shape) -> bool

A shape says of each key that it is there and what stands in it; nothing else fits, at any depth.  All that a request
holds is fixed when the engine is made, but for what was said: plain text, the caller's first and last, in turn.
Pure, and raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.engines.dialogue import MOST_TURNS, Role
from telephony.strict_json import parse_object

MOST_BODY_BYTES: Final = 512 * 1024
"""Of one request.  Forty turns as long as people speak are below 64 kB."""
MOST_CHARACTERS: Final = 8_000
"""Of one message: nine minutes of speech without an answer."""

Shape = Callable[[object], bool]
"""Is this value, as `json` reads it, of the shape?"""


def fits(body: bytes, shape: Shape) -> bool:
    """Is it this, in strict JSON: UTF-8, each key once, no NaN or infinity?"""
    if len(body) > MOST_BODY_BYTES:
        return False
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return shape(parse_object(text))  # what is wrong with a text is of no shape


def same(expected: str | float) -> Shape:
    """This value, of this type: neither 1 nor 1.0 is true."""
    return lambda value: type(value) is type(expected) and value == expected


def table(keys: Mapping[str, Shape]) -> Shape:
    """An object with each of these keys and no other."""
    return lambda value: (
        isinstance(value, dict) and value.keys() == keys.keys() and all(fit(value[key]) for key, fit in keys.items())
    )


def talk(before: Sequence[Shape] = ()) -> Shape:
    """A list: what must come before, then messages of the caller and the agent in turn, the caller's first and last."""
    turns = [table({"role": same(role.value), "content": _text}) for role in (Role.USER, Role.ASSISTANT)]

    def fit(value: object) -> bool:
        said = len(value) - len(before) if isinstance(value, list) else 0
        if not isinstance(value, list) or said % 2 == 0 or not 0 < said <= MOST_TURNS + 1:
            return False  # one more than is sent of a call: it may have to begin with a caller's turn
        shapes = [*before, *(turns[number % 2] for number in range(said))]
        return all(each(message) for each, message in zip(shapes, value, strict=True))

    return fit


def _text(value: object) -> bool:
    """Words, in Unicode that can be sent: no lone surrogate."""
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_CHARACTERS:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
