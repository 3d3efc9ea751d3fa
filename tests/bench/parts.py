"""The parts of a run: the service is started, callers are placed in their own processes, what they heard is scored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent.phrases import PhraseTexts
from policies.retention import Retention
from telephony.twin.script import VOICES, Script
from telephony.twin.voices import build
from tests.bench import resources, service
from tests.bench.plan import Planned, first_turns, split, to_json, turns_of
from tests.bench.recorded import read
from tests.bench.score import ScoredCall, score
from tests.bench.service import NUMBER, ROOT, Running
from tests.bench.wording import Fixed

TTFT_MS: Final = 300
TOKENS_PER_S: Final = 80
TOGETHER: Final = (
    "How should I look after my catheter at home?",
    "When will I be allowed to drive a car again?",
    "What can I do about being constipated?",
    "Is it all right to have a glass of wine?",
    "How much weight may I lift after my operation?",
    "When are the staples going to be taken out?",
    "Should my wound be covered with a bandage?",
    "What do I do when my sugar is low?",
    "May I sit in the bath tub yet?",
    "How do I get rid of tablets that I no longer need?",
    "What helps when I cannot sleep at night?",
    "Which foods should I stay away from with a weak heart?",
)
"""Asked by the four who stop in one moment: each caller begins at another place."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is placed."""

    alone_turns: int
    """At least so many turns one call at a time."""
    most_turns: int | None
    """Of each script; None: all."""
    scripts: int | None
    """At most so many; None: all."""
    rounds: int
    """In which all four stop together."""
    model_turns: int
    cost_turns: int
    """For each of the services that are compared."""


FULL: Final = Amount(alone_turns=42, most_turns=None, scripts=None, rounds=10, model_turns=24, cost_turns=60)
QUICK: Final = Amount(alone_turns=3, most_turns=3, scripts=5, rounds=2, model_turns=3, cost_turns=6)
COMPARED: Final = (
    ("unguarded", "tests.bench.unguarded", Retention.ZERO),
    ("guarded", "tests.bench.serving", Retention.ZERO),
    ("redacted", "tests.bench.serving", Retention.REDACTED),
)
"""What is compared: the name of the part, the module that serves, and what its agent may keep."""


