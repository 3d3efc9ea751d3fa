"""The sessions of a proof and the sinks that leaks are planted in: closed lists that a report is held to.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

AS_DEPLOYED: Final = "as it is deployed"
FAILING_MODEL: Final = "with a model that fails with words in its hands"
LOSES_ITS_KEEPER: Final = "as it is deployed, to lose its keeper"
WITH_NURSES: Final = "as it is deployed, with a nurse to be rung and patients to be called"
ONE_FAULT_AGAIN: Final = "again, for one fault"

FULL_PLAN: Final = (AS_DEPLOYED, FAILING_MODEL, LOSES_ITS_KEEPER, WITH_NURSES)
QUICK_PLAN: Final = (AS_DEPLOYED,)
AGAIN: Final = 2
"""So often is a session repeated for a fault whose call did not count."""


class SinkName(enum.Enum):
    """Every kind of place in which leaks are really planted.  A report names each of them, once."""

    OUTPUT = "what the service prints"
    ERRORS = "what the service writes to standard error"
    PIPE = "the pipe from the line to the keeper"
    LINE_ERRORS = "what the line writes to standard error"
    STATE = "the keeper's state (SQLite)"
    FILES = "files changed on the machine"
    SHARED_MEMORY = "shared memory"
    NAMES = "names of files"
    BUS = "what Redis was told"
    BUS_KEPT = "keys and values of Redis"
    BUS_FILES = "files of Redis"
    BUS_MEMORY = "the memory of Redis"
    MEMORY = "the memory of a process"
    CORES = "core dumps"
    PAGES = "metrics, health and error pages"
    CARRIER = "what the carrier was told"
    BOOK = "what the carrier was told and keeps of transfers and calls to patients"
    ORDERS = "what the carrier was asked to place"
    BESIDE_PIPE = "the pipe beside the record of a patient who was called"
    BESIDE_STATE = "the keeper's state beside that record"
    PACKETS = "packets to other machines"


def plan_of(names: Sequence[str]) -> tuple[str, ...] | None:
    """The plan that these sessions followed, repetitions for one fault left out; None if it was none."""
    planned = tuple(name for name in names if name != ONE_FAULT_AGAIN)
    ordered = tuple(names[: len(planned)]) == planned
    return planned if ordered and planned in (QUICK_PLAN, FULL_PLAN) else None
