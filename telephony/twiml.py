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
    {"Response", "Connect", "Stream", "Parameter", "Say", "Dial", "Number", "Conference", "Redirect", "Hangup"}
)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
MOST_INLINE: Final = 4_000  # characters that a request may bring as TwiML (Twilio, Calls resource, "Twiml")

_EMERGENCY: Final = "If this is an emergency, hang up and dial 9 1 1."
_BUSY: Final = "All lines of our automated assistant are busy. We are connecting you to a nurse."
_LOST: Final = "We are sorry, the line to our automated assistant was lost. We are connecting you to a nurse."
_FAILED: Final = "We are sorry, our automated assistant is not available. We are connecting you to a nurse."
_NOBODY: Final = "We are sorry, no nurse could take your call right now."
_UNKNOWN: Final = "We are sorry, this number cannot take your call right now. Please call your hospital."


def is_number(text: str) -> bool:
    """A telephone number in E.164, with its plus."""
    return _NUMBER.fullmatch(text) is not None


def connect(stream_url: str, ended_url: str, failsafe_url: str, token: str) -> str:
    """Bring the call's sound to us; ask `ended_url` when the stream is over."""
    return _document(
        _connect(stream_url, ended_url, token), f'<Redirect method="POST">{escape(_checked(failsafe_url))}</Redirect>'
    )


def called_leg(stream_url: str, ended_url: str, token: str) -> str:
    """Whoever answers a call of ours, a nurse or a patient, is brought to us; whatever fails, the call ends."""
    return _document(_connect(stream_url, ended_url, token), "<Hangup/>")


def room(name: str, label: str, events_url: str, after_url: str | None) -> str:
    """Into a room that is not recorded.  after_url: of the patient, who waits for the nurse to begin it; None: hers.

    It ends when the nurse leaves, and then `after_url` is asked where the patient goes.  label: in small letters, whose
    place it is.  events_url: told who comes in and goes.
    """
    if not _ROOM.fullmatch(name):
        raise ValueError("a room's name is 16 hex digits of chance")
    if not _LABEL.fullmatch(label):
        raise ValueError("a label is small letters")
    begins = "true" if after_url is None else "false"
    action = "" if after_url is None else f' action={_url(after_url)} method="POST"'
    return _document(
        f'<Dial{action}><Conference startConferenceOnEnter="{begins}" endConferenceOnExit="{begins}"'
        f' beep="false" waitUrl="" record="do-not-record" jitterBufferSize="small" participantLabel="{label}"'
        f' statusCallback={_url(events_url)} statusCallbackEvent="join leave">{name}</Conference></Dial>'
    )


def busy(nurse_number: str, after_url: str) -> str:
    """No place for one more call: the nurse's line instead."""
    return _document(_say(f"{_BUSY} {_EMERGENCY}"), _dial(nurse_number, after_url))


def nurse(nurse_number: str, after_url: str) -> str:
    """Put the caller through; she has been told so already."""
    return _document(_dial(nurse_number, after_url))


def lost(nurse_number: str, after_url: str) -> str:
    """The stream ended and we don't know why: an apology, and a nurse."""
    return _document(_say(f"{_LOST} {_EMERGENCY}"), _dial(nurse_number, after_url))


def failsafe(nurse_number: str, after_url: str) -> str:
    """Static; fit to be kept at the carrier for the time when we are down."""
    return _document(_say(f"{_FAILED} {_EMERGENCY}"), _dial(nurse_number, after_url))


def nobody(nurse_number: str) -> str:
    """No nurse answered: what she can do now."""
    digits = " ".join(_number(nurse_number).lstrip("+"))
    again = f"Please call the nurse line again at {digits}."
    return _document(_say(f"{_NOBODY} {_EMERGENCY} {again} {_EMERGENCY}"), "<Hangup/>")


def unknown() -> str:
    """Nobody here answers this number."""
    return _document(_say(f"{_UNKNOWN} {_EMERGENCY}"), "<Hangup/>")


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


def _dial(nurse_number: str, after_url: str) -> str:
    return (
        f'<Dial timeout="{RING_S}" record="do-not-record" action={_url(after_url)} method="POST">'
        f"<Number>{escape(_number(nurse_number))}</Number></Dial>"
    )


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
