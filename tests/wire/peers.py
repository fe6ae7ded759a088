"""Peers on loopback that do exactly what a test tells them, in threads, so that a stalled loop cannot stall them."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

Script = Callable[[socket.socket], None]

RESET: Final = struct.pack("ii", 1, 0)
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def answering(*parts: bytes, delay: float = 0.0, close: bool = True) -> Script:
    """Read one request, then send *parts*, each *delay* seconds after the one before."""

    def script(sock: socket.socket) -> None:
        read_request(sock)
        for part in parts:
            time.sleep(delay)
            sock.sendall(part)
        if not close:
            sock.recv(1)

    return script


def serving(*parts: bytes) -> Script:
    """Answer every request on a connection with *parts*."""

    def script(sock: socket.socket) -> None:
        while read_request(sock):
            for part in parts:
                sock.sendall(part)

    return script


def reset(sock: socket.socket) -> None:
    """End the connection of *sock* with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


def read_request(sock: socket.socket) -> bytes:
    """Read one request with its body; what came of it if the client left."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


class ThreadedPeer:
    """Accepts connections and runs a script on each, in a thread of its own."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None, host: str = "127.0.0.1") -> None:
        self._script = script
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.accepted += 1
                self._open.append(sock)
                thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._script(sock)
        with contextlib.suppress(OSError):
            sock.close()

    def close(self) -> None:
        """Stop, and end whatever is still open."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(2.0)
        for sock in self._open:
            sock.close()


@contextlib.contextmanager
def peer(script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[ThreadedPeer]:
    """A peer that runs *script* on every connection."""
    running = ThreadedPeer(script, tls, host)
    try:
        yield running
    finally:
        running.close()
