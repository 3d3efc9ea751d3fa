"""Everything ever written, on one page.  `docs/what-we-keep.md` says the same in words; a test holds them equal.

Of a call: enums, bounded ints, bools, the agent's name from the settings and a random ref.  No call SID, no
number, no time finer than the hour, no text of anyone.  Construction checks it.

Of those who run the line: what is set for each agent, the evidence of vendors' agreements, and the audit log.
"""

from __future__ import annotations

import base64
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from policies import closed
from policies.acts import Act, AuditReason, OffReason, PersonRole, Role, Subject
from policies.closed import Bucket, Count, Shape
from policies.guardrails import EscalationReason
from policies.objectives import Covered

REF: Final = Shape(r"[A-Za-z0-9_-]{21}[AQgw]")  # 16 random bytes in URL-safe base64 (RFC 4648 section 5)
AGENT: Final = Shape(r"[a-z][a-z0-9-]{0,31}")  # the name of an agent file, deploy/agents/<name>.toml
HOUR: Final = Count(438_288, 1_000_000)  # 2020-01-01 to the year 2084, in hours since 1970-01-01 UTC
DURATION_S: Final = Bucket((10, 30, 60, 120, 180, 300, 480, 600, 900, 1200, 1800, 3600))
GAP_MS: Final = Bucket(
    (0, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1400, 1600, 2000, 2500, 3000, 5000, 10000)
)
"""0 means that no reply was timed.  The edges hold the bars of `make bench` (600, 900, 1100, 1600 ms)."""
TO_PERSON_S: Final = Bucket((0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600))
"""0 means that nobody was put through.  The edges hold the bar of a ring, 18 s, with the brief, 20 s."""
MANY: Final = Count(0, 999)  # more than the longest call can hold; a tally stops there
FEW: Final = Count(0, 24)  # eight rungs of three; a tally stops there
SERIAL: Final = Count(0, 999_999_999)
DAY: Final = Count(18_262, 60_000)  # 2020-01-01 to the year 2134, in days since 1970-01-01
DAYS: Final = Count(0, 36_500)
NONE: Final = closed.NONE
ACTOR: Final = Shape(rf"{REF.pattern}|{NONE}")  # the random ref of a token
THING: Final = Shape(rf"{REF.pattern}|{AGENT.pattern}")  # a ref, or a name from our own files; `none` is such a name
HASH: Final = Shape(rf"[0-9a-f]{{64}}|{NONE}", 64)  # SHA-256
SIGNATURE: Final = Shape(r"[0-9a-f]{128}", 128)  # Ed25519
REFERENCE: Final = Shape(r"[A-Z0-9][A-Z0-9./-]{0,39}", 40)  # a contract's number, as the hospital files it
TRANSCRIPT_BYTES: Final = (4_096, 16_384, 65_536)
"""What a redacted transcript is padded to before it is sealed, so that its length tells little."""
SEAL_BYTES: Final = 32 + 16  # a key of X25519, and the tag of AES-256-GCM (RFC 9180, 7.1.1 and 7.3)
LOCK_BYTES: Final = 12 + 16  # a nonce and a tag of AES-256-GCM (NIST SP 800-38D)
KEY_BYTES: Final = 32  # AES-256


