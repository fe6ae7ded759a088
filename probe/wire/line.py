"""One TCP connection on a bare socket: no streams, no protocols, because only `recvmsg` tells when bytes arrived."""

import errno
import socket
import struct
from collections.abc import Awaitable
from typing import Final, Protocol

from probe.model.outcome import ProbeFailed
from probe.wire.faults import from_errno
from probe.wire.kernel import (
    ANCILLARY_SPACE,
    ask_for_stamps,
    connect_seconds,
    departure_stamp,
    send_stamped,
    stamp_in,
    stands,
)
from probe.wire.lookout import watch
from probe.wire.timing import Timing

CHUNK: Final = 16384
"""Bytes read at once."""

LINGER_RESET: Final = struct.pack("ii", 1, 0)
"""Value of SO_LINGER with which closing a socket resets its connection."""
_STANDING: Final = {0, errno.EISCONN}
_UNDER_WAY: Final = {errno.EINPROGRESS, errno.EINTR, errno.EAGAIN}


class Channel(Protocol):
    """Bytes to and from a peer, with their times.

    Attributes:
        arrived: when the bytes of the last `read` had arrived, in monotonic seconds.
    """

    arrived: float

    @property
    def sent(self) -> float:
        """When the bytes of the last `write` had left, in monotonic seconds."""
        ...

    async def read(self, timing: Timing) -> bytes:
        """The next bytes; none if the peer has ended its side. `arrived` says when they came."""
        ...

    async def write(self, data: bytes, timing: Timing) -> None:
        """Hand all of *data* to the kernel."""
        ...

    def close(self) -> None:
        """Let go of the connection, at once."""
        ...

    def idle(self) -> bool:
        """Whether nothing has come and the peer has not hung up: only then may it be used again."""
        ...


class Line:
    """A connected TCP socket.

    Attributes:
        arrived: when the bytes of the last `read` had arrived, in monotonic seconds.
        sent: when the bytes of the last `write` had left.
        established: when the connection stood, in monotonic seconds.
        connected_in: seconds that it took to stand.
    """

    __slots__ = ("_asked", "_sock", "_watch", "arrived", "connected_in", "established", "sent")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._watch = watch(sock)
        self._asked = False
        self.arrived = 0.0
        self.sent = 0.0
        self.established = 0.0
        self.connected_in = 0.0

    @property
    def socket(self) -> socket.socket:
        """The socket itself, for what only it can say."""
        return self._sock

    async def read(self, timing: Timing) -> bytes:
        """The next bytes; none if the peer has ended its side. `arrived` says when they came."""
        if self._asked:  # only now: an answer cannot have come yet, and looking in vain costs more than waiting
            self._asked = False
            await self._watch.readable()
        while True:
            try:
                data, ancillary, _, _ = self._sock.recvmsg(CHUNK, ANCILLARY_SPACE if timing.kernel else 0)
            except BlockingIOError:
                if timing.kernel:
                    departure_stamp(self._sock)
                await self._watch.readable()
                continue
            if data:
                self.arrived = timing.arrival(stamp_in(ancillary))
            return data

    async def write(self, data: bytes, timing: Timing) -> None:
        """Hand all of *data* to the kernel. If the peer makes us wait for room, the loop's time is in it."""
        rest = memoryview(data)
        while rest:
            before = timing.now()
            try:
                taken, stamp = send_stamped(self._sock, rest) if timing.kernel else (self._sock.send(rest), None)
            except BlockingIOError:
                timing.blunt()
                await self.writable()
                continue
            rest = rest[taken:]
            self.sent = timing.departure(stamp, before)
        self._asked = True

    def writable(self) -> Awaitable[None]:
        """To be awaited until the kernel takes bytes."""
        return self._watch.writable()

    def idle(self) -> bool:
        """Whether nothing has come and the peer has not hung up: only then may it be used again."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Let go of the connection, at once."""
        self._watch.close()
        self._sock.close()


async def connect(address: str, port: int, timing: Timing) -> Line:
    """Open a TCP connection to the literal *address*: one attempt.

    Its time is the kernel's round trip of the handshake where it is known.

    Raises:
        ProbeFailed: it could not be opened.
    """
    line = _unconnected(address)
    sock = line.socket
    try:
        stamped = timing.kernel and ask_for_stamps(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = timing.now()
        # a peer on this machine has answered by then, and to wait for what is there costs more than to look
        if _under_way(sock, (address, port)) and not stands(sock):
            await line.writable()
            _judge(sock)
        waited = timing.now() - started
        seconds = connect_seconds(sock, waited) if stamped else None
    except BaseException:
        line.close()
        raise
    if seconds is None:
        timing.blunt()
        seconds = waited
    line.connected_in = seconds
    line.established = started + seconds
    return line


def _under_way(sock: socket.socket, peer: tuple[str, int]) -> bool:
    """Begin to connect; whether that may take a while."""
    code = sock.connect_ex(peer)
    if code not in _STANDING and code not in _UNDER_WAY:
        raise from_errno(code, local=code != errno.ECONNREFUSED)
    return code in _UNDER_WAY


def _judge(sock: socket.socket) -> None:
    if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise from_errno(code)


def _unconnected(address: str) -> Line:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError as error:
        raise from_errno(error.errno or 0, local=True) from error
    try:
        return Line(sock)
    except ProbeFailed:
        sock.close()
        raise
