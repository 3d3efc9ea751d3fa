"""Which language model may be called at all.  Only this module makes `Permitted`.

permit(endpoint, allowlist, Retention.ZERO, profile, today) -> Permitted | ModelRefused

An endpoint is permitted where the allowlist has exactly it (engine, model id, base URL, features), in a region that its
vendor's agreements are for, its vendor trains on nothing it is sent, and the agreements that the level asks for are on
file, of a tier that the list accepts, and hold today: a business associate agreement at each level; at `ZERO` a
zero-data-retention agreement too, with 0 days, and no model whose vendor mandates retention.  The built-in engine needs
none.  In the development profile a server on this machine needs none either: that profile answers on loopback alone,
and what it sends stays here.  No other exception.
"""

from __future__ import annotations

import enum
import re
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass, replace
from datetime import date
from typing import Final, final

from policies.places import is_loopback, url_problem
from policies.records import MODEL, Engine, Evidence, EvidenceKind, ListedModel, Profile
from policies.retention import Retention

_MINT: Final = object()
NAME: Final = MODEL.pattern
EPOCH: Final = date(1970, 1, 1).toordinal()
LOCAL: Final = "local"
"""The provider of a server on this machine, in the development profile."""


class ModelReason(enum.Enum):
    """The rule by which a model may not be called; closed, counted by the metrics, a word of the audit log."""

    UNKNOWN_ENGINE = "unknown_engine"
    BAD_NAME = "bad_name"
    BAD_URL = "bad_url"
    """No host, or a user name, query or fragment in it."""
    NOT_HTTPS = "not_https"
    MANDATED_RETENTION = "mandated_retention"
    """Its vendor keeps what this model is sent, whatever was agreed."""
    NOT_LISTED = "not_listed"
    OTHER_PLACE = "other_place"
    """The model is on the list, at another base URL or behind another engine."""
    OTHER_FEATURE = "other_feature"
    OTHER_REGION = "other_region"
    """The entry's region is none that its vendor's agreements are for."""
    OTHER_TIER = "other_tier"
    """An agreement holds today, for a plan of the vendor's that the list does not accept."""
    TRAINS = "trains"
    """Its vendor trains on what it is sent, or is not known not to."""
    NO_BAA = "no_baa"
    BAA_EXPIRED = "baa_expired"
    NO_ZDR = "no_zdr"
    ZDR_EXPIRED = "zdr_expired"
    RETAINS = "retains"
    """The agreement lets the vendor keep something."""
    REVOKED = "revoked"
    """The keeper says so: an agreement has run out, or an entry was taken away, since the line began."""


class Feature(enum.Enum):
    """What of a vendor's interface is used.  There is no word for files, batches, caches or stored answers."""

    MESSAGES = "messages"
    """Anthropic's Messages API."""
    CHAT = "chat"
    """OpenAI's chat completions."""
    STREAMING = "streaming"


class Training(enum.Enum):
    """What the vendor's terms say of training on what it is sent."""

    PROHIBITED = "prohibited"
    ALLOWED = "allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Vendor:
    """A party that something of a call passes."""

    name: str
    does: str
    retention_days: int
    """What it keeps without a zero-data-retention agreement."""
    retains: str
    """What that is, in words."""
    training: Training
    subprocessors: tuple[str, ...]
    needs: frozenset[EvidenceKind]
    """A carrier can agree to no zero retention of the calls it connects; everybody else needs both."""
    carrier: bool = False
    """In the data path of every agent, whatever model it uses."""
    tiers: tuple[str, ...] = ()
    """The plans that an agreement may be for; with none named, no agreement counts."""
    regions: tuple[str, ...] = ()
    """Where its models may run under these agreements; a carrier has none."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One model that may be called, once its vendor's agreements are on file."""

    vendor: Vendor
    engine: Engine
    model: str
    base_url: str
    region: str
    features: frozenset[Feature]


