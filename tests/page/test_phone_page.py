"""The phone page in a real browser, against the real server: its wire, its ear, its face, and what it leaves behind."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from telephony.leg import EndReason
from telephony.switchboard import Refusal
from telephony.tokens import Purpose
from telephony.twin.voices import build
from telephony.twin.wav import read_wav
from tests.page.cdp import Browser, Tab, chromium, eventually
from tests.page.line import PageLine, capture_wav, page_line

pytestmark = [pytest.mark.real_time, pytest.mark.xdist_group("chromium")]

VOICES = Path(build.__file__).parent
QUESTION = "may-i-take-a-walk-0b888347.0.wav"
ALLOWED = "--use-fake-ui-for-media-stream"
LEFT_BEHIND = """(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie.length,
    history: history.length,
    address: location.pathname + location.search + location.hash,
}))()"""
NOTHING = {
    "local": 0,
    "session": 0,
    "databases": 0,
    "caches": 0,
    "workers": 0,
    "cookies": 0,
    "history": 2,  # about:blank, then the page
    "address": "/",
}


@dataclass
class Desk:
    """A line, a browser, and the phone page in it."""

    line: PageLine
    browser: Browser
    tab: Tab

    async def call(self) -> None:
        """Press Call and wait for the line to hear the page."""
        await self.tab.until("!document.querySelector('#call').disabled")
        await self.tab.click("#call")
        await eventually(lambda: len(self.line.levels) > 5)

    def sent(self) -> list[dict[str, Any]]:
        """What the page said on the wire."""
        return [json.loads(text) | {"at_s": at_s} for text, at_s in self._frames("Sent")]

    def received(self) -> list[dict[str, Any]]:
        return [json.loads(text) | {"at_s": at_s} for text, at_s in self._frames("Received")]

    def _frames(self, way: str) -> list[tuple[str, float]]:
        frames = self.tab.events(f"Network.webSocketFrame{way}")
        return [
            (seen["response"]["payloadData"], seen["timestamp"]) for seen in frames if seen["response"]["opcode"] == 1
        ]


@pytest.fixture(name="question")
def _question(tmp_path: Path) -> Path:
    """A fake microphone's file: a patient asks, again and again."""
    return capture_wav(tmp_path / "question.wav", read_wav(VOICES / "slt" / QUESTION))


@contextlib.asynccontextmanager
async def desk(folder: Path, *flags: str, calls: int = 2, **size: int) -> AsyncIterator[Desk]:
    async with page_line(calls) as line, chromium(folder / "profile", *flags) as browser:
        tab = await browser.open(line.url, **size)
        yield Desk(line, browser, tab)
    assert [] == line.failures


@pytest_asyncio.fixture(name="at_desk")
async def _at_desk(tmp_path: Path, question: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, ALLOWED, f"--use-file-for-fake-audio-capture={question}") as ready:
        yield ready


async def test_a_call_speaks_the_carriers_protocol_from_connected_to_stop(at_desk: Desk) -> None:
    await at_desk.call()
    await eventually(lambda: len(at_desk.line.levels) > 100)
    await at_desk.tab.click("#hang-up")
    await eventually(lambda: at_desk.line.end is not None)
    await eventually(lambda: at_desk.sent()[-1]["event"] == "stop")

    assert EndReason.STOPPED is at_desk.line.end
    assert at_desk.line.leg is not None
    assert (Purpose.PAGE, "demo") == (at_desk.line.leg.purpose, at_desk.line.leg.agent)
    sent = at_desk.sent()
    assert ["connected", "start"] == [said["event"] for said in sent[:2]]
    start = sent[1]["start"]
    stream_sid, call_sid, account_sid = start["streamSid"], start["callSid"], start["accountSid"]
    assert re.fullmatch(r"MZ[0-9a-f]{32} CA[0-9a-f]{32} AC[0-9a-f]{32}", f"{stream_sid} {call_sid} {account_sid}")
    assert {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1} == start["mediaFormat"]
    assert ["inbound"] == start["tracks"]
    assert {stream_sid} == {said["streamSid"] for said in sent[1:]}
    assert {"accountSid": account_sid, "callSid": call_sid} == sent[-1]["stop"]
    assert [str(n + 1) for n in range(len(sent) - 1)] == [said["sequenceNumber"] for said in sent[1:]]
    media = [said["media"] for said in sent if said["event"] == "media"]
    assert [str(n + 1) for n in range(len(media))] == [each["chunk"] for each in media]
    assert [str(20 * n) for n in range(len(media))] == [each["timestamp"] for each in media]
    assert {160} == {len(base64.b64decode(each["payload"], validate=True)) for each in media}
    assert {"inbound"} == {each["track"] for each in media}


