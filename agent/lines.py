"""The lines that are answered: one agent file each, a closed schema, every wrong file refused in one sentence.

The number that was called picks the agent.
"""

from __future__ import annotations

import contextlib
import enum
import re
import tomllib
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from policies.outreach import EPOCH, Campaign
from policies.records import AGENT, MODEL, Engine
from policies.retention import Retention
from policies.right_party_wording import HOSPITAL

E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")  # ITU-T E.164: at most 15 digits, the first not 0
US: Final = re.compile(r"\+1[2-9][0-9]{9}", re.ASCII)  # E.164 of the United States: no other number is called
MODEL_NAME: Final = re.compile(MODEL.pattern, re.ASCII)
SPOKEN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z' -]{0,29}")
LARGEST_FILE_BYTES: Final = 65_536
LONGEST_PATH: Final = 1_000

LICENSED: Final = frozenset(
    "doctor dr physician surgeon md do mbbs nurse rn lpn lvn aprn np crnp cnm cna np-c midwife pa pa-c "
    "pharmacist pharmd rph therapist psychologist psychiatrist psyd counselor counsellor lcsw dentist dds dmd "
    "optometrist podiatrist dpm chiropractor dc paramedic medic emt clinician practitioner dietitian rd".split()
)
"""Titles that a licensed person holds; an automated voice may imply none (California AB 489 and laws like it)."""

KEEPING: Final = frozenset("recorded recording recordings transcript transcripts transcribed".split())
"""Words of what is kept of a call: `agent.disclosing` says that, as it is, after a hospital's own greeting."""


class AgentFileRefused(Exception):
    """An agent file doesn't hold together.  The message is one sentence that names the file and the key."""

    def __init__(self, message: str, key: str = "", rule: str = "") -> None:
        super().__init__(message)
        self.key = key
        """Which of our own keys; empty for one that we don't have, and for the whole file."""
        self.rule = rule
        """What is wrong with it, in fixed words that hold nothing of the file; empty likewise."""


class AgentState(enum.Enum):
    """Whether patients may rely on it."""

    DRAFT = "draft"
    """Its greeting says that it is a demonstration; unapproved passages may be spoken."""
    LIVE = "live"
    """Every passage is approved and in date, or it doesn't start."""


class Workflow(enum.Enum):
    """What the call is for: each has its file in the folder of workflows (`agent/workflows.py`)."""

    NONE = "none"
    """Nothing is asked; it has no file."""
    INBOUND_QUESTIONS = "inbound_questions"
    POST_DISCHARGE = "post_discharge"
    MEDICATION = "medication"
    INTAKE = "intake"
    PRE_PROCEDURE = "pre_procedure"
    POST_VISIT = "post_visit"
    CHRONIC_CHECK_IN = "chronic_check_in"
    SYMPTOM_ROUTING = "symptom_routing"


@dataclass(frozen=True, slots=True)
class Outreaching:
    """What an agent that places calls says in its file."""

    campaign: Campaign
    spoken_number: str
    """The hospital's main number, as it is spoken: "202, 555, 0143"."""
    leaves_message: bool
    """On a machine; else it is hung up on."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent file, checked."""

    name: str
    """The file's name; what metrics call it."""
    hospital: str
    """As it is spoken."""
    assistant_name: str
    """As it is spoken; empty for none.  Never a licensed title."""
    numbers: tuple[str, ...]
    """The numbers it answers, E.164."""
    nurse_number: str
    """Where a person is fetched, E.164."""
    time_zone: zoneinfo.ZoneInfo
    greeting: str
    """Its own greeting, holding the disclosure; empty for the fixed one (`agent/phrases.py`)."""
    voice: str
    """A Piper voice; empty for the one of the settings."""
    speaking_rate: float
    """1 is the voice's own; 0.9 is slower."""
    engine: Engine
    model: str
    """The hosted model's name; empty for the engine `approved`."""
    knowledge: Path
    """The folder of its passages."""
    retention: Retention
    workflow: Workflow
    state: AgentState
    on_call: str = ""
    """The name of the list of nurses who are rung (`agent/on_call.py`); empty: the carrier dials `nurse_number`."""
    identify: bool = False
    """It may ask a caller who she is and tell her what her own record says, where there is a source of records."""
    outreach: Outreaching | None = None
    """The calls that it places, where there is a list of whom to call; None: it places none."""


