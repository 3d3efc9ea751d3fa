"""No sensitive value shows by any route but `reveal()`."""

from __future__ import annotations

import asyncio
import base64
import collections
import copy
import csv
import dataclasses
import html
import io
import json
import logging
import marshal
import pickle
import pprint
import reprlib
import string
import struct
import tomllib
import traceback
import urllib.parse
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis.asyncio
import redis.exceptions
import structlog
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from agent.engines.ports import Bias, Speech, Transcript
from policies.guardrails import Answerable, Defer, Escalate, Sayable, Wording, fixed, screen_utterance
from policies.phi import PHI, Sensitive, SensitiveLeak, Utterance
from policies.rules.written import red_flags
from telephony.audio import FRAME_SAMPLES, AudioFrame
from tests.kept import serving

CANARY = "Xanthippe Quill"


def an_utterance() -> Utterance:
    return Utterance(words=PHI(CANARY), doubtful=False)


def an_answerable() -> Answerable:
    said = screen_utterance(an_utterance(), red_flags())
    assert not isinstance(said, Escalate | Defer)
    return said


def a_sayable() -> Sayable:
    return fixed(CANARY, Wording.of([CANARY], {}))


HOLDERS: dict[str, Callable[[], Sensitive]] = {
    "PHI of words": lambda: PHI(CANARY),
    "PHI of nothing": lambda: PHI(""),
    "PHI of a number": lambda: PHI(5550123),
    "PHI of bytes": lambda: PHI(CANARY.encode()),
    "PHI of a list": lambda: PHI([CANARY]),
    "PHI of PHI": lambda: PHI(PHI(CANARY)),
    "Utterance": an_utterance,
    "Answerable": an_answerable,
    "Sayable": a_sayable,
    "Transcript": lambda: Transcript(an_utterance(), -0.1, 0.0),
    "Bias": lambda: Bias(PHI((CANARY,))),
    "Speech": lambda: Speech(np.frombuffer(CANARY.ljust(16).encode(), np.int16)),
    "AudioFrame": lambda: AudioFrame(np.full(FRAME_SAMPLES, 17, np.int16)),
}


@pytest.fixture(name="held", params=[*HOLDERS.values()], ids=[*HOLDERS])
def _held(request: pytest.FixtureRequest) -> Sensitive:
    make: Callable[[], Sensitive] = request.param
    return make()


def in_a_traceback(value: object) -> str:
    """With locals, as the most talkative debugger prints it."""
    out = io.StringIO()
    try:
        raise ValueError(value)
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        print("".join(told.format()), file=out)
    return out.getvalue()


def with_a_note(value: object) -> str:
    error = ValueError()
    error.add_note(f"{value}")
    return "".join(traceback.format_exception(error))


def named_task(value: object) -> str:
    async def run() -> str:
        return asyncio.create_task(asyncio.Event().wait(), name=f"{value}").get_name()

    return asyncio.run(run())


