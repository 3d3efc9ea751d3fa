"""Greetings of people and of machines, joined of all sentences that are shipped, on clean and noisy lines.

    python -m tests.greetings

prints what `agent.answering` makes of each sort: counts, and how long it took.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from agent.answering import Answered, Answering
from agent.engines.models import activity_file
from agent.engines.silero import Silero
from agent.engines.webrtc import LineActivity
from telephony import g711
from telephony.audio import FRAME_MS, RATE_HZ, Int16, frames_of
from telephony.twin.line_noise import Conditions, Floor, NoiseKind
from telephony.twin.personas import BEEP_HZ, BEEP_S, tone
from telephony.twin.voices import SHIPPED
from telephony.twin.wav import read_wav

SHORT_S: Final = 2.2  # with the detector's own lag it is within a person's 2.5 s
CUT_S: Final = 1.0  # the first second of a sentence, as "hello, Lopez residence" is
LONG_S: Final = 6.0
LEAD_S: Final = 0.6
TAIL_S: Final = 3.0
LINES: Final = {
    "clean": Conditions(),
    "room 20 dB": Conditions(noise_snr_db=20, noise_kind=NoiseKind.ROOM),
    "babble 15 dB": Conditions(noise_snr_db=15, noise_kind=NoiseKind.BABBLE),
    "babble 10 dB": Conditions(noise_snr_db=10, noise_kind=NoiseKind.BABBLE),
    "clatter 15 dB": Conditions(noise_snr_db=15, noise_kind=NoiseKind.CLATTER),
}
BEEPS_HZ: Final = (440.0, 850.0, BEEP_HZ, 1_400.0, 1_900.0)


@dataclass(frozen=True, slots=True)
class Greeting:
    """One pick-up: what is heard from it, and where the greeting itself ends."""

    sound: Int16
    ends_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of it: each verdict and when."""

    verdicts: tuple[tuple[Answered, int], ...]

    @property
    def first(self) -> Answered | None:
        return self.verdicts[0][0] if self.verdicts else None

    @property
    def last(self) -> Answered | None:
        return self.verdicts[-1][0] if self.verdicts else None

    def at_ms(self, verdict: Answered) -> int | None:
        return next((at for found, at in self.verdicts if found is verdict), None)


@functools.cache
def voices() -> dict[str, tuple[Int16, ...]]:
    """All sentences, by the voice that says them."""
    names = sorted(path.name for path in SHIPPED.iterdir() if path.is_dir() and any(path.glob("*.wav")))
    return {name: tuple(map(read_wav, sorted((SHIPPED / name).glob("*.wav")))) for name in names}


def short() -> Iterator[Greeting]:
    """What people say: every sentence that is short enough, and the first second of every other."""
    for sentences in voices().values():
        for sentence in sentences:
            whole = len(sentence) <= SHORT_S * RATE_HZ
            yield picked_up(sentence if whole else sentence[: round(CUT_S * RATE_HZ)], None)


def longer() -> Iterator[Greeting]:
    """What people say who greet in a whole long sentence: the rule takes them for machines."""
    for sentences in voices().values():
        yield from (picked_up(each, None) for each in sentences if len(each) > SHORT_S * RATE_HZ)


def long(gap_s: float, beep_hz: float | None = BEEP_HZ) -> Iterator[Greeting]:
    """What machines say: from each sentence on, the voice's next ones, with so much silence between, and a beep."""
    for sentences in voices().values():
        for first in range(len(sentences)):
            parts, nth = [sentences[first]], first
            while sum(map(len, parts)) < LONG_S * RATE_HZ:
                nth = (nth + 1) % len(sentences)
                parts += [np.zeros(round(gap_s * RATE_HZ), np.int16), sentences[nth]]
            yield picked_up(np.concatenate(parts), beep_hz)


def picked_up(said: Int16, beep_hz: float | None) -> Greeting:
    """A little silence, the greeting, perhaps a beep, and silence."""
    beep = [] if beep_hz is None else [np.zeros(round(0.3 * RATE_HZ), np.int16), tone(beep_hz, BEEP_S)]
    lead, tail = (np.zeros(round(each * RATE_HZ), np.int16) for each in (LEAD_S, TAIL_S))
    ends_ms = round((LEAD_S + len(said) / RATE_HZ) * 1_000)
    return Greeting(np.concatenate([lead, said, *beep, tail]), ends_ms)


def judged(greeting: Greeting, line: Conditions, silero: Silero) -> Outcome:
    """By the real detectors, through mu-law and the line's noise."""
    mixed = greeting.sound.astype(np.int32) + Floor(line).between(0, len(greeting.sound))
    sound = g711.decode(g711.encode(np.clip(mixed, -32_768, 32_767).astype(np.int16)))
    activity, answering, found = LineActivity(silero), Answering(), []
    for nth, frame in enumerate(frames_of(sound), 1):
        verdict = answering.hear(frame, activity.is_speech(frame))
        if verdict is not None:
            found.append((verdict, nth * FRAME_MS))
    return Outcome(tuple(found))


def all_judged(greetings: Sequence[Greeting], line: Conditions, silero: Silero) -> list[Outcome]:
    return [judged(greeting, line, silero) for greeting in greetings]


def _row(name: str, greetings: Sequence[Greeting], silero: Silero) -> None:
    for line, conditions in LINES.items():
        found = all_judged(greetings, conditions, silero)
        first = Counter(each.first for each in found)
        beeps = sum(each.at_ms(Answered.BEEP) is not None for each in found)
        last = sum(each.last in (Answered.MACHINE, Answered.BEEP) for each in found)
        human = [
            at - greeting.ends_ms
            for each, greeting in zip(found, greetings, strict=True)
            if (at := each.at_ms(Answered.HUMAN)) is not None and at > greeting.ends_ms
        ]
        waited = f"; a person known {np.median(human):.0f} ms after her last sound (median)" if human else ""
        shown = ", ".join(f"{verdict.value if verdict else 'nothing'} {n}" for verdict, n in first.items())
        sys.stdout.write(
            f"{name:24} {line:14} of {len(found)}: first {shown}; in the end a machine {last}; beep {beeps}{waited}\n"
        )


def _measure() -> None:
    silero = Silero(activity_file())
    _row("short", list(short()), silero)
    _row("one longer sentence", list(longer()), silero)
    _row("long, gaps 0.25 s", list(long(0.25)), silero)
    _row("long, gaps 0.8 s", list(long(0.8)), silero)
    for hz in BEEPS_HZ:
        _row(f"long, beep {hz:.0f} Hz", list(long(0.25, hz)), silero)
    _row("long, no beep", list(long(0.25, None)), silero)


if __name__ == "__main__":
    _measure()
