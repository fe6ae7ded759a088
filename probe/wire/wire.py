"""The wire as the floors above see it: a handful of questions to a peer, each accounted to a stopwatch."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import httpx

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.wire.answers import BODY_LIMIT, LIMIT, WATCH, Fetched
from probe.wire.dialogue import Dialogue
from probe.wire.echo import EchoRequest, echo
from probe.wire.faults import translated
from probe.wire.gateway import reach_gateway
from probe.wire.heard import HEARD, Heard
from probe.wire.http1 import USER_AGENT
from probe.wire.kernel import kernel_clock_available
from probe.wire.line import Line
from probe.wire.nameserver import ask_over, ask_server, parse_server
from probe.wire.opening import Opener, to_ascii
from probe.wire.pooled import PooledTransport
from probe.wire.questions import DnsAnswer, Question, Reply, question, read_answer, read_reply, truncated
from probe.wire.resolver import NameFiles, Resolver
from probe.wire.route import Family, Route, Trust
from probe.wire.timing import Timing
from probe.wire.transport import PlainTransport, Prepared
from probe.wire.trust import HTTP1, HTTP2, NO_PROTOCOLS, Contexts
from probe.wire.writing import write_down

_BANNER_LIMIT: Final = 256
_SYSTEM: Final = NameFiles()


@dataclass(frozen=True, slots=True)
class Peer:
    """What a TLS handshake told.

    Attributes:
        version: of the protocol (`TLSv1.3`).
        cipher: the cipher suite.
        expiry: when the peer's own certificate ends, seconds since 1970.
        chain_expiry: when the first of the certificates that it showed ends, seconds since 1970.
        subject: whose its certificate is.
        issuer: who signed it.
        names: the host names and addresses it is for.
    """

    version: str
    cipher: str
    expiry: float
    chain_expiry: float
    subject: str
    issuer: str
    names: tuple[str, ...]


class Wire:
    """Talks to peers and says how long each phase took.

    Every failure of the wire is a `ProbeFailed`. Deadlines are not kept here: who cancels gets all sockets closed, and
    the stopwatch says where it was.
    """

    def __init__(
        self,
        clock: Clock,
        meter: Meter,
        *,
        kernel: bool | None = None,
        names: NameFiles = _SYSTEM,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make a wire.

        Args:
            clock: what everything is measured on.
            meter: counts how late we read what the kernel had received.
            kernel: False forces the loop's clock; None uses the kernel's where there is one.
            names: where this machine says how names are resolved.
            transport: answers every HTTP request instead of the network, for tests of the floors above.
        """
        self._clock = clock
        self._meter = meter
        self._kernel = kernel_clock_available() if kernel is None else kernel
        self._opener = Opener(Resolver(names), Contexts())
        self._given = transport
        self._transports: dict[Route, httpx.AsyncBaseTransport] = {}
        self._clients: dict[Route, httpx.AsyncClient] = {}
        self._expected: set[Trust] = set()

    async def prepare(self, trust: Trust) -> None:
        """Build what *trust* needs now rather than with its first request.

        Raises:
            ProbeFailed: its CA bundle cannot be used.
        """
        for protocols in (HTTP1, HTTP2, NO_PROTOCOLS):
            await self._opener.contexts.get(trust, protocols)

    def expect(self, trust: Trust) -> None:
        """Take note that somebody will need *trust*."""
        self._expected.add(trust)

    async def ready(self) -> None:
        """Build everything that is expected, so that no run has to wait for it.

        What cannot be built is told by the run that needs it.
        """
        while self._expected:
            with suppress(ProbeFailed):
                await self.prepare(self._expected.pop())

    def client(self, route: Route) -> httpx.AsyncClient:
        """The client that all who go by *route* share: it neither redirects nor retries, and keeps no deadlines."""
        if route not in self._clients:
            client = httpx.AsyncClient(
                transport=self._transport(route),
                headers={"User-Agent": USER_AGENT},
                follow_redirects=False,
                timeout=None,  # noqa: S113 - deadlines are the runner's alone
                trust_env=False,
            )
            for header in ("accept-encoding", "connection"):
                del client.headers[header]
            self._clients[route] = client
        return self._clients[route]

    def _transport(self, route: Route) -> httpx.AsyncBaseTransport:
        if self._given is not None:
            return self._given
        if route not in self._transports:
            kind = PooledTransport if route.http2 or route.proxy else PlainTransport
            self._transports[route] = kind(route, self._opener, self._clock, self._meter, kernel=self._kernel)
        return self._transports[route]

    async def send(
        self,
        request: httpx.Request,
        watch: Stopwatch,
        route: Route,
        *,
        limit: int = BODY_LIMIT,
        heard: Heard | None = None,
    ) -> httpx.Response:
        """Do one HTTP exchange; the answer has been read to its end, which may be *limit* bytes away at most.

        *heard* is filled with what came, also if the exchange fails then; with it, a coding of the body is not undone.

        Raises:
            ProbeFailed: there is no answer, or it cannot be read.
        """
        request.extensions = {**request.extensions, WATCH: watch, LIMIT: limit}
        if heard is not None:
            request.extensions[HEARD] = heard
        try:
            with translated():
                response = await self._transport(route).handle_async_request(request)
                response.request = request
                await response.aread()
        except ProbeFailed as failure:
            await self._write_down(watch, request, None, failure.detail)
            raise
        except asyncio.CancelledError:
            await self._write_down(watch, request, None, "given up waiting")
            raise
        watch.facts[Fact.STATUS_CODE] = response.status_code
        await self._write_down(watch, request, response)
        return response

    def prepared(self, request: httpx.Request, route: Route) -> Prepared:
        """*request*, whose body has been read, to be sent by *route* with `fetch` as often as one likes."""
        transport = self._transport(route)
        return Prepared(request, route, transport if isinstance(transport, PlainTransport) else None)

    def fetch(self, asked: Prepared, watch: Stopwatch, *, limit: int = BODY_LIMIT) -> Coroutine[Any, Any, Fetched]:
        """Do the HTTP exchange that is *asked* just as `send` does, without httpx wherever it has nothing to add.

        It has where it speaks HTTP/2 or to a proxy, where somebody wants to read what was said, and in tests.

        Raises:
            ProbeFailed: there is no answer, or it cannot be read.
        """
        if watch.transcript is None and asked.plain is not None:
            return asked.plain.exchange(asked, watch, limit=limit)
        return self._fetch_by_httpx(asked, watch, limit)

    async def _fetch_by_httpx(self, asked: Prepared, watch: Stopwatch, limit: int) -> Fetched:
        request = asked.request
        again = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        answer = await self.send(again, watch, asked.route, limit=limit)
        return Fetched(answer.status_code, answer.headers.raw, answer.content)

    async def _write_down(
        self, watch: Stopwatch, request: httpx.Request, response: httpx.Response | None, failure: str = ""
    ) -> None:
        if watch.transcript is not None:
            await request.aread()
            write_down(watch.transcript, request, response, failure)

    async def locate(self, host: str, watch: Stopwatch, route: Route) -> str:
        """The address of *host* that an attempt by *route* would use, as the phase resolve.

        Raises:
            ProbeFailed: it has none.
        """
        return await self._opener.resolver.resolve(to_ascii(host), route.family, self._timing(watch))

    async def open(
        self, host: str, port: int, watch: Stopwatch, route: Route, *, server_name: str | None = None
    ) -> Dialogue:
        """A connection to talk over, as the phases resolve, connect and, if there is a *server_name*, tls.

        The caller closes it.

        Raises:
            ProbeFailed: there is none to be had.
        """
        await self._opener.contexts.get(route.trust, NO_PROTOCOLS)
        timing = self._timing(watch)
        dialogue = Dialogue(await self._opener.plain(host, port, _direct(route), timing), self._opener.contexts, timing)
        if server_name is not None:
            await dialogue.start_tls(route.trust, server_name)
        return dialogue

    async def knock(self, host: str, port: int, watch: Stopwatch, route: Route) -> None:
        """Open a TCP connection and let go of it, as the phases resolve and connect."""
        line = await self._opener.plain(host, port, _direct(route), self._timing(watch))
        line.close()

    async def banner(
        self,
        host: str,
        port: int,
        watch: Stopwatch,
        route: Route,
        *,
        expect: bytes = b"SSH-",
        limit: int = _BANNER_LIMIT,
    ) -> bytes:
        """The line that begins with *expect* among the first *limit* bytes that the peer says unasked.

        The phase `wait` lasts from the connection's standing to the first byte.
        """
        timing = self._timing(watch)
        line = await self._opener.plain(host, port, _direct(route), timing)
        timing.enter(Phase.WAIT)
        try:
            with translated():
                return await _first_line(line, timing, expect, limit)
        finally:
            line.close()

    async def handshake(
        self, host: str, port: int, watch: Stopwatch, route: Route, *, server_name: str | None = None
    ) -> Peer:
        """Shake hands by TLS and let go, as the phases resolve, connect and tls."""
        timing = self._timing(watch)
        channel = await self._opener.secure(host, port, _direct(route), NO_PROTOCOLS, timing, server_name=server_name)
        channel.close()
        cipher = channel.tls.cipher()
        shown = channel.certificates
        if not shown:
            raise ProbeFailed(Outcome.UNTRUSTED, "the peer's certificate cannot be read", phase=Phase.TLS)
        return Peer(
            version=channel.tls.version() or "",
            cipher=cipher[0] if cipher else "",
            expiry=shown[0].expiry,
            chain_expiry=min(certificate.expiry for certificate in shown),
            subject=shown[0].subject,
            issuer=shown[0].issuer,
            names=shown[0].names,
        )

    async def ask(
        self,
        name: str,
        record_type: str,
        server: str | None,
        watch: Stopwatch,
        route: Route,
        *,
        transport: Literal["udp", "tcp"] = "udp",
    ) -> DnsAnswer:
        """Ask *server* (`host` or `host:port`; None: the system's first) once for the records of *name*, a full one.

        The phases are resolve (for a server given by name), connect (over TCP), send and wait. An answer that was too
        long for UDP is asked for again over TCP, on the same phases.

        Raises:
            ProbeFailed: no answer can come, or it cannot be read. One that does not come is waited for.
        """
        query = question(name, record_type)
        timing = self._timing(watch)
        host, port = parse_server(server) if server else self._opener.resolver.settings().servers[0]
        address = await self._opener.resolver.resolve(host, _direct(route).family, timing)
        with translated():
            message = await ask_server((address, port), query, timing, tcp=transport == "tcp")
            if truncated(message) and transport == "udp":
                message = await ask_server((address, port), query, timing, tcp=True)
        return read_answer(query, message)

    async def question(self, asked: Question, host: str, port: int, watch: Stopwatch, route: Route) -> Reply:
        """Ask the name server at *host* and *port* just what is *asked*, and tell all that it says.

        The phases are resolve, connect (over TCP), tls (over TLS), send and wait.

        Raises:
            ProbeFailed: no answer can come, or it cannot be read. One that does not come is waited for.
        """
        query = asked.message()
        if asked.server_name is not None:
            await self._opener.contexts.get(route.trust, NO_PROTOCOLS)
        timing = self._timing(watch)
        address = await self._opener.resolver.resolve(to_ascii(host), _direct(route).family, timing)
        with translated():
            if asked.server_name is None:
                message = await ask_server((address, port), query, timing, tcp=asked.tcp)
            else:
                route = replace(route, family=Family.ANY)
                channel = await self._opener.secure(
                    address, port, route, NO_PROTOCOLS, timing, server_name=asked.server_name
                )
                message = await ask_over(channel, query, timing)
        return read_reply(message)

    async def echo(self, host: str, watch: Stopwatch, route: Route, request: EchoRequest) -> int | None:
        """Have *host* echo an ICMP *request*, as the phases resolve, send and wait; the reply's TTL, if it is known.

        Raises:
            ProbeFailed: it cannot be reached, or we may not ask. A reply that does not come is waited for.
        """
        timing = self._timing(watch)
        address = await self._opener.resolver.resolve(to_ascii(host), _direct(route).family, timing)
        return await echo(address, request, timing)

    async def gateway(self) -> None:
        """Return if this machine's default gateway answers.

        Raises:
            ProbeFailed: it does not, or there is no way out of this machine.
        """
        await reach_gateway()

    def _timing(self, watch: Stopwatch) -> Timing:
        return Timing(watch, self._clock, self._meter, kernel=self._kernel)

    async def close(self) -> None:
        """Let go of all connections that were kept."""
        for client in self._clients.values():
            await client.aclose()
        for transport in self._transports.values():
            await transport.aclose()
        self._clients.clear()
        self._transports.clear()


def _direct(route: Route) -> Route:
    if route.proxy is not None:
        raise ProbeFailed(Outcome.INVALID, "only HTTP goes through a proxy: this probe must be given none")
    return route


async def _first_line(line: Line, timing: Timing, expect: bytes, limit: int) -> bytes:
    said = b""
    while len(said) < limit:
        data = await line.read(timing)
        if not data:
            raise ProbeFailed(Outcome.BROKEN, "the peer hung up before it said who it is")
        if not said:
            timing.add(Phase.WAIT, line.arrived - line.established)
        said += data
        for text in said[:limit].split(b"\n")[:-1]:  # RFC 4253, 4.2: other lines may come first
            if text.startswith(expect):
                return text.rstrip(b"\r")
    raise ProbeFailed(Outcome.VENDOR_ERROR, f"the peer said something else than {expect.decode(errors='replace')}")