async def test_frames_come_at_the_pace_of_speech_and_carry_it(at_desk: Desk) -> None:
    await at_desk.call()
    await eventually(lambda: len(at_desk.line.levels) > 250)

    times_s = [said["at_s"] for said in at_desk.sent() if said["event"] == "media"]
    frame_s = (times_s[-1] - times_s[0]) / (len(times_s) - 1)
    assert 0.020 == pytest.approx(frame_s, rel=0.1)  # a device that stalled catches up; over five seconds it evens out
    assert max(at_desk.line.levels) > -35  # the patient's words, at a telephone's level
    assert min(at_desk.line.levels[10:]) < -50  # and the pauses between them


async def test_a_mark_comes_back_when_its_sound_has_played(at_desk: Desk) -> None:
    await at_desk.call()
    at_desk.line.beep(1, 1_000)
    await eventually(lambda: [1] == at_desk.line.played)
    assert "The assistant is speaking" == await at_desk.tab.text("#floor")
    assert "Connected" == await at_desk.tab.text("#progress")
    await at_desk.tab.until("document.querySelector('#floor').textContent === 'Listening to you'")

    received, sent = at_desk.received(), at_desk.sent()
    began_s = next(said["at_s"] for said in received if said["event"] == "media")
    asked = [said["mark"]["name"] for said in received if said["event"] == "mark"]
    back = {said["mark"]["name"]: said["at_s"] for said in sent if said["event"] == "mark"}
    assert asked == list(back)
    assert back[asked[-1]] - began_s > 0.95


async def test_a_mark_comes_back_at_once_where_nothing_is_buffered(at_desk: Desk) -> None:
    await at_desk.call()
    assert at_desk.line.leg is not None
    await send(at_desk.line, "mark", mark={"name": "idle"})
    await eventually(lambda: marks(at_desk.sent()))

    assert ["idle"] == marks(at_desk.sent())


async def test_clear_gives_the_marks_back_and_silences_the_ear(at_desk: Desk) -> None:
    await at_desk.call()
    await send(at_desk.line, "media", media={"payload": base64.b64encode(bytes([0x90, 0x10]) * 4_000 * 30).decode()})
    await send(at_desk.line, "mark", mark={"name": "never-heard"})
    await at_desk.tab.until("document.querySelector('#ear-words').textContent === 'loud'")
    assert [] == marks(at_desk.sent())

    await send(at_desk.line, "clear")
    await eventually(lambda: marks(at_desk.sent()))
    assert ["never-heard"] == marks(at_desk.sent())
    await at_desk.tab.until("document.querySelector('#ear-words').textContent === 'silent'")

    at_desk.line.beep(1, 200)
    await eventually(lambda: [1] == at_desk.line.played)


async def test_keys_work_by_mouse_and_keyboard_in_a_call_alone(at_desk: Desk) -> None:
    await at_desk.tab.until("!document.querySelector('#call').disabled")
    await at_desk.tab.value("document.querySelector('#call').focus()")
    await at_desk.tab.type("7")
    await at_desk.tab.type("Enter", "Enter", 13)
    await eventually(lambda: len(at_desk.line.levels) > 5)
    for digit in "159*0#":
        await at_desk.tab.click(f"[data-digit='{digit}']")
    for digit in "23*#":
        await at_desk.tab.type(digit)
    await at_desk.tab.value("document.querySelector('#hang-up').focus()")
    await eventually(lambda: len(at_desk.line.digits) >= 10)
    await at_desk.tab.type("Enter", "Enter", 13)
    await eventually(lambda: at_desk.line.end is not None)
    await at_desk.tab.type("8")

    assert list("159*0#23*#") == at_desk.line.digits
    assert EndReason.STOPPED is at_desk.line.end
    assert "The call has ended." == await at_desk.tab.text("#progress")
    assert "call" == await at_desk.tab.value("document.activeElement.id")
    tracks = {said["dtmf"]["track"] for said in at_desk.sent() if said["event"] == "dtmf"}
    assert {"inbound_track"} == tracks


