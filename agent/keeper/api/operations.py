"""Every route there is: what it is asked, what it answers, and whose role may ask; all else is made of this table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agent.keeper.api import agents, auditing, listed, looking, on_call, people, results, shapes, transcripts
from agent.keeper.api.answers import Answer, Asked
from agent.keeper.api.desk import Desk
from agent.keeper.api.shapes import HOUR, TEXT, Param, Schema
from policies.acts import Role, Subject
from policies.closed import Count, Shape
from policies.records import AGENT, REF, SERIAL

ADMIN: Final = frozenset({Role.ADMIN})
AUDITOR: Final = frozenset({Role.AUDITOR})
EDITORS: Final = frozenset({Role.ADMIN, Role.CLINICAL_EDITOR})
OVERSEERS: Final = frozenset({Role.ADMIN, Role.AUDITOR})
STAFF: Final = EDITORS | AUDITOR
WARD: Final = EDITORS | {Role.NURSE}
EVERYBODY: Final = STAFF | {Role.NURSE}
PEOPLE: Final = (Role.ADMIN, Role.CLINICAL_EDITOR, Role.AUDITOR, Role.NURSE)


class AgentKeys:
    """A body that is the keys of an agent file; `agent.lines` checks it."""


class OnCallKeys:
    """A body that is the keys of a list of who is on call and the version that was seen."""


FREE: Final = (AgentKeys, OnCallKeys)
"""Bodies that are no closed record: any object, checked by the operation."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    name: str
    told: str
    roles: frozenset[Role]
    answer: Callable[[Desk, Asked], Answer]
    subject: Subject
    """What the audit log says that a refusal was about."""
    result: Schema | None = None
    """None: no body (204)."""
    status: int = 200
    body: type[Any] | None = None
    """One of `FREE`, a closed record, or None for no body."""
    query: Mapping[str, Param] = field(default_factory=dict)
    media_types: tuple[str, ...] = ("application/json",)

    @property
    def acts(self) -> bool:
        """It changes something, so that a refusal is an entry of the audit log whatever its reason."""
        return self.method != "GET"

    @property
    def parameters(self) -> Mapping[str, Shape]:
        """Those of the path, by name."""
        return {name: IN_PATH[name] for name in re.findall(r"{(\w+)}", self.path)}

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a path that is this one's, whatever shape they have."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path, re.DOTALL)
        return None if found is None else found.groupdict()


def _itself(_desk: Desk, _asked: Asked) -> Answer:
    """The description is the application's own: it is made of this table."""
    raise LookupError("the application answers this one")


IN_PATH: Final[Mapping[str, Shape]] = {"name": AGENT, "ref": REF, "entry": REF, "list": AGENT, "nurse": AGENT}

PAGED: Final = {
    "first": Param(SERIAL, "the first one's number", 0),
    "most": Param(Count(1, looking.PAGE), "how many at most", 100),
}
A_WINDOW: Final = {
    "from": Param(HOUR, "the first hour, in UTC, as 2026-11-22T14"),
    "to": Param(HOUR, f"the last hour, at most {looking.MOST_HOURS} in all"),
}
SOME_DAYS: Final = {
    "from": Param(shapes.DAY, "the first day, in UTC, as 2026-11-22"),
    "to": Param(shapes.DAY, f"the last day, at most {looking.MOST_DAYS} in all"),
}
A_FORMAT: Final = {"format": Param(Shape("|".join(auditing.FORMATS)), "jsonl is the one that can be verified", "jsonl")}

