"""Speaks a clause, ends the threads that spoke it, and prints how often it is still in this process's memory.

python -P -m tests.privacy.speaks_and_looks [washed]
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from pathlib import Path
from typing import Final

from agent.engines.models import voice_files
from agent.engines.piper import Voice
from agent.engines.synthesis import SpeechPool
from policies.phi import PHI

MASKED: Final = bytes((17, 18, 1, 29, 18, 17, 10, 83, 7, 28, 1, 7, 28, 26, 0, 22))
"""A name; as it stands here it is not what is sought."""


def clause() -> str:
    return "hello there " + bytes(sign ^ 0x73 for sign in MASKED).decode() + " is my name"


def in_memory() -> int:
    sought = re.compile(re.escape(b"there " + bytes(sign ^ 0x73 for sign in MASKED)))
    found = 0
    with Path("/proc/self/mem").open("rb", buffering=0) as memory:
        for row in Path("/proc/self/maps").read_text().splitlines():
            span, rights, *_ = row.split()
            if not rights.startswith("rw") or "[v" in row:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                found += len(sought.findall(memory.read(end - start)))
            except OSError:  # went away meanwhile
                continue
    return found


async def speak(pool: SpeechPool, voice: Voice) -> None:
    for _ in range(4):
        job = pool.submit(PHI(clause()), lambda text, run: (voice.pronounce(text, 1.0, run), ())[1], 0.0)
        await job.done
        job.drop()


def main() -> None:
    files = voice_files("joe", only_checked=True)
    voice = Voice(files.model, files.config)
    pool = SpeechPool(2, voice.wash) if sys.argv[1:] else SpeechPool(2)
    asyncio.run(speak(pool, voice))
    pool.close()
    gc.collect()
    sys.stdout.write(f"{in_memory()}\n")


if __name__ == "__main__":
    main()
