"""The name server, asked by dnspython."""

from collections.abc import AsyncIterator

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import pytest

from probe.sandbox import Fault, FaultKind, Weather
from probe.sandbox.faults import Faults
from probe.sandbox.nameserver import NameServer
from probe.wire import RealClock


@pytest.fixture
def faults() -> Faults:
    """What goes wrong with it."""
    return Faults(RealClock(), "s", lambda: Weather.GOOD)


@pytest.fixture
async def server(faults: Faults) -> AsyncIterator[NameServer]:
    """A running name server."""
    made = NameServer(RealClock(), faults)
    await made.start()
    yield made
    await made.stop()


async def ask(server: NameServer, name: str, kind: str = "A", *, tcp: bool = False) -> dns.message.Message:
    """One question, without patience."""
    query = dns.message.make_query(name, kind)
    transport = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await transport(query, "127.0.0.1", timeout=0.4, port=server.port)


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize(
    ("name", "kind", "answers"),
    [
        ("shop.sandbox.test", "A", ["192.0.2.10", "192.0.2.11"]),
        ("SHOP.sandbox.test", "AAAA", ["2001:db8::10"]),
        ("shop.sandbox.test", "MX", ["10 mail.sandbox.test."]),
        ("www.sandbox.test", "A", ["shop.sandbox.test.", "192.0.2.10", "192.0.2.11"]),
        ("shop.sandbox.test", "CAA", []),
    ],
)
async def test_it_knows_its_zone(server: NameServer, name: str, kind: str, answers: list[str], *, tcp: bool) -> None:
    """By UDP and by TCP; an alias is followed."""
    answer = await ask(server, name, kind, tcp=tcp)
    assert answer.rcode() == dns.rcode.NOERROR
    assert sorted(record.to_text() for group in answer.answer for record in group) == sorted(answers)


async def test_it_tells_what_does_not_exist_from_what_is_not_its_own(server: NameServer) -> None:
    """NXDOMAIN inside of the zone, REFUSED outside."""
    assert (await ask(server, "no.sandbox.test")).rcode() == dns.rcode.NXDOMAIN
    assert (await ask(server, "example.org")).rcode() == dns.rcode.REFUSED


async def test_it_fails_drops_and_dawdles(server: NameServer, faults: Faults) -> None:
    """SERVFAIL; silence; an answer that is late; one that cannot be read."""
    faults.inject(Fault(kind=FaultKind.ERROR, count=1))
    assert (await ask(server, "shop.sandbox.test")).rcode() == dns.rcode.SERVFAIL
    faults.inject(Fault(kind=FaultKind.HANG, count=1))
    with pytest.raises(dns.exception.Timeout):
        await ask(server, "shop.sandbox.test")
    faults.inject(Fault(kind=FaultKind.SLOW, seconds=0.2, count=1))
    assert 0.2 <= (await ask(server, "shop.sandbox.test")).time < 0.4
    faults.inject(Fault(kind=FaultKind.MALFORMED, count=1))
    with pytest.raises(dns.exception.DNSException):
        await ask(server, "shop.sandbox.test", tcp=True)


async def test_nonsense_is_not_answered(server: NameServer) -> None:
    """And does no harm."""
    assert await server.answer(b"nonsense") is None
    assert (await ask(server, "shop.sandbox.test")).rcode() == dns.rcode.NOERROR