@dataclass(frozen=True, slots=True)
class Lines:
    """All agents, by the numbers they answer."""

    agents: tuple[Agent, ...]
    """In the order of their names; at least one."""

    def answering(self, number: str) -> Agent | None:
        """The agent of the number that was called, if there is one."""
        return next((agent for agent in self.agents if number in agent.numbers), None)

    @property
    def default(self) -> Agent:
        """Who answers where no number was called: the phone page and the development profile."""
        return self.agents[0]


def load(folder: Path, more: Mapping[str, Mapping[str, Any]] | None = None) -> Lines:
    """Every `*.toml` of the folder, and agents made over the network.  Raises `AgentFileRefused`.

    more: their keys by their names, as the keeper has them.
    """
    agents = [read(file) for file in sorted(folder.glob("*.toml"))]
    if not agents:
        raise AgentFileRefused("put at least one agent file (*.toml) into the folder that QUIETLINE_AGENTS names")
    shipped = {agent.name for agent in agents}
    for name, table in sorted((more or {}).items()):
        if name in shipped:
            raise AgentFileRefused(f"{name}.toml: is in the folder of QUIETLINE_AGENTS and in the state's: remove one")
        agents.append(read_table(folder / f"{name}.toml", table))
    return together(agents)


def together(agents: Sequence[Agent]) -> Lines:
    """What holds of all of them at once.  Raises `AgentFileRefused`."""
    answered: dict[str, str] = {}
    for agent in agents:
        for number in agent.numbers:
            if number in answered:
                raise AgentFileRefused(
                    f"{agent.name}.toml: numbers: one is answered by {answered[number]}.toml too",
                    "numbers",
                    "one is answered by another agent too",
                )
            answered[number] = agent.name
    calling = [agent for agent in agents if agent.outreach is not None]
    if len(calling) > 1:
        rule = "only one agent calls the hospital's list"
        raise AgentFileRefused(f"{calling[1].name}.toml: calls_from: {rule}", "calls_from", rule)
    for agent in agents:
        if agent.nurse_number in answered:
            rule = "is answered by an agent, no person would come"
            raise AgentFileRefused(f"{agent.name}.toml: nurse_number: {rule}", "nurse_number", rule)
    return Lines(tuple(agents))


def read(file: Path) -> Agent:
    """One agent file.  Raises `AgentFileRefused`."""
    return _Reader(file, table_of(file)).agent()


def read_table(file: Path, table: Mapping[str, Any]) -> Agent:
    """The agent that keys from the network make.  Raises `AgentFileRefused`.

    They go live without being sent again, so a greeting of their own may be that of a live agent: until then the fixed
    one is spoken, which says that it is a demonstration.
    """
    draft = table.get("state") == AgentState.DRAFT.value
    hidden = draft and not discloses(str(table.get("greeting", "")), AgentState.DRAFT)
    return _Reader(file, {**table, "greeting": ""} if hidden else table).agent()


def table_of(file: Path) -> Mapping[str, Any]:
    """An agent file's keys, unchecked.  Raises `AgentFileRefused`."""
    if re.fullmatch(AGENT.pattern, file.stem, re.ASCII) is None:
        raise AgentFileRefused("name agent files with small letters, digits and hyphens, starting with a letter")
    content = None
    with contextlib.suppress(OSError), file.open("rb") as opened:
        content = opened.read(LARGEST_FILE_BYTES + 1)
    if content is None:
        raise AgentFileRefused(f"{file.name}: is not a file that can be read")
    return table_in(content, file.stem)


