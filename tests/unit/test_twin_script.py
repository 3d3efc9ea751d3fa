"""Scripts of callers: a closed schema with clear refusals; every shipped script can be spoken."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from telephony.twin.hearing import audible_runs
from telephony.twin.script import (
    BargeIn,
    Drop,
    HangUp,
    Key,
    MmHm,
    Pause,
    Say,
    SayFile,
    Script,
    ScriptRefused,
    Silence,
    Stall,
    Wait,
    WaitFor,
    parse_script,
    read_script,
)
from telephony.twin.voices import VoiceMissing, Voices
from telephony.twin.voices.build import SCRIPTS, sentences

HERE = Path("scripts")


def parsed(steps: str) -> Script:
    return parse_script(f"steps = [ {steps} ]", HERE)


def test_each_kind_of_step_is_read() -> None:
    script = parsed("""
      { wait = "greeting_end", timeout_ms = 9000, quiet_ms = 300 },
      { say = "May I | walk?", pause_ms = 800, expect = ["walk"], cut_after_ms = 400 },
      { pause_ms = 500 },
      { file = "question.wav" },
      { barge_in_after_ms = 900, say = "Sorry." },
      { mmhm_after_ms = 700 },
      { dtmf = "0" },
      { silence_ms = 1000 },
      { stall = true }, { drop = true }, { hang_up = true }
    """)
    wait, say, pause, file, barge_in, mmhm, key, silence, stall, drop, hang_up = script.steps
    assert Wait(WaitFor.GREETING_END, 9_000, 300) == wait
    assert Say("May I | walk?", 800, 400, ("walk",)) == say
    assert Pause(500) == pause
    assert SayFile(HERE / "question.wav") == file
    assert isinstance(barge_in, BargeIn)
    assert (900, Say("Sorry.")) == (barge_in.after_ms, barge_in.sound)
    assert isinstance(mmhm, MmHm)
    assert 700 == mmhm.after_ms
    assert [Key("0"), Silence(1_000), Stall(), Drop(), HangUp()] == [key, silence, stall, drop, hang_up]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("=", "not TOML"),
        ("a = 1", "unknown key 'a'"),
        ("name = 'x'", "'steps'"),
        ("steps = []", "'steps'"),
        ("voice = 'kal'\nsteps = [ { hang_up = true } ]", "'voice' one of awb, rms, slt"),
        ("limit_s = 0\nsteps = [ { hang_up = true } ]", "'limit_s'"),
        ("steps = [ 1 ]", "step 1: a step is"),
        ("steps = [ { hang_up = true }, { sing = 'la' } ]", "step 2: a step has one of"),
        ("steps = [ { say = 'Hello.', volume = 3 } ]", "step 1: unknown key 'volume' beside 'say'"),
        ("steps = [ { wait = 'forever' } ]", "'wait' is one of"),
        ("steps = [ { say = '...' } ]", "'say' is a sentence"),
        ("steps = [ { say = 'May I | walk?' } ]", "go together"),
        ("steps = [ { say = 'May I walk?', pause_ms = 3 } ]", "go together"),
        ("steps = [ { pause_ms = -1 } ]", "'pause_ms' is a whole number"),
        ("steps = [ { silence_ms = true } ]", "'silence_ms' is a whole number"),
        ("steps = [ { barge_in_after_ms = 5 } ]", "needs a 'say' or a 'file'"),
        ("steps = [ { dtmf = '00' } ]", "'dtmf' is one key"),
        ("steps = [ { dtmf = 0 } ]", "'dtmf' is one key"),
        ("steps = [ { hang_up = false } ]", "can only be true"),
        ("steps = [ { say = 'Hi.', expect = 'x' } ]", "'expect' is a list"),
        ("steps = [ { file = 3 } ]", "'file' is the path"),
    ],
)
def test_a_wrong_script_is_refused_with_a_sentence_that_says_where(text: str, sentence: str) -> None:
    with pytest.raises(ScriptRefused) as refused:
        parse_script(text, HERE)
    assert sentence in str(refused.value)


def test_a_missing_script_is_refused() -> None:
    with pytest.raises(ScriptRefused, match="cannot be read"):
        read_script(HERE / "none.toml")


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_script_can_be_spoken_without_flite(path: Path) -> None:
    script = read_script(path)
    assert path.stem == script.name
    for text in sentences(script):
        assert audible_runs(Voices().say(script.voice, text, 500))


def test_a_pause_in_one_rendering_is_as_long_as_the_script_says() -> None:
    said = "Thank you. And how should I | store my insulin at home?"
    whole, paused = (audible_runs(Voices().say("slt", said, ms), bridge_ms=300) for ms in (0, 800))
    assert len(whole) + 1 == len(paused)
    gaps = [(start - end) / 8 for (_, end), (start, _) in itertools.pairwise(paused)]
    assert any(800 <= gap < 950 for gap in gaps)


def test_a_sentence_that_nobody_rendered_is_named_by_what_to_do_about_it() -> None:
    with pytest.raises(VoiceMissing, match="install flite") as missing:
        Voices().say("slt", "A sentence that is not there.")
    assert "sentence that is not there" not in str(missing.value)


def test_what_a_caller_says_does_not_print() -> None:
    assert "walk" not in repr(parsed("{ say = 'May I walk?' }"))
    assert "walk" not in repr(parsed("{ barge_in_after_ms = 5, say = 'May I walk?' }"))
