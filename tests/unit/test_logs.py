"""Nothing that is said reaches the log, by whatever way a library, an exception or the interpreter speaks."""

from __future__ import annotations

import ast
import asyncio
import gc
import io
import json
import logging
import socket
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import numpy
import pytest
import redis
import structlog
import websockets
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.ports import EngineFailed, EngineReason
from policies.closed import Count, NotClosed
from policies.events import LogLine, decode
from policies.guardrails import EscalationReason
from policies.logs import Event, Log, install
from policies.phi import PHI
from policies.records import Engine, Outcome
from policies.vocabulary import FIELDS, KEEPERS, KIND, LINE, OTHER_KIND, PLACE, Process, Stage
from tests.architecture.lists import own_kinds, own_places
from tests.architecture.tree import PACKAGES, called, dotted, modules

CANARY = "Xanthippe"
ROOT = Path(__file__).parents[2]


class Lines(list[str]):
    """The sink."""

    def read(self) -> list[LogLine]:
        """Every line, checked as the keeper checks it."""
        read = [decode(line) for line in self]
        assert all(isinstance(line, LogLine) for line in read)
        return [line for line in read if isinstance(line, LogLine)]

    @property
    def last(self) -> LogLine:
        return self.read()[-1]


@pytest.fixture(name="lines")
def _lines() -> Lines:
    return Lines()


@pytest.fixture(name="log")
def _log(lines: Lines) -> Iterator[Log]:
    """Installed with every library at DEBUG; all of it is put back, and no canary may have come through."""
    root, manager = logging.getLogger(), logging.Logger.manager
    before = (logging.raiseExceptions, logging.getLogRecordFactory(), root.handlers[:], root.level)
    loggers = {
        logger: (logger.handlers[:], logger.level, logger.propagate, logger.disabled)
        for logger in manager.loggerDict.values()
        if isinstance(logger, logging.Logger)
    }
    hooks = (sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning)
    yield install(lines.append, libraries_from=logging.DEBUG)
    sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks
    structlog.reset_defaults()
    logging.raiseExceptions = before[0]
    logging.setLogRecordFactory(before[1])
    root.handlers[:] = before[2]
    root.setLevel(before[3])
    for logger, (handlers, level, propagate, disabled) in loggers.items():
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled
    assert CANARY.lower() not in "".join(lines).lower()


def fail(words: str = CANARY) -> None:
    """Raises as code at its worst does: words in the message, a note, a local, the cause and the context."""
    local = words
    try:
        int(local)
    except ValueError as cause:
        error = RuntimeError(f"cannot {local}")
        error.add_note(local)
        error.words = local  # type: ignore[attr-defined]
        raise error from cause


def failed(words: str = CANARY) -> RuntimeError:
    try:
        fail(words)
    except RuntimeError as error:
        return error
    raise AssertionError


def test_a_line_holds_its_event_and_its_closed_values(log: Log, lines: Lines) -> None:
    log.event(Event.CALL_ENDED, outcome=Outcome.PERSON, ok=True)
    log.event(Event.ESCALATED, escalation=None)
    log.event(Event.ENGINE_FAILED, reason=EngineReason.LATE, stage=Stage.STT)

    assert [
        LogLine(Event.CALL_ENDED, {"outcome": "person", "ok": True}),
        LogLine(Event.ESCALATED, {"escalation": "none"}),
        LogLine(Event.ENGINE_FAILED, {"reason": "late", "stage": "stt"}),
    ] == lines.read()
    assert 0 == log.dropped


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (Event.CONFINED, {CANARY: 1}),
        (Event.CONFINED, {"words": CANARY}),
        (Event.ENGINE_FAILED, {"reason": CANARY}),
        (Event.ENGINE_FAILED, {"reason": types.SimpleNamespace(value=CANARY)}),
        (Event.PROVED, {"count": CANARY}),
        (Event.PROVED, {"count": -1}),
        (Event.PROVED, {"count": 1.5}),
        (Event.PROVED, {"count": True}),
        (Event.PROVED, {"count": [CANARY]}),
        (Event.CALL_ENDED, {"ok": 1}),
        (Event.CALL_ENDED, {"ok": CANARY}),
        (Event.CALL_ENDED, {"outcome": "person"}),
        (Event.CALL_ENDED, {"outcome": Process.LINE}),
        (Event.CALL_ENDED, {"outcome": None}),
        (Event.UNCAUGHT, {"place": f"{CANARY} said.py"}),
        (Event.UNCAUGHT, {"kind": PHI(CANARY)}),
        (Event.READY, {"exc_info": True}),
        (Event.READY, {"stack_info": True}),
    ],
)
def test_what_is_not_closed_is_left_out_and_counted(
    log: Log, lines: Lines, event: Event, fields: dict[str, Any]
) -> None:
    log.event(event, **fields)

    assert LogLine(event, {"dropped": 1}) == lines.last
    assert 1 == log.dropped


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "SheSaidChestPain"},  # what a careless hand writes: the name of a class, made of words
        {"place": "mrn_4471902_dob_1951.py"},
        {"place": "mrn_4471902_dob_1951"},
        {"count": 447_190_218},
        {"line": 447_190_218},
        {"level": 44},
        {"reason": "chest_pain"},
    ],
)
@pytest.mark.parametrize("event", Event)
def test_words_in_the_shape_of_a_name_and_digits_pass_neither_end(
    log: Log, lines: Lines, event: Event, fields: dict[str, Any]
) -> None:
    log.event(event, **fields)

    assert LogLine(event, {"dropped": 1}) == lines.last
    with pytest.raises(NotClosed):
        LogLine(event, fields)
    with pytest.raises(NotClosed):
        decode(json.dumps({"event": "log", "name": event.value, **fields}))


