"""The same service without what keeps it from keeping, to measure what that costs.  For nothing but the bench.

`python -P -m tests.bench.unguarded` serves; `... line` is its line: no lock of the kernel, freed memory is not
overwritten, no look for what a call left behind.
"""

from __future__ import annotations

import asyncio
import sys
from types import MappingProxyType
from typing import Final

from agent import __main__ as line
from agent import forgetting, service, surroundings
from agent.confine import Locks
from tests.bench.serving import serve

LINE: Final = (sys.executable, "-P", "-m", "tests.bench.unguarded", "line")


def unconfined(*_: object, **__: object) -> Locks:
    """Instead of `confine`, whatever it is given."""
    return Locks(frozenset())


async def _whatever(_: Locks) -> None:
    return


def main() -> int:
    if sys.argv[1:] != ["line"]:
        surroundings.SCRUB = MappingProxyType({})  # type: ignore[misc]  # it is final for everyone else
        return asyncio.run(serve(LINE))
    for module, name, instead in (
        (line, "confine", unconfined),
        (service, "still_locked", _whatever),
        (forgetting, "begin", lambda: None),
        (forgetting, "soon", lambda: None),
    ):
        setattr(module, name, instead)
    return line.main()


if __name__ == "__main__":
    sys.exit(main())
