"""Twilio's HTTP requests: a call comes in, a stream has ended, a nurse was dialled, all else failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from policies.phi import PHI
from telephony import twiml
from telephony.doors import MAX_BODY_BYTES, Doors, Origins, ServerConfig, form_fields, only
from telephony.rooms import OVER_NAMES, CallStatus, Rooms
from telephony.signature import FormFields
from telephony.switchboard import Again, EndDecision, Line, Refusal, Role, Room, Switchboard, fresh_ref
from telephony.tokens import Purpose

VOICE: Final = "/twilio/voice"
MEDIA: Final = "/twilio/media"
ENDED: Final = "/twilio/ended"
AFTER_NURSE: Final = "/twilio/after-nurse"
FAILSAFE: Final = "/twilio/failsafe"
STATUS: Final = "/twilio/status"  # of any call of a number of ours
NURSE: Final = "/twilio/nurse/"  # and the reference of her leg
PLACED: Final = "/twilio/placed/"  # and the reference of the leg of somebody whom we rang
ROOM: Final = "/twilio/room/"  # and the room's name
AFTER_ROOM: Final = "/twilio/after-room/"  # likewise
WAIT: Final = "/twilio/wait/"  # and the role of who waits alone in a room
BODY_S: Final = 5.0  # for a form of 1 KiB
OUTBOUND: Final = "outbound-api"  # Twilio, the voice webhook's "Direction" of a call that we placed
LONGEST_STEP: Final = 32
OUTCOME_S: Final = 3.0  # a handler that is still ending; Twilio itself waits 15 s for a webhook


def connecting(origins: Origins, token: str, nurse_number: str | None, *, again: bool = False) -> str:
    """TwiML that brings a call's sound to the agent.

    nurse_number: dialled by the carrier where we are not there any more.  again: the call had a stream before, and its
    end was asked.
    """
    ended_url = origins.web + ENDED + (f"/{fresh_ref()}" if again else "")
    return twiml.connect(origins.stream + MEDIA, ended_url, token, nurse_number, origins.web + AFTER_NURSE)


Lines = Callable[[PHI[str]], Line | None]
"""A number of ours, called or called from -> whose it is."""
Staff = Callable[[str, PHI[str], PHI[str]], bool]
"""The agent called, the number that calls, its call SID -> is it a call for the menu of those who are on call?"""


def nobody(_agent: str, _number: PHI[str], _call_sid: PHI[str]) -> bool:
    """There is no such menu."""
    return False


class Webhooks:
    """The handlers, one a route."""

    def __init__(
        self,
        config: ServerConfig,
        doors: Doors,
        board: Switchboard,
        lines: Lines,
        count: Callable[[Refusal], None],
        rooms: Rooms,
        staff: Staff,
        placed: Callable[[str, CallStatus], None],
        begun: Callable[[PHI[str]], None],
        over: Callable[[PHI[str]], None],
    ) -> None:
        """placed: told how far a call that we placed has come, by the reference of its leg.

        begun: told of a call that comes in; over: of one that is over or is left to the carrier, of some twice.
        """
        self._begun = begun
        self._over = over
        self._rooms = rooms
        self._staff = staff
        self._of_placed = placed
        self._config = config
        self._doors = doors
        self._board = board
        self._lines = lines
        self._count = count

    async def voice(self, request: Request) -> Response:
        """A call comes in."""
        asked = await self._asked(request, VOICE)
        if isinstance(asked, Response):
            return asked
        call_sid, fields = asked
        line = self._line(fields)
        if line is None:
            self._count(Refusal.NUMBER)
            self._over(call_sid)
            return _answer(twiml.unknown())
        caller = _other_end(fields)
        staff = caller is not None and self._staff(line.agent, caller, call_sid)
        self._begun(call_sid)
        return self._invited(Purpose.STAFF if staff else Purpose.PATIENT, line, call_sid, caller)

    async def ended(self, request: Request) -> Response:
        """The stream of a call is over; the call itself may go on.  A caller who came back has a second one."""
        stream = request.path_params.get("stream")
        asked = await self._asked(request, ENDED if stream is None else f"{ENDED}/{stream}")
        if isinstance(asked, Response):
            return asked
        call_sid, fields = asked
        decision = await self._board.outcome(call_sid, OUTCOME_S)
        if isinstance(decision, Room) and only(fields, "CallStatus") in OVER_NAMES:  # she hung up on her way
            self._over(call_sid)
            self._rooms.left(decision.name, decision.role, call_sid)
            return _answer(twiml.goodbye())
        if isinstance(decision, Room) and self._rooms.sent(decision.name, decision.role, call_sid):
            return _answer(self._into(decision, self._line(fields)))
        self._over(call_sid)
        line = self._line(fields)
        if isinstance(decision, Again) and line is not None:
            return self._again(decision.purpose, line, call_sid, fields)
        if isinstance(decision, Room) and decision.role is Role.PATIENT and line is not None:
            self._rooms.back(decision.name)  # the nurse was there a moment ago: she is fetched another
            return self._again(Purpose.BACK, line, call_sid, fields)
        if _placed(fields) and stream is None:
            # a nurse's, who is not put through to another, or of somebody of whom we don't know who it is
            return _answer(twiml.goodbye())
        if decision is EndDecision.GOODBYE:
            return _answer(twiml.goodbye())
        if line is None:
            return _answer(twiml.unknown())
        if decision is EndDecision.ASSISTANT:
            return self._again(Purpose.PATIENT, line, call_sid, fields)
        say = twiml.nurse if decision is EndDecision.TRANSFER else twiml.lost
        return _answer(say(line.nurse_number, self._url(AFTER_NURSE)))

    async def after_nurse(self, request: Request) -> Response:
        """The nurse's line was dialled; did anybody answer?"""
        asked = await self._asked(request, AFTER_NURSE)
        if isinstance(asked, Response):
            return asked
        call_sid, fields = asked
        self._over(call_sid)
        line = self._line(fields)
        if only(fields, "DialCallStatus") in ("completed", "answered"):
            return _answer(twiml.goodbye())
        return _answer(twiml.unknown() if line is None else twiml.nobody(line.nurse_number))

    async def nurse(self, request: Request) -> Response:
        """How far the call to a nurse has come."""
        return await self._status(request, NURSE, self._rooms.status)

    async def placed(self, request: Request) -> Response:
        """How far the call to somebody whom we rang has come."""
        return await self._status(request, PLACED, self._of_placed)

    async def _status(self, request: Request, path: str, tell: Callable[[str, CallStatus], None]) -> Response:
        leg = request.path_params["leg"]
        asked = await self._asked(request, path + leg, "CallStatus")
        if isinstance(asked, Response):
            return asked
        status = CallStatus.of(only(asked[1], "CallStatus"))
        if status is not None:
            tell(leg, status)
        if only(asked[1], "CallStatus") in OVER_NAMES:
            self._over(asked[0])  # also a call whose order was never answered: its name is known from here alone
        return Response(status_code=204)

    async def status(self, request: Request) -> Response:
        """A call of a number of ours has ended, whatever became of it before: also one that never had a stream."""
        asked = await self._asked(request, STATUS, "CallStatus")
        if isinstance(asked, Response):
            return asked
        if only(asked[1], "CallStatus") in OVER_NAMES:
            self._over(asked[0])
        return Response(status_code=204)

    async def room(self, request: Request) -> Response:
        """Who came into a room, or left it."""
        name = request.path_params["room"]
        asked = await self._asked(request, ROOM + name, "StatusCallbackEvent")
        if isinstance(asked, Response):
            return asked
        role = next((role for role in Role if role.value == only(asked[1], "ParticipantLabel")), None)
        match only(asked[1], "StatusCallbackEvent"):
            case "participant-join" if role is not None:
                self._rooms.entered(name, role, asked[0])
            case "participant-leave" if role is not None:
                self._rooms.left(name, role, asked[0])
        return Response(status_code=204)

    async def after_room(self, request: Request) -> Response:
        """The room is over for the patient: she comes back to us, unless she has hung up."""
        name = request.path_params["room"]
        asked = await self._asked(request, AFTER_ROOM + name)
        if isinstance(asked, Response):
            return asked
        call_sid, fields = asked
        if only(fields, "CallStatus") in OVER_NAMES:
            self._rooms.left(name, Role.PATIENT, call_sid)
            self._over(call_sid)
            return _answer(twiml.goodbye())
        self._rooms.back(name)
        line = self._line(fields)
        if line is None:
            self._over(call_sid)
            return _answer(twiml.unknown())
        return self._again(Purpose.BACK, line, call_sid, fields)

    def _again(self, purpose: Purpose, line: Line, call_sid: PHI[str], fields: FormFields) -> Response:
        return self._invited(purpose, line, call_sid, _other_end(fields), again=True)

    def _invited(
        self, purpose: Purpose, line: Line, call_sid: PHI[str], caller: PHI[str] | None, *, again: bool = False
    ) -> Response:
        """To a stream; to the nurse's line where there is no place.  again: the call had a stream before."""
        token = self._board.invite(purpose, line.agent, call_sid, caller)
        if token is None:
            self._count(Refusal.BUSY)
            self._over(call_sid)
            return _answer(twiml.busy(line.nurse_number, self._url(AFTER_NURSE)))
        return _answer(connecting(self._config.origins, token, line.nurse_number, again=again))

    def _into(self, room: Room, line: Line | None) -> str:
        events = self._url(ROOM) + room.name
        wait = self._url(WAIT) + ("calling" if room.calling else room.role.value)
        if room.role is Role.NURSE:
            return twiml.nurse_room(room.name, room.role.value, events, wait)
        number = None if line is None else line.nurse_number
        after = self._url(AFTER_ROOM) + room.name
        return twiml.patient_room(room.name, room.role.value, events, wait, after, number, self._url(AFTER_NURSE))

    async def wait(self, request: Request) -> Response:
        """What is heard in a room by who is alone in it.  Static and open to anybody, as `failsafe`: a carrier that
        asks for it twice gets it twice.
        """
        match request.path_params["role"]:
            case Role.NURSE.value:
                return _answer(twiml.nurse_waits())
            case "calling":
                return _answer(twiml.nurse_waits_for_call())
        line = self._line(await self._open(request))
        return _answer(twiml.patient_waits(None if line is None else line.nurse_number))

    async def failsafe(self, request: Request) -> Response:
        """Static, and open to anybody: a wrong signature setting must not leave a caller without a nurse."""
        fields = await self._open(request)
        if request.method == "POST":
            self._left_to_the_carrier(request, fields)
        line = self._line(fields)
        if line is None:
            return _answer(twiml.unknown())
        return _answer(twiml.failsafe(line.nurse_number, self._url(AFTER_NURSE)))

    async def _open(self, request: Request) -> FormFields:
        """The fields of a request that anybody may send; none where it is no form."""
        if request.method != "POST":
            return list(request.query_params.multi_items())
        body = await _body(request)
        fields = form_fields(request.headers.get("content-type", ""), body) if body is not None else None
        return fields or []

    def _left_to_the_carrier(self, request: Request, fields: FormFields | None) -> None:
        """Only what the carrier signed: anybody may ask for the fail-safe, and nobody else names a call."""
        if fields and self._doors.webhook(FAILSAFE, request.url.query, request.headers, fields) is None:
            call_sid = self._doors.call_sid(fields)
            if call_sid is not None:
                self._over(PHI(call_sid))

    async def _asked(self, request: Request, path: str, also: str = "") -> tuple[PHI[str], FormFields] | Response:
        """Whose call, and the form; or the refusal.  also: a field that tells requests of one path apart."""
        body = await _body(request)
        if body is None:
            return self._refused(Refusal.BODY)
        fields = form_fields(request.headers.get("content-type", ""), body)
        if fields is None:
            return self._refused(Refusal.FORM)
        refusal = self._doors.webhook(path, request.url.query, request.headers, fields)
        if refusal is not None:
            return self._refused(refusal)
        call_sid = self._doors.call_sid(fields)
        if call_sid is None:
            return self._refused(Refusal.FORM)
        held = PHI(call_sid)
        step = only(fields, also) if also else None
        if not self._board.seen.first(held, path if step is None else f"{path}?{step[:LONGEST_STEP]}"):
            return self._refused(Refusal.REPLAY)
        return held, fields

    def _refused(self, refusal: Refusal) -> Response:
        self._count(refusal)
        return Response(status_code=403)

    def _line(self, fields: FormFields) -> Line | None:
        called = only(fields, "From" if _placed(fields) else "To")
        return None if called is None else self._lines(PHI(called))

    def _url(self, path: str) -> str:
        return self._config.origin + path


def _placed(fields: FormFields) -> bool:
    """By us."""
    return only(fields, "Direction") == OUTBOUND


def _other_end(fields: FormFields) -> PHI[str] | None:
    """Whose telephone it is that isn't ours."""
    number = only(fields, "To" if _placed(fields) else "From")
    return None if number is None else PHI(number)


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too long, too slow or cut off."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > MAX_BODY_BYTES:
                    return None
                parts.append(part)
    except (TimeoutError, ClientDisconnect):
        return None
    return b"".join(parts)


def _answer(text: str) -> Response:
    return Response(text, media_type="text/xml")
