"""The names of all our reasons, in one closed set, so that both ends of the pipe can check them.

`policies` imports nothing of ours, so the names stand here; a test holds them equal to the enums named `...Reason`
in all three packages.
"""

from __future__ import annotations

from typing import Final

REASONS: Final = frozenset(
    {
        "other",
    }
)
