"""httpcore's network, made of our own channels: what of HTTP/2 and of proxies we leave to httpx still measures like us.

httpcore's own backend asks getaddrinfo and tries addresses side by side (happy eyeballs); neither can be timed.
"""

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Connection
from probe.wire.faults import translated
from probe.wire.line import Channel, Line
from probe.wire.opening import Opener
from probe.wire.route import Route
from probe.wire.timing import Timing
from probe.wire.tls import TlsChannel, start_tls


class Hop:
    """What the streams of one connection share: whom they are accounted to, and whether a proxy still lies before us.

    Attributes:
        timing: of the exchange that uses the connection now.
        arrived: when the last bytes read had arrived, in monotonic seconds.
        sent: when the last bytes written had left.
        channel: the topmost channel of the connection.
        tunnelling: whether we are still on the way to a proxy and through it, which all counts as connect.
    """

    def __init__(self, timing: Timing, *, through_proxy: bool, tunnel: bool) -> None:
        self.timing = timing
        self.arrived = 0.0
        self.sent = 0.0
        self.through_proxy = through_proxy
        self.tunnelling = tunnel
        self.channel: Channel | None = None
        self._line: Line | None = None

    def opened(self, line: Line) -> None:
        """Note the connection, to the peer or to the proxy."""
        self._line = line
        self.timing.watch.connection = Connection.NEW
        if not self.tunnelling:
            self.timing.add(Phase.CONNECT, line.connected_in)

    def through(self) -> None:
        """Note that the proxy has let us through: until its word to that effect it was all connecting."""
        if self.tunnelling and self._line is not None:
            self.tunnelling = False
            self.timing.add(Phase.CONNECT, self._line.connected_in + self.arrived - self._line.established)


class MeasuredStream(httpcore.AsyncNetworkStream):
    """A channel of ours as httpcore wants it. Its timeouts are not used: deadlines are the runner's alone."""

    def __init__(self, channel: Channel, hop: Hop) -> None:
        self._channel = channel
        self._hop = hop
        hop.channel = channel

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """The next bytes; httpcore asks for as many as a channel reads at once."""
        del max_bytes, timeout
        with translated():
            data = await self._channel.read(self._hop.timing)
        self._hop.arrived = self._channel.arrived
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """Hand all of *buffer* to the kernel."""
        del timeout
        with translated():
            await self._channel.write(buffer, self._hop.timing)
        self._hop.sent = self._channel.sent

    async def aclose(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> "MeasuredStream":
        """Put TLS on top; with a proxy that is to be tunnelled through, its own TLS is part of connecting."""
        del timeout
        with _blamed_on_proxy(applies=self._hop.tunnelling):
            channel = await start_tls(
                self._channel, ssl_context, server_hostname or "", self._hop.timing, counts=not self._hop.tunnelling
            )
        self._hop.arrived = channel.arrived
        return MeasuredStream(channel, self._hop)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: the TLS object (what was negotiated?), and whether there is something to read."""
        if info == "ssl_object":
            return self._channel.tls if isinstance(self._channel, TlsChannel) else None
        if info == "is_readable":
            return not self._channel.idle()
        return None


class MeasuredBackend(httpcore.AsyncNetworkBackend):
    """Opens connections by our resolver, to one address, with the kernel's times."""

    def __init__(self, opener: Opener, route: Route, hop: Hop) -> None:
        self._opener = opener
        self._route = route
        self.hop = hop

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> MeasuredStream:
        """A connection to *host*, the peer's or the proxy's.

        Raises:
            ProbeFailed: there is none to be had; if it is the proxy's, that is our own network's fault.
        """
        del timeout, local_address, socket_options
        with _blamed_on_proxy(applies=self.hop.through_proxy):
            line = await self._opener.line(host, port, self._route, self.hop.timing)
        self.hop.opened(line)
        return MeasuredStream(line, self.hop)

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore does so between retries only, and is told to do none."""
        await asyncio.sleep(seconds)


@contextmanager
def _blamed_on_proxy(*, applies: bool) -> Iterator[None]:
    """Blame what goes wrong inside on our own network, if it *applies*: our proxy failed, not the peer."""
    try:
        yield
    except ProbeFailed as failure:
        if not applies or failure.outcome is Outcome.OVERLOADED:
            raise
        raise ProbeFailed(Outcome.NETWORK, f"the proxy cannot be used: {failure.detail}") from failure
