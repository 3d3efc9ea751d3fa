"""Can this process reach another machine?  Asked before the locks that would hide it: Landlock knows ports, not hosts.

A namespace without routes refuses at once.  A filter of the control group (a unit's `IPAddressDeny=`) or of the machine
refuses a datagram with EPERM, but lets a TCP connection wait for an answer that can't come: so besides the datagram,
which must be refused, machines that are surely there (the gateway, the name servers) must not answer.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import select
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

NOBODY: Final = ("203.0.113.1", "2001:db8::1")  # for documentation: no machine has them (RFC 5737, RFC 3849)
DISCARD: Final = 9  # RFC 863
ASKED_PORTS: Final = (53, 443)
ANSWER_MS: Final = 200  # a gateway answers within a few
NO_WAY: Final = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETDOWN, errno.EINVAL}
)
"""No route, no address of our own, no such family: nothing leaves."""
FORBIDDEN: Final = frozenset({errno.EPERM, errno.EACCES})


def closed(*, say_a_word: bool, roots: Path = Path("/")) -> bool:
    """True where no other machine can be reached.

    say_a_word: send an empty datagram to an address that nobody has, which is how a filter is seen; without it only
    a namespace without routes counts.  roots: where /proc and /etc are, for tests.
    """
    families = [_no_datagram(address, say_a_word=say_a_word) for address in NOBODY]
    if None in families:
        return False
    return not any(families) or not _answered([*NOBODY, *neighbours(roots)])


def _no_datagram(address: str, *, say_a_word: bool) -> bool | None:
    """False where there is no route, True where a filter refuses, None where it went out or may have."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as word:
            word.connect((address, DISCARD))  # looks for a route, sends nothing
            if say_a_word:
                word.send(b"")
    except OSError as answer:
        if answer.errno in NO_WAY:
            return False
        return True if answer.errno in FORBIDDEN else None
    return None


def neighbours(roots: Path = Path("/")) -> tuple[str, ...]:
    """Addresses of machines that are there: the default gateways and the name servers, loopback left out."""
    found = []
    with contextlib.suppress(OSError):
        for row in (roots / "proc/net/route").read_text().splitlines()[1:]:
            fields = row.split()
            if len(fields) > 2 and fields[1] == "00000000" and fields[2] != "00000000":
                found.append(socket.inet_ntoa(struct.pack("<I", int(fields[2], 16))))
    with contextlib.suppress(OSError):
        for row in (roots / "etc/resolv.conf").read_text().splitlines():
            words = row.split()
            if len(words) > 1 and words[0] == "nameserver":
                found.append(words[1])
    return tuple(address for address in dict.fromkeys(found) if _is_elsewhere(address))


def _is_elsewhere(address: str) -> bool:
    with contextlib.suppress(ValueError):
        return not ipaddress.ip_address(address).is_loopback
    return False


def _answered(addresses: Iterable[str]) -> bool:
    """Did any of them say anything to a connection, be it that it takes none?"""
    with contextlib.ExitStack() as stack:
        waiting = select.poll()
        asked: dict[int, socket.socket] = {}
        for address in addresses:
            for port in ASKED_PORTS:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                with contextlib.suppress(OSError):
                    line = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                    line.setblocking(False)
                    status = line.connect_ex((address, port))
                    if status in (0, errno.ECONNREFUSED):
                        return True
                    if status == errno.EINPROGRESS:
                        asked[line.fileno()] = line
                        waiting.register(line, select.POLLOUT)
        while asked:
            ready = waiting.poll(ANSWER_MS)
            if not ready:
                return False
            for descriptor, _ in ready:
                waiting.unregister(descriptor)
                status = asked.pop(descriptor).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if status in (0, errno.ECONNREFUSED, errno.ECONNRESET):
                    return True
    return False
