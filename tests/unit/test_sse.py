"""Server-sent events, sans-IO."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.sse import EventData

STREAM = (
    b": comment\n\n"
    b'data: {"a": "caf\xc3\xa9"}\n\n'
    b'event: x\r\nid: 7\r\nretry: 10\r\ndata:{"b": 2}\r\n\r\n'
    b"data: one\ndata: two\n\n\n"
    b"data: [DONE]\n\n"
    b"data: unfinished"
)
EVENTS = ['{"a": "café"}', '{"b": 2}', "one\ntwo", "[DONE]"]


def test_events_are_their_data_lines() -> None:
    assert EVENTS == EventData().receive(STREAM)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_where_the_chunks_are_cut_makes_no_difference(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    stream = EventData()
    chunks = [STREAM[begin:end] for begin, end in itertools.pairwise(edges)]
    assert EVENTS == [event for chunk in chunks for event in stream.receive(chunk)]


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        EventData().receive(b"data: \xff\n\n")


@given(st.binary(max_size=400))
def test_any_bytes_give_events_or_that_error(junk: bytes) -> None:
    try:
        events = EventData().receive(junk)
    except UnicodeDecodeError:
        return
    assert all(isinstance(event, str) for event in events)
