"""A needle is found in every form, wherever it stands; what is not there is not found."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.proof.needles import FORMS, GROUPED, Needle
from agent.proof.search import Search

NAME = "Ottilie Brannagh"
DIGITS = "555 0143 887"
SEARCH = Search([Needle("name", NAME), Needle("digits", DIGITS)])
ROUND = st.binary(max_size=40)


def names(data: bytes) -> set[str]:
    return {hit.needle for hit in SEARCH.look(data).hits}


def test_there_are_at_least_twenty_forms_of_a_needle() -> None:
    assert len(FORMS) + len(GROUPED) >= 25


@pytest.mark.parametrize("form", FORMS)
@given(before=ROUND, behind=ROUND)
def test_every_form_is_found_whatever_stands_around_it(form: str, before: bytes, behind: bytes) -> None:
    assert "name" in names(before + FORMS[form](NAME.lower()) + behind)


@pytest.mark.parametrize(("name", "encode"), [(name, encode) for name, encode, *_ in GROUPED])
@given(before=ROUND, behind=ROUND)
def test_a_needle_in_the_middle_of_what_was_encoded_whole_is_found(
    name: str, encode: Callable[[bytes], bytes], before: bytes, behind: bytes
) -> None:
    assert "name" in names(encode(before + NAME.encode() + behind)), name


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
@given(before=ROUND, behind=ROUND)
def test_a_needle_is_found_in_a_compressed_stream_in_the_middle_of_a_file(
    pack: Callable[[bytes], bytes], before: bytes, behind: bytes
) -> None:
    assert "name" in names(before + pack(b"a line\n" * 20 + NAME.encode() + b"\n") + behind)


def test_a_needle_is_found_in_an_archive_and_in_a_stream_within_a_stream() -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", "word " * 50 + DIGITS)

    assert {"digits"} == names(whole.getvalue())
    assert {"name"} == names(gzip.compress(b"x" * 50 + zlib.compress(b"y" * 99 + NAME.encode())))


@pytest.mark.parametrize(
    "kept",
    [
        json.dumps({"a": [NAME]}).encode(),
        pickle.dumps({"b": (NAME, 3)}),
        repr({"c": NAME.lower().encode()}).encode(),
        f"<Say>{NAME.upper()}</Say>".encode(),
        base64.b64encode(json.dumps({"said": NAME}).encode()),
    ],
    ids=["json", "pickle", "repr", "xml", "base64 of json"],
)
def test_a_needle_is_found_as_programs_keep_things(kept: bytes) -> None:
    assert {"name"} == names(kept)


@pytest.mark.parametrize("name", ["MyNameIsAmeliaAppletonAndMy", "call-amelia-appleton", "amelia_appleton_2"])
def test_a_name_is_found_as_names_in_code_and_of_files_are_written(name: str) -> None:
    found = Search([Needle("name", "Amelia Appleton")]).look(name.encode()).hits

    assert {"name"} == {hit.needle for hit in found}


def test_digits_are_found_without_their_spaces() -> None:
    assert {"digits"} == names(b"called +15550143887 at noon")


@given(st.binary(max_size=2_000))
def test_what_is_not_there_is_not_found(data: bytes) -> None:
    assert set() == names(data)


def test_a_bomb_ends() -> None:
    assert set() == names(gzip.compress(b"\0" * (80 << 20)))


def test_a_search_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to look for"):
        Search([])


def test_a_needle_too_short_to_be_certain_is_refused_and_shows_nothing_of_itself() -> None:
    with pytest.raises(ValueError, match="five bytes"):
        Needle("short", "anna")
    assert "Needle(name)" == repr(Needle("name", NAME))
    assert NAME not in str([Needle("name", NAME)])


def test_the_search_does_not_hold_its_needles_in_the_open() -> None:
    needle = Needle("name", NAME)
    held = [getattr(needle, slot) for slot in ("_masked", "_mask")]

    assert NAME == needle.text()
    assert all(NAME.encode() not in each for each in held)