def logged(node: ast.AST) -> Iterator[tuple[Event, set[str]]]:
    """Event and fields of a line that the code writes: `log.event(Event.X, ...)`, `LogLine(Event.X, {})`."""
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = dotted(node.args[0]).rpartition("Event.")
    if name[1] and name[2] in Event.__members__ and called(node).rpartition(".")[2] in ("event", "failure", "LogLine"):
        keys = [key for each in node.args[1:] if isinstance(each, ast.Dict) for key in each.keys]
        named = {str(key.value) for key in keys if isinstance(key, ast.Constant)}
        yield Event[name[2]], named | {each.arg for each in node.keywords if each.arg}


def test_each_line_that_the_code_writes_has_fields_of_its_event_and_classes_are_named_here_alone() -> None:
    """What is not its event's would be left out when it happens; here it is seen before."""
    found = [(module, *line) for module, tree in modules() for node in ast.walk(tree) for line in logged(node)]

    assert len(found) > 20
    assert [] == [line for line in found if line[2] - FIELDS[line[1]].keys()]
    assert {"policies.logs"} == {module for module, _, names in found if names & {"kind", "place"}}


def test_a_number_has_the_bounds_of_what_is_counted() -> None:
    """No field of a line holds as much as two bytes of text, but for the port that the keeper itself tells."""
    wide = {
        (event, name): kind.high - kind.low
        for event, kinds in FIELDS.items()
        for name, kind in kinds.items()
        if isinstance(kind, Count) and kind.high - kind.low >= 20_000
    }

    assert {(Event.ADMIN_READY, "port")} == wide.keys()
    assert {Event.ADMIN_READY} <= KEEPERS


def test_real_names_of_real_libraries_come_through(log: Log, lines: Lines) -> None:
    real: tuple[BaseException, ...] = (
        numpy.linalg.LinAlgError(CANARY), redis.ConnectionError(CANARY), socket.gaierror(CANARY), EngineFailed(
            EngineReason.LATE
        ), websockets.InvalidURI(CANARY, CANARY), anthropic.APIConnectionError(
            request=httpx2.Request("POST", "https://example.org")
        ), json.JSONDecodeError(CANARY, CANARY, 0), TimeoutError(CANARY),
    )  # fmt: skip
    for error in real:
        log.failure(Event.CALL_FAILED, error)

    assert [type(error).__name__ for error in real] == [line.fields["kind"] for line in lines.read()]


