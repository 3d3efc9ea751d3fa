"""The report of a proof: what was looked for, where, with what result; signed, and checked by somebody else.  Pure.

Canonical JSON (sorted keys, no spaces, ASCII), so that the same report has the same bytes.  The signature is of
Ed25519 (RFC 8032) over all of it but itself.  `objections` trusts nothing in the report: the public key and the nonce
come from the officer, and what must stand in it from this page.
"""

from __future__ import annotations

import base64
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.closed import canonical

FORMAT: Final = "quietline-proof-1"
LEAST_FORMS: Final = 20
"""So many forms of a needle must have been planted and found in each place that was examined."""
LEAST_ACTS: Final = 40
MOST_WRITES: Final = 20
"""Names of files in a report."""
LOCKS: Final = frozenset({"length", "rights", "files", "calls", "swap"})
"""Locks that must have held the line; `ports` may be another's work."""


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
    CARRIER = "what the carrier was told"
    NETWORK = "packets to other machines, and connections on this one"


MAY_BE_UNSEEN: Final = frozenset(
    {
        Place.SWAP, Place.NETWORK, Place.LINE_MEMORY, Place.KEEPER_MEMORY, Place.LAUNCHER_MEMORY, Place.EGRESS_MEMORY,
        Place.BUS_MEMORY, Place.FILES,
    }
)  # fmt: skip
"""Places that need root, or something that this version lacks: a report may say so, and the officer decides."""
MUST_HOLD_BYTES: Final = frozenset(
    {Place.PIPE, Place.OUTPUT, Place.BUS, Place.METRICS, Place.PAGES, Place.CARRIER, Place.STATE}
)
"""Where there is always something: nothing searched there means that the search looked past it."""


class Seen(enum.Enum):
    """What came of looking at a place."""

    NOTHING = "nothing found"
    FOUND = "found"
    NOT_EXAMINED = "not examined"


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
    """Of a place that was not examined."""

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


def objections(report: bytes, public_key: bytes, nonce: str) -> list[str]:
    """Why this report proves nothing to whoever gave this nonce; empty if it holds.

    public_key: 32 bytes, from outside the report.
    """
    read = _read(report)
    if read is None:
        return ["this is no report of a proof"]
    body, signature = read
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, canonical(body))
    except (InvalidSignature, ValueError):
        return ["the signature is not of this key over these bytes"]
    found = []
    if body.get("nonce") != nonce:
        found.append("the nonce is not yours: it may be an old report")
    return found + _lacking(body)


def _read(report: bytes) -> tuple[dict[str, Any], bytes] | None:
    try:
        whole = json.loads(report)
        signature = base64.b64decode(whole.pop("signature"), validate=True)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
    if not isinstance(whole, dict) or whole.get("format") != FORMAT or report != canonical(_with(whole, signature)):
        return None  # the same words in other bytes are another report
    return whole, signature


def _with(body: Mapping[str, Any], signature: bytes) -> dict[str, Any]:
    return {**body, "signature": base64.b64encode(signature).decode()}


def _lacking(body: Mapping[str, Any]) -> list[str]:
    """What a report that holds must say."""
    found = []
    rows = body.get("places")
    listed = rows if isinstance(rows, list) else []
    places = {row.get("place"): row for row in listed if isinstance(row, dict)}
    for place in Place:
        row = places.get(place.value)
        if row is None:
            found.append(f"{place.value}: missing from the report")
        elif row.get("seen") == Seen.FOUND.value or row.get("hits"):
            found.append(f"{place.value}: something was found")
        elif row.get("seen") == Seen.NOTHING.value:
            forms, planted = _count(row.get("forms")), _count(row.get("planted"))
            if forms < planted or planted < LEAST_FORMS:
                found.append(f"{place.value}: the search missed what was planted, or too little was planted")
            elif place in MUST_HOLD_BYTES and _count(row.get("size")) < 1:
                found.append(f"{place.value}: nothing was searched there")
        elif row.get("seen") != Seen.NOT_EXAMINED.value or not row.get("why") or place not in MAY_BE_UNSEEN:
            found.append(f"{place.value}: not examined, and that may not be or has no reason")
    calls = body.get("calls")
    if not isinstance(calls, dict) or not 1 <= _count(calls.get("counted")) == _count(calls.get("placed")):
        found.append("a call does not count: its canary was not heard, or not spoken back")
    locks = body.get("locks")
    if not isinstance(locks, list) or not set(map(str, locks)) >= LOCKS:
        found.append("a lock of the kernel did not hold the line")
    acts = body.get("acts")
    if not isinstance(acts, dict) or _count(acts.get("tried")) < LEAST_ACTS or acts.get("done") != []:
        found.append("a forbidden act was not refused, or too few were tried")
    return found


def _count(value: object) -> int:
    """-1 for whatever is no number of things: `True` and 1.5 among them."""
    return value if type(value) is int and value >= 0 else -1
