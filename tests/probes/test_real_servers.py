"""The kinds of endpoint probes against real servers on loopback, through the runner and the real wire."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import dns.message
import dns.rcode
import dns.rrset
import pytest
import trustme

from probe.engine.runner import Runner
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Fact
from probe.probes.dns import DnsProbe
from probe.probes.http import HttpProbe
from probe.probes.kind import Kind, Surroundings
from probe.probes.tcp import TcpProbe
from probe.probes.tls import TlsProbe
from probe.wire import Handler, RealClock, ServedConnection, ServerTls, Wire, listen, serve, server_context
from tests.fakes.probes import own

LOCAL = "127.0.0.1"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """The real wire."""
    made = Wire(RealClock(), Meter())
    yield made
    await made.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Somebody who signs."""
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA) -> Iterator[Path]:
    """That somebody's certificate as a file."""
    with authority.cert_pem.tempfile() as path:
        yield Path(path)


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ServerTls:
    """What a server on loopback shows."""
    leaf = authority.issue_cert(LOCAL, "localhost")
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    return server_context(chain, leaf.private_key_pem.bytes())


async def run(
    kind: type[Kind], wire: Wire, options: dict[str, object], place: dict[str, object], *, deadline: float = 5.0
) -> Measurement:
    """What one run of *kind* is told as."""
    assert kind.Place is not None
    surroundings = Surroundings(RealClock(), wire)
    built = kind.build(kind.Options.model_validate(options), kind.Place.model_validate(place), surroundings)
    job = Job(probe=built, target=own("a"), every=15.0, deadline=deadline)
    ended = await Runner(RealClock(), []).run(job, RealClock().wall())
    assert isinstance(ended, Measurement)
    return ended


async def answer(connection: ServedConnection) -> None:
    """Say that all is well, as JSON, after 50 ms."""
    await connection.read()
    await asyncio.sleep(0.05)
    body = b'{"status": "up"}'
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def hang_up(connection: ServedConnection) -> None:
    """Say nothing."""
    await connection.read(1)


@asynccontextmanager
async def server(handler: Handler, tls: ServerTls | None = None) -> AsyncIterator[int]:
    """A server on a free port of loopback."""
    sock = listen(LOCAL, 0)
    port: int = sock.getsockname()[1]
    serving = await serve(sock, handler, tls=tls)
    yield port
    await serving.stop()


async def test_http_measures_a_real_answer(wire: Wire) -> None:
    """Phases, facts and assertions of one exchange."""
    async with server(answer) as port:
        measured = await run(HttpProbe, wire, {"assertion": "status == 'up'"}, {"url": f"http://{LOCAL}:{port}/"})
    assert (measured.outcome, measured.detail) == (Outcome.OK, "")
    assert measured.phases[Phase.WAIT] == pytest.approx(0.05, abs=0.03)
    assert Phase.TLS not in measured.phases
    assert measured.facts[Fact.STATUS_CODE] == 200


async def test_http_over_tls_trusts_whom_it_is_told(wire: Wire, certificate: ServerTls, bundle: Path) -> None:
    """With the authority's bundle it is ok, with the system's it is untrusted."""
    async with server(answer, certificate) as port:
        place: dict[str, object] = {"url": f"https://{LOCAL}:{port}/"}
        trusted = await run(HttpProbe, wire, {"ca_bundle": str(bundle)}, place)
        untrusted = await run(HttpProbe, wire, {}, place)
    assert (trusted.outcome, trusted.detail) == (Outcome.OK, "")
    assert trusted.phases[Phase.TLS] > 0
    assert (untrusted.outcome, untrusted.phase) == (Outcome.UNTRUSTED, Phase.TLS)


async def test_http_that_is_never_answered_is_a_timeout_in_wait(wire: Wire) -> None:
    """The runner's deadline, the wire's phase."""

    async def silent(connection: ServedConnection) -> None:
        await connection.read()
        await asyncio.sleep(30)

    async with server(silent) as port:
        measured = await run(HttpProbe, wire, {}, {"url": f"http://{LOCAL}:{port}/"}, deadline=0.2)
    assert (measured.outcome, measured.phase) == (Outcome.TIMEOUT, Phase.WAIT)


async def test_tcp_tells_an_open_port_from_a_closed_one(wire: Wire) -> None:
    """Ok, and refused."""
    async with server(hang_up) as port:
        opened = await run(TcpProbe, wire, {}, {"host": LOCAL, "port": port})
    closed = await run(TcpProbe, wire, {}, {"host": LOCAL, "port": port})
    assert (opened.outcome, list(opened.phases)[-1]) == (Outcome.OK, Phase.CONNECT)
    assert (closed.outcome, closed.phase) == (Outcome.REFUSED, Phase.CONNECT)


async def test_tls_judges_a_real_certificate(wire: Wire, certificate: ServerTls, bundle: Path) -> None:
    """Trust is the wire's; names and days are the options'."""
    async with server(hang_up, certificate) as port:
        place: dict[str, object] = {"host": LOCAL, "port": port}
        good = await run(
            TlsProbe, wire, {"ca_bundle": str(bundle), "names": "localhost", "min_version": "TLSv1.3"}, place
        )
        unknown = await run(TlsProbe, wire, {}, place)
        named = await run(TlsProbe, wire, {"ca_bundle": str(bundle), "names": "shop.example"}, place)
        short = await run(TlsProbe, wire, {"ca_bundle": str(bundle), "min_days": 1_000_000}, place)
    assert (good.outcome, good.detail) == (Outcome.OK, "")
    assert good.facts[Fact.TLS_VERSION] == "TLSv1.3"
    assert unknown.outcome is Outcome.UNTRUSTED
    assert named.outcome is Outcome.UNEXPECTED
    assert short.outcome is Outcome.UNEXPECTED


class NameServer(asyncio.DatagramProtocol):
    """Knows one name; never answers for `silent.example`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text()
        if name == "silent.example.":
            return
        reply = dns.message.make_response(query)
        if name == "shop.example.":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.10"))
        else:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@pytest.mark.parametrize(
    ("query", "options", "expected", "phase"),
    [
        ("shop.example", {"answers": "192.0.2.10"}, Outcome.OK, None),
        ("shop.example", {"answers": "192.0.2.11"}, Outcome.UNEXPECTED, Phase.WAIT),
        ("gone.example", {}, Outcome.UNEXPECTED, Phase.WAIT),
        ("gone.example", {"rcode": "NXDOMAIN"}, Outcome.OK, None),
        ("silent.example", {}, Outcome.TIMEOUT, Phase.WAIT),
    ],
)
async def test_dns_judges_a_real_answer(
    wire: Wire, query: str, options: dict[str, object], expected: Outcome, phase: Phase | None
) -> None:
    """No answer is a timeout, a wrong one unexpected."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=(LOCAL, 0))
    host, port = transport.get_extra_info("sockname")
    measured = await run(DnsProbe, wire, options, {"query": query, "server": f"{host}:{port}"}, deadline=0.3)
    transport.close()
    assert (measured.outcome, measured.phase) == (expected, phase)
