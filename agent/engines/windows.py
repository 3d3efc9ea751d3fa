"""What the recogniser is shown and what it may say: pieces, window, token cap, level gate, repeat guard.  Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telephony.audio import RATE_HZ, SILENCE_DBFS, Int16

MEL_FRAME_MS: Final = 10  # Whisper: hop of 160 samples at 16 kHz
LARGEST_FRAMES: Final = 3000  # Whisper's own window, 30 s
TOKENS_A_SECOND: Final = 6.0  # fast speech is about 4 words or 5 tokens a second
SPARE_TOKENS: Final = 8  # a short "yes" needs its full stop too
STEPS_A_TOKEN: Final = 2  # CTranslate2's generate() ends near half of max_length for Whisper
LONGEST_TOKENS: Final = 448  # Whisper's own limit
COMPRESSION_LIMIT: Final = 2.4  # Whisper's own: text that zlib shrinks further repeats itself
COMPRESSION_FROM: Final = 48  # shorter text hardly compresses, whatever it says
LARGEST_PEAK: Final = 0.9
LEVEL_BLOCK_MS: Final = 100
LONGEST_PHRASE: Final = 12  # words of a phrase that is looked for as a loop


@dataclass(frozen=True, slots=True)
class Window:
    """How much of Whisper's 30 s is computed."""

    least_frames: int
    """Mel frames of 10 ms; below about 1000 Whisper repeats itself."""
    spare_frames: int
    """Silence shown after the speech, in mel frames."""

    def __post_init__(self) -> None:
        if not (500 <= self.least_frames <= LARGEST_FRAMES and 0 <= self.spare_frames <= 1000):
            raise ValueError("a window has 500 to 3000 mel frames, at most 1000 of them spare")

    def frames(self, speech_frames: int) -> int:
        """How many mel frames to encode for so many of speech."""
        return min(LARGEST_FRAMES, max(self.least_frames, speech_frames + self.spare_frames))


FULL: Final = Window(LARGEST_FRAMES, 0)


def token_cap(duration_ms: int) -> int:
    """`max_length` for generate(): more tokens than anybody says in that time are a loop."""
    tokens = int(duration_ms / 1000 * TOKENS_A_SECOND) + SPARE_TOKENS
    return min(LONGEST_TOKENS, STEPS_A_TOKEN * tokens)


def pieces(pcm: Int16, longest_ms: int, shortest_ms: int) -> tuple[Int16, ...]:
    """Cut long speech where it is quietest, so that each piece fits one window; nothing is lost or said twice.

    pcm: shape (n,), 8 kHz.  Each cut falls between shortest_ms and longest_ms after the last one.
    """
    longest, shortest = longest_ms * RATE_HZ // 1000, shortest_ms * RATE_HZ // 1000
    if not 0 < shortest < longest:
        raise ValueError("shortest_ms must lie between 0 and longest_ms")
    cut: list[Int16] = []
    rest = pcm
    while len(rest) > longest:
        at = shortest + quietest(rest[shortest:longest])
        cut.append(rest[:at])
        rest = rest[at:]
    return (*cut, rest)


def quietest(pcm: Int16) -> int:
    """The middle sample of the quietest 200 ms; the middle of the whole where it is shorter."""
    step, span = RATE_HZ // 50, 10
    blocks = len(pcm) // step
    if blocks <= span:
        return len(pcm) // 2
    power = np.square(pcm[: blocks * step].astype(np.float64)).reshape(blocks, step).sum(axis=1)
    runs = np.convolve(power, np.ones(span), "valid")
    return (int(np.argmin(runs)) + span // 2) * step


def darkened(sound: NDArray[np.float32], rate_hz: int, db_an_octave: float) -> NDArray[np.float32]:
    """The same sound with less treble, and no louder than full scale.

    A telephone's microphone rises towards 3 kHz (ITU-T P.48) and its noise with it; Whisper knows rooms, which fall.
    sound: shape (n,), -1..1.  Returns the same shape.
    """
    if not len(sound):
        return sound
    hz = np.clip(np.fft.rfftfreq(len(sound), 1 / rate_hz), 100.0, rate_hz / 2)
    gain = 10.0 ** (-db_an_octave * np.log2(hz / 1000.0) / 20.0)
    dark = np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)).astype(np.float32)
    peak = float(np.abs(dark).max())
    return dark if peak <= LARGEST_PEAK else dark * np.float32(LARGEST_PEAK / peak)


def loudest_dbfs(pcm: Int16) -> float:
    """Level of the loudest 100 ms; `SILENCE_DBFS` for silence or nothing."""
    block = RATE_HZ * LEVEL_BLOCK_MS // 1000
    if not len(pcm):
        return SILENCE_DBFS
    whole = pcm[: len(pcm) // block * block] if len(pcm) >= block else pcm
    power = float(np.square(whole.astype(np.float64)).reshape(-1, min(block, len(whole))).mean(axis=1).max())
    return max(SILENCE_DBFS, 10.0 * float(np.log10(power / 32768.0**2))) if power > 0 else SILENCE_DBFS


def looped(words: Sequence[str]) -> int:
    """Length of the phrase that the end of the words repeats: 3 times or more, 9 words or more in all; 0 where none.

    "No, no, no" and "one one one" are speech: a loop goes on for longer.
    """
    total = len(words)
    for size in range(1, LONGEST_PHRASE + 1):
        times = 1
        while (times + 1) * size <= total and _same(words, total - (times + 1) * size, total - size, size):
            times += 1
        if times >= 3 and times * size >= 9:
            return size
    return 0


def doubled(words: Sequence[str]) -> bool:
    """Whether the whole is one phrase of two words or more, said twice: what a window cut too short brings about."""
    half, odd = divmod(len(words), 2)
    return half >= 2 and not odd and _same(words, 0, half, half)


def without_loop(words: Sequence[str]) -> Sequence[str]:
    """The words with a looped phrase at their end said once."""
    size = looped(words)
    if not size:
        return words
    end = len(words) - size
    while end >= size and _same(words, end - size, len(words) - size, size):
        end -= size
    return words[: end + size]


def compression(text: str) -> float:
    """Length of the text over its length when zlib has shrunk it: about 1 to 1.8 for speech, more for repeats."""
    raw = text.encode("utf-8")
    return len(raw) / len(zlib.compress(raw)) if len(raw) >= COMPRESSION_FROM else 1.0


def suspicious(text: str, tokens: int, cap: int) -> bool:
    """Whether a transcript looks like a decoder's loop: to be heard again in the full window.

    tokens: how many were decoded; cap: the `max_length` they were decoded under.
    """
    words = text.split()
    at_cap = STEPS_A_TOKEN * (tokens + 1) >= cap
    return at_cap or looped(words) > 0 or doubled(words) or compression(text) > COMPRESSION_LIMIT


def _same(words: Sequence[str], one: int, other: int, size: int) -> bool:
    """Whether two stretches of words are the same but for case and punctuation."""
    return all(_bare(words[one + at]) == _bare(words[other + at]) for at in range(size))


def _bare(word: str) -> str:
    return word.strip(".,;:!?-'\"").lower()
