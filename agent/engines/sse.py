"""Server-sent events, sans-IO: bytes in, the data of whole events out.

The part of the WHATWG event stream that chat completions use.  Event names, ids, retry times and comments are
passed over.  Size is the transport's concern (`wire.Bounded`).
"""

from __future__ import annotations


class EventData:
    """One stream.  Feed it chunks as they come."""

    __slots__ = ("_data", "_line")

    def __init__(self) -> None:
        self._line = b""
        self._data: list[str] = []

    def receive(self, chunk: bytes) -> list[str]:
        """The data of the events that `chunk` completes; its lines joined by a line feed.

        Raises `UnicodeDecodeError`, which holds the stream's bytes: it must not travel.
        """
        lines = (self._line + chunk).splitlines(keepends=True)
        self._line = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        events: list[str] = []
        for line in lines:
            text = line.rstrip(b"\r\n").decode()
            if text:
                self._field(text)
            elif self._data:
                events.append("\n".join(self._data))
                self._data = []
        return events

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
