"""The log: closed events with closed values, and nothing else, from us and from every library.

    log = install(pipe_write_line)                       # once, before anything else is imported that logs
    log.event(Event.CALL_ENDED, outcome=outcome, calls=3)

What is not in `vocabulary.py` is dropped and counted: each event has fields of its own.  Of a library's record stay the
library, the level and the place; of an exception its class and the place, where both stand in the lists of
`policies.known`.  No message, no argument, no local, no task name, no cause.
"""

from __future__ import annotations

import enum
import logging
import sys
import threading
import types
import warnings
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final, final

import structlog

from policies import closed
from policies.closed import Choice, NotClosed
from policies.events import LogLine, encode
from policies.vocabulary import (
    FIELDS,
    KIND,
    LEVEL,
    LINE,
    MOST_DROPPED,
    OTHER_KIND,
    OTHER_PLACE,
    PLACE,
    Event,
    Library,
)

__all__ = ["Event", "Log", "install"]

Sink = Callable[[str], None]
"""Takes one line without its newline, from any thread, and does not block."""

OURS: Final = frozenset({"agent", "telephony", "policies"})
_LIBRARIES: Final = frozenset(library.value for library in Library)


@final
class _Emitter(structlog.BoundLoggerBase):
    """structlog's way in; our only level is "this is worth a line"."""

    def emit(self, event: Event, fields: Mapping[str, object]) -> None:
        self._proxy_to_logger("emit", event, fields=fields)  # type: ignore[arg-type]  # an enum, not a str


@final
class _Pipe:
    """structlog's way out."""

    def __init__(self, sink: Sink) -> None:
        self.emit = sink


