"""The night's ways to a softphone: what is asked for, what is refused, and whose call is waited for."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

import pytest

from agent import launcher
from agent.settings import from_environment
from telephony.twin import night
from telephony.twin.sip_call import SipCall
from tests.exchanges import OURS, document, town
from tests.virtual_time import at_once

GIVEN = [
    "--webhook",
    "http://127.0.0.1:1/twilio/voice",
    "--carrier-port",
    "2",
    "--called",
    OURS,
    "--nurse",
    "+15550100002",
]


def asked(monkeypatch: pytest.MonkeyPatch, *more: str) -> object:
    monkeypatch.setattr(sys, "argv", ["night", *GIVEN, *more])
    return night.arguments()


@pytest.mark.parametrize("address", ["nurse", "sip:nurse@example.org:5060"])
def test_a_nurse_s_softphone_elsewhere_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        asked(monkeypatch, "--nurse-at", address)
    assert "sip:NAME@127.0.0.1:PORT" in capsys.readouterr().err


def test_without_pjsua2_a_softphone_is_told_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pjsua2", None)
    monkeypatch.delitem(sys.modules, "telephony.twin.pjsip", raising=False)
    monkeypatch.setattr(sys, "argv", ["night", *GIVEN, "--sip", "0"])
    assert night.main() == 1
    assert capsys.readouterr().err == night.WITHOUT_SIP


@dataclass
class OnePhone:
    """A user agent that one softphone calls."""

    port: int = 5070
    done: list[str] = field(default_factory=list)

    async def incoming(self) -> SipCall:
        await asyncio.sleep(30.0)  # of virtual time: she takes her time
        return SipCall(self, came_in=True)

    def respond(self, status: int) -> None:
        self.done.append(f"respond {status}")

    def end(self, status: int) -> None:
        self.done.append(f"end {status}")


def test_the_call_of_the_night_is_the_one_that_the_softphone_makes() -> None:
    told: list[str] = []
    sip = OnePhone()

    async def story() -> None:
        async with town(answers={"/voice": document("<Pause length='2'/>")}) as there:
            calls = night.awaited(night.Night(there.exchange, told.append), OURS, sip)
            phone = await calls()
            await phone.until_over()
            assert ["completed"] == [record.status for record in there.exchange.calls()]

    at_once(story())
    assert sip.done[:2] == ["respond 180", "respond 200"]
    assert "call sip:line@127.0.0.1:5070 with your softphone" in told[0]
    assert "the patient calls" in told[1]


def test_the_launcher_hands_on_who_is_a_softphone_and_refuses_what_does_not_go_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = from_environment(launcher.for_a_night(launcher.for_a_call({})))
    command = launcher._caller(chosen, launcher._asked(["call", "--sip", "5070", "--nurse-at", "sip:n@127.0.0.1:5062"]))
    assert command[-4:] == ["--sip", "5070", "--nurse-at", "sip:n@127.0.0.1:5062"]
    assert "--sip" not in launcher._caller(chosen, launcher._asked(["call"]))
    with pytest.raises(SystemExit, match="2"):
        launcher._asked(["call", "--sip", "5070", "--say", "question.wav"])
    assert "without --say or --script" in capsys.readouterr().err
