"""Every answer to the carrier is one of ours, and holds nothing but what is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony import twiml

ORIGIN = "https://agent.example.org"
NURSE = "+12025550142"
AFTER = f"{ORIGIN}/twilio/after-nurse"
TOKEN = "aB3_-" + "x" * 38
WITH_NURSE = [twiml.busy, twiml.nurse, twiml.lost, twiml.failsafe]


def connect(token: str = TOKEN, stream_url: str = "wss://agent.example.org/twilio/media") -> str:
    return twiml.connect(stream_url, f"{ORIGIN}/twilio/ended", f"{ORIGIN}/twilio/failsafe", token)


def test_a_call_is_connected_to_the_stream_with_one_token_and_a_way_out() -> None:
    root = ElementTree.fromstring(connect())

    assert ["Connect", "Redirect"] == [child.tag for child in root]
    assert {"action": f"{ORIGIN}/twilio/ended", "method": "POST"} == root[0].attrib
    assert {"url": "wss://agent.example.org/twilio/media"} == root[0][0].attrib
    assert [{"name": "t", "value": TOKEN}] == [parameter.attrib for parameter in root[0][0]]
    assert f"{ORIGIN}/twilio/failsafe" == root[1].text


@pytest.mark.parametrize("make", WITH_NURSE)
def test_whenever_we_cannot_help_a_nurse_is_dialled_and_nothing_is_recorded(make: Callable[[str, str], str]) -> None:
    dial = ElementTree.fromstring(make(NURSE, AFTER)).find("Dial")

    assert dial is not None
    assert [NURSE] == [number.text for number in dial]
    assert (AFTER, "do-not-record") == (dial.attrib["action"], dial.attrib["record"])


@pytest.mark.parametrize("make", [twiml.busy, twiml.lost, twiml.failsafe])
def test_where_she_has_not_been_told_yet_the_emergency_number_comes_first(make: Callable[[str, str], str]) -> None:
    root = ElementTree.fromstring(make(NURSE, AFTER))

    assert ["Say", "Dial"] == [child.tag for child in root]
    assert "9 1 1" in (root[0].text or "")


def test_when_nobody_answers_she_hears_911_and_the_number_to_call() -> None:
    root = ElementTree.fromstring(twiml.nobody(NURSE))

    assert ["Say", "Hangup"] == [child.tag for child in root]
    assert "dial 9 1 1" in (root[0].text or "")
    assert "1 2 0 2 5 5 5 0 1 4 2" in (root[0].text or "")


def test_an_unknown_number_is_told_911_too() -> None:
    assert "dial 9 1 1" in (ElementTree.fromstring(twiml.unknown())[0].text or "")


@given(st.text(max_size=60))
def test_no_text_but_a_token_gets_in(text: str) -> None:
    with pytest.raises(ValueError, match="token"):
        connect(token=text)


@given(st.text(max_size=20).filter(lambda text: not twiml.is_number(text)))
def test_no_text_but_a_number_is_dialled(text: str) -> None:
    for make in WITH_NURSE:
        with pytest.raises(ValueError, match=r"E\.164"):
            make(text, AFTER)


@pytest.mark.parametrize(
    "number", ["+1202555014\n", "12025550142", "+0202555", "+1 2025550142", "911", "+1900\u0661234567"]
)
def test_what_is_no_number(number: str) -> None:
    assert not twiml.is_number(number)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "agent.example.org",
        "http://agent.example.org/x",
        "javascript:alert(1)",
        "https://u:p@a.example/x",
        "https:///x",
    ],
)
def test_no_url_without_tls_but_on_loopback(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        twiml.nurse(NURSE, url)


def test_plain_http_serves_on_loopback() -> None:
    assert "http://127.0.0.1:8080/x" in twiml.nurse(NURSE, "http://127.0.0.1:8080/x")


def test_a_stream_has_no_query_for_the_carrier_drops_it() -> None:
    with pytest.raises(ValueError, match="query"):
        connect(stream_url="wss://agent.example.org/twilio/media?token=x")


def test_every_document_made_here_is_known_as_ours() -> None:
    made = [
        connect(),
        *(make(NURSE, AFTER) for make in WITH_NURSE),
        twiml.nobody(NURSE),
        twiml.unknown(),
        twiml.goodbye(),
    ]

    assert all(map(twiml.is_ours, made))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<Response/>",
        twiml.goodbye().replace("Hangup", "Record"),
        twiml.goodbye().replace("Hangup", "Pay"),
        twiml.goodbye() + "<Hangup/>",
        twiml.goodbye().replace("<Hangup/>", "<!--said--><Hangup/>"),
        twiml.goodbye().replace("<Hangup/>", "&said;"),
        twiml.goodbye().replace("<Hangup/>", "<Hangup/>" * 500),
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a [<!ENTITY said "x">]><Response>&said;</Response>',
    ],
)
def test_another_document_is_not_taken_for_ours(text: str) -> None:
    assert not twiml.is_ours(text)


BEGINS: Final = (("start", "OnEnter"), ("end", "OnExit"))
ROOM: Final = "0123456789abcdef"
EVENTS: Final = f"{ORIGIN}/twilio/room/{ROOM}"


def test_a_nurse_who_answers_is_brought_to_us_and_else_her_call_ends() -> None:
    root = ElementTree.fromstring(
        twiml.called_leg("wss://agent.example.org/twilio/media", f"{ORIGIN}/twilio/ended", TOKEN)
    )

    assert ["Connect", "Hangup"] == [child.tag for child in root]
    assert [{"name": "t", "value": TOKEN}] == [parameter.attrib for parameter in root[0][0]]


def test_the_nurse_begins_the_room_and_ends_it_and_the_patient_waits_for_her() -> None:
    nurse = ElementTree.fromstring(twiml.room(ROOM, "nurse", EVENTS, None))[0]
    patient = ElementTree.fromstring(twiml.room(ROOM, "patient", EVENTS, AFTER))[0]

    for dial, begins in ((nurse, "true"), (patient, "false")):
        assert [begins, begins] == [dial[0].attrib[f"{what}Conference{when}"] for what, when in BEGINS]
    assert "action" not in nurse.attrib
    assert AFTER == patient.attrib["action"]


@pytest.mark.parametrize("after", [None, AFTER])
def test_nothing_of_a_room_is_recorded_played_or_named(after: str | None) -> None:
    conference = ElementTree.fromstring(twiml.room(ROOM, "nurse", EVENTS, after))[0][0]

    assert "do-not-record" == conference.attrib["record"]
    assert ("false", "") == (conference.attrib["beep"], conference.attrib["waitUrl"])
    assert ROOM == conference.text


@pytest.mark.parametrize(("room", "label"), [("Mrs Jones", "nurse"), (ROOM, "Nurse Dana"), (ROOM.upper(), "nurse")])
def test_a_room_has_no_name_but_chance_and_no_label_but_a_role(room: str, label: str) -> None:
    with pytest.raises(ValueError, match=r"room's name|label"):
        twiml.room(room, label, EVENTS, None)
