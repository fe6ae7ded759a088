"""The ground truth of tests/wire, for targets that are asked again and again, over TLS and over connections that stay.

Arguments: nanoseconds until an answer, `close` or `keep`, and the PEM file with key and certificate if it speaks TLS.
"""

import socket
import ssl
import sys
import time
from contextlib import suppress
from typing import Final

from tests.bench.machine import SERVER_CORE, stay_on
from tests.wire.ground_truth import Server, stamp_of

_FIRST_LINE: Final = 2


class RepeatingServer(Server):
    """Numbers its answers, so that a later one on the same path does not replace an earlier one."""

    def __init__(self, *, keep: bool) -> None:
        super().__init__()
        self._last = b"" if keep else b"Connection: close\r\n"

    def send(self, arrived: int, path: str, sock: socket.socket) -> None:
        """Answer, and remember when that was."""
        body = path.encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(body), self._last)
        try:
            data = self.sealed(sock, head + body)
            before = time.time_ns()
            sock.send(data)
        except OSError:  # the client has given up, and we have let go of it
            return
        self.known[f"{path} {len(self.known)}"] = (arrived, before, time.time_ns())


class _Session:
    """TLS on one connection."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.arrived, self.leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.arrived, self.leaving, server_side=True)
        self.greeted = False

    def read(self, data: bytes) -> bytes:
        """What the client says with *data*; nothing while both are still greeting each other.

        Raises:
            ssl.SSLError: it is no TLS.
        """
        self.arrived.write(data)
        with suppress(ssl.SSLWantReadError):
            if not self.greeted:
                self.tls.do_handshake()
                self.greeted = True
            return self.tls.read(65536)
        return b""


class TlsServer(RepeatingServer):
    """The same over TLS: a request has arrived when the last segment of it has."""

    def __init__(self, certificate: str, *, keep: bool) -> None:
        super().__init__(keep=keep)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._sessions: dict[socket.socket, _Session] = {}

    def ready(self, sock: object) -> None:
        """Take a connection, or what came on one."""
        if sock is self.listener or not isinstance(sock, socket.socket):
            super().ready(sock)
            return
        session = self._sessions.get(sock) or self._sessions.setdefault(sock, _Session(self._context))
        try:
            data, ancillary, _, _ = sock.recvmsg(65536, 128)
            said = session.read(data) if data else b""
        except (ConnectionError, ssl.SSLError):
            data, said, ancillary = b"", b"", []
        if not data:
            self.drop(sock)
            return
        if session.leaving.pending:
            sock.send(session.leaving.read())
        if said:
            self.asked(sock, said.split(b" ", _FIRST_LINE)[1].decode(), stamp_of(ancillary))

    def sealed(self, sock: socket.socket, data: bytes) -> bytes:
        """*data* as TLS sends it.

        Raises:
            BrokenPipeError: the client has given up.
        """
        session = self._sessions.get(sock)
        if session is None:
            raise BrokenPipeError
        session.tls.write(data)
        return session.leaving.read()

    def drop(self, sock: socket.socket) -> None:
        """Forget a connection."""
        self._sessions.pop(sock, None)
        super().drop(sock)


if __name__ == "__main__":
    stay_on(SERVER_CORE)
    kept, certificates = sys.argv[2] == "keep", sys.argv[3:]
    (TlsServer(certificates[0], keep=kept) if certificates else RepeatingServer(keep=kept)).run()
