"""A call's turns as the messages that chat models take.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.engines.prompt import APPROVED, CALL_BEGINS
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI, Sensitive

MOST_TURNS: Final = 40
"""Turns of history sent, newest first kept: the least that a phone call's answers need (minimum necessary)."""


class Role(enum.Enum):
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Message(Sensitive):
    """One turn in a provider's terms."""

    role: Role
    text: PHI[str]

    __hash__ = None  # see Sensitive


class NotTheCallersTurn(ValueError):
    """The last turn is not the caller's, or says nothing: there is nothing to answer."""

    def __init__(self) -> None:
        super().__init__("the last turn is not the caller's")


def dialogue(turns: Sequence[Answerable | Sayable], opened: Opened | None = None) -> tuple[Message, ...]:
    """The turns as messages: user first, user last, roles in turn, none empty.

    Turns of one side that follow each other become one message; turns without words are left out.
    opened: the approved passage, told with what the caller said last.
    Raises `NotTheCallersTurn`.
    """
    messages: list[Message] = []
    for turn in turns[-MOST_TURNS:]:
        role, words = _said(turn)
        if _is_blank(words):
            continue
        if messages and messages[-1].role is role:
            messages[-1] = Message(role, _joined(messages[-1].text, words))
        else:
            messages.append(Message(role, words))
    if not messages or not isinstance(turns[-1], Answerable) or messages[-1].role is not Role.USER:
        raise NotTheCallersTurn
    if opened is not None:
        told = opened.text.map(lambda text: APPROVED.format(passage=" ".join(text.split())))
        messages[-1] = Message(Role.USER, _joined(told, messages[-1].text))
    if messages[0].role is not Role.USER:
        messages.insert(0, Message(Role.USER, PHI(CALL_BEGINS)))
    return tuple(messages)


def as_json(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages in the form both providers take on the wire.  In the clear: for the request and nothing else."""
    return [{"role": message.role.value, "content": message.text.reveal()} for message in messages]


def _said(turn: Answerable | Sayable) -> tuple[Role, PHI[str]]:
    if isinstance(turn, Answerable):
        return Role.USER, turn.said.words
    return Role.ASSISTANT, turn.text


def _is_blank(words: PHI[str]) -> bool:
    return not words.reveal().strip()


def _joined(first: PHI[str], second: PHI[str]) -> PHI[str]:
    return PHI(f"{first.reveal().rstrip()} {second.reveal().lstrip()}")
