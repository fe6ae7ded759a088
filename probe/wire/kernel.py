"""What Linux knows about a packet and Python 3.11 has no words for: its constants, and how to read its answers."""

import errno
import socket
import struct
import sys
from collections.abc import Sequence
from functools import cache
from typing import Final

_LINUX: Final = sys.platform == "linux"

# include/uapi/asm-generic/socket.h; the same on x86, arm, riscv and s390, other only on sparc and parisc.
# This is the layout with two machine words; a kernel of 64 bits has no other.
SO_TIMESTAMPNS: Final = 35
SCM_TIMESTAMPNS: Final = SO_TIMESTAMPNS

_TIMESPEC: Final = struct.Struct("@qq")
ANCILLARY_SPACE: Final = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
"""Bytes of ancillary data that a receive must ask for to be told the stamp."""

# struct tcp_info of include/uapi/linux/tcp.h: 8 single bytes, then words of 32 bits, of which these are
# tcpi_last_ack_recv (milliseconds ago), tcpi_rtt (microseconds) and tcpi_total_retrans.
_TCP_INFO_LENGTH: Final = 104
_WORD: Final = struct.Struct("@I")
_LAST_ACK_AT: Final = 8 + 4 * 12
_RTT_AT: Final = 8 + 4 * 15
_RETRANSMITS_AT: Final = 8 + 4 * 23

Ancillary = Sequence[tuple[int, int, bytes]]


def ask_for_stamps(sock: socket.socket) -> bool:
    """Have the kernel stamp what *sock* receives; whether it will."""
    if not _LINUX:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError as error:
        if error.errno in {errno.ENOPROTOOPT, errno.EINVAL}:
            return False
        raise
    return True


def stamp_in(ancillary: Ancillary) -> int | None:
    """When what came with *ancillary* was received, in nanoseconds since 1970; None if the kernel does not say."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SCM_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            stamp: int = seconds * 1_000_000_000 + nanoseconds
            return stamp or None
    return None


def connect_seconds(sock: socket.socket, waited: float) -> float | None:
    """How long the handshake of the connected TCP *sock* took; None if the kernel does not say.

    It is the kernel's round trip of SYN and SYN-ACK. When the SYN had to be repeated, the round trip is only that of
    the last one: then it is what we *waited* less the time since the acknowledgement came, to the kernel's tick (4 ms).
    """
    if not _LINUX:
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_LENGTH)
    except OSError:
        return None
    if len(info) < _TCP_INFO_LENGTH:
        return None
    round_trip: int = _WORD.unpack_from(info, _RTT_AT)[0]
    if _WORD.unpack_from(info, _RETRANSMITS_AT)[0]:
        ago: int = _WORD.unpack_from(info, _LAST_ACK_AT)[0]
        return max(0.0, waited - ago / 1e3)
    return min(round_trip / 1e6, waited) if round_trip else None


@cache
def _anchor() -> socket.socket | None:
    """A socket that keeps the kernel's stamping switched on for the life of the process.

    Linux stamps packets only while somebody wants it, and switches it on lazily: without this one, the first
    packets of a quiet agent would come without a stamp.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if ask_for_stamps(sock):
        return sock
    sock.close()
    return None


@cache
def kernel_clock_available() -> bool:
    """Whether this kernel says when it received something, tried out on loopback once."""
    if not _LINUX or _anchor() is None:
        return False
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(1.0)
        if not ask_for_stamps(receiver):
            return False
        sender.sendto(b"?", receiver.getsockname())
        try:
            _, ancillary, _, _ = receiver.recvmsg(16, ANCILLARY_SPACE)
        except TimeoutError:
            return False
    return stamp_in(ancillary) is not None
