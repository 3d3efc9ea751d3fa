"""`agent/on_call.py` and `agent/on_call_file.py`: the list of nurses as a file."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Final

import pytest

from agent import lines
from agent.on_call import load
from agent.on_call_file import RANKS, OnCallRefused
from agent.settings import ROOT
from telephony.transfer import Rank

ABOUT: Final = '[about]\nowner = "charge nurse"\n'
UNIT: Final = '[[rung]]\nrank = "unit"\nnumbers = ["+12025550151", "+12025550152"]\nring_s = 18\n'
NIGHT: Final = '[[rung]]\nrank = "on_call"\nnumbers = ["+12025550151"]\nring_s = 20\nhours = "19:00-07:00"\n'
DAY: Final = '[[rung]]\nrank = "charge"\nnumbers = ["+12025550153"]\nring_s = 20\nhours = "07:00-19:00"\n'
DANA: Final = f'[[nurse]]\nid = "dana"\nnumber = "+12025550152"\npin = "scrypt:{"A" * 22}:{"B" * 43}"\n'
NOON, MIDNIGHT = time(12), time(0)


def written(folder: Path, text: str, name: str = "ward") -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_demonstrations_list_is_one_and_rings_nobody_whom_an_agent_answers_for() -> None:
    answered = [number for agent in lines.load(ROOT / "deploy" / "agents").agents for number in agent.numbers]
    found = load(ROOT / "deploy" / "on_call", "demo", answered).at(NOON)

    assert [Rank.UNIT, Rank.CHARGE, Rank.SUPERVISOR] == [rung.rank for rung in found.ladder]
    assert 5 == len(found.numbers)


def test_rungs_ring_at_their_hours_also_past_midnight(tmp_path: Path) -> None:
    listed = load(written(tmp_path, ABOUT + UNIT + NIGHT + DAY), "ward", [])

    assert [Rank.UNIT, Rank.CHARGE] == [rung.rank for rung in listed.at(NOON).ladder]
    assert [Rank.UNIT, Rank.ON_CALL] == [rung.rank for rung in listed.at(MIDNIGHT).ladder]
    assert [Rank.UNIT, Rank.CHARGE] == [rung.rank for rung in listed.at(time(7)).ladder]
    assert [Rank.UNIT, Rank.ON_CALL] == [rung.rank for rung in listed.at(time(19)).ladder]


def test_a_number_on_two_rungs_is_one_nurse(tmp_path: Path) -> None:
    found = load(written(tmp_path, ABOUT + UNIT + NIGHT), "ward", []).at(MIDNIGHT)

    assert 2 == len(found.numbers)
    assert [(0, 1), (0,)] == [rung.nurses for rung in found.ladder]


def test_a_nurse_who_is_not_available_is_not_rung(tmp_path: Path) -> None:
    listed = load(written(tmp_path, ABOUT + UNIT + NIGHT + DANA), "ward", [])
    all_, without = listed.at(MIDNIGHT), listed.at(MIDNIGHT, {"dana", "somebody-else"})

    assert ["+12025550151", "+12025550152"] == [number.reveal() for number in all_.numbers]
    assert ["+12025550151"] == [number.reveal() for number in without.numbers]
    assert [(0,), (0,)] == [rung.nurses for rung in without.ladder]


def test_a_rung_on_which_nobody_is_left_is_none(tmp_path: Path) -> None:
    text = ABOUT + UNIT.replace('"+12025550151", ', "") + DAY + DANA
    listed = load(written(tmp_path, text), "ward", [])

    assert [Rank.CHARGE] == [rung.rank for rung in listed.at(NOON, {"dana"}).ladder]
    assert [] == list(listed.at(MIDNIGHT, {"dana"}).ladder)


def test_the_ranks_of_a_file_are_those_of_a_ladder() -> None:
    assert list(RANKS) == [rank.value for rank in Rank]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (UNIT, "about"),
        (ABOUT, "rung"),
        (ABOUT + UNIT * 9, "rung"),
        (ABOUT + UNIT + "pager = 1\n", "must hold rank"),
        (ABOUT + UNIT.replace("unit", "boss"), "rank"),
        (ABOUT + UNIT.replace("+1", "001"), "E.164"),
        (ABOUT + UNIT.replace("50152", "50151"), "each once"),
        (ABOUT + UNIT.replace('"+12025550152"', ", ".join(f'"+1202555016{n}"' for n in range(3))), "1 to 3"),
        (ABOUT + UNIT.replace("[", "", 0).replace('["+12025550151", "+12025550152"]', "[]"), "1 to 3"),
        (ABOUT + UNIT.replace("18", "5"), "ring_s"),
        (ABOUT + UNIT.replace("18", "true"), "ring_s"),
        (ABOUT + NIGHT.replace("19:00-07:00", "19-7"), "hours"),
        ("not toml [", "as TOML"),
        (ABOUT + UNIT + "#" * 65_536, "as TOML"),
        (ABOUT + UNIT + DANA.replace("dana", "Dana R."), "id"),
        (ABOUT + UNIT + DANA.replace("50152", "50159"), "must stand on a rung"),
        (ABOUT + UNIT + DANA.replace("scrypt", "plain"), "quietline pin"),
        (ABOUT + UNIT + DANA + DANA, "must stand once"),
        (ABOUT + UNIT + DANA + DANA.replace("dana", "lee"), "must stand once"),
        (ABOUT + UNIT + DANA + "name = 1\n", "must hold id"),
        (ABOUT + UNIT + "nurse = 1\n", "must hold rank"),
        ("nurse = 1\n" + ABOUT + UNIT, "nurse"),
    ],
)
def test_a_wrong_list_is_refused_in_a_sentence_that_names_what_to_mend(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(OnCallRefused, match=says) as refused:
        load(written(tmp_path, text), "ward", [])
    assert "ward.toml" in str(refused.value)
    assert "+1202" not in str(refused.value).replace("+12025550142", "")


def test_a_nurse_whose_number_an_agent_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OnCallRefused, match="no person would come"):
        load(written(tmp_path, ABOUT + UNIT), "ward", ["+12025550152"])


@pytest.mark.parametrize("name", ["", "../demo", "Ward", "a/b"])
def test_a_list_is_named_not_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(OnCallRefused):
        load(tmp_path, name, [])
