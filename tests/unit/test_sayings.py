"""What callers may say for a passage: read whole and in one shape, or refused by its file's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.passages import KnowledgeReason, KnowledgeRefused
from agent.passages import load as load_material
from agent.sayings import FOLDER, LONGEST, MOST, Outside, Sayings, SayingsRefused, load

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "knowledge"
IDS = ("rest", "walking")


def folder_with(tmp_path: Path, **files: str) -> Path:
    (tmp_path / FOLDER).mkdir()
    for name, text in files.items():
        (tmp_path / FOLDER / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def table(name: str, said: Sequence[str]) -> str:
    return f"[{name}]\nsaid = {list(said)!r}\n"


def refused(folder: Path) -> str:
    with pytest.raises(SayingsRefused) as refusal:
        load(folder, IDS)
    assert refusal.value.__context__ is None
    return str(refusal.value)


def test_sayings_are_kept_by_passage_and_by_kind_of_what_is_outside(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        activity=table("rest", ["may I lie down", "I'm worn out"]) + table("walking", ["a stroll"]),
        outside=table("dose", ["can I stop it"]) + table("none", ["my bill"]),
    )
    found = load(folder, IDS)

    assert {"rest": ("may I lie down", "I'm worn out"), "walking": ("a stroll",)} == dict(found.inside)
    assert {Outside.DOSE: ("can I stop it",), Outside.NONE: ("my bill",)} == dict(found.outside)


def test_a_folder_without_sayings_is_one_without_examples(tmp_path: Path) -> None:
    assert Sayings.none() == load(tmp_path, IDS)
    (tmp_path / FOLDER).mkdir()
    assert Sayings.none() == load(tmp_path, IDS)


def test_only_toml_files_are_read(tmp_path: Path) -> None:
    (folder_with(tmp_path) / FOLDER / "notes.txt").write_text("not TOML", encoding="utf-8")

    assert Sayings.none() == load(tmp_path, IDS)


@pytest.mark.parametrize(
    "text",
    [
        "[rest]\nsaid = ['a']\nspoken = 'b'\n",  # a key that no one reads
        "[rest]\nasks = ['a']\n",
        "[rest]\n",
        "rest = ['a']\n",
        "[[rest]]\nsaid = ['a']\n",
        "[rest]\nsaid = 'a'\n",
        "[rest]\nsaid = [1]\n",
        "[rest]\nsaid = ['a', ['b']]\n",
        "[rest]\nsaid = ['']\n",
        "[rest]\nsaid = ['  ']\n",
        table("rest", ["x" * (LONGEST + 1)]),
    ],
)
def test_a_table_holds_a_list_of_short_texts_and_nothing_else(tmp_path: Path, text: str) -> None:
    assert (
        refused(folder_with(tmp_path, activity=text))
        == f"{FOLDER}/activity.toml: each table holds `said`, a list of texts, and nothing else"
    )


def test_the_longest_saying_is_taken(tmp_path: Path) -> None:
    found = load(folder_with(tmp_path, activity=table("rest", ["x" * LONGEST])), IDS)

    assert ("x" * LONGEST,) == found.inside["rest"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("activity", table("swimming", ["a"])),  # of no passage
        ("activity", table("dose", ["a"])),  # of what is outside, in another file
        ("outside", table("rest", ["a"])),  # of a passage, among what is outside
        ("outside", table("Dose", ["a"])),
    ],
)
def test_a_table_of_nothing_known_is_refused(tmp_path: Path, name: str, text: str) -> None:
    said = refused(folder_with(tmp_path, **{name: text}))

    assert f"{FOLDER}/{name}.toml: a table is no passage's id, or stands twice: correct it" == said


def test_a_passage_has_its_sayings_in_one_file(tmp_path: Path) -> None:
    said = refused(folder_with(tmp_path, one=table("rest", ["a"]), two=table("rest", ["b"])))

    assert said.startswith(f"{FOLDER}/two.toml: a table is no passage's id, or stands twice")


@pytest.mark.parametrize("raw", [b"[rest\n", b"\xff\xfe", b"[rest]\nsaid = ['a']\n[rest]\nsaid = ['b']\n"])
def test_what_is_no_toml_is_refused(tmp_path: Path, raw: bytes) -> None:
    folder = folder_with(tmp_path)
    (folder / FOLDER / "activity.toml").write_bytes(raw)

    assert refused(folder) == f"{FOLDER}/activity.toml: is not TOML in UTF-8: correct it"


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (folder_with(tmp_path) / FOLDER / "activity.toml").mkdir()

    assert "is not TOML in UTF-8" in refused(tmp_path)


def test_there_is_a_most_of_sayings_in_all(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, activity=table("rest", ["a"] * MOST))
    assert MOST == len(load(folder, IDS).inside["rest"])
    (folder / FOLDER / "outside.toml").write_text(table("none", ["b"]), encoding="utf-8")

    assert f"{FOLDER}: more than {MOST} sayings: take some out" == refused(folder)


def test_a_refusal_names_no_saying(tmp_path: Path) -> None:
    assert "secret" not in refused(folder_with(tmp_path, activity=table("rest", ["secret", ""])))


def test_passages_with_wrong_sayings_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "activity.toml").write_bytes((SHIPPED / "activity.toml").read_bytes())
    folder_with(tmp_path, activity=table("nobody", ["a"]))
    with pytest.raises(KnowledgeRefused, match=r"said/activity\.toml") as refusal:
        load_material(tmp_path)

    assert KnowledgeReason.SAYINGS is refusal.value.reason
    assert refusal.value.__context__ is None


def test_the_shipped_sayings_cover_every_passage_and_every_kind_of_what_is_outside() -> None:
    material = load_material(SHIPPED)

    assert {passage.id for passage in material.passages} == set(material.sayings.inside)
    assert set(Outside) == set(material.sayings.outside)
    assert 20 <= min(map(len, material.sayings.inside.values()))
    assert 50 <= min(map(len, material.sayings.outside.values()))


def test_no_shipped_saying_is_an_example_of_two_things() -> None:
    sayings = load_material(SHIPPED).sayings
    plain = [{said.lower() for said in group} for group in (*sayings.inside.values(), *sayings.outside.values())]

    assert sum(map(len, plain)) == len(set().union(*plain))
