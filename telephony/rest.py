"""Twilio's REST for the line: places and ends calls, deletes what is kept of them, switches off what keeps more.

The only importer of the `twilio` package, which forms the requests and reads the answers; `telephony.carrier_wire`
carries them.  Reads, deletes and settings are asked again after a pause where that may help: asking twice does the same
as asking once.  `place` is not: a request without an answer may have rung the nurse, and who asked is told so.
"""

from __future__ import annotations

import asyncio
import functools
import random
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from twilio.http.response import Response
from twilio.rest import Client

from policies.phi import PHI
from telephony.carrier_wire import CarrierWire, WireFailed
from telephony.numbers import Wanted
from telephony.placing import AccountState, CarrierFailed, CarrierReason, Deleted
from telephony.rooms import OVER_NAMES
from telephony.twiml import is_number, is_ours

PLACE_S: Final = 5.0  # for one answer: a patient waits; the bar from a red flag to a ringing phone is 3 s (p95)
RECORDS_S: Final = 10.0  # for one answer: nobody waits
TRIES: Final = 3
FIRST_PAUSE_S: Final = 0.25  # doubles; half of it is chance, so that the workers do not ask in step
PAGE: Final = 100  # records; the most is 1,000 (Twilio, "Paging")
MOST_PAGES: Final = 200  # of one list: 20,000 records; what is beyond is listed next time, when these are gone
AT_ONCE: Final = 4  # requests about records: Twilio refuses an account that sends too many at once (error 20429)

NOT_FOUND: Final = 404
NOT_COMPLETE: Final = 20009  # "Cannot delete this resource before it is complete"
NOT_IN_PROGRESS: Final = 21220  # "Invalid call state": it has ended, or it was never answered
STEPS: Final = ("initiated", "ringing", "answered", "completed")

_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}", re.ASCII)
_CALL: Final = re.compile(r"CA[0-9a-fA-F]{32}", re.ASCII)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MAY_HELP: Final = frozenset(
    {CarrierReason.UNREACHABLE, CarrierReason.TIMED_OUT, CarrierReason.BUSY, CarrierReason.BROKEN}
)

Ask = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAccount:
    """Whose calls these are, and how the carrier is reached.

    Raises `ValueError` for an account or a number of another form, and for a `base_url` beyond this machine.
    """

    sid: str
    auth_token: PHI[str]
    caller_id: str
    """The number of ours that a nurse or a patient sees."""
    numbers: tuple[str, ...]
    """All our numbers: whatever was called or called from here is deleted."""
    base_url: str | None = None
    """Of a twin on this machine; None for Twilio."""
    egress_port: int | None = None
    """Of the proxy on this machine through which the carrier is reached."""
    tls: ssl.SSLContext | None = None
    """Whom to trust, where it is not the public authorities."""
    wanted: Wanted = Wanted()  # noqa: RUF009  # frozen
    """What our numbers are set to."""

    def __post_init__(self) -> None:
        if not _ACCOUNT.fullmatch(self.sid):
            raise ValueError("an account is AC and 32 hex digits")
        if self.caller_id not in self.numbers or not all(map(is_number, self.numbers)):
            raise ValueError("our numbers are E.164, and the caller's id is one of them")
        if self.base_url is not None and urlsplit(self.base_url).hostname not in _LOOPBACK:
            raise ValueError("only a carrier on this machine has another address than Twilio's")


