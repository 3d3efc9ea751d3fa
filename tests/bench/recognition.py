"""How well and how dearly the product's own recogniser hears: `python -m tests.bench.recognition --help`.

A manifest line names a mu-law WAV file of 8 kHz (`audio`, beside the manifest) and its `condition`.  Each file goes
the way of a call: mu-law bytes, frames of 20 ms, `Speech`, the pool.  One at a time, so that CPU time is its own.
Prints one JSON object: the scorer's own output and the cost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the launcher does: else numpy spins a second thread

import numpy as np

from agent.engines.models import recogniser_files
from agent.engines.ports import Speech, Urgency
from agent.engines.whisper import WhisperPool, WhisperSettings
from agent.engines.windows import Window
from telephony import g711
from telephony.audio import frames_of

MULAW: Final = 7  # WAVE_FORMAT_MULAW
PATIENCE_S: Final = 300.0  # a busy machine shall not change what is heard
BINS_S: Final = ((0.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 16.0), (16.0, 1e9))


@dataclass(frozen=True, slots=True)
class Heard:
    """One file."""

    name: str
    text: str
    seconds: float
    cpu_s: float
    wall_s: float


def mulaw_of(path: Path) -> bytes:
    """The samples of a mu-law WAV file at 8 kHz, mono."""
    raw = path.read_bytes()
    at, fits = 12, False
    while at + 8 <= len(raw):
        size = int.from_bytes(raw[at + 4 : at + 8], "little")
        body = raw[at + 8 : at + 8 + size]
        if raw[at : at + 4] == b"fmt ":
            fits = (
                int.from_bytes(body[:2], "little"),
                int.from_bytes(body[2:4], "little"),
                int.from_bytes(body[4:8], "little"),
            ) == (MULAW, 1, 8000)
        elif raw[at : at + 4] == b"data":
            if not fits:
                break
            return body
        at += 8 + size + (size & 1)
    raise SystemExit(f"{path.name} is not mu-law at 8 kHz, mono")


async def hear(pool: WhisperPool, folder: Path, rows: Iterable[Mapping[str, Any]]) -> list[Heard]:
    """Every file of the rows, one after the other."""
    heard: list[Heard] = []
    for number, row in enumerate(rows):
        pcm = g711.decode(mulaw_of(folder / str(row["audio"])))
        speech = Speech(np.concatenate([frame.reveal() for frame in frames_of(pcm)]))
        wall, cpu = time.perf_counter(), time.process_time()
        transcript = await pool.transcribe(speech, call=number, urgency=Urgency.FINAL)
        cost = Heard(
            str(row["id"]),
            transcript.said.words.reveal(),
            speech.duration_ms / 1000,
            time.process_time() - cpu,
            time.perf_counter() - wall,
        )
        heard.append(cost)
    return heard


def scored(scorer: Path, rows: Sequence[Mapping[str, Any]], heard: Sequence[Heard]) -> Any:
    """What the scorer says of them."""
    with tempfile.TemporaryDirectory() as folder:
        manifest, predictions = Path(folder, "manifest.jsonl"), Path(folder, "predictions.jsonl")
        manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        predictions.write_text(
            "".join(json.dumps({"id": one.name, "text": one.text}) + "\n" for one in heard), encoding="utf-8"
        )
        run = [sys.executable, str(scorer), str(manifest), str(predictions)]
        return json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


def cost(heard: Sequence[Heard]) -> dict[str, Any]:
    """CPU and wall time, whole and by the length of the speech."""
    by_length = {}
    for least, most in BINS_S:
        within = [one for one in heard if least <= one.seconds < most]
        if within:
            by_length[f"{least:g}-{most:g} s" if most < 1e6 else f"from {least:g} s"] = {
                "n": len(within),
                "cpu_s_p50": round(statistics.median(one.cpu_s for one in within), 3),
                "wall_s_p50": round(statistics.median(one.wall_s for one in within), 3),
                "wall_s_most": round(max(one.wall_s for one in within), 3),
            }
    speech_s, cpu_s = sum(one.seconds for one in heard), sum(one.cpu_s for one in heard)
    return {
        "speech_s": round(speech_s, 1),
        "cpu_s": round(cpu_s, 1),
        "cpu_s_a_minute_of_speech": round(60 * cpu_s / max(speech_s, 1e-9), 2),
        "by_length": by_length,
    }


def main() -> None:
    """Parse, run, print."""
    stock = WhisperSettings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--condition", action="append", help="of the manifest; may be repeated; default tel")
    parser.add_argument("--recogniser", default="base", help="base, tiny.en or a folder")
    parser.add_argument("--beam", type=int, default=stock.beam)
    parser.add_argument("--frames", type=int, default=stock.window.least_frames, help="least mel frames of 10 ms")
    parser.add_argument("--spare", type=int, default=stock.window.spare_frames)
    parser.add_argument("--threads", type=int, default=stock.threads_per_worker)
    parser.add_argument("--predictions", type=Path, help="keep what was heard of these recordings")
    asked = parser.parse_args()
    settings = WhisperSettings(
        beam=asked.beam,
        window=Window(asked.frames, asked.spare),
        threads_per_worker=asked.threads,
        late_s=PATIENCE_S,
    )
    wanted = asked.condition or ["tel"]
    rows = [json.loads(line) for line in asked.manifest.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = [row for row in rows if row["condition"] in wanted]
    pool = WhisperPool.load(recogniser_files(asked.recogniser, only_checked=False), settings)
    try:
        heard = asyncio.run(hear(pool, asked.manifest.parent, rows))
    finally:
        pool.close()
    if asked.predictions:
        asked.predictions.write_text("".join(json.dumps(asdict(one)) + "\n" for one in heard), encoding="utf-8")
    result = {
        "recogniser": asked.recogniser,
        "beam": settings.beam,
        "window": asdict(settings.window),
        "threads": settings.threads_per_worker,
        "conditions": wanted,
        "score": scored(asked.scorer, rows, heard),
        "cost": cost(heard),
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
