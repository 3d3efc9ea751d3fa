"""What the line must still be able to read and to reach once it is locked: a list, and nothing beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from agent.lines import Agent
from agent.settings import ROOT, Settings, is_loopback
from agent.vendors import base_url_of
from policies.records import Engine
from telephony.placing import HOSTS

OURS: Final = ("agent", "telephony", "policies", "deploy")  # the state may lie beside them
SYSTEM: Final = (
    "/usr/lib",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/usr/lib/ssl",
    "/usr/share/ca-certificates",
    "/etc/ssl",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/mime.types",
    "/etc/os-release",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/bus/pci",  # onnxruntime looks for graphics cards there, and complains where it may not
    "/sys/devices/pci0000:00",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
)
HUB: Final = os.path.expanduser("~/.cache/huggingface")  # noqa: PTH111  # Path.home() raises where a user has no name
PORTS: Final = {"redis": 6_379, "rediss": 6_379, "https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Destination:
    """A host, in small letters, and a port."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Destination:
        """From "host:port".  Raises `ValueError`."""
        host, _, port = text.rpartition(":")
        if not host or not 1 <= int(port) <= 65_535:
            raise ValueError("a destination is a host and a port")
        return cls(host.lower(), int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reach:
    """For `agent.confine.confine`."""

    readable: tuple[str, ...]
    listable: tuple[str, ...]
    """Folders of which Python must see the names to find our code in them."""
    ports: tuple[int, ...]


def providers(settings: Settings, engines: Iterable[Engine]) -> tuple[Destination, ...]:
    """Where the hosted models of these engines are."""
    urls = (
        base_url_of(engine, settings.anthropic_base_url, settings.openai_base_url)
        for engine in engines
        if engine is not Engine.APPROVED
    )
    return tuple(dict.fromkeys(map(_destination, urls)))


def rings(settings: Settings, agents: Iterable[Agent]) -> bool:
    """Nurses are rung by Twilio's REST."""
    named = settings.twilio_account_sid is not None and not settings.development
    return named and any(agent.on_call for agent in agents)


def outside(settings: Settings, engines: Iterable[Engine], *, rings_nurses: bool = False) -> tuple[Destination, ...]:
    """Of these, those that are not on this machine, and the carrier's REST: only the proxy reaches them."""
    models = tuple(found for found in providers(settings, engines) if not is_loopback(found.host))
    return (*models, *(Destination(host, PORTS["https"]) for host in HOSTS if rings_nurses))


def egress_port(settings: Settings, base_url: str) -> int | None:
    """The proxy's port for a provider that is not on this machine."""
    return None if is_loopback(_destination(base_url).host) else settings.egress_port


def reach(
    settings: Settings,
    engines: Iterable[Engine],
    environment: Mapping[str, str],
    material: Iterable[Path] = (),
    *,
    rings_nurses: bool = False,
) -> Reach:
    """Our code and its packages, the files that the settings name, and the ports of the addresses they name.

    engines, material: of the agents; their passages' folders may lie anywhere.
    """
    code = [ROOT / name for name in OURS]
    paths = [path for path in map(Path, sys.path) if path.is_absolute() and path.resolve() != ROOT]
    own = [Path(sys.prefix), Path(sys.base_prefix), *code, *paths]
    named: list[Path | str] = [settings.agents, settings.workflows, settings.on_call, *material]
    if settings.tls is not None:
        named += [settings.tls.cert, settings.tls.key]
    named += [each for each in (settings.recogniser.model, settings.voice) if each and Path(each).exists()]
    if settings.voice:
        named += [f"{settings.voice}.json", Path(settings.voice).parent / "SHA256SUMS"]
    named += [environment[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environment.get(name)]
    hub = environment.get("HF_HUB_CACHE") or environment.get("HF_HOME") or HUB
    readable = dict.fromkeys(os.path.realpath(path) for path in (*own, *SYSTEM, *named, hub))
    return Reach(tuple(readable), (os.path.realpath(ROOT),), _ports(settings, tuple(engines), rings_nurses))


def _ports(settings: Settings, engines: Sequence[Engine], rings_nurses: bool) -> tuple[int, ...]:
    ports = {found.port for found in providers(settings, engines) if is_loopback(found.host)}
    if settings.redis_url is not None:
        ports.add(_destination(settings.redis_url.reveal()).port)
    if settings.carrier_url is not None:
        ports.add(_destination(settings.carrier_url).port)
    if settings.patients_url is not None:
        ports.add(_destination(settings.patients_url).port)
    if settings.contacts_url is not None:
        ports.add(_destination(settings.contacts_url).port)
    if outside(settings, engines, rings_nurses=rings_nurses) and settings.egress_port is not None:
        ports.add(settings.egress_port)
    return tuple(sorted(ports))


def _destination(url: str) -> Destination:
    parts = urlsplit(url)
    return Destination((parts.hostname or "").lower(), parts.port or PORTS[parts.scheme])
