"""Who a patient is and what her record says: one port, and its client for a service on this machine.

The identifiers go in the body of a POST, never in an address.  Nothing is kept between two questions but the
connection; what the service says is checked field by field; of what goes wrong no word leaves this module.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Final, Protocol, final

from agent.local_posts import LocalPosts
from agent.record_form import RecordRefused, record_of
from policies.patient import Identifiers, Matched, NotMatched, Unavailable
from policies.phi import PHI

ANSWER_S: Final = 1.0
"""For one answer, connecting included: a service on this machine takes a few milliseconds."""
MOST_BYTES: Final = 64 * 1024
"""Of one answer; a long medicine list is about 4 kB."""
MATCH: Final = "/match"


class PatientRecords(Protocol):
    """Where records are.  Holds no state of any call."""

    async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
        """The one patient of whom all these hold.  Takes at most `ANSWER_S`; raises nothing of its own."""
        ...


@final
class LocalRecords:
    """`PatientRecords` of a service on this machine."""

    def __init__(self, base_url: str) -> None:
        """base_url: http and loopback, as `agent.settings` has checked it."""
        self._posts: Final = LocalPosts(base_url)

    async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
        """See `PatientRecords`."""
        found: Matched | NotMatched | Unavailable = Unavailable.NO_ANSWER
        with suppress(Exception):  # whatever it is, its text may hold what was asked or answered
            async with asyncio.timeout(ANSWER_S):
                asked = given.map(_body).reveal()
                said = await self._posts.ask(MATCH, asked, answer_s=ANSWER_S, most_bytes=MOST_BYTES)
                found = NotMatched.NOBODY if len(said) > MOST_BYTES else _read(said)  # only a record is ever so long
        return found


def texts_of(given: Identifiers) -> dict[str, str]:
    """Identifiers as they are asked for: three texts, empty for what was not given."""
    born = "" if given.born is None else given.born.isoformat()
    return {"born": born, "phone_end": given.phone_end, "record": given.record}


def _body(given: Identifiers) -> bytes:
    return json.dumps(texts_of(given)).encode("ascii")


def _read(said: bytes) -> Matched | NotMatched:
    answer = json.loads(said)
    if not isinstance(answer, dict) or set(answer) != {"patient"}:
        raise ValueError
    try:
        return NotMatched.NOBODY if answer["patient"] is None else Matched(PHI(record_of(answer["patient"])))
    except RecordRefused:  # to say that it can't be read would say that the identifiers are right
        return NotMatched.NOBODY
