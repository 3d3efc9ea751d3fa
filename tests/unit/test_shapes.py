"""What the engines really send fits their shapes, and nothing else does: no other key, type or value at any depth."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.anthropic import messages_shape
from agent.engines.dialogue import MOST_TURNS, Message, Role
from agent.engines.hosted import Sampling
from agent.engines.openai import ChatRequest, chat_shape
from agent.engines.prompt import SYSTEM
from agent.engines.shapes import MOST_BODY_BYTES, MOST_CHARACTERS, Shape, fits
from policies.phi import PHI
from tests.conformance.test_language_models import agent, all_of, caller, hosted

MODEL: Final = "a-model"
SHAPES: Final[Mapping[str, Shape]] = {
    "anthropic": messages_shape(MODEL, SYSTEM, Sampling()),
    "openai": chat_shape(MODEL, SYSTEM, Sampling(), stores=False),
    "its own hosts": chat_shape(MODEL, SYSTEM, Sampling(temperature=0.2), stores=True),
}
KINDS: Final = list(SHAPES)
SPOKEN: Final = tuple(Message(role, PHI("ünd?")) for role in (Role.USER, Role.ASSISTANT, Role.USER))


@dataclass(frozen=True)
class Sent:
    """What went out: bytes from the wire where a server of ours can be asked."""

    bodies: Mapping[str, bytes]

    def parsed(self, kind: str) -> Any:
        return json.loads(self.bodies[kind])


async def _on_the_wire(name: str) -> bytes:
    async with hosted(name) as (model, served):
        await all_of(model.answer([agent(), caller('She said "no" \\ \u2028 ünd 🙂'), agent(), caller()]))
    return served.questions[0].body


@pytest.fixture(name="sent", scope="module")
def _sent() -> Sent:
    own = ChatRequest(MODEL, SYSTEM, SPOKEN, Sampling(temperature=0.2), stores=True).body()
    asked = {name: asyncio.run(_on_the_wire(name)) for name in ("anthropic", "openai")}
    return Sent({**asked, "its own hosts": own})


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


Path = tuple[str | int, ...]


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every value of it, itself included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _places(each, (*path, key))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: Path, other: Any) -> Any:
    if not path:
        return other
    changed = copy.deepcopy(value)
    _at(changed, path[:-1])[path[-1]] = other
    return changed


def _is_words(path: Path, value: Any) -> bool:
    """The one thing that is free: what was said."""
    return path[-1:] == ("content",) and isinstance(value, str) and bool(value.strip()) and value != SYSTEM


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 1_000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "user", "system", MODEL, "1", "true", "\ud800"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "text", "id"]), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_engines_really_send_fits(kind: str, sent: Sent) -> None:
    assert fits(sent.bodies[kind], SHAPES[kind])
    assert not any(fits(sent.bodies[kind], shape) for other, shape in SHAPES.items() if other != kind)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_another_value_anywhere_does_not_fit(kind: str, sent: Sent, data: st.DataObject) -> None:
    whole = sent.parsed(kind)
    path = data.draw(st.sampled_from(list(_places(whole))))
    other = data.draw(json_values)
    before = _at(whole, path)
    spoken = _is_words(path, other) and _is_words(path, before) and "\ud800" not in str(other)
    if spoken or (type(other) is type(before) and other == before):
        return
    assert not fits(_encoded(_with(whole, path, other)), SHAPES[kind])


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), key=st.sampled_from(["metadata", "user", "cache_control", "name", "id", ""]), value=json_values)
def test_a_key_more_or_less_at_any_depth_does_not_fit(
    kind: str, sent: Sent, data: st.DataObject, key: str, value: Any
) -> None:
    whole = sent.parsed(kind)
    tables = [path for path in _places(whole) if isinstance(_at(whole, path), dict)]
    path = data.draw(st.sampled_from(tables))
    changed = copy.deepcopy(whole)
    _at(changed, path)[key] = value
    assert not fits(_encoded(changed), SHAPES[kind])

    changed = copy.deepcopy(whole)
    del _at(changed, path)[data.draw(st.sampled_from(sorted(_at(whole, path))))]
    assert not fits(_encoded(changed), SHAPES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_comes_twice_does_not_fit_whatever_it_holds(kind: str, sent: Sent) -> None:
    body = sent.bodies[kind]
    for key in [b'"role":', b'"content":', *(b'"%s":' % each.encode() for each in sent.parsed(kind))]:
        before, found, after = body.partition(key)
        assert found
        assert not fits(before + key + b'"evil",' + found + after, SHAPES[kind])
        value = b'{"role":"user","content":"x"}' if key == b'"messages":' else b"1"
        assert not fits(before + key + value + b"," + found + after, SHAPES[kind])


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"220.0", b"2.2e2", b"true", b'"220"'])
@pytest.mark.parametrize("kind", KINDS)
def test_a_number_is_written_as_the_engine_writes_it(kind: str, number: bytes, sent: Sent) -> None:
    assert b":220" in sent.bodies[kind]
    assert not fits(sent.bodies[kind].replace(b":220", b":" + number), SHAPES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_json_in_utf_8_does_not_fit(kind: str, sent: Sent) -> None:
    body = sent.bodies[kind]
    text = body.decode()
    for junk in (
        b"", b"\xef\xbb\xbf" + body, text.encode("utf-16"), text.encode("utf-32"), body + body, body[:-1],
        b"[" * 100_000, body + b" " * MOST_BODY_BYTES, body.replace(b"a-model", b"a-\xffmodel"), b"[" + body + b"]",
        b"1" * 10_000,
    ):  # fmt: skip
        assert not fits(junk, SHAPES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_conversation_is_the_caller_and_the_agent_in_turn_and_has_a_longest_length(kind: str, sent: Sent) -> None:
    whole = sent.parsed(kind)
    first = [message for message in whole["messages"] if message["role"] == "system"]

    def taken(said: list[dict[str, str]]) -> bool:
        return fits(_encoded({**whole, "messages": [*first, *said]}), SHAPES[kind])

    def turns(count: int, words: str = "x") -> list[dict[str, str]]:
        return [{"role": ("user", "assistant")[number % 2], "content": words} for number in range(count)]

    assert [1, 3, 5] == [count for count in range(6) if taken(turns(count))]
    assert [True, False] == [taken(turns(count)) for count in (MOST_TURNS + 1, MOST_TURNS + 3)]
    assert [True, False] == [taken(turns(1, "x" * length)) for length in (MOST_CHARACTERS, MOST_CHARACTERS + 1)]
    assert not taken([turns(1)[0], turns(1)[0], turns(1)[0]])
    assert not taken([{"role": "system", "content": SYSTEM}, *turns(1)])
    assert not taken(turns(4)[1:])