async def test_nothing_is_left_behind_by_a_call(at_desk: Desk) -> None:
    await at_desk.call()
    at_desk.line.beep(1, 300)
    await eventually(lambda: [1] == at_desk.line.played)
    await at_desk.tab.click("[data-digit='4']")
    await eventually(lambda: at_desk.line.digits)
    await at_desk.tab.click("#hang-up")
    await eventually(lambda: at_desk.line.end is not None)

    assert NOTHING == await at_desk.tab.value(LEFT_BEHIND)
    assert [] == (await at_desk.browser.call("Storage.getCookies"))["cookies"]
    assert [] == at_desk.tab.complaints()
    stored = [seen["response"] for seen in at_desk.tab.events("Network.responseReceived")]
    assert {"no-store"} == {response["headers"]["cache-control"] for response in stored}
    assert {at_desk.line.url} == {re.sub(r"(?<=\d/).*", "", response["url"]) for response in stored}


async def test_the_page_can_call_again_with_a_new_token(at_desk: Desk) -> None:
    for _ in range(2):
        await at_desk.call()
        await at_desk.tab.click("#hang-up")
        await eventually(lambda: at_desk.line.end is not None)
        at_desk.line.end = None
        at_desk.line.levels.clear()

    tokens = [said["start"]["customParameters"]["t"] for said in at_desk.sent() if said["event"] == "start"]
    assert 2 == len(set(tokens))
    assert 0 == at_desk.line.board.live


async def test_a_line_that_hangs_up_ends_the_call_on_the_page(at_desk: Desk) -> None:
    await at_desk.call()
    assert at_desk.line.leg is not None
    await at_desk.line.leg.close()
    await at_desk.tab.until("document.querySelector('#progress').textContent === 'The call has ended.'")

    assert await at_desk.tab.value("document.querySelector('#hang-up').hidden")
    assert await at_desk.tab.value("[...document.querySelectorAll('#keypad button')].every(key => key.disabled)")


async def test_closing_the_page_hangs_up(at_desk: Desk) -> None:
    await at_desk.call()
    await at_desk.tab.call("Page.navigate", url="about:blank")
    await eventually(lambda: at_desk.line.end is not None)

    assert EndReason.STOPPED is at_desk.line.end


async def test_a_token_is_good_for_one_stream(at_desk: Desk) -> None:
    await at_desk.call()
    start = next(said for said in at_desk.sent() if said["event"] == "start")
    again = json.dumps({"event": "start", "streamSid": start["streamSid"], "start": start["start"]})
    opening = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
    script = f"""new Promise(done => {{
        const socket = new WebSocket('ws://' + location.host + '/twilio/media');
        socket.onopen = () => [{json.dumps(opening)}, {json.dumps(again)}].forEach(text => socket.send(text));
        socket.onclose = event => done(event.code);
    }})"""

    assert 1008 == await at_desk.tab.value(script)
    assert [Refusal.TOKEN] == at_desk.line.refusals


async def test_a_foreign_page_gets_neither_token_nor_stream(at_desk: Desk) -> None:
    url = at_desk.line.url
    asks = f"fetch('{url}page/token', {{method: 'POST', mode: 'no-cors'}}).then(() => 'asked', () => 'refused')"
    streams = f"""new Promise(done => {{
        const socket = new WebSocket('{url.replace("http", "ws")}twilio/media');
        socket.onopen = () => done('open');
        socket.onerror = () => done('refused');
    }})"""
    async with page_line() as elsewhere:  # another port is another origin; browsers keep the far web out by themselves
        foreign = await at_desk.browser.open(elsewhere.url + "healthz")
        await foreign.value(asks)

        assert "refused" == await foreign.value(streams)
    assert [Refusal.ORIGIN, Refusal.ORIGIN] == at_desk.line.refusals
    assert 0 == at_desk.line.board.live


