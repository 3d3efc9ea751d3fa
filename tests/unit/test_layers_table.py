"""The table of kernels, rights and layers in docs/operating.md, each row set up for real on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from agent import surroundings
from agent.locks import landlock
from policies.layers import Layer
from tests.unit.networks import way_out

ROOT: Final = Path(__file__).parent.parent.parent
NOBODY: Final = 65_534
RIGHTS: Final = {"a plain user", "memory may be locked", "memory may be locked, no route"}
CONFINED: Final = """
import os, resource, sys
sys.path.insert(0, sys.argv[1])
from agent.locks import landlock
from agent import confine
known = int(sys.argv[2])
landlock.abi = lambda: known
resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
print(*sorted(layer.value for layer in confine.confine().held))
"""


class Row(NamedTuple):
    kernel: str
    rights: str
    held: frozenset[str]

    @property
    def abi(self) -> int:
        found = re.search(r"ABI (\d+)", self.kernel)
        return int(found[1]) if found else 0


def rows() -> list[Row]:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page.partition("<!-- layers -->\n")[2].partition("\n\n")[0].splitlines()
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]
    return [Row(each[0], each[1], frozenset(n for n, yes in zip(cells[0][2:], each[2:], strict=True) if yes == "yes"))
            for each in cells[2:]]  # fmt: skip


def test_the_table_names_every_layer_and_every_right() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    head = page.partition("<!-- layers -->\n")[2].partition("\n")[0]

    assert [layer.value for layer in Layer] == re.findall(r"`(\w+)`", head)
    assert {row.rights for row in rows()} == RIGHTS
    assert {0, 2, 4, 6} == {row.abi for row in rows()}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.kernel} {row.rights}")
def test_a_kernel_and_rights_give_the_layers_that_the_table_says(row: Row) -> None:
    """As a user without rights; with the Landlock of the row, which a newer one is told to be."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give rights up and to make a network namespace")
    if landlock.abi() < row.abi or not way_out():
        pytest.skip("this machine's Landlock is older, or it has no network")
    if "no route" not in row.rights and _swap_is_impossible():
        pytest.skip("this machine can't swap")
    apart = ["unshare", "--net"] if "no route" in row.rights else []
    kept = "-all,+ipc_lock" if "locked" in row.rights else "-all"
    user = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        f"--inh-caps={kept}",
        f"--ambient-caps={kept}",
    ]
    done = subprocess.run(
        [*apart, *user, sys.executable, "-c", CONFINED, str(ROOT), str(row.abi)],
        env=dict(surroundings.SCRUB), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert row.held == set(done.stdout.split()), done.stderr


def _swap_is_impossible() -> bool:
    from agent.confine import Swap, swap_of

    return swap_of() is Swap.IMPOSSIBLE
