"""A network of the proof's own: the loopback, and a way out that ends in our hands.  Needs root.

Everything that the service and the proof send goes through it.  On the loopback each connection's destination is seen;
whatever is sent to any other address, names that are asked for included, comes to us and no further, byte by byte.
"""

from __future__ import annotations

import contextlib
import ctypes
import enum
import fcntl
import os
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

TUN: Final = "/dev/net/tun"
CLONE_NEWNET: Final = 0x4000_0000  # <linux/sched.h>
TUNSETIFF: Final = 0x4004_54CA  # <linux/if_tun.h>
IFF_TUN, IFF_NO_PI, IFF_UP, IFF_RUNNING = 0x1, 0x1000, 0x1, 0x40
SIOCADDRT, SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x890B, 0x8913, 0x8914, 0x8916, 0x891C
RTF_UP: Final = 0x1
ETH_P_ALL: Final = 3
SO_ATTACH_FILTER: Final = 26
NAME: Final = b"out0"
ADDRESS: Final = "192.0.2.1"  # of TEST-NET-1, RFC 5737: nobody's
ADDRESS_6: Final = "2001:db8::1"  # RFC 3849
TCP, UDP, IGMP, ICMP_6, DOMAIN = 6, 17, 2, 58, 53
GREETINGS: Final = frozenset({b"\x85", b"\x87", b"\x88", b"\x8f"})
"""Of ICMPv6 the types that the kernel says by itself: 133, 135 and 136 ask for routers and neighbours and answer them
(RFC 4861), 143 names the groups that it listens to (RFC 3810)."""
HEADERS_6: Final = frozenset({0, 43, 60})
"""Of IPv6, before what is sent: for each hop, for the route, for the destination (RFC 8200)."""
FRAGMENT_6: Final = 44
MOST_BYTES: Final = 16 << 20
PACKET: Final = 65_536
ETHERNET: Final = 14

_BEGUN: Final = (  # of TCP those that open a connection, of UDP all; classic BPF over Ethernet, IPv4 and IPv6
    (0x28, 0, 0, 12), (0x15, 0, 7, 0x0800), (0x30, 0, 0, 23), (0x15, 12, 0, UDP), (0x15, 0, 12, TCP),
    (0xB1, 0, 0, 14), (0x50, 0, 0, 27), (0x54, 0, 0, 0x12), (0x15, 7, 8, 0x02), (0x15, 0, 7, 0x86DD),
    (0x30, 0, 0, 20), (0x15, 4, 0, UDP), (0x15, 0, 4, TCP), (0x30, 0, 0, 67), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02),
    (0x06, 0, 0, PACKET), (0x06, 0, 0, 0),
)  # fmt: skip


class _Route(ctypes.Structure):
    """struct rtentry, <linux/route.h>."""

    _fields_ = (
        ("pad1", ctypes.c_ulong), ("dst", ctypes.c_char * 16), ("gateway", ctypes.c_char * 16),
        ("genmask", ctypes.c_char * 16), ("flags", ctypes.c_ushort), ("pad2", ctypes.c_short),
        ("pad3", ctypes.c_ulong), ("pad4", ctypes.c_void_p), ("metric", ctypes.c_short), ("dev", ctypes.c_char_p),
        ("mtu", ctypes.c_ulong), ("window", ctypes.c_ulong), ("irtt", ctypes.c_ushort),
    )  # fmt: skip


class Missing(enum.Enum):
    """Why there is no network of our own; the value is what a report says."""

    ROOT = "needs root"
    NAMESPACE = "this machine gives root no network of its own (a container without the right CAP_SYS_ADMIN?)"
    WAY_OUT = "this machine gives no way out that could be watched: /dev/net/tun is missing, or not to be used"
    LOOPBACK = "this machine lets nobody watch the loopback (a container without the right CAP_NET_RAW?)"


@dataclass(slots=True)
class Network:
    """What was seen."""

    outside: bytearray = field(default_factory=bytearray)
    """Every packet to another machine, whatever it is."""
    destinations: Counter[str] = field(default_factory=Counter)
    """Of those but what the kernel says by itself, "protocol address port"."""
    names: int = 0
    """Packets among them that ask for a name."""
    begun: Counter[str] = field(default_factory=Counter)
    """Connections and datagrams on the loopback, "protocol port"."""

    def take_outside(self, packet: bytes) -> None:
        """One packet, from its IP header on."""
        if len(self.outside) < MOST_BYTES:
            self.outside += packet
        place = _destination(packet)
        if place is None:
            return
        protocol, address, port = place
        self.destinations[f"{_protocol(protocol)} {address} {port}"] += 1
        self.names += port == DOMAIN

    def take_inside(self, packet: bytes) -> None:
        """One packet of the loopback that begins something, from its IP header on."""
        place = _destination(packet)
        if place is not None:
            self.begun[f"{_protocol(place[0])} {place[2]}"] += 1

    def forget(self) -> None:
        """What was seen so far was planted."""
        self.outside.clear()
        self.destinations.clear()
        self.begun.clear()
        self.names = 0

    def elsewhere(self, ports: set[int]) -> list[str]:
        """Destinations that are none of these TCP ports of this machine."""
        listed = {f"TCP {port}" for port in ports}
        return sorted(self.destinations) + sorted(f"loopback {name}" for name in self.begun if name not in listed)


