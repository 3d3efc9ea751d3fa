"""What is answered, as JSON Schema: agents, models, agreements, tokens, days and calls."""

from __future__ import annotations

from typing import Final

from agent.keeper.aggregates import ENUMS, FLAGS, OBJECTIVES, SUMS, words_of
from agent.keeper.api import listed, people, shapes
from agent.keeper.api.shapes import FLAG, HOUR, NUMBER, TEXT, Schema, list_of, of_fields, of_kind, of_record
from agent.keeper.on_call_files import KEPT
from agent.lines import Workflow
from agent.on_call_file import (
    LONGEST_OWNER,
    LONGEST_RING_S,
    MOST_AT_ONCE,
    MOST_RUNGS,
    RANKS,
    SHORTEST_RING_S,
)
from agent.pins import PIN_HASH
from policies.acts import AuditReason
from policies.allowlist import ModelReason
from policies.closed import Choice, Shape
from policies.records import (
    AGENT,
    DURATION_S,
    GAP_MS,
    HASH,
    NONE,
    REF,
    AgentPolicy,
    AuditEntry,
    Engine,
    Evidence,
    EvidenceKind,
    ListedModel,
    Outcome,
    TreeHead,
    WorkspacePolicy,
)

REASON_OR_NONE: Final = shapes.words_of(*(reason.value for reason in ModelReason), NONE)
ONE_LINE: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 80}
E164: Final[Schema] = {"type": "string", "pattern": r"^\+[1-9][0-9]{7,14}$"}
KEYS: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": of_kind(AGENT),
        "state": shapes.words_of("draft", "live") | {"description": "`draft` in a request: live is a route of its own"},
        "hospital": ONE_LINE,
        "assistant_name": {"type": "string", "maxLength": 30},
        "numbers": {"type": "array", "items": E164, "uniqueItems": True},
        "nurse_number": E164,
        "time_zone": ONE_LINE,
        "greeting": {"type": "string", "maxLength": 400},
        "voice": {"type": "string", "maxLength": 80},
        "speaking_rate": {"type": "number", "minimum": 0.7, "maximum": 1.3},
        "engine": of_kind(Choice(Engine, optional=False)),
        "model": {"type": "string", "maxLength": 100},
        "knowledge": {"type": "string", "minLength": 1, "maxLength": 1_000},
        "retention": shapes.words_of("zero", "redacted"),
        "workflow": shapes.words_of(*(workflow.value for workflow in Workflow)),
        "on_call": {"type": "string", "maxLength": 32},
        "identify": {"type": "boolean"},
        "calls_from": {"type": "string", "maxLength": 10},
        "calls_until": {"type": "string", "maxLength": 10},
        "main_number": {"type": "string", "maxLength": 16},
        "leaves_message": {"type": "boolean"},
    },
    "required": [
        "name", "state", "hospital", "numbers", "nurse_number", "time_zone", "engine", "knowledge", "retention",
        "workflow",
    ],
    "additionalProperties": False,
}  # fmt: skip
"""The keys of an agent file; `agent/lines.py` has the rules that a schema can't say."""

