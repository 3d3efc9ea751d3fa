"""What we tell the carrier to do with a call: fixed TwiML, no variable but our own URLs, numbers and token.

Nothing of a request or a caller ever stands in it: the carrier keeps a copy of every answer.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

PARAMETER: Final = "t"  # the name under which a stream brings its one-time token
RING_S: Final = 25  # five rings; then the caller is told what else she can do

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # E.164
_ROOM: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_LABEL: Final = re.compile(r"[a-z]{1,16}", re.ASCII)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_VERBS: Final = frozenset(
    {"Response", "Connect", "Stream", "Parameter", "Say", "Pause", "Dial", "Number", "Conference", "Hangup"}
)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
MOST_INLINE: Final = 4_000  # characters that a request may bring as TwiML (Twilio, Calls resource, "Twiml")

_EMERGENCY: Final = "If this is an emergency, hang up and dial 9 1 1."
_BUSY: Final = "All lines of our automated assistant are busy. We are connecting you to a nurse."
_LOST: Final = "We are sorry, the line was lost. We are connecting you to a nurse."
_FAILED: Final = "We are sorry, our automated assistant is not available. We are connecting you to a nurse."
_NOBODY: Final = "We are sorry, no nurse could take your call right now."
_PROMISE: Final = (
    "We are sorry. You were promised a call from a nurse, and our system has to restart, so it will not come."
)
_OTHER_LEFT: Final = "Thank you. The caller is not on the line. Goodbye."
_UNKNOWN: Final = "We are sorry, this number cannot take your call right now. Please call your hospital."
_NOT_NEEDED: Final = (
    "This is the discharge line. You are not needed for this call any more:"
    " whoever is still waiting is being connected to a nurse. Goodbye."
)
_COMES_ON: Final = "The patient is coming on the line."
_CAME_NOT: Final = (
    "The patient has not come on the line. If she is still waiting, she is being connected to the nurse line."
    " You can hang up now."
)
_CALL_ENDS: Final = "We are sorry, the line was lost."
_CALL_LOST: Final = "We are sorry, the line was lost. Please call"
_BEING_CALLED: Final = "The patient is being called. Please stay on the line."
_STILL_CALLED: Final = "One moment, please."
CALLED_EVERY_S: Final = 6  # seconds of silence
CALLED_WAITS: Final = 10  # longer than her telephone rings and she is asked: 66 s (`telephony.promise.Times`)
_WAIT_FOR_HER: Final = "Please wait for the nurse."
_NURSE_GONE: Final = "We are sorry, the nurse is not on the line any more. Please hang up and call"
FIRST_WAIT_S: Final = 3  # seconds in which the other one comes, if all is well (docs/nurse-on-the-line.md)
NURSE_WAITS_S: Final = 28  # longer than the patient is told and on her way: 26 s (`telephony.transfer.Times`)
PATIENT_WAITS_S: Final = 10  # the nurse was there when she was sent; nobody waits alone for longer


def is_number(text: str) -> bool:
    """A telephone number in E.164, with its plus."""
    return _NUMBER.fullmatch(text) is not None


def connect(stream_url: str, ended_url: str, token: str, nurse_number: str | None, after_url: str) -> str:
    """Bring the call's sound to us; ask `ended_url` when the stream is over.

    Where nobody answers that, the call itself knows what to do: 911 wording, and `nurse_number` is dialled.
    None: there is none, and she is told so.
    """
    return _document(_connect(stream_url, ended_url, token), *_without_us(nurse_number, after_url))


def nurse_leg(stream_url: str, ended_url: str, token: str) -> str:
    """A nurse who answers is brought to us; whatever fails, she is told so and her call ends."""
    return _document(_connect(stream_url, ended_url, token), _say(_NOT_NEEDED), "<Hangup/>")


def called_leg(stream_url: str, ended_url: str, token: str) -> str:
    """Whoever answers a call of the hospital's is brought to us; whatever fails, the call ends.

    Nobody knows who it is: of the hospital, and of why it calls, no word.
    """
    return _document(_connect(stream_url, ended_url, token), _say(f"{_CALL_ENDS} {_EMERGENCY}"), "<Hangup/>")


def called_back(stream_url: str, ended_url: str, token: str, nurse_number: str | None) -> str:
    """A patient who was promised a nurse, and has picked up, is brought to us; whatever fails, her call ends."""
    called = "your hospital." if nurse_number is None else f"the nurse line at {_spelled(nurse_number)}."
    lost = _say(f"{_EMERGENCY} {_CALL_LOST} {called}")
    return _document(_connect(stream_url, ended_url, token), lost, "<Hangup/>")


def nurse_room(name: str, label: str, events_url: str, wait_url: str) -> str:
    """Into a room that is not recorded; it begins when she is not alone in it, and ends when either leaves.

    label: in small letters, whose place it is.  events_url: told who comes in and goes.  wait_url: asked what is heard
    until it begins.
    """
    return _document(f"<Dial>{_conference(name, label, events_url, wait_url, begins=True)}</Dial>")


def patient_room(
    name: str, label: str, events_url: str, wait_url: str, after_url: str, nurse_number: str | None, dialled_url: str
) -> str:
    """As `nurse_room`.  `after_url` is asked where she goes when it is over; where nobody answers, as `connect`."""
    conference = _conference(name, label, events_url, wait_url, begins=False)
    dial = f'<Dial action={_url(after_url)} method="POST">{conference}</Dial>'
    return _document(dial, *_without_us(nurse_number, dialled_url))


def nurse_waits() -> str:
    """What a nurse hears in a room in which she is alone."""
    return _document(
        _pause(FIRST_WAIT_S), _say(_COMES_ON), _pause(NURSE_WAITS_S - FIRST_WAIT_S), _say(_CAME_NOT), _say(_CAME_NOT)
    )


def nurse_waits_for_call() -> str:
    """The same, while the telephone of a patient is rung who was promised a nurse: for as long as that takes."""
    return _document(
        _say(_BEING_CALLED),
        *(part for _ in range(CALLED_WAITS) for part in (_pause(CALLED_EVERY_S), _say(_STILL_CALLED))),
        _say(_CAME_NOT),
    )


def patient_waits(nurse_number: str | None) -> str:
    """What a patient hears in a room in which no nurse is.  None: no number is hers to call."""
    called = "your hospital." if nurse_number is None else f"the nurse line at {_spelled(nurse_number)}."
    gone = f"{_NURSE_GONE} {called}"
    return _document(
        _pause(FIRST_WAIT_S),
        _say(f"{_WAIT_FOR_HER} {_EMERGENCY}"),
        _pause(PATIENT_WAITS_S - FIRST_WAIT_S),
        _say(f"{_EMERGENCY} {gone}"),
        _say(f"{_EMERGENCY} {gone}"),
    )


def busy(nurse_number: str, after_url: str) -> str:
    """No place for one more call: the nurse's line instead."""
    return _document(_say(f"{_EMERGENCY} {_BUSY}"), *_dial(nurse_number, after_url))