_AGENTS, _ONE, _OFF = "/v1/agents", "/v1/agents/{name}", "/v1/agents/{name}/zero-retention/off"
_SPACE: Final = "/v1/workspace/zero-retention"
_ALL: Final = "/v1/allowlist"
_LISTS, _LIST, _NURSES = "/v1/on-call", "/v1/on-call/{list}", "/v1/on-call/{list}/nurses"
_S = Subject
OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("GET", _AGENTS, "listAgents", "Every agent, and what is set for it.",
              STAFF, agents.list_agents, _S.AGENT, results.AGENTS),
    Operation("POST", _AGENTS, "createAgent", "Defines an agent: a draft with zero retention.",
              ADMIN, agents.create_agent, _S.AGENT, results.AN_ACCEPTED_AGENT, 201, AgentKeys),
    Operation("GET", _ONE, "getAgent", "One agent, and what is set for it.",
              STAFF, agents.get_agent, _S.AGENT, results.AN_AGENT),
    Operation("PUT", _ONE, "changeAgent", "Other keys: a draft again, with zero retention on.",
              ADMIN, agents.change_agent, _S.AGENT, results.AN_ACCEPTED_AGENT, 200, AgentKeys),
    Operation("DELETE", _ONE, "deleteAgent", "No such agent any more, from the line's next start on.",
              ADMIN, agents.delete_agent, _S.AGENT, None, 204),
    Operation("PUT", f"{_ONE}/zero-retention", "zeroRetentionOn", "Zero retention on, at once, also in live calls.",
              ADMIN, agents.zero_on, _S.AGENT, results.AN_AGENT),
    Operation("POST", _OFF, "askZeroRetentionOff", "Asks another admin to allow it off.",
              ADMIN, agents.ask_zero_off, _S.AGENT, results.AN_AGENT, 200, agents.Why),
    Operation("POST", f"{_OFF}/approve", "approveZeroRetentionOff", "Off, by another admin, for the revision seen.",
              ADMIN, agents.approve_zero_off, _S.AGENT, results.AN_AGENT, 200, agents.Approval),
    Operation("POST", f"{_OFF}/deny", "denyZeroRetentionOff", "It stays on.",
              ADMIN, agents.deny_zero_off, _S.AGENT, results.AN_AGENT),
    Operation("POST", f"{_ONE}/live", "leaveDraft", "Patients may rely on it: examined, and with evidence.",
              ADMIN, agents.leave_draft, _S.AGENT, results.AN_AGENT),
    Operation("POST", f"{_ONE}/draft", "backToDraft", "A draft again.",
              EDITORS, agents.to_draft, _S.AGENT, results.AN_AGENT),
    Operation("GET", "/v1/workspace", "getWorkspace", "The switch of all agents.",
              OVERSEERS, agents.get_workspace, _S.WORKSPACE, results.WORKSPACE),
    Operation("PUT", _SPACE, "forceZeroRetention", "Zero retention for every agent, at once.",
              ADMIN, agents.force_zero, _S.WORKSPACE, results.WORKSPACE),
    Operation("POST", f"{_SPACE}/off", "askForceOff", "Asks another admin to end that.",
              ADMIN, agents.ask_force_off, _S.WORKSPACE, results.WORKSPACE, 200, agents.Why),
    Operation("POST", f"{_SPACE}/off/approve", "approveForceOff", "Each agent's own policy holds again.",
              ADMIN, agents.approve_force_off, _S.WORKSPACE, results.WORKSPACE, 200, agents.Approval),
    Operation("POST", f"{_SPACE}/off/deny", "denyForceOff", "It stays forced.",
              ADMIN, agents.deny_force_off, _S.WORKSPACE, results.WORKSPACE),
    Operation("GET", _ALL, "listAllowlist", "Every listed model, and today's verdict at zero retention.",
              STAFF, listed.list_entries, _S.ENTRY, results.ENTRIES),
    Operation("POST", _ALL, "addToAllowlist", "Lists a model of a vendor that the operator's file names.",
              ADMIN, listed.add_entry, _S.ENTRY, results.AN_ENTRY, 201, listed.NewEntry),
    Operation("DELETE", f"{_ALL}/{{entry}}", "removeFromAllowlist", "Takes it off; those of the operator's file stay.",
              ADMIN, listed.remove_entry, _S.ENTRY, None, 204),
    Operation("GET", "/v1/baa", "listEvidence", "The agreements on file, and which are missing.",
              OVERSEERS, listed.list_evidence, _S.EVIDENCE, results.AGREEMENTS),
    Operation("POST", "/v1/baa", "recordEvidence", "Records an agreement; one with its reference is replaced.",
              ADMIN, listed.record_evidence, _S.EVIDENCE, results.AN_AGREEMENT, 201, listed.NewEvidence),
    Operation("GET", "/v1/audit", "listAudit", "A page of the audit log, as it is hashed.",
              AUDITOR, auditing.list_audit, _S.AUDIT_LOG, results.AUDIT, query=PAGED),
    Operation("GET", "/v1/audit/head", "getAuditHead", "The signed head: keep it elsewhere.",
              AUDITOR, auditing.get_head, _S.AUDIT_LOG, results.HEAD),
    Operation("GET", "/v1/audit/export", "exportAudit", "The whole log, line by line.",
              AUDITOR, auditing.export_audit, _S.AUDIT_LOG, TEXT, query=A_FORMAT,
              media_types=(auditing.NDJSON, auditing.PLAIN)),
    Operation("GET", "/v1/metrics", "getMetrics",
              "Calls by the day: counts, medians, how much of what was to be asked was; no call's ref.",
              STAFF, looking.get_metrics, _S.AUDIT_LOG, results.METRICS, query=SOME_DAYS),
    Operation("GET", "/v1/tokens", "listTokens", "Who may come in; never a secret or its hash.",
              ADMIN, people.list_tokens, _S.TOKEN, results.TOKENS),
    Operation("POST", "/v1/tokens", "issueToken", "A token for any role but admin; its secret is shown once.",
              ADMIN, people.issue_token, _S.TOKEN, results.AN_ISSUED_TOKEN, 201, people.NewToken),
    Operation("DELETE", "/v1/tokens/{ref}", "revokeToken", "It lets nobody in any more.",
              ADMIN, people.revoke_token, _S.TOKEN, None, 204),
    Operation("GET", "/v1/incident", "getIncident", "The calls of a window, and the policy in force.",
              AUDITOR, looking.get_incident, _S.AUDIT_LOG, results.CALLS, query=A_WINDOW | PAGED),
    Operation("GET", "/v1/transcripts/{ref}", "readTranscript", "A redacted transcript; the reading is audited.",
              AUDITOR, transcripts.read_transcript, _S.TRANSCRIPT, results.TRANSCRIPT),
    Operation("DELETE", "/v1/transcripts/{ref}", "deleteTranscript", "Deletes it, which is audited.",
              AUDITOR, transcripts.delete_transcript, _S.TRANSCRIPT, None, 204),
    Operation("GET", _LISTS, "listOnCall", "Every list of who is on call, by its name.",
              WARD, on_call.list_lists, _S.ON_CALL, results.ON_CALL_LISTS),
    Operation("GET", _LIST, "getOnCall", "One list, and its version; never a PIN.",
              EDITORS, on_call.get_list, _S.ON_CALL, results.AN_ON_CALL_LIST),
    Operation("PUT", _LIST, "changeOnCall", "Replaces it whole, for the version seen; holds from the next caller on.",
              ADMIN, on_call.change_list, _S.ON_CALL, results.AN_ON_CALL_LIST, 200, OnCallKeys),
    Operation("GET", _NURSES, "listNurses", "Which nurses of a list are available; no number.",
              WARD, on_call.list_nurses, _S.NURSE, results.NURSES),
    Operation("PUT", f"{_NURSES}/{{nurse}}", "setNurse", "Available or not, from the next caller on.",
              ADMIN | {Role.NURSE}, on_call.set_nurse, _S.NURSE, results.A_NURSE, 200, on_call.Available),
    Operation("GET", "/v1/openapi.json", "getDescription", "This description.",
              EVERYBODY, _itself, _S.AUDIT_LOG, results.DESCRIPTION),
)  # fmt: skip
"""In the order of `docs/operating.md`."""
