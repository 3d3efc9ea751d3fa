"""What a call leaves in the process when its scope has ended: cycles of objects, and caches of libraries.

Python frees a cycle when it next looks, which for objects as old as a call can be many minutes; freed memory alone is
overwritten by the allocator.  So the process looks a moment after each call, and now and then for what came without
one: a request that was refused, a handshake that failed.  All that was there before the first call is taken out of the
search (`gc.freeze`), or each look would hold up the sound of other calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import urllib.parse
from typing import Final

AFTER_S: Final = 1.0  # the server's own scope of the stream has ended by then
EVERY_S: Final = 3.0  # so that nothing that has gone is there after 5 s; each look takes a few milliseconds


def begin() -> None:
    """Once, when everything is built and nobody has been heard."""
    gc.collect()
    gc.freeze()


async def now_and_then() -> None:
    """Until it is cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        forget()


def soon() -> None:
    """A call has ended.  On the loop."""
    asyncio.get_running_loop().call_later(AFTER_S, forget)


def forget() -> int:
    """Clears what holds words; returns how many objects were found in dead cycles."""
    for module in list(sys.modules.values()):  # what was warned of, in full, so as to warn of it once
        with contextlib.suppress(TypeError):  # not everything there is a module
            vars(module).get("__warningregistry__", {}).clear()
    urllib.parse.clear_cache()  # type: ignore[attr-defined]  # its own, in no stub
    jiter = sys.modules.get("jiter")  # the JSON parser of a provider's SDK keeps short texts
    if jiter is not None:
        jiter.cache_clear()
    return gc.collect()
