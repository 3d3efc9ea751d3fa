"""The leaks that are put into copies of the code fit the code as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leaks.__main__ import CODE, ROOT
from tests.leaks.leak import Leak, LeakRefused, leaks


@pytest.fixture(name="copy", scope="module")
def _copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copy")


@pytest.mark.parametrize("leak", leaks(), ids=lambda leak: leak.name)
def test_a_leak_is_put_in_and_what_it_makes_is_python(leak: Leak, copy: Path) -> None:
    for edit in leak.edits:
        (copy / edit.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / edit.file, copy / edit.file)

    changed = [str(path) for path in leak.put_into(copy) if path.suffix == ".py"]
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821"]
    told = subprocess.run([*ruff, *changed], capture_output=True, text=True, check=False) if changed else None
    assert told is None or told.returncode == 0, told.stdout  # no syntax error, and no name that is not there
    assert {edit.file.split("/")[0] for edit in leak.edits} <= {*CODE, "deploy"}


def test_a_leak_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    leak = leaks()[0]

    with pytest.raises(LeakRefused):
        leak.put_into(tmp_path)
