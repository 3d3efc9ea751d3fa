"""What a caller does in a call, as a small TOML file.  A closed schema: an unknown key is refused.

    name = "newcomer"
    voice = "slt"                                   # a folder of voices/
    steps = [
      { wait = "greeting_end" },
      { say = "How do I store | my insulin at home?", pause_ms = 800, expect = ["refrigerator", "fridge"] },
      { mmhm_after_ms = 1200 },
      { wait = "reply_end" },
      { barge_in_after_ms = 900, say = "Sorry, can I ask something else?" },
      { dtmf = "0" },
      { hang_up = true },
    ]

Neighbouring `say`, `file` and `pause_ms` steps are one turn of the caller.  `|` inside a sentence is a pause of
`pause_ms` at that word boundary, cut into one rendering, so that her voice does not fall before it; a `pause_ms`
step between two `say` steps is a pause between two sentences that were each spoken to their end.  A `say` in square
brackets holds flite's phones, for sounds that are no words: `[m m hh m m]`, the default of `mmhm_after_ms`.
"""

from __future__ import annotations

import contextlib
import enum
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


class ScriptRefused(ValueError):
    """A script that cannot be followed; the message says which step and what to write instead."""


class WaitFor(enum.Enum):
    """What the caller waits for, by ear."""

    GREETING_END = "greeting_end"
    """The agent has spoken since the call began, and is quiet."""
    REPLY_START = "reply_start"
    """The agent is heard after the caller's last turn."""
    REPLY_END = "reply_end"
    """The agent was heard after the caller's last turn, and is quiet."""
    QUIET = "quiet"
    """The agent is quiet, whether it spoke or not."""
    CLOSED = "closed"
    """The agent ends the stream (a hand-over to a person, a goodbye)."""


@dataclass(frozen=True, slots=True, repr=False)
class Say:
    """Words in the script's voice.  `|` stands for a pause of `pause_ms`; `[...]` holds phones instead of words."""

    text: str
    pause_ms: int = 0
    cut_after_ms: int | None = None
    """Break off after this much sound, mid-word or not."""
    expect: tuple[str, ...] = ()
    """The reply, transcribed, should hold at least one of these."""


@dataclass(frozen=True, slots=True, repr=False)
class SayFile:
    """A sound file, beside the script unless absolute."""

    path: Path
    cut_after_ms: int | None = None
    expect: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence in the middle of a turn."""

    ms: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Listen until `what`; quiet means nothing audible for `quiet_ms`.  Gives up after `timeout_ms`."""

    what: WaitFor
    timeout_ms: int
    quiet_ms: int
    min_ms: int = 0
    """Less sound than this is a filler ("one moment"), not yet a reply."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """Speak this long after the reply to the last turn began."""

    after_ms: int
    sound: Say | SayFile
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class MmHm:
    """Agree this long after the reply to the last turn began, without wanting the floor."""

    after_ms: int
    sound: Say
    timeout_ms: int


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A key on the telephone."""

    digit: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing for this long."""

    ms: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the receiver down, even in the middle of a word (after a `say` with `cut_after_ms`)."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The network between carrier and agent breaks with a reset: no `stop`, no closing handshake."""


@dataclass(frozen=True, slots=True)
class Stall:
    """The network goes dead without a sign: the socket stays open, no frame comes any more."""


Step = Say | SayFile | Pause | Wait | BargeIn | MmHm | Key | Silence | HangUp | Drop | Stall


@dataclass(frozen=True, slots=True)
class Script:
    """One caller."""

    name: str
    voice: str
    steps: tuple[Step, ...]
    limit_s: int
    """The caller hangs up after this long whatever happens."""


VOICES: Final = ("slt", "rms", "awb")
TIMEOUT_MS: Final = 30_000  # a caller who waits in vain for this long gives up; the greeting takes up to 20 s
QUIET_MS: Final = 1_200  # longer than the agent's breath between two sentences
LIMIT_S: Final = 180
MMHM: Final = "[m m hh m m]"  # phones: a synthesiser spells "mm-hm" out
LONGEST_MS: Final = 600_000

_SCRIPT_KEYS: Final = {"name", "voice", "about", "limit_s", "steps"}
_STEP_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "barge_in_after_ms": frozenset({"say", "file", "pause_ms", "cut_after_ms", "expect", "timeout_ms"}),
    "mmhm_after_ms": frozenset({"say", "timeout_ms"}),
    "say": frozenset({"pause_ms", "cut_after_ms", "expect"}),
    "file": frozenset({"cut_after_ms", "expect"}),
    "wait": frozenset({"timeout_ms", "quiet_ms", "min_ms"}),
    "dtmf": frozenset(),
    "silence_ms": frozenset(),
    "hang_up": frozenset(),
    "drop": frozenset(),
    "stall": frozenset(),
    "pause_ms": frozenset(),
}
"""What a step is (the first of these that it holds) and what else it may hold."""


def read_script(path: Path) -> Script:
    """Raises `ScriptRefused`."""
    text = None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = path.read_text("utf-8")
    if text is None:
        raise ScriptRefused("the script file cannot be read")
    return parse_script(text, path.parent)


