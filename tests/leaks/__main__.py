"""What catches each leak?  `make leaks`, or `python -P -m tests.leaks --help`.

Each leak is put into a copy of the code of its own.  Types: mypy, the linter, the contracts of imports.  Near: whole
calls, and the tests that name what was changed.  Tests: the suite's fast parts, until the first one that fails.  The
proof: a quick one, types and tests out of the way.  None asks anything of the others: a leak may be caught by all.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.leaks.leak import Leak, LeakRefused, leaks

ROOT: Final = Path(__file__).resolve().parent.parent.parent
CODE: Final = ("agent", "telephony", "policies")
FAST: Final = (
    "tests/architecture", "tests/privacy/test_nothing_said_gets_out.py", "tests/calls", "tests/unit",
    "tests/conformance", "tests/page",
)  # fmt: skip
"""In this order, until one fails; the quick proof is a stage of its own."""
NEAR: Final = ("tests/architecture", "tests/calls/test_answering.py", "tests/calls/test_whole_calls.py")
"""What the stage "near" runs, whatever was changed, with the tests that name it; "tests" takes minutes longer."""
AMONG: Final = ("unit", "privacy", "providers", "conformance")
PROOF: Final = "test_quick_proof.py"  # a stage of its own
STAGE_S: Final = 900.0
MYPY: Final = ".mypy_cache"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the repository with an environment of its own that imports it, and not the original."""

    root: Path

    @property
    def python(self) -> str:
        return str(self.root / ".venv" / "bin" / "python")

    @classmethod
    def make(cls, root: Path) -> Copy:
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        for name in names.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        if (ROOT / MYPY).is_dir():  # what mypy knows of the unchanged files: minutes less
            shutil.copytree(ROOT / MYPY, root / MYPY)
        packages = root / ".venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        packages.mkdir(parents=True)
        (root / ".venv" / "bin").mkdir()
        (root / ".venv" / "bin" / "python").symlink_to(Path(sys.executable).resolve())
        (root / ".venv" / "bin" / "ruff").symlink_to(Path(sys.executable).parent / "ruff")
        home = Path(sys.executable).resolve().parent
        (root / ".venv" / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n", "utf-8")
        # the original's own .pth files are not followed, so its code is not found
        (packages / "copy.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
        return cls(root)

    def run(self, *command: str) -> int:
        """Its exit status; 124 where it took too long.  What it says goes to `said.txt`."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        with (self.root / "said.txt").open("ab") as said:
            try:
                return subprocess.run(
                    [self.python, "-P", *command],
                    cwd=self.root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    timeout=STAGE_S,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                return 124


def types(copy: Copy, _: Leak | None) -> str:
    """What objects; empty if nothing does."""
    tools: Mapping[str, Sequence[str]] = {
        "mypy": ("-m", "mypy", *CODE),
        "the linter": ("-m", "ruff", "check", "--no-cache", *CODE),
        "contracts of imports": ("-c", "import importlinter.cli as cli; cli.lint_imports_command()"),
    }
    return ", ".join(name for name, command in tools.items() if copy.run(*command))


def near(copy: Copy, leak: Leak | None) -> str:
    """The first test that fails of those that name what was changed."""
    return _first_of(copy, [[*NEAR, *sorted(_importing(copy, {edit.file for edit in leak.edits}))]] if leak else [NEAR])


def suite(copy: Copy, _: Leak | None) -> str:
    """The first part of the suite that fails."""
    return _first_of(copy, [[each] for each in FAST])


def _first_of(copy: Copy, parts: Sequence[Sequence[str]]) -> str:
    for part in parts:
        if copy.run("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n", "0", *part):
            return _first_failure(copy) or part[0]
    return ""


def _importing(copy: Copy, changed: Collection[str]) -> set[str]:
    """Test files that name a changed module."""
    names = [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in changed]
    said = [
        re.compile(
            rf"{re.escape(name)}\b|from {re.escape(name.rpartition('.')[0])} import .*\b{name.rpartition('.')[2]}\b"
        )
        for name in names
    ]
    tests = [path for folder in AMONG for path in (copy.root / "tests" / folder).glob("test_*.py")]
    return {
        str(path.relative_to(copy.root))
        for path in tests
        if path.name != PROOF and any(each.search(path.read_text("utf-8")) for each in said)
    }


def proof(copy: Copy, _: Leak | None) -> str:
    """What the quick proof found, by place; empty if the leak went past it."""
    nonce = os.urandom(32).hex()
    status = copy.run("-m", "agent.launcher", "prove", "--nonce", nonce, "--out", "proofs", "--key", "proofs/key")
    reports = sorted((copy.root / "proofs").glob("*.json"))
    if status == 0 and reports:
        return ""
    if not reports:
        return "the service under proof did not get through"
    body = json.loads(reports[-1].read_bytes())
    places = [row["place"] for row in body["places"] if row["hits"]]
    return ", ".join(places) or "the report does not hold"


STAGES: Final[Mapping[str, Callable[[Copy, Leak | None], str]]] = {
    "types": types,
    "near": near,
    "tests": suite,
    "proof": proof,
}


def _first_failure(copy: Copy) -> str:
    said = (copy.root / "said.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [row.split(" ")[1] for row in said if row.startswith(("FAILED ", "ERROR ")) and " " in row]
    return failed[-1] if failed else ""


def tried(leak: Leak | None, stages: Sequence[str], keep: Path | None) -> dict[str, Any]:
    """What caught it, by stage.  leak: None for the code as it is, which nothing may catch."""
    found: dict[str, Any] = {"leak": leak.name if leak else "none"}
    with tempfile.TemporaryDirectory(prefix="quietline-leak-") as folder:
        copy = Copy.make(Path(folder))
        if leak is not None:
            try:
                leak.put_into(copy.root)
            except LeakRefused as refused:
                return {**found, "refused": str(refused)}
        for stage in stages:
            if stage == "proof" and leak is not None and not leak.end_to_end:
                continue
            began_s = time.monotonic()
            found[stage] = STAGES[stage](copy, leak)
            found[f"{stage}_s"] = round(time.monotonic() - began_s)
        if keep is not None:
            shutil.copy2(copy.root / "said.txt", keep / f"{found['leak']}.txt")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -P -m tests.leaks", description=__doc__)
    parser.add_argument("--only", default="", help="leaks whose name begins with one of these, by commas")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where the findings go, a line of JSON each")
    parser.add_argument("--keep", type=Path, help="a folder for what the tools said")
    asked = parser.parse_args()
    stages = asked.stages.split(",")
    chosen = [leak for leak in leaks() if leak.name.startswith(tuple(asked.only.split(",")))]
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(asked.at_once) as pool:
        for found in pool.map(lambda leak: tried(leak, stages, asked.keep), [None, *chosen]):
            caught = [stage for stage in stages if found.get(stage)]
            wrong = bool(caught) if found["leak"] == "none" else not caught
            missed += wrong
            row = "; ".join(f"{stage}: {found[stage]}" for stage in caught) or found.get("refused") or "nothing"
            sys.stdout.write(f"{'MISSED ' if wrong else ''}{found['leak']}: {row}\n")
            sys.stdout.flush()
            if asked.json:
                with asked.json.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(found) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
