"""Which way a question goes: answered from approved knowledge, left to the nurse, or none of this line's business.

A trained reader hears it (`urgency.UrgencyReader`); an answer needs it to be sure, anything else does not.
"""

from __future__ import annotations

import enum
import sys
from typing import Final

from policies.encoder import Floats
from policies.phi import PHI

SURE_ANSWER: Final = 0.5
"""Below it a question is not answered where nothing else decides.  Set on the development set alone."""
SURE_AWAY: Final = 0.8
"""From here on it is not answered in a call, whichever passage it is like: there the passages decide as well."""


class Route(enum.Enum):
    """Where a question goes."""

    ANSWER = "answer_from_kb"
    DOSE_CHANGE = "defer_dose_change"
    DIAGNOSIS = "defer_diagnosis"
    OUT_OF_SCOPE = "out_of_scope"
    INJECTION = "injection"
    ASKS_HUMAN = "asks_human"
    ADMIN = "admin"


def routed(likely: Floats, sure: float = SURE_ANSWER) -> Route:
    """likely: shape (7,), of each `Route` in order.  What cannot be read is not answered."""
    if float(likely[0]) >= sure:
        return Route.ANSWER
    rest = [float(one) for one in likely[1:]]
    return list(Route)[1 + rest.index(max(rest))] if all(one >= 0 for one in rest) else Route.DIAGNOSIS


def away(scope: PHI[Floats] | None) -> Route | None:
    """Where a caller's question is surely to go instead of being answered; None where the passages may decide.

    scope: as of `routed`; None where nobody read it.
    """
    if scope is None:
        return None
    likely = scope.reveal()
    return routed(likely) if not float(likely[0]) > 1 - SURE_AWAY else None


if __name__ == "__main__":
    from policies.rules.batch import routes, run  # which need this module whole

    sys.exit(run(routes))
