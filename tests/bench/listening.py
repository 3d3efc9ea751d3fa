"""What the agent said, transcribed after the calls: `python -P -m tests.bench.listening FOLDER`.

By faster-whisper's own settings on the larger recogniser, so not by the product's path.  Beside each recording a JSON
file: for each turn the words heard until the caller spoke again, and for each pause that was spoken into the words that
began there.  The callers are synthetic; the folder is temporary.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from faster_whisper import WhisperModel

from agent.engines.models import recogniser_files
from telephony.audio import RATE_HZ, Int16, resample
from telephony.twin.hearing import audible_runs
from telephony.twin.measure import PER_MS, CallReport, UtteredAs
from tests.bench.recorded import Kept, read

WHISPER_HZ: Final = 16_000
AROUND_MS: Final = 150  # silence left around what is transcribed
THREADS: Final = 2


def windows(kept: Kept, report: CallReport) -> list[tuple[int, int]]:
    """For each turn, from its end to the caller's next words, "mm-hm" left out; in samples."""
    onsets = sorted(uttered.pieces[0].start for uttered in kept.recording.uttered if uttered.as_ is not UtteredAs.MMHM)
    found = []
    for turn in report.turns:
        end = int(turn.ended_ms * PER_MS)
        found.append((end, min((at for at in onsets if at > end), default=len(kept.recording.heard))))
    return found


def words(model: WhisperModel, heard: Int16, start: int, end: int) -> list[tuple[str, float, float]]:
    """(word, from ms, to ms) of the agent's sound in a stretch, on the caller's clock."""
    runs = audible_runs(heard[start:end])
    if not runs:
        return []
    first = max(0, start + runs[0][0] - AROUND_MS * PER_MS)
    last = start + runs[-1][1]
    pcm = np.concatenate([heard[first:last], np.zeros(AROUND_MS * PER_MS, np.int16)])
    sound = resample(pcm, RATE_HZ, WHISPER_HZ).astype(np.float32) / 32_768
    segments, _ = model.transcribe(
        sound, language="en", beam_size=2, temperature=0.0, condition_on_previous_text=False, word_timestamps=True
    )
    at_ms = first / PER_MS
    return [
        (word.word.strip(), round(at_ms + word.start * 1000, 1), round(at_ms + word.end * 1000, 1))
        for segment in segments
        for word in segment.words or ()
    ]


def listen(model: WhisperModel, kept: Kept) -> dict[str, Any]:
    """All that scoring needs to know of the words."""
    report = kept.report()
    heard = kept.recording.heard
    runs = audible_runs(heard)
    in_pauses = []
    for turn in report.turns:
        for pause in turn.pauses:
            if pause.spoken_into:
                quiet = int(pause.at_ms * PER_MS)
                start, end = next(run for run in runs if run[0] >= quiet)
                in_pauses.append({"start": start, "words": words(model, heard, start, end)})
    return {
        "replies": [words(model, heard, start, end) for start, end in windows(kept, report)],
        "in_pauses": in_pauses,
    }


def main() -> None:
    files = recogniser_files("base", only_checked=True)
    model = WhisperModel(files.name, device="cpu", compute_type="int8", cpu_threads=THREADS, files=dict(files.files))
    for path in sorted(Path(sys.argv[1]).glob("*.npz")):
        path.with_suffix(".heard.json").write_text(json.dumps(listen(model, read(path))), encoding="utf-8")
        sys.stdout.write(f"{path.stem}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