async def test_a_name_that_was_pointed_at_this_machine_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, "--host-resolver-rules=MAP evil.example 127.0.0.1") as here:
        tab = await here.browser.open(f"http://evil.example:{here.line.port}/")

        assert not await tab.value("document.querySelector('#phone')")
        assert [403] == [
            seen["response"]["status"]
            for seen in tab.events("Network.responseReceived")
            if seen["response"]["url"].endswith(f"{here.line.port}/")
        ]
        assert {Refusal.HOST} == set(here.line.refusals)


async def test_a_blocked_microphone_is_told_in_a_sentence_and_costs_no_place(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await here.browser.call("Browser.setPermission", permission={"name": "microphone"}, setting="denied")
        await here.tab.until("!document.querySelector('#call').disabled")
        await here.tab.click("#call")
        await here.tab.until("document.querySelector('#progress').textContent.startsWith('The microphone is blocked.')")

        assert "status" == await here.tab.value("document.querySelector('#progress').getAttribute('role')")
        assert not await here.tab.value("document.querySelector('#call').hidden")
        assert [] == here.tab.complaints()
        assert not here.line.board.full
        assert here.line.board.invite(Purpose.PAGE, "demo", None)
        assert here.line.board.invite(Purpose.PAGE, "demo", None)


async def test_a_full_line_is_told_in_a_sentence(tmp_path: Path) -> None:
    async with desk(tmp_path, ALLOWED, calls=1) as here:
        here.line.board.invite(Purpose.PAGE, "demo", None)
        await here.tab.until("!document.querySelector('#call').disabled")
        await here.tab.click("#call")
        await here.tab.until(
            "document.querySelector('#progress').textContent === 'All lines are busy. Try again in a minute.'"
        )


async def test_a_line_that_dies_is_told_in_a_sentence(tmp_path: Path) -> None:
    async with chromium(tmp_path / "profile", ALLOWED) as browser:
        async with page_line() as line:
            here = Desk(line, browser, await browser.open(line.url))
            await here.call()
        await here.tab.until("document.querySelector('#progress').textContent.startsWith('The connection was lost.')")
        await here.tab.click("#call")
        await here.tab.until(
            "document.querySelector('#progress').textContent.startsWith('The line cannot be reached.')"
        )

        assert await here.tab.value("document.querySelector('#progress').classList.contains('trouble')")


async def test_a_screen_reader_speaks_over_the_call_only_where_it_is_asked_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        live = "document.querySelector('#floor').getAttribute('aria-live')"
        silent = await here.tab.value(live)
        await here.tab.click("#announce")

        assert ["off", "polite"] == [silent, await here.tab.value(live)]


async def test_the_page_works_for_a_screen_reader_and_on_a_small_screen(tmp_path: Path) -> None:
    async with desk(tmp_path, width=360, height=640) as here:
        await here.tab.until("!document.querySelector('#call').disabled")
        tree = (await here.tab.call("Accessibility.getFullAXTree"))["nodes"]
        named = [(node["role"]["value"], node["name"]["value"]) for node in tree if "name" in node]
        small = """[...document.querySelectorAll('button:not([hidden]), label')]
            .map(e => e.getBoundingClientRect()).filter(box => box.width < 44 || box.height < 44).length"""

        assert ("button", "Call") in named
        assert {"1", "2", "star", "pound", "0, asks for a person"} <= {name for role, name in named if role == "button"}
        assert [("meter", "You"), ("meter", "Assistant")] == [each for each in named if each[0] == "meter"]
        assert "" not in {name for role, name in named if role in {"button", "meter", "checkbox"}}
        assert 0 == await here.tab.value(small)
        assert await here.tab.value("document.documentElement.scrollWidth <= innerWidth")
        assert await here.tab.value("document.querySelector('#keypad').getBoundingClientRect().bottom <= innerHeight")
        text = await here.tab.text("body")
        assert "demonstration" in text
        assert "call\u00a0911" in text


async def send(line: PageLine, event: str, **fields: Any) -> None:
    """Say something the pacing of a leg would never say."""
    assert line.leg is not None
    sid = line.leg._stream._stream_sid
    assert sid is not None
    await line.leg._socket.send(json.dumps({"event": event, "streamSid": sid.reveal()} | fields))


def marks(sent: list[dict[str, Any]]) -> list[str]:
    return [said["mark"]["name"] for said in sent if said["event"] == "mark"]
