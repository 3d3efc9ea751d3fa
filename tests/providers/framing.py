"""The streaming protocols of the two providers: a text's pieces as the events that carry them.

Anthropic: message_start, content_block_start, content_block_delta ..., message_delta, message_stop; ping; error.
OpenAI: chat.completion.chunk objects and `[DONE]`.
"""

from __future__ import annotations

import json
from typing import Final, Protocol


class Framing(Protocol):
    """One provider's way of saying things."""

    path: str

    def begin(self) -> bytes: ...
    def text(self, piece: str) -> bytes: ...
    def ping(self) -> bytes: ...
    def end(self, stop: str) -> bytes:
        """`stop`: "end", "limit" or "refusal"."""
        ...

    def overloaded(self, message: str) -> bytes: ...
    def other_shape(self, message: str) -> bytes: ...
    def error_body(self, status: int, message: str) -> bytes: ...


def _event(name: str, **fields: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


class AnthropicFraming:
    path = "/v1/messages"
    _STOPS: Final = {"end": "end_turn", "limit": "max_tokens", "refusal": "refusal"}

    def begin(self) -> bytes:
        message: dict[str, object] = {
            "id": "msg_test",
            "type": "message",
            "role": "assistant",
            "model": "claude-test",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 25, "output_tokens": 1},
        }
        block = {"type": "text", "text": ""}
        return _event("message_start", message=message) + _event("content_block_start", index=0, content_block=block)

    def text(self, piece: str) -> bytes:
        return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})

    def ping(self) -> bytes:
        return _event("ping")

    def end(self, stop: str) -> bytes:
        delta = {"stop_reason": self._STOPS[stop], "stop_sequence": None}
        return (
            _event("content_block_stop", index=0)
            + _event("message_delta", delta=delta, usage={"output_tokens": 40})
            + _event("message_stop")
        )

    def overloaded(self, message: str) -> bytes:
        return _event("error", error={"type": "overloaded_error", "message": message})

    def other_shape(self, message: str) -> bytes:
        return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": [message]})

    def error_body(self, status: int, message: str) -> bytes:
        kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}.get(
            status, "api_error"
        )
        return json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()


class OpenAIFraming:
    path = "/v1/chat/completions"
    _STOPS: Final = {"end": "stop", "limit": "length", "refusal": "content_filter"}

    def _chunk(self, delta: object, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {
            "id": "chatcmpl-test",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "test",
            "choices": [choice],
        }
        return f"data: {json.dumps(chunk)}\n\n".encode()

    def begin(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, piece: str) -> bytes:
        return self._chunk({"content": piece})

    def ping(self) -> bytes:
        return b": keep-alive\n\n"

    def end(self, stop: str) -> bytes:
        return self._chunk({}, self._STOPS[stop]) + b"data: [DONE]\n\n"

    def overloaded(self, message: str) -> bytes:
        return f"data: {json.dumps({'error': {'type': 'overloaded_error', 'message': message}})}\n\n".encode()

    def other_shape(self, message: str) -> bytes:
        return self._chunk({"content": [message]})

    def error_body(self, status: int, message: str) -> bytes:
        return json.dumps({"error": {"type": "server_error", "code": status, "message": message}}).encode()
