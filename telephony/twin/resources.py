"""The carrier's REST as an application: the resources that the line uses, what they answer, and how they fail.

Not served under four hosts as the carrier's are but under one; their paths do not meet.
"""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from telephony import twiml
from telephony.twin import representations as shown
from telephony.twin.account import Account, Kept, fresh_sid
from telephony.twin.mishaps import Faults, Mishap, Weather
from telephony.twin.port import OVER, CallLive, CallOver, ExchangePort, PlacedCall
from telephony.twin.representations import API, Calendar, Json

MAX_BODY_BYTES: Final = 64 * 1024
RING_S: Final = 60  # Twilio, Calls resource, "Timeout": the default
LIMIT_S: Final = 14_400  # Twilio, Calls resource, "TimeLimit": the default, 4 hours
MODES: Final = frozenset(
    {
        "do-not-record",
        "record-from-ringing",
        "record-from-answer",
        "record-from-ringing-dual",
        "record-from-answer-dual",
    }
)

Form = dict[str, list[str]]
Handler = Callable[[Request, Form], Awaitable[Response]]


class Refused(Exception):
    """The request is refused with one of Twilio's numbers."""

    def __init__(self, code: int) -> None:
        super().__init__("the carrier refuses this request")
        self.code = code


class Resources:
    """One account's REST.  `application` is the ASGI application of it."""

    def __init__(
        self,
        exchange: ExchangePort,
        account: Account,
        *,
        clock: Callable[[], float],
        began: datetime | None = None,
        faults: Faults | None = None,
    ) -> None:
        """clock: the exchange's, in seconds.  began: when it read 0; 1970 by default, for a clock of Unix time."""
        self._exchange = exchange
        self._account = account
        self._clock = clock
        self._calendar = Calendar(began or datetime.fromtimestamp(0, UTC))
        self._weather = Weather(faults or Faults())
        self.asked: Final[Counter[str]] = Counter()
        """How often each resource was asked, as `GET /v1/Trunks`."""
        own = self._own = f"/{API}/Accounts/{account.sid}"
        trunks, services = "/v1/Trunks", "/v2/Services"
        self.application: Final = Starlette(
            routes=[
                self._route(f"{own}/Calls.json", GET=self._list_calls, POST=self._place),
                self._route(
                    f"{own}/Calls/{{sid}}.json", GET=self._read_call, POST=self._change_call, DELETE=self._delete_call
                ),
                self._route(f"{own}/Recordings.json", GET=self._list_recordings),
                self._route(f"{own}/Transcriptions.json", GET=self._list_transcriptions),
                self._route(f"{own}/Conferences.json", GET=self._list_conferences),
                self._route(f"{own}/IncomingPhoneNumbers.json", GET=self._list_numbers),
                self._route(f"{own}/IncomingPhoneNumbers/{{sid}}.json", GET=self._number, POST=self._change_number),
                self._route("/v1/Voice/Settings", GET=self._insights, POST=self._change_insights),
                self._route(trunks, GET=self._list_trunks),
                self._route(f"{trunks}/{{sid}}/Recording", GET=self._trunk, POST=self._change_trunk),
                self._route(services, GET=self._list_services),
                self._route(f"{services}/{{sid}}", GET=self._service, POST=self._change_service),
                self._route("/{rest:path}", GET=self._nothing, POST=self._nothing, DELETE=self._nothing),
            ]
        )

    @property
    def faults(self) -> Faults:
        """What goes wrong now."""
        return self._weather.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._weather.faults = faults

    def _route(self, path: str, **handlers: Handler) -> Route:
        async def answered(request: Request) -> Response:
            self.asked[f"{request.method} {path.removeprefix(self._own)}"] += 1
            creates = request.method == "POST" and path.endswith("/Calls.json")
            mishap = self._weather.mishap(creates=creates)
            if mishap in (Mishap.ERROR, Mishap.BUSY):
                return _error(20500 if mishap is Mishap.ERROR else 20429)
            body = await _body(request)
            if mishap is Mishap.SILENCE:
                return await _never(request)
            if body is None:
                return _error(20001)
            answer = await self._handled(handlers.get(request.method, self._nothing), request, body)
            return await _never(request) if mishap is Mishap.LOST else answer

        return Route(path, answered, methods=list(handlers))

    async def _handled(self, handler: Handler, request: Request, body: bytes) -> Response:
        if not self._authentic(request.headers.get("authorization", "")):
            return _error(20003)
        code = 20001
        try:
            return await handler(request, parse_qs(body.decode(), keep_blank_values=True))
        except Refused as refused:
            code = refused.code
        except ValueError:
            pass
        return _error(code)

    def _authentic(self, given: str) -> bool:
        expected = base64.b64encode(f"{self._account.sid}:{self._account.auth_token}".encode()).decode()
        return hmac.compare_digest(given.encode(errors="replace"), f"Basic {expected}".encode())

    async def _nothing(self, _request: Request, _form: Form) -> Response:
        raise Refused(20404)

    # calls

    def _calls(self) -> list[PlacedCall]:
        """The newest first, as the carrier lists them."""
        there = [*self._exchange.calls(), *self._weather.reappeared(self._clock())]
        return sorted(there, key=lambda call: call.started_at or 0.0, reverse=True)

    def _call(self, sid: str) -> PlacedCall:
        back = (call for call in self._weather.reappeared(self._clock()) if call.sid == sid)
        found = self._exchange.call(sid) or next(back, None)
        if found is None:
            raise Refused(20404)
        return found

    async def _list_calls(self, request: Request, _form: Form) -> Response:
        asked = request.query_params

        def fits(call: PlacedCall) -> bool:
            day = "" if call.started_at is None else self._calendar.day(call.started_at)
            return (
                asked.get("To", call.to) == call.to
                and asked.get("From", call.from_) == call.from_
                and asked.get("Status", call.status) == call.status
                and asked.get("ParentCallSid", call.parent_sid) == call.parent_sid
                and _in_days(day, request, "StartTime")
            )

        found = [shown.call(call, self._calendar) for call in self._calls() if fits(call)]
        return self._page(request, "calls", found)

    async def _place(self, _request: Request, form: Form) -> Response:
        to, by = _one(form, "To"), _one(form, "From")
        if not to:
            raise Refused(21201)
        if not twiml.is_number(to):
            raise Refused(21211)
        if by not in {number.number for number in self._account.numbers}:
            raise Refused(21210)
        if bool(_one(form, "Twiml")) == bool(_one(form, "Url")):
            raise Refused(21205)
        placed = await self._exchange.place(
            to=to,
            from_=by,
            twiml=_one(form, "Twiml") or None,
            url=_one(form, "Url") or None,
            ring_s=int(_one(form, "Timeout") or RING_S),
            status_callback=_one(form, "StatusCallback") or None,
            status_events=frozenset(form.get("StatusCallbackEvent", ["completed"])),
            time_limit_s=int(_one(form, "TimeLimit") or LIMIT_S),
        )
        if _one(form, "Record") == "true":
            self._account.recordings.append(Kept(fresh_sid("RE"), self._clock(), placed.sid))
        return JSONResponse(shown.call(placed, self._calendar), 201)

    async def _read_call(self, request: Request, _form: Form) -> Response:
        return JSONResponse(shown.call(self._call(request.path_params["sid"]), self._calendar))

    async def _change_call(self, request: Request, form: Form) -> Response:
        call = self._call(request.path_params["sid"])
        status, text, url = (_one(form, name) or None for name in ("Status", "Twiml", "Url"))
        if status not in (None, "canceled", "completed"):
            raise Refused(20001)
        over = call.status in OVER or (status is None and call.status != "in-progress")
        if not over and not (status == "canceled" and call.status == "in-progress"):  # which cancels nothing
            try:
                await self._exchange.change(call.sid, twiml=text, url=url, status=status)
            except CallOver:
                over = True
        if over:
            raise Refused(21220)
        return JSONResponse(shown.call(self._call(call.sid), self._calendar))

    async def _delete_call(self, request: Request, _form: Form) -> Response:
        call, now_s = self._call(request.path_params["sid"]), self._clock()
        live = self._weather.unfinished(call, now_s)
        if not live and self._exchange.call(call.sid) is not None:
            try:
                self._exchange.forget(call.sid)
            except CallLive:
                live = True
        if live:
            raise Refused(20009)
        self._weather.deleted(call, now_s)
        return Response(status_code=204)

    # what is kept

    async def _list_recordings(self, request: Request, _form: Form) -> Response:
        kept = [
            shown.recording(each, self._account.sid, self._calendar)
            for each in self._account.recordings
            if _in_days(self._calendar.day(each.made_at), request, "DateCreated")
        ]
        return self._page(request, "recordings", kept)

    async def _list_transcriptions(self, request: Request, _form: Form) -> Response:
        kept = [shown.transcription(each, self._account.sid, self._calendar) for each in self._account.transcriptions]
        return self._page(request, "transcriptions", kept)

    async def _list_conferences(self, request: Request, _form: Form) -> Response:
        asked = request.query_params
        held = [
            shown.conference(each, self._account.sid, self._calendar)
            for each in self._account.conferences
            if asked.get("Status", each.status) == each.status and asked.get("FriendlyName", each.name) == each.name
        ]
        return self._page(request, "conferences", held)

    # what is set

    async def _list_numbers(self, request: Request, _form: Form) -> Response:
        asked = request.query_params
        owned = [
            shown.number(each, self._account.sid, self._calendar)
            for each in self._account.numbers
            if asked.get("PhoneNumber", each.number) == each.number
        ]
        return self._page(request, "incoming_phone_numbers", owned)

    async def _number(self, request: Request, _form: Form) -> Response:
        number = _found(self._account.numbers, request.path_params["sid"])
        return JSONResponse(shown.number(number, self._account.sid, self._calendar))

    async def _change_number(self, request: Request, form: Form) -> Response:
        number = _found(self._account.numbers, request.path_params["sid"])
        if not self._account.stubborn:
            number.name_lookup = _flag(form, "VoiceCallerIdLookup", number.name_lookup)
            number.voice_url = _one(form, "VoiceUrl") or number.voice_url
            number.fallback_url = _one(form, "VoiceFallbackUrl") or number.fallback_url
            number.fallback_method = _one(form, "VoiceFallbackMethod") or number.fallback_method
            number.status_callback = _one(form, "StatusCallback") or number.status_callback
            number.status_callback_method = _one(form, "StatusCallbackMethod") or number.status_callback_method
        return await self._number(request, form)

    async def _insights(self, _request: Request, _form: Form) -> Response:
        own = self._account
        return JSONResponse(
            shown.insights(own.sid, advanced_features=own.advanced_features, voice_trace=own.voice_trace)
        )

    async def _change_insights(self, request: Request, form: Form) -> Response:
        own = self._account
        if not own.stubborn:
            own.advanced_features = _flag(form, "AdvancedFeatures", own.advanced_features)
            own.voice_trace = _flag(form, "VoiceTrace", own.voice_trace)
        return await self._insights(request, form)

    async def _list_trunks(self, request: Request, _form: Form) -> Response:
        owned = [shown.trunk(each, self._account.sid, self._calendar) for each in self._account.trunks]
        return self._newer_page(request, "trunks", owned)

    async def _trunk(self, request: Request, _form: Form) -> Response:
        return JSONResponse(shown.trunk_recording(_found(self._account.trunks, request.path_params["sid"])))

    async def _change_trunk(self, request: Request, form: Form) -> Response:
        trunk = _found(self._account.trunks, request.path_params["sid"])
        mode = _one(form, "Mode") or trunk.mode
        if mode not in MODES:
            raise Refused(20001)
        if not self._account.stubborn:
            trunk.mode = mode
        return await self._trunk(request, form)

    async def _list_services(self, request: Request, _form: Form) -> Response:
        owned = [shown.service(each, self._account.sid, self._calendar) for each in self._account.services]
        return self._newer_page(request, "services", owned)

    async def _service(self, request: Request, _form: Form) -> Response:
        service = _found(self._account.services, request.path_params["sid"])
        return JSONResponse(shown.service(service, self._account.sid, self._calendar))

    async def _change_service(self, request: Request, form: Form) -> Response:
        service = _found(self._account.services, request.path_params["sid"])
        if not self._account.stubborn:
            service.transcribes = _flag(form, "AutoTranscribe", service.transcribes)
        return await self._service(request, form)

    def _page(self, request: Request, name: str, found: Sequence[Json]) -> Response:
        return JSONResponse(shown.page(name, found, request.url.path, request.query_params))

    def _newer_page(self, request: Request, name: str, found: Sequence[Json]) -> Response:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse(shown.newer_page(name, found, f"{origin}{request.url.path}", request.query_params))


