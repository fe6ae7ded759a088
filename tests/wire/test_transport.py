"""One HTTP exchange at a time: what is measured, and what every way of failing is called."""

import asyncio
import gc
import socket
import time
import zlib
from pathlib import Path

import httpx
import pytest

from probe.model.clock import ClockSource
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Connection, Fact, Stopwatch
from probe.wire import Family, RealClock, Route, Trust, Wire, listen
from tests.wire.peers import OK, answering, peer, read_request, reset, serving

PLAIN = Route()
KEPT = Route(keep=True)


def get(port: int, path: str = "/", **more: object) -> httpx.Request:
    """A request to a peer on loopback."""
    return httpx.Request("GET", f"http://127.0.0.1:{port}{path}", **more)  # type: ignore[arg-type]  # passed through


async def failing(wire: Wire, request: httpx.Request, watch: Stopwatch, *, limit: int = 1 << 20) -> ProbeFailed:
    """How the exchange fails."""
    with pytest.raises(ProbeFailed) as caught:
        await wire.send(request, watch, PLAIN, limit=limit)
    return caught.value


async def test_each_phase_is_measured_and_those_not_reached_are_absent(wire: Wire, watch: Stopwatch) -> None:
    """A literal address has no resolve phase, plain HTTP no tls phase; wait and transfer are told apart."""
    head, body = OK[:-2], OK[-2:]
    with peer(answering(head, body, delay=0.03)) as other:
        answer = await wire.send(get(other.port), watch, PLAIN)
    assert (answer.status_code, answer.text) == (200, "hi")
    assert set(watch.phases) == {Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert 0.025 < watch.phases[Phase.WAIT] < 0.2
    assert 0.025 < watch.phases[Phase.TRANSFER] < 0.2
    assert watch.connection is Connection.NEW
    assert watch.source is ClockSource.KERNEL
    assert watch.facts == {Fact.IP_PROTOCOL: 4, Fact.STATUS_CODE: 200, Fact.HTTP_VERSION: 1.1}


async def test_without_the_kernels_stamps_the_loop_is_the_clock_and_says_so(blunt_wire: Wire, watch: Stopwatch) -> None:
    """The fallback measures the same phases, and the measurement names its clock."""
    with peer(answering(OK, delay=0.03)) as other:
        await blunt_wire.send(get(other.port), watch, PLAIN)
    assert set(watch.phases) == {Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert 0.025 < watch.phases[Phase.WAIT] < 0.2
    assert watch.source is ClockSource.LOOP


async def test_a_connection_is_new_unless_the_route_keeps_it(wire: Wire) -> None:
    """By default every request opens a connection; a kept one is found open and has no connect phase."""
    first, second = Stopwatch(RealClock()), Stopwatch(RealClock())
    with peer(serving(OK)) as other:
        for route, expected in ((PLAIN, 2), (KEPT, 3)):
            for watch in (first, second):
                watch.phases.clear()
                await wire.send(get(other.port), watch, route)
            assert other.accepted == expected
        assert first.connection is Connection.NEW
        assert second.connection is Connection.REUSED
        assert set(second.phases) == {Phase.SEND, Phase.WAIT, Phase.TRANSFER}


async def test_a_kept_connection_that_the_peer_has_closed_is_not_used(wire: Wire, watch: Stopwatch) -> None:
    """A dead connection is noticed before anything is sent, so nothing is ever sent twice."""
    with peer(answering(OK)) as other:
        for _ in range(2):
            await wire.send(get(other.port), Stopwatch(RealClock()), KEPT)
            await asyncio.sleep(0.02)
        await wire.send(get(other.port), watch, KEPT)
        assert other.accepted == 3
    assert watch.connection is Connection.NEW


async def test_what_we_send_is_what_was_asked_and_little_more(wire: Wire, watch: Stopwatch) -> None:
    """Method, path, headers and body arrive as they are; we add the host, who we are and that we hang up."""
    seen: list[bytes] = []

    def script(sock: socket.socket) -> None:
        seen.append(read_request(sock))
        sock.sendall(OK)

    with peer(script) as other:
        request = httpx.Request("PUT", f"http://127.0.0.1:{other.port}/a?b=c", headers={"X-A": "1"}, content=b"body")
        await wire.send(request, watch, PLAIN)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"PUT /a?b=c HTTP/1.1"
    assert body == b"body"
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {b"host", b"x-a", b"content-length", b"connection", b"user-agent"}


async def test_redirects_are_answers(wire: Wire, watch: Stopwatch) -> None:
    """Nothing is followed: one request is one exchange."""
    with peer(serving(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")) as other:
        answer = await wire.client(PLAIN).get(f"http://127.0.0.1:{other.port}/")
        assert answer.status_code == 302
        assert other.accepted == 1
    del watch


@pytest.mark.parametrize(
    ("parts", "outcome", "where"),
    [
        pytest.param((), Outcome.BROKEN, Phase.WAIT, id="hung up"),
        pytest.param((b"HTTP/1.1 200 OK\r\nContent-Le",), Outcome.BROKEN, Phase.TRANSFER, id="head cut short"),
        pytest.param((OK[:-1],), Outcome.BROKEN, Phase.TRANSFER, id="body cut short"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",),
            Outcome.BROKEN,
            Phase.TRANSFER,
            id="chunk cut short",
        ),
        pytest.param((b"SSH-2.0-OpenSSH\r\n",), Outcome.VENDOR_ERROR, Phase.WAIT, id="not HTTP"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",),
            Outcome.VENDOR_ERROR,
            Phase.WAIT,
            id="two lengths",
        ),
        pytest.param(
            (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",),
            Outcome.VENDOR_ERROR,
            Phase.WAIT,
            id="another protocol",
        ),
        pytest.param((b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,), Outcome.VENDOR_ERROR, None, id="endless head"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 300 + b"\r\n",), Outcome.VENDOR_ERROR, Phase.WAIT, id="many fields"
        ),
        pytest.param((b"HTTP/1.1 103 Early\r\n\r\n" * 4000,), Outcome.VENDOR_ERROR, None, id="endless early hints"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"a" * 101,), Outcome.UNEXPECTED, None, id="too long"
        ),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi",),
            Outcome.VENDOR_ERROR,
            Phase.TRANSFER,
            id="unasked coding",
        ),
    ],
)
async def test_every_broken_answer_has_a_word(
    wire: Wire, watch: Stopwatch, parts: tuple[bytes, ...], outcome: Outcome, where: Phase | None
) -> None:
    """Cut short is broken, unreadable is the vendor's error, and the phase is the one in progress."""
    with peer(answering(*parts)) as other:
        failure = await failing(wire, get(other.port), watch, limit=100)
    assert failure.outcome is outcome, failure.detail
    if where is not None:
        assert watch.where is where


async def test_a_reset_is_broken(wire: Wire, watch: Stopwatch) -> None:
    """A connection that is reset while we wait broke."""

    def script(sock: socket.socket) -> None:
        read_request(sock)
        reset(sock)

    with peer(script) as other:
        failure = await failing(wire, get(other.port), watch)
    assert failure.outcome is Outcome.BROKEN
    assert watch.where is Phase.WAIT


async def test_a_closed_port_is_refused(wire: Wire, watch: Stopwatch) -> None:
    """Nobody listening is told apart from a broken connection."""
    sock = listen("127.0.0.1", 0)
    port: int = sock.getsockname()[1]
    sock.close()
    failure = await failing(wire, get(port), watch)
    assert failure.outcome is Outcome.REFUSED
    assert watch.where is Phase.CONNECT
    assert Phase.CONNECT not in watch.phases


async def test_giving_up_says_where_and_closes_the_connection(wire: Wire, watch: Stopwatch) -> None:
    """Who runs out of time gets all sockets closed, and the stopwatch knows the phase."""
    gone: list[bytes] = []

    def script(sock: socket.socket) -> None:
        read_request(sock)
        gone.append(sock.recv(1))

    with peer(script) as other:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.send(get(other.port), watch, PLAIN)
        await asyncio.sleep(0.05)
    assert watch.where is Phase.WAIT
    assert gone == [b""]
    gc.collect()  # a socket left open would be a ResourceWarning, and fail


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", "http://127.0.0.1:1/", headers={"X": "a\r\nEvil: 1"}),
        httpx.Request("GET", "http://127.0.0.1:1/", headers=[(b"X: a\r\nEvil", b"1")]),
        httpx.Request("GET /evil HTTP/1.1\r\nX: 1\r\n\r\n", "http://127.0.0.1:1/"),
        httpx.Request("GET", "ftp://127.0.0.1:1/"),
    ],
)
async def test_what_could_be_read_as_another_request_is_not_sent(
    wire: Wire, watch: Stopwatch, request_: httpx.Request
) -> None:
    """Line breaks in what we send are refused before a connection is opened; the fault is the customer's."""
    for route in (PLAIN, Route(http2=True)):
        with pytest.raises(ProbeFailed) as caught:
            await wire.send(request_, watch, route)
        assert caught.value.outcome is Outcome.INVALID


