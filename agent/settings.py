"""The environment, read once: a frozen `Settings`, or one sentence on what to set.

Two profiles.  `development` answers on loopback only and has no public origin.  `production` has a public https
origin, checks Twilio's signatures, and either holds its own certificate or stands behind a proxy on loopback.
"""

from __future__ import annotations

import difflib
import enum
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from policies.layers import Layer, Protection
from policies.phi import PHI
from policies.records import Profile
from telephony.numbers import stands_alone
from telephony.signature import is_public_origin

ROOT: Final = Path(__file__).resolve().parent.parent

VARIABLES: Final = {
    "QUIETLINE_PROFILE": "development or production",
    "QUIETLINE_HOST": "the address to listen on",
    "QUIETLINE_PORT": "the port to listen on",
    "QUIETLINE_PUBLIC_ORIGIN": "how Twilio reaches this service: https and a host name",
    "QUIETLINE_TLS_CERT": "the certificate chain, where no proxy ends TLS in front",
    "QUIETLINE_TLS_KEY": "the certificate's key",
    "QUIETLINE_AGENTS": "the folder of agent files",
    "QUIETLINE_WORKFLOWS": "the folder of workflows: what must be asked before a goodbye",
    "QUIETLINE_ON_CALL": "the folder of lists of nurses who are rung",
    "QUIETLINE_FALLBACK_URL": "an https address elsewhere: what callers get while this service is down",
    "QUIETLINE_CARRIER_URL": "a carrier on this machine, by which nurses are rung; development only",
    "QUIETLINE_ALLOWLIST": "the list of vendors, their models, and the evidence of their agreements",
    "QUIETLINE_STATE": "the folder the keeper writes to",
    "QUIETLINE_LINE_USER": "the user that the line runs as, where the launcher may choose",
    "QUIETLINE_KEEPER_USER": "the user that the keeper runs as, likewise; the state must be this user's",
    "QUIETLINE_AUDIT_TO": "a collector that is sent the audit log as it grows: syslog+tls://host:port",
    "QUIETLINE_AUDIT_CA": "the certificates, one of which signed the collector's",
    "QUIETLINE_AUDIT_FORMAT": "what it is sent: jsonl, ocsf or cef",
    "QUIETLINE_SEAL_KEY": "the key that locks redacted transcripts, where it is not to lie in the state",
    "QUIETLINE_TRANSCRIPT_DAYS": "how long a redacted transcript is kept",
    "QUIETLINE_RECOGNISER": "a recogniser: base, tiny.en, a folder or a hub name already fetched",
    "QUIETLINE_RECOGNISER_BEAM": "how many readings the recogniser follows",
    "QUIETLINE_RECOGNISER_WINDOW_S": "the shortest stretch of sound the recogniser encodes",
    "QUIETLINE_RECOGNISER_WORKERS": "how many turns are recognised at the same time",
    "QUIETLINE_VOICE": "a Piper voice: joe or the path of an .onnx file",
    "QUIETLINE_SPOKEN_AHEAD": "on or off: the first clause of each passage is synthesised ahead, while no call is live",
    "QUIETLINE_LEAD_MS": "how far audio is sent ahead of the caller's ear",
    "QUIETLINE_MAX_CALLS": "calls at once; the next is sent to the nurse",
    "QUIETLINE_MAX_CALL_S": "the longest call",
    "QUIETLINE_DEAD_STREAM_MS": "silence of the carrier after which a call is given up",
    "QUIETLINE_ADMIN_PORT": "the port of the interface for those who run the line; without it there is none",
    "QUIETLINE_ADMIN_HOST": "the address of that interface",
    "QUIETLINE_EGRESS_PORT": "a proxy on this machine through which hosted models are reached",
    "QUIETLINE_PATIENTS_URL": "a service on this machine that has patients' records; without it none is looked at",
    "QUIETLINE_CONTACTS_URL": "a service on this machine that lists patients to call; without it nobody is called",
    "QUIETLINE_WITHOUT": "locks of the kernel that production goes on without",
    "QUIETLINE_UNPROTECTED": "what production takes calls without any lock for",
    "QUIETLINE_LIBRARY_LOG": "the least level of a library's log record that leaves a line: warning, info or debug",
    "QUIETLINE_MODEL_UNFILTERED": "1 speaks what a hosted model says as it comes, for proofs; development only",
    "QUIETLINE_ALLOW_UNSIGNED_STREAM": "1 accepts a stream without Twilio's signature; development only",
    "TWILIO_ACCOUNT_SID": "the account whose calls are answered",
    "TWILIO_AUTH_TOKEN": "what Twilio signs its requests with",
    "REDIS_URL": "the bus; the launcher starts one where this is not set",
    "KEEPER_REDIS_URL": "the same bus as the keeper signs in to it; needed to tell policies: retention, models revoked",
    "ANTHROPIC_API_KEY": "for agents with the engine anthropic",
    "ANTHROPIC_BASE_URL": "where that engine is reached",
    "OPENAI_API_KEY": "for agents with the engine openai",
    "OPENAI_BASE_URL": "where that engine is reached",
}
"""Every variable that is read, each with the line `docs/operating.md` holds of it."""