def _one(form: Form, name: str) -> str:
    """The only value; empty if there is none.  Raises `Refused` for several."""
    values = form.get(name, [""])
    if len(values) != 1:
        raise Refused(20001)
    return values[0]


def _flag(form: Form, name: str, now: bool) -> bool:
    value = _one(form, name)
    return value == "true" if value else now


def _found(things: Sequence[Any], sid: str) -> Any:
    for thing in things:
        if thing.sid == sid:
            return thing
    raise Refused(20404)


def _in_days(day: str, request: Request, name: str) -> bool:
    """`Name`, `Name<` and `Name>` take a day, or a time of it; both ends are part of it."""
    at, before, after = (request.query_params.get(name + sign, "")[:10] for sign in ("", "<", ">"))
    return (not at or day == at) and (not before or day <= before) and (not after or day >= after)


def _error(code: int) -> Response:
    status, body = shown.error(code)
    return JSONResponse(body, status)


async def _body(request: Request) -> bytes | None:
    """None if it is too long."""
    parts: list[bytes] = []
    async for part in request.stream():
        parts.append(part)
        if sum(map(len, parts)) > MAX_BODY_BYTES:
            return None
    return b"".join(parts)


async def _never(request: Request) -> Response:
    """Waits until whoever asked has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response(status_code=499)
