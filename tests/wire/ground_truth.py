"""A server that knows the truth: when a request arrived, and between which moments its answer left.

Run as a process of its own, so that nothing that the client does to itself can disturb it. It prints its port, answers
every request 20 ms after it came, and hands out what it knows at `/truth`.
"""

import heapq
import json
import selectors
import socket
import struct
import sys
import time

SO_TIMESTAMPNS = 35
DELAY = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000


def stamp_of(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The kernel's stamp in nanoseconds; ours if there is none."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("@qq", data[:16])
            return int(seconds * 1_000_000_000 + nanoseconds)
    return time.time_ns()


def answer(body: bytes) -> bytes:
    """An answer that ends its connection."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)


class Server:
    """One thread, one selector, one heap of answers that are due."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)  # the accepted ones inherit it
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.due: list[tuple[int, int, int, str, socket.socket]] = []
        self.known: dict[str, tuple[int, int, int]] = {}
        self.count = 0

    def run(self) -> None:
        """Serve until killed."""
        print(self.listener.getsockname()[1], flush=True)  # noqa: T201 - this is how the test learns it
        while True:
            wait = (self.due[0][0] - time.time_ns()) / 1e9 if self.due else None
            for key, _ in self.selector.select(wait if wait is None else max(0.0, wait)):
                self.ready(key.fileobj)
            while self.due and self.due[0][0] <= time.time_ns():
                self.send(*heapq.heappop(self.due)[2:])

    def ready(self, sock: object) -> None:
        """Take a connection, or a request on one."""
        if not isinstance(sock, socket.socket):
            return
        if sock is self.listener:
            accepted, _ = sock.accept()
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(accepted, selectors.EVENT_READ)
            return
        try:
            data, ancillary, _, _ = sock.recvmsg(65536, 128)
        except ConnectionError:
            data, ancillary = b"", []
        if not data:
            self.drop(sock)
            return
        self.asked(sock, data.split(b" ", 2)[1].decode(), stamp_of(ancillary))

    def asked(self, sock: socket.socket, path: str, arrived: int) -> None:
        """Answer the request for *path* when it is time, or tell at once what is known."""
        if path == "/truth":
            sock.setblocking(True)
            sock.sendall(self.sealed(sock, answer(json.dumps(self.known).encode())))
            self.drop(sock)
            return
        self.count += 1
        heapq.heappush(self.due, (arrived + DELAY, self.count, arrived, path, sock))

    def send(self, arrived: int, path: str, sock: socket.socket) -> None:
        """Answer, and remember when that was."""
        data = answer(path.encode())
        before = time.time_ns()
        try:
            sock.send(data)
        except OSError:  # the client has given up, and we have let go of it
            return
        self.known[path] = (arrived, before, time.time_ns())

    def sealed(self, sock: socket.socket, data: bytes) -> bytes:
        """What goes over *sock* for *data*."""
        del sock
        return data

    def drop(self, sock: socket.socket) -> None:
        """Forget a connection."""
        self.selector.unregister(sock)
        sock.close()


if __name__ == "__main__":
    Server().run()