def test_the_lists_hold_all_that_is_ours() -> None:
    """`python -m tests.architecture.lists --write` where one is missing."""
    assert set() == own_places() - PLACE.names
    assert set() == own_kinds() - KIND.names
    assert {"ValueError", "OSError", "TimeoutError", "Fail", "NotClosed", "SettingsRefused", OTHER_KIND} <= KIND.names
    assert "base_events.py" in PLACE.names
    assert (
        max(path.read_bytes().count(b"\n") for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
        < LINE.high
    )


@given(
    st.dictionaries(
        st.sampled_from([*{name for kinds in FIELDS.values() for name in kinds}, "x"]) | st.text(),
        st.text() | st.integers() | st.booleans() | st.none() | st.floats() | st.sampled_from([*Engine, *Outcome]),
    )
)
def test_random_fields_give_a_line_that_the_keeper_takes(fields: dict[str, Any]) -> None:
    fields.pop("event", None)
    fields.pop("self", None)
    for event in Event:
        lines = Lines()
        Log(lines.append).event(event, **fields)

        assert event is lines.last.name


def test_what_is_no_event_leaves_no_line(log: Log, lines: Lines) -> None:
    log.event(CANARY)  # type: ignore[arg-type]

    assert [] == lines
    assert 1 == log.dropped


def test_a_sink_that_fails_ends_nothing() -> None:
    def broken(line: str) -> None:
        raise OSError(line)

    log = Log(broken)
    log.event(Event.READY)

    assert 1 == log.dropped


LIBRARY_SPEECH: dict[str, Callable[[logging.Logger], None]] = {
    "message": lambda logger: logger.debug(CANARY),
    "arguments": lambda logger: logger.info("%s %(x)s", {"x": CANARY}),
    "wrong arguments": lambda logger: logger.info("%s %d", CANARY),
    "exception": lambda logger: logger.error("x", exc_info=failed()),
    "stack": lambda logger: logger.error(CANARY, stack_info=True),
    "extra": lambda logger: logger.error("x", extra={"words": CANARY}),
    "an object whose text fails": lambda logger: logger.error(types.SimpleNamespace(__str__=fail)),
    "adapter": lambda logger: logging.LoggerAdapter(logger, {"words": CANARY}).error("%s", CANARY),
    "a level of its own": lambda logger: logger.log(13, CANARY),
}


@pytest.mark.parametrize("speak", LIBRARY_SPEECH.values(), ids=LIBRARY_SPEECH.keys())
@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("websockets.server", "websockets"),
        ("httpx", "httpx"),
        (CANARY, "other"),
        (f"{CANARY}.x", "other"),
        ("root", "root"),
    ],
)
def test_of_a_librarys_record_stay_library_level_and_place(
    log: Log, lines: Lines, speak: Callable[[logging.Logger], None], name: str, library: str
) -> None:
    speak(logging.getLogger(name))

    line = lines.last
    assert Event.LIBRARY is line.name
    assert {"library", "level", "place", "line"} == set(line.fields)
    assert (library, "elsewhere") == (
        line.fields["library"],
        line.fields["place"],
    )  # this file is no part of the product


def test_a_handler_that_a_library_adds_later_gets_no_words(log: Log, lines: Lines) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        logging.Formatter("%(name)s %(message)s %(threadName)s %(processName)s %(funcName)s %(pathname)s")
    )
    logger = logging.getLogger("somebody.elses.with.its.own")
    logger.addHandler(handler)
    try:
        for speak in LIBRARY_SPEECH.values():
            thread = threading.Thread(target=speak, args=[logger], name=CANARY)
            thread.start()
            thread.join()
    finally:
        logger.removeHandler(handler)

    assert CANARY not in out.getvalue()


def test_handlers_that_were_there_before_are_gone(lines: Lines, request: pytest.FixtureRequest) -> None:
    out = io.StringIO()
    logger = logging.getLogger("somebody.elses.that.was.first")
    logger.addHandler(logging.StreamHandler(out))
    logger.propagate = False
    request.getfixturevalue("log")

    logger.error(CANARY)

    assert "" == out.getvalue()
    assert Event.LIBRARY is lines.last.name


