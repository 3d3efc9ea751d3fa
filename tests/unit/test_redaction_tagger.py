"""The second voice of redaction: what it reads, where it is believed, and that it only adds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engines.models import MINILM
from policies import redaction, sentence_model
from policies.phi import PHI
from policies.redacting import second, taught
from policies.redacting.found import Found, Kind
from policies.redacting.second import added, doubted
from policies.redacting.tagger import KINDS, WINDOW, Tag, Tagger, _windows
from policies.redacting.taught import load_tagger
from policies.redacting.words import cut
from policies.redaction import Redactor

pytestmark = [pytest.mark.xdist_group("redaction"), pytest.mark.timeout(300)]


@pytest.fixture(name="redactor", scope="module")
def _redactor() -> Redactor:
    return Redactor.load()


@pytest.fixture(name="tagger", scope="module")
def _tagger() -> Tagger:
    return load_tagger()


def told(redactor: Redactor, text: str) -> str:
    return redactor.redact(PHI(text)).text.reveal()


def thought(text: str, sure: dict[str, tuple[float, Kind]]) -> list[Tag]:
    """Tags of a text as if the tagger had said so; all other words are nothing."""
    return [Tag(*sure.get(word.low, (0.0, Kind.PERSON))) for word in cut(text)]


def taken(redactor: Redactor, text: str, sure: dict[str, tuple[float, Kind]]) -> list[str]:
    words = cut(text)
    found = added(words, thought(text, sure), redactor._lexis, set())
    return [text[words[one.first].start : words[one.end - 1].end] for one in found]


@given(st.lists(st.integers(1, WINDOW - 2), max_size=400))
def test_each_word_is_judged_once_and_no_window_is_too_long(sizes: list[int]) -> None:
    windows = _windows(sizes)

    assert list(range(len(sizes))) == [place for _, _, begin, end in windows for place in range(begin, end)]
    assert all(first <= begin and end <= last for first, last, begin, end in windows)
    assert all(sum(sizes[first:last]) + 2 <= WINDOW for first, last, _, _ in windows)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from("hello élan Ünal ﬁ 𝟗 555 - . o'hara 你好 zzzzzz".split())).map(" ".join)
)
def test_any_text_has_one_tag_a_word(redactor: Redactor, tagger: Tagger, text: str) -> None:
    words = cut(text)
    tags = tagger.tags(words, redactor._lexis) if words else []

    assert len(words) == len(tags)
    assert all(0 <= tag.sure <= 1 and tag.kind in KINDS for tag in tags)


def test_the_same_text_is_judged_the_same_way_each_time_also_after_others(redactor: Redactor, tagger: Tagger) -> None:
    words = cut("it is waverley oakes and the gauze is wet")
    first = tagger.tags(words, redactor._lexis)
    tagger.tags(cut("something else entirely " * 60), redactor._lexis)

    assert first == tagger.tags(words, redactor._lexis)


def test_a_name_far_inside_a_long_text_is_found_as_well(redactor: Redactor) -> None:
    text = "the gauze was wet and the tape came off again " * 40
    assert "wendeline" not in told(redactor, f"{text} my name is wendeline oakes {text}")


def test_all_kinds_can_be_said_by_the_tagger() -> None:
    assert set(KINDS) == set(Kind)


def test_the_files_are_those_that_the_line_checks_too() -> None:
    assert {part.parts[0][1]: part.sha256 for part in MINILM} == dict(sentence_model.SUMS)


def test_an_altered_file_of_the_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"altered")
    (tmp_path / "__init__.py").write_text("")
    spec = importlib.util.spec_from_file_location("altered", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)

    with pytest.raises(OSError, match="not the one that was checked"):
        load_tagger()


def test_an_absent_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(OSError, match="not installed"):
        load_tagger()


def test_what_was_learnt_is_numbers_of_half_precision_and_no_more() -> None:
    learnt = sentence_model.taught("policies.redacting", taught.TAUGHT)

    assert {np.dtype(np.float16)} == {array.dtype for array in learnt.values()}
    assert all(np.isfinite(array).all() for array in learnt.values())


PERSON = (0.99, Kind.PERSON)


@pytest.mark.parametrize(
    ("text", "sure", "expected"),
    [
        ("ask quillon about it", {"quillon": PERSON}, ["quillon"]),
        ("ask quillon about it", {"quillon": (0.2, Kind.PERSON)}, []),
        ("the jardiance is out", {"jardiance": PERSON}, []),
        ("bell's palsy again", {"bell": PERSON}, []),
        ("call nine one one now", dict.fromkeys(("nine", "one"), (0.99, Kind.PHONE)), []),
        ("it was ninety eight percent", dict.fromkeys(("ninety", "eight"), (0.99, Kind.AGE_90_PLUS)), []),
        ("he is eighty eight", dict.fromkeys(("eighty",), (0.99, Kind.AGE_90_PLUS)), []),
        ("it was ninety eight at noon", dict.fromkeys(("ninety", "eight"), (0.99, Kind.AGE_90_PLUS)), []),
        ("temperature of ninety eight", dict.fromkeys(("ninety", "eight"), (0.99, Kind.AGE_90_PLUS)), []),
        ("the pudding spilled", {"pudding": PERSON}, []),
        ("he saw me stumble", {"stumble": PERSON}, []),
        ("use it by april please", {"april": PERSON}, []),
        ("the tube place is sore", dict.fromkeys(("tube", "place"), (0.99, Kind.EMAIL)), []),
        ("we are willow creek hospital", dict.fromkeys(("willow", "creek", "hospital"), (0.99, Kind.ADDRESS)), []),
        ("granny is ninety eight", dict.fromkeys(("ninety", "eight"), (0.99, Kind.AGE_90_PLUS)), ["ninety eight"]),
        ("pressure was one ten", dict.fromkeys(("one", "ten"), (0.99, Kind.DOB)), []),
        ("she said four two", dict.fromkeys(("four", "two"), (0.99, Kind.SSN)), []),
        ("my social is four two", dict.fromkeys(("four", "two"), (0.99, Kind.SSN)), ["four two"]),
        ("page six of nine", dict.fromkeys(("six", "of", "nine"), (0.99, Kind.DATE)), []),
        ("it costs $61.20 here", dict.fromkeys(("61", "20"), (0.99, Kind.CARD)), []),
        ("in ohio", {"ohio": (0.99, Kind.ADDRESS)}, []),
        ("q as in queen four id", dict.fromkeys(("q", "queen", "four"), (0.9, Kind.MEMBER_ID)), ["q as in queen four"]),
    ],
)  # fmt: skip
def test_the_tagger_is_believed_but_not_against_what_is_certain(
    redactor: Redactor, text: str, sure: dict[str, tuple[float, Kind]], expected: list[str]
) -> None:
    assert expected == taken(redactor, text, sure)


def test_a_word_right_beside_a_taken_one_needs_less(redactor: Redactor) -> None:
    sure = {"adaeze": PERSON, "quillon": (0.35, Kind.PERSON)}

    assert ["adaeze quillon"] == taken(redactor, "it is adaeze quillon here", sure)
    assert [] == taken(redactor, "it is quillon here", {"quillon": (0.35, Kind.PERSON)})


def test_nothing_that_the_rules_found_is_taken_twice(redactor: Redactor) -> None:
    words = cut("it is adaeze quillon here")
    tags = thought("it is adaeze quillon here", {"adaeze": PERSON, "quillon": PERSON})

    assert [Found(3, 4, Kind.PERSON)] == added(words, tags, redactor._lexis, {2})


def test_a_name_or_a_place_is_doubted_where_the_tagger_is_sure_and_neither_spells_nor_announces_it(
    redactor: Redactor,
) -> None:
    lexis, words = redactor._lexis, cut("the blorptex and elena or my name is quillon q l")
    nothing = [Tag(0.0, Kind.PERSON)] * len(words)
    little = [Tag(second.DOUBTED_GIVEN, Kind.PERSON)] * len(words)

    assert doubted(words, nothing, lexis, Found(1, 2, Kind.PERSON))
    assert not doubted(words, nothing, lexis, Found(1, 2, Kind.MRN))
    assert doubted(words, nothing, lexis, Found(3, 4, Kind.PERSON))
    assert doubted(words, nothing, lexis, Found(1, 2, Kind.ADDRESS))
    assert not doubted(words, little, lexis, Found(3, 4, Kind.PERSON))
    assert not doubted(words, nothing, lexis, Found(8, 9, Kind.PERSON))
    assert not doubted(words, nothing, lexis, Found(9, 11, Kind.PERSON))
    unknown = [Tag(second.DOUBTED_UNKNOWN, Kind.PERSON)] * len(words)
    assert not doubted(words, unknown, lexis, Found(1, 2, Kind.PERSON))


def test_without_the_tagger_less_is_found(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [f"this is the {name} boy's aunt" for name in ("abernathy", "kowalczyk", "thibodeaux")]
    whole = [told(redactor, text) for text in said]
    monkeypatch.setattr(redaction, "added", lambda *_: [])

    assert sum("<" in text for text in whole) >= sum("<" in told(redactor, text) for text in said)


DIGITS = st.sampled_from("zero one two three four five six seven eight nine oh".split())
HESITATIONS = st.sampled_from(
    ["", "", "", "um", "uh", "dash", "and then", "okay", "no wait", "no sorry", "hold on", "let me see"]
)
ANNOUNCED = {
    "my phone number is": (10, Kind.PHONE),
    "call me back at": (10, Kind.PHONE),
    "social security number is": (9, Kind.SSN),
    "the chart number is": (7, Kind.MRN),
    "my member id is": (9, Kind.MEMBER_ID),
    "the card number is": (16, Kind.CARD),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(sorted(ANNOUNCED)))
def test_a_number_that_is_announced_is_taken_out_whole_over_hesitation_and_corrections(
    redactor: Redactor, data: st.DataObject, announcement: str
) -> None:
    size, _ = ANNOUNCED[announcement]
    said = data.draw(st.lists(DIGITS, min_size=size, max_size=size))
    breaks = data.draw(st.lists(st.tuples(st.integers(1, size - 1), HESITATIONS), max_size=2))
    for place, word in sorted(breaks, reverse=True):
        repeated = [said[place - 1]] if word.startswith("no") else []
        said[place:place] = [*word.split(), *repeated]
    left = told(redactor, f"{announcement} {' '.join(said)}").removeprefix(announcement).split()

    assert [] == [word for word in left if word in "zero one two three four five six seven eight nine oh".split()]