@dataclass(frozen=True, slots=True)
class Allowlist:
    """The list, and the evidence that there is."""

    listed: tuple[Listed, ...]
    vendors: tuple[Vendor, ...]
    mandated: tuple[str, ...]
    """Parts of model names, in small letters and hyphens, whose vendor mandates retention."""
    evidence: tuple[Evidence, ...] = ()

    def having(self, evidence: Iterable[Evidence]) -> Allowlist:
        """The same list with this evidence too."""
        return replace(self, evidence=(*self.evidence, *evidence))

    def also(self, models: Iterable[ListedModel]) -> Allowlist:
        """The same list with what admins put on it; a model of a vendor that is not listed any more is left out."""
        vendors = {vendor.name: vendor for vendor in self.vendors if not vendor.carrier}
        added = [
            Listed(
                vendor=vendors[each.vendor],
                engine=each.engine,
                model=each.model,
                base_url=each.base_url,
                region=each.region,
                features=frozenset(feature for feature in Feature if getattr(each, feature.value)),
            )
            for each in models
            if each.vendor in vendors
        ]
        return replace(self, listed=(*self.listed, *added))


NOTHING_LISTED: Final = Allowlist((), (), ())


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an agent's model would be called."""

    engine: Engine
    model: str = ""
    base_url: str = ""
    features: frozenset[Feature] = frozenset()


BUILT_IN: Final = Endpoint(Engine.APPROVED)


@dataclass(frozen=True, slots=True)
class ModelRefused:
    """The model is not called; no socket opens."""

    reason: ModelReason
    model: str = ""
    """As it was asked for; empty for what is no name."""
    allowed: tuple[str, ...] = ()
    """What may be called today at that level, each as `model at base URL`; besides the engine `approved`."""
    accepted: tuple[str, ...] = ()
    """The tiers or regions that would have done, where one of these was the matter."""

    def body(self) -> dict[str, object]:
        """What an HTTP 400 says."""
        said: dict[str, object] = {
            "error": "model_refused",
            "model": self.model,
            "rule": self.reason.value,
            "allowed": [Engine.APPROVED.value, *self.allowed],
        }
        return {**said, "accepted": list(self.accepted)} if self.accepted else said


@final
@dataclass(frozen=True, slots=True)
class Permitted:
    """A model that may be called, at exactly this place."""

    engine: Engine
    provider: str
    model: str
    base_url: str
    """Empty for the built-in engine."""
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Permitted is made by policies.allowlist alone")


def permit(
    endpoint: Endpoint, allowlist: Allowlist, level: Retention, profile: Profile, today: date
) -> Permitted | ModelRefused:
    """Refuses before a socket opens.  What is no level counts as `ZERO`."""
    strict = level is not Retention.REDACTED
    found = _judge(endpoint, allowlist, profile, today, strict=strict)
    if isinstance(found, Permitted):
        return found
    named = isinstance(endpoint.model, str) and re.fullmatch(NAME, endpoint.model, re.ASCII)
    allowed = _allowed(allowlist, today, strict=strict)
    return ModelRefused(found, endpoint.model if named else "", allowed, _accepted(found, endpoint, allowlist))


def objection(vendor: Vendor, evidence: Sequence[Evidence], today: date, *, zero: bool) -> ModelReason | None:
    """Why nothing of a call may pass this vendor today; None if it may.  zero: at `ZERO`."""
    if vendor.training is not Training.PROHIBITED:
        return ModelReason.TRAINS
    mine = [each for each in evidence if each.party == vendor.name]
    baa = [each for each in mine if each.kind is EvidenceKind.BAA]
    zdr = [each for each in mine if each.kind is EvidenceKind.ZDR]
    if EvidenceKind.BAA in vendor.needs:
        if not _valid(baa, today):
            return ModelReason.BAA_EXPIRED if baa else ModelReason.NO_BAA
        if not _of_its_tiers(vendor, baa, today):
            return ModelReason.OTHER_TIER
    if zero and EvidenceKind.ZDR in vendor.needs:
        if not _valid(zdr, today):
            return ModelReason.ZDR_EXPIRED if zdr else ModelReason.NO_ZDR
        counts = _of_its_tiers(vendor, zdr, today)
        if not counts:
            return ModelReason.OTHER_TIER
        if all(each.retention_days for each in counts):
            return ModelReason.RETAINS
    return None


def lacking(endpoint: Endpoint, allowlist: Allowlist, level: Retention, today: date) -> ModelReason | None:
    """Why an agent may not leave draft: the first vendor in its data path without valid evidence; None if all have.

    As strict as production, in every profile.
    """
    for vendor in allowlist.vendors:
        if vendor.carrier:
            reason = objection(vendor, allowlist.evidence, today, zero=level is not Retention.REDACTED)
            if reason is not None:
                return reason
    if not any(vendor.carrier for vendor in allowlist.vendors):
        return ModelReason.NOT_LISTED  # somebody connects the calls
    verdict = permit(endpoint, allowlist, level, Profile.PRODUCTION, today)
    return verdict.reason if isinstance(verdict, ModelRefused) else None


