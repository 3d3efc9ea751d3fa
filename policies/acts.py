"""The words of the audit log: who, what, on what, and why; all closed."""

from __future__ import annotations

import enum


class Role(enum.Enum):
    """In which right somebody or something acted."""

    ADMIN = "admin"
    CLINICAL_EDITOR = "clinical_editor"
    AUDITOR = "auditor"
    NURSE = "nurse"
    OPERATOR = "operator"
    """Who may start processes on the machine."""
    LINE = "line"
    KEEPER = "keeper"
    LAUNCHER = "launcher"
    PROOF = "proof"
    NOBODY = "nobody"
    """Not signed in."""


class PersonRole(enum.Enum):
    """In which right a person may act who has signed in."""

    ADMIN = "admin"
    CLINICAL_EDITOR = "clinical_editor"
    AUDITOR = "auditor"
    NURSE = "nurse"

    @property
    def role(self) -> Role:
        """As the audit log has it."""
        return Role(self.value)


class Act(enum.Enum):
    """What was done, or was refused."""

    AGENT_CREATED = "agent_created"
    AGENT_CHANGED = "agent_changed"
    AGENT_DELETED = "agent_deleted"
    LEFT_DRAFT = "left_draft"
    BACK_TO_DRAFT = "back_to_draft"
    ZERO_ON = "zero_on"
    ZERO_OFF_REQUESTED = "zero_off_requested"
    ZERO_OFF_APPROVED = "zero_off_approved"
    ZERO_OFF_DENIED = "zero_off_denied"
    ZERO_FORCED = "zero_forced"
    """The workspace's switch: every agent, whatever its own says."""
    FORCE_OFF_REQUESTED = "force_off_requested"
    FORCE_OFF_APPROVED = "force_off_approved"
    FORCE_OFF_DENIED = "force_off_denied"
    ALLOWLIST_ADDED = "allowlist_added"
    ALLOWLIST_CHANGED = "allowlist_changed"
    ALLOWLIST_REMOVED = "allowlist_removed"
    MODEL_REFUSED = "model_refused"
    BAA_RECORDED = "baa_recorded"
    BAA_EXPIRED = "baa_expired"
    ZDR_RECORDED = "zdr_recorded"
    ZDR_EXPIRED = "zdr_expired"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    LOCKED_OUT = "locked_out"
    TOKEN_ISSUED = "token_issued"  # noqa: S105  # an act, no token
    TOKEN_REVOKED = "token_revoked"  # noqa: S105  # an act, no token
    KEY_CHANGED = "key_changed"
    ACT_REFUSED = "act_refused"
    SELF_TEST_PASSED = "self_test_passed"
    SELF_TEST_FAILED = "self_test_failed"
    PROOF_PASSED = "proof_passed"
    PROOF_FAILED = "proof_failed"
    TRANSFER_ACCEPTED = "transfer_accepted"
    TRANSFER_DECLINED = "transfer_declined"
    TRANSFER_UNANSWERED = "transfer_unanswered"
    TRANSCRIPT_READ = "transcript_read"
    TRANSCRIPT_DELETED = "transcript_deleted"
    TRANSCRIPT_EXPIRED = "transcript_expired"
    PROCESS_STARTED = "process_started"
    PROCESS_STOPPED = "process_stopped"
    AUDIT_EXPORTED = "audit_exported"
    ON_CALL_CHANGED = "on_call_changed"
    NURSE_AVAILABLE = "nurse_available"
    NURSE_AWAY = "nurse_away"
    STATE_ALTERED = "state_altered"
    """What was set was not what the log says: somebody else wrote, or an upgrade.  It is on the safe side now."""


