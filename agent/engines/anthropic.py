"""Claude, through the official SDK, streaming.

The request is built from `MessagesRequest`, which cannot say more than what may be sent: no tools, metadata, cache
control, beta, container or user id; and no temperature, which API version 2026-10-21 refuses.  Thinking is switched
off: models of the fifth generation think first by default, a caller would wait for it, and it eats `max_tokens`.  A
model that can't do without (Opus 5.5, Fable, Mythos) refuses the request, and is not one for a telephone.
`wire.Guard` holds the same on the wire, whatever the SDK adds: its platform headers, those of
ANTHROPIC_CUSTOM_HEADERS, traces.  No retries: a late answer is worth nothing to a caller.

The SDK builds and sends the request; the events of its answer are read here.  Its own stream object puts the text of
an error event into an exception, reads events of any size and leaves its readers to the garbage collector.  So
nothing of it that keeps strings is used (jiter's cache, the message accumulator).  It logs whole requests at DEBUG
and takes a log level from ANTHROPIC_LOG at import: nothing here configures a logger, and the root handler of
`policies.logs` strips what comes.
Import and first client cost 0.95 s of CPU and 66 MB (SDK 2.12), so only a process that needs it imports this module.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import anthropic
import httpx2
from anthropic.types import MessageParam, ThinkingConfigDisabledParam

from agent.engines import wire
from agent.engines.dialogue import Message, as_json
from agent.engines.hosted import Deadlines, Sampling, messages_of, reason_in_stream, reply, texts_of
from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.prompt import SYSTEM
from agent.engines.shapes import Shape, same, table, talk
from policies.allowlist import Permitted
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI, Sensitive

NO_THINKING: Final[ThinkingConfigDisabledParam] = {"type": "disabled"}
_FINISHED: Final = frozenset({"end_turn", "stop_sequence"})
_UNFINISHED: Final = frozenset({"max_tokens", "model_context_window_exceeded", "pause_turn"})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MessagesRequest(Sensitive):
    """All that one request may hold."""

    model: str
    system: str
    messages: tuple[Message, ...]
    max_tokens: int

    __hash__ = None  # see Sensitive


def messages_shape(model: str, system: str, sampling: Sampling) -> Shape:
    """What the SDK must have made of a `MessagesRequest`."""
    return table(
        {
            "model": same(model),
            "system": same(system),
            "messages": talk(),
            "max_tokens": same(sampling.max_tokens),
            "thinking": table({"type": same(NO_THINKING["type"])}),
            "stream": same(True),
        }
    )


class AnthropicModel:
    """`LanguageModel` on Anthropic's Messages API.  One a process; holds connections, no call."""

    def __init__(
        self,
        permitted: Permitted,
        api_key: str,
        *,
        deadlines: Deadlines | None = None,
        sampling: Sampling | None = None,
        system: str = SYSTEM,
        egress_port: int | None = None,
        still: Callable[[], bool] = lambda: True,
    ) -> None:
        """egress_port, still: see `wire.client`."""
        self._model = permitted.model
        self._deadlines = deadlines or Deadlines()
        self._sampling = sampling or Sampling()
        self._system = system
        body = messages_shape(self._model, self._system, self._sampling)
        self._endpoint = wire.Endpoint(wire.under(permitted.base_url, "/v1/messages"), body)
        self._http = wire.client(
            self._endpoint,
            connect_s=self._deadlines.connect_ms / 1000,
            wait_s=self._deadlines.total_ms / 1000,
            egress_port=egress_port,
            still=still,
        )
        self._messages = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=permitted.base_url,
            max_retries=0,
            open_telemetry=False,
            http_client=self._http,
        ).messages

    def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        """See `LanguageModel`.  A reply that reaches the token limit ends in CUT after its last piece."""
        return reply(texts_of(lambda: self._ask(turns, opened), MessagesReading()), self._deadlines)

    async def warm(self) -> bool:
        """Has a connection ready.  To be asked again when a caller starts to speak: a dropped draft costs one."""
        return await wire.connected(self._http, self._endpoint)

    async def close(self) -> None:
        """Ends every connection; the engine is not used after it."""
        await self._http.aclose()

    async def _ask(self, turns: Sequence[Answerable | Sayable], opened: Opened | None) -> httpx2.Response:
        request = MessagesRequest(self._model, self._system, messages_of(turns, opened), self._sampling.max_tokens)
        answer = await self._messages.with_raw_response.create(
            model=request.model,
            system=request.system,
            messages=cast("list[MessageParam]", as_json(request.messages)),
            max_tokens=request.max_tokens,
            thinking=NO_THINKING,
            stream=True,
        )
        return answer.http_response


class MessagesReading:
    """`Reading` of the Messages API's events, by the `type` that the data of each repeats."""

    __slots__ = ("done", "reason")

    def __init__(self) -> None:
        self.done = False
        self.reason: EngineReason | None = EngineReason.CUT

    def read(self, data: str) -> str:
        """See `Reading`.  Event types it doesn't know are passed over, as the API's versioning asks."""
        event = json.loads(data)
        match event["type"]:
            case "content_block_delta" if event["delta"]["type"] == "text_delta":
                return _text(event["delta"]["text"])
            case "message_delta":
                self.reason = _reason_to_stop(event["delta"]["stop_reason"])
            case "message_stop":
                self.done = True
            case "error":
                raise EngineFailed(reason_in_stream(event))
        return ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise EngineFailed(EngineReason.BROKEN)
    return value


def _reason_to_stop(stop_reason: str | None) -> EngineReason | None:
    if stop_reason in _FINISHED:
        return None
    if stop_reason in _UNFINISHED:
        return EngineReason.CUT
    return EngineReason.REFUSED if stop_reason == "refusal" else EngineReason.BROKEN
