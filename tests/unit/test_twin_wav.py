"""The caller's side reads users' sound files, and its mu-law is the standard's."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.twin.wav import (
    WavReason,
    WavRefused,
    mulaw_decode,
    mulaw_encode,
    mulaw_wav,
    parse_wav,
    read_wav,
    stereo_wav,
)

SINE = (9_000 * np.sin(2 * np.pi * 440 / 8_000 * np.arange(8_000))).astype(np.int16)


def wav(tag: int, channels: int, rate: int, bits: int, body: bytes, *, size: int | None = None) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, bits)
    length = len(body) if size is None else size
    return (
        b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + form + b"LIST\4\0\0\0abcd"
        b"data" + struct.pack("<I", length) + body
    )


def test_the_reference_points_of_g711_are_decoded() -> None:
    assert [-32_124, -31_100, 0, 32_124, 0, 8, -8] == mulaw_decode(
        bytes([0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, 0x7E])
    ).tolist()


def test_every_code_survives_decoding_and_encoding() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # 0x7F is -0, which comes back as +0
    assert codes == mulaw_encode(mulaw_decode(codes))


@given(st.integers(-32_768, 32_767))
def test_a_sample_is_encoded_to_the_nearest_code(sample: int) -> None:
    table = mulaw_decode(bytes(range(256))).astype(int)
    got = int(mulaw_decode(mulaw_encode(np.array([sample], np.int16)))[0])
    step = max(8, abs(sample) // 16)
    assert abs(got - sample) <= max(step, np.abs(table - sample).min())


def test_a_mulaw_file_is_read_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(mulaw_wav(SINE))
    assert mulaw_decode(mulaw_encode(SINE)).tolist() == read_wav(path).tolist()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_becomes_8_khz(rate: int) -> None:
    sound = (9_000 * np.sin(2 * np.pi * 440 / rate * np.arange(rate))).astype("<i2")
    pcm = parse_wav(wav(1, 1, rate, 16, sound.tobytes()))
    assert abs(len(pcm) - 8_000) <= 1
    spectrum = np.abs(np.fft.rfft(pcm[:8_000].astype(float)))
    assert 440 == int(spectrum.argmax())


def test_stereo_is_averaged_and_written_side_by_side() -> None:
    content = stereo_wav(np.full(4, 100, np.int16), np.full(6, 300, np.int16))
    assert [200, 200, 200, 200, 150, 150] == parse_wav(content).tolist()


def test_a_stream_whose_length_field_is_too_large_is_read_to_its_end() -> None:
    assert 8_000 == len(parse_wav(wav(1, 1, 8_000, 16, SINE.tobytes(), size=0xFFFFFFFF)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", WavReason.NOT_WAV),
        (b"ID3" + bytes(50), WavReason.NOT_WAV),
        (b"RIFF\0\0\0\0WAVE", WavReason.CUT_SHORT),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", WavReason.NO_FORMAT),
        (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd", WavReason.CUT_SHORT),
        (wav(3, 1, 8_000, 32, bytes(64)), WavReason.FORMAT),
        (wav(1, 6, 8_000, 16, bytes(64)), WavReason.CHANNELS),
        (wav(1, 1, 0, 16, bytes(64)), WavReason.RATE),
        (wav(1, 1, 8_000, 16, b"x"), WavReason.EMPTY),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(content: bytes, reason: WavReason) -> None:
    with pytest.raises(WavRefused) as refused:
        parse_wav(content)
    assert reason is refused.value.reason


def test_a_missing_file_is_refused_and_no_cause_hangs_on(tmp_path: Path) -> None:
    with pytest.raises(WavRefused) as refused:
        read_wav(tmp_path / "none.wav")
    assert (WavReason.MISSING, None) == (refused.value.reason, refused.value.__context__)


@given(st.binary(max_size=200))
def test_junk_is_refused_or_read_but_never_breaks_the_reader(junk: bytes) -> None:
    for content in (junk, b"RIFF\0\0\0\0WAVE" + junk, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + junk):
        try:
            parse_wav(content)
        except WavRefused:
            continue
