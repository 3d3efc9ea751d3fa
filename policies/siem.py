"""Audit entries in the words of others: OCSF and CEF, one line an entry.

Every value is an enum, a number, a hash or a fixed shape, so a line can't be broken from within; what the formats
escape is escaped all the same.  The formats are for reading: only JSON lines (`policies.audit.export`) can be verified.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from policies import closed
from policies.acts import Act
from policies.records import NONE, AuditEntry

OCSF_VERSION: Final = "1.6.0"
VENDOR, PRODUCT, LOG_VERSION = "Quietline", "quietline", "1"
MS_AN_HOUR: Final = 3_600_000

# Classes of OCSF 1.6.0 and their activities (schema.ocsf.io).
ACCOUNT_CHANGE, AUTHENTICATION, ENTITY, FINDING, LIFECYCLE = 3001, 3002, 3004, 2004, 6002
CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99
ACCOUNT_CREATE, ACCOUNT_DELETE, ACCOUNT_LOCK = 1, 6, 9
LOGON: Final = 1
START, STOP = 3, 4
FINDING_CREATE: Final = 1

CLASSES: Final[Mapping[Act, tuple[int, int]]] = MappingProxyType(
    {
        Act.AGENT_CREATED: (ENTITY, CREATE),
        Act.AGENT_CHANGED: (ENTITY, UPDATE),
        Act.AGENT_DELETED: (ENTITY, DELETE),
        Act.LEFT_DRAFT: (ENTITY, UPDATE),
        Act.BACK_TO_DRAFT: (ENTITY, UPDATE),
        Act.ZERO_ON: (ENTITY, UPDATE),
        Act.ZERO_OFF_REQUESTED: (ENTITY, UPDATE),
        Act.ZERO_OFF_APPROVED: (ENTITY, UPDATE),
        Act.ZERO_OFF_DENIED: (ENTITY, UPDATE),
        Act.ZERO_FORCED: (ENTITY, UPDATE),
        Act.FORCE_OFF_REQUESTED: (ENTITY, UPDATE),
        Act.FORCE_OFF_APPROVED: (ENTITY, UPDATE),
        Act.FORCE_OFF_DENIED: (ENTITY, UPDATE),
        Act.ALLOWLIST_ADDED: (ENTITY, CREATE),
        Act.ALLOWLIST_CHANGED: (ENTITY, UPDATE),
        Act.ALLOWLIST_REMOVED: (ENTITY, DELETE),
        Act.MODEL_REFUSED: (ENTITY, OTHER),
        Act.BAA_RECORDED: (ENTITY, CREATE),
        Act.BAA_EXPIRED: (ENTITY, UPDATE),
        Act.ZDR_RECORDED: (ENTITY, CREATE),
        Act.ZDR_EXPIRED: (ENTITY, UPDATE),
        Act.SIGN_IN: (AUTHENTICATION, LOGON),
        Act.SIGN_IN_FAILED: (AUTHENTICATION, LOGON),
        Act.LOCKED_OUT: (ACCOUNT_CHANGE, ACCOUNT_LOCK),
        Act.TOKEN_ISSUED: (ACCOUNT_CHANGE, ACCOUNT_CREATE),
        Act.TOKEN_REVOKED: (ACCOUNT_CHANGE, ACCOUNT_DELETE),
        Act.KEY_CHANGED: (ENTITY, UPDATE),
        Act.ACT_REFUSED: (ENTITY, OTHER),
        Act.SELF_TEST_PASSED: (ENTITY, UPDATE),
        Act.SELF_TEST_FAILED: (FINDING, FINDING_CREATE),
        Act.PROOF_PASSED: (ENTITY, UPDATE),
        Act.PROOF_FAILED: (FINDING, FINDING_CREATE),
        Act.TRANSFER_ACCEPTED: (ENTITY, UPDATE),
        Act.TRANSFER_DECLINED: (ENTITY, UPDATE),
        Act.TRANSFER_UNANSWERED: (ENTITY, UPDATE),
        Act.TRANSCRIPT_READ: (ENTITY, READ),
        Act.TRANSCRIPT_DELETED: (ENTITY, DELETE),
        Act.TRANSCRIPT_EXPIRED: (ENTITY, DELETE),
        Act.PROCESS_STARTED: (LIFECYCLE, START),
        Act.PROCESS_STOPPED: (LIFECYCLE, STOP),
        Act.AUDIT_EXPORTED: (ENTITY, READ),
        Act.ON_CALL_CHANGED: (ENTITY, UPDATE),
        Act.NURSE_AVAILABLE: (ENTITY, UPDATE),
        Act.NURSE_AWAY: (ENTITY, UPDATE),
        Act.STATE_ALTERED: (FINDING, FINDING_CREATE),
    }
)
"""Class and activity of each act."""

FAILURES: Final = frozenset(
    {Act.MODEL_REFUSED, Act.ACT_REFUSED, Act.SIGN_IN_FAILED, Act.SELF_TEST_FAILED, Act.PROOF_FAILED}
)
INFORMATIONAL, MEDIUM, HIGH = 1, 3, 4  # severity_id of OCSF; CEF counts to 10
CEF_SEVERITY: Final = MappingProxyType({INFORMATIONAL: 3, MEDIUM: 6, HIGH: 8})
SEVERITIES: Final[Mapping[Act, int]] = MappingProxyType(
    {
        Act.PROOF_FAILED: HIGH,
        Act.SELF_TEST_FAILED: HIGH,
        Act.STATE_ALTERED: HIGH,
        Act.ZERO_OFF_APPROVED: HIGH,
        Act.FORCE_OFF_APPROVED: HIGH,
        Act.KEY_CHANGED: HIGH,
        Act.LOCKED_OUT: MEDIUM,
        Act.SIGN_IN_FAILED: MEDIUM,
        Act.MODEL_REFUSED: MEDIUM,
        Act.ACT_REFUSED: MEDIUM,
        Act.ZERO_OFF_REQUESTED: MEDIUM,
        Act.FORCE_OFF_REQUESTED: MEDIUM,
        Act.BAA_EXPIRED: MEDIUM,
        Act.ZDR_EXPIRED: MEDIUM,
    }
)
"""Of those that somebody should look at; the others are informational."""


def severity(act: Act) -> int:
    return SEVERITIES.get(act, INFORMATIONAL)


def ocsf(entry: AuditEntry) -> str:
    """One event of OCSF 1.6.0 as a line of JSON.  `time` is the beginning of the hour, in ms since 1970-01-01 UTC."""
    class_uid, activity_id = CLASSES[entry.act]
    wire = closed.to_wire(entry)
    user = {"uid": entry.actor, "type": entry.role.value} if entry.actor != NONE else None
    event: dict[str, Any] = {
        "activity_id": activity_id,
        "category_uid": class_uid // 1_000,
        "class_uid": class_uid,
        "type_uid": class_uid * 100 + activity_id,
        "time": entry.hour * MS_AN_HOUR,
        "severity_id": severity(entry.act),
        "status_id": 2 if entry.act in FAILURES else 1,
        "status_detail": wire["reason"],
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": PRODUCT, "vendor_name": VENDOR},
            "log_name": "audit",
            "sequence": entry.sequence,
            "event_code": entry.act.value,
        },
        "actor": {"user": user} if user else {"app_name": entry.role.value},
        "unmapped": {"before": entry.before, "after": entry.after, "subject": entry.subject.value},
    }
    thing = {"uid": entry.thing, "type": entry.subject.value}
    match class_uid:
        case 3001 | 3002:
            event["user"] = user or {"uid": entry.thing, "type": entry.role.value}
            event["service"] = {"name": PRODUCT}
        case 2004:
            event["finding_info"] = {"uid": str(entry.sequence), "title": entry.act.value}
        case 6002:
            event["app"] = {"name": PRODUCT, "vendor_name": VENDOR, "feature": {"name": entry.thing}}
        case _:
            event["entity"] = thing
    return json.dumps(event, separators=(",", ":"), ensure_ascii=True)


def cef(entry: AuditEntry) -> str:
    """One line of ArcSight's Common Event Format, version 0 (implementation standard, revision 25)."""
    reason = str(closed.to_wire(entry)["reason"])
    name = entry.act.value.replace("_", " ")
    head = ["CEF:0", VENDOR, PRODUCT, LOG_VERSION, entry.act.value, name, str(CEF_SEVERITY[severity(entry.act)])]
    fields = {
        "rt": str(entry.hour * MS_AN_HOUR),
        "externalId": str(entry.sequence),
        "suid": entry.actor,
        "spriv": entry.role.value,
        "outcome": "failure" if entry.act in FAILURES else "success",
        "reason": reason,
        "cs1Label": "subject",
        "cs1": entry.subject.value,
        "cs2Label": "thing",
        "cs2": entry.thing,
        "cs3Label": "before",
        "cs3": entry.before,
        "cs4Label": "after",
        "cs4": entry.after,
    }
    extension = " ".join(f"{key}={in_extension(value)}" for key, value in fields.items())
    return "|".join([head[0], *map(in_header, head[1:]), extension])


def in_header(value: str) -> str:
    """Backslash and pipe escaped; a header holds no line break, so one becomes a space."""
    return _unbroken(value).replace("\\", "\\\\").replace("|", "\\|")


def in_extension(value: str) -> str:
    """Backslash and equals sign escaped, line breaks written as two characters."""
    escaped = value.replace("\\", "\\\\").replace("=", "\\=")
    return _unbroken(escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\r"))


def _unbroken(value: str) -> str:
    """Without what some readers take for the end of a line."""
    return "".join(" " if not character.isprintable() else character for character in value)
