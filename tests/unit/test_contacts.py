"""The service of synthetic contacts and its client, over real sockets; no number shows anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from agent import contacts, launcher
from agent.calling_out import CallingOut
from agent.contacts import LocalContacts, Unreachable
from agent.contacts_service import CONTACTS, load
from agent.outreach import Outreach
from agent.stopping import Stopped
from policies.outreach import Campaign, Zone
from policies.patient import Identifiers
from policies.phi import PHI
from tests.invented import InventedService, invented
from tests.unit.test_outreach import READY, Calls, Written

REF: Final = "Zk3vQ0pT7mXs2LhYb9RcNw"
OTHER: Final = "u8Jd5WqGx1KfEoV4tPz6aA"
WITHOUT_CONSENT: Final = "Gx5rE1wZqJ8oAf6Vb4NmYg"
NUMBER: Final = "+12025550142"
NAME: Final = "Zephyrine Quill"


@pytest.fixture(name="service")
def _service(tmp_path: Path) -> Iterator[InventedService]:
    with invented("contacts", tmp_path, _answers) as service:
        yield service


async def _answers(url: str) -> bool:
    return await LocalContacts(url).consented() is not Unreachable.NO_ANSWER


def test_list_number_match_and_opt_out_go_over_the_wire_and_show_nowhere(
    service: InventedService,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url, process, folder = service

    async def use() -> None:
        asked = LocalContacts(url)
        assert {
            REF: Zone.EASTERN, OTHER: Zone.MOUNTAIN, "hT2nB7yMcR0iLpU9sDk3vQ": Zone.UNKNOWN,
        } == await asked.consented()  # fmt: skip
        reached = await asked.number(REF)
        assert reached is not None
        number = reached.number
        assert (NUMBER, NAME, True) == (number.reveal(), reached.name.reveal(), reached.named_on_machine)
        assert await asked.number(WITHOUT_CONSENT) is None
        assert await asked.number("A" * 22) is None
        assert REF == await asked.whose(number)
        assert await asked.whose(PHI("+12025550100")) is None
        shell = CallingOut(Outreach(Campaign(0, 1)), asked, Calls(), Written(), lambda: READY)
        assert Stopped.DONE is await shell.opt_out_caller(number)
        assert await asked.opt_out(REF)
        assert not await asked.opt_out("AAAAbbbbCCCCddddEEEEfQ")
        consented = await asked.consented()
        assert not isinstance(consented, Unreachable)
        assert REF not in consented
        assert await asked.number(REF) is None

    for name in list(logging.root.manager.loggerDict):  # whatever another test has set them to
        caplog.set_level(logging.DEBUG, logger=name)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    with caplog.at_level(logging.DEBUG):
        asyncio.run(use())
    shown = capfd.readouterr()
    process.terminate()
    output = process.communicate(timeout=20)[0].decode()

    everything = " ".join([caplog.text, *(str(vars(each)) for each in caplog.records), *shown, output])
    assert "http" in caplog.text.lower(), "no library said anything"
    assert [] == [canary for canary in (NUMBER, NUMBER[2:], REF, NAME) if canary in everything]
    assert [] == [path for path in folder.rglob("*") if path.is_file()]
    assert "" == output


@pytest.mark.parametrize(
    ("request_line", "body"),
    [
        ("GET /consented", b"{}"), ("POST /consented?x=1", b"{}"), ("POST /consented", b"[]"),
        ("POST /consented", b'{"a": "b"}'),
        ("POST /number", b"{}"), ("POST /number", b'{"ref": 3}'), ("POST /elsewhere", b"{}"), ("POST /whose", b"{"),
        ("POST /number", b'{"ref": "' + b"x" * 300 + b'"}'),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused_without_a_word(
    service: tuple[str, object, object], request_line: str, body: bytes
) -> None:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service[0].rpartition(":")[2]))
        head = f"{request_line} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        said = await reader.read()
        writer.close()
        return said

    said = asyncio.run(ask())
    assert b" 400 " in said.partition(b"\r\n")[0]
    assert said.endswith(b"\r\n\r\n{}")


@asynccontextmanager
async def stub(answer: bytes | None) -> AsyncIterator[str]:
    """A service that says this to everybody, or nothing."""
    over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await over.wait()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()
        await server.wait_closed()


LISTED: Final = {"ref": REF, "zone": "America/New_York"}


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"{}", b'{"patients": 3}', b'{"patients": [3]}', b'{"patients": [{"ref": "4471902", "zone": "x"}]}',
        json.dumps({"patients": [LISTED | {"name": "Maria"}]}).encode(), b" " * (contacts.MOST_LIST_BYTES + 1),
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_read_whole_is_none(answer: bytes) -> None:
    async with stub(answer) as url:
        assert Unreachable.NO_ANSWER is await LocalContacts(url).consented()


async def test_an_unheard_of_zone_is_unknown_and_so_the_strictest() -> None:
    async with stub(json.dumps({"patients": [LISTED | {"zone": "Europe/Berlin"}]}).encode()) as url:
        assert {REF: Zone.UNKNOWN} == await LocalContacts(url).consented()


@pytest.mark.parametrize(
    "number", ['"+4930123456"', '"911"', '"+1202555014x"', "12025550142", "null", '"+10025550142"']
)
async def test_what_is_no_number_of_the_united_states_is_none(number: str) -> None:
    async with stub(f'{{"number": {number}, "name": "Maria", "named_on_machine": true}}'.encode()) as url:
        assert await LocalContacts(url).number(REF) is None


@pytest.mark.parametrize(
    "more", ['"named_on_machine": true', '"name": "Maria 4", "named_on_machine": true', '"name": "Maria"', '"name": 3']
)
async def test_a_number_without_a_name_to_ask_for_is_none(more: str) -> None:
    async with stub(f'{{"number": "{NUMBER}", {more}}}'.encode()) as url:
        assert await LocalContacts(url).number(REF) is None


@pytest.mark.parametrize("answer", [b"{}", b'{"ref": "Maria"}', b'{"ref": 3}', b"no"])
async def test_a_match_that_cannot_be_read_is_no_answer(answer: bytes) -> None:
    async with stub(answer) as url:
        assert Unreachable.NO_ANSWER is await LocalContacts(url).whose(PHI(NUMBER))


@pytest.mark.parametrize("answer", [b"{}", b'{"taken": 1}', b'{"taken": "true"}', b'{"taken": false}'])
async def test_an_opt_out_counts_as_taken_only_when_it_is_said_so(answer: bytes) -> None:
    async with stub(answer) as url:
        assert not await LocalContacts(url).opt_out(REF)


async def test_a_silent_service_and_none_at_all_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "LISTING_S", 0.05)
    async with stub(None) as url:
        assert Unreachable.NO_ANSWER is await LocalContacts(url).consented()
    assert Unreachable.NO_ANSWER is await LocalContacts(url).consented()
    assert Unreachable.NO_ANSWER is await LocalContacts(url).whose(PHI(NUMBER))
    assert not await LocalContacts(url).opt_out(REF)


GOOD: Final = f"""[[contact]]
ref = "{REF}"
number = "{NUMBER}"
name = "{NAME}"
named_on_machine = true
zone = "America/New_York"
consented = true
born = "1950-03-04"
record = "4471902"
"""


@pytest.mark.parametrize(
    "text",
    ["", "contact = 3", GOOD + GOOD, GOOD.replace("+1", "1"), GOOD.replace(REF, "4471902"), GOOD + "age = 75\n",
     GOOD.replace(NAME, "Maria 4"),
     GOOD.replace("03-04", "02-30"), GOOD.replace("New_York", "Berlin"), GOOD.replace("= true", "= 1")],
)  # fmt: skip
def test_a_file_of_contacts_that_is_none_is_refused(
    tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "contacts.toml").write_text(text)

    assert launcher.EXIT_SETTINGS == launcher.main(["contacts", "--contacts", str(tmp_path / "contacts.toml")])
    told = capfd.readouterr().err
    assert "deploy/contacts/synthetic.toml" in told
    assert NUMBER not in told


BORN: Final = date(1950, 3, 4)


def test_two_identifiers_are_checked_against_the_patient_who_was_rung(service: tuple[str, object, object]) -> None:
    asked = LocalContacts(service[0])

    def hers(ref: str, *given: Any) -> bool | Unreachable:
        return asyncio.run(asked.is_hers(ref, PHI(Identifiers(*given))))

    assert hers(REF, BORN, "0142") is True
    assert hers(REF, BORN, "", "4471902") is True
    assert hers(OTHER, BORN, "0142") is False, "another patient's are not hers"
    for less in ((BORN,), (), (BORN, "0143"), (date(1950, 3, 5), "0142"), (BORN, "0142", "5520418")):
        assert hers(REF, *less) is False


@pytest.mark.parametrize("answer", [b"{}", b'{"hers": 1}', b'{"hers": "true"}', b"no"])
async def test_whoever_cannot_be_checked_is_not_taken_for_her(answer: bytes) -> None:
    async with stub(answer) as url:
        assert Unreachable.NO_ANSWER is await LocalContacts(url).is_hers(REF, PHI(Identifiers(BORN, "0142")))


def test_the_shipped_contacts_are_invented() -> None:
    shipped = load(CONTACTS)

    assert 4 == len(shipped)
    assert all("55501" in each.number for each in shipped), "numbers 555-0100 to 555-0199 are nobody's"
