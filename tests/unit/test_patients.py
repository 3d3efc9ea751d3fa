"""The service of synthetic patients and its client, over real sockets; nothing of either shows anywhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from agent import launcher, patients, records_service
from agent.lines import load
from agent.patients import LocalRecords
from agent.prepare import records_of
from agent.reach import reach
from agent.record_form import RecordRefused, record_of
from agent.records_service import PATIENTS
from agent.settings import ROOT, SettingsRefused, from_environment
from policies.patient import Identifiers, Matched, NotMatched, PartOfDay, Relation, Unavailable
from policies.phi import PHI
from tests.invented import InventedService, invented

BORN: Final = date(1950, 3, 4)
HERS: Final = Identifiers(BORN, "0142")
CANARIES: Final = ("1950-03-04", "0142", "4471902", "metoprolol", "furosemide", "heart valve")


@pytest.fixture(scope="module", name="service")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InventedService]:
    with invented("patients", tmp_path_factory.mktemp("service"), _answers) as service:
        yield service


async def _answers(url: str) -> bool:
    return await LocalRecords(url).match(PHI(Identifiers())) is NotMatched.NOBODY


def asked(url: str, given: Identifiers) -> Matched | NotMatched | Unavailable:
    return asyncio.run(LocalRecords(url).match(PHI(given)))


def test_two_identifiers_of_one_patient_bring_her_record(service: tuple[str, object, object]) -> None:
    found = asked(service[0], HERS)

    assert isinstance(found, Matched)
    record = found.record.reveal()
    assert ["metoprolol", "furosemide", "atorvastatin"] == [each.name for each in record.medicines]
    assert (PartOfDay.MORNING, PartOfDay.EVENING) == record.medicines[0].times
    assert {Relation.DAUGHTER, Relation.HUSBAND} == record.proxies
    assert isinstance(asked(service[0], Identifiers(record="4471902", phone_end="0142")), Matched)


@pytest.mark.parametrize(
    "given",
    [
        Identifiers(BORN), Identifiers(BORN, "7730"), Identifiers(date(1951, 3, 4), "0142"), Identifiers(),
        Identifiers(BORN, "0142", "5520418"), Identifiers(phone_end="0142"),
    ],
)  # fmt: skip
def test_less_or_anything_else_brings_nobody(service: tuple[str, object, object], given: Identifiers) -> None:
    assert NotMatched.NOBODY is asked(service[0], given)


def test_nothing_asked_or_answered_is_written_or_logged(
    service: InventedService,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url, process, folder = service
    for name in ("httpx2", "httpcore2"):  # whoever rings nurses has hushed them
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        caplog.set_level(logging.DEBUG, name)
    with caplog.at_level(logging.DEBUG):
        assert isinstance(asked(url, HERS), Matched)
        asyncio.run(_bad(url))
    shown = capfd.readouterr()
    process.terminate()
    output = process.communicate(timeout=20)[0].decode()

    everything = " ".join([caplog.text, *(str(vars(each)) for each in caplog.records), *shown, output])
    assert "http" in caplog.text.lower(), "no library said anything"
    assert [] == [canary for canary in CANARIES if canary in everything]
    assert [] == [path for path in folder.rglob("*") if path.is_file()]
    assert "" == output


async def _bad(url: str) -> None:
    """Requests that are none: a canary in the address, one in a broken body."""
    for head, body in (("POST /match?born=1950-03-04", b"{}"), ("GET /0142", b""), ("POST /match", b'{"born": "0142"')):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(f"{head} HTTP/1.1\r\nhost: here\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        status = await reader.readline()
        writer.close()
        assert b" 400 " in status


ANSWERS: Final = {
    "500": b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nlocation: /match\r\ncontent-length: 0\r\n\r\n",
    "no json": b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n0142",
    "other keys": b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"nobody": 1}',
    "cut off": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
}


@contextlib.asynccontextmanager
async def _stub(answer: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that says this to everybody, or nothing; and what it was asked."""
    heard: list[bytes] = []
    over, gone = asyncio.Event(), asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        heard[-1] += await reader.read(1_000)
        if answer is None:
            await over.wait()
        else:
            writer.write(answer)
        writer.close()
        gone.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    finally:
        over.set()
        await gone.wait()
        server.close()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_whatever_is_no_answer_is_unavailable_and_asked_once(answer: bytes) -> None:
    async with _stub(answer) as (url, heard):
        assert await LocalRecords(url).match(PHI(HERS)) is Unavailable.NO_ANSWER
    assert 1 == len(heard)


