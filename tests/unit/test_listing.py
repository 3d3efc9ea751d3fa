"""A list that does not hold together is refused whole, in one sentence that repeats nothing of it."""

from __future__ import annotations

import contextlib
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.vendors import load
from policies.allowlist import Endpoint, Feature, Permitted, days, permit
from policies.listing import ListRefused, parse
from policies.records import Engine, EvidenceKind, Profile
from policies.retention import Retention

FILE = Path(__file__).parents[2] / "deploy" / "allowlist.toml"
SHIPPED = FILE.read_text(encoding="utf-8")
AGREED = """
[[evidence]]
vendor = "anthropic"
kind = "{kind}"
reference = "C-2026-{kind}"
tier = "enterprise"
signed = 2026-01-15
expires = 2027-01-14
retention_days = 0
"""
EVIDENCE = AGREED.format(kind="baa").replace("C-2026-baa", "C-1") + AGREED.format(kind="zdr").replace(
    "C-2026-zdr", "C-2"
)


def test_the_shipped_list_has_the_shapes_and_no_evidence() -> None:
    allowlist = parse(SHIPPED)

    assert {"twilio", "anthropic", "google", "custom"} == {vendor.name for vendor in allowlist.vendors}
    assert ["twilio"] == [vendor.name for vendor in allowlist.vendors if vendor.carrier]
    assert () == allowlist.evidence
    assert allowlist.mandated


def test_a_model_is_permitted_once_both_agreements_are_in_the_file() -> None:
    allowlist = parse(SHIPPED + EVIDENCE)
    endpoint = Endpoint(
        Engine.ANTHROPIC, "claude-sonnet-4-6", "https://api.anthropic.com", frozenset({Feature.MESSAGES})
    )

    assert [EvidenceKind.BAA, EvidenceKind.ZDR] == [each.kind for each in allowlist.evidence]
    assert days(date(2027, 1, 14)) == allowlist.evidence[0].expires
    assert isinstance(permit(endpoint, allowlist, Retention.ZERO, Profile.PRODUCTION, date(2026, 11, 22)), Permitted)


def test_the_example_in_the_file_s_own_words_can_be_used() -> None:
    commented = SHIPPED.partition("# [[evidence]]")[2].partition("# ---")[0]
    example = "[[evidence]]" + re.sub(r"^# ?", "", commented, flags=re.MULTILINE)

    assert 1 == len(parse(SHIPPED + example).evidence)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("carrier = true", "carrier = true\nnote = 1", "vendor: has a key that it may not have"),
        ('region = "us"', 'region = "us"\nextra = "x"', "model: has a key that it may not have"),
        ("[[mandated]]", "[[forbidden]]", "has a table that it may not have"),
        ('does = "connects', 'did = "connects', "vendor: does: is missing"),
        ('needs = ["baa"]', "needs = []", "vendor: needs: must hold baa"),
        ('needs = ["baa", "zdr"]', 'needs = ["baa"]', "vendor: needs: must hold zdr"),
        ('engine = "anthropic"', 'engine = "approved"', "model: engine: must be a hosted one: approved needs no entry"),
        ('vendor = "google"\nengine', 'vendor = "twilio"\nengine', "model: vendor: is no vendor of this list"),
        ('"https://api.anthropic.com"', '"http://api.anthropic.com"', "model: base_url: must be https, or http on"),
        ('"claude-sonnet-4-6"', '"claude-haiku-4-5-20251001"', "model: one comes twice"),
        ('name = "google"', 'name = "anthropic"', "vendor: name: one comes twice"),
        ("retention_days = 30", 'retention_days = "30"', "vendor: retention_days: must be a number from 0 to 36500"),
        ("retention_days = 30", "retention_days = true", "vendor: retention_days: must be a number from 0 to 36500"),
        ('training = "unknown"', 'training = "maybe"', "vendor: training: must be prohibited or allowed or unknown"),
        ("tiers = [", 'tiers = ["Big Plan", ', "vendor: tiers: must be a list of names"),
        ('tiers = ["your-plan"]', "tiers = []", "vendor: tiers: must name the plans that an agreement may be for"),
        ("regions = []", 'regions = ["us"]', "vendor: regions: must be none for a carrier, and some for others"),
        ('regions = ["global"]', "regions = []", "vendor: regions: must be none for a carrier, and some for others"),
        ('region = "us"', 'region = "eu"', "model: region: is none of its vendor's regions"),
        ('"https://api.anthropic.com"', '"https://api.anthropic.com."', "model: base_url: must be https, or http on"),
        ('features = ["messages", "streaming"]', 'features = ["batches"]', "model: features: must be a list of names"),
        ("carrier = false", "carrier = 0", "vendor: carrier: must be true or false"),
        ('kind = "baa"', 'kind = "nda"', "evidence: kind: must be baa or zdr"),
        ('reference = "C-1"', 'reference = "Jane Doe"', "evidence: reference: is not of the form"),
        ("signed = 2026-01-15", 'signed = "2026-01-15"', "evidence: signed: must be a date such as"),
        ("signed = 2026-01-15", "signed = 2026-01-15T10:00:00Z", "evidence: signed: must be a date such as"),
        ("signed = 2026-01-15", "signed = 1969-01-15", "evidence: signed: is not of the form"),
        ('vendor = "anthropic"\nkind', 'vendor = "nobody"\nkind', "evidence: vendor: is no vendor of this list"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(old: str, new: str, sentence: str) -> None:
    text = re.sub(r"^# .*\n", "", SHIPPED + EVIDENCE, flags=re.MULTILINE)
    assert old in text

    with pytest.raises(ListRefused, match=f"^{re.escape(sentence)}") as refused:
        parse(text.replace(old, new, 1))
    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    "text", ["", "vendor = 1", "[[vendor]]", "x" * 300_000, "a = " + "[" * 5_000, "[vendor]\nx = 1"]
)
def test_what_is_no_list_is_refused_or_lists_nothing(text: str) -> None:
    if text == "":
        assert () == parse(text).listed
        return
    with pytest.raises(ListRefused):
        parse(text)


@given(st.text(max_size=80))
def test_junk_in_a_good_list_is_refused_or_changes_nothing_that_is_permitted(junk: str) -> None:
    with contextlib.suppress(ListRefused):
        assert () == parse(SHIPPED + "\n" + junk).evidence


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "mine.toml"
    broken.write_bytes(b"\xff\xfe")
    for file in (tmp_path / "none.toml", tmp_path, broken):
        with pytest.raises(ListRefused, match=f"^{file.name}: is not a file that can be read$"):
            load(file)
