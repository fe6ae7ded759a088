"""Small servers and small waits for the tests of the command line."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class _Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer `/200` with 200, `/503` with 503, and so on."""
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[str]:
    """An HTTP server that answers every path that is a status with that status; its URL."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def eventually(check: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until *check* holds; fail after *seconds*."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            if check():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"it did not come about within {seconds} s")