class Log:
    """Handed to whoever logs."""

    def __init__(self, sink: Sink) -> None:
        self.dropped = 0
        """Fields and lines that were not closed, since the start."""
        self._out = structlog.wrap_logger(
            _Pipe(sink), processors=[self._closed_only, _as_json], wrapper_class=_Emitter, context_class=dict
        )

    def event(self, event: Event, **fields: object) -> None:
        """One line.  A field that is unknown, or a value out of its bounds, is left out and counted.  Never raises."""
        try:
            self._out.emit(event, fields)
        except Exception:  # noqa: BLE001  # a log that fails must not end a call, nor tell why
            self.dropped += 1

    def _closed_only(self, _logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A structlog processor: what is not in the vocabulary goes no further."""
        event, fields = line.get("event"), line.get("fields")
        if type(event) is not Event or not isinstance(fields, dict):
            self.dropped += 1
            raise structlog.DropEvent
        kept = {name: wire for name, value in fields.items() if (wire := _wire(event, name, value)) is not None}
        if lost := len(fields) - len(kept):
            self.dropped += lost
            kept["dropped"] = min(lost, MOST_DROPPED)
        return {"line": LogLine(event, kept)}

    def of_library(self, record: logging.LogRecord) -> None:
        """What stays of a record: `_stripped` has made it so."""
        self.event(
            Event.LIBRARY,
            library=Library(record.name),
            level=LEVEL.of(record.levelno),
            place=record.filename,
            line=_line(record.lineno),
        )

    def failure(self, event: Event, error: BaseException, **fields: object) -> None:
        """One line about an exception: its class and place; `fields` as in `event`."""
        self.event(event, **{**fields, **_kind_and_place(type(error), error.__traceback__)})

    def loop_handler(self, _loop: object, context: Mapping[str, Any]) -> None:
        """For `loop.set_exception_handler`: its message, task and future are not looked at."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.failure(Event.UNCAUGHT, error)
        else:
            self.event(Event.UNCAUGHT, kind=OTHER_KIND)

    def uncaught(self, kind: type[BaseException], _error: object, trace: types.TracebackType | None) -> None:
        """For `sys.excepthook`."""
        self.event(Event.UNCAUGHT, **_kind_and_place(kind, trace))

    def uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        """For `threading.excepthook`; the thread's name is not looked at."""
        self.event(Event.UNCAUGHT, **_kind_and_place(args.exc_type, args.exc_traceback))

    def unraisable(self, args: sys.UnraisableHookArgs) -> None:
        """For `sys.unraisablehook`; the object and its message are not looked at."""
        self.event(Event.UNCAUGHT, **_kind_and_place(args.exc_type, args.exc_traceback))

    def warned(
        self,
        message: object,  # noqa: ARG002  # named as Python calls it, and not looked at
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,  # noqa: ARG002  # the shape of warnings.showwarning
        line: object = None,  # noqa: ARG002  # the shape of warnings.showwarning
    ) -> None:
        """For `warnings.showwarning`."""
        self.event(Event.WARNING, kind=_kind(category), place=_place(filename), line=_line(lineno))


@final
class _Handler(logging.Handler):
    """The only handler of the process."""

    def __init__(self, log: Log, level: int) -> None:
        super().__init__(level)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.of_library(record)


def install(sink: Sink, *, libraries_from: int = logging.WARNING) -> Log:
    """Takes over every way in which this process can say something, and returns the log.

    libraries_from: the least level of a library's record that leaves a line; DEBUG shows where time goes and
    still no word.  Records lose their text when they are made, so that a handler of a library's own has none either.
    """
    log = Log(sink)
    logging.raiseExceptions = False
    logging.setLogRecordFactory(_stripped)
    logging.captureWarnings(False)
    root = logging.getLogger()
    root.handlers[:] = [_Handler(log, libraries_from)]
    root.setLevel(libraries_from)
    for logger in list(root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
            logger.disabled = False
            logger.setLevel(logging.NOTSET)
    structlog.configure(
        processors=[log._closed_only, _as_json],  # noqa: SLF001  # a library that uses structlog says nothing either
        logger_factory=lambda *_: _Pipe(sink),
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    warnings.showwarning = log.warned
    sys.excepthook = log.uncaught
    sys.unraisablehook = log.unraisable
    threading.excepthook = log.uncaught_in_thread
    return log


def _as_json(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
    """structlog's renderer."""
    return encode(line["line"])


def _wire(event: Event, name: str, value: object) -> int | str | bool | None:
    """The value as the pipe holds it, or None if it is not closed.  `reason` takes any enum of ours, by its name."""
    kind = FIELDS[event].get(name)
    if kind is None:
        return None
    if name == "reason" and isinstance(value, enum.Enum) and type(value).__module__.partition(".")[0] in OURS:
        value = value.name.lower()
    try:
        closed.check_value(name, kind, value)
    except NotClosed:
        return None
    return closed.wire_value(value) if value is not None or isinstance(kind, Choice) else None


def _stripped(
    name: str, level: int, path: str, lineno: int, _msg: object, _args: object, _exc: object, *_: object, **__: object
) -> logging.LogRecord:
    """A record without its words: library, level and place; for `logging.setLogRecordFactory`."""
    top = name.partition(".")[0]
    record = logging.LogRecord(
        top if top in _LIBRARIES else Library.OTHER.value, level, path, lineno, "", None, None, None, None
    )
    record.filename = record.module = record.pathname = _place(path)
    record.threadName = record.processName = None
    if hasattr(record, "taskName"):  # Python 3.12 and later
        record.taskName = None
    return record


def _kind_and_place(kind: type[BaseException] | None, trace: types.TracebackType | None) -> dict[str, object]:
    """The class, and the innermost place in our own code, else the innermost place."""
    place, line = OTHER_PLACE, 0
    in_ours = False
    while trace is not None:
        ours = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in OURS
        if ours or not in_ours:
            place, line, in_ours = _place(trace.tb_frame.f_code.co_filename), trace.tb_lineno, ours
        trace = trace.tb_next
    return {"kind": _kind(kind), "place": place, "line": _line(line)}


def _kind(kind: type[BaseException] | None) -> str:
    """The class's name if it is on the list, and a module holds this very class under it."""
    if kind is None:
        return OTHER_KIND
    name = kind.__name__
    held = getattr(sys.modules.get(kind.__module__), name, None)
    return name if held is kind and name in KIND.names else OTHER_KIND


def _place(path: str) -> str:
    """The file's name if it is on the list and a loaded module came from it."""
    name = path.replace("\\", "/").rpartition("/")[2]
    if name not in PLACE.names:
        return OTHER_PLACE
    loaded = any(getattr(module, "__file__", None) == path for module in list(sys.modules.values()))
    return name if loaded else OTHER_PLACE


def _line(number: int) -> int:
    return min(max(number, LINE.low), LINE.high)


def hush(*libraries: str) -> None:
    """These loggers say nothing, in a process where `install` was not called as well."""
    for name in libraries:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