@dataclass(slots=True)
class Bench:
    """One run of everything that was asked for."""

    amount: Amount
    folder: Path
    voices: Path
    seed: int
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    timings: dict[str, list[dict[str, int]]] = field(default_factory=dict)
    resident_mb_by_call: list[float] = field(default_factory=list)
    start_s: float = 0.0
    spoken_ahead: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the engine: see `Running.spoken_ahead`."""
    idle: dict[str, dict[str, float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    events: dict[str, dict[str, int]] = field(default_factory=dict)

    def part(self, running: Running, job: Mapping[str, Any]) -> None:
        """Places the calls of one part, and meters the line meanwhile."""
        name, out = str(job["part"]), self.folder / "calls"
        out.mkdir(exist_ok=True)
        file = self.folder / f"{name}.json"
        common = {"webhook": running.webhook, "called": NUMBER, "voices": str(self.voices), "out": str(out)}
        file.write_text(json.dumps({**common, "seed": self.seed, **job}), encoding="utf-8")
        began_s = time.monotonic()
        with resources.Meter(running.line) as meter:
            placed = child("tests.bench.calling", str(file), TWILIO_AUTH_TOKEN=running.token)
        told = [json.loads(row) for row in placed.splitlines()]
        self.failed += [f"{name}: {row['name']}: {row['failure']}" for row in told if row["failure"]]
        spent = meter.spent() | {"call_s": sum(row["seconds"] for row in told)}
        self.parts[name] = spent
        ended_s = time.monotonic()
        timings = running.between(began_s, ended_s, "turn_timing")
        self.timings.setdefault(name, []).extend(timings)
        counted = self.events.setdefault(name, {})
        for verdict in running.between(began_s, ended_s, "barge_in"):
            counted[f"overlap {verdict['verdict']}"] = counted.get(f"overlap {verdict['verdict']}", 0) + 1
        for escalated in running.between(began_s, ended_s, "escalated"):
            counted[f"escalated {escalated['reason']}"] = counted.get(f"escalated {escalated['reason']}", 0) + 1
        say(f"  {name}: {len(told)} calls, {ended_s - began_s:.0f} s, load {resources.load():.2f}")

    def talk(self, running: Running, calls: Sequence[Planned]) -> None:
        """One call at a time, then four at once; the same service all along."""
        alone, rest = split(calls, self.amount.alone_turns, self.seed)
        for part, chosen, at_once in (("one", alone, 1), ("four", rest, 4)):
            if chosen:
                job = [to_json(call, self.amount.most_turns) for call in chosen]
                self.part(running, {"part": part, "at_once": at_once, "calls": job})
        self.resident_mb_by_call = running.resident_mb_by_call[:]

    def together(self, running: Running) -> None:
        """Four callers who stop in the same moment."""
        rounds = self.amount.rounds
        texts = [[TOGETHER[(3 * n + k) % len(TOGETHER)] for k in range(rounds)] for n in range(4)]
        callers = [{"name": f"together/{n}", "line": "clean", "voice": VOICES[n % len(VOICES)]} for n in range(4)]
        build.build([(VOICES[n % len(VOICES)], text) for n in range(4) for text in texts[n]], self.voices)
        self.part(running, {"part": "together", "at_once": 4, "calls": callers, "rounds": texts})

    def cost(self, calls: Sequence[Planned]) -> None:
        """The same calls, four at once, to each of `COMPARED`; there and back again.

        Raises `ServiceFailed` where a service kept what it may not, or nothing though it may.
        """
        job = [to_json(call, self.amount.most_turns) for call in calls]
        for again, order in (("", COMPARED), ("-again", COMPARED[::-1])):
            for name, module, retention in order:
                folder = self.folder / f"{name}{again}"
                with service.running(folder, serving=module, retention=retention) as running:
                    self.part(running, {"part": f"{name}{again}", "at_once": 4, "calls": job})
                if bool(kept := service.transcripts(folder)) is not (retention is Retention.REDACTED):
                    raise service.ServiceFailed(f"with retention {retention.value}, {kept} transcripts were kept")

    def model(self, calls: Sequence[Planned]) -> None:
        """A service with a language model that takes 300 ms to its first token, then 80 a second."""
        provider = subprocess.Popen(
            [*_python("tests.providers.serve"), "--provider", "openai", "--ttft-ms", str(TTFT_MS),
             "--tokens-per-s", str(TOKENS_PER_S), "--seed", str(self.seed)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert provider.stdout is not None
            base_url = json.loads(provider.stdout.readline())["base_url"]
            told = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "bench", "QUIETLINE_MODEL_UNFILTERED": "1"}
            with service.running(self.folder / "model", "openai", told) as running:
                self.spoken_ahead["model"] = running.spoken_ahead
                chosen, turns = [], 0
                for call in calls:
                    if turns < self.amount.model_turns:
                        chosen.append(to_json(call, self.amount.most_turns))
                        turns += len(turns_of(script_of(call, self.amount)))
                self.part(running, {"part": "model", "at_once": 1, "calls": chosen})
        finally:
            provider.terminate()
            provider.wait()

    def scored(self, calls: Mapping[str, Planned]) -> list[ScoredCall]:
        """What the callers heard, transcribed and scored; the service has ended by now."""
        folder = self.folder / "calls"
        say(f"  transcribing what {len(list(folder.glob('*.npz')))} callers heard")
        child("tests.bench.listening", str(folder))
        fixed = Fixed.of(
            PhraseTexts.for_agent("Riverside General Hospital", "", draft=True, days=7, greeting=service.GREETING)
        )
        found = []
        for path in sorted(folder.glob("*.npz")):
            kept = read(path)
            planned_call = calls.get(kept.about["name"])
            scripted = turns_of(script_of(planned_call, self.amount)) if planned_call else ()
            heard = json.loads(path.with_suffix(".heard.json").read_text(encoding="utf-8"))
            found.append(score(kept, heard, scripted, fixed))
        return found


def script_of(call: Planned, amount: Amount) -> Script:
    """What this call's caller says, as far as the amount lets her."""
    return call.script if amount.most_turns is None else first_turns(call.script, amount.most_turns)


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", module]


def child(module: str, *arguments: str, **environment: str) -> str:
    """Runs one of the bench's processes to its end.  Returns its standard output."""
    told = {**os.environ, "ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", **environment}
    done = subprocess.run(
        [*_python(module), *arguments], cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"bench: {module} ended with status {done.returncode}; its own words stand above")
    return done.stdout


def say(line: str) -> None:
    """Progress, beside the table."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
