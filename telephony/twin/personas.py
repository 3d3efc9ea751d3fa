"""Ready-made people and machines for the other end of a call."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.following import Follower, prepared
from telephony.twin.line_noise import SPEECH_DBFS
from telephony.twin.script import Say, SayFile, Script
from telephony.twin.telephones import Life, Persona, Phone, Pickup, listens
from telephony.twin.voices import Voices

BEEP_HZ: Final = 1_000.0  # the tone at which answering machines begin to record
BEEP_S: Final = 0.4
BEEPED: Final = "beeped"
GREETING_S: Final = 4.0  # "you have reached ..., please leave a message"
MESSAGE_S: Final = 120.0  # a voicemail that takes longer messages is rare

BUSY: Final = Persona(pickup=Pickup.BUSY)
NEVER_ANSWERS: Final = Persona(pickup=Pickup.NEVER)
FAILS: Final = Persona(pickup=Pickup.FAILS)


def tone(hz: float, seconds: float, dbfs: float = SPEECH_DBFS) -> Int16:
    """A sine wave whose root mean square is at this level."""
    height = 10 ** (dbfs / 20) * 32_768 * 2**0.5
    samples = np.arange(round(seconds * RATE_HZ))
    wave: Int16 = np.rint(height * np.sin(2 * np.pi * hz / RATE_HZ * samples)).astype(np.int16)
    return wave


def answers(life: Life = listens, after_s: float = 3.0) -> Persona:
    """Takes the call after so many seconds of ringing."""
    return Persona(life, after_s)


def voicemail(greeting: Int16 | None = None, after_s: float = 5.0, message_s: float = MESSAGE_S) -> Persona:
    """A machine: a greeting, a beep, and then it records.  What it recorded: `message(phone)`.

    greeting: its sound; without one a murmur of `GREETING_S` seconds.
    """
    spoken = tone(220.0, GREETING_S) if greeting is None else greeting
    return Persona(functools.partial(_records, spoken, message_s), after_s)


async def _records(greeting: Int16, message_s: float, phone: Phone) -> None:
    await phone.say(greeting)
    await phone.say(tone(BEEP_HZ, BEEP_S))
    phone.moments[BEEPED] = phone.now()
    await phone.pass_ms(round(message_s * 1000))


def message(phone: Phone) -> Int16:
    """What a voicemail recorded: all that it heard after its beep; nothing if the call ended before."""
    return phone.heard(phone.moments.get(BEEPED, phone.now()), phone.now())


def presses(keys: Sequence[tuple[int, str]], after_s: float = 3.0) -> Persona:
    """Presses each key so many milliseconds after the one before, and stays on the line."""
    return Persona(functools.partial(_presses, tuple(keys)), after_s)


async def _presses(keys: Sequence[tuple[int, str]], phone: Phone) -> None:
    for wait_ms, key in keys:
        await phone.pass_ms(wait_ms)
        await phone.press(key)
    await phone.until_over()


def hangs_up(after_ms: int, after_s: float = 3.0) -> Persona:
    """Answers, and puts the receiver down so many milliseconds later."""
    return Persona(functools.partial(_hangs_up, after_ms), after_s)


async def _hangs_up(after_ms: int, phone: Phone) -> None:
    await phone.pass_ms(after_ms)


def follows(script: Script, voices: Voices | None = None, *, stays: bool = True) -> Life:
    """Follows a script by ear.  stays: she stays on the line after its last step.

    Raises `VoiceMissing` and `WavRefused`: before the call, not in the middle of it.
    """
    return functools.partial(_follows, script, prepared(script, voices or Voices()), stays)


async def _follows(script: Script, sounds: Mapping[Say | SayFile, Int16], stays: bool, phone: Phone) -> None:
    follower = Follower(phone, script, sounds)
    if await follower.follow() and stays:
        while phone.now() < script.limit_s * RATE_HZ:
            await phone.tick()


__all__ = [
    "BUSY",
    "FAILS",
    "NEVER_ANSWERS",
    "answers",
    "follows",
    "hangs_up",
    "message",
    "presses",
    "tone",
    "voicemail",
]
