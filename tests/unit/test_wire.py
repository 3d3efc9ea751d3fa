"""The way out to a provider: what an answer may be."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines import wire
from agent.engines.ports import EngineFailed, EngineReason


class Chunks(httpx2.AsyncByteStream):
    """A body in these chunks."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None:
        self.closed += 1


async def read(chunks: Iterable[bytes]) -> list[bytes]:
    return [chunk async for chunk in wire.Bounded(httpx2.Response(200, stream=Chunks(chunks)))]


async def why_not(chunks: Iterable[bytes]) -> EngineReason:
    with pytest.raises(EngineFailed) as caught:
        await read(chunks)
    return caught.value.reason


async def test_a_sound_answer_passes_unchanged() -> None:
    chunks = [b"data: caf\xc3", b"\xa9\n\n", b"data: x\n\n"]
    assert chunks == await read(chunks)


async def test_an_answer_has_a_longest_length() -> None:
    chunk = b"data: x\n\n" * 100
    most = wire.MOST_BYTES // len(chunk)
    assert most == len(await read([chunk] * most))
    assert EngineReason.BROKEN is await why_not([chunk] * (most + 1))


async def test_an_event_has_a_longest_length() -> None:
    assert 2 == len(await read([b"x" * wire.MOST_EVENT_BYTES, b"\n\n"]))
    assert EngineReason.BROKEN is await why_not([b"x" * wire.MOST_EVENT_BYTES, b"x"])


@pytest.mark.parametrize("chunks", [[b"data: \xff\n\n"], [b"data: caf\xc3"], [b"\xed\xa0\x80"]])
async def test_an_answer_is_utf_8_to_its_end(chunks: list[bytes]) -> None:
    assert EngineReason.BROKEN is await why_not(chunks)


async def test_a_closed_answer_ends_for_whoever_still_reads() -> None:
    body = Chunks([b"one\n\n", b"two\n\n"])
    answer = wire.Bounded(httpx2.Response(200, stream=body))
    reader = aiter(answer)
    assert b"one\n\n" == await anext(reader)
    await answer.aclose()
    await answer.aclose()
    assert None is await anext(reader, None)
    assert 1 == body.closed


def test_every_status_has_a_reason_and_only_the_right_ones_are_refusals() -> None:
    known = {408: EngineReason.LATE, 429: EngineReason.OVERLOADED, 529: EngineReason.OVERLOADED}
    for status in range(100, 600):
        expected = known.get(status, EngineReason.REFUSED if 400 <= status < 500 else EngineReason.BROKEN)
        assert expected is wire.reason_of_status(status)


@given(
    st.lists(st.integers(0, 4_000), min_size=1, max_size=30),
    st.sampled_from([b"\n\n", b"\r\n\r\n", b"\r\r"]),
    st.data(),
)
def test_an_events_size_is_counted_across_chunks(sizes: list[int], end: bytes, data: st.DataObject) -> None:
    stream = b"".join(b"x" * size + end for size in sizes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    edges = [0, *cuts, len(stream)]
    counted = wire._EventSize()
    longest = max(counted.after(stream[begin:end]) for begin, end in itertools.pairwise(edges))
    assert max(sizes) <= longest <= max(sizes) + 3


def test_a_base_url_keeps_its_own_path() -> None:
    assert "https://host.example/proxy/v1/chat/completions" == str(
        wire.under("https://host.example/proxy/v1/", "/chat/completions")
    )
