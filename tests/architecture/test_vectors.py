"""The vectors that are shipped are those of the passages that are shipped, so that a start computes none."""

from __future__ import annotations

from agent.engines.vectors import FILE, VectorFile
from agent.engines.write_vectors import SHIPPED, own_texts

REMEDY = "python -m agent.engines.write_vectors"


def test_every_way_of_asking_has_its_vector_in_the_file() -> None:
    assert () == VectorFile.read(SHIPPED / FILE).lacks(own_texts(SHIPPED)), REMEDY


def test_the_file_holds_no_vector_of_what_is_not_asked_any_more() -> None:
    assert len(set(own_texts(SHIPPED))) == len(VectorFile.read(SHIPPED / FILE)), REMEDY


def test_the_file_stays_small() -> None:
    assert (SHIPPED / FILE).stat().st_size < 4 << 20
