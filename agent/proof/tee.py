"""Runs the line as it is and keeps a copy of all that it says:  python -m agent.proof.tee FOLDER -- COMMAND ...

FOLDER gets `stdout` and `stderr` (what was written), and `pid` (whose memory is to be searched).  Only the proof starts
this; what it copies are the words of synthetic patients, if there are any.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

from agent.embedded_redis import die_with_parent

PIECE: Final = 65_536


def main() -> int:
    folder, command = Path(sys.argv[1]), sys.argv[3:]
    process = subprocess.Popen(  # noqa: S603  # the line, as `agent.proof.serving` names it
        command,  # its standard input is ours: the briefing
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _: process.send_signal(number))
    (folder / "pid").write_text(str(process.pid))
    assert process.stdout is not None
    assert process.stderr is not None
    copiers = [
        threading.Thread(target=_copy, args=(process.stdout, 1, folder / "stdout")),
        threading.Thread(target=_copy, args=(process.stderr, 2, folder / "stderr")),
    ]
    for copier in copiers:
        copier.start()
    status = process.wait()
    for copier in copiers:
        copier.join()
    return status


def _copy(source: IO[bytes], to: int, kept: Path) -> None:
    with kept.open("wb", buffering=0) as copy:
        while piece := os.read(source.fileno(), PIECE):
            copy.write(piece)
            os.write(to, piece)


if __name__ == "__main__":
    sys.exit(main())
