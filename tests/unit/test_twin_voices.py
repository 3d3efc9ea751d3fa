"""Rendering patients' voices with flite (a Debian package: apt-get install flite)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telephony.audio import level_dbfs
from telephony.twin.hearing import audible_runs
from telephony.twin.line_noise import SPEECH_DBFS
from telephony.twin.script import VOICES, read_script
from telephony.twin.voices import SHIPPED, Voices, file_name
from telephony.twin.voices.build import SCRIPTS, BuildFailed, build, cuts, phones, sentences
from telephony.twin.wav import read_wav

PAUSED = "I have heart failure, and I want to know | how often I should weigh myself."


def test_a_rendering_is_the_same_each_time_and_the_one_that_is_shipped(tmp_path: Path) -> None:
    assert 1 == build([("rms", PAUSED)], tmp_path)
    assert 0 == build([("rms", PAUSED)], tmp_path)
    for part in (".0.wav", ".1.wav"):
        name = file_name("rms", PAUSED) + part
        assert (SHIPPED / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_sentence_is_cut_between_the_words_around_the_bar() -> None:
    whole = phones("rms", PAUSED.replace("|", ""))
    (cut,) = cuts("rms", PAUSED, whole)
    ends = [end for _, end in whole]
    names = [name for name, _ in whole]
    last = max(i for i, end in enumerate(ends) if end <= cut)
    assert ["ow", "hh", "aw"] == names[last : last + 3]  # kn-ow | h-ow


def test_a_bar_at_the_end_is_refused() -> None:
    with pytest.raises(BuildFailed, match="end of a sentence"):
        cuts("slt", "May I walk? |", phones("slt", "May I walk?"))


@pytest.mark.parametrize("voice", VOICES)
def test_a_rendering_has_speech_level_and_the_telephone_s_band(voice: str, tmp_path: Path) -> None:
    text = "May I take a walk every day?"
    build([(voice, text)], tmp_path)
    pcm = Voices([tmp_path]).say(voice, text)
    runs = audible_runs(pcm)
    spoken = np.concatenate([pcm[start:end] for start, end in runs])
    assert abs(level_dbfs(spoken) - SPEECH_DBFS) < 1.5
    power = np.abs(np.fft.rfft(pcm.astype(float))) ** 2
    hz = np.fft.rfftfreq(len(pcm), 1 / 8_000)
    assert power[(hz < 200) | (hz > 3_600)].sum() < 0.01 * power.sum()
    assert runs[0][0] <= 25 * 8  # 20 ms before mu-law moved the edges a little
    assert len(pcm) - runs[-1][1] <= 45 * 8


def test_nothing_is_shipped_that_no_script_says() -> None:
    said = {
        f"{file_name(script.voice, text)}.{n}.wav"
        for script in map(read_script, SCRIPTS.glob("*.toml"))
        for text in sentences(script)
        for n in range(text.count("|") + 1)
    }
    shipped = {str(path.relative_to(SHIPPED)) for path in SHIPPED.rglob("*.wav")}
    assert said == shipped
    assert sum((SHIPPED / name).stat().st_size for name in shipped) < 1_000_000
    assert all(len(read_wav(SHIPPED / name)) > 1_000 for name in shipped)
