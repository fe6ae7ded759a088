"""Asks one name server one question: over UDP with the kernel's stamp on the answer, or over TCP."""

import asyncio
import socket
import struct
from typing import Final

import dns.exception
import dns.message

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.wire.faults import from_errno, translated
from probe.wire.hostfiles import DNS_PORT, Server, is_address
from probe.wire.kernel import ANCILLARY_SPACE, ask_for_stamps, departure_stamp, send_stamped, stamp_in
from probe.wire.line import Channel, connect
from probe.wire.lookout import watch
from probe.wire.questions import reply
from probe.wire.timing import Timing

_DATAGRAM: Final = 65535
_MAX_PORT: Final = 65535
_LENGTH: Final = struct.Struct("!H")


class UdpQuestion:
    """A question to one server over UDP. The socket takes datagrams of that server only, from a port of its own.

    Attributes:
        sent: when the question had left, in monotonic seconds.
        arrived: when its answer had arrived.
    """

    __slots__ = ("_query", "_sock", "_watch", "arrived", "sent")

    def __init__(self, server: Server, query: dns.message.Message, timing: Timing) -> None:
        self._query = query
        self.sent = self.arrived = 0.0
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        try:
            self._sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        except OSError as error:
            raise from_errno(error.errno or 0, local=True) from error
        try:
            self._watch = watch(self._sock)
        except ProbeFailed:
            self._sock.close()
            raise
        if timing.kernel:
            ask_for_stamps(self._sock)
        code = self._sock.connect_ex(server)
        if code:
            self.close()
            raise from_errno(code, local=True)

    async def send(self, timing: Timing) -> None:
        """Send the question.

        Raises:
            OSError: it did not leave.
        """
        wire = self._query.to_wire()
        before = timing.now()
        stamp = send_stamped(self._sock, wire)[1] if timing.kernel else self._sock.send(wire) and None
        self.sent = timing.departure(stamp, before)

    async def answer(self, timing: Timing) -> dns.message.Message:
        """The server's answer; datagrams that answer something else are passed over.

        Raises:
            OSError: nobody listens there.
            dns.exception.DNSException: the answer cannot be read.
        """
        while True:
            try:
                wire, ancillary, _, _ = self._sock.recvmsg(_DATAGRAM, ANCILLARY_SPACE if timing.kernel else 0)
            except BlockingIOError:
                if timing.kernel:
                    departure_stamp(self._sock)
                await self._watch.readable()
                continue
            message = reply(self._query, wire)
            if message is not None:
                self.arrived = timing.arrival(stamp_in(ancillary))
                return message

    def close(self) -> None:
        """Let go of the socket."""
        self._watch.close()
        self._sock.close()


class TcpQuestion:
    """A question to one server over TCP, on a connection of its own.

    Attributes:
        sent: when the question had left, in monotonic seconds.
        arrived: when the last byte of its answer had arrived.
    """

    __slots__ = ("_line", "_query", "arrived", "sent")

    def __init__(self, line: Channel, query: dns.message.Message) -> None:
        self._line = line
        self._query = query
        self.sent = self.arrived = 0.0

    async def send(self, timing: Timing) -> None:
        """Send the question."""
        wire = self._query.to_wire()
        await self._line.write(_LENGTH.pack(len(wire)) + wire, timing)
        self.sent = self._line.sent

    async def answer(self, timing: Timing) -> dns.message.Message:
        """The server's answer.

        Raises:
            ProbeFailed: it was cut short, or answers something else.
            dns.exception.DNSException: it cannot be read.
        """
        data = b""
        while len(data) < _LENGTH.size or len(data) < _LENGTH.size + _LENGTH.unpack_from(data)[0]:
            more = await self._line.read(timing)
            if not more:
                raise ProbeFailed(Outcome.BROKEN, "the name server hung up without an answer")
            data += more
        self.arrived = self._line.arrived
        message = reply(self._query, data[_LENGTH.size : _LENGTH.size + _LENGTH.unpack_from(data)[0]])
        if message is None:
            raise ProbeFailed(Outcome.VENDOR_ERROR, "the name server answered another question")
        return message

    def close(self) -> None:
        """Let go of the connection."""
        self._line.close()


async def ask_over(channel: Channel, query: dns.message.Message, timing: Timing) -> dns.message.Message:
    """Ask the server at the other end of *channel*, which is closed then, as the phases send and wait.

    Raises:
        ProbeFailed: what came is no answer.
        dns.exception.DNSException: the answer cannot be read.
    """
    return await _accounted(TcpQuestion(channel, query), timing)


def parse_server(text: str) -> Server:
    """Host and port of `192.0.2.1`, `dns.example:5353`, `[2001:db8::1]:53` or `2001:db8::1`.

    Raises:
        ProbeFailed: it is none of them.
    """
    if is_address(text):
        return text, DNS_PORT
    host, _, port = text.rpartition(":") if text[-1:] != "]" and ":" in text else (text, "", str(DNS_PORT))
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= _MAX_PORT:
        raise ProbeFailed(Outcome.INVALID, f"{text!r} is no name server: write HOST or HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


async def ask_server(server: Server, query: dns.message.Message, timing: Timing, *, tcp: bool) -> dns.message.Message:
    """Ask *server* once, as the phases connect (over TCP), send and wait; waits until an answer comes.

    Raises:
        ProbeFailed: there is no connection to be had, or what came is no answer.
        OSError: nobody listens there.
        dns.exception.DNSException: the answer cannot be read.
    """
    if not tcp:
        asked = UdpQuestion(server, query, timing)
        return await _accounted(asked, timing)
    timing.enter(Phase.CONNECT)
    line = await connect(*server, timing)
    timing.add(Phase.CONNECT, line.connected_in)
    return await _accounted(TcpQuestion(line, query), timing)


async def _accounted(asked: UdpQuestion | TcpQuestion, timing: Timing) -> dns.message.Message:
    try:
        timing.enter(Phase.SEND)
        started = timing.now()
        await asked.send(timing)
        timing.add(Phase.SEND, asked.sent - started)
        timing.enter(Phase.WAIT)
        message = await asked.answer(timing)
        timing.add(Phase.WAIT, asked.arrived - asked.sent)
        return message
    finally:
        asked.close()


async def consult(
    server: Server, query: dns.message.Message, timing: Timing, *, tcp: bool, within: float
) -> tuple[dns.message.Message, float] | None:
    """Ask *server*, *within* that many seconds; its answer and the seconds that it took, None if none came in time.

    Raises:
        ProbeFailed: nobody listens there, or what came is no answer.
    """
    try:
        async with asyncio.timeout(within):
            with translated():
                line = await connect(*server, timing) if tcp else None
                asked = TcpQuestion(line, query) if line else UdpQuestion(server, query, timing)
                try:
                    await asked.send(timing)
                    message = await asked.answer(timing)
                    return message, asked.arrived - asked.sent + (line.connected_in if line else 0.0)
                finally:
                    asked.close()
    except TimeoutError:
        return None