def table_in(content: bytes, name: str) -> Mapping[str, Any]:
    """Likewise of a file's content.  Raises `AgentFileRefused`."""
    table: Mapping[str, Any] | None = None
    if len(content) <= LARGEST_FILE_BYTES:
        with contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            table = tomllib.loads(content.decode("utf-8"))
    if table is None:
        raise AgentFileRefused(f"{name}.toml: is not TOML in UTF-8 of at most 64 KiB")
    return table


def discloses(greeting: str, state: AgentState) -> bool:
    """A draft's own greeting says that it is a demonstration."""
    return state is AgentState.LIVE or not _words(greeting) or "demonstration" in _words(greeting)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.casefold()))


_E = TypeVar("_E", bound=enum.Enum)


class _Reader:
    """Takes each key once and refuses what is left."""

    def __init__(self, file: Path, table: Mapping[str, Any]) -> None:
        self._file = file
        self._left = dict(table)

    def agent(self) -> Agent:
        self._must(self._text("name") == self._file.stem, "name", "is not the file's name")
        state = self._one_of("state", AgentState)
        engine = self._one_of("engine", Engine)
        agent = Agent(
            name=self._file.stem,
            hospital=self._text("hospital"),
            assistant_name=self._assistant_name(),
            numbers=self._numbers(),
            nurse_number=self._number("nurse_number", self._take("nurse_number")),
            time_zone=self._time_zone(),
            greeting=self._greeting(state),
            voice=self._text("voice", default=""),
            speaking_rate=self._speaking_rate(),
            engine=engine,
            model=self._model(engine),
            knowledge=self._knowledge(),
            retention=self._retention(),
            workflow=self._one_of("workflow", Workflow),
            state=state,
            on_call=self._text("on_call", default="", longest=32),
            identify=self._flag("identify"),
            outreach=self._outreach(),
        )
        if agent.outreach is not None:
            called_back = bool(agent.numbers) and bool(agent.on_call)
            self._must(called_back, "calls_from", "needs a number of its own, and a list of nurses in on_call")
            self._must(HOSPITAL.fullmatch(agent.hospital) is not None, "hospital", "must be a name, as it is spoken")
        for key in self._left:
            raise AgentFileRefused(f"{self._file.name}: {key[:40]!a}: no such key", rule="there is no such key")
        return agent

    def _must(self, holds: bool, key: str, what: str) -> None:
        if not holds:
            raise AgentFileRefused(f"{self._file.name}: {key}: {what}", key, what)

    def _take(self, key: str, default: Any = None) -> Any:
        value = self._left.pop(key, default)
        self._must(value is not None, key, "is missing")
        return value

    def _text(self, key: str, default: str | None = None, longest: int = 80) -> str:
        """One printable line; empty only where that is the default."""
        value = self._take(key, default)
        fits = isinstance(value, str) and value.isprintable() and value == value.strip() and len(value) <= longest
        self._must(fits and (bool(value) or default is not None), key, f"must be one line of 1 to {longest} characters")
        return str(value)

    def _outreach(self) -> Outreaching | None:
        """Calls of its own; none where it names no first day."""
        first, last = self._day("calls_from"), self._day("calls_until")
        main, message = self._text("main_number", default=""), self._flag("leaves_message")
        if first is None and last is None:
            return None
        self._must(first is not None and last is not None, "calls_until", "must stand beside calls_from")
        assert first is not None  # for mypy: `_must` has raised
        assert last is not None
        self._must(first <= last, "calls_until", "must not be before calls_from")
        self._must(US.fullmatch(main) is not None, "main_number", "must be a number of the United States in E.164")
        return Outreaching(Campaign(first, last), f"{main[2:5]}, {main[5:8]}, {main[8:]}", message)

    def _day(self, key: str) -> int | None:
        """In days since 1970-01-01; None where it is empty."""
        text = self._text(key, default="", longest=10)
        found = None
        with contextlib.suppress(ValueError):
            found = date.fromisoformat(text)
        self._must(not text or (found is not None and len(text) == 10), key, "must be a day such as 2026-01-31")
        return None if found is None else (found - EPOCH).days

    def _flag(self, key: str) -> bool:
        value = self._take(key, False)
        self._must(isinstance(value, bool), key, "must be true or false")
        return bool(value)

    def _one_of(self, key: str, of: type[_E]) -> _E:
        value = self._text(key)
        self._must(value in {member.value for member in of}, key, "must be " + " or ".join(m.value for m in of))
        return of(value)

    def _number(self, key: str, value: object) -> str:
        self._must(isinstance(value, str) and E164.fullmatch(value) is not None, key, "must be E.164, as +12025550142")
        return str(value)

    def _numbers(self) -> tuple[str, ...]:
        value = self._take("numbers")
        self._must(isinstance(value, list), "numbers", "must be a list")
        numbers: Sequence[str] = [self._number("numbers", number) for number in value]
        self._must(len(set(numbers)) == len(numbers), "numbers", "holds one twice")
        return tuple(numbers)

    def _assistant_name(self) -> str:
        name = self._text("assistant_name", default="")
        self._must(not name or SPOKEN_NAME.fullmatch(name) is not None, "assistant_name", "must be letters and spaces")
        licensed = LICENSED & set(re.split(r"[ ']+", name.casefold()))
        licensed |= LICENSED & set(re.split(r"[ '-]+", name.casefold()))
        self._must(not licensed, "assistant_name", "must hold no licensed title")
        return name

    def _greeting(self, state: AgentState) -> str:
        """The fixed greeting discloses; one of the hospital's own must do the same, but for what is kept."""
        value = self._take("greeting", "")
        fits = isinstance(value, str) and (value == "" or (value.isprintable() and 20 <= len(value) <= 400))
        self._must(fits, "greeting", "must be one line of 20 to 400 characters")
        words = _words(str(value))
        if words:
            self._must("automated" in words, "greeting", "must say that this is an automated assistant")
            self._must(bool(words & {"nurse", "person"}), "greeting", "must say how to reach a nurse or a person")
            self._must(not words & KEEPING, "greeting", "must not say what is kept: that is said after it")
            said = discloses(str(value), state)
            self._must(said, "greeting", "must say that this is a demonstration while the state is draft")
        return str(value)

    def _speaking_rate(self) -> float:
        value = self._take("speaking_rate", 1.0)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0.7 <= value <= 1.3
        self._must(fits, "speaking_rate", "must be a number from 0.7 to 1.3")
        return float(value)

    def _time_zone(self) -> zoneinfo.ZoneInfo:
        name = self._text("time_zone")
        with contextlib.suppress(KeyError, ValueError, OSError):  # not found; not a key; a folder's name
            return zoneinfo.ZoneInfo(name)
        rule = "must be a name such as America/New_York"
        raise AgentFileRefused(f"{self._file.name}: time_zone: {rule}", "time_zone", rule)

    def _model(self, engine: Engine) -> str:
        model = self._text("model", default="")
        if engine is Engine.APPROVED:
            self._must(not model, "model", "belongs to a hosted engine; approved has none")
        else:
            self._must(MODEL_NAME.fullmatch(model) is not None, "model", "must name the hosted model")
        return model

    def _knowledge(self) -> Path:
        folder = None
        with contextlib.suppress(OSError, RuntimeError):  # a name too long; links in a circle
            found = (self._file.parent / self._text("knowledge", longest=LONGEST_PATH)).resolve()
            folder = found if found.is_dir() else None
        self._must(folder is not None, "knowledge", "must be a folder, seen from the agent file")
        assert folder is not None  # for mypy: `_must` has raised
        return folder

    def _retention(self) -> Retention:
        """What the file allows: the keeper's policy and the workspace's may be stricter."""
        levels = {level.name.lower(): level for level in reversed(Retention)}
        level = levels.get(self._text("retention"))
        self._must(level is not None, "retention", "must be " + " or ".join(levels))
        assert level is not None  # for mypy: `_must` has raised
        return level
