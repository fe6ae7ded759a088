"""The short way and the long way to an answer: `fetch` finds out what `send` finds out, with less ado."""

import socket
import zlib
from dataclasses import dataclass

import httpx
import pytest

from probe.model.exchange import Transcript
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, Route, Wire
from tests.wire.peers import OK, Script, answering, peer, read_request

PLAIN = Route()
PACKED = zlib.compress(b"hello", wbits=31)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run would learn."""

    outcome: Outcome
    detail: str
    status: int
    text: str
    content: bytes
    phases: frozenset[str]
    facts: frozenset[tuple[str, object]]
    source: str
    where: str | None


async def told(wire: Wire, request: httpx.Request, *, short: bool, limit: int = 1000) -> Told:
    """What asking *request* comes to, the short way or the long one."""
    watch = Stopwatch(RealClock())
    outcome, detail, status, text, content = Outcome.OK, "", 0, "", b""
    try:
        if short:
            answer = await wire.fetch(wire.prepared(request, PLAIN), watch, limit=limit)
            status, text, content = answer.status_code, answer.text, answer.content
        else:
            response = await wire.send(request, watch, PLAIN, limit=limit)
            status, text, content = response.status_code, response.text, response.content
    except ProbeFailed as failed:
        outcome, detail = failed.outcome, failed.detail
    return Told(
        outcome=outcome,
        detail=detail,
        status=status,
        text=text,
        content=content,
        phases=frozenset(watch.phases),
        facts=frozenset(watch.facts.items()),
        source=watch.source,
        where=watch.where,
    )


def head(*lines: bytes) -> bytes:
    """The head of an answer."""
    return b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", b""))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering(OK), id="ok"),
        pytest.param(answering(b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"), id="server error"),
        pytest.param(answering(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"), id="redirect"),
        pytest.param(answering(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"), id="no length"),
        pytest.param(answering(b"HTTP/1.1 103 Early\r\n\r\n" + OK), id="early hints"),
        pytest.param(answering(head(b"Transfer-Encoding: chunked") + b"2\r\nhi\r\n0\r\n\r\n"), id="chunked"),
        pytest.param(
            answering(head(b"Content-Encoding: GZIP", b"Content-Length: %d" % len(PACKED)) + PACKED), id="gzip"
        ),
        pytest.param(answering(head(b"Content-Encoding: br", b"Content-Length: 2") + b"hi"), id="unasked coding"),
        pytest.param(
            answering(head(b"Content-Type: text/plain; charset=latin-1", b"Content-Length: 1") + b"\xe9"), id="charset"
        ),
        pytest.param(answering(head(b"Content-Length: 2000") + b"a" * 2000), id="too long"),
        pytest.param(answering(head(b"Content-Length: 5") + b"hi"), id="cut short"),
        pytest.param(answering(b"SSH-2.0-OpenSSH\r\n"), id="not HTTP"),
        pytest.param(answering(), id="hung up"),
    ],
)
async def test_whatever_is_answered_both_ways_learn_the_same(wire: Wire, script: Script) -> None:
    """Outcome, words, status, body, phases, facts, clock, and where it failed."""
    with peer(script) as other:
        url = f"http://127.0.0.1:{other.port}/"
        short, long = [await told(wire, httpx.Request("GET", url), short=way) for way in (True, False)]
    assert short == long


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", "ftp://127.0.0.1/"),
        httpx.Request("GET", "http://127.0.0.1:1/"),
        httpx.Request("GET", "http://127.0.0.1:1/", headers={"X": "a\r\nY: b"}),
    ],
    ids=lambda request: str(request.url),
)
async def test_what_cannot_be_asked_fails_alike(blunt_wire: Wire, request_: httpx.Request) -> None:
    """The request is looked at when it is sent, so that what is wrong with it is the run's outcome."""
    assert await told(blunt_wire, request_, short=True) == await told(blunt_wire, request_, short=False)


async def test_what_is_sent_is_the_same_each_time(wire: Wire) -> None:
    """Made once, sent three times, and to the byte what the long way sends."""
    seen: list[bytes] = []

    def script(sock: socket.socket) -> None:
        seen.append(read_request(sock))
        sock.sendall(OK)

    with peer(script) as other:
        url = f"http://127.0.0.1:{other.port}/a?b=c"
        asked = wire.prepared(httpx.Request("POST", url, headers={"X-A": "1"}, content=b"body"), PLAIN)
        for _ in range(3):
            await wire.fetch(asked, Stopwatch(RealClock()))
        request = httpx.Request("POST", url, headers={"X-A": "1"}, content=b"body")
        await wire.send(request, Stopwatch(RealClock()), PLAIN)
    assert len(seen) == 4
    assert len(set(seen)) == 1


async def test_who_wants_to_read_what_was_said_can(wire: Wire) -> None:
    """With a transcript the long way is taken, and hides what it hides."""
    watch = Stopwatch(RealClock(), transcript=Transcript(redact=lambda text: text.replace("hush", "•••")))
    with peer(answering(OK)) as other:
        url = f"http://127.0.0.1:{other.port}/"
        request = httpx.Request("GET", url, headers={"Authorization": "Bearer a", "X-A": "hush"})
        answer = await wire.fetch(wire.prepared(request, PLAIN), watch)
    assert answer.content == b"hi"
    assert watch.transcript is not None
    (exchange,) = watch.transcript.exchanges
    assert exchange.status == 200
    assert "Bearer" not in str(exchange.request_headers)
    assert exchange.request_headers["x-a"] == "•••"


async def test_a_transport_for_tests_answers_both_ways() -> None:
    """Whoever stands in for the network is asked."""
    transport = httpx.MockTransport(lambda request: httpx.Response(204, headers={"X-Path": request.url.path}))
    wire = Wire(RealClock(), Meter(), transport=transport)
    answer = await wire.fetch(wire.prepared(httpx.Request("GET", "http://a.test/b"), PLAIN), Stopwatch(RealClock()))
    assert answer.status_code == 204
    assert (b"X-Path", b"/b") in list(answer.headers)
    await wire.close()