UNREADABLE: Final = {
    "unknown key": b'HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{"patient": {"name": ""}}',
    "too much": b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n" + b" " * 99_999,
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_record_that_cannot_be_read_does_not_tell_that_there_is_one(answer: bytes) -> None:
    async with _stub(answer) as (url, _):
        assert await LocalRecords(url).match(PHI(HERS)) is NotMatched.NOBODY


async def test_a_silent_service_and_none_at_all_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patients, "ANSWER_S", 0.05)
    async with _stub(None) as (url, _):
        assert await LocalRecords(url).match(PHI(HERS)) is Unavailable.NO_ANSWER
    assert await LocalRecords(url).match(PHI(HERS)) is Unavailable.NO_ANSWER


async def test_identifiers_stand_in_the_body_alone_and_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with _stub(b'HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{"patient": null}') as (url, heard):
        assert await LocalRecords(url).match(PHI(HERS)) is NotMatched.NOBODY
    head, _, body = heard[0].partition(b"\r\n\r\n")

    assert head.startswith(b"POST /match HTTP/1.1\r\n")
    assert not any(canary.encode() in head for canary in CANARIES)
    assert {"born": "1950-03-04", "phone_end": "0142", "record": ""} == json.loads(body)
    names = set(re.findall(r"\n([\w-]+):", head.decode().lower()))
    assert {"host", "content-type", "accept-encoding", "content-length"} == names


@pytest.mark.parametrize(
    "written",
    [
        [], {"name": "x"}, {"medicines": [{"name": "a", "dose": "b", "times": []}]}, {"instructions": ["\n"]},
        {"medicines": [{"name": "", "dose": "b", "times": ["morning"]}]}, {"proxies": ["stranger"]},
        {"follow_up": {"what": "x", "day": "2026-02-30"}}, {"follow_up": {"what": "x", "day": 3}},
        {"instructions": ["x" * 301]}, {"instructions": ["x"] * 41}, {"instructions": "x"},
    ],
)  # fmt: skip
def test_a_record_of_another_form_is_refused_and_no_value_is_named(written: object) -> None:
    with pytest.raises(RecordRefused, match="not a record of the written form"):
        record_of(written)


@pytest.mark.parametrize("text", ["", "[[patient]]\nborn = 3", "\udcff", '[[patient]]\nborn = "1950-03-04"'])
def test_a_file_of_patients_that_is_none_is_refused(
    tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "patients.toml").write_bytes(text.encode("utf-8", "surrogateescape"))

    assert launcher.EXIT_SETTINGS == launcher.main(["patients", "--patients", str(tmp_path / "patients.toml")])
    assert "deploy/patients/synthetic.toml" in capfd.readouterr().err


def test_a_port_that_is_taken_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert launcher.EXIT_SETTINGS == launcher.main(["patients", "--port", str(taken.getsockname()[1])])
    assert "--port" in capfd.readouterr().err
    assert 2 == len(records_service.load(PATIENTS))


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1:8091", "http://records.example:8091", "http://127.0.0.1", "http://127.0.0.1:8091/x",
     "http://me@127.0.0.1:8091", "http://127.0.0.1:8091?x", "records"],
)  # fmt: skip
def test_a_source_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(SettingsRefused, match="QUIETLINE_PATIENTS_URL"):
        from_environment({"QUIETLINE_PATIENTS_URL": url})


def test_a_source_needs_the_settings_and_the_agents_file_and_its_port_is_reached(tmp_path: Path) -> None:
    chosen = from_environment({"QUIETLINE_PATIENTS_URL": "http://127.0.0.1:8091/"})
    demo = (ROOT / "deploy" / "agents" / "demo.toml").read_text("utf-8")
    demo = demo.replace("../knowledge", str(ROOT / "deploy" / "knowledge"))
    (tmp_path / "demo.toml").write_text(demo.replace("identify = false", "identify = true"))
    agent = load(tmp_path).default

    assert isinstance(records_of(agent, chosen), LocalRecords)
    assert records_of(agent, from_environment({})) is None
    assert records_of(load(ROOT / "deploy" / "agents").default, chosen) is None
    assert (8091,) == reach(chosen, [], {}).ports
