"""Whatever a target answers, a probe of it ends as a failure or a success, and nothing else."""

import asyncio
import socket

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.probes.blackbox.probing import Found, http, probed, tcp
from tests.wire.peers import peer

FRAGMENTS = (
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 302 Found",
    b"HTTP/1.9 307 \xff",
    b"Location: http://[::1",
    b"Location: \x00",
    b"Location: //127.0.0.1:99999/",
    b"Location: ?\xff",
    b"Content-Length: 1",
    b"Content-Length: \xb2",
    b"Content-Length: 99999999999999999999",
    b"Last-Modified: 99 Xyz 99999 99:99:99",
    b"Last-Modified: Mon, 01 Jan 0001 00:00:00 +2400",
    b"Set-Cookie: =;=,\xff",
    b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip",
    b"",
)
LINES = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=20)), max_size=8)
MODULE = http(
    compression="gzip",
    fail_if_header_matches=[{"header": "X", "regexp": "a", "allow_missing": True}],
    valid_http_versions=["HTTP/1.1"],
)
TALK = tcp(
    query_response=[{"expect": "(O.)", "send": "$1", "labels": [{"name": "a", "value": "$1"}]}, {"starttls": True}]
)


def answered(said: bytes, module: dict[str, object]) -> Found:
    """What a probe finds at a peer that says *said* and hangs up."""

    def script(sock: socket.socket) -> None:
        sock.recv(65536) if module is MODULE else None
        sock.sendall(said)

    with peer(script) as other:
        return asyncio.run(probed(f"127.0.0.1:{other.port}", module))


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_http(lines: list[bytes]) -> None:
    """Of any bytes that look a little like an answer."""
    assert answered(b"\r\n".join([*lines, b"", b"a"]), MODULE).metrics["probe_success"] in {0, 1}


@settings(max_examples=30, deadline=None)
@given(LINES)
def test_tcp(lines: list[bytes]) -> None:
    """Of any lines."""
    assert answered(b"\r\n".join(lines), TALK).metrics["probe_success"] in {0, 1}
