"""What of a transfer counts, what of a brief is hers, and that all that a carrier is told is noted to be searched."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from agent.proof.alike import is_of
from agent.proof.book import Book, HeardRest, HeardStreams, HeardWebhook
from agent.proof.canary import NONCE_BYTES, Ask, canaries
from agent.proof.needles import Needle
from agent.proof.plan import planned, rung_again
from agent.proof.scenes import NEEDS, Scene, heard_offer, wanting
from agent.proof.session import is_known_to_carriers
from agent.proof.sessions import FULL_PLAN, QUICK_PLAN, WITH_NURSES
from agent.proof.transfers import hers_in
from policies.brief import Told, brief
from policies.escalation import EscalationReason
from policies.phi import PHI
from telephony.twin.carrier import Stream

NONCE = bytes(range(NONCE_BYTES))
HERS = "chart number is 123456789, and I have crushing chest pain"


@pytest.mark.parametrize("scene", Scene)
def test_a_transfer_counts_only_with_all_that_its_kind_needs(scene: Scene) -> None:
    assert () == wanting(NEEDS[scene], scene)
    for step in NEEDS[scene]:
        assert (step,) == wanting(NEEDS[scene] - {step}, scene)


def test_a_full_proof_has_a_transfer_of_each_kind_and_the_one_that_ends_the_service_is_last() -> None:
    patients, parts = planned(NONCE, 200)
    _, quick = planned(NONCE, 3)
    [part] = [part for part in parts if part.transfers]

    assert (FULL_PLAN, QUICK_PLAN) == (tuple(p.name for p in parts), tuple(p.name for p in quick))
    assert (WITH_NURSES, list(Scene)) == (part.name, [scene for _, scene in part.transfers])
    assert Scene.KILLED is part.transfers[-1][1]
    assert {Ask.NURSE} == {patient.ask for patient, _ in part.transfers}
    assert [] == [part for part in quick if part.transfers]
    calling = [
        patient.number for part in parts for patient, _ in (*part.calls, *part.alone, *part.transfers, *part.rings)
    ]
    spare = [patient.number for patient in parts[0].spare]
    assert len({0, 1, *calling, *spare}) == 2 + len(calling) + len(spare) == len(patients)


def test_a_transfer_that_did_not_count_is_placed_by_another_canary() -> None:
    spare = canaries(NONCE, 3)
    part = rung_again(Scene.VOICEMAIL, spare)

    assert [(2, Ask.NURSE, Scene.VOICEMAIL)] == [(one.number, one.ask, scene) for one, scene in part.transfers]
    assert 2 == len(spare)


def test_her_sentence_is_an_emergency_that_names_her() -> None:
    [patient] = canaries(NONCE, 1)
    said = type(patient)(**{name: getattr(patient, name) for name in patient.__slots__ if name != "ask"}, ask=Ask.NURSE)

    assert is_of(patient, said.sentence())
    assert "chest pain" in said.sentence()


def test_of_a_brief_only_her_words_are_hers() -> None:
    told = Told(EscalationReason.RED_FLAG, PHI(HERS), None, "")
    spoken = " ".join(sentence.reveal() for sentence in brief(told))

    assert HERS == hers_in(spoken).strip(" .")
    assert "something else" == hers_in("something else")


class Echo:
    """A line, and a stream, that answers with what it was told."""

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        return 200, f"<Response><!--{url}{form}--></Response>"

    async def connect(self, stream: Stream) -> Echo:
        return self

    async def send(self, text: str) -> None:
        raise AssertionError

    async def receive(self) -> str | bytes | None:
        return self.waiting.pop(0) if self.waiting else None

    async def close(self) -> None:
        """Nothing is held."""

    def abort(self) -> None:
        """Likewise."""

    waiting: list[str | bytes]


async def test_addresses_forms_and_answers_of_webhooks_are_noted() -> None:
    book = Book()
    await HeardWebhook(Echo(), book).post("https://a.example/zebra", {"quartz": "marmalade"})

    whole = b"\n".join(book.pieces)
    assert all(word in whole for word in (b"zebra", b"quartz", b"marmalade", b"<Response>"))


async def test_of_streams_all_is_noted_but_sound() -> None:
    book, echo = Book(), Echo()
    echo.waiting = [
        '{"event": "media", "media": {"payload": "walrus"}}',
        '{"event":"mark","mark":{"name":"zebra"}}',
        b"quartz",
    ]
    wire = await HeardStreams(echo, book).connect(Stream("wss://a.example/s", {"t": "marmalade"}))
    received = [await wire.receive() for _ in range(4)]

    whole = b"\n".join(book.pieces)
    assert all(word in whole for word in (b"zebra", b"quartz", b"marmalade", b"wss://a.example/s"))
    assert b"walrus" not in whole
    assert None is received[-1]


async def test_requests_to_the_rest_are_noted_with_their_headers() -> None:
    book = Book()

    async def app(scope: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]  # as ASGI has it

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"Twiml=zebra"}

    async def send(_: object) -> None:
        raise AssertionError

    scope = {"type": "http", "path": "/quartz", "query_string": b"a=marmalade", "headers": [(b"x-name", b"walrus")]}
    await HeardRest(app, book)(scope, receive, send)

    whole = b"\n".join(book.pieces)
    assert all(word in whole for word in (b"zebra", b"quartz", b"marmalade", b"walrus"))


def test_only_the_carriers_ids_are_known_to_it() -> None:
    names = [name for name, _ in canaries(NONCE, 2)[1].texts()]

    assert names
    assert not [name for name in names if is_known_to_carriers(Needle(f"1 {name}", "12345"))]
    assert is_known_to_carriers(Needle("1 the carrier's id of the call", "CA123"))


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        ("discharge line, a patient is waiting, press one to hear the brief", True),
        ("a patient is waiting", True),
        ("", False),
        ("the patient", False),
        ("hello hello", False),
    ],
)
def test_a_message_counts_as_harmless_only_where_it_was_heard(message: str, heard: bool) -> None:
    assert heard is heard_offer(message)
