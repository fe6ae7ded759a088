"""Targets on loopback that blackbox_exporter and we are both sent to, and the modules by which."""

import datetime as dt
import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import trustme

from tests.wire.conftest import server_side
from tests.wire.name_server import Records, name_server
from tests.wire.peers import Script, answering, peer, read_request, reset
from tests.wire.test_pooled import speaking_h2

TEXT: Final = b"hello world, all is well\n"
ZONE: Final[Records] = {
    ("good.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("good.example.", "SOA"): ["ns.good.example. admin.good.example. 2026010203 3600 600 86400 300"],
    ("good.example.", "TXT"): ['"some text"'],
    ("good.example.", "MX"): ["10 mail.good.example."],
    ("alias.example.", "CNAME"): ["good.example."],
}


def head(status: str, *fields: str, length: int | None = None) -> bytes:
    """The head of an answer."""
    lines = [f"HTTP/1.1 {status}", *fields, *([] if length is None else [f"Content-Length: {length}"])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def whole(status: str, body: bytes = b"", *fields: str) -> bytes:
    """An answer with its length."""
    return head(status, *fields, length=len(body)) + body


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ANSWERS: Final[Mapping[str, bytes]] = {
    "/": whole("200 OK", TEXT),
    "/204": head("204 No Content"),
    "/301-nowhere": head("301 Moved Permanently", length=0),
    "/304": head("304 Not Modified"),
    "/403": whole("403 Forbidden", TEXT),
    "/404": whole("404 Not Found", TEXT),
    "/418": whole("418 Teapot", TEXT),
    "/500": whole("500 Internal Server Error", TEXT),
    "/503": whole("503 Service Unavailable", TEXT),
    "/relative": head("302 Found", "Location: /", length=0),
    "/loop": head("302 Found", "Location: /loop", length=0),
    "/303": head("303 See Other", "Location: /method", length=0),
    "/307": head("307 Temporary Redirect", "Location: /method", length=0),
    "/308": head("308 Permanent Redirect", "Location: /method", length=0),
    "/cookie": head("302 Found", "Location: /wants-cookie", "Set-Cookie: seen=yes; Path=/", length=0),
    "/to-nonsense": head("302 Found", "Location: gopher://127.0.0.1/", length=0),
    "/chunked": head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    "/endless": head("200 OK", "Connection: close") + TEXT,
    "/old": b"HTTP/1.0 200 OK\r\n\r\n" + TEXT,
    "/gzip": whole("200 OK", gzip.compress(TEXT), "Content-Encoding: gzip"),
    "/deflate": whole("200 OK", _deflated(TEXT), "Content-Encoding: deflate"),
    "/half-gzip": whole("200 OK", gzip.compress(TEXT)[:-4], "Content-Encoding: gzip"),
    "/modified": whole("200 OK", TEXT, "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"),
    "/headers": whole("200 OK", TEXT, "X-Two: one", "X-Two: two", "Server: teapot"),
    "/cut": head("200 OK", length=1000) + TEXT,
    "/big": whole("200 OK", b"x" * 200_000),
    "/no-http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "/nothing": b"",
}


def by_path(sock: socket.socket) -> None:
    """Answer as the path of the request says."""
    request = read_request(sock)
    if not request:
        return
    method, _, rest = request.decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    fields = request.decode("latin-1").lower()
    if path == "/slow":
        time.sleep(0.3)
        path = "/"
    elif path == "/stuck":
        time.sleep(2.5)
    elif path == "/dribble":
        sock.sendall(head("200 OK", length=1000) + TEXT)
        time.sleep(2.5)
        return
    elif path == "/reset":
        reset(sock)
        return
    answer = ANSWERS.get(path) or _considered(path, method, fields)
    sock.sendall(answer if method != "HEAD" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")


def _considered(path: str, method: str, fields: str) -> bytes:
    """What depends on the request."""
    wanted = {
        "/basic": "authorization: basic dxnlcjpwnhnzdzbyza==",
        "/bearer": "authorization: bearer t0k3n",
        "/header": "x-probe: yes",
        "/host": "host: shop.example\r\n",
        "/wants-cookie": "cookie: seen=yes",
        "/posted": "content-length: 7",
    }
    if path == "/method":
        return whole("200 OK", method.encode())
    if path in wanted:
        return whole("200 OK", TEXT) if wanted[path] in fields else whole("401 Unauthorized", TEXT)
    return whole("404 Not Found")


def saying(*lines: bytes, after: bytes = b"") -> Script:
    """Say *lines*, then answer what comes by *after*."""

    def script(sock: socket.socket) -> None:
        for line in lines:
            sock.sendall(line)
        while after and sock.recv(4096):
            sock.sendall(after)
        sock.recv(1)

    return script


def mail(tls: ssl.SSLContext) -> Script:
    """A mail server that can be asked for TLS."""

    def script(sock: socket.socket) -> None:
        sock.sendall(b"220 mail.example ESMTP\r\n")
        sock.recv(4096)
        sock.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")
        sock.recv(4096)
        sock.sendall(b"220 ready\r\n")
        with tls.wrap_socket(sock, server_side=True) as safe:
            safe.recv(4096)
            safe.sendall(b"250 mail.example\r\n")
            safe.recv(4096)

    return script


def _certificates(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    ended = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    return {
        "tls": server_side(authority.issue_cert("localhost", "127.0.0.1", common_name="localhost")),
        "expired": server_side(
            authority.issue_cert("localhost", "127.0.0.1", not_before=ended - dt.timedelta(90), not_after=ended)
        ),
        "misnamed": server_side(authority.issue_cert("elsewhere.example")),
        "nameless": server_side(authority.issue_cert(common_name="localhost")),
        "selfsigned": server_side(trustme.CA().issue_cert("localhost", "127.0.0.1")),
    }


def _limited(authority: trustme.CA) -> ssl.SSLContext:
    context = server_side(authority.issue_cert("localhost", "127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def targets(folder: Path) -> Iterator[dict[str, str]]:
    """Everything that is probed, as names for templates; `ca` is the file of the authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    contexts = _certificates(authority)
    banner = saying(b"SSH-2.0-OpenSSH_9.2\r\n")
    irc = saying(b":irc NOTICE AUTH\r\n", b"PING :123\r\n", after=b":irc 001 welcome\r\n")
    with ExitStack() as stack:
        ports = {"http": stack.enter_context(peer(by_path)).port}
        ports |= {name: stack.enter_context(peer(by_path, tls=tls)).port for name, tls in contexts.items()}
        ports["tls12"] = stack.enter_context(peer(by_path, tls=_limited(authority))).port
        h2 = server_side(authority.issue_cert("localhost", "127.0.0.1"), "h2")
        ports["h2"] = stack.enter_context(peer(speaking_h2, tls=h2)).port
        ports["banner"] = stack.enter_context(peer(banner)).port
        ports["irc"] = stack.enter_context(peer(irc)).port
        ports["mail"] = stack.enter_context(peer(mail(contexts["tls"]))).port
        ports["silent"] = stack.enter_context(peer(saying())).port
        ports["hangup"] = stack.enter_context(peer(lambda _: None)).port
        ports["dns"] = stack.enter_context(name_server(ZONE)).port
        ports["ipv6"] = stack.enter_context(peer(by_path, host="::1")).port
        ports["closed"] = _closed_port()
        away = head("302 Found", f"Location: https://localhost:{ports['tls']}/", length=0)
        ports["away"] = stack.enter_context(peer(answering(away))).port
        dead = head("302 Found", f"Location: http://127.0.0.1:{ports['closed']}/", length=0)
        ports["dead_end"] = stack.enter_context(peer(answering(dead))).port
        elsewhere = head("302 Found", f"Location: http://127.0.0.1:{ports['http']}/basic", length=0)
        ports["elsewhere"] = stack.enter_context(peer(answering(elsewhere))).port
        yield {name: str(port) for name, port in ports.items()}


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
    return port
