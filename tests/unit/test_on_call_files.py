"""`agent/keeper/on_call_files.py`: what is written is read again as it was meant, and the folder may hold anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import on_call_file
from agent.keeper.database import StateFailed
from agent.keeper.on_call_files import OnCallFiles, shown, text_of
from agent.on_call_file import RANKS, OnCallRefused

NUMBERS: Final = [f"+1202555{n:04}" for n in range(8)]
RUNGS: Final = st.fixed_dictionaries(
    {
        "rank": st.sampled_from(RANKS),
        "numbers": st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True),
        "ring_s": st.integers(10, 30),
        "hours": st.sampled_from(["", "07:00-19:00", "19:00-07:00"]),
    }
)
OWNERS: Final = st.text(max_size=80).filter(lambda text: text.isprintable() and bool(text.strip()))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    rungs: list[dict[str, Any]] = draw(st.lists(RUNGS, min_size=1, max_size=8))
    known = sorted({number for rung in rungs for number in rung["numbers"]})
    numbers = draw(st.lists(st.sampled_from(known), max_size=4, unique=True))
    nurses = [{"id": f"n{n}", "number": number, "pin": ""} for n, number in enumerate(numbers)]
    return {"about": {"owner": draw(OWNERS)}, "rung": rungs, "nurse": nurses}


@given(tables())
def test_a_list_that_is_taken_is_read_again_as_it_was_meant(table: dict[str, Any]) -> None:
    checked = on_call_file.read("ward", table, ())
    again = on_call_file.table_in(text_of(table))

    assert again is not None
    assert checked == on_call_file.read("ward", again, ())
    assert table == shown(again, checked)


@given(st.text(max_size=30))
def test_an_owner_is_words_on_one_line_or_refused(owner: str) -> None:
    rung = {"rank": "unit", "numbers": NUMBERS[:1], "ring_s": 18}
    table: dict[str, Any] = {"about": {"owner": owner}, "rung": [rung]}
    if not (owner.isprintable() and owner.strip()):
        with pytest.raises(OnCallRefused, match="about"):
            on_call_file.read("ward", table, ())
        return
    on_call_file.read("ward", table, ())
    again = on_call_file.table_in(text_of(table))
    assert again is not None
    assert owner == again["about"]["owner"]


def test_what_is_no_list_is_none_of_the_names(tmp_path: Path) -> None:
    for name in ("ward.toml", "Ward 2.toml", ".ward.toml.aside", "notes.txt", "night.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")

    assert ["night", "ward"] == list(OnCallFiles(tmp_path).names())
    assert [] == list(OnCallFiles(tmp_path / "nowhere").names())


def test_a_file_that_can_not_be_read_is_told_and_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "ward.toml").mkdir()

    assert None is OnCallFiles(tmp_path).held("night")
    with pytest.raises(StateFailed):
        OnCallFiles(tmp_path).held("ward")


def test_a_link_that_lies_where_it_writes_is_not_followed(tmp_path: Path) -> None:
    """Somebody who may write to the folder has nothing else of the keeper's overwritten."""
    precious = tmp_path / "precious"
    precious.write_text("as it was", encoding="utf-8")
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / ".ward.toml.aside").symlink_to(precious)
    rung = {"rank": "unit", "numbers": NUMBERS[:1], "ring_s": 18}

    with pytest.raises(StateFailed):
        OnCallFiles(lists).prepare("ward", {"about": {"owner": "ward"}, "rung": [rung]}, frozenset())
    assert "as it was" == precious.read_text(encoding="utf-8")


def test_a_new_list_is_read_by_the_group_where_the_folder_is(tmp_path: Path) -> None:
    rung = {"rank": "unit", "numbers": NUMBERS[:1], "ring_s": 18}
    modes = []
    for name, mode in (("ours", 0o700), ("shared", 0o750)):
        folder = tmp_path / name
        folder.mkdir()
        folder.chmod(mode)
        files = OnCallFiles(folder)
        files.put(files.prepare("ward", {"about": {"owner": "ward"}, "rung": [rung]}, frozenset()))
        modes.append((folder / "ward.toml").stat().st_mode & 0o777)

    assert [0o600, 0o640] == modes
