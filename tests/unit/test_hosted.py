"""Deadlines and reasons of hosted models, and what their requests may hold."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.dialogue import Message, Role
from agent.engines.hosted import Deadlines, Sampling, reason_in_stream, reply
from agent.engines.openai import ChatRequest, stores
from agent.engines.ports import EngineFailed, EngineReason
from policies.phi import PHI

ASKED = (Message(Role.USER, PHI("hello")),)


async def texts(*pieces: str) -> AsyncGenerator[str, None]:
    for piece in pieces:
        yield piece


async def test_a_consumer_that_takes_its_time_does_not_make_the_reply_late(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time
    slept_s = 0.0
    monkeypatch.setattr(loop, "time", lambda: now() + slept_s)
    heard: list[str] = []
    async for piece in reply(texts("one ", "two ", "three"), Deadlines()):
        heard.append(piece.reveal())
        slept_s += 3_600
    assert ["one ", "two ", "three"] == heard


async def test_time_spent_waiting_adds_up_to_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time
    slept_s = 0.0
    monkeypatch.setattr(loop, "time", lambda: now() + slept_s)

    async def drips() -> AsyncGenerator[str, None]:
        nonlocal slept_s
        while True:
            slept_s += 1.5
            yield "a"

    heard = 0

    async def listen() -> None:
        nonlocal heard
        async for _ in reply(drips(), Deadlines(first_token_ms=2_000, between_tokens_ms=2_000, total_ms=6_000)):
            heard += 1

    with pytest.raises(EngineFailed) as caught:
        await listen()
    assert EngineReason.LATE is caught.value.reason
    assert 3 <= heard <= 5


async def test_the_source_is_closed_however_the_reply_ends() -> None:
    for pieces, reads in ((("one", "two"), 1), (("one", "two"), 9), (("\ud800",), 1), ((), 1)):
        source = texts(*pieces)
        out = reply(source, Deadlines())
        with contextlib.suppress(EngineFailed):
            for _ in range(reads):
                await anext(out, None)
        await out.aclose()
        assert None is await anext(source, None)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_error_body_is_one_of_the_reasons(body: object) -> None:
    assert reason_in_stream(body) in EngineReason
    assert reason_in_stream({"error": body}) in EngineReason
    assert reason_in_stream({"error": {"type": body}}) in EngineReason


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.openai.com", True),
        ("eu.api.openai.com", True),
        ("api.openai.com.", True),
        ("API.OpenAI.com", True),
        ("127.0.0.1", False),
        ("notapi.openai.com.example.org", False),
        ("evil-api.openai.com", False),
    ],
)
def test_only_openais_own_hosts_are_told_not_to_store(host: str, expected: bool) -> None:
    assert expected is stores(host)


def test_openais_own_hosts_get_store_false_and_others_no_key_they_may_not_know() -> None:
    own = json.loads(ChatRequest("m", "s", ASKED, Sampling(), stores=True).body())
    other = json.loads(ChatRequest("m", "s", ASKED, Sampling(temperature=0.2), stores=False).body())
    assert {"model", "messages", "max_completion_tokens", "stream", "store"} == set(own)
    assert {"model", "messages", "max_tokens", "stream", "temperature"} == set(other)
    assert own["store"] is False


@pytest.mark.parametrize(
    "wrong", [{"connect_ms": 0}, {"first_token_ms": -1}, {"between_tokens_ms": 0}, {"total_ms": 0}]
)
def test_a_deadline_of_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="a deadline is longer than nothing"):
        Deadlines(**wrong)