def nurse(nurse_number: str, after_url: str) -> str:
    """Put the caller through; she has been told so already."""
    return _document(*_dial(nurse_number, after_url))


def lost(nurse_number: str, after_url: str) -> str:
    """The stream ended and we don't know why: an apology, and a nurse."""
    return _document(*_without_us(nurse_number, after_url))


def failsafe(nurse_number: str, after_url: str) -> str:
    """Static; fit to be kept at the carrier for the time when we are down."""
    return _document(_say(f"{_EMERGENCY} {_FAILED}"), *_dial(nurse_number, after_url))


def nobody(nurse_number: str) -> str:
    """No nurse answered: what she can do now."""
    again = f"Please call the nurse line again at {_spelled(nurse_number)}."
    return _document(_say(f"{_NOBODY} {_EMERGENCY} {again} {_EMERGENCY}"), "<Hangup/>")


def promise_broken(nurse_number: str) -> str:
    """To her who was promised a call from a nurse, as the line is about to end."""
    digits = " ".join(_number(nurse_number).lstrip("+"))
    return _document(_say(f"{_PROMISE} Please call the nurse line at {digits}. {_EMERGENCY}"), "<Hangup/>")


def other_left() -> str:
    """To a nurse in a room that the patient did not come into, or has left."""
    return _document(_say(_OTHER_LEFT), "<Hangup/>")


