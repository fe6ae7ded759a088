"""The agent's own HTTP server: metrics, health, the page, and the one thing that acts, a reload."""

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from probe.exposition.blackbox import Prober, prober_endpoint
from probe.exposition.doors import Doors
from probe.exposition.formats import gzip_accepted
from probe.exposition.metrics import Metrics
from probe.exposition.page.document import About, Page
from probe.exposition.patience import PATIENCE, Patience, patient
from probe.model.clock import Clock
from probe.model.runs import Reloader, Runs

_GRACE: Final = 2
"""Seconds that running answers have when the server stops."""
_CONNECTIONS: Final = 256
"""More at once, beside those who wait for a probe, are answered with 503: a scraper, some people and their tabs need
far fewer."""

_PACKED: Final = 1 << 16
"""Bytes that are compressed at a time."""

_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
_HTML: Final = "text/html; charset=utf-8"
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Listener(Protocol):
    """A socket that listens already, as `probe.wire.listen` returns it; sockets live on another floor."""

    def close(self) -> None:
        """Listen no more."""
        ...


class _Guarded:
    """Puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS:
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", _NOTHING)
            await send(message)

        await self._app(scope, receive, sealed)


class _Server(uvicorn.Server):
    """Leaves the signals to the agent, which has instances to give back before it may go."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _settings(app: ASGIApp, patience: Patience, probes: int) -> uvicorn.Config:
    """How uvicorn is to serve *app*: in our loop, saying nothing of itself, believing no proxy.

    So many *probes* may be waited for beside all else that is asked.
    """
    return uvicorn.Config(
        app,
        loop="none",
        http=patient(patience),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS + probes,
        timeout_graceful_shutdown=_GRACE,
    )


class Web:
    """Serves on a socket that already listens, in the loop that is already running.

    Attributes:
        app: the ASGI application, for tests without a socket.
    """

    def __init__(
        self,
        metrics: Metrics,
        runs: Runs,
        clock: Clock,
        about: About,
        *,
        ready: Callable[[], Sequence[str]],
        doors: Doors,
        reloader: Reloader | None = None,
        patience: Patience = PATIENCE,
        prober: Prober | None = None,
    ) -> None:
        """Put the server together.

        Args:
            metrics: what `/metrics` tells, and what the page tells of renting.
            runs: what the page tells.
            clock: what times on the page are relative to.
            about: who is speaking.
            ready: why the agent is not ready; nothing when it is.
            doors: which actions are open to whom.
            reloader: takes a changed configuration over; without one there is no `/-/reload`.
            patience: how long clients may take.
            prober: probes by the modules of a blackbox.yml; without one there is no `/probe`.
        """
        self._metrics = metrics
        self._page = Page(runs, clock, about, metrics.renting)
        self._ready = ready
        self._doors = doors
        routes = [
            Route("/", self._root),
            Route("/fragment", self._fragment),
            Route("/metrics", self._tell_metrics),
            Route("/-/healthy", _healthy),
            Route("/-/ready", self._tell_ready),
        ]
        if reloader is not None:
            self._reloader = reloader
            routes.append(Route("/-/reload", self._reload, methods=["POST", "PUT"]))
        if prober is not None:
            routes.append(Route("/probe", prober_endpoint(prober, doors)))
        self.app: ASGIApp = _Guarded(Starlette(routes=routes))
        self._server = _Server(_settings(self.app, patience, 0 if prober is None else prober.most))

    async def serve(self, listener: Listener) -> None:
        """Answer on *listener* until `stop` is called; the socket is closed then."""
        sockets: list[Any] = [listener]
        try:
            await self._server.serve(sockets)
        finally:
            listener.close()

    def stop(self) -> None:
        """End `serve` soon: no new connections, and running answers have two seconds."""
        self._server.should_exit = True

    async def _root(self, request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        own = f"style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
        policy = f"{_NOTHING}; {own}; img-src 'self' data:; connect-src 'self'"
        answer = _streamed(request, self._page.whole(nonce), _HTML)
        answer.headers["Content-Security-Policy"] = policy
        return answer

    async def _fragment(self, request: Request) -> Response:
        return _streamed(request, self._page.fragment(), _HTML)

    async def _tell_metrics(self, request: Request) -> Response:
        told = self._metrics.exposition(request.headers.get("accept"))
        return _streamed(request, told.chunks, told.content_type)

    async def _tell_ready(self, request: Request) -> Response:
        del request
        reasons = self._ready()
        if reasons:
            return PlainTextResponse("".join(f"not ready: {reason}\n" for reason in reasons), 503)
        return PlainTextResponse("ready\n")

    async def _reload(self, request: Request) -> Response:
        refusal = self._doors.refusal(request, "reload")
        if refusal is not None:
            return PlainTextResponse(refusal + "\n", 403)
        complaints = await self._reloader.reload()
        if complaints:
            told = "".join(f"{complaint}\n" for complaint in complaints)
            return PlainTextResponse(f"the configuration was refused, the old one stays:\n{told}", 422)
        return PlainTextResponse("the configuration was reloaded\n")


async def _healthy(request: Request) -> Response:
    del request
    return PlainTextResponse("healthy\n")


def _streamed(request: Request, chunks: AsyncIterator[bytes], content_type: str) -> Response:
    """*chunks* as they come, compressed if the client reads that."""
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if gzip_accepted(request.headers.get("accept-encoding")):
        headers["Content-Encoding"] = "gzip"
        return StreamingResponse(_gzipped(chunks), headers=headers)
    return StreamingResponse(chunks, headers=headers)


async def _gzipped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """*chunks* compressed in a thread: zlib gives the interpreter free while it works."""
    packer = zlib.compressobj(1, wbits=31)
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) < _PACKED:
            continue  # the way to a thread and back costs more than packing a row of a table
        packed = await asyncio.to_thread(packer.compress, bytes(waiting))
        waiting.clear()
        if packed:
            yield packed
    yield await asyncio.to_thread(lambda: packer.compress(bytes(waiting)) + packer.flush())