class TwilioCarrier:
    """`Carrier` and `Records` at Twilio.  Lives on one event loop; `aclose()` at its end."""

    def __init__(
        self,
        account: CarrierAccount,
        *,
        started: datetime,
        place_s: float = PLACE_S,
        records_s: float = RECORDS_S,
        chance: random.Random | None = None,
    ) -> None:
        """started: with its zone; recordings and transcriptions made since then are counted.

        place_s, records_s: for one answer about a call that goes on, and about what is kept.
        """
        self._account = account
        self._started = started
        self._chance = chance or random.Random()
        self._behind = asyncio.Semaphore(AT_ONCE)
        # two pools of connections: to ring a nurse never waits behind a list
        self._placing, self._placing_wire = _client(account, place_s)
        self._records, self._records_wire = _client(account, records_s)

    async def aclose(self) -> None:
        """Lets the connections go."""
        await self._placing_wire.aclose()
        await self._records_wire.aclose()

    async def place(
        self, number: PHI[str], twiml: str, *, ring_s: int, status_url: str, limit_s: int, caller_id: str | None = None
    ) -> PHI[str]:
        """See `Carrier`.  NUMBER_REFUSED before anything is sent if it is no number, or shows one that isn't ours."""
        if not is_ours(twiml):
            raise ValueError("only TwiML that telephony.twiml made is sent")
        called = number.reveal()
        shown = self._account.caller_id if caller_id is None else caller_id
        if not is_number(called) or shown not in self._account.numbers:
            raise CarrierFailed(CarrierReason.NUMBER_REFUSED)
        made = await self._ask(
            lambda: self._placing.calls.create_async(
                to=called,
                from_=shown,
                twiml=twiml,
                timeout=ring_s,
                time_limit=limit_s,
                record=False,
                status_callback=status_url,
                status_callback_event=list(STEPS),
                status_callback_method="POST",
            ),
            tries=1,
        )
        return self._sid(made)

    async def redirect(self, call_sid: PHI[str], twiml: str) -> bool:
        """The call does from now on what this says; False if it is over.  Ends a stream at once, with what it plays.

        twiml: made by `telephony.twiml`; `ValueError` otherwise.  Raises `CarrierFailed`.
        """
        if not is_ours(twiml):
            raise ValueError("only TwiML that telephony.twiml made is sent")
        sid = _revealed(call_sid)
        change = self._placing.calls(sid).update_async
        return await self._ask(lambda: change(twiml=twiml), none_if={NOT_FOUND, NOT_IN_PROGRESS}) is not None

    async def live(self, call_sid: PHI[str]) -> bool:
        """See `Carrier`.  A call without a record has been over for a while."""
        sid = _revealed(call_sid)
        call = await self._ask(lambda: self._placing.calls(sid).fetch_async(), none_if={NOT_FOUND})
        return call is not None and call.status not in OVER_NAMES

    async def end(self, call_sid: PHI[str]) -> None:
        """See `Carrier`.  Cancels first: a call that is answered meanwhile is ended by the second request."""
        sid = _revealed(call_sid)
        change = self._placing.calls(sid).update_async
        over = {NOT_FOUND, NOT_IN_PROGRESS}
        canceled = await self._ask(lambda: change(status="canceled"), none_if=over)
        if canceled is None or canceled.status not in OVER_NAMES:
            await self._ask(lambda: change(status="completed"), none_if=over)

    async def delete(self, call_sid: PHI[str]) -> Deleted:
        """See `Records`.

        The calls that it dialled hang on its record alone, often with the patient's number on them: they go first, so
        that as long as one of them is left there is a record that leads to it.
        """
        sid = _revealed(call_sid)
        async with self._behind:
            call = await self._call(sid)
            if call is None:
                return Deleted.GONE
            if call.status not in OVER_NAMES:
                return Deleted.LIVE
            for leg in await self._all(lambda: self._records.calls.page_async(parent_call_sid=sid, page_size=PAGE)):
                if leg.status not in OVER_NAMES:
                    return Deleted.LIVE
                if not await self._removed(self._sid(leg).reveal()):
                    return Deleted.UNFINISHED
            return Deleted.DELETED if await self._removed(sid) else Deleted.UNFINISHED

    async def completed(self) -> Sequence[PHI[str]]:
        """See `Records`."""
        found: dict[str, None] = {}
        pages = self._records.calls.page_async
        async with self._behind:
            for number in self._account.numbers:
                for call in (
                    *await self._all(functools.partial(pages, to=number, page_size=PAGE)),
                    *await self._all(functools.partial(pages, from_=number, page_size=PAGE)),
                ):
                    if call.status in OVER_NAMES:
                        found[self._sid(call).reveal()] = None
        return tuple(map(PHI, found))

    async def switch_off(self) -> AccountState:
        """See `Records`.

        Voice Insights and its traces, the recording of each SIP trunk, Voice Intelligence's own transcribing, and the
        look-up of callers' names on our numbers, which are set to what is wanted of them as well.  Whether a conference
        or a call is recorded is in its TwiML and its request alone: what was recorded all the same is counted here.
        """
        client = self._records
        async with self._behind:
            insights = client.insights.v1.settings()
            done = [
                await self._off(
                    insights.fetch_async,
                    lambda read: read.advanced_features is not False or read.voice_trace is not False,
                    lambda: insights.update_async(advanced_features=False, voice_trace=False),
                )
            ]
            for trunk in await self._all(lambda: client.trunking.v1.trunks.page_async(page_size=PAGE)):
                recording = client.trunking.v1.trunks(trunk.sid).recordings()
                done.append(await self._recording_off(recording))
            for service in await self._all(lambda: client.intelligence.v2.services.page_async(page_size=PAGE)):
                done.append(await self._transcribing_off(client.intelligence.v2.services(service.sid)))  # noqa: PERF401  # in turn
            without_fallback = len(self._account.numbers)  # a number that the account has not is none of its
            for listed in await self._all(lambda: client.incoming_phone_numbers.page_async(page_size=PAGE)):
                if listed.phone_number in self._account.numbers:
                    number = client.incoming_phone_numbers(listed.sid)
                    done.append(await self._name_lookup_off(number))
                    without_fallback -= await self._falls(number)
            day = self._started.astimezone(UTC).date().isoformat()  # the filter counts days; the rest is seen below
            recordings = await self._all(lambda: client.recordings.page_async(date_created_after=day, page_size=PAGE))
            transcriptions = await self._all(lambda: client.transcriptions.page_async(page_size=PAGE))
        return AccountState(
            switched_off=sum(was and not still for was, still in done),
            still_on=sum(still for _, still in done),
            recordings=self._since_the_start(recordings),
            transcriptions=self._since_the_start(transcriptions),
            without_fallback=without_fallback,
        )

    async def _recording_off(self, recording: Any) -> tuple[bool, bool]:
        return await self._off(
            recording.fetch_async,
            lambda read: read.mode != "do-not-record",
            lambda: recording.update_async(mode="do-not-record"),
        )

    async def _transcribing_off(self, service: Any) -> tuple[bool, bool]:
        return await self._off(
            service.fetch_async,
            lambda read: read.auto_transcribe is not False,
            lambda: service.update_async(auto_transcribe=False),
        )

    async def _name_lookup_off(self, number: Any) -> tuple[bool, bool]:
        return await self._off(
            number.fetch_async,
            lambda read: read.voice_caller_id_lookup is not False,
            lambda: number.update_async(voice_caller_id_lookup=False),
        )

    async def _falls(self, number: Any) -> bool:
        """Sets a number of ours to what is wanted of it; is somebody there for its callers when we are down?"""
        wanted = self._account.wanted
        read = await self._ask(number.fetch_async)
        changes = wanted.changes(
            *(read.voice_fallback_url or "", read.voice_fallback_method or ""),
            *(read.status_callback or "", read.status_callback_method or ""),
        )
        if changes:
            try:
                await self._ask(lambda: number.update_async(**changes))
            except CarrierFailed as failed:
                if failed.reason not in (CarrierReason.REFUSED, CarrierReason.NUMBER_REFUSED):
                    raise
                return False  # shown, and calls are taken all the same
            read = await self._ask(number.fetch_async)
        elsewhere = bool(read.voice_application_sid or read.trunk_sid)
        return wanted.falls(read.voice_fallback_url or "", elsewhere=elsewhere)

    async def _off(self, read: Ask, is_on: Callable[[Any], bool], switch: Ask) -> tuple[bool, bool]:
        """Was it on, and is it still?"""
        if not is_on(await self._ask(read)):
            return False, False
        await self._ask(switch)
        return True, is_on(await self._ask(read))

    def _since_the_start(self, kept: Sequence[Any]) -> int:
        """What has no time that can be read counts as made since."""
        times = [each.date_created for each in kept]
        return sum(not isinstance(made, datetime) or made >= self._started for made in times)

    async def _call(self, sid: str) -> Any:
        """The record, None if there is none."""
        return await self._ask(lambda: self._records.calls(sid).fetch_async(), none_if={NOT_FOUND})

    async def _removed(self, sid: str) -> bool:
        """Deletes a record and looks for it; False if the carrier is not done with the call."""
        try:
            await self._ask(lambda: self._records.calls(sid).delete_async(), none_if={NOT_FOUND})
        except _NotYet:
            return False
        if await self._call(sid) is not None:
            raise CarrierFailed(CarrierReason.BROKEN)
        return True

    async def _all(self, first: Ask) -> list[Any]:
        """A list to its end, or to `MOST_PAGES`."""
        found, page = await self._ask(lambda: _page(first))
        for _ in range(MOST_PAGES - 1):
            if page is None:
                break
            more, page = await self._ask(functools.partial(_page, page.next_page_async))
            found += more
        return list(found)

    async def _ask(self, ask: Ask, *, tries: int = TRIES, none_if: frozenset[int] | set[int] = frozenset()) -> Any:
        """What the carrier answers; None for a status or code of `none_if`.

        Raises `CarrierFailed`, and `_NotYet` where a record may not be deleted yet.
        """
        tried = 0
        while True:
            answer, failed = await _once(ask)
            tried += 1
            if failed is None:
                return answer
            if {failed.status, failed.code} & none_if:
                return None
            if failed.code == NOT_COMPLETE:
                raise _NotYet
            if tried == tries or failed.reason not in _MAY_HELP:
                raise CarrierFailed(failed.reason)
            await asyncio.sleep(FIRST_PAUSE_S * 2 ** (tried - 1) * self._chance.uniform(0.5, 1.0))

    @staticmethod
    def _sid(call: Any) -> PHI[str]:
        if not isinstance(call.sid, str) or not _CALL.fullmatch(call.sid):
            raise CarrierFailed(CarrierReason.BROKEN)
        return PHI(call.sid)


