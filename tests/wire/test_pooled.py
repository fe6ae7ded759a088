"""HTTP/2 and proxies: httpx's own transport, measured on our connections."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import trustme

from probe.model.clock import ClockSource
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Connection, Fact, Stopwatch
from probe.wire import ProxyRefused, RealClock, Route, Trust, Wire
from tests.wire.conftest import server_side
from tests.wire.peers import OK, Script, answering, peer, read_request, serving

DELAY = 0.03


def speaking_h2(sock: socket.socket) -> None:
    """Answer every stream of an HTTP/2 connection after a while, its body later than its head."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    sock.sendall(connection.data_to_send())
    while data := sock.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.StreamEnded) and event.stream_id:
                time.sleep(DELAY)
                connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/plain")])
                sock.sendall(connection.data_to_send())
                time.sleep(DELAY)
                connection.send_data(event.stream_id, b"hello", end_stream=True)
        sock.sendall(connection.data_to_send())


def speaking_nonsense(sock: socket.socket) -> None:
    """Answer with a frame of data that belongs to no stream."""
    sock.recv(65536)
    sock.sendall(b"\0\0\1\0\0\0\0\0\0x")
    while sock.recv(65536):
        pass


def passing_on(port: int, *, verdict: bytes = b"200 Connection established", delay: float = 0.0) -> Script:
    """A proxy that lets everybody through to *port*, or does not."""

    def script(sock: socket.socket) -> None:
        asked = read_request(sock)
        assert asked.startswith(b"CONNECT ")
        time.sleep(delay)
        sock.sendall(b"HTTP/1.1 " + verdict + b"\r\n\r\n")
        if not verdict.startswith(b"200"):
            return
        with socket.create_connection(("127.0.0.1", port)) as other:
            sock.settimeout(0.01)
            other.settimeout(0.01)
            _shovel(sock, other)

    return script


def _shovel(one: socket.socket, other: socket.socket) -> None:
    while True:
        for source, sink in ((one, other), (other, one)):
            try:
                data = source.recv(65536)
            except TimeoutError:
                continue
            if not data:
                return
            sink.sendall(data)


@pytest.fixture(scope="module")
def h2_tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server that speaks HTTP/2."""
    return server_side(authority.issue_cert("localhost", "127.0.0.1"), "h2")


@pytest.fixture
def route(trusting: Route) -> Route:
    """A route that offers HTTP/2."""
    return Route(trust=trusting.trust, http2=True)


@pytest.fixture
def h2_port(h2_tls: ssl.SSLContext) -> Iterator[int]:
    """The port of a peer that speaks HTTP/2."""
    with peer(speaking_h2, tls=h2_tls) as other:
        yield other.port


def get(port: int, scheme: str = "https") -> httpx.Request:
    """A request to a peer on loopback."""
    return httpx.Request("GET", f"{scheme}://127.0.0.1:{port}/")


async def test_http2_has_all_phases(wire: Wire, watch: Stopwatch, route: Route, h2_port: int) -> None:
    """Connect and tls as everywhere; the wait ends with the answer's head, the transfer with its last byte."""
    answer = await wire.send(get(h2_port), watch, route)
    assert answer.text == "hello"
    assert watch.facts[Fact.HTTP_VERSION] == 2.0
    assert set(watch.phases) == {Phase.CONNECT, Phase.TLS, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert DELAY * 0.9 < watch.phases[Phase.WAIT] < DELAY + 0.1
    assert DELAY * 0.9 < watch.phases[Phase.TRANSFER] < DELAY + 0.1
    assert watch.source is ClockSource.KERNEL


async def test_a_stalled_loop_is_not_in_the_phases_of_http2(
    wire: Wire, watch: Stopwatch, route: Route, h2_port: int
) -> None:
    """The stamps are the kernel's here, too; head and body that lie in wait together count as the later one."""
    await wire.prepare(route.trust)
    asyncio.get_running_loop().call_later(DELAY / 2, time.sleep, 0.4)
    await wire.send(get(h2_port), watch, route)
    assert sum(watch.phases.values()) < 0.3


async def test_requests_side_by_side_have_a_connection_each(wire: Wire, route: Route, h2_port: int) -> None:
    """Streams of one connection would wait for each other."""
    watches = [Stopwatch(RealClock()) for _ in range(3)]
    await asyncio.gather(*(wire.send(get(h2_port), watch, route) for watch in watches))
    assert all(watch.connection is Connection.NEW for watch in watches)
    assert all(Phase.TLS in watch.phases for watch in watches)


async def test_an_http2_connection_is_kept_where_the_route_says_so(wire: Wire, route: Route, h2_port: int) -> None:
    """The second request finds it open."""
    kept = Route(trust=route.trust, http2=True, keep=True)
    first, second = Stopwatch(RealClock()), Stopwatch(RealClock())
    await wire.send(get(h2_port), first, kept)
    await wire.send(get(h2_port), second, kept)
    assert first.connection is Connection.NEW
    assert second.connection is Connection.REUSED
    assert set(second.phases) == {Phase.SEND, Phase.WAIT, Phase.TRANSFER}


async def test_who_does_not_speak_http2_is_spoken_to_in_http1(
    wire: Wire, watch: Stopwatch, route: Route, good: ssl.SSLContext
) -> None:
    """It is an offer."""
    with peer(answering(OK), tls=good) as other:
        await wire.send(get(other.port), watch, route)
    assert watch.facts[Fact.HTTP_VERSION] == 1.1


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        pytest.param(lambda sock: sock.recv(1), Outcome.BROKEN, id="hung up"),
        pytest.param(speaking_nonsense, Outcome.VENDOR_ERROR, id="not HTTP/2"),
    ],
)
async def test_broken_http2_has_a_word(
    wire: Wire, watch: Stopwatch, route: Route, h2_tls: ssl.SSLContext, script: Script, outcome: Outcome
) -> None:
    """The same words as for HTTP/1.1."""
    with peer(script, tls=h2_tls) as other, pytest.raises(ProbeFailed) as caught:
        await wire.send(get(other.port), watch, route)
    assert caught.value.outcome is outcome, caught.value.detail


