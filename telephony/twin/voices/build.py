"""Renders what callers say, with Debian's flite:  python -m telephony.twin.voices.build [--into FOLDER] [SCRIPT ...]

Without scripts: all of `telephony/twin/scripts`.  Only this needs flite; calls read the files.  A sentence with `|`
is rendered whole and cut at those word boundaries, found from flite's own phone timing, into files .0, .1, ...
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.hearing import audible_runs, trimmed
from telephony.twin.line_noise import BAND_HZ, SPEECH_DBFS
from telephony.twin.script import VOICES, BargeIn, MmHm, Say, Script, read_script
from telephony.twin.voices import SHIPPED, file_name
from telephony.twin.wav import mulaw_wav, read_wav

SCRIPTS: Final = Path(__file__).parent.parent / "scripts"
TAPS: Final = 201  # 25 ms of filter at 8 kHz: falls from the band's edge to -50 dB within about 130 Hz
FADE: Final = RATE_HZ // 200  # 5 ms at a cut, so that it does not click
PAUSE_PHONE: Final = "pau"


class BuildFailed(Exception):
    """A sentence could not be rendered; the message says what to do."""


def sentences(script: Script) -> list[str]:
    """All that the script's caller says, `|` included."""
    said = [step.sound if isinstance(step, BargeIn | MmHm) else step for step in script.steps]
    return [sound.text for sound in said if isinstance(sound, Say)]


def phones(voice: str, text: str, into: Path | None = None) -> list[tuple[str, float]]:
    """flite's phones with the second at which each ends; the sound goes `into` a WAV file where given."""
    flite = shutil.which("flite")
    if flite is None:
        raise BuildFailed("flite is not installed: apt-get install flite")
    spoken = ["-t", text] if not text.startswith("[") else ["-p", f"{PAUSE_PHONE} {text.strip('[]')} {PAUSE_PHONE}"]
    command = [flite, "-voice", voice, "-psdur", *spoken, "-o", "none" if into is None else str(into)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own scripts' words
    pairs = [item.rsplit(":", 1) for item in done.stdout.split()]
    if done.returncode or not pairs:
        raise BuildFailed("flite rendered nothing")
    return [(name, float(end)) for name, end in pairs]


def cuts(voice: str, text: str, whole: Sequence[tuple[str, float]]) -> list[float]:
    """The seconds at which the words before each `|` end.

    A prefix spoken alone has as many phones as the same words in the sentence; how long they are differs.
    """
    ends = []
    parts = text.split("|")
    for n in range(1, len(parts)):
        count = sum(name != PAUSE_PHONE for name, _ in phones(voice, " ".join(parts[:n])))
        spoken = [i for i, (name, _) in enumerate(whole) if name != PAUSE_PHONE]
        if count >= len(spoken):
            raise BuildFailed("a '|' stands at the end of a sentence")
        last, following = spoken[count - 1], spoken[count]
        ends.append((whole[last][1] + whole[following - 1][1]) / 2)  # mid-way through a pause that flite makes itself
    return ends


def telephone_band(pcm: Int16) -> Int16:
    """300 to 3400 Hz at speech level while somebody speaks: what a telephone lets through."""
    n = np.arange(TAPS) - TAPS // 2
    low, high = (2 * edge / RATE_HZ for edge in BAND_HZ)
    taps = (high * np.sinc(high * n) - low * np.sinc(low * n)) * np.hamming(TAPS)
    sound = np.convolve(pcm.astype(np.float64), taps, mode="same")
    rough = np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
    runs = audible_runs(rough)
    if not runs:
        raise BuildFailed("flite rendered silence")
    spoken = np.concatenate([sound[start:end] for start, end in runs])
    gain = 10 ** (SPEECH_DBFS / 20) * 32_768 / float(np.sqrt(np.mean(spoken**2)))
    return np.clip(np.rint(sound * gain), -32_768, 32_767).astype(np.int16)


def render(voice: str, text: str) -> list[Int16]:
    """The sentence at 8 kHz, cut at each `|`; silence around it trimmed.  Raises `BuildFailed`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        whole = phones(voice, " ".join(text.replace("|", " ").split()), path)
        sound = telephone_band(read_wav(path))
    at = [0, *(round(second * RATE_HZ) for second in cuts(voice, text, whole)), len(sound)]
    parts = [sound[start:end].copy() for start, end in itertools.pairwise(at)]
    ramp = np.linspace(0.0, 1.0, FADE)
    for n, part in enumerate(parts):
        if n:
            part[:FADE] = (part[:FADE] * ramp).astype(np.int16)
        if n < len(parts) - 1:
            part[-FADE:] = (part[-FADE:] * ramp[::-1]).astype(np.int16)
    return [trimmed(part) for part in parts]


def build(wanted: Iterable[tuple[str, str]], into: Path) -> int:
    """Render each (voice, text) that is not there yet.  Returns how many sentences were rendered."""
    made = 0
    for voice, text in wanted:
        base = into / file_name(voice, text)
        if Path(f"{base}.{text.count('|')}.wav").exists():
            continue
        base.parent.mkdir(parents=True, exist_ok=True)
        for n, part in enumerate(render(voice, text)):
            Path(f"{base}.{n}.wav").write_bytes(mulaw_wav(part))
        made += 1
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m telephony.twin.voices.build", description=__doc__)
    parser.add_argument("scripts", nargs="*", type=Path)
    parser.add_argument("--into", type=Path, default=SHIPPED)
    parser.add_argument("--voice", action="append", choices=VOICES, help="in place of each script's own; repeatable")
    asked = parser.parse_args()
    scripts = [read_script(path) for path in asked.scripts or sorted(SCRIPTS.glob("*.toml"))]
    wanted = [(v, t) for script in scripts for v in asked.voice or [script.voice] for t in sentences(script)]
    made = build(dict.fromkeys(wanted), asked.into)
    sys.stdout.write(f"{made} sentences rendered\n")


if __name__ == "__main__":
    main()
