"""Any server that speaks OpenAI's streaming chat completions, with its own key: hosted, or a model of one's own.

Through a client of our own on `wire`, not the `openai` SDK: that costs 0.5 s of CPU and 42 MB where this costs 0.1 s
and 10 MB (measured, SDK 3.54), its stream reader takes an answer of any size, and it offers far more than one POST.

`store` is sent, as false, to OpenAI's own hosts alone, as is `max_completion_tokens`: other servers know neither and
may refuse a field they don't know.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx2

from agent.engines import wire
from agent.engines.dialogue import Message, as_json
from agent.engines.hosted import Deadlines, Sampling, messages_of, reason_in_stream, reply, texts_of
from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.prompt import SYSTEM
from agent.engines.shapes import Shape, same, table, talk
from policies.allowlist import Permitted
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI, Sensitive

OPENAI_HOST: Final = "api.openai.com"
"""Also the end of its regional hosts' names."""
DONE: Final = "[DONE]"
_FINISHES: Final[Mapping[str, EngineReason | None]] = {
    "stop": None,
    "length": EngineReason.CUT,
    "content_filter": EngineReason.REFUSED,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ChatRequest(Sensitive):
    """All that one request may hold."""

    model: str
    system: str
    messages: tuple[Message, ...]
    sampling: Sampling
    stores: bool
    """The server keeps answers unless told not to: OpenAI's own."""

    __hash__ = None  # see Sensitive

    def body(self) -> bytes:
        """The request as JSON, in the clear: for the wire and nothing else."""
        sent: dict[str, object] = {
            "model": self.model,
            "messages": [{"role": "system", "content": self.system}, *as_json(self.messages)],
            limit(stores=self.stores): self.sampling.max_tokens,
            **fixed(stores=self.stores),
        }
        if self.sampling.temperature is not None:
            sent["temperature"] = self.sampling.temperature
        return json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()


def chat_shape(model: str, system: str, sampling: Sampling, *, stores: bool) -> Shape:
    """What a `ChatRequest` of these must be on the wire."""
    keys = {
        "model": same(model),
        "messages": talk([table({"role": same("system"), "content": same(system)})]),
        limit(stores=stores): same(sampling.max_tokens),
        **{key: same(value) for key, value in fixed(stores=stores).items()},
    }
    if sampling.temperature is not None:
        keys["temperature"] = same(sampling.temperature)
    return table(keys)


class OpenAIModel:
    """`LanguageModel` on one base URL (`.../v1`).  One a process; holds connections, no call."""

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
        url = wire.under(permitted.base_url, "/chat/completions")
        self._stores = stores(url.host)
        body = chat_shape(self._model, self._system, self._sampling, stores=self._stores)
        self._endpoint = wire.Endpoint(url, body)
        self._headers = {"content-type": "application/json", "accept": "text/event-stream"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._http = wire.client(
            self._endpoint,
            connect_s=self._deadlines.connect_ms / 1000,
            wait_s=self._deadlines.total_ms / 1000,
            egress_port=egress_port,
            still=still,
        )

    def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        """See `LanguageModel`.  A reply that reaches the token limit ends in CUT after its last piece."""
        return reply(texts_of(lambda: self._ask(turns, opened), ChatReading()), self._deadlines)

    async def warm(self) -> bool:
        """Has a connection ready.  To be asked again when a caller starts to speak: a dropped draft costs one."""
        return await wire.connected(self._http, self._endpoint)

    async def close(self) -> None:
        """Ends every connection; the engine is not used after it."""
        await self._http.aclose()

    async def _ask(self, turns: Sequence[Answerable | Sayable], opened: Opened | None) -> httpx2.Response:
        request = ChatRequest(self._model, self._system, messages_of(turns, opened), self._sampling, self._stores)
        post = self._http.build_request("POST", self._endpoint.url, headers=self._headers, content=request.body())
        return await self._http.send(post, stream=True)


class ChatReading:
    """`Reading` of `chat.completion.chunk` objects and `[DONE]`."""

    __slots__ = ("done", "reason")

    def __init__(self) -> None:
        self.done = False
        self.reason: EngineReason | None = EngineReason.CUT

    def read(self, data: str) -> str:
        """See `Reading`."""
        if self.done or data == DONE:
            self.done = True
            return ""
        chunk = json.loads(data)
        if not isinstance(chunk, dict) or "error" in chunk:
            raise EngineFailed(reason_in_stream(chunk))
        if not chunk["choices"]:
            return ""  # a count of tokens at the end
        choice = chunk["choices"][0]
        finish = choice.get("finish_reason")
        if finish is not None:
            self.reason = _FINISHES.get(finish, EngineReason.BROKEN)
        text = (choice.get("delta") or {}).get("content") or ""
        if not isinstance(text, str):
            raise EngineFailed(EngineReason.BROKEN)
        return text


def stores(host: str) -> bool:
    """True for the hosts that keep answers unless each request says no, however they are spelled."""
    host = host.lower().rstrip(".")
    return host == OPENAI_HOST or host.endswith("." + OPENAI_HOST)


def limit(*, stores: bool) -> str:
    """The key that says how long an answer may be."""
    return "max_completion_tokens" if stores else "max_tokens"


def fixed(*, stores: bool) -> Mapping[str, bool]:
    """The keys whose value is never another."""
    return {"stream": True, "store": False} if stores else {"stream": True}