def test_libraries_speak_from_warning_up_unless_told_otherwise(lines: Lines, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("log")
    install(lines.append)
    quiet, eager = logging.getLogger("httpx"), logging.getLogger("piper")
    eager.setLevel(logging.DEBUG)

    quiet.info(CANARY)
    eager.debug(CANARY)
    assert [] == lines

    quiet.warning(CANARY)
    assert 30 == lines.last.fields["level"]


def test_structlog_in_other_hands_says_nothing(log: Log, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info(CANARY, words=CANARY)
    structlog.get_logger(CANARY).bind(words=CANARY).exception(CANARY)

    assert [] == lines
    assert ("", "") == tuple(capsys.readouterr())


def line_of_fail() -> int:
    return fail.__code__.co_firstlineno


def test_of_a_failure_stay_its_class_and_its_place(log: Log, lines: Lines) -> None:
    log.failure(Event.CALL_FAILED, failed(), reason=EscalationReason.FAILURE, kind=CANARY)

    line = lines.last
    assert ("RuntimeError", "elsewhere", "failure") == (
        line.fields["kind"], line.fields["place"], line.fields["reason"]
    )  # fmt: skip
    assert line_of_fail() < int(line.fields["line"]) < line_of_fail() + 12


def test_the_place_is_the_innermost_of_our_own_code(log: Log, lines: Lines) -> None:
    try:
        decode(CANARY)
    except NotClosed as error:
        log.failure(Event.CALL_FAILED, error)

    assert ("NotClosed", "events.py") == (lines.last.fields["kind"], lines.last.fields["place"])


def test_a_class_that_was_named_at_run_time_is_other(log: Log, lines: Lines) -> None:
    made = type(CANARY, (ValueError,), {"__module__": CANARY})
    log.failure(Event.CALL_FAILED, made(CANARY))
    masked = type("ValueError", (ValueError,), {"__module__": "builtins"})
    log.failure(Event.CALL_FAILED, masked(CANARY))

    assert ["Other", "Other"] == [line.fields["kind"] for line in lines.read()]


def test_code_that_came_from_words_has_no_place(log: Log, lines: Lines) -> None:
    code = compile("1 / 0", f"{CANARY}.py", "exec")
    try:
        exec(code, {"__name__": CANARY})
    except ZeroDivisionError as error:
        log.failure(
            Event.CALL_FAILED, error.with_traceback(error.__traceback__.tb_next if error.__traceback__ else None)
        )
    namespace: dict[str, Any] = {"__name__": "agent.made"}
    exec(compile("import logging\nlogging.getLogger('x').error('x')", f"/{CANARY}.py", "exec"), namespace)

    assert ["elsewhere", "elsewhere"] == [line.fields["place"] for line in lines.read()]


def test_an_exception_group_says_no_more_than_its_class(log: Log, lines: Lines) -> None:
    log.failure(Event.CALL_FAILED, ExceptionGroup(CANARY, [failed(), ExceptionGroup(CANARY, [failed()])]))

    assert "ExceptionGroup" == lines.last.fields["kind"]


def test_a_thread_that_dies_leaves_class_and_place(log: Log, lines: Lines) -> None:
    thread = threading.Thread(target=fail, name=CANARY)
    thread.start()
    thread.join()

    assert (Event.UNCAUGHT, "RuntimeError") == (lines.last.name, lines.last.fields["kind"])


def test_a_failure_in_a_finalizer_leaves_class_and_place(log: Log, lines: Lines) -> None:
    class Fragile:
        def __repr__(self) -> str:
            return CANARY

        def __del__(self) -> None:
            fail()

    Fragile()
    gc.collect()

    assert (Event.UNCAUGHT, "RuntimeError") == (lines.last.name, lines.last.fields["kind"])


def test_the_end_of_the_program_leaves_class_and_place(log: Log, lines: Lines) -> None:
    error = failed()
    sys.excepthook(type(error), error, error.__traceback__)

    assert (Event.UNCAUGHT, "RuntimeError") == (lines.last.name, lines.last.fields["kind"])


def test_a_warning_leaves_class_and_place(log: Log, lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = log.warned
        warnings.warn(CANARY, UserWarning, stacklevel=1)
        warnings.warn_explicit(CANARY, DeprecationWarning, f"{CANARY}.py", 3)

    assert [("UserWarning", "elsewhere"), ("DeprecationWarning", "elsewhere")] == [
        (line.fields["kind"], line.fields["place"]) for line in lines.read()
    ]


def test_a_task_that_nobody_waits_for_leaves_class_and_place(log: Log, lines: Lines) -> None:
    async def lost() -> None:
        fail()

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(log.loop_handler)
        task = asyncio.create_task(lost(), name=CANARY)
        await asyncio.wait([task])
        del task
        gc.collect()
        asyncio.get_running_loop().call_soon(fail)
        asyncio.get_running_loop().call_exception_handler({"message": CANARY, "task": CANARY})
        await asyncio.sleep(0)

    asyncio.run(run())

    assert ["RuntimeError", "Other", "RuntimeError"] == [
        line.fields["kind"] for line in lines.read() if line.name is Event.UNCAUGHT
    ]


PROGRAM = f"""
import asyncio, atexit, logging, sys, threading, warnings
sys.path.insert(0, {str(ROOT)!r})
from policies.logs import Event, install
log = install(lambda line: print(line, flush=True), libraries_from=logging.DEBUG)
words = "{CANARY}"
def fail():
    error = RuntimeError(words); error.add_note(words); raise error
class Fragile:
    def __del__(self): fail()
async def talk():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log.loop_handler)
    loop.set_debug(True)
    lost = asyncio.create_task(asyncio.to_thread(fail), name=words)
    await asyncio.wait([lost]); del lost
    loop.call_soon(fail)
    asyncio.sleep(0, words)
    await asyncio.sleep(0)
threading.Thread(target=fail, name=words).start()
warnings.warn(words)
logging.getLogger(words).error(words, exc_info=True)
logging.lastResort.handle(logging.makeLogRecord({{"msg": words}})) if False else None
asyncio.run(talk())
Fragile()
kept = Fragile()
atexit.register(fail)
fail()
"""


def test_a_whole_process_that_fails_everywhere_says_nothing_on_either_stream() -> None:
    ended = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )

    assert 1 == ended.returncode
    assert "" == ended.stderr
    lines = Lines(ended.stdout.splitlines())
    assert {Event.UNCAUGHT, Event.WARNING, Event.LIBRARY} == {line.name for line in lines.read()}
    assert 6 <= sum(line.name is Event.UNCAUGHT for line in lines.read())
    assert CANARY not in ended.stdout