async def test_trust_and_refusal_mean_the_same_over_httpx(
    wire: Wire, watch: Stopwatch, route: Route, unknown: ssl.SSLContext
) -> None:
    """Our connections raise our own words, which httpx passes on as they are."""
    with peer(serving(OK), tls=unknown) as other:
        with pytest.raises(ProbeFailed) as caught:
            await wire.send(get(other.port), watch, route)
        port = other.port
    assert caught.value.outcome is Outcome.UNTRUSTED
    assert Fact.CERTIFICATE_EXPIRY in watch.facts
    with pytest.raises(ProbeFailed) as caught:
        await wire.send(get(port), watch, route)
    assert caught.value.outcome is Outcome.REFUSED


async def test_a_long_body_is_not_read_over_httpx_either(
    wire: Wire, watch: Stopwatch, route: Route, h2_port: int
) -> None:
    """The limit holds for every route."""
    with pytest.raises(ProbeFailed) as caught:
        await wire.send(get(h2_port), watch, route, limit=4)
    assert caught.value.outcome is Outcome.UNEXPECTED


async def test_plain_http_goes_through_a_proxy(wire: Wire, watch: Stopwatch) -> None:
    """The connection is the proxy's, the rest is the exchange."""
    with peer(answering(OK, delay=DELAY)) as proxy:
        request = httpx.Request("GET", "http://somewhere.test/")
        answer = await wire.send(request, watch, Route(proxy=f"http://127.0.0.1:{proxy.port}"))
    assert answer.text == "hi"
    assert set(watch.phases) == {Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert watch.phases[Phase.WAIT] > DELAY * 0.9


async def test_being_let_through_a_proxy_is_part_of_connecting(
    wire: Wire, watch: Stopwatch, good: ssl.SSLContext, trusting: Route
) -> None:
    """Its answer to CONNECT is neither sending nor waiting."""
    with peer(answering(OK), tls=good) as other, peer(passing_on(other.port, delay=0.1)) as proxy:
        route = Route(trust=trusting.trust, proxy=f"http://127.0.0.1:{proxy.port}")
        answer = await wire.send(get(other.port), watch, route)
    assert answer.text == "hi"
    assert set(watch.phases) == {Phase.CONNECT, Phase.TLS, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert 0.09 < watch.phases[Phase.CONNECT] < 0.4
    assert watch.phases[Phase.WAIT] < 0.09


async def test_a_proxy_may_speak_tls(wire: Wire, watch: Stopwatch, good: ssl.SSLContext, trusting: Route) -> None:
    """Its own handshake is part of connecting to whom it leads to."""
    with peer(answering(OK), tls=good) as other, peer(passing_on(other.port), tls=good) as proxy:
        route = Route(trust=trusting.trust, proxy=f"https://127.0.0.1:{proxy.port}")
        answer = await wire.send(get(other.port), watch, route)
    assert answer.text == "hi"
    assert set(watch.phases) == {Phase.CONNECT, Phase.TLS, Phase.SEND, Phase.WAIT, Phase.TRANSFER}


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (b"407 Proxy Authentication Required", Outcome.DENIED),
        (b"502 Bad Gateway", Outcome.REFUSED),
        (b"504 Gateway Timeout", Outcome.TIMEOUT),
        (b"418 No", Outcome.NETWORK),
    ],
)
async def test_what_the_proxy_says_is_not_what_the_peer_says(
    wire: Wire, watch: Stopwatch, trusting: Route, verdict: bytes, outcome: Outcome
) -> None:
    """A gateway's error tells of the peer; any other is between us and the proxy."""
    with peer(passing_on(1, verdict=verdict)) as proxy:
        route = Route(trust=trusting.trust, proxy=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ProbeFailed) as caught:
            await wire.send(get(1), watch, route)
    assert caught.value.outcome is outcome
    assert watch.where is Phase.CONNECT


async def test_a_proxy_that_is_down_is_our_own_network(wire: Wire, watch: Stopwatch, trusting: Route) -> None:
    """No vendor answers for it."""
    with peer(serving(OK)) as proxy:
        port = proxy.port
    for scheme in ("http", "https"):
        with pytest.raises(ProbeFailed) as caught:
            await wire.send(get(1, scheme), watch, Route(trust=trusting.trust, proxy=f"http://127.0.0.1:{port}"))
        assert caught.value.outcome is Outcome.NETWORK


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "127.0.0.1:3128", "http://"])
def test_other_proxies_are_refused_by_name(proxy: str) -> None:
    """Before anything is sent past them."""
    with pytest.raises(ProxyRefused, match="only http:// and https://"):
        Route(proxy=proxy, trust=Trust())