def parse_script(text: str, folder: Path) -> Script:
    """folder: where the script's sound files are looked for.  Raises `ScriptRefused`."""
    content = None
    with contextlib.suppress(tomllib.TOMLDecodeError):
        content = tomllib.loads(text)
    if content is None:
        raise ScriptRefused("the script is not TOML")
    if unknown := sorted(content.keys() - _SCRIPT_KEYS):
        raise ScriptRefused(f"unknown key '{unknown[0]}'; a script has {_listed(_SCRIPT_KEYS)}")
    name, voice = content.get("name", "caller"), content.get("voice", VOICES[0])
    if not isinstance(name, str) or voice not in VOICES:
        raise ScriptRefused(f"'name' is a text, 'voice' one of {_listed(VOICES)}")
    limit_s = content.get("limit_s", LIMIT_S)
    if not _is_count(limit_s, 1, LONGEST_MS // 1000):
        raise ScriptRefused("'limit_s' is a whole number from 1 to 600")
    steps = content.get("steps")
    if not isinstance(steps, list) or not steps:
        raise ScriptRefused("a script has 'steps', a list of { ... } with at least one of them")
    return Script(name, voice, tuple(_step(n, step, folder) for n, step in enumerate(steps, 1)), limit_s)


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))


def _is_count(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _step(n: int, step: object, folder: Path) -> Step:
    if not isinstance(step, dict):
        raise ScriptRefused(f"step {n}: a step is {{ key = value }}")
    kind = next((key for key in _STEP_KEYS if key in step), None)
    if kind is None:
        raise ScriptRefused(f"step {n}: a step has one of {_listed(_STEP_KEYS)}")
    if unknown := sorted(step.keys() - _STEP_KEYS[kind] - {kind}):
        also = f", which may also have {_listed(_STEP_KEYS[kind])}" if _STEP_KEYS[kind] else ""
        raise ScriptRefused(f"step {n}: unknown key '{unknown[0]}' beside '{kind}'{also}")
    for key, value in step.items():
        if key.endswith("_ms") and not _is_count(value, 0, LONGEST_MS):
            raise ScriptRefused(f"step {n}: '{key}' is a whole number of milliseconds from 0 to {LONGEST_MS}")
    return _made(n, kind, step, folder)


def _made(n: int, kind: str, step: Mapping[str, Any], folder: Path) -> Step:
    timeout_ms = step.get("timeout_ms", TIMEOUT_MS)
    match kind:
        case "say" | "file":
            return _sound(n, step, folder)
        case "barge_in_after_ms":
            if ("say" in step) == ("file" in step):
                raise ScriptRefused(f"step {n}: 'barge_in_after_ms' needs a 'say' or a 'file'")
            return BargeIn(step[kind], _sound(n, step, folder), timeout_ms)
        case "mmhm_after_ms":
            sound = _sound(n, {"say": step.get("say", MMHM)}, folder)
            assert isinstance(sound, Say)
            return MmHm(step[kind], sound, timeout_ms)
        case "wait":
            if step[kind] not in {w.value for w in WaitFor}:
                raise ScriptRefused(f"step {n}: 'wait' is one of {_listed(w.value for w in WaitFor)}")
            return Wait(WaitFor(step[kind]), timeout_ms, step.get("quiet_ms", QUIET_MS), step.get("min_ms", 0))
        case "dtmf":
            if not isinstance(step[kind], str) or len(step[kind]) != 1 or step[kind] not in "0123456789*#ABCD":
                raise ScriptRefused(f"step {n}: 'dtmf' is one key in quotes: 0 to 9, *, #, A to D")
            return Key(step[kind])
        case "silence_ms":
            return Silence(step[kind])
        case "pause_ms":
            return Pause(step[kind])
    if step[kind] is not True:
        raise ScriptRefused(f"step {n}: '{kind}' can only be true")
    ends: dict[str, Step] = {"hang_up": HangUp(), "drop": Drop(), "stall": Stall()}
    return ends[kind]


def _sound(n: int, step: Mapping[str, Any], folder: Path) -> Say | SayFile:
    expect = step.get("expect", [])
    if not isinstance(expect, list) or not all(isinstance(word, str) and word for word in expect):
        raise ScriptRefused(f"step {n}: 'expect' is a list of words")
    words = tuple(expect)
    if "file" in step:
        if not isinstance(step["file"], str) or not step["file"]:
            raise ScriptRefused(f"step {n}: 'file' is the path of a WAV file")
        return SayFile(folder / step["file"], step.get("cut_after_ms"), words)
    text = step["say"]
    if not isinstance(text, str) or not any(letter.isalpha() for letter in text):
        raise ScriptRefused(f"step {n}: 'say' is a sentence")
    if ("|" in text) != ("pause_ms" in step):
        raise ScriptRefused(f"step {n}: '|' in the sentence and 'pause_ms' beside it go together")
    return Say(text, step.get("pause_ms", 0), step.get("cut_after_ms"), words)
