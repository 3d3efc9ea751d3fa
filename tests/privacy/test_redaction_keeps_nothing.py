"""Redaction leaves no word behind and asks nothing of the outside."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from policies.phi import PHI
from policies.redaction import Redactor
from tests.architecture.tree import ROOT

pytestmark = [pytest.mark.xdist_group("redaction"), pytest.mark.timeout(300)]

CANARY: Final = "qwelvathrim"
SAID: Final = (
    f"this is {CANARY} my email is {CANARY} at gmail dot com or {CANARY}@{CANARY}.co.uk see www.{CANARY}.com "
    f"my card is 4242 4242 4242 4242 and doctor {CANARY} said so"
)


@pytest.fixture(name="redactor", scope="module")
def _redactor() -> Redactor:
    return Redactor.load()


def strings_in_reach() -> Iterator[str]:
    """Every string that an object known to the collector holds directly, but frames' own."""
    for holder in gc.get_objects():
        if isinstance(holder, dict):
            yield from (one for pair in dict.items(holder) for one in pair if type(one) is str)
        elif isinstance(holder, list | tuple | set | frozenset):
            yield from (one for one in holder if type(one) is str)


def needles() -> int:
    gc.collect()
    ours = {SAID, CANARY}
    return sum(CANARY in one.lower() for one in strings_in_reach() if one not in ours)


def test_no_word_of_a_text_stays_in_the_vocabulary(redactor: Redactor) -> None:
    model = redactor._model
    before = len(model.vocab.strings)
    redactor.redact(PHI(SAID))

    assert CANARY not in model.vocab.strings
    assert CANARY.title() not in model.vocab.strings
    assert before == len(model.vocab.strings)
    assert [] == [
        one for one in (*model.vocab.strings, *(lexeme.text for lexeme in model.vocab)) if CANARY in one.lower()
    ]


def test_without_the_zone_the_word_would_have_stayed(redactor: Redactor) -> None:
    model = redactor._model
    with model.memory_zone():
        model(SAID)
        assert CANARY in model.vocab.strings


def test_no_word_of_a_text_stays_with_presidio_or_anything_else_that_python_holds(redactor: Redactor) -> None:
    before = needles()
    redacted = redactor.redact(PHI(SAID))
    assert CANARY not in redacted.text.reveal()
    del redacted

    assert before == needles()


def test_what_is_held_would_have_been_found() -> None:
    before = needles()
    held = [f"{CANARY} and more"]

    assert before + 1 == needles()
    del held


def test_presidio_has_only_the_recognizers_that_ask_nothing(redactor: Redactor) -> None:
    names = {type(recognizer).__name__ for recognizer in redactor._engine.get_recognizers()}

    assert {"_Spoken", "CreditCardRecognizer", "IbanRecognizer", "UsMbiRecognizer"} == names
    assert not redactor._engine.log_decision_process
    assert not redactor._engine.app_tracer.enabled


def test_the_libraries_log_nothing_even_at_debug(redactor: Redactor, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear = Ear(logging.DEBUG)
    logging.getLogger().addHandler(ear)
    try:
        with caplog.at_level(logging.DEBUG):
            redactor.redact(PHI(SAID))
    finally:
        logging.getLogger().removeHandler(ear)

    assert [] == [one for one in [*heard, *caplog.messages] if CANARY in one.lower()]
    assert [] == [record for record in caplog.records if record.name in ("presidio-analyzer", "decision_process")]


# At import urllib3 (of requests, of tldextract and spaCy) asks the kernel whether there is IPv6; nothing is sent.
IPV6_ASKED: Final = [["socket.__new__", False], ["socket.bind ('::1', 0)", False]]
WATCHED: Final = """
import json, resource, sys
sys.path.insert(0, {root!r})
seen, loaded = [], False
def watch(event, args):
    if event == "socket.bind":
        seen.append([event + " " + str(args[1]), loaded])
    elif event in ("socket.__new__", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
                   "socket.sendmsg", "os.fork", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.mkdir",
                   "os.rename",
                   "os.remove", "os.truncate", "tempfile.mkstemp"):
        seen.append([event, loaded])
    elif event == "open":
        path, mode, flags = args
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & 0o3103):
            seen.append(["write " + str(path), loaded])
        elif loaded:
            seen.append(["read " + str(path), loaded])
sys.dont_write_bytecode = True
sys.addaudithook(watch)
{probe}
from policies.phi import PHI
from policies.redaction import Redactor
redactor = Redactor.load()
loaded = True
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
for _ in range(3):
    redacted = redactor.redact(PHI(sys.argv[1]))
done = len(redacted.spans)
loaded = False
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.stdout.write(json.dumps([done, seen]))
"""


def watched(home: Path, probe: str = "") -> Any:
    """What a process of its own did that loads, then locks itself and redacts: (spans, [act, after loading])."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.format(root=str(ROOT), probe=probe), SAID],
        capture_output=True, text=True, timeout=120, check=True, cwd=home,
        env={"HOME": str(home), "XDG_CACHE_HOME": str(home), "TLDEXTRACT_CACHE": str(home / "tld")},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_no_file_socket_or_process_is_asked_for_from_the_first_import_on(tmp_path: Path) -> None:
    spans, acts = watched(tmp_path)

    assert 4 <= spans
    assert IPV6_ASKED == acts
    assert [] == list(tmp_path.rglob("*"))


def test_an_act_of_a_library_would_have_been_seen(tmp_path: Path) -> None:
    probe = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(); open('cache', 'w').close()"
    _, acts = watched(tmp_path, probe)

    assert [["socket.__new__", False], ["write cache", False], *IPV6_ASKED] == acts