def is_valid(evidence: Evidence, today: date) -> bool:
    """Does the agreement hold today?  Both its first and its last day count."""
    return evidence.signed <= days(today) <= evidence.expires


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - EPOCH


def date_of(day: int) -> date:
    """The other way round."""
    return date.fromordinal(EPOCH + day)


def _judge(
    endpoint: Endpoint, allowlist: Allowlist, profile: Profile, today: date, *, strict: bool
) -> Permitted | ModelReason:
    engine, model, base_url = endpoint.engine, endpoint.model, endpoint.base_url
    if type(engine) is not Engine or type(profile) is not Profile:
        return ModelReason.UNKNOWN_ENGINE
    if engine is Engine.APPROVED:
        return Permitted(engine, "builtin", "approved", "", _MINT)
    if not re.fullmatch(NAME, model, re.ASCII):
        return ModelReason.BAD_NAME
    problem = url_problem(base_url)
    if problem is not None:
        return ModelReason(problem.value)
    if strict and is_mandated(model, allowlist.mandated):
        return ModelReason.MANDATED_RETENTION
    if profile is Profile.DEVELOPMENT and is_loopback(urllib.parse.urlsplit(base_url).hostname or ""):
        return Permitted(engine, LOCAL, model, base_url, _MINT)
    listed = _found(endpoint, allowlist)
    if listed is None:
        same_name = any(each.model == model for each in allowlist.listed)
        return ModelReason.OTHER_PLACE if same_name else ModelReason.NOT_LISTED
    if not endpoint.features <= listed.features:
        return ModelReason.OTHER_FEATURE
    if listed.region not in listed.vendor.regions:
        return ModelReason.OTHER_REGION
    reason = objection(listed.vendor, allowlist.evidence, today, zero=strict)
    return reason or Permitted(engine, listed.vendor.name, model, base_url, _MINT)


def _allowed(allowlist: Allowlist, today: date, *, strict: bool) -> tuple[str, ...]:
    held: dict[str, list[Evidence]] = {}  # by vendor: a refusal on a list at its bounds stays within a millisecond
    for evidence in allowlist.evidence:
        held.setdefault(evidence.party, []).append(evidence)
    return tuple(
        f"{each.model} at {each.base_url}"
        for each in allowlist.listed
        if objection(each.vendor, held.get(each.vendor.name, ()), today, zero=strict) is None
        and each.region in each.vendor.regions
        and not (strict and is_mandated(each.model, allowlist.mandated))
    )


def _found(endpoint: Endpoint, allowlist: Allowlist) -> Listed | None:
    """The entry of exactly this engine, model and place."""
    for each in allowlist.listed:
        if each.engine is endpoint.engine and each.model == endpoint.model and _same(each.base_url, endpoint.base_url):
            return each
    return None


def _accepted(reason: ModelReason, endpoint: Endpoint, allowlist: Allowlist) -> tuple[str, ...]:
    listed = _found(endpoint, allowlist) if reason in (ModelReason.OTHER_TIER, ModelReason.OTHER_REGION) else None
    if listed is None:
        return ()
    return listed.vendor.tiers if reason is ModelReason.OTHER_TIER else listed.vendor.regions


def _of_its_tiers(vendor: Vendor, evidence: Sequence[Evidence], today: date) -> list[Evidence]:
    return [each for each in _valid(evidence, today) if each.tier in vendor.tiers]


def _valid(evidence: Sequence[Evidence], today: date) -> list[Evidence]:
    return [each for each in evidence if is_valid(each, today)]


def _same(listed: str, asked: str) -> bool:
    """A slash at the end is no other place."""
    return listed.rstrip("/") == asked.rstrip("/")


def is_mandated(model: str, mandated: Iterable[str]) -> bool:
    """Does a part of the name stand for a model whose vendor mandates retention?  However a platform spells it."""
    spelled = re.sub(r"[^a-z0-9]+", "-", model.lower())
    return any(part in spelled for part in mandated)
