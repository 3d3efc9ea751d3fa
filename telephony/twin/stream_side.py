"""The carrier's half of the media stream's protocol: messages out, obedience in.  Pure.

Time is given as a sample count of the caller's clock, as in `playback`.
"""

from __future__ import annotations

import base64
import binascii
import enum
import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.mouth import NOTHING
from telephony.twin.playback import MarkBack, Playback
from telephony.twin.wav import MULAW_SILENCE, mulaw_decode, mulaw_encode

_SILENT_PAYLOAD: Final = base64.b64encode(bytes([MULAW_SILENCE]) * FRAME_SAMPLES).decode()


class Violation(enum.Enum):
    """What the agent sent that the carrier does not understand (Twilio errors 31924, 31931, 31950)."""

    NOT_JSON = "not_json"
    BINARY = "binary"
    UNKNOWN_EVENT = "unknown_event"
    WRONG_STREAM = "wrong_stream"
    BAD_BASE64 = "bad_base64"
    MARK_WITHOUT_NAME = "mark_without_name"
    MEDIA_WITHOUT_PAYLOAD = "media_without_payload"
    FILE_HEADER = "file_header"
    MEDIA_DISCARDED = "media_discarded"


def fresh_sid(prefix: str) -> str:
    """A new name of the carrier's: two letters and 32 hex digits (Twilio, "What is a String Identifier (SID)?")."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Ids:
    """What the carrier calls this call."""

    account_sid: str
    call_sid: str
    stream_sid: str

    @classmethod
    def fresh(cls) -> Ids:
        return cls(*(fresh_sid(prefix) for prefix in ("AC", "CA", "MZ")))


class StreamSide:
    """One stream, as the carrier sees it.  What it is told to say is returned as text for the socket, in order."""

    def __init__(self, ids: Ids, playback: Playback, violations: Counter[Violation]) -> None:
        """violations: counts what is not understood."""
        self._ids = ids
        self._sequence = 0
        self._chunk = 0
        self.playback = playback
        self.violations: Final = violations
        self.marks: list[MarkBack] = []
        """The marks that came back, in order."""

    def begin(self, parameters: Mapping[str, str]) -> list[str]:
        """`connected` and `start`."""
        ids = self._ids
        start = {
            "accountSid": ids.account_sid,
            "streamSid": ids.stream_sid,
            "callSid": ids.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1},
            "customParameters": dict(parameters),
        }
        connected = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        return [connected, self._numbered("start", start=start)]

    def media(self, sound: Int16) -> str:
        """The next 20 ms of the caller."""
        payload = _SILENT_PAYLOAD if sound is NOTHING else base64.b64encode(mulaw_encode(sound)).decode()
        timestamp, self._chunk = self._chunk * FRAME_MS, self._chunk + 1
        return self._numbered(
            "media",
            media={"track": "inbound", "chunk": str(self._chunk), "timestamp": str(timestamp), "payload": payload},
        )

    def key(self, digit: str) -> str:
        """A key on the caller's telephone."""
        return self._numbered("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """The carrier ends the stream."""
        return self._numbered("stop", stop={"accountSid": self._ids.account_sid, "callSid": self._ids.call_sid})

    def marks_due(self, at: int) -> list[str]:
        """Each mark whose sound has played by now, or was cleared."""
        back = self.playback.due(at)
        self.marks.extend(back)
        return [self._numbered("mark", mark={"name": mark.name}) for mark in back]

    def take(self, message: str | bytes, at: int) -> None:
        """A message of the agent's; what is not understood is counted and passed over."""
        violation = Violation.BINARY if isinstance(message, bytes) else self._obey(message, at)
        if violation is not None:
            self.violations[violation] += 1

    def _obey(self, message: str, at: int) -> Violation | None:
        try:
            said = json.loads(message)
        except ValueError:
            return Violation.NOT_JSON
        if not isinstance(said, dict) or said.get("event") not in {"media", "mark", "clear"}:
            return Violation.UNKNOWN_EVENT
        if said.get("streamSid") != self._ids.stream_sid:
            return Violation.WRONG_STREAM
        match said["event"]:
            case "media":
                return self._play(said.get("media"), at)
            case "mark":
                mark = said.get("mark")
                name = mark.get("name") if isinstance(mark, dict) else None
                if not isinstance(name, str) or not name:
                    return Violation.MARK_WITHOUT_NAME
                self.playback.mark(at, name)
            case _:
                self.playback.clear(at)
        return None

    def _play(self, media: object, at: int) -> Violation | None:
        payload = media.get("payload") if isinstance(media, dict) else None
        if not isinstance(payload, str) or not payload:
            return Violation.MEDIA_WITHOUT_PAYLOAD
        try:
            sound = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            return Violation.BAD_BASE64
        if sound.startswith((b"RIFF", b".snd")):
            return Violation.FILE_HEADER
        return Violation.MEDIA_DISCARDED if self.playback.append(at, mulaw_decode(sound)) else None

    def _numbered(self, event: str, **body: object) -> str:
        self._sequence += 1
        head = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self._ids.stream_sid}
        return json.dumps(head | body)
