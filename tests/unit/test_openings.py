"""How answers begin is synthesised ahead: only while nobody calls, and only our own material."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from collections.abc import Iterator
from typing import cast

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from agent.engines.piper import PiperSpeech, Voice
from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.synthesis import Job, SpeechPool, Synthesise
from agent.metrics import LineMetrics
from agent.openings import keep_openings
from agent.pipe import EventPipe
from agent.sentences import clauses
from agent.service import speak_ahead
from policies.events import OpeningsReady, decode
from policies.guardrails import Sayable, Source, Wording, fixed, screen_reply
from policies.phi import PHI
from policies.records import Profile
from telephony.audio import FRAME_MS, RATE_HZ
from telephony.switchboard import EndDecision, Switchboard
from tests.simulated import house, passage
from tests.virtual_time import at_once

LONG = "You can take it with food or milk if it upsets your stomach, and drink a full glass of water with every tablet."
FIRST, *REST = clauses(LONG)
OTHER = "Keep the wound clean and dry."
WORDING = Wording.of([], {LONG: "p1", OTHER: "p2"}, unfiltered=True)


def said(text: str, wording: Wording = WORDING) -> Sayable:
    sayable = screen_reply(PHI(text), wording)
    assert isinstance(sayable, Sayable)
    return sayable


class Tones:
    """Stands where a loaded voice would: a tone of 100 ms a word.  Remembers what it was given; may be held up."""

    rate_hz = RATE_HZ

    def __init__(self) -> None:
        self.given: list[str] = []
        self.breaks = False
        self.let_go = threading.Event()
        self.let_go.set()

    def pronounce(self, text: str, rate: float, run: onnxruntime.RunOptions) -> NDArray[np.float32]:
        self.given.append(text)
        assert self.let_go.wait(10)
        if self.breaks:
            raise RuntimeError(text)
        time_s = np.arange(RATE_HZ // 10 * len(text.split())) / RATE_HZ
        return np.sin(2 * np.pi * 440 * time_s, dtype=np.float32)


@pytest.fixture(name="pool")
def _pool() -> Iterator[SpeechPool]:
    pool = SpeechPool(workers=1)
    yield pool
    pool.close()


@pytest.fixture(name="tones")
def _tones() -> Tones:
    return Tones()


@pytest.fixture(name="tts")
def _tts(pool: SpeechPool, tones: Tones) -> PiperSpeech:
    return PiperSpeech(cast("Voice", tones), pool)


async def test_a_held_opening_sounds_without_synthesis_and_the_rest_is_begun_meanwhile(
    tts: PiperSpeech, tones: Tones
) -> None:
    whole = [frame async for frame in tts.speak(said(LONG))]
    await tts.keep_opening(said(LONG))
    tones.given.clear()
    tones.let_go.clear()

    clip = tts.speak(said(LONG))
    opening = [await anext(clip) for _ in range(len(clip._frames))]  # nothing can be synthesised yet
    tones.let_go.set()
    rest = [frame async for frame in clip]

    assert REST == tones.given
    assert len(whole) == len(opening) + len(rest)
    assert [True] * len(whole) == [
        np.array_equal(one.reveal(), other.reveal()) for one, other in zip(whole, opening + rest, strict=True)
    ]


async def test_what_follows_an_opening_is_due_when_that_has_been_heard(
    tts: PiperSpeech, pool: SpeechPool, tones: Tones, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tts.keep_opening(said(LONG))
    due_s: list[float] = []
    submit = pool.submit

    def watched(_: SpeechPool, words: PHI[str], work: Synthesise, due: float) -> Job:
        due_s.append(due)
        return submit(words, work, due)

    monkeypatch.setattr(SpeechPool, "submit", watched)
    monkeypatch.setattr("agent.engines.piper.time.monotonic", lambda: 100.0)

    clip = tts.speak(said(LONG), after_ms=500)
    opening_s = len(clip._frames) * FRAME_MS / 1000
    await clip.aclose()
    await tts.keep_opening(said(OTHER))

    assert [pytest.approx(100.5 + opening_s), math.inf] == due_s


async def test_an_opening_that_is_the_whole_sentence_ends_the_clip(tts: PiperSpeech, tones: Tones) -> None:
    await tts.keep_opening(said(OTHER))
    frames = [frame async for frame in tts.speak(said(OTHER))]

    assert [OTHER] == tones.given
    assert tts.openings_bytes == sum(frame.reveal().nbytes for frame in frames) > 0


async def test_a_closed_clip_gives_no_more_of_its_opening_and_the_next_one_does(tts: PiperSpeech) -> None:
    await tts.keep_opening(said(LONG))
    clip = tts.speak(said(LONG))
    await anext(clip)
    await clip.aclose()

    assert [] == [frame async for frame in clip]
    assert [frame async for frame in tts.speak(said(LONG))]


async def test_an_opening_is_held_once_however_often_it_is_asked_for(tts: PiperSpeech, tones: Tones) -> None:
    for _ in range(3):
        await tts.keep_opening(said(LONG))

    assert [FIRST] == tones.given
    assert 1 == tts.openings


async def test_a_models_own_sentence_is_never_held_nor_given_from_what_is_held(tts: PiperSpeech, tones: Tones) -> None:
    mine, models = said(OTHER), said(OTHER, Wording.of([], {}, unfiltered=True))
    assert (Source.PASSAGE, Source.MODEL) == (mine.source, models.source)

    with pytest.raises(ValueError, match="only our own material") as refusal:
        await tts.keep_opening(models)
    assert OTHER not in str(refusal.value)
    assert (0, []) == (tts.openings, tones.given)

    await tts.keep_opening(mine)
    [frame async for frame in tts.speak(models)]
    assert [OTHER, OTHER] == tones.given


async def test_what_is_said_in_a_call_is_not_held(tts: PiperSpeech) -> None:
    for sayable in (
        said(LONG),
        said("I am only a model."),
        fixed("One moment.", Wording.of(["One moment."], {})),
    ):
        [frame async for frame in tts.speak(sayable)]

    assert (0, 0) == (tts.openings, tts.openings_bytes)


async def test_a_clause_that_gave_no_sound_is_not_held_and_can_be_asked_for_again(
    tts: PiperSpeech, tones: Tones
) -> None:
    tones.breaks = True
    with pytest.raises(EngineFailed) as failed:
        await tts.keep_opening(said(LONG))
    assert (EngineReason.BROKEN, 0) == (failed.value.reason, tts.openings)

    tones.breaks = False
    await tts.keep_opening(said(LONG))
    assert 1 == tts.openings


async def test_keeping_that_is_cancelled_leaves_no_work_and_holds_nothing(
    tts: PiperSpeech, tones: Tones, pool: SpeechPool
) -> None:
    tones.let_go.clear()
    busy = asyncio.create_task(tts.keep_opening(said(LONG)))
    waiting = asyncio.create_task(tts.keep_opening(said(OTHER)))
    await asyncio.sleep(0)
    for task in (busy, waiting):
        task.cancel()
    assert {True} == {
        isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(busy, waiting, return_exceptions=True)
    }
    assert 0 == pool.waiting
    tones.let_go.set()
    [frame async for frame in tts.speak(said("Yes."))]

    assert 0 == tts.openings
    assert OTHER not in tones.given


class Slow:
    """`SpeaksAhead` in virtual time: a clause takes `SECONDS`."""

    SECONDS = 0.2

    def __init__(self, breaks: str = "") -> None:
        self.held: list[tuple[str, float]] = []
        self._breaks = breaks

    async def keep_opening(self, text: Sayable) -> None:
        await asyncio.sleep(self.SECONDS)
        words = text.text.reveal()
        if words == self._breaks:
            raise EngineFailed(EngineReason.BROKEN)
        self.held.append((words, round(asyncio.get_running_loop().time(), 3)))


NUMBERED = [f"Sentence {n}." for n in range(4)]
NUMBERS = Wording.of([], dict.fromkeys(NUMBERED, "p"))


def test_a_call_stops_it_after_the_clause_in_hand_and_it_goes_on_when_the_line_is_idle() -> None:
    voice, call, other = Slow(), PHI("CA1"), PHI("CA2")

    async def work() -> None:
        board = Switchboard(calls=2, clock=asyncio.get_running_loop().time)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                keep_openings(((voice, said(text, NUMBERS)) for text in NUMBERED), board.idle, lambda _: None)
            )
            await asyncio.sleep(0.3)
            board.begin(call)
            await asyncio.sleep(1)
            board.begin(other)
            await asyncio.sleep(1)
            board.settle(call, EndDecision.GOODBYE)
            await asyncio.sleep(1)
            board.settle(other, EndDecision.GOODBYE)

    at_once(work())

    assert list(zip(NUMBERED, [0.2, 0.4, 3.5, 3.7], strict=True)) == voice.held


def test_a_line_that_is_busy_from_the_start_holds_nothing_until_it_is_idle() -> None:
    voice = Slow()

    async def work() -> None:
        board = Switchboard(calls=1, clock=asyncio.get_running_loop().time)
        board.begin(PHI("CA1"))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_openings([(voice, said(NUMBERED[0], NUMBERS))], board.idle, lambda _: None))
            await asyncio.sleep(60)
            assert [] == voice.held
            board.settle(PHI("CA1"), EndDecision.GOODBYE)
            board.begin(PHI("CA2"))  # before whoever waits has run
            await asyncio.sleep(60)
            assert [] == voice.held
            board.settle(PHI("CA2"), EndDecision.GOODBYE)

    at_once(work())

    assert [(NUMBERED[0], 120.2)] == voice.held


def test_one_clause_that_fails_is_told_and_the_others_are_held() -> None:
    voice, failures = Slow(breaks=NUMBERED[1]), list[EngineReason]()

    async def work() -> None:
        board = Switchboard(calls=1, clock=asyncio.get_running_loop().time)
        await keep_openings(((voice, said(text, NUMBERS)) for text in NUMBERED), board.idle, failures.append)

    at_once(work())

    assert [NUMBERED[0], *NUMBERED[2:]] == [words for words, _ in voice.held]
    assert [EngineReason.BROKEN] == failures


def test_every_passage_has_its_opening_and_an_answer_begins_with_it() -> None:
    prepared, _ = house()
    firsts = [sentence.text.reveal() for sentence in prepared.openings]
    named = [sentence.passage_id for sentence in prepared.openings]

    assert set(prepared.script.voices.wording.passages.values()) == set(named)
    assert len(set(named)) == len(named)
    assert passage("When can I take a shower?")[0] in firsts


def test_the_line_tells_the_pipe_once_everything_is_held(tts: PiperSpeech, tones: Tones) -> None:
    prepared, _ = house()
    firsts = {clauses(sentence.text.reveal())[0] for sentence in prepared.openings}
    read, write = os.pipe()

    async def work() -> None:
        board = Switchboard(calls=1, clock=asyncio.get_running_loop().time)
        pipe = EventPipe(write, Profile.PRODUCTION)
        agents = {"one": prepared, "another": prepared}  # who share a voice share what it holds
        await speak_ahead(agents, {prepared.agent.speaking_rate: tts}, board, pipe, LineMetrics(capacity=1))

    asyncio.run(work())
    told = decode(os.read(read, 4_096).decode("ascii").rstrip("\n"))
    os.close(read)
    os.close(write)

    assert isinstance(told, OpeningsReady)
    assert (len(firsts), tts.openings_bytes // 1000) == (told.count, told.kilobytes)
    assert len(firsts) == len(tones.given)
