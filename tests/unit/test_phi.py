"""No sensitive value shows by any route but `reveal()`."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.ports import Bias, Speech, Transcript
from policies.guardrails import Answerable, Defer, Escalate, Sayable, Wording, fixed, screen_utterance
from policies.phi import PHI, Sensitive, SensitiveLeak, Utterance
from policies.redflags import RedFlags
from telephony.audio import FRAME_SAMPLES, AudioFrame

CANARY = "Xanthippe Quill"


def an_utterance() -> Utterance:
    return Utterance(words=PHI(CANARY), doubtful=False)


def an_answerable() -> Answerable:
    said = screen_utterance(an_utterance(), RedFlags.provisional())
    assert not isinstance(said, Escalate | Defer)
    return said


def a_sayable() -> Sayable:
    return fixed(CANARY, Wording.of([CANARY], {}, model_sentences=False))


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
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN.keys())
def test_what_prints_it_prints_a_mask(show: Callable[[Any], str], held: Sensitive) -> None:
    shown = show(held)

    assert f"<{type(held).__name__}>" in shown
    assert [] == [part for part in (CANARY, "Xanthippe", "5550123", "17, 17") if part in shown]


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
}


@pytest.mark.parametrize("take", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_take_it_out_is_refused_without_a_word_of_it(take: Callable[[Any], object], held: Sensitive) -> None:
    with pytest.raises((TypeError, AttributeError)) as refusal:
        take(held)

    assert "Xanthippe" not in str(refusal.value)


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
