"""What Linux knows about a packet and Python 3.11 has no words for: its constants, and how to read its answers."""

import atexit
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
SO_TIMESTAMPING: Final = 37
SCM_TIMESTAMPING: Final = SO_TIMESTAMPING

# include/uapi/linux/net_tstamp.h
SOF_TIMESTAMPING_TX_SOFTWARE: Final = 1 << 1
SOF_TIMESTAMPING_SOFTWARE: Final = 1 << 4
SOF_TIMESTAMPING_OPT_TSONLY: Final = 1 << 11

_REPORT: Final = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY
_STAMP_THIS: Final = ((socket.SOL_SOCKET, SO_TIMESTAMPING, struct.pack("@I", SOF_TIMESTAMPING_TX_SOFTWARE)),)
_ERROR_SPACE: Final = 256

_TIMESPEC: Final = struct.Struct("@qq")
ANCILLARY_SPACE: Final = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
"""Bytes of ancillary data that a receive must ask for to be told the stamp."""

# struct tcp_info of include/uapi/linux/tcp.h: 8 single bytes, the state first, then words of 32 bits, of which these
# are tcpi_last_ack_recv (milliseconds ago), tcpi_rtt (microseconds) and tcpi_total_retrans.
_TCP_INFO_LENGTH: Final = 104
_WORD: Final = struct.Struct("@I")
_LAST_ACK_AT: Final = 8 + 4 * 12
_RTT_AT: Final = 8 + 4 * 15
_RETRANSMITS_AT: Final = 8 + 4 * 23

# include/net/tcp_states.h
_ESTABLISHED: Final = b"\x01"

Ancillary = Sequence[tuple[int, int, bytes]]


def ask_for_stamps(sock: socket.socket) -> bool:
    """Have the kernel stamp what *sock* receives, and what `send_stamped` sends on it; whether it will."""
    if not _LINUX:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, _REPORT)
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
            return int(seconds * 1_000_000_000 + nanoseconds) or None
    return None


def send_stamped(sock: socket.socket, data: bytes | memoryview) -> tuple[int, int | None]:
    """Send *data*; how much of it was taken, and when its last byte was handed to the device, in ns since 1970.

    The call wakes the receiver if it is on this machine, and may well be interrupted by it: the kernel's stamp is the
    only one that does not bill that to us, or to the peer. None if the device does not stamp, or not yet.

    Raises:
        OSError: it was not sent.
    """
    return sock.sendmsg((data,), _STAMP_THIS), departure_stamp(sock)


def departure_stamp(sock: socket.socket) -> int | None:
    """The stamp of something that was sent, taken out of the socket's error queue; None if there is none.

    One that came late must be taken out, too: a socket with something in that queue is always ready.
    """
    try:
        _, ancillary, _, _ = sock.recvmsg(1, _ERROR_SPACE, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, stamps in ancillary:
        if level == socket.SOL_SOCKET and kind == SCM_TIMESTAMPING and len(stamps) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(stamps)
            return int(seconds * 1_000_000_000 + nanoseconds) or None
    return None


def stands(sock: socket.socket) -> bool:
    """Whether the connection of the TCP *sock* stands, as far as the kernel says."""
    return _LINUX and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == _ESTABLISHED


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
        atexit.register(sock.close)
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
