"""The quick proof: the service as it is deployed, canary calls, a broken provider, a crash, a search of every place.

As whoever distrusts us runs it: by the command, whose report is then checked with the key and the nonce.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent import surroundings
from agent.proof.__main__ import EXIT_WITHOUT_ROOT
from agent.proof.canary import NONCE_BYTES, canaries
from agent.proof.faults import IN_QUICK
from agent.proof.outside import may_watch
from agent.proof.report import Place, Seen
from agent.proof.sessions import SinkName
from agent.settings import ROOT

pytestmark = [pytest.mark.real_time, pytest.mark.models, pytest.mark.xdist_group("proof"), pytest.mark.timeout(600)]

CALLS = 3
LOOKS_NEED_ROOT = {
    Place.LINE_MEMORY.value,
    Place.KEEPER_MEMORY.value,
    Place.LAUNCHER_MEMORY.value,
    Place.BUS_MEMORY.value,
    Place.NETWORK.value,
}
NEVER_HERE = {Place.SWAP.value, Place.EGRESS_MEMORY.value, Place.BOOK.value}
PROOF = [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof"]


@dataclass(frozen=True)
class Made:
    """A report, and what its maker said."""

    nonce: bytes
    report: Path
    public: Path
    status: int
    said: str

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.report.read_bytes()))


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("proof")
    nonce = secrets.token_bytes(NONCE_BYTES)
    command = [*PROOF, "prove", "--calls", str(CALLS), "--nonce", nonce.hex(), "--out", str(folder)]
    silencing = ("CI", "ORT_DISABLE_TELEMETRY")  # by itself it must be silent
    environment = {name: value for name, value in os.environ.items() if name not in silencing}
    done = subprocess.run(
        [*command, "--key", str(folder / "proof.key")], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    reports = list(folder.glob("proof-*.json"))
    assert len(reports) == 1, done.stdout + done.stderr
    return Made(nonce, reports[0], folder / "proof.key.pub", done.returncode, done.stdout)


def test_nothing_of_a_canary_is_anywhere_and_the_report_holds(made: Made) -> None:
    verify = [*PROOF, "verify", str(made.report), "--key", str(made.public), "--nonce", made.nonce.hex(), "--quick"]
    verify += ["--page", str(made.report.with_suffix(".html")), "--code", made.body["build"]["code"]]
    verify += [] if may_watch() else ["--without-root"]
    verified = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True)

    assert [] == [(row["place"], row["hits"]) for row in made.body["places"] if row["hits"]]
    assert (0 if may_watch() else EXIT_WITHOUT_ROOT, 0) == (made.status, verified.returncode), (
        made.said + verified.stdout
    )


def test_the_canaries_were_heard_and_spoken_back_and_every_place_was_looked_at(made: Made) -> None:
    left_out = {row["place"] for row in made.body["places"] if row["seen"] == Seen.NOT_EXAMINED.value}

    assert CALLS <= made.body["calls"]["counted"] <= made.body["calls"]["placed"]
    assert sorted(fault.value for fault in IN_QUICK) == made.body["faults"]
    assert left_out <= (set() if may_watch() else LOOKS_NEED_ROOT) | NEVER_HERE


def test_no_caller_met_another(made: Made) -> None:
    assert [] == made.body["pairs"]["met"]
    placed = made.body["calls"]["placed"]
    assert placed * (placed - 1) // 2 == made.body["pairs"]["searched"]


def test_every_planted_leak_was_found_in_every_sink(made: Made) -> None:
    rows = [row for row in made.body["places"] if row["seen"] != Seen.NOT_EXAMINED.value]

    assert [] == [row["place"] for row in rows if not row["forms"] == row["planted"] >= 100]
    assert sorted(name.value for name in SinkName) == sorted(sink["sink"] for sink in made.body["sinks"])
    assert [] == [sink["sink"] for sink in made.body["sinks"] if sink["planted"] != sink["found"]]
    assert 15 <= sum(sink["found"] >= 20 for sink in made.body["sinks"])


@pytest.mark.skipif(not may_watch(), reason="only root with all rights may look")
def test_her_words_and_her_sound_were_seen_during_the_call_and_the_locks_from_outside(made: Made) -> None:
    body = made.body

    assert body["control"]["words"]["found"]
    assert body["control"]["sounds"]["found"]
    assert [(seen["threads"], 0, []) for seen in body["outside"]] == [
        (seen["held"], seen["writable"], seen["done"]) for seen in body["outside"]
    ]
    assert {"the line": [], "the keeper": [], "the launcher": []}.items() <= {
        role: row["other"] for role, row in body["written"]["by"].items()
    }.items()
    assert (0, 0, []) == tuple(body["network"][name] for name in ("outside", "names", "elsewhere"))


def test_a_quick_proof_is_no_full_one(made: Made) -> None:
    verify = [*PROOF, "verify", str(made.report), "--key", str(made.public), "--nonce", made.nonce.hex()]
    verified = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True)

    assert 1 == verified.returncode
    assert "200 are asked for" in verified.stdout


def test_the_report_its_page_and_what_was_printed_hold_nothing_of_the_canaries(made: Made) -> None:
    told = made.report.with_suffix(".html").read_text() + made.report.read_text() + made.said
    texts = [(canary.number, *text) for canary in canaries(made.nonce, CALLS + 9) for text in canary.texts()]

    assert [] == [(number, name) for number, name, text in texts if text in told]
