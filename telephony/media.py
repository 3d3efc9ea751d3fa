"""The stream's endpoint: handshake, `start`, token, and then the leg is handed over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from policies.phi import PHI
from telephony import twiml
from telephony.doors import Doors, ServerConfig
from telephony.leg import Leg, LegFailed, opened
from telephony.protocol import MediaStream, Started
from telephony.switchboard import After, EndDecision, Line, Refusal, Switchboard, fresh_ref
from telephony.tokens import Purpose, Ticket
from telephony.webhooks import MEDIA

POLICY: Final = 1008  # RFC 6455, 7.4.1: policy violation
TRY_LATER: Final = 1013  # IANA WebSocket close codes: try again later

Handler = Callable[[Leg], Awaitable[After]]
"""The conversation.  It runs `leg.run()` in a task of its own and returns when the call is over."""


class SocketOfStarlette:
    """`telephony.leg.Socket` on Starlette's WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes | None:
        if self._websocket.client_state is not WebSocketState.CONNECTED:
            return None
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        payload: bytes = message.get("bytes") or b""
        return text if text is not None else payload

    async def send(self, text: str) -> None:
        if self._open:
            try:
                await self._websocket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):
                return  # it went while we wrote; the reader says so

    async def close(self, code: int) -> None:
        if self._open:
            try:
                await self._websocket.close(code)
            except (WebSocketDisconnect, RuntimeError):
                return

    @property
    def _open(self) -> bool:
        states = (self._websocket.client_state, self._websocket.application_state)
        return states == (WebSocketState.CONNECTED, WebSocketState.CONNECTED)


class MediaEndpoint:
    """`/twilio/media`."""

    def __init__(
        self,
        config: ServerConfig,
        doors: Doors,
        board: Switchboard,
        default: Line,
        handler: Handler,
        count: Callable[[Refusal], None],
        report: Callable[[Exception], None],
    ) -> None:
        self._config = config
        self._doors = doors
        self._board = board
        self._default = default
        self._handler = handler
        self._count = count
        self._report = report

    async def answer(self, websocket: WebSocket) -> None:
        """One stream, from its handshake to its end."""
        refusal = self._doors.handshake(MEDIA, websocket.url.query, websocket.headers)
        if refusal is not None:
            self._count(refusal)
            await websocket.close()  # before accept(): an empty 403
            return
        await websocket.accept()
        socket = SocketOfStarlette(websocket)
        try:
            stream, started = await opened(socket, self._config.leg)
        except LegFailed:
            self._count(Refusal.START)
            await socket.close(POLICY)
            return
        ticket = self._ticket(started)
        if isinstance(ticket, Refusal):
            self._count(ticket)
            await socket.close(TRY_LATER if ticket is Refusal.BUSY else POLICY)
            return
        await self._held(socket, stream, started.call_sid, ticket)

    def _ticket(self, started: Started) -> Ticket | Refusal:
        token = started.parameters.reveal().get(twiml.PARAMETER)
        if token is not None:
            return self._board.redeem(token, started.call_sid) or Refusal.TOKEN
        if not self._config.allow_unsigned_stream:
            return Refusal.TOKEN
        return Refusal.BUSY if self._board.full else Ticket(Purpose.PATIENT, fresh_ref(), self._default.agent)

    async def _held(self, socket: SocketOfStarlette, stream: MediaStream, call_sid: PHI[str], ticket: Ticket) -> None:
        decision: After = EndDecision.LOST
        nurse = ticket.purpose in (Purpose.NURSE, Purpose.CALL_BACK)  # takes no caller's place
        ordinal = self._board.begin(call_sid, nurse=nurse)
        leg = Leg(
            socket,
            stream,
            ordinal=ordinal,
            ref=ticket.leg,
            purpose=ticket.purpose,
            agent=ticket.agent,
            call_sid=call_sid,
            caller=ticket.caller,
            limits=self._config.leg,
        )
        try:
            decision = await self._handler(leg)
        except Exception as error:  # noqa: BLE001 whatever went wrong, the caller gets an apology and a nurse
            self._report(error)
        finally:
            self._board.settle(call_sid, decision, nurse=nurse)
        await leg.close()
        await socket.close(1000)
