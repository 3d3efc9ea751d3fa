"""The service, as the launcher runs it, with every event that passed the keeper's schema on standard output.

`python -P -m tests.bench.serving`; settings come from the environment, as for `quietline serve`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from agent import lines, settings
from agent.launcher import LINE, run
from agent.processes import Service
from policies.events import CallEvent, encode


async def serve(line: Sequence[str] = LINE) -> int:
    """line: the command of the line's process."""
    environment = dict(os.environ)
    chosen = settings.from_environment(environment)
    lines.load(chosen.agents)

    def show(event: CallEvent) -> None:
        sys.stdout.write(encode(event, chosen.profile) + "\n")
        sys.stdout.flush()

    async def ready(_: Service) -> int | None:
        return None

    return await run(chosen, environment, echo="all", show=show, ready=ready, line=line)


if __name__ == "__main__":
    sys.exit(asyncio.run(serve()))