SHOWN: dict[str, Callable[[Any], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "f-string": lambda value: f"{value} {value!r} {value!s:>40}",
    "format": "{0} {0!r}".format,
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031
    "print": lambda value: print(value, file=(out := io.StringIO())) or out.getvalue(),
    "json with default": lambda value: json.dumps({"x": value}, default=str),
    "in a list": lambda value: repr([value, {"x": value}]),
    "traceback with locals": in_a_traceback,
    "pretty print": pprint.pformat,
    "short repr": lambda value: reprlib.repr([value]),
    "template": lambda value: string.Template("$x").substitute(x=value),
    "exception": lambda value: str(ValueError(value)) + repr(ValueError("x", value)),
    "exception's notes": lambda value: with_a_note(value),
    "group of exceptions": lambda value: "".join(traceback.format_exception(ExceptionGroup("x", [KeyError(value)]))),
    "record of a logger": lambda value: logging.LogRecord("x", 10, "f", 1, "%s", (value,), None).getMessage(),
    "structlog": lambda value: str(structlog.processors.JSONRenderer()(None, "", {"x": value})),
    "structlog, for people": lambda value: structlog.dev.ConsoleRenderer()(None, "", {"event": "x", "x": value}),
    "csv": lambda value: csv.writer(out := io.StringIO()).writerow([value]) and out.getvalue(),
    "query of a URL": lambda value: urllib.parse.unquote_plus(urllib.parse.urlencode({"x": value})),
    "dataclass around it": lambda value: repr(dataclasses.make_dataclass("Around", ["x"])(value)),
    "named tuple around it": lambda value: repr(collections.namedtuple("Around", "x")(value)),
    "array of objects": lambda value: repr(np.array([value], dtype=object)),
    "name of a task": lambda value: repr(named_task(value)),
    "warning": lambda value: warnings.formatwarning(f"{value}", UserWarning, "f", 1),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN.keys())
def test_what_prints_it_prints_a_mask(show: Callable[[Any], str], held: Sensitive) -> None:
    shown = show(held)

    assert f"<{type(held).__name__}>" in shown
    assert [] == [part for part in (CANARY, "Xanthippe", "5550123", "17, 17") if part in shown]


def element_of(value: Any) -> ET.Element:
    element = ET.Element("x")
    element.text = value
    return element


@dataclasses.dataclass
class Around:
    held: object


def around(value: object) -> Around:
    return Around(value)


def copy_of_mask(value: Sensitive) -> Sensitive:
    """Another object of its kind: identity alone must not settle a comparison."""
    return next(made for make in HOLDERS.values() if type(made := make()) is type(value))


def matched(value: object) -> bool:
    match value:
        case "x":
            return True
        case _:
            return False


REFUSED: dict[str, Callable[[Any], object]] = {
    "json": json.dumps,
    "pickle": pickle.dumps,
    "pickle 0": lambda value: pickle.dumps(value, protocol=0),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "dict key": lambda value: {value: 1},
    "set": lambda value: {value},
    "hash": hash,
    "join": lambda value: "".join([value]),
    "bytes join": lambda value: b"".join([value]),
    "add": lambda value: value + "",
    "add to": lambda value: "" + value,
    "concatenate in place": lambda value: [*value],
    "equal": lambda value: value == value,
    "unequal": lambda value: value != "x",
    "less": lambda value: value < "x",
    "truth": bool,
    "len": len,
    "iterate": list,
    "contains": lambda value: "x" in value,
    "index": lambda value: value[0],
    "as index": lambda value: [1, 2][value],
    "int": int,
    "float": float,
    "bytes": bytes,
    "encode": lambda value: value.encode(),
    "vars": vars,
    "state": lambda value: value.__getstate__() if isinstance(value, PHI) else vars(value),
    "sorted": lambda value: sorted([value, value]),
    "write": lambda value: io.StringIO().write(value),
    "write bytes": lambda value: io.BytesIO().write(value),
    "memoryview": memoryview,
    "marshal": marshal.dumps,
    "base64": base64.b64encode,
    "pack": lambda value: struct.pack("20s", value),
    "quote": urllib.parse.quote,
    "escape": html.escape,
    "translate": lambda value: string.capwords(value),
    "XML": lambda value: ET.tostring(element_of(value)),
    "parse": tomllib.loads,
    "numbers": lambda value: np.asarray([value], dtype=np.int16),
    "counted": lambda value: collections.Counter([value]),
    "asdict": lambda value: dataclasses.asdict(dataclasses.make_dataclass("Around", ["x"])(value)),
    "astuple": lambda value: dataclasses.astuple(dataclasses.make_dataclass("Around", ["x"])(value)),
    "deep copy of what holds it": lambda value: copy.deepcopy({"x": [value]}),
    "pickle of what holds it": lambda value: pickle.dumps(collections.deque([value])),
    "equal in a list": lambda value: [value] == [copy_of_mask(value)],
    "equal in a dataclass": lambda value: around(value) == around(copy_of_mask(value)),
    "found in a list": lambda value: copy_of_mask(value) in [value],
    "matched": lambda value: matched(value),
    "message of a metric": lambda value: "x {" + 'a="' + value + '"}',
}


@pytest.mark.parametrize("take", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_take_it_out_is_refused_without_a_word_of_it(take: Callable[[Any], object], held: Sensitive) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError, struct.error)) as refusal:
        take(held)

    assert "Xanthippe" not in str(refusal.value)


def test_redis_takes_none_of_it_as_key_value_or_message(held: Any, tmp_path: Path) -> None:
    async def run(url: str) -> tuple[list[str], list[bytes]]:
        client = redis.asyncio.from_url(url, retry=Retry(ConstantBackoff(0.05), 100))
        told = []
        for send in (
            lambda: client.set("ql:presence:x", held),
            lambda: client.get(held),
            lambda: client.publish("ql:policy", held),
            lambda: client.publish(held, "x"),
            lambda: client.mset({"ql:presence:y": held}),
        ):
            with pytest.raises((redis.exceptions.DataError, TypeError)) as refusal:
                await send()
            told.append(str(refusal.value))
        there = [key async for key in client.scan_iter()]
        await client.aclose()
        return told, there

    with serving(tmp_path) as server:
        told, there = asyncio.run(run(server.ear.reveal()))

    assert [] == there
    assert [] == [text for text in told if "Xanthippe" in text or "5550123" in text]


def test_asdict_of_what_holds_it_is_refused() -> None:
    with pytest.raises(SensitiveLeak):
        dataclasses.asdict(an_utterance())


def test_asdict_of_a_permit_is_refused() -> None:
    with pytest.raises(SensitiveLeak):
        dataclasses.astuple(a_sayable())


@given(st.text(min_size=3))
def test_no_text_shows_through_its_mask(text: str) -> None:
    held = PHI(text)

    assert {"<PHI>"} == {
        repr(held),
        str(held),
        f"{held}",
        format(held, ">99"),
        json.loads(json.dumps(held, default=str)),
    }


@given(st.one_of(st.text(), st.integers(), st.lists(st.text())))
def test_reveal_gives_the_very_value_and_map_stays_held(value: object) -> None:
    assert value is PHI(value).reveal()
    assert [value] == PHI(value).map(lambda inner: [inner]).reveal()