Named = TypeVar("Named", bound=enum.Enum)
AUDIT_FORMATS: Final = ("jsonl", "ocsf", "cef")
SECRETS: Final = ("TWILIO_AUTH_TOKEN", "REDIS_URL", "KEEPER_REDIS_URL", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")
"""May stand in files of these names in CREDENTIALS_DIRECTORY instead: systemd's LoadCredential=, or a container's."""
LONGEST_SECRET: Final = 4_096
LEVELS: Final = {"debug": 10, "info": 20, "warning": 30}  # as in `logging`


class SettingsRefused(Exception):
    """The settings don't hold together.  The message is one sentence on what to set; it names no value."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Our own certificate."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class AuditTo:
    """A collector of the audit log; for the keeper."""

    address: str
    ca: Path | None
    format: str


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Which recogniser; None leaves the choice to what was measured (`agent/engines/models.py`)."""

    model: str | None
    beam: int | None
    window_s: int | None
    workers: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the line."""

    calls: int
    call_s: int
    start_ms: int
    """From the socket's opening to the carrier's `start`."""
    dead_stream_ms: int
    message_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """Everything the environment says.  Secrets are held as `PHI`, so no print shows them."""

    profile: Profile
    host: str
    """An IP address, never a name."""
    port: int
    public_origin: str | None
    tls: Tls | None
    agents: Path
    workflows: Path
    on_call: Path
    fallback_url: str | None
    carrier_url: str | None
    """Of a carrier's twin on this machine; None: Twilio in production, and in development nobody is rung."""
    allowlist: Path
    state: Path
    line_user: str | None
    keeper_user: str | None
    audit_to: AuditTo | None
    seal_key: Path | None
    """Where the key lies that locks transcripts; None for the state's folder."""
    transcript_days: int
    recogniser: Recogniser
    voice: str | None
    spoken_ahead: bool
    lead_ms: int
    limits: Limits
    admin_port: int | None
    """None: no interface."""
    admin_host: str
    """An IP address; of this machine unless there is a certificate."""
    egress_port: int | None
    """Of a proxy on this machine; the launcher starts one where this is not set and an agent needs it."""
    patients_url: str | None
    """Of a service on this machine; None: callers hear general approved information only."""
    contacts_url: str | None
    """Of a service on this machine; None: no call is placed."""
    without: frozenset[Layer]
    """Locks that the operator does without in production, by name."""
    unprotected: frozenset[Protection]
    """What the operator lets no lock protect in production, by name."""
    level_of_libraries: int
    """A level of `logging`; whatever it is, no text of a library's record is kept."""
    allow_unsigned_stream: bool
    model_unfiltered: bool
    """A hosted model is asked of everything, and its sentences are spoken unjudged."""
    twilio_account_sid: str | None
    twilio_auth_token: PHI[str] | None
    redis_url: PHI[str] | None
    keeper_redis_url: PHI[str] | None
    anthropic_api_key: PHI[str] | None
    anthropic_base_url: str | None
    openai_api_key: PHI[str] | None
    openai_base_url: str | None

    @property
    def origin(self) -> str:
        """What signatures are checked against: scheme, host and port as the other side names them; no slash."""
        if self.public_origin:
            return self.public_origin
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def development(self) -> bool:
        return self.profile is Profile.DEVELOPMENT


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Raises `SettingsRefused`.  An empty value counts as not set."""
    _refuse_unknown(environment)
    values = {name: environment[name].strip() for name in VARIABLES if environment.get(name, "").strip()}
    host = _host(values.get("QUIETLINE_HOST", "127.0.0.1"))
    public_origin = _origin(values.get("QUIETLINE_PUBLIC_ORIGIN"))
    profile = _profile(values.get("QUIETLINE_PROFILE"), host, public_origin)
    settings = Settings(
        profile=profile,
        host=host,
        port=_number(values, "QUIETLINE_PORT", 8080, 1, 65_535),
        public_origin=public_origin,
        tls=_tls(values),
        agents=_folder(values, "QUIETLINE_AGENTS", ROOT / "deploy" / "agents"),
        workflows=_folder(values, "QUIETLINE_WORKFLOWS", ROOT / "deploy" / "workflows"),
        on_call=_folder(values, "QUIETLINE_ON_CALL", ROOT / "deploy" / "on_call"),
        fallback_url=_elsewhere(values.get("QUIETLINE_FALLBACK_URL"), public_origin),
        carrier_url=_on_this_machine(
            values.get("QUIETLINE_CARRIER_URL"),
            "set QUIETLINE_CARRIER_URL to http://127.0.0.1 and a port, or unset it: production rings by Twilio",
        ),
        allowlist=_file(values, "QUIETLINE_ALLOWLIST", ROOT / "deploy" / "allowlist.toml"),
        state=Path(values.get("QUIETLINE_STATE") or ROOT / ".quietline").expanduser(),
        line_user=values.get("QUIETLINE_LINE_USER"),
        keeper_user=values.get("QUIETLINE_KEEPER_USER"),
        audit_to=_audit_to(values),
        seal_key=Path(values["QUIETLINE_SEAL_KEY"]).expanduser() if "QUIETLINE_SEAL_KEY" in values else None,
        # a week shows how a line does; what must be kept longer is no redacted transcript
        transcript_days=_number(values, "QUIETLINE_TRANSCRIPT_DAYS", 7, 1, 90),
        recogniser=Recogniser(
            model=values.get("QUIETLINE_RECOGNISER"),
            beam=_maybe(values, "QUIETLINE_RECOGNISER_BEAM", 1, 10),
            # below 10 s Whisper repeats itself, 30 s is all it takes (docs/decisions, recognition)
            window_s=_maybe(values, "QUIETLINE_RECOGNISER_WINDOW_S", 10, 30),
            workers=_number(values, "QUIETLINE_RECOGNISER_WORKERS", 2, 1, 16),
        ),
        voice=values.get("QUIETLINE_VOICE"),
        spoken_ahead=_switch(values, "QUIETLINE_SPOKEN_AHEAD"),
        # at most 300 ms ahead, a tick of 20 ms included, so that a barge-in and a pause are exact; under 60 ms one late
        # tick is heard
        lead_ms=_number(values, "QUIETLINE_LEAD_MS", 160, 60, 280),
        limits=Limits(
            calls=_number(values, "QUIETLINE_MAX_CALLS", 8, 1, 1_000),
            call_s=_number(values, "QUIETLINE_MAX_CALL_S", 1_800, 10, 7_200),
            start_ms=5_000,  # Twilio sends `start` right after `connected`; it promises no bound
            # Twilio sends frames in silence too: 2 s without one is a dead leg
            dead_stream_ms=_number(values, "QUIETLINE_DEAD_STREAM_MS", 2_000, 500, 60_000),
            message_bytes=65_536,  # a media message is about 400 bytes; others limit at 64 KiB too
        ),
        admin_port=_maybe(values, "QUIETLINE_ADMIN_PORT", 1, 65_535),
        admin_host=_host(values.get("QUIETLINE_ADMIN_HOST", "127.0.0.1"), "QUIETLINE_ADMIN_HOST"),
        egress_port=_maybe(values, "QUIETLINE_EGRESS_PORT", 1, 65_535),
        patients_url=_on_this_machine(
            values.get("QUIETLINE_PATIENTS_URL"),
            "set QUIETLINE_PATIENTS_URL to http://127.0.0.1 and a port: what it says crosses no network",
        ),
        contacts_url=_on_this_machine(
            values.get("QUIETLINE_CONTACTS_URL"),
            "set QUIETLINE_CONTACTS_URL to http://127.0.0.1 and a port: what it says crosses no network",
        ),
        without=_some_of(Layer, values, "QUIETLINE_WITHOUT"),
        unprotected=_some_of(Protection, values, "QUIETLINE_UNPROTECTED"),
        level_of_libraries=_level(values.get("QUIETLINE_LIBRARY_LOG", "warning")),
        allow_unsigned_stream=_flag(values, "QUIETLINE_ALLOW_UNSIGNED_STREAM"),
        model_unfiltered=_flag(values, "QUIETLINE_MODEL_UNFILTERED"),
        twilio_account_sid=values.get("TWILIO_ACCOUNT_SID"),
        twilio_auth_token=_secret(values, "TWILIO_AUTH_TOKEN"),
        redis_url=_redis("REDIS_URL", values.get("REDIS_URL")),
        keeper_redis_url=_redis("KEEPER_REDIS_URL", values.get("KEEPER_REDIS_URL")),
        anthropic_api_key=_secret(values, "ANTHROPIC_API_KEY"),
        anthropic_base_url=_base_url(values, "ANTHROPIC_BASE_URL"),
        openai_api_key=_secret(values, "OPENAI_API_KEY"),
        openai_base_url=_base_url(values, "OPENAI_BASE_URL"),
    )
    _check_profile(settings)
    return settings


def with_credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with what stands in files.  Raises `SettingsRefused` for a secret that is in both, or is none."""
    folder = environment.get("CREDENTIALS_DIRECTORY", "")
    found = dict(environment)
    for name in SECRETS if folder else ():
        file = Path(folder, name)
        if not file.exists():
            continue
        content = ""
        try:
            content = file.read_text("utf-8").strip()
        except (OSError, ValueError):
            content = ""
        if not content or len(content) > LONGEST_SECRET or not content.isprintable() or environment.get(name):
            raise SettingsRefused(f"name {name} once, in a file of CREDENTIALS_DIRECTORY or in the environment")
        found[name] = content
    return found


def is_loopback(host: str | None) -> bool:
    """True for an address of this machine, and for the name localhost."""
    if host == "localhost":
        return True
    address = _address(host or "")
    return address is not None and address.is_loopback


def _check_profile(settings: Settings) -> None:
    if settings.tls is None and not is_loopback(settings.admin_host):
        raise SettingsRefused("set QUIETLINE_ADMIN_HOST to 127.0.0.1: without a certificate a token is in the open")
    if settings.admin_port is not None and settings.admin_port == settings.port:
        raise SettingsRefused("set QUIETLINE_ADMIN_PORT to another port than QUIETLINE_PORT")
    if settings.development:
        if settings.public_origin:
            raise SettingsRefused("unset QUIETLINE_PUBLIC_ORIGIN or set QUIETLINE_PROFILE=production")
        if not is_loopback(settings.host):
            raise SettingsRefused("set QUIETLINE_HOST to 127.0.0.1: the development profile answers on loopback only")
        if settings.tls:
            raise SettingsRefused("unset QUIETLINE_TLS_CERT and QUIETLINE_TLS_KEY: they belong to production")
        return
    if settings.model_unfiltered:
        raise SettingsRefused("unset QUIETLINE_MODEL_UNFILTERED: production judges every sentence of a model")
    if settings.carrier_url is not None:
        raise SettingsRefused("unset QUIETLINE_CARRIER_URL: production rings nurses by Twilio")
    if settings.allow_unsigned_stream:
        raise SettingsRefused("unset QUIETLINE_ALLOW_UNSIGNED_STREAM: production takes signed streams only")
    if not settings.public_origin:
        raise SettingsRefused("set QUIETLINE_PUBLIC_ORIGIN to the https address that Twilio reaches")
    if settings.twilio_auth_token is None:
        raise SettingsRefused("set TWILIO_AUTH_TOKEN: production checks every signature")
    if not settings.tls and not is_loopback(settings.host):
        raise SettingsRefused(
            "set QUIETLINE_TLS_CERT and QUIETLINE_TLS_KEY, or QUIETLINE_HOST=127.0.0.1 behind a proxy that ends TLS"
        )


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    for name in sorted(environment):
        if name.startswith("QUIETLINE_") and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f", did you mean {near[0]}" if near else ""
            raise SettingsRefused(f"unset {name}: no such setting{hint}")


def _profile(value: str | None, host: str, public_origin: str | None) -> Profile:
    """Not set: development for a service that only this machine can reach, else production."""
    if value is None:
        return Profile.DEVELOPMENT if is_loopback(host) and not public_origin else Profile.PRODUCTION
    if value not in {profile.value for profile in Profile}:
        raise SettingsRefused("set QUIETLINE_PROFILE to development or production")
    return Profile(value)


def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def _host(value: str, name: str = "QUIETLINE_HOST") -> str:
    if value == "localhost":
        return "127.0.0.1"
    if _address(value) is None:
        raise SettingsRefused(f"set {name} to an IP address, such as 127.0.0.1 or 0.0.0.0")
    return value


def _url(value: str, sentence: str) -> SplitResult:
    """Raises `SettingsRefused(sentence)` for what has no host, a bad port, or control characters or spaces."""
    parts = None
    if value.isprintable() and " " not in value:
        try:
            parts = urlsplit(value)
            _ = parts.port  # a bad port raises on access
        except ValueError:
            parts = None
    if parts is None or not parts.hostname:
        raise SettingsRefused(sentence)
    return parts


def _origin(value: str | None) -> str | None:
    if value is None:
        return None
    sentence = "set QUIETLINE_PUBLIC_ORIGIN to https:// and a host name of letters, digits, - and ., without a path"
    parts = _url(value, sentence)
    origin = f"https://{parts.netloc.lower()}"
    bare = value.isascii() and value.lower() in (origin, origin + "/")
    if not bare or not is_public_origin(origin):
        raise SettingsRefused(sentence)
    return origin


def _base_url(values: Mapping[str, str], name: str) -> str | None:
    value = values.get(name)
    if value is None:
        return None
    sentence = f"set {name} to an https address; plain http is for this machine alone"
    parts = _url(value, sentence)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise SettingsRefused(sentence)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsRefused(f"set {name} to an address without a user, a query or a fragment")
    return value.rstrip("/")


def _on_this_machine(value: str | None, sentence: str) -> str | None:
    """Plain HTTP on loopback, a port and nothing behind it.  sentence: what to set instead."""
    if value is None:
        return None
    parts = _url(value, sentence)
    beyond = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment or parts.port is None
    if parts.scheme != "http" or not is_loopback(parts.hostname) or beyond:
        raise SettingsRefused(sentence)
    return value.rstrip("/")


def _elsewhere(value: str | None, origin: str | None) -> str | None:
    """An https address on a host that is not ours."""
    if value is None:
        return None
    sentence = "set QUIETLINE_FALLBACK_URL to an https address that answers while this service is down"
    parts = _url(value, sentence)
    ours = [] if origin is None else [urlsplit(origin).hostname or ""]
    if not stands_alone(value, ours) or is_loopback(parts.hostname) or "@" in parts.netloc or parts.fragment:
        raise SettingsRefused(sentence)
    return value


def _redis(name: str, value: str | None) -> PHI[str] | None:
    if value is None:
        return None
    sentence = f"set {name} to a rediss:// address; plain redis:// is for this machine alone"
    parts = _url(value, sentence)
    if parts.scheme != "rediss" and not (parts.scheme == "redis" and is_loopback(parts.hostname)):
        raise SettingsRefused(sentence)
    if parts.query or parts.fragment:
        raise SettingsRefused(f"set {name} without a query: its options could turn certificate checks off")
    return PHI(value)


def _audit_to(values: Mapping[str, str]) -> AuditTo | None:
    address, form = values.get("QUIETLINE_AUDIT_TO"), values.get("QUIETLINE_AUDIT_FORMAT", "jsonl")
    if form not in AUDIT_FORMATS:
        raise SettingsRefused("set QUIETLINE_AUDIT_FORMAT to jsonl, ocsf or cef")
    if address is None:
        return None
    sentence = "set QUIETLINE_AUDIT_TO to syslog+tls:// with a host and a port"
    parts = _url(address, sentence)
    if parts.scheme != "syslog+tls" or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsRefused(sentence)
    ca = _file(values, "QUIETLINE_AUDIT_CA", ROOT) if "QUIETLINE_AUDIT_CA" in values else None
    return AuditTo(address, ca, form)


def _tls(values: Mapping[str, str]) -> Tls | None:
    cert, key = values.get("QUIETLINE_TLS_CERT"), values.get("QUIETLINE_TLS_KEY")
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise SettingsRefused("set both QUIETLINE_TLS_CERT and QUIETLINE_TLS_KEY, or neither")
    for name, path in (("QUIETLINE_TLS_CERT", cert), ("QUIETLINE_TLS_KEY", key)):
        if not Path(path).is_file():
            raise SettingsRefused(f"set {name} to a file that exists")
    if not _fits(cert, key):
        raise SettingsRefused(
            "set QUIETLINE_TLS_CERT and QUIETLINE_TLS_KEY to a certificate chain in PEM and its key without a password,"
            " both readable by this user"
        )
    return Tls(Path(cert), Path(key))


def _fits(cert: str, key: str) -> bool:
    """Would a server start with them?"""
    try:
        # an empty password, so that a key that has one is refused and no terminal is asked
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return False
    return True


def _folder(values: Mapping[str, str], name: str, default: Path) -> Path:
    folder = Path(values[name]).expanduser() if name in values else default
    if not folder.is_dir():
        raise SettingsRefused(f"set {name} to a folder that exists")
    return folder


def _file(values: Mapping[str, str], name: str, default: Path) -> Path:
    file = Path(values[name]).expanduser() if name in values else default
    if not file.is_file():
        raise SettingsRefused(f"set {name} to a file that exists")
    return file


def _secret(values: Mapping[str, str], name: str) -> PHI[str] | None:
    return PHI(values[name]) if name in values else None


def _flag(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name, "0")
    if value not in ("0", "1"):
        raise SettingsRefused(f"set {name} to 0 or 1")
    return value == "1"


def _switch(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name, "on")
    if value not in ("on", "off"):
        raise SettingsRefused(f"set {name} to on or off")
    return value == "on"


def _some_of(kind: type[Named], values: Mapping[str, str], name: str) -> frozenset[Named]:
    names = {each.strip() for each in values.get(name, "").split(",")} - {""}
    known = {member.value: member for member in kind}
    if not names <= known.keys():
        raise SettingsRefused(f"set {name} to some of {', '.join(known)}, with commas between")
    return frozenset(known[each] for each in names)


def _level(value: str) -> int:
    if value not in LEVELS:
        raise SettingsRefused("set QUIETLINE_LIBRARY_LOG to warning, info or debug")
    return LEVELS[value]


def _maybe(values: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    return _number(values, name, low, low, high) if name in values else None


def _number(values: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
    if number is None or not low <= number <= high:
        raise SettingsRefused(f"set {name} to a whole number from {low} to {high}")
    return number