def _revealed(call_sid: PHI[str]) -> str:
    """The SID, which becomes part of an address: of another form it is refused before anything is sent."""
    sid = call_sid.reveal()
    if not _CALL.fullmatch(sid):
        raise CarrierFailed(CarrierReason.REFUSED)
    return sid


class _NotYet(Exception):
    """The carrier still works on the call."""


async def _page(ask: Ask) -> tuple[list[Any], Any]:
    """What stands on a page, and the page itself if another follows it."""
    page = await ask()
    return list(page), page if page.next_page_url is not None else None


async def _once(ask: Ask) -> tuple[Any, WireFailed | None]:
    try:
        return await ask(), None
    except WireFailed as failed:
        return None, failed
    except Exception:  # noqa: BLE001  # an answer that the package cannot read; its text stays here
        return None, WireFailed(CarrierReason.BROKEN)


def _client(account: CarrierAccount, answer_s: float) -> tuple[Any, CarrierWire]:
    """The package's client on a wire of ours, with all of it that is used loaded: later the loop must not wait."""
    wire = CarrierWire(
        answer=Response, base_url=account.base_url, egress_port=account.egress_port, tls=account.tls, answer_s=answer_s
    )
    client = Client(
        account.sid,
        account.auth_token.reveal(),
        http_client=wire,
        environment={"TWILIO_ACCOUNT_SID": account.sid},  # an empty one would mean the process's own
    )
    for part in (client.calls, client.insights.v1.settings, client.trunking.v1.trunks, client.intelligence.v2.services):
        assert part is not None
    return client, wire
