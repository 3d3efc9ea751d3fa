"""The real voice, heard by the real recogniser."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from agent.disclosing import disclosures
from agent.engines.models import recogniser_files, voice_files
from agent.engines.piper import PiperSpeech, Voice
from agent.engines.ports import EngineFailed, EngineReason, Speech
from agent.engines.synthesis import SpeechPool
from agent.engines.voicing import BREATH_MS
from agent.engines.whisper import Whisper, WhisperSettings
from agent.phrasebook import PhraseBook
from agent.phrases import PhraseTexts
from policies.guardrails import Sayable, Source, Wording, fixed, screen_reply
from policies.phi import PHI
from policies.retention import Retention
from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, AudioFrame, Int16, level_dbfs

pytestmark = pytest.mark.models

HELD_MS = 12_000  # about ten seconds, and what a voice that never says a sentence twice alike may add
LONG = "You can take it with food or milk if it upsets your stomach, and drink a full glass of water with every tablet."


def said(text: str) -> Sayable:
    return fixed(text, Wording.of([text], {}))


def sound(frames: list[AudioFrame]) -> Int16:
    return np.concatenate([frame.reveal() for frame in frames])


@dataclass
class Line:
    """A voice, a pool and what the pool was asked for."""

    tts: PiperSpeech
    pool: SpeechPool


@pytest.fixture(scope="module", name="voice")
def _voice() -> Voice:
    files = voice_files("joe", only_checked=True)
    return Voice(files.model, files.config)


@pytest.fixture(name="line")
def _line(voice: Voice) -> Iterator[Line]:
    pool = SpeechPool(workers=1)
    yield Line(PiperSpeech(voice, pool), pool)
    pool.close()


async def test_every_frame_is_whole_and_the_speech_is_at_the_level_of_the_line(line: Line) -> None:
    frames = [frame async for frame in line.tts.speak(said("Take one tablet with your breakfast."))]
    assert {FRAME_SAMPLES} == {len(frame.reveal()) for frame in frames}
    pcm = sound(frames)
    loud = np.flatnonzero(np.abs(pcm) > 330)
    assert -24 < level_dbfs(pcm[loud[0] : loud[-1]]) < -18
    assert np.abs(pcm.astype(np.int32)).max() < 28_000


async def test_sound_starts_within_20_ms_of_the_first_frame(line: Line) -> None:
    for text in ("Take it with food.", "Sorry, go ahead.", "Five hundred tablets.", "Is it a fever?"):
        pcm = sound([frame async for frame in line.tts.speak(said(text))])
        assert np.flatnonzero(np.abs(pcm) > 330)[0] <= RATE_HZ * 20 // 1000  # -40 dBFS


async def test_the_first_clause_is_heard_before_the_second_is_synthesised(line: Line) -> None:
    clip = line.tts.speak(said(LONG))
    first = await anext(clip)
    ready = len(clip._frames)
    rest = [frame async for frame in clip]
    assert 0 < ready < 0.6 * (1 + len(rest))
    assert len(first.reveal())


async def test_a_held_opening_and_the_rest_sound_as_one(line: Line) -> None:
    text = said(LONG)
    whole = [frame async for frame in line.tts.speak(text)]
    await line.tts.keep_opening(text)
    held = line.tts.openings_bytes // (2 * FRAME_SAMPLES)
    frames = [frame async for frame in line.tts.speak(text)]

    assert 0.85 < len(frames) / len(whole) < 1.15  # a voice never says a clause twice alike
    loud = np.flatnonzero(np.abs(sound(frames)) > 330)
    seam = held * FRAME_SAMPLES
    before, after = loud[loud < seam].max(), loud[loud >= seam].min()
    assert after - before <= (BREATH_MS + 3 * FRAME_MS) * RATE_HZ // 1000  # no sign of pause stands there
    again = [frame async for frame in line.tts.speak(text)]
    assert np.array_equal(sound(frames[:held]), sound(again[:held]))


async def test_a_closed_clip_leaves_no_work_behind(line: Line) -> None:
    clip = line.tts.speak(said(LONG))
    await anext(clip)
    await clip.aclose()
    assert [] == [frame async for frame in clip]
    after = [frame async for frame in line.tts.speak(said("Yes."))]
    assert after
    assert 0 == line.pool.waiting


async def test_a_cancelled_listener_can_close_the_clip(line: Line) -> None:
    clip = line.tts.speak(said(LONG))

    async def listen() -> None:
        try:
            async for _ in clip:
                await asyncio.sleep(0)
        finally:
            await clip.aclose()

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [frame async for frame in line.tts.speak(said("Yes."))]


async def test_a_voice_that_is_too_late_is_given_up(voice: Voice) -> None:
    pool = SpeechPool(workers=1)
    with pytest.raises(EngineFailed) as failed:
        await anext(PiperSpeech(voice, pool, late_s=0.001).speak(said(LONG)))
    pool.close()
    assert EngineReason.LATE is failed.value.reason


async def test_a_slower_rate_takes_longer(voice: Voice, line: Line) -> None:
    slow = PiperSpeech(voice, line.pool, rate=0.7)
    text = said("Keep the wound clean and dry.")
    lengths = [len([frame async for frame in tts.speak(text)]) for tts in (line.tts, slow)]
    assert lengths[0] * 1.15 < lengths[1]


def test_bytes_that_are_no_voice_are_refused() -> None:
    files = voice_files("joe", only_checked=True)
    with pytest.raises(EngineFailed) as failed:
        Voice(files.model[:1000], files.config)
    assert EngineReason.MODEL_FILE is failed.value.reason
    assert failed.value.__context__ is None


async def test_no_logger_sees_the_text_at_any_level(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    [frame async for frame in line.tts.speak(said("The walrus takes metoprolol."))]
    assert "" == "".join(record.getMessage() for record in caplog.records if "asyncio" not in record.name)


async def test_fixed_wording_is_kept_and_a_callers_words_are_not(line: Line) -> None:
    book = await PhraseBook.spoken_by(line.tts, [said("One moment.")])
    assert len(book.ready(said("One moment.")) or ()) > 20
    assert book.ready(said("Take your time.")) is None
    other = screen_reply(PHI("One moment."), Wording.of([], {"One moment.": "p1"}))
    assert isinstance(other, Sayable)
    assert Source.PASSAGE is other.source
    assert book.ready(other) is None
    with pytest.raises(ValueError, match="fixed wording"):
        await PhraseBook.spoken_by(line.tts, [other])


HEARD = {
    "Take 500 milligrams of acetaminophen every 6 hours.": "take 500 milligrams of acetaminophen every 6 hours",
    "If this is an emergency, hang up and dial 911.": "if this is an emergency hang up and dial 911",
    "Call us if your fever is 100.4 degrees or higher.": "call us if your fever is 100 4 degrees or higher",
    "Say nurse, or press 0, at any time to reach a person.": "say nurse or press 0 at any time to reach a person",
    "Take your metformin with food at 8 in the morning.": "take your metformin with food at 8 in the morning",
}
FIGURES = {"zero": "0", "eight": "8", "six": "6", "hundred": "100", "point": ""}


def plain(text: str) -> list[str]:
    bare = re.sub(r"[^a-z0-9 ]", " ", text.lower().replace("9-1-1", "911").replace("mg", "milligrams"))
    return [word for word in (FIGURES.get(word, word) for word in bare.split()) if word]


async def test_what_is_said_is_what_the_recogniser_hears(line: Line) -> None:
    recogniser = Whisper(recogniser_files("tiny.en", only_checked=True), WhisperSettings())
    wrong = total = 0
    for text, heard in HEARD.items():
        pcm = sound([frame async for frame in line.tts.speak(said(text))])
        transcript = await asyncio.to_thread(recogniser.hear, Speech(pcm), None)
        got, wanted = plain(transcript.said.words.reveal()), heard.split()
        total += len(wanted)
        wrong += sum(word not in got for word in wanted)
    assert wrong <= 0.1 * total


@pytest.mark.parametrize("level", Retention)
async def test_the_part_of_the_greeting_that_is_heard_out_is_short(line: Line, level: Retention) -> None:
    texts = PhraseTexts.for_agent("Riverside General Hospital", "", draft=True, days=90)
    disclosure = disclosures(texts, Wording.of(texts.wording(), {}))[level]

    frames = [frame for said in disclosure.greeting[: disclosure.held] async for frame in line.tts.speak(said)]

    assert 6_000 < len(frames) * FRAME_MS < HELD_MS
