"""Sound files of the caller's side, and its own mu-law.

The mu-law here is written apart from `telephony/g711.py` on purpose: the carrier must not share a mistake with
the line that it tests.
"""

from __future__ import annotations

import contextlib
import enum
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telephony.audio import RATE_HZ, Int16, resample

BIAS: Final = 0x84  # G.711 section 3: added before the segment is found
CLIP: Final = 32_635  # G.711: the largest magnitude that stays below 2**15 with the bias
MULAW_SILENCE: Final = 0xFF  # decodes to +0

_PCM, _MULAW, _EXTENSIBLE = 1, 7, 0xFFFE  # WAVE format tags (Microsoft, RFC 2361)


def _decode_table() -> Int16:
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 0x0F) << 3) + BIAS << ((code & 0x70) >> 4)) - BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> NDArray[np.uint8]:
    sample = np.arange(-32_768, 32_768)
    magnitude = np.minimum(np.abs(sample), CLIP) + BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int64) - 7
    step = (magnitude >> (segment + 3)) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    code: NDArray[np.int64] = ~(sign | (segment << 4) | step) & 0xFF
    return code.astype(np.uint8)


_DECODED: Final = _decode_table()
_ENCODED: Final = _encode_table()


def mulaw_decode(payload: bytes) -> Int16:
    """One sample a byte, full scale 32124."""
    return _DECODED[np.frombuffer(payload, np.uint8)]


def mulaw_encode(pcm: Int16) -> bytes:
    return _ENCODED[pcm.astype(np.int32) + 32_768].tobytes()


class WavReason(enum.Enum):
    """Why a sound file cannot be spoken; the value is the sentence shown."""

    NOT_WAV = "not a WAV file: it does not begin with RIFF ... WAVE"
    CUT_SHORT = "the WAV file is cut short"
    NO_FORMAT = "the WAV file has no 'fmt ' chunk before its sound"
    FORMAT = "only 16-bit PCM and 8-bit mu-law WAV files can be spoken; convert the file first"
    CHANNELS = "only mono and stereo WAV files can be spoken"
    RATE = "the WAV file's sampling rate is not between 4000 and 192000 Hz"
    EMPTY = "the WAV file holds no sound"
    MISSING = "the sound file cannot be opened"


class WavRefused(ValueError):
    """A sound file that cannot be spoken."""

    def __init__(self, reason: WavReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Format:
    tag: int
    channels: int
    rate_hz: int
    bits: int


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise WavRefused(WavReason.CUT_SHORT)
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = struct.unpack_from("<H", chunk, 24)[0]  # the first two bytes of the sub-format's GUID
    if (tag, bits) not in {(_PCM, 16), (_MULAW, 8)}:
        raise WavRefused(WavReason.FORMAT)
    if channels not in {1, 2}:
        raise WavRefused(WavReason.CHANNELS)
    if not 4_000 <= rate_hz <= 192_000:
        raise WavRefused(WavReason.RATE)
    return _Format(tag, channels, rate_hz, bits)


def parse_wav(content: bytes) -> Int16:
    """The sound of a 16-bit or mu-law WAV file as 8 kHz mono; stereo is averaged.

    A length field larger than the file (streams written by ffmpeg or sox say so) means: up to the end.
    Raises `WavRefused`.
    """
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise WavRefused(WavReason.NOT_WAV)
    at, form = 12, None
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = _format(body)
        elif name == b"data":
            if form is None:
                raise WavRefused(WavReason.NO_FORMAT)
            return _sound(body, form)
        at += 8 + size + (size & 1)
    raise WavRefused(WavReason.CUT_SHORT)


def _sound(body: bytes, form: _Format) -> Int16:
    width = form.channels * form.bits // 8
    body = body[: len(body) - len(body) % width]
    if not body:
        raise WavRefused(WavReason.EMPTY)
    pcm = mulaw_decode(body) if form.tag == _MULAW else np.frombuffer(body, "<i2").astype(np.int16)
    if form.channels == 2:
        pcm = (pcm.reshape(-1, 2).astype(np.int32).sum(axis=1) // 2).astype(np.int16)
    return resample(pcm, form.rate_hz, RATE_HZ)


def read_wav(path: Path) -> Int16:
    """As `parse_wav`; raises `WavRefused` where the file cannot be opened, too."""
    content = None
    with contextlib.suppress(OSError):
        content = path.read_bytes()
    if content is None:
        raise WavRefused(WavReason.MISSING)
    return parse_wav(content)


def _riff(form: bytes, sound: bytes) -> bytes:
    pad = b"\0" * (len(sound) & 1)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(sound)) + sound + pad
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def mulaw_wav(pcm: Int16) -> bytes:
    """A mono 8 kHz mu-law WAV file (format 7): half the size of 16-bit, and what the line carries anyway."""
    return _riff(struct.pack("<HHIIHHH", _MULAW, 1, RATE_HZ, RATE_HZ, 1, 8, 0), mulaw_encode(pcm))


def stereo_wav(left: Int16, right: Int16) -> bytes:
    """An 8 kHz 16-bit WAV file; the shorter side is filled up with silence."""
    both = np.zeros((max(len(left), len(right)), 2), "<i2")
    both[: len(left), 0], both[: len(right), 1] = left, right
    return _riff(struct.pack("<HHIIHH", _PCM, 2, RATE_HZ, RATE_HZ * 4, 4, 16), both.tobytes())