NULL: Final[Schema] = {"type": "null"}
ASKED_BY: Final = "off_requested_by"
A_POLICY: Final = of_record(AgentPolicy)
A_POLICY["required"] = [name for name in A_POLICY["required"] if name != ASKED_BY]
"""Editors are not told whose token asked."""
AN_AGENT: Final = of_fields(
    name=of_kind(AGENT),
    agent={"anyOf": [KEYS, NULL]},
    policy={"anyOf": [A_POLICY, NULL]},
    level=shapes.words_of("zero", "redacted"),
    live=FLAG,
    shipped=FLAG,
)
AN_ACCEPTED_AGENT: Final = of_fields(
    **AN_AGENT["properties"],
    takes_effect=shapes.words_of("next_start"),
    zero_on_again=FLAG
    | {"description": "zero retention was off, or about to be, and is on again: the keys are others"},
)
AN_ENTRY: Final = of_record(
    ListedModel,
    entry=shapes.of_kind(Shape(rf"{REF.pattern}|{NONE}")),
    model=TEXT,
    base_url=TEXT,
    shipped=FLAG,
    verdict=shapes.words_of(*listed.VERDICTS),
    rule=REASON_OR_NONE,
)
AN_AGREEMENT: Final = of_record(Evidence, signed=shapes.DATE, expires=shapes.DATE, holds_today=FLAG)
A_PARTY: Final = of_fields(
    party=of_kind(AGENT), needs=list_of(of_kind(Choice(EvidenceKind, optional=False))), rule=REASON_OR_NONE
)
A_TOKEN: Final = of_fields(
    ref=of_kind(REF),
    holder=of_kind(REF),
    role=of_record(people.NewToken)["properties"]["role"],
    expires=shapes.DATE,
    revoked=FLAG,
    holds_today=FLAG,
)
A_SECRET: Final[Schema] = {"type": "string", "description": "shown this once", "pattern": "^ql_.{66}$"}
A_DAY: Final = of_fields(
    day=shapes.DATE,
    agent=of_kind(AGENT),
    calls=NUMBER,
    **{name: shapes.counts_of(*words_of(name)) for name in ENUMS},
    **dict.fromkeys((*SUMS, *FLAGS), NUMBER),
    duration_s=of_kind(DURATION_S),
    gap_p50_ms=of_kind(GAP_MS),
    gap_p95_ms=of_kind(GAP_MS),
    completed_percent=shapes.percents_of(*OBJECTIVES),
)
A_CALL: Final = of_fields(
    ref=of_kind(REF),
    hour=of_kind(HOUR),
    agent=of_kind(AGENT),
    outcome=of_kind(Choice(Outcome, optional=False)),
    retention=shapes.words_of("zero", "redacted"),
    live=FLAG,
    changed=FLAG,
    policies=list_of({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
    workspaces=list_of({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
)
METRICS: Final = of_fields(
    days=list_of(A_DAY), sign_in_failures=shapes.counts_of(*(reason.value for reason in AuditReason))
)
A_RUNG: Final = of_fields(
    rank=shapes.words_of(*RANKS),
    numbers={"type": "array", "items": E164, "minItems": 1, "maxItems": MOST_AT_ONCE, "uniqueItems": True},
    ring_s={"type": "integer", "minimum": SHORTEST_RING_S, "maximum": LONGEST_RING_S},
    hours={"type": "string", "pattern": "^$|^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"},
)
A_LISTED_NURSE: Final = of_fields(
    id=of_kind(AGENT),
    number=E164,
    pin={
        "type": "string",
        "pattern": rf"^$|^{KEPT}$|^{PIN_HASH.pattern}$",
        "description": f"what `quietline pin` prints, or none; `{KEPT}`: as it is",
    },
)
ON_CALL_KEYS: Final = of_fields(
    about=of_fields(owner={"type": "string", "minLength": 1, "maxLength": LONGEST_OWNER}),
    rung={"type": "array", "items": A_RUNG, "minItems": 1, "maxItems": MOST_RUNGS},
    nurse={"type": "array", "items": A_LISTED_NURSE, "maxItems": MOST_RUNGS * MOST_AT_ONCE},
)
"""The keys of a list of who is on call, all of them; `agent/on_call_file.py` has the rules that a schema can't say."""
VERSION: Final = of_kind(HASH)
ON_CALL_BODY: Final = of_fields(
    version=VERSION | {"description": "the one seen; none for a new list"}, keys=ON_CALL_KEYS
)
AN_ON_CALL_LIST: Final = of_fields(
    list=of_kind(AGENT),
    version=VERSION,
    keys={"anyOf": [ON_CALL_KEYS, NULL]},
    says=TEXT | {"description": "what is wrong with the file; empty where nothing is"},
)
ON_CALL_LISTS: Final = of_fields(lists=list_of(of_fields(list=of_kind(AGENT))))
A_NURSE: Final = of_fields(nurse=of_kind(AGENT), available=FLAG)
NURSES: Final = of_fields(nurses=list_of(A_NURSE))
WORKSPACE: Final = of_record(WorkspacePolicy)
AGENTS: Final = of_fields(agents=list_of(AN_AGENT))
ENTRIES: Final = of_fields(entries=list_of(AN_ENTRY))
AGREEMENTS: Final = of_fields(vendors=list_of(A_PARTY), evidence=list_of(AN_AGREEMENT))
AUDIT: Final = of_fields(entries=list_of(of_record(AuditEntry)), size=NUMBER)
HEAD: Final = of_record(TreeHead)
TOKENS: Final = of_fields(tokens=list_of(A_TOKEN))
AN_ISSUED_TOKEN: Final = of_fields(**A_TOKEN["properties"], secret=A_SECRET)
CALLS: Final = of_fields(calls=list_of(A_CALL), more=FLAG)
TRANSCRIPT: Final = of_fields(ref=of_kind(REF), text=TEXT)
DESCRIPTION: Final[Schema] = {"type": "object"}
