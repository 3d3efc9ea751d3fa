"""What a call leaves in the process when its scope has ended: cycles of objects, and caches of libraries.

Python frees a cycle when it next looks, which for objects as old as a call can be many minutes; freed memory alone is
overwritten by the allocator.  So the process looks a moment after each call.  All that was there before the first call
is taken out of the search (`gc.freeze`), or each look would hold up the sound of other calls.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import urllib.parse
from typing import Final

AFTER_S: Final = 1.0  # the server's own scope of the stream has ended by then


def begin() -> None:
    """Once, when everything is built and nobody has been heard."""
    gc.collect()
    gc.freeze()


def soon() -> None:
    """A call has ended.  On the loop."""
    asyncio.get_running_loop().call_later(AFTER_S, forget)


def forget() -> int:
    """Clears what holds words; returns how many objects were found in dead cycles."""
    urllib.parse.clear_cache()  # type: ignore[attr-defined]  # its own, in no stub
    jiter = sys.modules.get("jiter")  # the JSON parser of a provider's SDK keeps short texts
    if jiter is not None:
        jiter.cache_clear()
    return gc.collect()
