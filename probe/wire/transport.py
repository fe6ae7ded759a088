"""The httpx transport that measures: HTTP/1.1 on a socket of our own, one address, one attempt, no surprises.

One request is one exchange: no redirect, no retry, no second address. A connection is opened for each, unless the
route says that it may be kept (docs/decisions/0002-connection-policy.md).
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final

import httpx

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.phase import Phase
from probe.model.stopwatch import Connection, Stopwatch
from probe.wire.answers import BODY_LIMIT, LIMIT, WATCH, Fetched, fetched, response
from probe.wire.faults import translated
from probe.wire.heard import SERVER_NAME, Heard, heard_of
from probe.wire.http1 import Answer, serialise
from probe.wire.line import Channel
from probe.wire.opening import Opener
from probe.wire.route import Route
from probe.wire.timing import Timing
from probe.wire.trust import HTTP1

_PORTS: Final = {"http": 80, "https": 443}
_MAX_IDLE: Final = 8
_IDLE_SECONDS: Final = 30.0

Peer = tuple[str, str, int]


class Prepared:
    """A request that may be sent again and again: its bytes are made once, when it is first sent.

    Attributes:
        request: the same as httpx has it, its body read; only to be looked at.
        route: how its peer is reached.
        plain: what carries it there if that needs nothing of httpx's; to look it up by its route takes a dozen hashes.
        bodiless: whether its answer has no body, whatever the answer's head says.
    """

    __slots__ = ("_ready", "bodiless", "plain", "request", "route")

    def __init__(self, request: httpx.Request, route: Route, plain: "PlainTransport | None" = None) -> None:
        self.request = request
        self.route = route
        self.plain = plain
        self.bodiless = request.method == "HEAD"
        self._ready: tuple[Peer, bytes] | None = None

    def ready(self) -> tuple[Peer, bytes]:
        """Whom it goes to, and its bytes.

        Raises:
            ProbeFailed: the request could be read as another, see `http1.check`.
        """
        if self._ready is None:
            payload = serialise(self.request, keep=self.route.keep)
            url = self.request.url
            self._ready = (url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]), payload
        return self._ready


@dataclass(slots=True)
class Idle:
    """Connections that wait for their next request, newest first: the longest idle is the likeliest to be dead."""

    _clock: Clock
    _lines: dict[Peer, list[tuple[float, Channel]]] = field(default_factory=dict)

    def take(self, peer: Peer) -> Channel | None:
        """One that is still open, if there is any. Not a retry: a dead one is noticed before anything is sent."""
        waiting = self._lines.get(peer, [])
        while waiting:
            since, line = waiting.pop()
            if self._clock.now() - since < _IDLE_SECONDS and line.idle():
                return line
            line.close()
        return None

    def put(self, peer: Peer, line: Channel) -> None:
        """Keep one for later."""
        waiting = self._lines.setdefault(peer, [])
        waiting.append((self._clock.now(), line))
        if len(waiting) > _MAX_IDLE:
            waiting.pop(0)[1].close()

    def close(self) -> None:
        """Let go of all."""
        for waiting in self._lines.values():
            for _, line in waiting:
                line.close()
        self._lines.clear()


class PlainTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over our own sockets for one route."""

    def __init__(self, route: Route, opener: Opener, clock: Clock, meter: Meter, *, kernel: bool) -> None:
        self._route = route
        self._opener = opener
        self._clock = clock
        self._meter = meter
        self._kernel = kernel
        self._idle = Idle(clock)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do one exchange; the answer has been read to its end.

        Raises:
            ProbeFailed: whatever went wrong on the wire.
        """
        await request.aread()
        limit: int = request.extensions.get(LIMIT, BODY_LIMIT)
        heard = heard_of(request.extensions)
        answered = await self.exchange(
            Prepared(request, self._route),
            request.extensions.get(WATCH) or Stopwatch(self._clock),
            limit=limit,
            heard=heard,
            server_name=request.extensions.get(SERVER_NAME),
        )
        return response(request, answered)

    async def exchange(
        self,
        asked: Prepared,
        watch: Stopwatch,
        *,
        limit: int,
        heard: Heard | None = None,
        server_name: str | None = None,
    ) -> Fetched:
        """Send what is *asked*, once, and read the answer to its end, which may be *limit* bytes of body away at most.

        Raises:
            ProbeFailed: whatever went wrong on the wire.
        """
        peer, payload = asked.ready()
        answer = Answer(limit=limit, bodiless=asked.bodiless, keep=heard is None or heard.keep)
        line: Channel | None = None
        try:
            with translated():
                if peer[0] == "https":
                    await self._opener.contexts.get(self._route.trust, HTTP1)
                timing = Timing(watch, self._clock, self._meter, kernel=self._kernel)
                line = self._kept(peer, timing) or await self._opened(peer, timing, server_name)
                await converse(line, payload, answer, timing)
        except BaseException:
            if line is not None:
                line.close()
            raise
        finally:
            answer.close()
            if heard is not None and answer.headed:
                heard.head(answer.status, answer.version, answer.headers, line)
                heard.body, heard.length = answer.body, answer.length
        if self._route.keep and answer.reusable:
            self._idle.put(peer, line)
        else:
            line.close()
        return fetched(answer.status, answer.headers, answer.body, answer.version, watch, None if heard else limit)

    def _kept(self, peer: Peer, timing: Timing) -> Channel | None:
        line = self._idle.take(peer) if self._route.keep else None
        timing.watch.connection = Connection.NEW if line is None else Connection.REUSED
        return line

    def _opened(self, peer: Peer, timing: Timing, server_name: str | None) -> Awaitable[Channel]:
        scheme, host, port = peer
        if scheme == "https":
            return self._opener.secure(host, port, self._route, HTTP1, timing, server_name=server_name)
        return self._opener.plain(host, port, self._route, timing)

    async def aclose(self) -> None:
        """Let go of all connections."""
        self._idle.close()


async def converse(line: Channel, payload: bytes, answer: Answer, timing: Timing) -> None:
    """Send *payload* and read *answer*, as the phases send, wait and transfer."""
    timing.enter(Phase.SEND)
    started = timing.now()
    await line.write(payload, timing)
    sent = line.sent
    timing.add(Phase.SEND, sent - started)
    timing.enter(Phase.WAIT)
    first = 0.0
    while not answer.complete:
        data = await line.read(timing)
        if not data:
            answer.end()
            break
        answer.feed(data)
        if not first and answer.begun:
            first = line.arrived
            timing.add(Phase.WAIT, first - sent)
            timing.enter(Phase.TRANSFER)
    timing.add(Phase.TRANSFER, line.arrived - first)
