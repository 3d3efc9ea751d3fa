"""Audit entries as syslog messages (RFC 5424), framed for TLS by their length (RFC 5425 section 4.3).  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from policies.audit import canonical
from policies.records import AuditEntry, TreeHead
from policies.siem import HIGH, INFORMATIONAL, MEDIUM, PRODUCT, severity

AUDIT: Final = 13  # the facility "log audit", RFC 5424 table 1
LEVELS: Final[Mapping[int, int]] = MappingProxyType({INFORMATIONAL: 6, MEDIUM: 4, HIGH: 2})  # its table 2
NOTICE: Final = 5
LEAST_SIZE: Final = 8_192  # what a receiver should take (RFC 5425 section 4.3.1); ours are under 2,048
SECONDS_AN_HOUR: Final = 3_600
MOST_SEQUENCE_ID: Final = 2_147_483_647  # RFC 5424 section 7.3.1
HEAD: Final = "head"


def framed(entry: AuditEntry, text: str) -> bytes:
    """One frame.  text: the entry in JSON, OCSF or CEF; ASCII."""
    return _frame(LEVELS[severity(entry.act)], entry.hour, entry.act.value, entry.sequence, text)


def framed_head(head: TreeHead) -> bytes:
    """The log's signed head, which makes a receiver its witness."""
    return _frame(NOTICE, head.hour, HEAD, head.size, canonical(head).decode("ascii"))


def _frame(level: int, hour: int, name: str, sequence: int, text: str) -> bytes:
    """The time is the beginning of the hour, as in the entry; the host is not ours to name."""
    when = datetime.fromtimestamp(hour * SECONDS_AN_HOUR, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    meta = f'[meta sequenceId="{min(sequence + 1, MOST_SEQUENCE_ID)}"]'
    message = f"<{AUDIT * 8 + level}>1 {when} - {PRODUCT} - {name} {meta} {text}".encode("ascii")
    return b"%d %s" % (len(message), message)