def unknown() -> str:
    """Nobody here answers this number."""
    return _document(_say(f"{_EMERGENCY} {_UNKNOWN}"), "<Hangup/>")


def goodbye() -> str:
    """All has been said."""
    return _document("<Hangup/>")


def is_ours(text: str) -> bool:
    """A document as this module makes them, with no verb but ours, and short enough to be sent with a request."""
    if not text.startswith(f"{_HEAD}<Response>") or "<!" in text or len(text) > MOST_INLINE:
        return False
    try:
        return not _strange(text)
    except ElementTree.ParseError:
        return False


def _document(*parts: str) -> str:
    text = f"{_HEAD}<Response>{''.join(parts)}</Response>"
    if _strange(text):
        raise ValueError("a verb that we do not use")
    return text


def _connect(stream_url: str, ended_url: str, token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise ValueError("a token is 43 characters of base64url")
    if urlsplit(stream_url).query or urlsplit(stream_url).fragment:
        raise ValueError("the carrier drops the query of a stream's URL")
    return (
        f'<Connect action={_url(ended_url)} method="POST"><Stream url={_url(stream_url)}>'
        f'<Parameter name="{PARAMETER}" value={quoteattr(token)}/></Stream></Connect>'
    )


def _strange(text: str) -> set[str]:
    """Verbs that are not ours."""
    return {element.tag for element in ElementTree.fromstring(text).iter()} - _VERBS  # noqa: S314  # our own text


def _conference(name: str, label: str, events_url: str, wait_url: str, *, begins: bool) -> str:
    if not _ROOM.fullmatch(name):
        raise ValueError("a room's name is 16 hex digits of chance")
    if not _LABEL.fullmatch(label):
        raise ValueError("a label is small letters")
    return (
        f'<Conference startConferenceOnEnter="{str(begins).lower()}" endConferenceOnExit="true" beep="false"'
        f' waitUrl={_url(wait_url)} waitMethod="POST" record="do-not-record" jitterBufferSize="small"'
        f' participantLabel="{label}" statusCallback={_url(events_url)} statusCallbackEvent="join leave">'
        f"{name}</Conference>"
    )


def _without_us(nurse_number: str | None, after_url: str) -> tuple[str, ...]:
    """What a call does that has lost us."""
    if nurse_number is None:
        return _say(f"{_EMERGENCY} {_UNKNOWN}"), "<Hangup/>"
    return _say(f"{_EMERGENCY} {_LOST}"), *_dial(nurse_number, after_url)


def _dial(nurse_number: str, after_url: str) -> tuple[str, ...]:
    """The nurse line, and what is said after it where nobody answers `after_url`: she may have reached a nurse."""
    dial = (
        f'<Dial timeout="{RING_S}" record="do-not-record" action={_url(after_url)} method="POST">'
        f"<Number>{escape(_number(nurse_number))}</Number></Dial>"
    )
    again = f"If you have not reached a nurse, please call the nurse line at {_spelled(nurse_number)}."
    return dial, _say(f"{again} {_EMERGENCY}"), "<Hangup/>"


def _spelled(nurse_number: str) -> str:
    return " ".join(_number(nurse_number).lstrip("+"))


def _pause(seconds: int) -> str:
    return f'<Pause length="{seconds}"/>'


def _say(words: str) -> str:
    return f'<Say language="en-US">{escape(words)}</Say>'


def _number(number: str) -> str:
    if not is_number(number):
        raise ValueError("a nurse's number is E.164, with its plus")
    return number


def _url(url: str) -> str:
    return quoteattr(_checked(url))


def _checked(url: str) -> str:
    """TLS, or loopback in development."""
    parts = urlsplit(url)
    plain = parts.scheme in ("http", "ws") and parts.hostname in _LOOPBACK
    if not (parts.scheme in ("https", "wss") or plain) or not parts.hostname or parts.username or parts.password:
        raise ValueError("a URL for the carrier is https or wss")
    return url
