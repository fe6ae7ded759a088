"""ICMP echo, one request and its reply: without privilege where the kernel lets us, raw where we are let.

A datagram socket of ICMP needs no privilege but a group that `net.ipv4.ping_group_range` holds (also for IPv6); the
kernel fills in identifier and checksum and hands us our own replies only. A raw socket sees everybody's replies.
"""

import errno
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.wire.faults import from_errno, translated
from probe.wire.kernel import ask_for_stamps, departure_stamp, send_stamped, stamp_in
from probe.wire.lookout import LoopWatch
from probe.wire.timing import Timing

LEAST: Final = 16
"""Bytes of payload that an echo needs at least: by them its reply is known."""
MOST: Final = 65_000
_DATAGRAM: Final = 65_535
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT})
_HEADER: Final = struct.Struct("!BBHHH")
# include/uapi/linux/in.h, in6.h
_IP_MTU_DISCOVER: Final = 10
_IPV6_MTU_DISCOVER: Final = 23
_PMTUDISC_DO: Final = 2
_PMTUDISC_DONT: Final = 0
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_IP_RECVTTL: Final = 12
_IPV6_RECVHOPLIMIT: Final = 51
_IP_TTL: Final = 2
_IPV6_HOPLIMIT: Final = 52
_INT: Final = struct.Struct("@i")
_SPACE: Final = 256
"""Bytes of ancillary data for both of the kernel's stamps and the reply's TTL."""
_RANGE: Final = Path("/proc/sys/net/ipv4/ping_group_range")


@dataclass(frozen=True, slots=True)
class EchoRequest:
    """What is sent.

    Attributes:
        size: bytes of payload.
        ttl: routers that it may pass; None for the system's default.
        dont_fragment: whether no router may cut it in pieces.
    """

    size: int = 56
    ttl: int | None = None
    dont_fragment: bool = False


class _Kind:
    """What differs between ICMP and ICMPv6."""

    def __init__(self, *, v6: bool) -> None:
        self.v6 = v6
        self.family = socket.AF_INET6 if v6 else socket.AF_INET
        self.protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
        self.request, self.reply = (128, 129) if v6 else (8, 0)


async def echo(address: str, request: EchoRequest, timing: Timing) -> int | None:
    """Have the literal *address* echo *request*, as the phases send and wait; waits until the reply is there.

    Returns how many routers the reply might still have passed (its TTL or hop limit), where the kernel says so.

    Raises:
        ProbeFailed: we may not ask (`denied`), or somebody on the way says that it cannot be reached.
    """
    kind = _Kind(v6=":" in address)
    sock, raw = _open(kind)
    try:
        _prepare(sock, kind, request, timing)
        code = sock.connect_ex((address, 0))
        if code:
            raise from_errno(code, local=True)
        with translated():
            return await _exchange(sock, kind, request, timing, raw=raw)
    except OSError as error:
        raise from_errno(error.errno or 0, local=True) from error
    finally:
        sock.close()


def _open(kind: _Kind) -> tuple[socket.socket, bool]:
    """A socket that may send echo requests, and whether it is a raw one."""
    for sort in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            flags = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            return socket.socket(kind.family, sort | flags, kind.protocol), sort == socket.SOCK_RAW
        except OSError as error:
            if error.errno not in _FORBIDDEN:
                raise from_errno(error.errno or 0, local=True) from error
    raise ProbeFailed(Outcome.DENIED, forbidden(), phase=Phase.SEND)


def forbidden() -> str:
    """Why no echo request may be sent here, and what to do about it."""
    group = os.getegid()
    try:
        allowed = " to ".join(_RANGE.read_text("utf-8").split())
    except OSError:
        allowed = "unknown"
    return (
        f"this agent may not send ICMP: its group {group} is not in net.ipv4.ping_group_range ({allowed}); "
        f'set it (sysctl -w net.ipv4.ping_group_range="{group} {group}"; for a container the same by --sysctl), '
        "or give it CAP_NET_RAW"
    )


