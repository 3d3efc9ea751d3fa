"""What a process keeps of its calls: the redactor is loaded where an agent may keep transcripts, and nowhere else."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agent import lines
from agent.lines import Agent, Lines
from agent.prepare import AgentNotReady
from agent.redacting import Redacting
from agent.retaining import Retaining
from agent.settings import ROOT
from policies.phi import PHI
from policies.retention import Retention
from tests.kept import CANARY, Office

DEMO: Agent = lines.load(ROOT / "deploy" / "agents").default
ALLOWED: Agent = dataclasses.replace(DEMO, retention=Retention.REDACTED)


@pytest.mark.parametrize(("agent", "public"), [(DEMO, "ab" * 32), (ALLOWED, "")])
async def test_without_an_agent_that_may_or_a_key_to_seal_to_nothing_is_loaded_and_nothing_kept(
    agent: Agent, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: Redacting) -> None:
        raise AssertionError("the redactor was loaded")

    monkeypatch.setattr(Redacting, "load", never)
    retaining = await Retaining.begin(Lines((agent,)), public)
    retaining.listen(lambda _: Retention.REDACTED)

    assert Retention.ZERO is retaining.keeping(agent).level


@pytest.mark.models
async def test_the_redactor_works_in_its_thread_and_one_that_failed_gives_nothing(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "state")
    retaining = await Retaining.begin(Lines((DEMO, ALLOWED)), office.keys.public)
    retaining.listen(lambda _: Retention.REDACTED)
    assert (Retention.ZERO, Retention.REDACTED) == (retaining.keeping(DEMO).level, retaining.keeping(ALLOWED).level)

    redacting = retaining._redacting
    assert redacting is not None
    redacted = await redacting.redact(PHI(f"My name is {CANARY}."))
    assert redacted is not None
    assert "My name is <PERSON>." == redacted.text.reveal()
    assert None is await redacting.redact(PHI("x" * 200_000))
    retaining.close()
    office.close()


async def test_a_line_without_the_model_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def missing(_: Redacting) -> None:
        raise OSError("no such model")

    monkeypatch.setattr(Redacting, "load", missing)
    office = Office.open(tmp_path / "state")
    with pytest.raises(AgentNotReady, match="set retention to zero") as refused:
        await Retaining.begin(Lines((ALLOWED,)), office.keys.public)
    assert None is refused.value.__context__
    office.close()
