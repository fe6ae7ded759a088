"""HTTP/2 and proxies: httpx's own transport on our own connections, with the phases that it can honestly give.

A connection carries one exchange at a time, also with HTTP/2: streams side by side would wait for each other, and
nobody could say whose time that was.
"""

from typing import Any, Final

import httpcore
import httpx

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Connection, Stopwatch
from probe.wire.answers import BODY_LIMIT, LIMIT, WATCH, fetched, response
from probe.wire.backend import Hop, MeasuredBackend
from probe.wire.faults import translated
from probe.wire.heard import Heard, heard_of
from probe.wire.http1 import USER_AGENT, check
from probe.wire.opening import Opener
from probe.wire.route import Route
from probe.wire.timing import Timing
from probe.wire.trust import HTTP1, HTTP2

_MAX_IDLE: Final = 8
_IDLE_SECONDS: Final = 30.0
_SENT: Final = "send_request_body.complete"
_SENDING: Final = frozenset({"send_connection_init.started", "send_request_headers.started"})
_ANSWERED: Final = "receive_response_headers.complete"
_TUNNELLED: Final = "proxy.start_tls.started"


class Carrier(httpx.AsyncHTTPTransport):
    """httpx's transport with a pool of one connection, over our backend."""

    def __init__(self, opener: Opener, route: Route, contexts: dict[str, Any], hop: Hop) -> None:
        super().__init__(verify=contexts["peer"], trust_env=False)
        self.backend = MeasuredBackend(opener, route, hop)
        common = {
            "ssl_context": contexts["peer"],
            "max_connections": 1,
            "max_keepalive_connections": 1 if route.keep else 0,
            "keepalive_expiry": _IDLE_SECONDS,
            "http1": True,
            "http2": route.http2,
            "retries": 0,
            "network_backend": self.backend,
        }
        if route.proxy is None:
            self._pool = httpcore.AsyncConnectionPool(**common)
            return
        proxy = httpx.Proxy(route.proxy)
        self._pool = httpcore.AsyncHTTPProxy(
            proxy_url=httpcore.URL(
                scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
            ),
            proxy_auth=proxy.raw_auth,
            proxy_ssl_context=contexts["proxy"] if proxy.url.scheme == "https" else None,
            **common,
        )


class Recorder:
    """Turns httpcore's trace of an exchange into phases, with the times of arrival that our streams know."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        self._at = 0.0
        self._phase: Phase | None = None

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Take note of an event."""
        del info
        if event == _TUNNELLED:
            self._hop.through()
        if self._hop.tunnelling:
            return
        step = event.partition(".")[2]
        timing = self._hop.timing
        if step in _SENDING and self._phase is None:
            self._begin(Phase.SEND, timing.now())
        elif step == _SENT and self._phase is Phase.SEND:
            self._next(Phase.WAIT, self._hop.sent)
        elif step == _ANSWERED and self._phase is Phase.WAIT:
            self._next(Phase.TRANSFER, self._hop.arrived)

    def finish(self) -> None:
        """Note that the answer has been read to its end."""
        if self._phase is Phase.TRANSFER:
            self._hop.timing.add(Phase.TRANSFER, self._hop.arrived - self._at)

    def _begin(self, phase: Phase, at: float) -> None:
        self._phase, self._at = phase, at
        self._hop.timing.enter(phase)

    def _next(self, phase: Phase, at: float) -> None:
        if self._phase is not None:
            self._hop.timing.add(self._phase, at - self._at)
        self._begin(phase, at)


class PooledTransport(httpx.AsyncBaseTransport):
    """HTTP/2 where it is offered, and proxies, for one route."""

    def __init__(self, route: Route, opener: Opener, clock: Clock, meter: Meter, *, kernel: bool) -> None:
        self._route = route
        self._opener = opener
        self._clock = clock
        self._meter = meter
        self._kernel = kernel
        self._idle: list[tuple[httpcore.Origin, Carrier]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do one exchange; the answer has been read to its end.

        Raises:
            ProbeFailed: whatever went wrong on the wire.
        """
        await request.aread()
        check(request)
        request.headers.setdefault("User-Agent", USER_AGENT)
        contexts = {
            "peer": await self._opener.contexts.get(self._route.trust, HTTP2 if self._route.http2 else HTTP1),
            "proxy": await self._opener.contexts.get(self._route.trust, HTTP1),
        }
        watch = request.extensions.get(WATCH) or Stopwatch(self._clock)
        timing = Timing(watch, self._clock, self._meter, kernel=self._kernel)
        carrier = self._carrier(request, contexts, timing)
        try:
            with translated():
                answer = await _exchange(carrier, request, watch)
        except BaseException:
            await carrier.aclose()
            raise
        await self._done_with(request, carrier)
        return answer

    def _carrier(self, request: httpx.Request, contexts: dict[str, Any], timing: Timing) -> Carrier:
        origin = _origin(request)
        for position in range(len(self._idle) - 1, -1, -1):
            if self._idle[position][0] == origin:
                _, carrier = self._idle.pop(position)
                carrier.backend.hop.timing = timing
                timing.watch.connection = Connection.REUSED
                return carrier
        tunnel = self._route.proxy is not None and request.url.scheme == "https"
        hop = Hop(timing, through_proxy=self._route.proxy is not None, tunnel=tunnel)
        timing.watch.connection = Connection.NEW
        return Carrier(self._opener, self._route, contexts, hop)

    async def _done_with(self, request: httpx.Request, carrier: Carrier) -> None:
        if not self._route.keep:
            await carrier.aclose()
            return
        self._idle.append((_origin(request), carrier))
        if len(self._idle) > _MAX_IDLE:
            _, oldest = self._idle.pop(0)
            await oldest.aclose()

    async def aclose(self) -> None:
        """Let go of all connections."""
        while self._idle:
            _, carrier = self._idle.pop()
            await carrier.aclose()


def _origin(request: httpx.Request) -> httpcore.Origin:
    return httpcore.URL(
        scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=b"/"
    ).origin


async def _exchange(carrier: Carrier, request: httpx.Request, watch: Stopwatch) -> httpx.Response:
    recorder = Recorder(carrier.backend.hop)
    limit: int = request.extensions.get(LIMIT, BODY_LIMIT)
    request.extensions = {**request.extensions, "trace": recorder}
    answer = await _head(carrier, request)
    version = answer.extensions["http_version"].decode("ascii").removeprefix("HTTP/")
    wanted = heard_of(request.extensions)
    heard = wanted or Heard()
    if wanted is not None:
        heard.head(answer.status_code, version, answer.headers.raw, carrier.backend.hop.channel)
    body = bytearray()
    try:
        async for part in answer.aiter_raw():
            heard.length += len(part)
            if heard.keep:
                body += part
            if heard.length > limit:
                raise ProbeFailed(Outcome.UNEXPECTED, "the answer was not read: its body is longer than asked for")
    finally:
        heard.body = bytes(body)
    recorder.finish()
    said = fetched(answer.status_code, answer.headers.raw, bytes(body), version, watch, None if wanted else limit)
    return response(request, said)


async def _head(carrier: Carrier, request: httpx.Request) -> httpx.Response:
    try:
        return await carrier.handle_async_request(request)
    except httpx.LocalProtocolError as error:
        # Our request was checked before: what breaks the rules of HTTP/2 now is a frame of the peer's, for which
        # httpcore takes the blame unless the connection was closed over it.
        raise ProbeFailed(Outcome.VENDOR_ERROR, f"the answer is not HTTP: {error}") from error
