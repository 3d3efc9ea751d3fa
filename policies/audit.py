"""The audit log: closed entries in a Merkle log with a signed head.

entry = event.numbered(size)                       # what `policies.changes` and the keeper hand over
line = line_of(entry)                              # canonical JSON: what is hashed, stored and exported
head = sign(size, root, hour, key)                 # after each entry, in the same transaction
verify(lines, head, public, kept=[older_head])     # () if nothing was altered, left out, moved or cut off

Who holds the key and the database can write another history.  A head that is kept elsewhere finds that: the log must
still begin with the entries it stands for.  Without one, an older state of log and head, both genuine, passes too: that
an end was cut off is seen only where a newer head was kept.  A signed head alone finds any other change by who lacks
the key.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies import closed
from policies.acts import Act, AuditReason, Role, Subject
from policies.closed import NotClosed
from policies.merkle import Growing, leaf_hash
from policies.records import ACTOR, HASH, HOUR, NONE, THING, AuditEntry, TreeHead

SIGNED: Final = b"quietline audit head 1\n"
"""Before what is signed, so that no signature of this key for anything else passes for a head."""
LONGEST_LINE: Final = 1_024  # bytes; the longest entry is about half of it
MOST_FAULTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """An entry without its number.  Raises `NotClosed` when a field is out of its bounds."""

    hour: Annotated[int, HOUR]
    role: Role
    act: Act
    subject: Subject
    thing: Annotated[str, THING] = NONE
    actor: Annotated[str, ACTOR] = NONE
    reason: AuditReason | None = None
    before: Annotated[str, HASH] = NONE
    after: Annotated[str, HASH] = NONE

    def __post_init__(self) -> None:
        closed.check(self)

    def numbered(self, sequence: int) -> AuditEntry:
        """The entry with this number, which is how many the log held before."""
        return AuditEntry(
            sequence=sequence,
            hour=self.hour,
            role=self.role,
            actor=self.actor,
            act=self.act,
            subject=self.subject,
            thing=self.thing,
            reason=self.reason,
            before=self.before,
            after=self.after,
        )


class AuditFault(enum.Enum):
    """What is wrong with a log."""

    ALTERED = "altered"
    """The entries are not those that the head stands for."""
    BAD_ENTRY = "bad_entry"
    """A line is no entry as we write it."""
    OUT_OF_ORDER = "out_of_order"
    """A number is missing, comes twice or stands elsewhere."""
    TRUNCATED = "truncated"
    """A head stands for more entries than there are."""
    UNSIGNED = "unsigned"
    """There are entries that no head stands for."""
    BAD_HEAD = "bad_head"
    """The head is no head as we write it."""
    BAD_SIGNATURE = "bad_signature"
    """The head was not signed by this key."""
    REWRITTEN = "rewritten"
    """A head that was kept elsewhere stands for another history."""
    OTHER_STATE = "other_state"
    """What is set for an agent or the workspace is not what the log says."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and at which line of the log, counted from 0; None for the whole of it."""

    what: AuditFault
    line: int | None = None


def canonical(record: object) -> bytes:
    """A closed record as the one JSON text there is of it: sorted keys, no spaces, ASCII."""
    return closed.canonical(closed.to_wire(record))


def digest(record: object | None) -> str:
    """What `before` and `after` say of a record; `none` of none."""
    return NONE if record is None else hashlib.sha256(canonical(record)).hexdigest()


def line_of(entry: AuditEntry) -> bytes:
    """The entry as it is hashed, stored and exported; without a newline."""
    return canonical(entry)


def entry_of(line: bytes) -> AuditEntry:
    """Raises `NotClosed` on anything that `line_of` would not have written, byte for byte."""
    entry: AuditEntry = _read(AuditEntry, line)
    return entry


def sign(size: int, root: bytes, hour: int, key: Ed25519PrivateKey) -> TreeHead:
    """A head for the log as it is now."""
    signature = key.sign(_signed(size, root.hex(), hour)).hex()
    return TreeHead(size=size, root=root.hex(), hour=hour, signature=signature)


def is_signed_by(head: TreeHead, key: Ed25519PublicKey) -> bool:
    """Does the signature hold?"""
    try:
        key.verify(bytes.fromhex(head.signature), _signed(head.size, head.root, head.hour))
    except InvalidSignature:
        return False
    return True


def head_of(line: bytes) -> TreeHead:
    """A head as it is stored and exported.  Raises `NotClosed` on anything else."""
    head: TreeHead = _read(TreeHead, line)
    return head


def verify(
    lines: Iterable[bytes], head: TreeHead, key: Ed25519PublicKey, *, kept: Sequence[TreeHead] = ()
) -> tuple[Fault, ...]:
    """Everything that is wrong with a log, at most `MOST_FAULTS`; empty for one that is as it was written.

    kept: heads of this log that stood elsewhere meanwhile.
    """
    faults = [Fault(AuditFault.BAD_SIGNATURE) for each in (head, *kept) if not is_signed_by(each, key)]
    roots = {each.size: "" for each in (head, *kept)}
    growing = Growing()
    _note(roots, growing)
    for place, line in enumerate(lines):
        fault = _fault_of(place, line)
        if fault is not None and len(faults) < MOST_FAULTS:
            faults.append(Fault(fault, place))
        growing.add(leaf_hash(line))
        _note(roots, growing)
    if growing.size > head.size:
        faults.append(Fault(AuditFault.UNSIGNED, head.size))
    for each in (head, *kept):
        if each.size > growing.size:
            faults.append(Fault(AuditFault.TRUNCATED, growing.size))
        elif roots[each.size] != each.root:
            faults.append(Fault(AuditFault.ALTERED if each is head else AuditFault.REWRITTEN))
    return tuple(faults)


def export(lines: Iterable[bytes], head: TreeHead) -> Iterable[bytes]:
    """The log as JSON lines, each with its newline; the last is the signed head."""
    for line in lines:
        yield line + b"\n"
    yield canonical(head) + b"\n"


def verify_export(
    exported: Iterable[bytes], key: Ed25519PublicKey, *, kept: Sequence[TreeHead] = ()
) -> tuple[Fault, ...]:
    """The same for what `export` wrote, read line by line with its newlines."""
    lines = list(exported)
    if not lines or not all(line.endswith(b"\n") for line in lines):
        return (Fault(AuditFault.BAD_HEAD),)
    head = None
    try:
        head = head_of(lines[-1][:-1])
    except NotClosed:
        head = None
    if head is None:
        return (Fault(AuditFault.BAD_HEAD, len(lines) - 1),)
    return verify((line[:-1] for line in lines[:-1]), head, key, kept=kept)


def _note(roots: dict[int, str], growing: Growing) -> None:
    if growing.size in roots:
        roots[growing.size] = growing.root.hex()


def _fault_of(place: int, line: bytes) -> AuditFault | None:
    try:
        entry = entry_of(line)
    except NotClosed:
        return AuditFault.BAD_ENTRY
    return None if entry.sequence == place else AuditFault.OUT_OF_ORDER


def _signed(size: int, root: str, hour: int) -> bytes:
    return SIGNED + f"{size}\n{root}\n{hour}\n".encode("ascii")


def _read(record: type[Any], line: bytes) -> Any:
    """From the one JSON text there is of a record.  Raises `NotClosed`, without the parser's error, which quotes."""
    wire: object = None
    if len(line) <= LONGEST_LINE:
        try:
            wire = json.loads(line)
        except (ValueError, RecursionError):
            wire = None
    found = closed.from_wire(record, wire)
    if canonical(found) != line:
        raise NotClosed(closed.Reason.NOT_FLAT)
    return found
