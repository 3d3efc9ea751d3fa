"""Every party that something of a call passes, as rows of text: region, evidence, what it retains; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from policies.allowlist import Allowlist, Endpoint, Listed, Vendor, date_of, is_valid, lacking, objection
from policies.records import Engine, Evidence, EvidenceKind
from policies.retention import Retention

HERE: Final = (
    "this machine",
    "  does          recognises speech, finds approved wording, speaks",
    "  region        yours",
    "  evidence      none needed: nothing leaves",
    "  retains       nothing that is said (docs/what-we-keep.md)",
)


def told(allowlist: Allowlist, endpoints: Mapping[str, Endpoint], today: date) -> tuple[list[str], bool]:
    """The rows, and whether every party of every agent has what zero retention needs.  endpoints: by agent."""
    rows = [*HERE]
    for vendor in allowlist.vendors:
        mine = [each for each in allowlist.listed if each.vendor is vendor]
        users = sorted(name for name, endpoint in endpoints.items() if vendor.carrier or _is_at(endpoint, mine))
        rows += ["", *_vendor(vendor, mine, allowlist, today), f"  used by       {', '.join(users) or 'no agent'}"]
    rows += ["", "agents"]
    complete = True
    for name, endpoint in sorted(endpoints.items()):
        reason = lacking(endpoint, allowlist, Retention.ZERO, today)
        complete &= reason is None
        where = "built in" if endpoint.engine is Engine.APPROVED else f"{endpoint.model} at {endpoint.base_url}"
        standing = "every party has evidence" if reason is None else f"may not leave draft: {_words(reason.value)}"
        rows.append(f"  {name:<13} {where}: {standing}")
    return rows, complete


def _vendor(vendor: Vendor, listed: list[Listed], allowlist: Allowlist, today: date) -> list[str]:
    reason = objection(vendor, allowlist.evidence, today, zero=True)
    rows = [vendor.name, f"  does          {vendor.does}"]
    rows += [f"  model         {each.model} at {each.base_url}, region {each.region}" for each in listed]
    if vendor.carrier:
        rows.append("  region        as the account is set; see its console")
    for kind in EvidenceKind:
        if kind in vendor.needs:
            rows.append(f"  {kind.value:<13} {_evidence(vendor, kind, allowlist, today)}")
    rows.append(f"  tiers         {', '.join(vendor.tiers)}: an agreement of another does not count")
    rows += [
        f"  retains       {vendor.retention_days} days: {vendor.retains}",
        f"  training      {vendor.training.value}",
        f"  subprocessors {', '.join(vendor.subprocessors) or 'none named'}",
        f"  zero retention {'may be used' if reason is None else 'refused: ' + _words(reason.value)}",
    ]
    return rows


def _evidence(vendor: Vendor, kind: EvidenceKind, allowlist: Allowlist, today: date) -> str:
    held = [each for each in allowlist.evidence if each.party == vendor.name and each.kind is kind]
    return "; ".join(_one(each, vendor, today) for each in held) or "MISSING"


def _one(evidence: Evidence, vendor: Vendor, today: date) -> str:
    state = "" if is_valid(evidence, today) else " NOT VALID TODAY"
    state += "" if evidence.tier in vendor.tiers else " OTHER TIER"
    days = f", {evidence.retention_days} days kept" if evidence.kind is EvidenceKind.ZDR else ""
    return f"{evidence.reference}, {evidence.tier}, {_day(evidence.signed)} to {_day(evidence.expires)}{days}{state}"


def _is_at(endpoint: Endpoint, listed: list[Listed]) -> bool:
    place = (endpoint.engine, endpoint.model, endpoint.base_url.rstrip("/"))
    return any((each.engine, each.model, each.base_url.rstrip("/")) == place for each in listed)


def _day(day: int) -> str:
    return date_of(day).isoformat()


def _words(name: str) -> str:
    return name.replace("_", " ")
