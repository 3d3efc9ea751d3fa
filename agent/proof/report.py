"""The report of a proof: what was looked for, where, with what result; signed.  Pure.

Canonical JSON (sorted keys, no spaces, ASCII), so that the same report has the same bytes.  The signature is of
Ed25519 (RFC 8032) over all of it but itself.  Somebody else checks it: `agent.proof.checks`.
"""

from __future__ import annotations

import base64
import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from policies.closed import canonical

FORMAT: Final = "quietline-proof-5"
MOST_WRITES: Final = 20
"""Names of files in a report."""


class Place(enum.Enum):
    """Everywhere that a word could have stayed.  A report names each of them."""

    OUTPUT = "what the service prints"
    ERRORS = "what the service writes to standard error"
    PIPE = "the pipe from the line to the keeper"
    LINE_ERRORS = "what the line writes to standard error"
    STATE = "the keeper's state"
    FILES = "files changed on the machine"
    NAMES = "names of files"
    CORES = "core dumps"
    SWAP = "swap"
    SHARED_MEMORY = "shared memory"
    SHOWN = "names of threads, arguments, environments and keys"
    BUS = "what Redis was told"
    BUS_KEPT = "keys, values and logs of Redis"
    BUS_FILES = "files of Redis, forced to be written"
    BUS_MEMORY = "the memory of Redis"
    LINE_MEMORY = "the line's memory after the call"
    KEEPER_MEMORY = "the keeper's memory"
    LAUNCHER_MEMORY = "the launcher's memory"
    EGRESS_MEMORY = "the memory of the proxy to hosted models"
    METRICS = "the metrics"
    PAGES = "health and error pages"
    INTERFACE = "the keeper's interface"
    CARRIER = "what the carrier was told"
    BOOK = "what the carrier was told and keeps of transfers and calls to patients"
    NETWORK = "packets to other machines, and connections on this one"


NEEDS_ROOT: Final = "needs root"
HAS_SWAP: Final = "this machine has swap; the line's memory is locked out of it"
NO_TRANSFERS: Final = "no nurse was rung in this proof"
HAD_NONE: Final = "this service had none: its model is on this machine"
NO_CORES: Final = "this machine leaves no core file of any process, whatever its limits"
NOT_ALL_OF_OTHERS: Final = "of the files that no process of the service opened for writing, not all were searched whole"
UNSEEN_ANYWHERE: Final = frozenset({(Place.SWAP, HAS_SWAP), (Place.EGRESS_MEMORY, HAD_NONE)})
"""What a full proof may leave unexamined, each for its one reason: it is not there, or nobody can read it."""
UNSEEN_WITHOUT_ROOT: Final = frozenset(
    {
        Place.NETWORK, Place.LINE_MEMORY, Place.KEEPER_MEMORY, Place.LAUNCHER_MEMORY, Place.EGRESS_MEMORY,
        Place.BUS_MEMORY, Place.FILES,
    }
)  # fmt: skip
"""Places that need root: only who asks for a proof without it takes a report that did not look there."""
MUST_HOLD_BYTES: Final = frozenset(
    {
        Place.PIPE, Place.OUTPUT, Place.BUS, Place.BUS_KEPT, Place.METRICS, Place.PAGES, Place.INTERFACE, Place.CARRIER,
        Place.STATE, Place.SHOWN, Place.LINE_MEMORY, Place.KEEPER_MEMORY, Place.LAUNCHER_MEMORY, Place.EGRESS_MEMORY,
        Place.BUS_MEMORY,
    }
)  # fmt: skip
"""Where there is always something: nothing searched there means that the search looked past it."""


class Seen(enum.Enum):
    """What came of looking at a place."""

    NOTHING = "nothing found"
    FOUND = "found"
    NOT_EXAMINED = "not examined"


IN_PART: Final = "nothing found in the part that was examined"


@dataclass(frozen=True, slots=True)
class Looked:
    """One place."""

    place: Place
    seen: Seen
    size: int
    """Bytes that were searched."""
    forms: int
    """Forms of a planted needle that the same search found there; of as many that were planted."""
    planted: int
    hits: tuple[str, ...] = ()
    """Which needle in which form; never the needle."""
    why: str = ""
    """Of a place that was not examined, or not all of it."""

    def to_json(self) -> dict[str, Any]:
        return {
            "place": self.place.value,
            "seen": self.seen.value,
            "size": self.size,
            "forms": self.forms,
            "planted": self.planted,
            "hits": list(self.hits),
            "why": self.why,
        }


def signed(body: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The report with its signature."""
    whole = {"format": FORMAT, **body}
    return canonical(_with(whole, key.sign(canonical(whole))))


def body_of(report: bytes) -> dict[str, Any]:
    """All but the signature, unchecked; empty for whatever is no report."""
    found = read(report)
    return {} if found is None else found[0]


def unexamined(report: bytes) -> list[str]:
    """What a report did not look at, or not all of, each with its reason."""
    return not_whole(body_of(report).get("places", []))


def not_whole(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of places as they stand in a report those that were not examined, or in part."""
    told = {Seen.NOT_EXAMINED.value: "", Seen.NOTHING.value: "in part, "}
    return [f"{row['place']}: {told[row['seen']]}{row['why']}" for row in rows if row["seen"] in told and row["why"]]


def told_of(row: Mapping[str, Any]) -> str:
    """What came of looking at a place, as a page says it: nothing in a part is not nothing."""
    in_part = row["seen"] == Seen.NOTHING.value and row["why"]
    return IN_PART if in_part else str(row["seen"])


def read(report: bytes) -> tuple[dict[str, Any], bytes] | None:
    """All but the signature, and the signature; None for whatever is no report."""
    try:
        whole = json.loads(report)
        signature = base64.b64decode(whole.pop("signature"), validate=True)
        same = whole["format"] == FORMAT and report == canonical(_with(whole, signature))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):  # ValueError: a NaN among them
        return None
    if not same:
        return None  # the same words in other bytes are another report
    return whole, signature


def _with(body: Mapping[str, Any], signature: bytes) -> dict[str, Any]:
    return {**body, "signature": base64.b64encode(signature).decode()}