class Subject(enum.Enum):
    """What sort of thing it was done to."""

    AGENT = "agent"
    WORKSPACE = "workspace"
    MODEL = "model"
    ENTRY = "entry"
    """Of the allowlist."""
    EVIDENCE = "evidence"
    TOKEN = "token"  # noqa: S105  # a sort of thing, no token
    KEY = "key"
    TRANSCRIPT = "transcript"
    PROOF = "proof"
    TRANSFER = "transfer"
    PROCESS = "process"
    AUDIT_LOG = "audit_log"
    ON_CALL = "on_call"
    """A list of who is rung."""
    NURSE = "nurse"
    """By what she is called in such a list."""


class OffReason(enum.Enum):
    """Why an admin asks to switch zero retention off."""

    NO_PATIENTS = "no_patients"
    """The line carries nothing of patients."""
    QUALITY_REVIEW = "quality_review"
    COMPLAINT = "complaint"
    LEGAL_HOLD = "legal_hold"


class AuditReason(enum.Enum):
    """Why it was done, or why not.  Those of `OffReason` and `allowlist.ModelReason` stand here by the same words."""

    NO_PATIENTS = "no_patients"
    QUALITY_REVIEW = "quality_review"
    COMPLAINT = "complaint"
    LEGAL_HOLD = "legal_hold"
    # why a change was refused
    NOT_ALLOWED = "not_allowed"
    """The role may not do it."""
    SAME_ADMIN = "same_admin"
    """Who asked is who approves, with the same token or another of hers."""
    ASKER_GONE = "asker_gone"
    """The token that asked lets nobody in any more: somebody has to ask anew."""
    OTHER_REVISION = "other_revision"
    """What was to be approved is not what is asked for now."""
    FORCED = "forced"
    NO_REQUEST = "no_request"
    NO_SUCH_AGENT = "no_such_agent"
    NO_SUCH_THING = "no_such_thing"
    """Token, entry or transcript."""
    SHIPPED = "shipped"
    """It stands in a file of the operator's, which nobody alters over the network."""
    EXISTS = "exists"
    ALREADY = "already"
    NOT_DRAFT = "not_draft"
    NOT_TESTED = "not_tested"
    """The redaction self-test has not passed for exactly this build."""
    NOT_PROVEN = "not_proven"
    """Nor has the quick proof."""
    OTHER_BUILD = "other_build"
    NO_EVIDENCE = "no_evidence"
    MALFORMED = "malformed"
    # why an agent fell back to draft
    BUILD_CHANGED = "build_changed"
    ZERO_ON_AGAIN = "zero_on_again"
    """Likewise; and zero retention, which was off or about to be, is on again."""
    ZERO_OFF = "zero_off"
    TEST_FAILED = "test_failed"
    ASKED = "asked"
    # sign-in
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  # a reason, no token
    EXPIRED_TOKEN = "expired_token"  # noqa: S105  # a reason, no token
    REVOKED_TOKEN = "revoked_token"  # noqa: S105  # a reason, no token
    WRONG_SECRET = "wrong_secret"  # noqa: S105  # a reason, no secret
    NO_TOKEN = "no_token"  # noqa: S105  # a reason, no token
    """Nothing that could be one was shown."""
    TOO_MANY = "too_many"
    # why a model was refused
    UNKNOWN_ENGINE = "unknown_engine"
    BAD_NAME = "bad_name"
    BAD_URL = "bad_url"
    NOT_HTTPS = "not_https"
    MANDATED_RETENTION = "mandated_retention"
    NOT_LISTED = "not_listed"
    OTHER_PLACE = "other_place"
    OTHER_FEATURE = "other_feature"
    OTHER_REGION = "other_region"
    OTHER_TIER = "other_tier"
    TRAINS = "trains"
    NO_BAA = "no_baa"
    BAA_EXPIRED = "baa_expired"
    NO_ZDR = "no_zdr"
    ZDR_EXPIRED = "zdr_expired"
    RETAINS = "retains"
    REVOKED = "revoked"


def told(reason: OffReason | None) -> AuditReason | None:
    """An admin's reason as the audit log has it: each is one of the log's own."""
    return None if reason is None else AuditReason(reason.value)