def _prepare(sock: socket.socket, kind: _Kind, request: EchoRequest, timing: Timing) -> None:
    if timing.kernel:
        ask_for_stamps(sock)
    level = socket.IPPROTO_IPV6 if kind.v6 else socket.IPPROTO_IP
    sock.setsockopt(level, _IPV6_RECVERR if kind.v6 else _IP_RECVERR, 1)
    sock.setsockopt(level, _IPV6_RECVHOPLIMIT if kind.v6 else _IP_RECVTTL, 1)
    discover = _PMTUDISC_DO if request.dont_fragment else _PMTUDISC_DONT
    sock.setsockopt(level, _IPV6_MTU_DISCOVER if kind.v6 else _IP_MTU_DISCOVER, discover)
    if request.ttl is not None:
        sock.setsockopt(level, socket.IPV6_UNICAST_HOPS if kind.v6 else socket.IP_TTL, request.ttl)


async def _exchange(sock: socket.socket, kind: _Kind, request: EchoRequest, timing: Timing, *, raw: bool) -> int | None:
    token = os.urandom(LEAST)
    payload = token + bytes(request.size - LEAST)
    packet = _packet(kind, payload)
    timing.enter(Phase.SEND)
    before = timing.now()
    try:
        stamp = send_stamped(sock, packet)[1] if timing.kernel else sock.send(packet) and None
    except OSError as error:
        raise _unsent(error, request) from error
    sent = timing.departure(stamp, before)
    timing.add(Phase.SEND, sent - before)
    timing.enter(Phase.WAIT)
    while True:
        arrived, ancillary = await _receive(sock, request)
        if _answers(arrived, kind, payload, raw=raw):
            timing.add(Phase.WAIT, timing.arrival(stamp_in(ancillary)) - sent)
            return _hops(ancillary)


def _packet(kind: _Kind, payload: bytes) -> bytes:
    """An echo request; the checksum of ICMPv6 and all of a datagram socket's is the kernel's business."""
    identifier = int.from_bytes(os.urandom(2), "big")
    bare = _HEADER.pack(kind.request, 0, 0, identifier, 1) + payload
    return _HEADER.pack(kind.request, 0, checksum(bare), identifier, 1) + payload


def checksum(data: bytes) -> int:
    """The Internet's checksum of *data* (RFC 1071)."""
    words = struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])
    total: int = sum(words) + (data[-1] << 8 if len(data) & 1 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (total & 0xFFFF) ^ 0xFFFF


def _hops(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, name, data in ancillary:
        if (level, name) in {(socket.IPPROTO_IP, _IP_TTL), (socket.IPPROTO_IPV6, _IPV6_HOPLIMIT)}:
            hops: int = _INT.unpack(data[: _INT.size])[0]
            return hops
    return None


async def _receive(sock: socket.socket, request: EchoRequest) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(_DATAGRAM, _SPACE)
        except BlockingIOError:
            departure_stamp(sock)  # also takes out what a router had to say, once it was told as an error
            await LoopWatch(sock).readable()
            continue
        except OSError as error:
            raise _unsent(error, request) from error
        return data, ancillary


def _unsent(error: OSError, request: EchoRequest) -> ProbeFailed:
    if error.errno == errno.EMSGSIZE:
        return ProbeFailed(Outcome.UNEXPECTED, f"{request.size} bytes do not fit into the path in one piece")
    return from_errno(error.errno or 0)


def _answers(data: bytes, kind: _Kind, payload: bytes, *, raw: bool) -> bool:
    """Whether *data* is the reply to our request: raw sockets hear all that comes, with its IPv4 header."""
    start = (data[0] & 0xF) * 4 if raw and not kind.v6 and data else 0
    body = data[start:]
    return len(body) >= _HEADER.size and body[0] == kind.reply and body[_HEADER.size :] == payload