def enclosed() -> Network | Missing:
    """From now on this thread, and all that it starts, has this network alone; else what is missing.

    Before there are other threads.
    """
    if os.geteuid() != 0:
        return Missing.ROOT
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        return Missing.NAMESPACE
    missing = Missing.WAY_OUT
    try:
        _up(b"lo")
        tun = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", NAME, IFF_TUN | IFF_NO_PI))
        _address()
        _up(NAME)
        _way_out()
        missing = Missing.LOOPBACK
        inside = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        _only_beginnings(inside)
        inside.bind(("lo", 0))
    except OSError:
        return missing
    network = Network()
    for read, name in ((lambda: _read_outside(tun, network), "outside"), (lambda: _read_inside(inside, network), "lo")):
        threading.Thread(target=read, name=name, daemon=True).start()
    return network


def _read_outside(tun: int, network: Network) -> None:
    with contextlib.suppress(OSError):
        while packet := os.read(tun, PACKET):
            network.take_outside(packet)


def _read_inside(inside: socket.socket, network: Network) -> None:
    with contextlib.suppress(OSError):
        while True:
            packet, (_, _, kind, *_) = inside.recvfrom(PACKET)
            if kind != socket.PACKET_OUTGOING:  # each is seen going out and coming in
                network.take_inside(packet[ETHERNET:])


def _only_beginnings(inside: socket.socket) -> None:
    code = b"".join(struct.pack("HBBI", *step) for step in _BEGUN)
    held = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_BEGUN), ctypes.addressof(held))
    inside.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def _destination(packet: bytes) -> tuple[int, str, int] | None:
    """(protocol, address, port) of an IP packet; None for what the kernel says by itself, and for no packet."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        protocol, address, head = packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20]), (packet[0] & 15) * 4
    elif version == 6 and len(packet) >= 40:
        address = socket.inet_ntop(socket.AF_INET6, packet[24:40])
        protocol, head = _beyond_headers(packet)
    else:
        return None
    if protocol == IGMP or (protocol == ICMP_6 and packet[head : head + 1] in GREETINGS):
        return None
    port = int.from_bytes(packet[head + 2 : head + 4]) if protocol in (TCP, UDP) else 0
    return protocol, address, port


def _beyond_headers(packet: bytes) -> tuple[int, int]:
    """Of IPv6 the protocol of what is sent, and where it begins."""
    protocol, at = packet[6], 40
    while protocol in HEADERS_6 or protocol == FRAGMENT_6:
        header = packet[at : at + 2]
        if len(header) < 2:
            return protocol, at
        protocol, at = header[0], at + (8 if protocol == FRAGMENT_6 else (header[1] + 1) * 8)
    return protocol, at


def _protocol(number: int) -> str:
    return {TCP: "TCP", UDP: "UDP"}.get(number, f"protocol {number}")


def _asked(family: int = socket.AF_INET) -> socket.socket:
    return socket.socket(family, socket.SOCK_DGRAM)


def _up(name: bytes) -> None:
    with _asked() as asked:
        held = fcntl.ioctl(asked, SIOCGIFFLAGS, struct.pack("16sH22x", name, 0))
        flags = struct.unpack_from("16sH", held)[1] | IFF_UP | IFF_RUNNING
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sH22x", name, flags))


def _address() -> None:
    with _asked() as asked:
        for request, address in ((SIOCSIFADDR, ADDRESS), (SIOCSIFNETMASK, "255.255.255.0")):
            fcntl.ioctl(asked, request, struct.pack("16sH2x4s16x", NAME, socket.AF_INET, socket.inet_aton(address)))
    index = socket.if_nametoindex(NAME.decode())
    with contextlib.suppress(OSError), _asked(socket.AF_INET6) as asked:  # a kernel without IPv6 sends none
        ours = socket.inet_pton(socket.AF_INET6, ADDRESS_6)
        fcntl.ioctl(asked, SIOCSIFADDR, ours + struct.pack("Ii", 64, index))


def _way_out() -> None:
    index = socket.if_nametoindex(NAME.decode())
    any_address = struct.pack("HH4s8x", socket.AF_INET, 0, bytes(4))
    route = _Route(flags=RTF_UP, dev=NAME)
    for name in ("dst", "genmask"):
        ctypes.memmove(ctypes.addressof(route) + getattr(_Route, name).offset, any_address, len(any_address))
    with _asked() as asked:
        fcntl.ioctl(asked, SIOCADDRT, bytes(route))
    with contextlib.suppress(OSError), _asked(socket.AF_INET6) as asked:
        # struct in6_rtmsg, <linux/ipv6_route.h>: no destination, source or gateway
        message = bytes(48) + struct.pack("IHHILIi", 0, 0, 0, 1, 0, RTF_UP, index)
        fcntl.ioctl(asked, SIOCADDRT, message)
