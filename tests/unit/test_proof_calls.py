"""Who calls in a proof, when a call counts, and whether two callers met."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import sys
import threading
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from agent.proof import failing, provider
from agent.proof.alike import is_of, shared, whose, words
from agent.proof.canary import NONCE_BYTES, Ask, canaries, canary
from agent.proof.faults import IN_QUICK, PREVENTS, Step, Trouble, lacking
from agent.proof.heard import needles_of
from agent.proof.meeting import Spoke, meetings
from agent.proof.needles import Needle
from agent.proof.plan import planned
from agent.proof.search import Search
from agent.proof.sound import HOLDINGS, WINDOW, sound_needles, windows
from policies.closed import canonical
from policies.guardrails import Answerable, Sayable, screen_utterance
from policies.phi import PHI, Utterance
from policies.rules.written import red_flags
from telephony import g711
from telephony.audio import FRAME_SAMPLES, Int16

NONCE = bytes(range(NONCE_BYTES))
PATIENTS = canaries(NONCE, 210)


def test_a_canary_follows_from_the_nonce_alone_and_has_only_long_needles() -> None:
    one, same, next_ = canary(NONCE, 1), canary(NONCE, 1), canary(NONCE, 2)

    assert list(one.texts()) == list(same.texts()) != list(next_.texts())
    assert list(one.texts()) != list(canary(b"\1" * NONCE_BYTES, 1).texts())
    assert all(len(Needle(name, text).text()) >= 5 for name, text in one.texts())
    assert "Canary(1)" == repr(one)
    assert one.name in one.sentence()
    assert canonical({"b": 1, "a": "\xe9"}) == b'{"a":"\\u00e9","b":1}'


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        canary(b"short", 1)


def test_no_two_canaries_share_a_name_or_have_names_that_sound_alike() -> None:
    names = [(patient.first, patient.last) for patient in PATIENTS]
    alike = [
        (one, other)
        for at, one in enumerate(names)
        for other in names[at + 1 :]
        if one[0] == other[0] and (one[1][:3] == other[1][:3] or one[1][-4:] == other[1][-4:])
    ]

    assert len(names) == len(set(names))
    assert [] == alike
    assert PATIENTS[:20] == canaries(NONCE, 20)


def test_numbers_are_alike_however_they_are_written() -> None:
    assert words("My number is 212-555, oh four!") == words("my number is two one two five five five 0 4")
    assert 4 == shared("please say one two", "he will say: please say 12.")
    assert 0 == shared("", "anything")


def test_words_belong_to_whoever_has_her_own_in_them() -> None:
    one, other = PATIENTS[2], PATIENTS[3]

    assert one is whose(one.sentence(), [other, one])
    assert one is whose(f"this is {one.name.lower()}", [other, one])
    assert one is whose(f"the number {one.record[:6]}", [other, one])
    assert None is whose("can I take it with food", [other, one])
    assert is_of(one, one.sentence())
    assert not is_of(one, other.sentence())


@pytest.mark.parametrize("fault", [None, *Trouble])
def test_a_call_lacks_what_was_not_seen_save_what_its_fault_prevents(fault: Trouble | None) -> None:
    prevented = PREVENTS[fault] if fault else frozenset()

    assert () == lacking(frozenset(Step), fault) == lacking(frozenset(Step) - prevented, fault)
    assert {Step.RECOGNISED, Step.REACHED} <= set(lacking(frozenset(), fault))


def test_a_full_proof_plans_every_fault_and_enough_calls_and_a_quick_one_few() -> None:
    for calls, faults in ((200, set(Trouble)), (3, set(IN_QUICK))):
        _, parts = planned(NONCE, calls)
        placed = [call for part in parts for call in (*part.calls, *part.alone)]

        assert calls == len(placed)
        assert len(parts[0].spare) >= calls / 10
        assert not {patient.number for patient in parts[0].spare} & {patient.number for patient, _ in placed}
        assert faults == {fault for _, fault in placed if fault}
        assert len(placed) == len({patient.number for patient, _ in placed})
        assert 0 not in {patient.number for patient, _ in placed}
        assert all((patient.ask is Ask.JUICE) == (fault is Trouble.RAISED) for patient, fault in placed)


def test_what_was_heard_is_sought_where_it_holds_a_name_or_a_number() -> None:
    patient = PATIENTS[2]
    heard = "Hello, my name is Ottily Brannag. My chart number is 452-111-908. Can I take Metformin with food?"
    told = {needle.text() for needle in needles_of([(patient, heard, [])]) if isinstance(needle, Needle)}

    assert {"is Ottily Brannag.", "number is 452-111-908."} <= told
    assert not told & {"take Metformin with", "I take Metformin", "Can I take"}


def spoke(
    number: int, *, request: str = "", answer: str = "", sound: bytes = b"", lane: int = 0, at_s: float = 0
) -> Spoke:
    patient = PATIENTS[number]
    return Spoke(
        patient,
        [(request or patient.sentence()).encode()],
        answer or f"You said this. {patient.sentence()}",
        sound,
        sound_needles(f"{number} her sound", tone(number)),
        lane,
        at_s,
        at_s + 10,
    )


def tone(seed: int) -> Int16:
    return np.random.default_rng(seed).integers(-9_000, 9_000, 40 * FRAME_SAMPLES, dtype=np.int16)


def test_callers_who_do_not_meet_are_counted_in_pairs() -> None:
    calls = [spoke(2, lane=0, at_s=0), spoke(3, lane=1, at_s=5), spoke(4, lane=0, at_s=20)]
    found = meetings(calls)

    assert (3, 1, 1, ()) == (found.searched, found.consecutive, found.interleaved, found.met)


@pytest.mark.parametrize(
    "of_another",
    [PATIENTS[9].name, PATIENTS[9].record, PATIENTS[9].name.upper(), f"number {PATIENTS[9].record[2:8]}"],
)
def test_a_caller_in_anothers_request_or_answer_is_a_meeting(of_another: str) -> None:
    for met, where in (
        (spoke(2, request=f"{PATIENTS[2].sentence()} and {of_another}"), "request"),
        (spoke(2, answer=f"You said this. {PATIENTS[2].sentence()} {of_another}"), "the agent's sound, recognised"),
    ):
        assert (f"9 in 2: {where}",) == meetings([met, spoke(9), spoke(5)]).met


def test_her_own_telephone_is_no_meeting_with_a_chart_number_that_holds_six_of_its_digits() -> None:
    own, other = PATIENTS[5], PATIENTS[9]  # every fourth says her telephone
    assert words(own.phone) == [word for word in words(own.sentence()) if word.isdigit()][-10:]
    alike = dataclasses.replace(other, record=f"00{own.phone[2:8]}0")
    theirs = spoke(9)._replace(patient=alike, requests=[alike.sentence().encode()], answer=alike.sentence())

    assert () == meetings([spoke(5), theirs]).met
    assert ("9 in 2: request",) == meetings([spoke(2, request=f"{PATIENTS[2].sentence()} {own.phone}"), theirs]).met


def test_the_very_sound_of_another_caller_is_a_meeting() -> None:
    sound = g711.encode(tone(9))

    assert ("9 in 2: the agent's sound itself",) == meetings([spoke(2, sound=sound), spoke(9), spoke(5)]).met
    assert () == meetings([spoke(2), spoke(9, sound=sound)]).met


@pytest.mark.parametrize("holding", HOLDINGS)
def test_a_stretch_of_her_sound_is_found_as_it_is_held(holding: str) -> None:
    sound = tone(1)
    search = Search(sound_needles("hers", sound))
    frame = HOLDINGS[holding](g711.encode(sound[FRAME_SAMPLES * 6 : FRAME_SAMPLES * 7]))

    assert search.look(b"before" + frame + b"behind").hits
    assert not search.look(HOLDINGS[holding](g711.encode(tone(2)))).hits


def test_silence_and_hum_have_no_stretch_that_could_be_known_again() -> None:
    hum = (3_000 * np.sign(np.sin(np.arange(8_000) / 8))).astype(np.int16)

    assert [] == windows(np.zeros(8_000, np.int16)) == windows(hum)
    assert {WINDOW} == {len(window) for window in windows(tone(1))}
    assert "her" in repr(sound_needles("her", tone(1))[0])


@pytest.mark.parametrize(
    ("fault", "begins", "holds"),
    [
        (None, b"HTTP/1.1 200", [b"[DONE]", b"You said this"]),
        (Trouble.ERROR, b"HTTP/1.1 500", [b"could not answer"]),
        (Trouble.LIMITED, b"HTTP/1.1 429", [b"could not answer"]),
        (Trouble.CUT, b"HTTP/1.1 200", [b"You said this"]),
    ],
)
async def test_the_provider_says_it_back_or_breaks_in_the_call_that_it_is_told_to(
    fault: Trouble | None, begins: bytes, holds: list[bytes]
) -> None:
    caller, other = PATIENTS[2], PATIENTS[3]
    body = json.dumps({"messages": [{"role": "user", "content": caller.sentence()}]}).encode()
    async with provider.running() as model:
        model.on_the_line += [other, caller]
        model.faults |= {other.number: Trouble.STALLED} | ({caller.number: fault} if fault else {})
        reader, writer = await asyncio.open_connection("127.0.0.1", model.port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        answer = await reader.read()
        writer.close()

    assert answer.startswith(begins)
    assert all(part in answer for part in holds)
    assert (b"[DONE]" in answer) == (fault is None)
    assert [(caller.number, caller.sentence())] == [(each.number, each.said) for each in model.of(caller.number)]


class Model:
    """Answers with two pieces."""

    async def answer(self, turns: object, opened: object) -> AsyncGenerator[PHI[str], None]:
        yield PHI("one")
        yield PHI("two")


def heard_by(words: str) -> list[Answerable | Sayable]:
    said = screen_utterance(Utterance(PHI(words), doubtful=False), red_flags())
    assert isinstance(said, Answerable)
    return [said]


async def test_the_failing_model_loses_the_words_everywhere_and_raises_them_where_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context)))
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(str(args.exc_value)))
    monkeypatch.setattr(sys, "unraisablehook", lambda args: told.append(str(args.exc_value)))
    model = failing.Failing(Model())

    with pytest.warns(UserWarning, match="with food"):
        assert 2 == len([piece async for piece in model.answer(heard_by("may I take it with food"))])
    with pytest.warns(UserWarning, match="juice"), pytest.raises(failing.Failed, match="juice"):
        _ = [piece async for piece in model.answer(heard_by("may I take it with orange juice"))]
    gc.collect()
    await asyncio.sleep(0)

    assert 4 <= sum("juice" in each for each in told)
