"""The real recogniser on sounds made here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent.completeness import plain
from agent.engines.models import ModelFiles, ModelFileWrong, ModelReason, recogniser_files, voice_files
from agent.engines.piper import Voice
from agent.engines.ports import Bias, Speech, Urgency
from agent.engines.silero import Silero
from agent.engines.whisper import Whisper, WhisperPool, WhisperSettings
from policies.phi import PHI
from telephony import g711
from telephony.audio import RATE_HZ, Int16, resample
from telephony.twin.wav import read_wav

ASKED = "When can I take a shower after my operation?"
TOLD = (
    "My left leg is swollen.",
    "I stopped my blood thinner on Monday.",
    "The nurse told me to drink more water.",
    ASKED,
)


@pytest.fixture(name="whisper", scope="module")
def _whisper() -> Whisper:
    return Whisper(recogniser_files("base", only_checked=True), WhisperSettings())


@pytest.fixture(name="told", scope="module")
def _told() -> list[Int16]:
    """Sentences of the packaged voice, as they come over a telephone line."""
    files = voice_files("joe", only_checked=True)
    voice = Voice(files.model, files.config)
    loud = [np.clip(voice.pronounce(text) * 12_000, -32_768, 32_767).astype(np.int16) for text in TOLD]
    return [g711.decode(g711.encode(resample(wide, voice.rate_hz, RATE_HZ))) for wide in loud]


@pytest.fixture(name="said", scope="module")
def _said(told: list[Int16]) -> Int16:
    return told[-1]


@pytest.fixture(name="pool", scope="module")
def _pool(whisper: Whisper) -> Iterator[WhisperPool]:
    pool = WhisperPool(whisper.hear, WhisperSettings(late_s=60))
    yield pool
    pool.close()


NO_ENGLISH = Path(__file__).parent / "data" / "no_english.wav"
"""Spanish for "I don't understand you at all, can you put me through to a person?", rendered by espeak-ng 1.51 with
`-v es -s 150`, in the telephone's band."""


def words(whisper: Whisper, pcm: Int16, bias: Bias | None = None) -> str:
    return whisper.hear(Speech(pcm), bias).said.words.reveal()


@pytest.mark.models
async def test_a_question_over_the_telephone_is_understood(pool: WhisperPool, said: Int16) -> None:
    heard = await pool.transcribe(Speech(said), call=1, urgency=Urgency.FINAL)
    understood = set(plain(heard.said.words.reveal()).split())
    # the voice never says a sentence twice the same way: a function word may differ
    assert {"when", "can", "take", "shower", "after", "my", "operation"} <= understood
    assert not heard.said.doubtful


@pytest.mark.models
def test_another_language_is_told_from_english_however_poor_the_line(whisper: Whisper, told: list[Int16]) -> None:
    hiss = np.random.default_rng(1).normal(0, 300, len(told[0])).astype(np.int16)
    heard = [whisper.hear(Speech(pcm), None).said for pcm in (read_wav(NO_ENGLISH), told[0], told[0] + hiss)]

    assert [True, False, False] == [said.hardly_english for said in heard]


@pytest.mark.models
def test_words_that_matter_do_not_change_a_question_without_them(whisper: Whisper, said: Int16) -> None:
    bias = Bias(PHI(("metoprolol", "apixaban", "furosemide")))
    assert "shower after my operation" in words(whisper, said, bias)


@pytest.mark.models
def test_speech_of_more_than_thirty_seconds_is_heard_from_its_first_word_to_its_last(
    whisper: Whisper, told: list[Int16]
) -> None:
    pause = np.zeros(RATE_HZ * 8, np.int16)
    heard = words(whisper, np.concatenate([piece for one in told for piece in (one, pause)])).lower()
    found = [word for word in ("swollen", "monday", "water", "shower") if word in heard]
    assert found == ["swollen", "monday", "water", "shower"]


@pytest.fixture(name="talkative", scope="module")
def _talkative() -> Whisper:
    """The recogniser without Whisper's own doubts: it writes words for almost any sound that reaches it."""
    return Whisper(recogniser_files("base", only_checked=True), WhisperSettings(no_speech=2.0))


@pytest.mark.models
@pytest.mark.parametrize("level_dbfs", [-96, -60, -40, -20])
def test_silence_and_noise_are_no_words(talkative: Whisper, level_dbfs: int) -> None:
    rng = np.random.default_rng(7)
    amplitude = 32_768 * 10 ** (level_dbfs / 20)
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    sounds = {
        "hiss": rng.normal(0, 1, len(time_s)),
        "hum": 1.4 * np.sin(2 * np.pi * 120 * time_s),
        "key tones": (np.sin(2 * np.pi * 770 * time_s) + np.sin(2 * np.pi * 1336 * time_s)) * (time_s % 0.5 < 0.2),
        "clicks": 20 * (rng.random(len(time_s)) < 0.0005) * rng.normal(0, 1, len(time_s)),
    }
    heard = {
        name: words(talkative, np.clip(amplitude * sound, -32_768, 32_767).astype(np.int16))
        for name, sound in sounds.items()
    }
    assert heard == dict.fromkeys(sounds, "")


@pytest.mark.models
def test_nothing_at_all_is_no_words(whisper: Whisper) -> None:
    assert words(whisper, np.zeros(0, np.int16)) == ""


@pytest.mark.models
def test_bytes_that_are_no_model_are_refused_in_a_sentence() -> None:
    with pytest.raises(ModelFileWrong) as wrong:
        WhisperPool.load(
            ModelFiles("mine", {"model.bin": b"x", "config.json": b"{}"}, checked=False), WhisperSettings()
        )
    assert wrong.value.reason is ModelReason.UNFIT
    assert wrong.value.__context__ is None
    with pytest.raises(ModelFileWrong):
        Silero(b"x")
