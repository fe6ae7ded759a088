"""TLS over a channel of ours, by memory buffers: the handshake's time is the peer's and the network's, not ours.

A handshake is a few flights. What counts is, flight by flight, from our last byte to the arrival of theirs; what lies
between (our arithmetic, and whatever else our loop had to do) is not the peer's.
"""

import ssl
from typing import Final

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact
from probe.wire.certificates import Certificate, shown
from probe.wire.faults import translated
from probe.wire.line import Channel
from probe.wire.timing import Timing

_PIECE: Final = 262_144
_RECORD: Final = 16_384
"""Bytes that a record holds at most, and so all that is ever read at once (RFC 8446, 5.1)."""


class TlsChannel:
    """TLS on top of another channel.

    Attributes:
        arrived: when the bytes of the last `read` had arrived, in monotonic seconds.
        tls: the TLS object, for what only it can say.
        certificates: what the peer showed, its own first.
    """

    __slots__ = ("_below", "_incoming", "_outgoing", "arrived", "certificates", "tls")

    def __init__(self, below: Channel, context: ssl.SSLContext, server_name: str) -> None:
        self._below = below
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self.arrived = 0.0
        self.certificates: tuple[Certificate, ...] = ()

    @property
    def sent(self) -> float:
        """When the bytes of the last `write` had left, in monotonic seconds."""
        return self._below.sent

    async def handshake(self, timing: Timing, *, counts: bool) -> None:
        """Shake hands, as the phase `tls` if it *counts*.

        Notes version and expiry of the certificates, above all when they are refused.

        Raises:
            ProbeFailed: the peer's certificate is not believed, or it speaks no TLS that we speak, or it hung up.
        """
        started = timing.now()
        if counts:
            timing.enter(Phase.TLS)
        try:
            with translated(handshake=True):
                theirs = await self._flights(timing)
        finally:
            self.certificates = shown(self.tls)
            if counts:
                self._note(timing)
        self.arrived = self._below.arrived
        if counts:
            timing.add(Phase.TLS, theirs if timing.sharp else timing.now() - started)

    async def _flights(self, timing: Timing) -> float:
        theirs = 0.0
        arrived = sent = 0.0
        while True:
            try:
                self.tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            if arrived and (done or self._outgoing.pending):
                theirs += arrived - sent
                arrived = 0.0
            if self._outgoing.pending:
                await self._flush(timing)
                sent = self.sent
            if done:
                return theirs
            await self._fill(timing)
            arrived = self._below.arrived

    def _note(self, timing: Timing) -> None:
        facts = timing.watch.facts
        if self.certificates:
            facts[Fact.CERTIFICATE_EXPIRY] = self.certificates[0].expiry
            facts[Fact.CHAIN_EXPIRY] = min(certificate.expiry for certificate in self.certificates)
        version = self.tls.version()
        if version:
            facts[Fact.TLS_VERSION] = version

    async def read(self, timing: Timing) -> bytes:
        """The next bytes in the clear; none if the peer said goodbye. `arrived` says when they came.

        Raises:
            ssl.SSLError: the peer hung up without a goodbye, or sent something else than TLS.
        """
        while True:
            try:
                data = self.tls.read(_RECORD)
            except ssl.SSLWantReadError:
                await self._fill(timing)
                continue
            except ssl.SSLZeroReturnError:
                return b""
            self.arrived = self._below.arrived
            return data

    async def write(self, data: bytes, timing: Timing) -> None:
        """Encrypt all of *data* and hand it to the kernel."""
        for start in range(0, len(data), _PIECE):
            self.tls.write(data[start : start + _PIECE])
            await self._flush(timing)

    async def _flush(self, timing: Timing) -> None:
        data = self._outgoing.read()
        if data:
            await self._below.write(data, timing)

    async def _fill(self, timing: Timing) -> None:
        data = await self._below.read(timing)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def close(self) -> None:
        """Let go of the connection, at once and without a goodbye."""
        self._below.close()

    def idle(self) -> bool:
        """Whether the connection may be used again."""
        return self._below.idle()


async def start_tls(
    below: Channel, context: ssl.SSLContext, server_name: str, timing: Timing, *, counts: bool = True
) -> TlsChannel:
    """Put TLS on the channel *below*, for *server_name* (a name or an address), as the phase `tls` if it *counts*.

    Raises:
        ProbeFailed: see `TlsChannel.handshake`; the channel below has been closed.
    """
    try:
        channel = TlsChannel(below, context, server_name.rstrip("."))
    except ValueError as error:
        below.close()
        raise ProbeFailed(Outcome.INVALID, f"{server_name!r} cannot be a server's name") from error
    try:
        await channel.handshake(timing, counts=counts)
    except BaseException:
        channel.close()
        raise
    return channel
