"""HTTP servers of the sandbox: uvicorn's protocol on sockets of our own, with a hand on the connection.

uvicorn's own server would take the process's signals, and gives no application the means to reset a connection.
"""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from probe.sandbox.requests import Asked
from probe.sandbox.vendor import Cut, PretendVendor, Reply
from probe.wire import ServedConnection, ServerTls, listen

LOOPBACK: Final = "127.0.0.1"
_TRANSPORT: Final = "transport"


class _Protocol(HttpToolsProtocol):
    """Lets applications get at the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][_TRANSPORT] = self.transport


class HttpServer:
    """One application on one port of loopback.

    Attributes:
        port: that it listens on.
    """

    def __init__(self, server: asyncio.Server, state: ServerState, port: int) -> None:
        self._server = server
        self._state = state
        self.port = port

    @classmethod
    async def start(cls, app: ASGIApp, *, port: int = 0, tls: ServerTls | None = None) -> "HttpServer":
        """Serve *app*; by TLS if there is a context for it.

        Raises:
            ListenFailed: the port cannot be had.
        """
        config = Config(
            app, interface="asgi3", lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False
        )
        config.load()
        state = ServerState()
        sock = listen(LOOPBACK, port)
        server = await asyncio.get_running_loop().create_server(
            lambda: _Protocol(config=config, server_state=state, app_state={}),
            sock=sock,
            ssl=tls.context if tls else None,
        )
        return cls(server, state, int(sock.getsockname()[1]))

    async def stop(self) -> None:
        """Close the port and every connection; answers under way are not waited for."""
        self._server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        await self._server.wait_closed()


def vendor_app(vendor: PretendVendor) -> ASGIApp:
    """The ASGI application of *vendor*."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reply = await vendor.answer(await read(Request(scope, receive)))
        await deliver(reply, scope, receive, send)

    return app


async def read(request: Request) -> Asked:
    """*request* as pretend vendors want it."""
    raw = bytes(request.scope["raw_path"]).partition(b"?")[0].decode("ascii", "replace")
    return Asked(
        method=request.method,
        path=request.url.path,
        raw_path=raw,
        query_string=bytes(request.scope["query_string"]).decode("ascii", "replace"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        base=f"{request.url.scheme}://{request.url.netloc}",
    )


async def deliver(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send *reply*, or do to the connection what it says instead; the request's body has been read."""
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    match reply.cut:
        case Cut.NONE:
            response = Response(reply.body, reply.status, headers=dict(reply.headers))
            await response(scope, receive, send)
            return
        case Cut.RESET:
            _reset(transport)
        case Cut.TRUNCATE:
            headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
            headers.append((b"content-length", str(len(reply.body)).encode()))
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            half = reply.body[: len(reply.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            transport.close()
        case Cut.HANG:
            pass  # until the client loses patience
    await receive()  # returns when the connection is gone


def _reset(transport: asyncio.Transport) -> None:
    writer = asyncio.StreamWriter(transport, transport.get_protocol(), None, asyncio.get_running_loop())
    ServedConnection(asyncio.StreamReader(), writer).reset()
