"""Mu-law, both ways, by table (ITU-T G.711)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telephony.audio import Int16

_BIAS: Final = 33  # G.711 adds 33 to the 14-bit magnitude so that each segment begins at a power of two
_CLIP: Final = 8191 - _BIAS  # the largest 14-bit magnitude that still fits the eighth segment


def _encode_table() -> NDArray[np.uint8]:
    """Mu-law byte of every int16, indexed by the sample's bits as uint16.  Shape (65536,)."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    linear = sample >> 2  # int16 -> the 14-bit scale of G.711, rounding down as the reference code does
    negative = linear < 0
    magnitude = np.minimum(np.where(negative, -linear, linear), _CLIP) + _BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    step = (magnitude >> (segment + 1)) & 0x0F
    code = (segment << 4) | step
    table: NDArray[np.uint8] = (code ^ np.where(negative, 0x7F, 0xFF)).astype(np.uint8)
    return table


def _decode_table() -> Int16:
    """int16 of every mu-law byte: the middle of its step.  Shape (256,)."""
    code = ~np.arange(256, dtype=np.uint8)
    segment = ((code >> 4) & 0x07).astype(np.int32)
    step = (code & 0x0F).astype(np.int32)
    magnitude = (((step << 1) + _BIAS) << segment) - _BIAS
    return (np.where(code & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


_ENCODE: Final = _encode_table()
_DECODE: Final = _decode_table()
SILENCE_BYTE: Final = 0xFF  # mu-law of zero


def encode(pcm: Int16) -> bytes:
    """One byte a sample.  pcm: mono, shape (n,)."""
    return _ENCODE[pcm.view(np.uint16)].tobytes()


def decode(mulaw: bytes) -> Int16:
    """Mono PCM, shape (len(mulaw),)."""
    return _DECODE[np.frombuffer(mulaw, np.uint8)]
