"""`quietline serve` as it is deployed, but for the copy that is kept of what the line says: see `agent.proof.tee`.

python -m agent.proof.serving FOLDER
"""

from __future__ import annotations

import asyncio
import os
import sys

from agent import launcher, settings, surroundings


def main() -> int:
    tee = (sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.tee", sys.argv[1], "--")
    environment = dict(os.environ)
    return asyncio.run(launcher.serve(settings.from_environment(environment), environment, (*tee, *launcher.LINE)))


if __name__ == "__main__":
    sys.exit(main())
