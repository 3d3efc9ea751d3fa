"""`agent/on_call_lists.py`: a list that is edited while the line runs."""

from __future__ import annotations

import asyncio
import os
from datetime import time
from pathlib import Path
from typing import Final

import pytest

from agent.on_call_file import OnCallRefused
from agent.on_call_lists import OnCallLists

NOON: Final = time(12)
FIRST, SECOND = "+12025550151", "+12025550152"


def text(number: str) -> str:
    rung = f'[[rung]]\nrank = "unit"\nnumbers = ["{number}"]\nring_s = 18\n'
    return f'[about]\nowner = "charge nurse"\n{rung}'


def rung(lists: OnCallLists) -> list[str]:
    listed = lists.of("demo")
    assert listed is not None
    return [number.reveal() for number in listed.at(NOON).numbers]


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    file = tmp_path / "ward.toml"
    file.write_text(text(FIRST), encoding="utf-8")
    return file


@pytest.fixture(name="lists")
def _lists(file: Path) -> OnCallLists:
    return OnCallLists(file.parent, {"demo": "ward", "other": "ward"}, [])


def test_a_file_that_stays_as_it_is_is_read_once(lists: OnCallLists) -> None:
    before = lists.of("demo")

    assert [[], []] == [lists.look(), lists.look()]
    assert before is lists.of("demo")


def test_a_changed_file_is_used_when_it_has_stood_still_for_one_look(lists: OnCallLists, file: Path) -> None:
    file.write_text(text(SECOND), encoding="utf-8")

    assert ([], [FIRST]) == (lists.look(), rung(lists))
    assert ([True], [SECOND]) == (lists.look(), rung(lists))
    assert [] == lists.look()


def test_a_file_that_is_still_being_written_is_left_alone(lists: OnCallLists, file: Path) -> None:
    for number in range(4):
        file.write_text(text(SECOND) + "#" * number, encoding="utf-8")
        assert ([], [FIRST]) == (lists.look(), rung(lists))

    assert ([True], [SECOND]) == (lists.look(), rung(lists))


def test_a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_noticed(lists: OnCallLists, file: Path) -> None:
    there, fresh = file.stat(), file.with_suffix(".new")
    fresh.write_text(text(SECOND), encoding="utf-8")
    os.utime(fresh, ns=(there.st_atime_ns, there.st_mtime_ns))
    fresh.rename(file)
    lists.look()

    assert ([True], [SECOND]) == (lists.look(), rung(lists))


@pytest.mark.parametrize("wrong", ["not toml [", "", text("+1555")])
def test_a_wrong_file_changes_nothing_and_is_told_once(lists: OnCallLists, file: Path, wrong: str) -> None:
    file.write_text(wrong, encoding="utf-8")
    told = [lists.look(), lists.look(), lists.look()]

    assert ([[], [False], []], [FIRST], 1) == (told, rung(lists), lists.wrong)


def test_a_file_that_is_gone_is_wrong_until_it_is_back(lists: OnCallLists, file: Path) -> None:
    file.unlink()
    gone = [lists.look(), lists.look()]
    assert ([[], [False]], [FIRST], 1) == (gone, rung(lists), lists.wrong)
    file.write_text(text(SECOND), encoding="utf-8")

    assert ([[], [True]], [SECOND], 0) == ([lists.look(), lists.look()], rung(lists), lists.wrong)


def test_who_runs_it_is_told_without_a_restart(file: Path) -> None:
    heard: list[tuple[bool, int]] = []

    done = asyncio.Event()

    def told(good: bool, wrong: int) -> None:
        heard.append((good, wrong))
        done.set()

    async def story() -> None:
        running = asyncio.create_task(lists.run(look_s=0.01))
        await asyncio.wait_for(done.wait(), 30)
        running.cancel()
        await asyncio.wait([running])

    lists = OnCallLists(file.parent, {"demo": "ward"}, [], told)
    file.write_text(text(SECOND), encoding="utf-8")
    asyncio.run(story())

    assert ([SECOND], [(True, 0)]) == (rung(lists), heard)


def test_a_list_that_is_wrong_at_the_start_is_refused(file: Path) -> None:
    with pytest.raises(OnCallRefused):
        OnCallLists(file.parent, {"demo": "night"}, [])


def test_an_agent_without_a_list_has_none(lists: OnCallLists) -> None:
    assert (None, None) == (lists.of("mercy"), lists.name("mercy"))