async def test_an_address_of_the_other_family_is_refused(wire: Wire, watch: Stopwatch) -> None:
    """A literal IPv4 address cannot be reached by IPv6, and we do not try."""
    with pytest.raises(ProbeFailed) as caught:
        await wire.send(get(1), watch, Route(family=Family.IPV6))
    assert caught.value.outcome is Outcome.INVALID


async def test_interim_answers_are_passed_over(wire: Wire, watch: Stopwatch) -> None:
    """The wait lasts until the final answer begins."""
    with peer(answering(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK, delay=0.03)) as other:
        answer = await wire.send(get(other.port), watch, PLAIN)
    assert answer.status_code == 200
    assert "link" not in answer.headers
    assert watch.phases[Phase.WAIT] > 0.055


async def test_an_answer_without_a_length_ends_with_its_connection(wire: Wire, watch: Stopwatch) -> None:
    """What HTTP/1.0 servers do is a whole answer."""
    with peer(answering(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as other:
        answer = await wire.send(get(other.port), watch, PLAIN)
    assert answer.text == "all of it"
    assert watch.facts[Fact.HTTP_VERSION] == 1.0


async def test_a_head_request_has_no_body_to_wait_for(wire: Wire, watch: Stopwatch) -> None:
    """The announced length is of what GET would have brought."""
    with peer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", close=False)) as other:
        answer = await wire.send(httpx.Request("HEAD", f"http://127.0.0.1:{other.port}/"), watch, PLAIN)
    assert answer.status_code == 200
    assert answer.content == b""


async def test_a_long_request_is_sent_whole(wire: Wire, watch: Stopwatch) -> None:
    """A body that fills the kernel's buffers waits for room, which only the loop can time."""
    size = 8 << 20
    got: list[int] = []

    def script(sock: socket.socket) -> None:
        time.sleep(0.05)
        got.append(len(read_request(sock).partition(b"\r\n\r\n")[2]))
        sock.sendall(OK)

    with peer(script) as other:
        request = httpx.Request("POST", f"http://127.0.0.1:{other.port}/", content=b"x" * size)
        await wire.send(request, watch, PLAIN)
    assert got == [size]
    assert watch.source is ClockSource.LOOP


async def test_given_transports_are_mapped_like_the_wire(watch: Stopwatch) -> None:
    """For tests of the floors above: answers of a mock pass, its exceptions become outcomes."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/slow":
            raise httpx.ReadTimeout("slow")
        return httpx.Response(418, text="tea")

    wire = Wire(RealClock(), Meter(), transport=httpx.MockTransport(handler))
    answer = await wire.send(get(1), watch, PLAIN)
    assert (answer.status_code, answer.text) == (418, "tea")
    assert watch.facts[Fact.STATUS_CODE] == 418
    with pytest.raises(ProbeFailed) as caught:
        await wire.send(get(1, "/slow"), watch, PLAIN)
    assert caught.value.outcome is Outcome.TIMEOUT


async def test_a_bundle_that_cannot_be_read_is_the_operators_fault(
    wire: Wire, watch: Stopwatch, tmp_path: Path
) -> None:
    """No vendor is blamed for a missing file."""
    for text in (None, "no certificate"):
        path = tmp_path / "ca.pem"
        if text is not None:
            path.write_text(text, "utf-8")
        with pytest.raises(ProbeFailed) as caught:
            await wire.send(httpx.Request("GET", "https://127.0.0.1:1/"), watch, Route(trust=Trust(ca_bundle=path)))
        assert caught.value.outcome is Outcome.INVALID
        assert str(path) in caught.value.detail


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_coded_body_is_read_within_the_limit(wire: Wire, watch: Stopwatch, coding: str) -> None:
    """A small answer that swells to a large one is not read to its end."""
    compressor = zlib.compressobj(9, wbits=31 if coding == "gzip" else -15)

    def coded(body: bytes) -> bytes:
        packed = compressor.copy()
        data = packed.compress(body) + packed.flush()
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
        return head % (coding.encode(), len(data)) + data

    with peer(answering(coded(b"hello"))) as other:
        answer = await wire.send(get(other.port), watch, PLAIN)
    assert answer.text == "hello"
    with peer(answering(coded(b"\0" * 5_000_000))) as other:
        failure = await failing(wire, get(other.port), watch, limit=100_000)
    assert failure.outcome is Outcome.UNEXPECTED
    spoilt = coded(b"hello").replace(coding.encode(), b"gzip")[:-1] + b"?"
    with peer(answering(spoilt)) as other:
        failure = await failing(wire, get(other.port), watch)
    assert failure.outcome is Outcome.VENDOR_ERROR