def _as_text(*sizes: int) -> Shape:
    """URL-safe base64 without its padding, of so many bytes."""
    lengths = [-(-size * 8 // 6) for size in sizes]
    return Shape("|".join(f"[A-Za-z0-9_-]{{{length}}}" for length in lengths), max(lengths))


SEALED: Final = _as_text(*(size + SEAL_BYTES for size in TRANSCRIPT_BYTES))
LOCKED: Final = _as_text(*(size + SEAL_BYTES + LOCK_BYTES for size in TRANSCRIPT_BYTES))
LOCKED_KEY: Final = _as_text(KEY_BYTES + LOCK_BYTES)
MODEL: Final = Shape(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}", 100)  # as SDKs and local servers spell model names
PLACE: Final = Shape(r"https?://[a-z0-9.-]{1,100}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,40}){0,4}/?", 283)
REGION: Final = Shape(r"[a-z0-9-]{1,32}")
ARGON2ID: Final = Shape(
    r"\$argon2id\$v=19\$m=[0-9]{4,6},t=[0-9]{1,2},p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}", 100
)  # 16 bytes of salt, 32 of hash, as the reference implementation writes them


class Profile(enum.Enum):
    """How strict the settings are."""

    DEVELOPMENT = "development"
    """Loopback only, never with a public origin."""
    PRODUCTION = "production"


class Engine(enum.Enum):
    """Which language model the agent was set to use."""

    APPROVED = "approved"
    """No model: verbatim approved passages."""
    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    """Any OpenAI-compatible server."""


class Outcome(enum.Enum):
    """What the call came to."""

    ANSWERED = "answered"
    """At least one answer was heard, and nobody had to be fetched."""
    PERSON = "person"
    """The caller was handed to a person."""
    ABANDONED = "abandoned"
    """The caller left before any answer was heard."""
    FAILED = "failed"
    """We broke off, and no person was reached through us."""


class Transferred(enum.Enum):
    """What came of ringing nurses."""

    NONE = "none"
    """Nobody was rung by us; the carrier may have dialled the nurse line."""
    TOGETHER = "together"
    """Caller and nurse were put through to each other."""
    NOBODY = "nobody"
    """Every rung was tried; the carrier dialled the nurse line."""
    STOPPED = "stopped"
    """The caller wanted no nurse any more."""
    LEFT = "left"
    """The caller left before."""
    PROMISED = "promised"
    """Every rung was tried; the caller was promised that a nurse calls her back."""
    DROPPED = "dropped"
    """The nurse left as they were being put through, and the caller came back to us."""


class EndReason(enum.Enum):
    """Why the stream closed."""

    CALLER_HUNG_UP = "caller_hung_up"
    GOODBYE = "goodbye"
    HANDED_OVER = "handed_over"
    LONGEST_CALL = "longest_call"
    DEAD_STREAM = "dead_stream"
    DROPPED = "dropped"
    """The socket broke without a `stop`."""
    PROTOCOL = "protocol"
    FAILURE = "failure"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetrics:
    """All that is kept of a call.  Raises `closed.NotClosed` when a field is out of its bounds."""

    ref: Annotated[str, REF]
    """Random to whoever lacks the key of this start (`policies/refs.py`); stands for nothing outside our own tables."""
    hour: Annotated[int, HOUR]
    """When it was answered, in whole hours since 1970-01-01 UTC; no finer."""
    agent: Annotated[str, AGENT]
    """Which agent file served the call."""
    profile: Profile
    """Development or production."""
    engine: Engine
    """The engine that the agent file names."""
    outcome: Outcome
    """What the call came to."""
    end: EndReason
    """Why the stream closed."""
    escalation: EscalationReason | None
    """Why a person was fetched; none if nobody was."""
    duration_s: Annotated[int, DURATION_S]
    """Answer to end, rounded up to an edge of `DURATION_S`."""
    turns: Annotated[int, MANY]
    """Turns of the caller that held words."""
    barge_ins: Annotated[int, MANY]
    """Times the caller stopped the agent."""
    backchannels: Annotated[int, MANY]
    """Times the caller murmured along and the agent spoke on."""
    false_cut_ins: Annotated[int, MANY]
    """Times the agent began while the caller had only paused."""
    fillers: Annotated[int, MANY]
    """Short fillers played while an answer was late."""
    silence_prompts: Annotated[int, MANY]
    """Times the agent asked whether the caller is still there."""
    keys: Annotated[int, MANY]
    """How many keys were pressed; never which."""
    greeting_played: bool
    """The greeting, with its disclosure, came back as played to its end."""
    closing_played: bool
    """The goodbye, or the sentence before a person, came back as played to its end."""
    gap_p50_ms: Annotated[int, GAP_MS]
    """Median reply gap, rounded up to an edge of `GAP_MS`; 0 if there was no reply."""
    gap_p95_ms: Annotated[int, GAP_MS]
    """95th percentile of the reply gaps, likewise."""
    fallbacks: Annotated[int, MANY]
    """Replies that the approved engine gave because the model failed or was late."""
    stt_retries: Annotated[int, MANY]
    """Transcripts that were made a second time with a padded window."""
    transfer: Transferred
    """What came of ringing nurses."""
    to_person_s: Annotated[int, TO_PERSON_S]
    """From the first ring to caller and nurse being together, rounded up to an edge of `TO_PERSON_S`; 0 if never."""
    nurses_accepted: Annotated[int, FEW]
    """Nurses who took the caller."""
    nurses_declined: Annotated[int, FEW]
    """Nurses who said that they can't, or decided nothing."""
    nurses_no_answer: Annotated[int, FEW]
    """Telephones that nobody picked up."""
    nurses_busy: Annotated[int, FEW]
    """Telephones that were busy."""
    nurses_voicemail: Annotated[int, FEW]
    """Telephones that were answered, and no key was pressed."""
    nurses_hung_up: Annotated[int, FEW]
    """Nurses who answered and left before they had taken the caller."""
    nurses_carrier_error: Annotated[int, FEW]
    """Calls to nurses that the carrier could not make."""
    nurses_patient_left: Annotated[int, FEW]
    """Calls to nurses that were ended as the caller had left."""
    nurses_taken: Annotated[int, FEW]
    """Nurses who were let go as another was sooner."""
    objective_1: Covered
    """What became of the first thing that the agent was to ask; none if its workflow has no such item."""
    objective_2: Covered
    """Likewise of the second."""
    objective_3: Covered
    """Likewise of the third."""
    objective_4: Covered
    """Likewise of the fourth."""
    objective_5: Covered
    """Likewise of the fifth."""
    objective_6: Covered
    """Likewise of the sixth."""
    objective_7: Covered
    """Likewise of the seventh."""
    objective_8: Covered
    """Likewise of the eighth."""

    def __post_init__(self) -> None:
        closed.check(self)

    def to_wire(self) -> closed.Wire:
        """Flat values, in the order of the fields."""
        return closed.to_wire(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, object]) -> CallMetrics:
        """Raises `closed.NotClosed` on an unknown, missing, ill-typed or out-of-range field."""
        return closed.from_wire(cls, wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """That a worker is there, and how busy.  Lives on the bus with a short time to live; never in durable state."""

    worker: Annotated[str, REF]
    """Random, made when the process starts."""
    hour: Annotated[int, HOUR]
    """When it was last seen, in whole hours since 1970-01-01 UTC."""
    live_calls: Annotated[int, MANY]
    """Calls it holds now."""
    capacity: Annotated[int, MANY]
    """Calls it would hold at once."""
    draining: bool
    """It ends its calls and takes no new one."""

    def __post_init__(self) -> None:
        closed.check(self)

    def to_wire(self) -> closed.Wire:
        """Flat values, in the order of the fields."""
        return closed.to_wire(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, object]) -> Presence:
        """Raises `closed.NotClosed` on an unknown, missing, ill-typed or out-of-range field."""
        return closed.from_wire(cls, wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What holds for one agent now.  Lives on the bus with a short time to live; never in durable state."""

    agent: Annotated[str, AGENT]
    """Which agent file."""
    zero_retention: bool
    """Nothing of what is said may be kept: what the policies of agent and workspace come to."""
    model_allowed: bool
    """The agent's model may be called; false takes it away, true gives nothing."""

    def __post_init__(self) -> None:
        closed.check(self)

    def to_wire(self) -> closed.Wire:
        """Flat values, in the order of the fields."""
        return closed.to_wire(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, object]) -> InForce:
        """Raises `closed.NotClosed` on an unknown, missing, ill-typed or out-of-range field."""
        return closed.from_wire(cls, wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class NurseStatus:
    """Whether a nurse may be rung.  On the event pipe and on the bus, there for seconds; never in durable state."""

    on_call: Annotated[str, AGENT]
    """The name of the list that she stands in."""
    nurse: Annotated[str, AGENT]
    """What she is called there; never a number."""
    available: bool
    """She may be rung."""

    def __post_init__(self) -> None:
        closed.check(self)

    def to_wire(self) -> closed.Wire:
        """Flat values, in the order of the fields."""
        return closed.to_wire(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, object]) -> NurseStatus:
        """Raises `closed.NotClosed` on an unknown, missing, ill-typed or out-of-range field."""
        return closed.from_wire(cls, wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTranscript:
    """The redacted transcript of a call, sealed to the keeper's key: whoever made it can't read it."""

    ref: Annotated[str, REF]
    """Of the call's record."""
    agent: Annotated[str, AGENT]
    """Which agent file served the call."""
    day: Annotated[int, DAY]
    """On which it ended, in days since 1970-01-01 UTC."""
    sealed: Annotated[str, SEALED]
    """What was said, redacted, padded to one of `TRANSCRIPT_BYTES` and sealed (HPKE, RFC 9180)."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTranscript:
    """A sealed transcript as the state holds it: locked once more, with a key of its own."""

    ref: Annotated[str, REF]
    """Of the call's record."""
    agent: Annotated[str, AGENT]
    """Which agent file served the call."""
    day: Annotated[int, DAY]
    """On which the call ended, in days since 1970-01-01 UTC."""
    expires: Annotated[int, DAY]
    """From this day on it is gone."""
    locked: Annotated[str, LOCKED]
    """The sealed transcript under the key of its `TranscriptKey` (AES-256-GCM)."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptKey:
    """The key of one kept transcript; without it nobody reads that transcript again."""

    ref: Annotated[str, REF]
    """Of the transcript."""
    locked: Annotated[str, LOCKED_KEY]
    """A random key under the state's key for keys (AES-256-GCM)."""

    def __post_init__(self) -> None:
        closed.check(self)


class EvidenceKind(enum.Enum):
    """Which agreement with a vendor."""

    BAA = "baa"
    """A business associate agreement (45 CFR 164.504(e))."""
    ZDR = "zdr"
    """That the vendor keeps nothing of what it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPolicy:
    """What is set for one agent.  Raises `closed.NotClosed` when a field is out of its bounds."""

    agent: Annotated[str, AGENT]
    """Which agent file."""
    revision: Annotated[int, SERIAL]
    """Counts the changes."""
    live: bool
    """It has left draft: patients may rely on it."""
    zero_retention: bool
    """Nothing of what is said may be kept; what a call goes by: `policies.changes.level`."""
    off_requested_by: Annotated[str, ACTOR]
    """The token that asked to switch zero retention off, while another admin's approval is awaited."""
    off_reason: OffReason | None
    """The reason given with that request."""
    build: Annotated[str, HASH]
    """Of this build, these settings and models: what self-test and proof must have passed for."""
    tested: Annotated[str, HASH]
    """The build for which the redaction self-test passed last."""
    proven: Annotated[str, HASH]
    """The build for which the quick proof passed last."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePolicy:
    """What is set for all agents.  Raises `closed.NotClosed` when a field is out of its bounds."""

    revision: Annotated[int, SERIAL]
    """Counts the changes."""
    zero_forced: bool
    """Zero retention for every agent, whatever its own policy says."""
    off_requested_by: Annotated[str, ACTOR]
    """The token that asked to end that, while another admin's approval is awaited."""
    off_reason: OffReason | None
    """The reason given with that request."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One agreement with a vendor, as somebody recorded it.  Raises `closed.NotClosed` when out of bounds."""

    party: Annotated[str, AGENT]
    """The party of the allowlist that it was made with."""
    kind: EvidenceKind
    """Which agreement."""
    reference: Annotated[str, REFERENCE]
    """The number under which the hospital files the contract."""
    tier: Annotated[str, AGENT]
    """The vendor's plan or edition that the agreement holds for."""
    signed: Annotated[int, DAY]
    """From when it holds, in days since 1970-01-01."""
    expires: Annotated[int, DAY]
    """The last day on which it holds."""
    retention_days: Annotated[int, DAYS]
    """How long the vendor may keep what it is sent under it; counts for a ZDR agreement."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model that an admin put on the allowlist.  Raises `closed.NotClosed` when a field is out of its bounds."""

    entry: Annotated[str, REF]
    """Random, made when it was added."""
    vendor: Annotated[str, AGENT]
    """The party of the allowlist's file that serves it."""
    engine: Engine
    """Which of our engines calls it; never the built-in one."""
    model: Annotated[str, MODEL]
    """Its exact id."""
    base_url: Annotated[str, PLACE]
    """Where it is called."""
    region: Annotated[str, REGION]
    """Where the vendor says that it runs."""
    messages: bool
    """Anthropic's Messages API may be used."""
    chat: bool
    """OpenAI's chat completions may be used."""
    streaming: bool
    """Answers may be streamed."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFile:
    """Which agent file was accepted over the network.  Raises `closed.NotClosed` when a field is out of its bounds."""

    agent: Annotated[str, AGENT]
    """Its name; it stands in the folder `agents` of the state."""
    content: Annotated[str, HASH]
    """SHA-256 of the file."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What lets a person in.  Raises `closed.NotClosed` when a field is out of its bounds."""

    ref: Annotated[str, REF]
    """Random; stands for the token in the audit log."""
    holder: Annotated[str, REF]
    """Random; stands for the person, and is the same in every token that replaces hers."""
    role: PersonRole
    """What it gives a right to."""
    argon2id: Annotated[str, ARGON2ID]
    """Argon2id of its secret, with salt and parameters; the secret itself is shown once and not kept."""
    expires: Annotated[int, DAY]
    """The last day on which it holds, in days since 1970-01-01."""
    revoked: bool
    """It holds no more, whatever its last day."""
    revision: Annotated[int, SERIAL]
    """Counts the changes."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit log.  Raises `closed.NotClosed` when a field is out of its bounds."""

    sequence: Annotated[int, SERIAL]
    """0 for the first, then without a gap."""
    hour: Annotated[int, HOUR]
    """When it was written, in whole hours since 1970-01-01 UTC."""
    role: Role
    """In which right somebody or something acted."""
    actor: Annotated[str, ACTOR]
    """The random ref of the token that was used; none for a process."""
    act: Act
    """What was done, or was refused."""
    subject: Subject
    """What sort of thing it was done to."""
    thing: Annotated[str, THING]
    """Which one of those that there are: a random ref, or a name from our own files; `none` for none or any other."""
    reason: AuditReason | None
    """Why, or why not."""
    before: Annotated[str, HASH]
    """SHA-256 of the thing's record before, as canonical JSON; of a list of who is on call, of its file."""
    after: Annotated[str, HASH]
    """Of its record afterwards."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """The signed head of the audit log.  Raises `closed.NotClosed` when a field is out of its bounds."""

    size: Annotated[int, SERIAL]
    """How many entries it stands for."""
    root: Annotated[str, HASH]
    """The Merkle tree hash of these entries (RFC 6962, 2.1)."""
    hour: Annotated[int, HOUR]
    """When it was signed, in whole hours since 1970-01-01 UTC."""
    signature: Annotated[str, SIGNATURE]
    """Ed25519, over the three fields above."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """How far a collector has got the audit log.  Raises `closed.NotClosed` when a field is out of its bounds."""

    collector: Annotated[str, HASH]
    """SHA-256 of its address."""
    next_sequence: Annotated[int, SERIAL]
    """The first entry that it has not taken yet."""

    def __post_init__(self) -> None:
        closed.check(self)


def ref_of(entropy: bytes) -> str:
    """The ref that 16 random bytes make.  Raises `ValueError` on any other length."""
    if len(entropy) != 16:
        raise ValueError("a ref is made of 16 random bytes")
    return base64.urlsafe_b64encode(entropy).rstrip(b"=").decode("ascii")


def hour_of(epoch_s: float) -> int:
    """The only form in which a time is kept."""
    return int(epoch_s // 3600)


def at_most(tally: int, bound: Count = MANY) -> int:
    """A tally that stops at the bound."""
    return min(tally, bound.high)
