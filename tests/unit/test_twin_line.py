"""What the line adds to a voice, and what the carrier understands of TwiML and signs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from telephony.audio import Int16, level_dbfs
from telephony.twin.line_noise import SPEECH_DBFS, Conditions, Floor, NoiseKind, late_ms, lost, noise
from telephony.twin.mouth import Mouth
from telephony.twin.playback import Playback
from telephony.twin.twiml_reader import (
    ConnectStream,
    Dial,
    Gather,
    Hangup,
    Pause,
    Redirect,
    Reject,
    Say,
    TwimlReason,
    TwimlRefused,
    read_twiml,
)
from telephony.twin.webhook import reached, signature

CLEAN = Conditions()


def frames(mouth: Mouth, n: int) -> Int16:
    return np.concatenate([mouth.frame() for _ in range(n)])


def mouth_on(conditions: Conditions, recorded: Int16 | None = None) -> Mouth:
    return Mouth(conditions, deaf, Floor(conditions, recorded))


def deaf(start: int, end: int) -> Int16:
    return np.zeros(end - start, np.int16)


@pytest.mark.parametrize("kind", list(NoiseKind))
def test_noise_has_the_level_asked_for_and_the_telephone_s_band(kind: NoiseKind) -> None:
    sound = noise(kind, -32.0, seed=3, seconds=10)
    assert abs(level_dbfs(sound) + 32.0) < 0.3
    power = np.abs(np.fft.rfft(sound.astype(float))) ** 2
    below = power[: 250 * 10].sum() / power.sum()
    assert below < 0.02
    assert noise(kind, -32.0, seed=3, seconds=10).tolist() == sound.tolist()
    assert noise(kind, -32.0, seed=4, seconds=10).tolist() != sound.tolist()


def test_a_quiet_line_is_quiet_but_not_dead() -> None:
    level = level_dbfs(frames(mouth_on(CLEAN), 50))
    assert -75 < level < -60


def test_noise_stands_under_the_speech_by_the_ratio() -> None:
    level = level_dbfs(frames(mouth_on(Conditions(noise_snr_db=10.0)), 1_500))
    assert abs(level - (SPEECH_DBFS - 10.0)) < 1.0


def test_recorded_noise_is_brought_to_the_same_level() -> None:
    loop = (3_000 * np.sin(np.arange(8_000))).astype(np.int16)
    level = level_dbfs(frames(mouth_on(Conditions(noise_snr_db=10.0), loop), 100))
    assert abs(level - (SPEECH_DBFS - 10.0)) < 0.1


def test_a_voice_goes_out_at_its_sample() -> None:
    mouth = mouth_on(CLEAN)
    assert 333 == mouth.say(333, np.full(500, 9_000, np.int16))
    sound = frames(mouth, 10)
    loud = np.flatnonzero(np.abs(sound) > 5_000)
    assert (333, 832, 500) == (loud[0], loud[-1], len(loud))
    assert 1_600 == mouth.say(0, np.ones(3, np.int16))  # what has gone out is past


def test_her_microphone_picks_the_agent_up_later_and_softer() -> None:
    ear = Playback()
    ear.append(1_000, np.full(400, 10_000, np.int16))
    conditions = Conditions(echo_db=-20.0, echo_delay_ms=120)
    sound = frames(Mouth(conditions, ear.heard, Floor(conditions)), 20)
    loud = np.flatnonzero(sound > 900)
    assert (1_960, 2_359) == (loud[0], loud[-1])
    assert abs(int(sound[2_000]) - 1_000) < 100


def test_lost_frames_are_silent_and_always_the_same_ones() -> None:
    conditions = Conditions(loss=0.3, noise_snr_db=10.0)
    mouth = mouth_on(conditions)
    silent = [not mouth.frame().any() for _ in range(300)]
    assert [lost(conditions, n) for n in range(300)] == silent
    assert 60 < sum(silent) < 120


@given(st.integers(0, 10_000))
def test_jitter_stays_within_its_bound(frame: int) -> None:
    assert 0.0 <= late_ms(Conditions(jitter_ms=60.0), frame) <= 60.0
    assert 0.0 == late_ms(CLEAN, frame)


def test_an_impossible_line_is_refused() -> None:
    for wrong in ({"loss": 1.0}, {"jitter_ms": -1.0}, {"echo_delay_ms": 0}):
        with pytest.raises(ValueError, match="loss is"):
            Conditions(**wrong)


def test_the_carrier_follows_each_verb() -> None:
    verbs = read_twiml("""<?xml version="1.0" encoding="UTF-8"?>
      <Response>
        <Connect action="/ended"><Stream url="wss://a.example/media" statusCallback="/status">
          <Parameter name="t" value="x"/></Stream></Connect>
        <Say>One <break/> two</Say><Pause length="2"/><Dial timeout="20" action="/after">+15550100001</Dial>
        <Dial><Number>+15550100002</Number></Dial>
        <Gather action="/keys"><Say>Press 1</Say></Gather><Redirect>/safe</Redirect><Hangup/><Reject/>
      </Response>""")
    connect, say, pause, dial, number, gather, redirect, hangup, reject = verbs
    assert ConnectStream("wss://a.example/media", {"t": "x"}, "/ended", "/status") == connect
    assert isinstance(say, Say)
    assert "One two" == say.text
    assert Dial("+15550100001", "/after", 20) == dial
    assert Dial("+15550100002", None, 30) == number
    assert isinstance(gather, Gather)
    assert [Pause(2), Redirect("/safe"), Hangup(), Reject()] == [pause, redirect, hangup, reject]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("busy", TwimlReason.NOT_XML),
        ("<html/>", TwimlReason.NOT_RESPONSE),
        ("<Response><Sing/></Response>", TwimlReason.UNKNOWN_VERB),
        ("<Response><Connect/></Response>", TwimlReason.NO_STREAM),
        ("<Response><Connect><Stream url='wss://a/?t=1'/></Connect></Response>", TwimlReason.QUERY),
        (
            "<Response><Connect><Stream url='wss://a'>"
            f"<Parameter name='t' value='{'x' * 499}'/></Stream></Connect></Response>",
            TwimlReason.PARAMETER,
        ),
        ("<Response><Dial/></Response>", TwimlReason.NO_NUMBER),
        (f"<Response><Say>{'x' * 70_000}</Say></Response>", TwimlReason.TOO_LONG),
    ],
)
def test_what_the_carrier_would_not_follow_is_refused(text: str, reason: TwimlReason) -> None:
    with pytest.raises(TwimlRefused) as refused:
        read_twiml(text)
    assert reason is refused.value.reason


@given(st.dictionaries(st.text("abcXYZ", min_size=1), st.text(max_size=8), max_size=6))
def test_the_signature_is_the_one_that_twilio_s_own_package_computes(form: dict[str, str]) -> None:
    url = "https://line.example.org/twilio/voice"
    assert RequestValidator("secret").compute_signature(url, form) == signature("secret", url, form)


def test_a_public_url_is_reached_on_loopback_by_its_path() -> None:
    assert "ws://127.0.0.1:81/m" == reached("wss://a.example/m", "http://127.0.0.1:81")
    assert "https://127.0.0.1:81/v?x=1" == reached("https://a.example/v?x=1", "https://127.0.0.1:81")
    assert "wss://a.example/m" == reached("wss://a.example/m", None)
