"""The allowlist, and the evidence of vendors' agreements."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Final

from agent.keeper.api.answers import Answer, ApiRefused, Asked, ErrorWord
from agent.keeper.api.desk import Desk, not_found
from agent.keeper.api.shapes import DAY, day_of, spelled
from policies import closed
from policies.acts import Act, AuditReason, Subject
from policies.allowlist import Allowlist, Endpoint, Feature, Listed, ModelRefused, is_valid, objection, permit
from policies.listing import MOST_ROWS
from policies.places import url_problem
from policies.records import (
    AGENT,
    DAYS,
    MODEL,
    NONE,
    PLACE,
    REFERENCE,
    REGION,
    Engine,
    Evidence,
    EvidenceKind,
    ListedModel,
    Profile,
    ref_of,
)
from policies.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """The body of a request to list a model."""

    vendor: Annotated[str, AGENT]
    engine: Engine
    model: Annotated[str, MODEL]
    base_url: Annotated[str, PLACE]
    region: Annotated[str, REGION]
    messages: bool
    chat: bool
    streaming: bool

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvidence:
    """The body of a request to record an agreement; days as `2026-11-22`."""

    party: Annotated[str, AGENT]
    kind: EvidenceKind
    reference: Annotated[str, REFERENCE]
    tier: Annotated[str, AGENT]
    signed: Annotated[str, DAY]
    expires: Annotated[str, DAY]
    retention_days: Annotated[int, DAYS]

    def __post_init__(self) -> None:
        closed.check(self)


ALLOWED, REFUSED = "allowed", "refused"
VERDICTS: Final = (ALLOWED, REFUSED)


def list_entries(desk: Desk, asked: Asked) -> Answer:  # noqa: ARG001  # the shape of an operation
    allowlist = desk.allowlist()
    added = {_place(each.engine, each.model, each.base_url): each.entry for each in desk.ledger.kept(ListedModel)}
    return Answer({"entries": [_told(desk, each, allowlist, added) for each in allowlist.listed]})


def add_entry(desk: Desk, asked: Asked) -> Answer:
    new: NewEntry = asked.body
    vendors = {vendor.name for vendor in desk.means.allowlist.vendors if not vendor.carrier}
    if new.vendor not in vendors or new.engine is Engine.APPROVED or url_problem(new.base_url) is not None:
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
    allowlist = desk.allowlist()
    if _place(new.engine, new.model, new.base_url) in {
        _place(each.engine, each.model, each.base_url) for each in allowlist.listed
    }:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.EXISTS)
    if len(allowlist.listed) >= MOST_ROWS:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.TOO_MANY)
    entry = ListedModel(
        entry=ref_of(os.urandom(16)), **{name: getattr(new, name) for name in closed.kinds_of(NewEntry)}
    )
    desk.ledger.put(entry, desk.event(Act.ALLOWLIST_ADDED, Subject.ENTRY, asked.actor, entry.entry))
    after = desk.allowlist()
    added = {_place(entry.engine, entry.model, entry.base_url): entry.entry}
    return Answer(
        _told(desk, after.listed[-1], after, added), 201, headers={"Location": f"/v1/allowlist/{entry.entry}"}
    )


def remove_entry(desk: Desk, asked: Asked) -> Answer:
    entry = asked.path["entry"]
    event = desk.event(Act.ALLOWLIST_REMOVED, Subject.ENTRY, asked.actor, entry)
    if not desk.ledger.remove(ListedModel, entry, event):
        raise not_found()
    return Answer(status=204)


def list_evidence(desk: Desk, asked: Asked) -> Answer:  # noqa: ARG001  # the shape of an operation
    allowlist, today = desk.allowlist(), desk.today
    vendors = [
        {
            "party": vendor.name,
            "needs": sorted(kind.value for kind in vendor.needs),
            "rule": reason.value if (reason := objection(vendor, allowlist.evidence, today, zero=True)) else NONE,
        }
        for vendor in allowlist.vendors
    ]
    held = [_evidence(desk, each) for each in allowlist.evidence]
    return Answer({"vendors": vendors, "evidence": held})


def record_evidence(desk: Desk, asked: Asked) -> Answer:
    new: NewEvidence = asked.body
    signed, expires = day_of(new.signed), day_of(new.expires)
    vendor = next((vendor for vendor in desk.means.allowlist.vendors if vendor.name == new.party), None)
    if vendor is None or new.kind not in vendor.needs or signed is None or expires is None or expires < signed:
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
    replaced = any(each.reference == new.reference for each in desk.ledger.evidence())
    if len(desk.allowlist().evidence) >= MOST_ROWS and not replaced:  # the file's too: the line is handed all of it
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.TOO_MANY)
    evidence = Evidence(
        party=new.party,
        kind=new.kind,
        reference=new.reference,
        tier=new.tier,
        signed=signed,
        expires=expires,
        retention_days=new.retention_days,
    )
    desk.ledger.record_evidence(evidence, asked.actor, desk.hour)
    return Answer(_evidence(desk, evidence), 201)


def _evidence(desk: Desk, evidence: Evidence) -> dict[str, object]:
    days = {"signed": spelled(evidence.signed), "expires": spelled(evidence.expires)}
    return {**closed.to_wire(evidence), **days, "holds_today": is_valid(evidence, desk.today)}


def _told(
    desk: Desk, listed: Listed, allowlist: Allowlist, added: dict[tuple[Engine, str, str], str]
) -> dict[str, object]:
    """A model, and what would be said today to an agent with zero retention that calls it."""
    endpoint = Endpoint(listed.engine, listed.model, listed.base_url, listed.features)
    verdict = permit(endpoint, allowlist, Retention.ZERO, Profile.PRODUCTION, desk.today)
    refused = isinstance(verdict, ModelRefused)
    entry = added.get(_place(listed.engine, listed.model, listed.base_url), NONE)
    return {
        "entry": entry,
        "vendor": listed.vendor.name,
        "engine": listed.engine.value,
        "model": listed.model,
        "base_url": listed.base_url,
        "region": listed.region,
        **{feature.value: feature in listed.features for feature in Feature},
        "shipped": entry == NONE,
        "verdict": REFUSED if refused else ALLOWED,
        "rule": verdict.reason.value if isinstance(verdict, ModelRefused) else NONE,
    }


def _place(engine: Engine, model: str, base_url: str) -> tuple[Engine, str, str]:
    """What an entry stands for: a slash at the end is no other place."""
    return engine, model, base_url.rstrip("/")
