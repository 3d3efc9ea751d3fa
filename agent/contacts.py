"""Whom the hospital lets us call: one port, and its client for a service on this machine.

    POST /consented {}                 ->  {"patients": [{"ref": "...", "zone": "America/New_York"}]}
    POST /number    {"ref": "..."}     ->  {"number": "+1...", "name": "Maria Lopez", "named_on_machine": false}
                                           or {"number": null}
    POST /whose     {"number": "..."}  ->  {"ref": "..."} or {"ref": null}
    POST /opt-out   {"ref": "..."}     ->  {"taken": true}
    POST /is-hers   {"ref": "...", "born": "1950-03-04", "phone_end": "0142", "record": ""}  ->  {"hers": true}

The hospital keeps the numbers.  One is asked for, with the name that belongs to it, when it is about to be dialled, and
a caller's is told only to ask whose it is; none stays here.  Of what goes wrong no word leaves this module.
"""

from __future__ import annotations

import asyncio
import enum
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, final

from agent.lines import US
from agent.local_posts import LocalPosts
from agent.patients import texts_of
from policies.attempts import is_reference
from policies.outreach import Zone, zone_of
from policies.patient import Identifiers
from policies.phi import PHI, Sensitive
from policies.right_party_wording import NAME

ANSWER_S: Final = 1.0
"""For one answer, connecting included: a service on this machine takes a few milliseconds."""
LISTING_S: Final = 10.0
"""For the list of all who consented."""
MOST_BYTES: Final = 1_024
MOST_LISTED: Final = 20_000
"""Patients of one list: a large hospital discharges a hundred a day."""
MOST_LIST_BYTES: Final = MOST_LISTED * 100


class Unreachable(enum.Enum):
    """The contacts could not be asked."""

    NO_ANSWER = "no_answer"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reached(Sensitive):
    """Where one patient is reached, and how she is asked for."""

    number: PHI[str]
    """E.164."""
    name: PHI[str]
    """As she is asked for; of the form of `policies.right_party_wording.NAME`."""
    named_on_machine: bool
    """She has consented to her name in a message."""

    __hash__ = None  # see Sensitive


class Contacts(Protocol):
    """Where numbers are.  Holds no state of any call; raises nothing of its own."""

    async def consented(self) -> Mapping[str, Zone] | Unreachable:
        """Each reference that may be called, with where she is.  Takes at most `LISTING_S`, all else `ANSWER_S`."""
        ...

    async def number(self, ref: str) -> Reached | None:
        """Where she is reached; None where there is no number or no name to ask for, or none was told."""
        ...

    async def whose(self, number: PHI[str]) -> str | Unreachable | None:
        """The reference of the one patient with this number; None for nobody's and for several's."""
        ...

    async def is_hers(self, ref: str, given: PHI[Identifiers]) -> bool | Unreachable:
        """All that was given, two or more, is hers: who says so is the patient who was rung, and not another one."""
        ...

    async def opt_out(self, ref: str) -> bool:
        """The hospital has taken that she wants no such calls.  False: it must be told again."""
        ...


@final
class LocalContacts:
    """`Contacts` of a service on this machine."""

    def __init__(self, base_url: str) -> None:
        """base_url: http and loopback."""
        self._posts: Final = LocalPosts(base_url)

    async def consented(self) -> Mapping[str, Zone] | Unreachable:
        """See `Contacts`.  A list of which one entry can't be read is none."""
        answer = await self._ask("/consented", PHI({}), LISTING_S, MOST_LIST_BYTES)
        listed = None if answer is None else answer.get("patients")
        if not isinstance(listed, list) or len(listed) > MOST_LISTED:
            return Unreachable.NO_ANSWER
        found = {}
        for each in listed:
            if not isinstance(each, dict) or set(each) != {"ref", "zone"}:
                return Unreachable.NO_ANSWER
            ref, zone = each["ref"], each["zone"]
            if not (isinstance(ref, str) and isinstance(zone, str) and is_reference(ref)):
                return Unreachable.NO_ANSWER
            found[ref] = zone_of(zone)
        return MappingProxyType(found)

    async def number(self, ref: str) -> Reached | None:
        """See `Contacts`."""
        answer = await self._ask("/number", PHI({"ref": ref}))
        match answer:
            case {"number": str() as number, "name": str() as name, "named_on_machine": bool() as named}:
                known = US.fullmatch(number) is not None and NAME.fullmatch(name) is not None
                return Reached(PHI(number), PHI(name), named) if known else None
        return None

    async def whose(self, number: PHI[str]) -> str | Unreachable | None:
        """See `Contacts`."""
        answer = await self._ask("/whose", number.map(lambda digits: {"number": digits}))
        if answer is None or set(answer) != {"ref"}:
            return Unreachable.NO_ANSWER
        ref = answer["ref"]
        if ref is None:
            return None
        return ref if isinstance(ref, str) and is_reference(ref) else Unreachable.NO_ANSWER

    async def is_hers(self, ref: str, given: PHI[Identifiers]) -> bool | Unreachable:
        """See `Contacts`."""
        answer = await self._ask("/is-hers", given.map(lambda told: {"ref": ref, **texts_of(told)}))
        hers = None if answer is None else answer.get("hers")
        return hers if isinstance(hers, bool) else Unreachable.NO_ANSWER

    async def opt_out(self, ref: str) -> bool:
        """See `Contacts`."""
        answer = await self._ask("/opt-out", PHI({"ref": ref}))
        return answer is not None and answer.get("taken") is True

    async def _ask(
        self,
        path: str,
        question: PHI[dict[str, str]],
        answer_s: float = ANSWER_S,
        most_bytes: int = MOST_BYTES,
    ) -> Mapping[str, Any] | None:
        """The answer's one object; None for whatever is none."""
        answer = None
        with suppress(Exception):  # whatever it is, its text may hold what was asked or answered
            async with asyncio.timeout(answer_s):
                body = question.map(lambda asked: json.dumps(asked).encode("ascii")).reveal()
                said = await self._posts.ask(path, body, answer_s=answer_s, most_bytes=most_bytes)
                answer = json.loads(said) if len(said) <= most_bytes else None
        return answer if isinstance(answer, dict) else None
