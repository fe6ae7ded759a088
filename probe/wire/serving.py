"""Server ends of connections that can misbehave on purpose: the sandbox's and the tests' way to break a wire."""

import asyncio
import contextlib
import os
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from probe.wire.line import LINGER_RESET


@dataclass(frozen=True, slots=True)
class ServerTls:
    """A certificate to serve with. Opaque: only this floor knows what a TLS context is.

    Attributes:
        context: what is handed to a server that asks for an `ssl.SSLContext`, such as uvicorn.
    """

    context: ssl.SSLContext


def server_context(certificate: bytes, key: bytes, *, version: str | None = None) -> ServerTls:
    """TLS for servers with *certificate* (PEM, the chain after it) and its private *key* (PEM).

    Args:
        certificate: PEM, leaf first.
        key: PEM.
        version: the only version spoken (`TLSv1.2`, `TLSv1.3`); None for both.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # OpenSSL reads files, and its Python face nothing else
        path = Path(folder, "both.pem")
        path.touch(mode=0o600)
        path.write_bytes(key + b"\n" + certificate)
        context.load_cert_chain(path)
    if version is not None:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    return ServerTls(context)


class ServedConnection:
    """One accepted connection, to be read, answered, cut or reset."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the other side."""
        host, port, *_ = self._writer.get_extra_info("peername")
        return host, port

    async def read(self, most: int = 65536) -> bytes:
        """The next bytes, none at the end."""
        try:
            return await self.reader.read(most)
        except (ConnectionError, ssl.SSLError):
            return b""

    async def write(self, data: bytes) -> None:
        """Send *data*; a peer that has gone is not told."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self._writer.write(data)
            await self._writer.drain()

    def cut(self) -> None:
        """End the connection with what has been sent so far, under TLS without a goodbye."""
        with self._bare() as sock, contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        self._writer.transport.abort()

    def reset(self) -> None:
        """End the connection with a reset: what has not been read by the peer is lost."""
        with self._bare() as sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self._writer.transport.abort()

    def _bare(self) -> contextlib.AbstractContextManager[socket.socket]:
        """The connection's socket under another descriptor: what a transport lends out can do little on either loop."""
        lent = self._writer.get_extra_info("socket")
        descriptor = lent.fileno() if lent is not None else -1
        if descriptor < 0:
            return socket.socket()  # it has ended already, and there is nothing to break
        return socket.socket(fileno=os.dup(descriptor))

    def close(self) -> None:
        """End the connection in good order, after what has been written."""
        self._writer.close()

    async def closed(self) -> None:
        """Wait until the connection has ended."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self._writer.wait_closed()


Handler = Callable[[ServedConnection], Awaitable[None]]


class Serving:
    """A listening socket and the connections that it accepted."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], ServedConnection] = {}
        self.accepted = 0

    async def start(self, sock: socket.socket, tls: ServerTls | None) -> None:
        """Begin to accept on *sock*."""
        self._server = await asyncio.start_server(self._accept, sock=sock, ssl=tls.context if tls else None)

    @property
    def connections(self) -> tuple[ServedConnection, ...]:
        """Those that are open."""
        return tuple(self._tasks.values())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self.accepted += 1
        connection = ServedConnection(reader, writer)
        self._tasks[task] = connection
        try:
            await self._handler(connection)
        except asyncio.CancelledError:
            connection.reset()
        finally:
            connection.close()
            del self._tasks[task]

    def stop_accepting(self) -> None:
        """Close the listening socket: whoever comes now is refused."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def stop(self) -> None:
        """Stop accepting and end every connection."""
        self.stop_accepting()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def serve(sock: socket.socket, handler: Handler, *, tls: ServerTls | None = None) -> Serving:
    """Have *handler* called with every connection that comes in on *sock*; it ends when the handler returns."""
    serving = Serving(handler)
    await serving.start(sock, tls)
    return serving
