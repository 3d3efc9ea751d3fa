"""A model that is not permitted is refused before a socket opens."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.vendors import FEATURES, load
from policies.allowlist import (
    BUILT_IN,
    LOCAL,
    NOTHING_LISTED,
    Allowlist,
    Endpoint,
    Feature,
    Listed,
    ModelReason,
    ModelRefused,
    Permitted,
    Training,
    Vendor,
    days,
    lacking,
    permit,
)
from policies.closed import NotClosed
from policies.places import url_problem
from policies.records import Engine, Evidence, EvidenceKind, ListedModel, Profile
from policies.retention import Retention

SHIPPED = load(Path(__file__).parents[2] / "deploy" / "allowlist.toml")
HOSTED = [Engine.ANTHROPIC, Engine.OPENAI]
URL = "https://api.example.com/v1"
TODAY = date(2026, 11, 22)
TIERS = ("enterprise", "hipaa")
VENDOR = Vendor(
    "vendor", "answers", 30, "all", Training.PROHIBITED, (), frozenset(EvidenceKind), tiers=TIERS, regions=("us",)
)
CARRIER = Vendor(
    "carrier",
    "connects",
    400,
    "calls",
    Training.PROHIBITED,
    (),
    frozenset({EvidenceKind.BAA}),
    carrier=True,
    tiers=TIERS,
)
LISTED = Listed(VENDOR, Engine.OPENAI, "model-1", URL, "us", frozenset({Feature.CHAT, Feature.STREAMING}))
ENDPOINT = Endpoint(Engine.OPENAI, "model-1", URL, frozenset({Feature.CHAT, Feature.STREAMING}))


def agreement(kind: EvidenceKind, **changed: Any) -> Evidence:
    fields: dict[str, Any] = {
        "party": "vendor",
        "kind": kind,
        "reference": "C-1",
        "tier": "enterprise",
        "signed": days(TODAY) - 10,
        "expires": days(TODAY) + 10,
        "retention_days": 0,
    }
    return Evidence(**fields | changed)


BAA, ZDR = agreement(EvidenceKind.BAA), agreement(EvidenceKind.ZDR)


def with_evidence(*evidence: Evidence, vendor: Vendor = VENDOR, mandated: Iterable[str] = ()) -> Allowlist:
    return Allowlist((dataclasses.replace(LISTED, vendor=vendor),), (vendor,), tuple(mandated), evidence)


def verdict(
    allowlist: Allowlist, endpoint: Endpoint = ENDPOINT, level: Any = Retention.ZERO, today: date = TODAY
) -> Permitted | ModelReason:
    found = permit(endpoint, allowlist, level, Profile.PRODUCTION, today)
    return found.reason if isinstance(found, ModelRefused) else found


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("level", Retention)
def test_the_built_in_engine_is_always_permitted(profile: Profile, level: Retention) -> None:
    permitted = permit(BUILT_IN, NOTHING_LISTED, level, profile, TODAY)

    assert isinstance(permitted, Permitted)
    assert (Engine.APPROVED, "") == (permitted.engine, permitted.base_url)


@given(st.text() | st.just(URL))
def test_the_built_in_engine_has_no_place_to_call(base_url: str) -> None:
    found = permit(Endpoint(Engine.APPROVED, "x", base_url), NOTHING_LISTED, Retention.ZERO, Profile.PRODUCTION, TODAY)

    assert isinstance(found, Permitted)
    assert found.base_url == ""


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("level", Retention)
def test_everything_on_the_list_as_it_is_shipped_is_refused(profile: Profile, level: Retention) -> None:
    assert SHIPPED.listed
    for each in SHIPPED.listed:
        endpoint = Endpoint(each.engine, each.model, each.base_url, FEATURES[each.engine])
        found = permit(endpoint, SHIPPED, level, profile, TODAY)
        assert isinstance(found, ModelRefused)
        assert found.reason in (ModelReason.NO_BAA, ModelReason.TRAINS)
        assert () == found.allowed


@pytest.mark.parametrize("profile", Profile)
def test_a_model_with_both_agreements_is_permitted_at_exactly_its_place(profile: Profile) -> None:
    found = permit(ENDPOINT, with_evidence(BAA, ZDR), Retention.ZERO, profile, TODAY)

    assert isinstance(found, Permitted)
    assert (Engine.OPENAI, "vendor", "model-1", URL) == (found.engine, found.provider, found.model, found.base_url)


@pytest.mark.parametrize(
    ("allowlist", "rule"),
    [
        (NOTHING_LISTED, ModelReason.NOT_LISTED),
        (with_evidence(), ModelReason.NO_BAA),
        (with_evidence(ZDR), ModelReason.NO_BAA),
        (with_evidence(BAA), ModelReason.NO_ZDR),
        (with_evidence(agreement(EvidenceKind.BAA, expires=days(TODAY) - 1), ZDR), ModelReason.BAA_EXPIRED),
        (with_evidence(agreement(EvidenceKind.BAA, signed=days(TODAY) + 1), ZDR), ModelReason.BAA_EXPIRED),
        (with_evidence(BAA, agreement(EvidenceKind.ZDR, expires=days(TODAY) - 1)), ModelReason.ZDR_EXPIRED),
        (with_evidence(BAA, agreement(EvidenceKind.ZDR, retention_days=1)), ModelReason.RETAINS),
        (with_evidence(agreement(EvidenceKind.BAA, party="other"), ZDR), ModelReason.NO_BAA),
        (with_evidence(BAA, agreement(EvidenceKind.ZDR, party="other")), ModelReason.NO_ZDR),
        (with_evidence(BAA, ZDR, vendor=dataclasses.replace(VENDOR, training=Training.ALLOWED)), ModelReason.TRAINS),
        (with_evidence(BAA, ZDR, vendor=dataclasses.replace(VENDOR, training=Training.UNKNOWN)), ModelReason.TRAINS),
        (with_evidence(BAA, ZDR, mandated=["model-1"]), ModelReason.MANDATED_RETENTION),
    ],
)
def test_whatever_is_missing_expired_retaining_or_training_is_refused(allowlist: Allowlist, rule: ModelReason) -> None:
    assert rule is verdict(allowlist)


@pytest.mark.parametrize(
    ("endpoint", "rule"),
    [
        (dataclasses.replace(ENDPOINT, model="model-12"), ModelReason.NOT_LISTED),
        (dataclasses.replace(ENDPOINT, model="Model-1"), ModelReason.NOT_LISTED),
        (dataclasses.replace(ENDPOINT, base_url="https://api.example.com/v2"), ModelReason.OTHER_PLACE),
        (dataclasses.replace(ENDPOINT, base_url="https://api.example.com.example.org/v1"), ModelReason.OTHER_PLACE),
        (dataclasses.replace(ENDPOINT, base_url="https://api.example.com:8443/v1"), ModelReason.OTHER_PLACE),
        (dataclasses.replace(ENDPOINT, engine=Engine.ANTHROPIC), ModelReason.OTHER_PLACE),
        (dataclasses.replace(ENDPOINT, features=frozenset(Feature)), ModelReason.OTHER_FEATURE),
    ],
)
def test_what_is_not_exactly_on_the_list_is_refused(endpoint: Endpoint, rule: ModelReason) -> None:
    assert rule is verdict(with_evidence(BAA, ZDR), endpoint)


def test_a_slash_at_the_end_is_no_other_place() -> None:
    assert isinstance(verdict(with_evidence(BAA, ZDR), dataclasses.replace(ENDPOINT, base_url=URL + "/")), Permitted)


@pytest.mark.parametrize("day", [-10, 0, 10])
def test_an_agreement_holds_on_its_first_and_its_last_day(day: int) -> None:
    assert isinstance(verdict(with_evidence(BAA, ZDR), today=TODAY + timedelta(days=day)), Permitted)
    assert verdict(with_evidence(BAA, ZDR), today=TODAY + timedelta(days=11)) is ModelReason.BAA_EXPIRED


def test_a_renewal_counts_beside_what_has_expired() -> None:
    old = agreement(EvidenceKind.BAA, reference="C-0", expires=days(TODAY) - 1)

    assert isinstance(verdict(with_evidence(old, BAA, ZDR)), Permitted)


@pytest.mark.parametrize(
    "spelled",
    ["claude-fable-5", "anthropic/claude-fable-5", "us.anthropic.Claude_Fable-5-v1:0", "claude-mythos-5-20260609"],
)
@pytest.mark.parametrize("profile", Profile)
def test_a_model_whose_vendor_mandates_retention_is_refused_by_name_however_it_is_spelled(
    spelled: str, profile: Profile
) -> None:
    for url in (URL, "http://127.0.0.1:8080/v1"):
        found = permit(Endpoint(Engine.OPENAI, spelled, url), SHIPPED, Retention.ZERO, profile, TODAY)
        assert isinstance(found, ModelRefused)
        assert found.reason is ModelReason.MANDATED_RETENTION


def test_a_line_without_patients_needs_the_business_agreement_alone() -> None:
    assert isinstance(verdict(with_evidence(BAA), level=Retention.REDACTED), Permitted)
    assert verdict(with_evidence(ZDR), level=Retention.REDACTED) is ModelReason.NO_BAA


@pytest.mark.parametrize("level", [None, 1, "REDACTED", 2])
def test_what_is_no_level_counts_as_zero(level: Any) -> None:
    assert verdict(with_evidence(BAA), level=level) is ModelReason.NO_ZDR


evidence = st.builds(
    Evidence,
    party=st.sampled_from(["vendor", "carrier", "other"]),
    kind=st.sampled_from(EvidenceKind),
    reference=st.just("C-1"),
    tier=st.just("enterprise"),
    signed=st.integers(days(TODAY) - 3, days(TODAY) + 3),
    expires=st.integers(days(TODAY) - 3, days(TODAY) + 3),
    retention_days=st.integers(0, 2),
)


@given(st.lists(evidence, max_size=6), st.sampled_from(Training), st.integers(-4, 4))
def test_what_zero_permits_holds_today_and_nothing_less_would_do(
    held: list[Evidence], training: Training, day: int
) -> None:
    today = TODAY + timedelta(days=day)
    allowlist = with_evidence(*held, vendor=dataclasses.replace(VENDOR, training=training))
    valid = [each for each in held if each.party == "vendor" and each.signed <= days(today) <= each.expires]
    baa = any(each.kind is EvidenceKind.BAA for each in valid)
    zdr = any(each.kind is EvidenceKind.ZDR and each.retention_days == 0 for each in valid)
    may = baa and zdr and training is Training.PROHIBITED

    assert may is isinstance(verdict(allowlist, today=today), Permitted)
    if may:
        assert isinstance(verdict(allowlist, level=Retention.REDACTED, today=today), Permitted)


def test_a_refusal_says_what_an_http_400_must() -> None:
    found = permit(
        dataclasses.replace(ENDPOINT, model="model-2"),
        with_evidence(BAA, ZDR),
        Retention.ZERO,
        Profile.PRODUCTION,
        TODAY,
    )

    assert isinstance(found, ModelRefused)
    assert {
        "error": "model_refused",
        "model": "model-2",
        "rule": "not_listed",
        "allowed": ["approved", f"model-1 at {URL}"],
    } == found.body()


def test_what_is_no_name_is_not_repeated() -> None:
    found = permit(
        Endpoint(Engine.OPENAI, "Jane Doe", URL), with_evidence(BAA, ZDR), Retention.ZERO, Profile.PRODUCTION, TODAY
    )

    assert isinstance(found, ModelRefused)
    assert "Jane" not in str(found.body())


@pytest.mark.parametrize("engine", HOSTED)
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/v1", "http://localhost:1", "http://[::1]:8080/", "http://127.9.9.9"]
)
def test_in_development_a_server_on_this_machine_needs_no_agreement(engine: Engine, url: str) -> None:
    endpoint = Endpoint(engine, "model-1:latest", url)
    found = permit(endpoint, NOTHING_LISTED, Retention.ZERO, Profile.DEVELOPMENT, TODAY)

    assert isinstance(found, Permitted)
    assert (engine, LOCAL, "model-1:latest", url) == (found.engine, found.provider, found.model, found.base_url)
    assert verdict(NOTHING_LISTED, endpoint) is ModelReason.NOT_LISTED


@pytest.mark.parametrize("engine", HOSTED)
@pytest.mark.parametrize("url", [URL, "https://api.anthropic.com", "https://127.0.0.1.example.com"])
def test_in_development_a_server_elsewhere_needs_what_production_needs(engine: Engine, url: str) -> None:
    found = permit(Endpoint(engine, "model-1", url), NOTHING_LISTED, Retention.ZERO, Profile.DEVELOPMENT, TODAY)

    assert isinstance(found, ModelRefused)
    assert found.reason is ModelReason.NOT_LISTED


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.com/v1", ModelReason.NOT_HTTPS),
        ("http://127.0.0.1.example.com", ModelReason.NOT_HTTPS),
        ("http://localhost.example.com", ModelReason.NOT_HTTPS),
        ("http://0.0.0.0:80", ModelReason.NOT_HTTPS),
        ("http://2130706433", ModelReason.BAD_URL),
        ("http://localhost@api.example.com", ModelReason.BAD_URL),
        ("https://user:word@api.example.com", ModelReason.BAD_URL),
        ("https://api.example.com/?key=1", ModelReason.BAD_URL),
        ("https://api.example.com/#x", ModelReason.BAD_URL),
        ("https://api.example.com\\@127.0.0.1", ModelReason.BAD_URL),
        ("https://api.example.com:99999", ModelReason.BAD_URL),
        ("https://api.example.com:0", ModelReason.BAD_URL),
        ("https://[::1", ModelReason.BAD_URL),
        ("https://", ModelReason.BAD_URL),
        ("https:///v1", ModelReason.BAD_URL),
        ("ftp://api.example.com", ModelReason.BAD_URL),
        ("unix:///run/model", ModelReason.BAD_URL),
        ("api.example.com", ModelReason.BAD_URL),
        ("https://api.example.com/ v1", ModelReason.BAD_URL),
        ("https://api.example.com/\r\nX: y", ModelReason.BAD_URL),
        ("", ModelReason.BAD_URL),
    ],
)
@pytest.mark.parametrize("profile", Profile)
def test_what_is_no_place_to_send_a_key_to_is_refused(url: str, reason: ModelReason, profile: Profile) -> None:
    found = permit(Endpoint(Engine.OPENAI, "model", url), NOTHING_LISTED, Retention.ZERO, profile, TODAY)

    assert isinstance(found, ModelRefused)
    assert reason is found.reason


@pytest.mark.parametrize("name", ["", " ", "a b", "x\n", "-x", "x" * 101, "\N{BULLET}"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    assert verdict(with_evidence(BAA, ZDR), dataclasses.replace(ENDPOINT, model=name)) is ModelReason.BAD_NAME


@given(st.text(), st.text(), st.sampled_from(Profile))
def test_every_text_gets_a_verdict(model: str, url: str, profile: Profile) -> None:
    found = permit(Endpoint(Engine.OPENAI, model, url), SHIPPED, Retention.ZERO, profile, TODAY)

    assert isinstance(found, Permitted | ModelRefused)


@pytest.mark.parametrize(("engine", "profile"), [("openai", Profile.DEVELOPMENT), (Engine.OPENAI, "development")])
def test_what_is_no_engine_or_profile_is_refused(engine: Any, profile: Any) -> None:
    found = permit(Endpoint(engine, "model", URL), NOTHING_LISTED, Retention.ZERO, profile, TODAY)

    assert isinstance(found, ModelRefused)
    assert found.reason is ModelReason.UNKNOWN_ENGINE


def test_an_agent_of_the_built_in_engine_still_needs_the_carrier_s_agreement() -> None:
    carried = Allowlist((), (CARRIER,), ())
    covered = carried.having([agreement(EvidenceKind.BAA, party="carrier")])

    assert lacking(BUILT_IN, carried, Retention.ZERO, TODAY) is ModelReason.NO_BAA
    assert lacking(BUILT_IN, covered, Retention.ZERO, TODAY) is None
    assert lacking(BUILT_IN, NOTHING_LISTED, Retention.ZERO, TODAY) is ModelReason.NOT_LISTED


def test_every_vendor_in_the_data_path_needs_its_evidence() -> None:
    both = dataclasses.replace(with_evidence(BAA, ZDR), vendors=(VENDOR, CARRIER))
    covered = both.having([agreement(EvidenceKind.BAA, party="carrier")])
    local = Endpoint(Engine.OPENAI, "model-1", "http://127.0.0.1:1/v1")

    assert lacking(ENDPOINT, both, Retention.ZERO, TODAY) is ModelReason.NO_BAA
    assert lacking(ENDPOINT, covered, Retention.ZERO, TODAY) is None
    assert lacking(local, covered, Retention.ZERO, TODAY) is ModelReason.OTHER_PLACE


@pytest.mark.parametrize("level", Retention)
@pytest.mark.parametrize("kind", EvidenceKind)
def test_an_agreement_of_another_tier_does_not_count_and_the_refusal_says_which_do(
    kind: EvidenceKind, level: Retention
) -> None:
    sound = {EvidenceKind.BAA: BAA, EvidenceKind.ZDR: ZDR}
    allowlist = with_evidence(*(sound | {kind: agreement(kind, tier="consumer-free")}).values())
    found = permit(ENDPOINT, allowlist, level, Profile.PRODUCTION, TODAY)

    if kind is EvidenceKind.ZDR and level is Retention.REDACTED:
        assert isinstance(found, Permitted)
        return
    assert isinstance(found, ModelRefused)
    assert (ModelReason.OTHER_TIER, TIERS, ()) == (found.reason, found.accepted, found.allowed)
    assert ["enterprise", "hipaa"] == found.body()["accepted"]
    also = allowlist.having([agreement(kind, tier="hipaa", reference="C-2")])
    assert isinstance(permit(ENDPOINT, also, level, Profile.PRODUCTION, TODAY), Permitted)


def test_zero_days_count_of_an_agreement_of_its_tier_alone() -> None:
    kept, none = agreement(EvidenceKind.ZDR, retention_days=30), agreement(EvidenceKind.ZDR, tier="consumer-free")

    assert ModelReason.RETAINS is verdict(with_evidence(BAA, kept, none))


@pytest.mark.parametrize("tier", ["", "Enterprise", "enterprise ", "enterprise-plus"])
def test_a_carrier_s_agreement_is_of_its_tiers_too(tier: str) -> None:
    paper = dataclasses.replace(BAA, party="carrier")
    if tier:
        with contextlib.suppress(NotClosed):
            paper = dataclasses.replace(paper, tier=tier)
    also = dataclasses.replace(CARRIER, tiers=("hipaa",))
    allowlist = Allowlist((), (also,), (), (paper,))

    assert lacking(BUILT_IN, allowlist, Retention.ZERO, TODAY) is ModelReason.OTHER_TIER


def test_no_tier_named_is_no_tier_accepted() -> None:
    allowlist = with_evidence(BAA, ZDR, vendor=dataclasses.replace(VENDOR, tiers=()))

    assert ModelReason.OTHER_TIER is verdict(allowlist)


def test_a_model_in_a_region_that_its_vendor_s_agreements_are_not_for_is_refused() -> None:
    allowlist = with_evidence(BAA, ZDR, vendor=dataclasses.replace(VENDOR, regions=("eu", "ch")))
    found = permit(ENDPOINT, allowlist, Retention.REDACTED, Profile.PRODUCTION, TODAY)

    assert isinstance(found, ModelRefused)
    assert (ModelReason.OTHER_REGION, ("eu", "ch"), ()) == (found.reason, found.accepted, found.allowed)


def test_what_an_admin_lists_elsewhere_is_refused_by_its_region() -> None:
    elsewhere = ListedModel(
        entry="A" * 22, vendor="vendor", engine=Engine.OPENAI, model="model-2", base_url=URL, region="apac",
        messages=False, chat=True, streaming=True,
    )  # fmt: skip
    endpoint = dataclasses.replace(ENDPOINT, model="model-2")

    assert ModelReason.OTHER_REGION is verdict(with_evidence(BAA, ZDR).also([elsewhere]), endpoint)
    there = with_evidence(BAA, ZDR).also([dataclasses.replace(elsewhere, region="us")])
    assert isinstance(verdict(there, endpoint), Permitted)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com./v1", "https://API.openai.com/v1", "HTTPS://api.openai.com/v1",
        "https://api.openai.com:443/v1", "https://api.openai.com:/v1", "https://api.openai.com:0443/v1",
        "https://api..openai.com/v1", "https://api.openai%2ecom/v1", "https://127.1/v1", "https://0x7f.0.0.1/v1",
        "https://2130706433/v1", "https://127.0.0.01/v1", "https://[0:0:0:0:0:0:0:1]/v1", "https://[::0001]/v1",
        "https://.api.openai.com/v1", "https://api_.openai.com/v1", "http://LOCALHOST/v1", "http://127.0.0.1:80/v1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("profile", Profile)
def test_a_host_in_another_than_its_normal_spelling_is_refused(url: str, profile: Profile) -> None:
    found = permit(Endpoint(Engine.OPENAI, "model-1", url), with_evidence(BAA, ZDR), Retention.ZERO, profile, TODAY)

    assert isinstance(found, ModelRefused)
    assert ModelReason.BAD_URL is found.reason


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "https://a.example:8443", "http://127.0.0.1:8000/v1", "http://[::1]:8080"]
)
def test_a_host_in_its_normal_spelling_is_one(url: str) -> None:
    assert url_problem(url) is None


def test_nobody_else_makes_the_permit() -> None:
    permitted = permit(BUILT_IN, NOTHING_LISTED, Retention.ZERO, Profile.PRODUCTION, TODAY)
    assert isinstance(permitted, Permitted)

    with pytest.raises(TypeError):
        Permitted(Engine.OPENAI, "provider", "model", URL, object())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(permitted, base_url=URL)  # type: ignore[call-arg]  # it takes the mint, which is what is tried
