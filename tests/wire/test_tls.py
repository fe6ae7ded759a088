"""TLS: what a handshake tells, and whose certificate is not believed."""

import asyncio
import datetime as dt
import socket
import ssl
import time
from pathlib import Path

import httpx
import pytest
import trustme

from probe.model.clock import ClockSource
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.wire import Route, ServerTls, Trust, Wire, listen, serve, server_context
from tests.wire.conftest import server_side
from tests.wire.peers import OK, answering, peer, reset

_2020 = dt.datetime(2020, 1, 2, tzinfo=dt.UTC).timestamp()


def quiet(sock: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    sock.recv(1)


async def test_https_has_a_tls_phase_and_its_facts(
    wire: Wire, watch: Stopwatch, good: ssl.SSLContext, trusting: Route
) -> None:
    """The handshake is measured apart; version and expiry are noted."""
    with peer(answering(OK, delay=0.02), tls=good) as other:
        answer = await wire.send(httpx.Request("GET", f"https://127.0.0.1:{other.port}/"), watch, trusting)
    assert answer.text == "hi"
    assert set(watch.phases) == {Phase.CONNECT, Phase.TLS, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert watch.facts[Fact.TLS_VERSION] == "TLSv1.3"
    assert float(watch.facts[Fact.CERTIFICATE_EXPIRY]) > time.time()
    assert watch.source is ClockSource.KERNEL


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_handshake_tells_of_version_certificate_and_chain(
    wire: Wire, watch: Stopwatch, authority: trustme.CA, trusting: Route, version: ssl.TLSVersion
) -> None:
    """Expiry of the peer's own certificate and of the first in the chain that it shows, with either version."""
    soon = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=10)
    leaf = authority.create_child_ca().issue_cert("localhost", "127.0.0.1", not_after=soon, organization_name="Us")
    context = server_side(leaf)
    context.maximum_version = version
    with peer(quiet, tls=context) as other:
        seen = await wire.handshake("localhost", other.port, watch, trusting)
    assert seen.version == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    assert seen.expiry == soon.timestamp()
    assert seen.chain_expiry == soon.timestamp()
    assert seen.names == ("localhost", "127.0.0.1")
    assert "O=Us" in seen.subject
    assert "trustme" in seen.issuer
    assert seen.cipher
    assert set(watch.phases) == {Phase.CONNECT, Phase.TLS}
    assert watch.facts[Fact.CHAIN_EXPIRY] == soon.timestamp()


async def test_an_intermediate_may_be_the_first_to_end(wire: Wire, watch: Stopwatch) -> None:
    """The chain's expiry is the earliest in it, not the leaf's."""
    root = trustme.CA()
    leaf = root.create_child_ca().issue_cert("localhost")
    context = server_side(leaf)
    with peer(quiet, tls=context) as other:
        seen = await wire.handshake("localhost", other.port, watch, Route(trust=Trust(verify=False)))
    assert seen.chain_expiry <= seen.expiry
    assert len(leaf.cert_chain_pems) == 2


@pytest.mark.parametrize(
    ("fixture", "words"),
    [("expired", "expired"), ("misnamed", "mismatch"), ("unknown", "self-signed certificate|unable to get|issuer")],
)
async def test_a_certificate_that_is_not_believed_is_untrusted(
    wire: Wire, watch: Stopwatch, request: pytest.FixtureRequest, trusting: Route, fixture: str, words: str
) -> None:
    """Expired, for another host, signed by nobody we know: untrusted, in the phase tls, with the expiry noted."""
    with peer(quiet, tls=request.getfixturevalue(fixture)) as other, pytest.raises(ProbeFailed, match=words) as caught:
        await wire.handshake("localhost", other.port, watch, trusting)
    assert caught.value.outcome is Outcome.UNTRUSTED
    assert watch.where is Phase.TLS
    assert Phase.TLS not in watch.phases
    if fixture == "expired":
        assert watch.facts[Fact.CERTIFICATE_EXPIRY] == _2020


async def test_whom_not_to_verify_is_believed_but_looked_at(
    wire: Wire, watch: Stopwatch, expired: ssl.SSLContext
) -> None:
    """Without verification the handshake succeeds and the expiry is still told."""
    with peer(quiet, tls=expired) as other:
        seen = await wire.handshake("localhost", other.port, watch, Route(trust=Trust(verify=False)))
    assert seen.expiry == _2020


async def test_the_system_does_not_know_our_authority(wire: Wire, watch: Stopwatch, good: ssl.SSLContext) -> None:
    """A bundle of one's own counts for the routes that name it, and for no other."""
    with peer(quiet, tls=good) as other, pytest.raises(ProbeFailed) as caught:
        await wire.handshake("localhost", other.port, watch, Route())
    assert caught.value.outcome is Outcome.UNTRUSTED


async def test_another_name_can_be_asked_for(
    wire: Wire, watch: Stopwatch, misnamed: ssl.SSLContext, trusting: Route
) -> None:
    """The server's name may differ from the host that is connected to."""
    with peer(quiet, tls=misnamed) as other:
        seen = await wire.handshake("127.0.0.1", other.port, watch, trusting, server_name="elsewhere.example")
    assert seen.names == ("elsewhere.example",)


async def test_who_speaks_no_tls_is_untrusted(wire: Wire, watch: Stopwatch, trusting: Route) -> None:
    """A plain answer to a greeting is a matter of TLS."""

    def script(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with peer(script) as other, pytest.raises(ProbeFailed) as caught:
        await wire.handshake("127.0.0.1", other.port, watch, trusting)
    assert caught.value.outcome is Outcome.UNTRUSTED


@pytest.mark.parametrize("how", ["closed", "reset"])
async def test_hanging_up_in_the_handshake_is_broken(wire: Wire, watch: Stopwatch, trusting: Route, how: str) -> None:
    """No certificate was seen, so none was refused."""

    def script(sock: socket.socket) -> None:
        sock.recv(4096)
        if how == "reset":
            reset(sock)

    with peer(script) as other, pytest.raises(ProbeFailed) as caught:
        await wire.handshake("127.0.0.1", other.port, watch, trusting)
    assert caught.value.outcome is Outcome.BROKEN
    assert watch.where is Phase.TLS


async def test_an_answer_cut_off_below_tls_is_broken(
    wire: Wire, watch: Stopwatch, good: ssl.SSLContext, trusting: Route
) -> None:
    """Without a goodbye, an answer that ends with its connection may have been cut by anybody."""
    with (
        peer(answering(b"HTTP/1.0 200 OK\r\n\r\nhalf of"), tls=good) as other,
        pytest.raises(ProbeFailed) as caught,
    ):
        await wire.send(httpx.Request("GET", f"https://127.0.0.1:{other.port}/"), watch, trusting)
    assert caught.value.outcome is Outcome.BROKEN


async def test_a_name_that_cannot_be_is_invalid(wire: Wire, watch: Stopwatch, trusting: Route) -> None:
    """Nobody is asked to prove an impossible name."""
    sock = listen("127.0.0.1", 0)
    with sock, pytest.raises(ProbeFailed) as caught:
        await wire.handshake("127.0.0.1", sock.getsockname()[1], watch, trusting, server_name="a" * 70)
    assert caught.value.outcome is Outcome.INVALID


async def test_we_can_serve_tls(wire: Wire, watch: Stopwatch, authority: trustme.CA, trusting: Route) -> None:
    """A certificate and key in memory are enough for a server, which can be held to one version."""
    leaf = authority.issue_cert("localhost")
    tls: ServerTls = server_context(
        b"".join(pem.bytes() for pem in leaf.cert_chain_pems), leaf.private_key_pem.bytes(), version="TLSv1.2"
    )
    sock = listen("127.0.0.1", 0)
    port: int = sock.getsockname()[1]

    async def handler(connection: object) -> None:
        await connection.read()  # type: ignore[attr-defined]  # a ServedConnection

    serving = await serve(sock, handler, tls=tls)
    seen = await wire.handshake("localhost", port, watch, trusting)
    await serving.stop()
    assert seen.version == "TLSv1.2"


def test_contexts_are_shared(bundle: Path) -> None:
    """Who trusts alike is equal, so that one context serves all."""
    assert Trust(ca_bundle=bundle) == Trust(ca_bundle=bundle)
    assert hash(Route(trust=Trust(ca_bundle=bundle))) == hash(Route(trust=Trust(ca_bundle=bundle)))


async def test_a_stalled_loop_does_not_lengthen_the_tls_phase(
    wire: Wire, watch: Stopwatch, good: ssl.SSLContext, trusting: Route
) -> None:
    """What counts is, flight by flight, from our last byte to the arrival of theirs."""
    await wire.prepare(trusting.trust)

    def script(sock: socket.socket) -> None:
        time.sleep(0.03)
        answering(OK, delay=0.05)(sock)

    loop = asyncio.get_running_loop()
    with peer(script, tls=good) as other:
        for turn in range(12):  # a stall in whatever the exchange waits for
            loop.call_later(turn * 0.005, time.sleep, 0.03)
        await wire.send(httpx.Request("GET", f"https://127.0.0.1:{other.port}/"), watch, trusting)
    assert watch.phases[Phase.TLS] < 0.025
    assert 0.045 < watch.phases[Phase.WAIT] < 0.15
    assert watch.source is ClockSource.KERNEL


async def test_what_is_expected_is_built_before_anybody_waits_for_it(wire: Wire, tmp_path: Path) -> None:
    """The system's authorities take tens of milliseconds, which are no run's; a bad bundle is told by its run."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    wire.expect(Trust())
    wire.expect(Trust(broken))
    await wire.ready()
    with pytest.raises(ProbeFailed):
        await wire.prepare(Trust(broken))
