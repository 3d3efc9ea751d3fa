"""`quietline serve` as it is deployed, but for the copy that is kept of what the line says: see `agent.proof.tee`.

python -m agent.proof.serving FOLDER [--failing]
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from agent import launcher, settings, surroundings
from agent.processes import Died

FAILING: Final = "--failing"
"""The line of `agent.proof.failing` instead of the product's own."""
FAILING_LINE: Final = (sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.failing")


def main() -> int:
    line = FAILING_LINE if sys.argv[2:] == [FAILING] else launcher.LINE
    tee = (sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.tee", sys.argv[1], "--")
    environment = dict(os.environ)
    try:
        return asyncio.run(launcher.serve(settings.from_environment(environment), environment, (*tee, *line)))
    except Died:  # as `quietline serve` ends then
        return launcher.EXIT_DIED


if __name__ == "__main__":
    sys.exit(main())
