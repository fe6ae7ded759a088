"""Opens connections: a name becomes one address, the address a connection, the connection TLS if it is to be."""

import httpx

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.wire.line import Line, connect
from probe.wire.resolver import Resolver
from probe.wire.route import Route
from probe.wire.timing import Timing
from probe.wire.tls import TlsChannel, start_tls
from probe.wire.trust import Contexts, Protocols


class Opener:
    """Opens connections, each phase accounted.

    Attributes:
        contexts: the TLS contexts; whoever times TLS asks for theirs before.
        resolver: finds addresses.
    """

    def __init__(self, resolver: Resolver, contexts: Contexts) -> None:
        self.resolver = resolver
        self.contexts = contexts

    async def line(self, host: str, port: int, route: Route, timing: Timing) -> Line:
        """A TCP connection to *host*, as the phases resolve and connect, the second of which is left for `add`.

        Raises:
            ProbeFailed: there is none to be had.
        """
        host = to_ascii(host)
        address = self.resolver.at_hand(host, route.family, timing)  # a step less for those that need not wait
        if address is None:
            address = await self.resolver.resolve(host, route.family, timing)
        timing.enter(Phase.CONNECT)
        return await connect(address, port, timing)

    async def plain(self, host: str, port: int, route: Route, timing: Timing) -> Line:
        """A TCP connection to *host*, as the phases resolve and connect.

        Raises:
            ProbeFailed: there is none to be had.
        """
        line = await self.line(host, port, route, timing)
        timing.add(Phase.CONNECT, line.connected_in)
        return line

    async def secure(
        self,
        host: str,
        port: int,
        route: Route,
        protocols: Protocols,
        timing: Timing,
        *,
        server_name: str | None = None,
    ) -> TlsChannel:
        """A TLS connection to *host* for *server_name*, as the phases resolve, connect and tls.

        Raises:
            ProbeFailed: there is none to be had.
        """
        context = await self.contexts.get(route.trust, protocols)
        line = await self.plain(host, port, route, timing)
        return await start_tls(line, context, to_ascii(server_name or host), timing)


def to_ascii(host: str) -> str:
    """*host* as it goes over the wire (IDNA).

    Raises:
        ProbeFailed: there can be no such name.
    """
    if host.isascii():
        return host
    try:
        return httpx.URL(scheme="https", host=host).raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise ProbeFailed(Outcome.INVALID, f"{host!r} cannot be a host's name: {error}") from error
