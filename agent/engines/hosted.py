"""What the hosted engines share: deadlines, and how a provider's stream becomes a reply or one reason.

Time counts only while a reply waits for the provider: a consumer that is slow to ask does not make it late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import httpx2

from agent.engines.dialogue import Message, NotTheCallersTurn, dialogue
from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.sse import EventData
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI

MOST_REPLY_CHARACTERS: Final = 8_000
"""Ten times what three spoken sentences need; beyond it the provider has lost its way."""
CLOSE_S: Final = 1.0
"""A dropped stream is given this long to close; then it is let go."""

LINGER_S: Final = 0.1
"""After a reply's last event, for the end of the body: a connection read to its end serves the next question."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a reply may wait for its provider, ms.

    The defaults leave the caller a filler and an approved answer within the 8 s after which a person is offered
    (telephony.md section 3 point 9).
    """

    connect_ms: int = 2_000
    first_token_ms: int = 4_000
    """From the question to the first text, connecting included."""
    between_tokens_ms: int = 2_000
    total_ms: int = 15_000

    def __post_init__(self) -> None:
        if min(self.connect_ms, self.first_token_ms, self.between_tokens_ms, self.total_ms) <= 0:
            raise ValueError("a deadline is longer than nothing")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model writes."""

    max_tokens: int = 220
    """Three spoken sentences and room; a reply that reaches it is unfinished and counts as cut."""
    temperature: float | None = None
    """Left out unless set: many models accept no value but their own.  Anthropic's API takes none at all."""


ERROR_TYPES: Final[Mapping[str, EngineReason]] = {
    "overloaded_error": EngineReason.OVERLOADED,
    "rate_limit_error": EngineReason.OVERLOADED,
    "rate_limit_exceeded": EngineReason.OVERLOADED,
    "insufficient_quota": EngineReason.OVERLOADED,
    "timeout_error": EngineReason.LATE,
    "invalid_request_error": EngineReason.REFUSED,
    "authentication_error": EngineReason.REFUSED,
    "billing_error": EngineReason.REFUSED,
    "permission_error": EngineReason.REFUSED,
    "not_found_error": EngineReason.REFUSED,
    "request_too_large": EngineReason.REFUSED,
}
"""Errors that arrive inside a stream, by the type both providers' references give; any other is broken."""


def messages_of(turns: Sequence[Answerable | Sayable], opened: Opened | None = None) -> tuple[Message, ...]:
    """The turns as messages.  Raises `EngineFailed`, REFUSED, if there is nothing to answer."""
    with suppress(NotTheCallersTurn):
        return dialogue(turns, opened)
    raise EngineFailed(EngineReason.REFUSED)


def reason_in_stream(body: object) -> EngineReason:
    """The reason in an error event, `{"error": {"type": ...}}`.  Nothing else of it is read."""
    error = body.get("error") if isinstance(body, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    return ERROR_TYPES.get(kind, EngineReason.BROKEN) if isinstance(kind, str) else EngineReason.BROKEN


async def reply(texts: AsyncGenerator[str, None], deadlines: Deadlines) -> AsyncGenerator[PHI[str], None]:
    """The texts as they come, held.  Owns `texts` and closes it, however it ends.

    Raises `EngineFailed` and nothing else: LATE on any deadline, BROKEN for an empty, endless or unspeakable reply.
    """
    loop = asyncio.get_running_loop()
    left_s = deadlines.total_ms / 1000
    wait_s = deadlines.first_token_ms / 1000
    characters = 0
    try:
        while True:
            asked_at = loop.time()
            text, reason = await _next(texts, min(left_s, wait_s))
            left_s -= loop.time() - asked_at
            if text is not None:
                characters += len(text)
            if reason is None and (characters > MOST_REPLY_CHARACTERS or (text is None and characters == 0)):
                reason = EngineReason.BROKEN
            if reason is not None:
                raise EngineFailed(reason)
            if text is None:
                return
            wait_s = deadlines.between_tokens_ms / 1000
            yield PHI(text)
    finally:
        await _shut(texts)


class Reading(Protocol):
    """One provider's protocol, as far as one reply has come in it.  Pure."""

    done: bool
    """The provider has nothing more to say."""
    reason: EngineReason | None
    """Why what came is no whole reply; None once it has come to a good end."""

    def read(self, data: str) -> str:
        """The text that one event's data adds; may be none.

        Raises `EngineFailed` for an error told in the stream, and errors of any kind for junk.
        """
        ...


async def texts_of(ask: Callable[[], Awaitable[httpx2.Response]], reading: Reading) -> AsyncGenerator[str, None]:
    """Asks, and gives the texts of the answer's events as they come.  Raises what `reply` understands.

    The answer is read to the end of its body, so that its connection serves the next question, and closed at once
    where it is dropped.  A closed answer's readers are led to their end: left alone each would end in a stray task.
    """
    answer = await ask()
    chunks = answer.aiter_raw()
    events = EventData()
    try:
        async for chunk in chunks:
            for data in events.receive(chunk):
                if text := reading.read(data):
                    yield text
            if reading.done:
                break
        await _read_out(chunks)
    finally:
        await answer.aclose()
        await _read_out(chunks)
    if reading.reason is not None:
        raise EngineFailed(reading.reason)


async def _read_out(chunks: AsyncIterator[bytes]) -> None:
    with suppress(Exception):  # the reply is over, whatever its last bytes are
        async with asyncio.timeout(LINGER_S):
            async for _ in chunks:
                pass


async def _next(texts: AsyncGenerator[str, None], wait_s: float) -> tuple[str | None, EngineReason | None]:
    """The next text, or None at the end, or why there is none."""
    if wait_s <= 0:
        return None, EngineReason.LATE  # a timer would not see it: texts that are there already come without a pause
    try:
        async with asyncio.timeout(wait_s):
            text = await anext(texts, None)
        if text is not None:
            text.encode()  # a lone surrogate can be neither spoken nor sent
    except TimeoutError:
        return None, EngineReason.LATE
    except EngineFailed as failed:
        return None, failed.reason
    except Exception as error:  # noqa: BLE001  # its text stays here; what it wraps tells the reason
        wrapped = error.__cause__
        return None, wrapped.reason if isinstance(wrapped, EngineFailed) else EngineReason.BROKEN
    return text, None


async def _shut(texts: AsyncGenerator[str, None]) -> None:
    with suppress(Exception):  # nothing depends on how a dropped stream ends
        async with asyncio.timeout(CLOSE_S):
            await texts.aclose()
