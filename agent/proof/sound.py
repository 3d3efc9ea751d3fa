"""The sound of a canary as a needle: short stretches of it, exactly as they went over the line.  Pure.

What is found is a copy of her sound, or of the agent's that says her words: mu-law, PCM of 16 and of 32 bits, raw or in
base64 or hex.  Exactly those samples: another rate, gain or codec is not found.
"""

from __future__ import annotations

import binascii
import secrets
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, final

import numpy as np

from agent.proof.needles import GROUPED, inside
from telephony import g711
from telephony.audio import FRAME_SAMPLES, Int16

WINDOW: Final = 48
"""Samples, 6 ms: of loud speech so many mu-law bytes in a row are no chance."""
WINDOWS: Final = 12
"""For each sound, spread over it."""
LEAST_LEVELS: Final = 16
"""Different mu-law values in a window: a tone or a hiss has few."""
LEAST_PEAK: Final = 2_000  # of 32,768


@final
class SoundNeedle:
    """One stretch of sound, held masked; like `agent.proof.needles.Needle`."""

    __slots__ = ("_mask", "_masked", "name")

    def __init__(self, name: str, mulaw: bytes) -> None:
        self.name = name
        self._mask: Final = secrets.token_bytes(len(mulaw))
        self._masked: Final = bytes(one ^ other for one, other in zip(mulaw, self._mask, strict=True))

    def __repr__(self) -> str:
        return f"SoundNeedle({self.name})"

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """(form, bytes) of each way of holding it."""
        mulaw = bytes(one ^ other for one, other in zip(self._masked, self._mask, strict=True))
        for name, encode in HOLDINGS.items():
            raw = encode(mulaw)
            yield name, raw
            yield f"{name}, hex", binascii.hexlify(raw)
            for code, written, group, unit, by_bits in GROUPED:
                if code == "base64":
                    yield from inside(f"{name}, {code}", raw, written, group, unit, by_bits=by_bits)


HOLDINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        "mu-law": bytes,
        "PCM, 16 bits": lambda mulaw: g711.decode(mulaw).tobytes(),
        "PCM, 32 bits": lambda mulaw: g711.decode(mulaw).astype(np.int32).tobytes(),
        "float, full scale 1": lambda mulaw: (g711.decode(mulaw).astype(np.float32) / 32768.0).tobytes(),
        "float, full scale 32768": lambda mulaw: g711.decode(mulaw).astype(np.float32).tobytes(),
    }
)


def windows(sound: Int16, most: int = WINDOWS) -> list[bytes]:
    """Stretches of a sound as mu-law, each within one frame of the line and unlike silence, spread over it.

    sound: from the first sample of a frame.
    """
    mulaw = g711.encode(sound)
    fit = [
        mulaw[at : at + WINDOW]
        for at in range((FRAME_SAMPLES - WINDOW) // 2, len(sound) - WINDOW, FRAME_SAMPLES)
        if int(np.abs(sound[at : at + WINDOW].astype(np.int32)).max()) >= LEAST_PEAK
        and len(set(mulaw[at : at + WINDOW])) >= LEAST_LEVELS
    ]
    return fit[:: max(1, len(fit) // most)][:most] if fit else []


def sound_needles(name: str, sound: Int16, most: int = WINDOWS) -> list[SoundNeedle]:
    """Of one sound; none for silence."""
    return [SoundNeedle(f"{name} {n}", window) for n, window in enumerate(windows(sound, most), start=1)]
