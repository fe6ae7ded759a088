"""What a connection, a handshake and a name server's answer are judged as."""

from dataclasses import replace

import pytest
from pydantic import BaseModel, ValidationError

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch
from probe.probes.dns import DnsOptions, DnsPlace, DnsProbe
from probe.probes.kind import Surroundings
from probe.probes.tcp import TcpOptions, TcpPlace, TcpProbe
from probe.probes.tls import TlsOptions, TlsPlace, TlsProbe
from probe.wire import DnsAnswer
from tests.fakes.clock import FakeClock
from tests.fakes.probes import own
from tests.fakes.wire import FakeWire

DAY = 86_400.0
CLOCK = FakeClock()


@pytest.fixture
def wire() -> FakeWire:
    """A wire that a test can tell what to say."""
    return FakeWire(CLOCK)


async def outcome(built: TcpProbe | TlsProbe | DnsProbe) -> Outcome:
    """What one run ends as."""
    try:
        await built.run(own("a"), Stopwatch(CLOCK))
    except ProbeFailed as failed:
        return failed.outcome
    return Outcome.OK


def tcp(wire: FakeWire, **options: object) -> TcpProbe:
    """A probe of a port."""
    place = TcpPlace(host="db.example", port=5432)
    return TcpProbe.build(TcpOptions.model_validate(options), place, Surroundings(CLOCK, wire))


def tls(wire: FakeWire, **options: object) -> TlsProbe:
    """A probe of a TLS peer."""
    place = TlsPlace.model_validate({"host": "a.example"})
    return TlsProbe.build(TlsOptions.model_validate(options), place, Surroundings(CLOCK, wire))


def dns(wire: FakeWire, **options: object) -> DnsProbe:
    """A probe of a name server."""
    place = DnsPlace.model_validate({"query": "shop.example", "server": "192.0.2.53"})
    return DnsProbe.build(DnsOptions.model_validate(options), place, Surroundings(CLOCK, wire))


async def test_a_port_that_opens_is_ok(wire: FakeWire) -> None:
    """And what the wire says of one that does not, stands."""
    assert await outcome(tcp(wire)) is Outcome.OK
    assert wire.asked == [("knock", "db.example", 5432)]
    wire.failures = [ProbeFailed(Outcome.REFUSED, "closed")]
    assert await outcome(tcp(wire)) is Outcome.REFUSED


async def test_a_port_that_opens_too_slowly_is_unexpected(wire: FakeWire) -> None:
    """The latency is the wire's phases together."""
    assert await outcome(tcp(wire, max_latency="200ms")) is Outcome.OK
    assert await outcome(tcp(wire, max_latency="50ms")) is Outcome.UNEXPECTED


@pytest.mark.parametrize(
    ("options", "changes", "expected"),
    [
        ({}, {}, Outcome.OK),
        ({"min_days": 29}, {}, Outcome.OK),
        ({"min_days": 31}, {}, Outcome.UNEXPECTED),
        ({"min_days": 5}, {"chain_expiry": CLOCK.wall() + 2 * DAY}, Outcome.UNEXPECTED),
        ({"min_version": "TLSv1.2"}, {}, Outcome.OK),
        ({"min_version": "TLSv1.3"}, {"version": "TLSv1.2"}, Outcome.UNEXPECTED),
        ({"names": "A.example"}, {}, Outcome.OK),
        ({"names": ["a.example", "b.example"]}, {}, Outcome.UNEXPECTED),
        ({"max_latency": "50ms"}, {}, Outcome.UNEXPECTED),
    ],
)
async def test_a_peer_is_what_the_options_want(
    wire: FakeWire, options: dict[str, object], changes: dict[str, object], expected: Outcome
) -> None:
    """Expiry (of the whole chain), version and names are assertions of the configuration."""
    wire.peer = replace(wire.peer, **changes)  # type: ignore[arg-type]  # the table's promise
    assert await outcome(tls(wire, **options)) is expected


async def test_another_name_may_be_asked_for_than_the_host(wire: FakeWire) -> None:
    """The server name goes into the handshake."""
    await outcome(tls(wire, server_name="b.example"))
    assert wire.asked[0][:4] == ("handshake", "a.example", 443, "b.example")


A2 = ("192.0.2.11", "192.0.2.10")


@pytest.mark.parametrize(
    ("options", "answer", "expected"),
    [
        ({}, DnsAnswer("NOERROR", A2), Outcome.OK),
        ({}, DnsAnswer("NOERROR", ()), Outcome.UNEXPECTED),
        ({}, DnsAnswer("NXDOMAIN", ()), Outcome.UNEXPECTED),
        ({}, DnsAnswer("SERVFAIL", ()), Outcome.UNEXPECTED),
        ({"rcode": "nxdomain"}, DnsAnswer("NXDOMAIN", ()), Outcome.OK),
        ({"rcode": "NXDOMAIN"}, DnsAnswer("NOERROR", A2), Outcome.UNEXPECTED),
        ({"answers": ["192.0.2.10", "192.0.2.11"]}, DnsAnswer("NOERROR", A2), Outcome.OK),
        ({"answers": "192.0.2.10"}, DnsAnswer("NOERROR", A2), Outcome.UNEXPECTED),
        ({"answers": []}, DnsAnswer("NOERROR", ()), Outcome.OK),
        ({"contains": "192.0.2.10"}, DnsAnswer("NOERROR", A2), Outcome.OK),
        ({"contains": "192.0.2.12"}, DnsAnswer("NOERROR", A2), Outcome.UNEXPECTED),
        ({"regex": r"^192\.0\.2\."}, DnsAnswer("NOERROR", A2), Outcome.OK),
        ({"regex": r"\.10$"}, DnsAnswer("NOERROR", A2), Outcome.UNEXPECTED),
        ({"regex": r"\.10$"}, DnsAnswer("NOERROR", ()), Outcome.UNEXPECTED),
        ({"type": "CNAME", "answers": "Web.Example"}, DnsAnswer("NOERROR", ("web.example.",)), Outcome.OK),
        ({"type": "MX", "answers": "10 mx.example"}, DnsAnswer("NOERROR", ("10 mx.example.",)), Outcome.OK),
        ({"type": "TXT", "answers": "v=spf1 -all"}, DnsAnswer("NOERROR", ('"v=spf1 " "-all"',)), Outcome.OK),
        ({"type": "TXT", "answers": "V=SPF1"}, DnsAnswer("NOERROR", ('"v=spf1"',)), Outcome.UNEXPECTED),
        ({"max_latency": "50ms"}, DnsAnswer("NOERROR", A2), Outcome.UNEXPECTED),
    ],
)
async def test_a_wrong_answer_or_verdict_is_unexpected(
    wire: FakeWire, options: dict[str, object], answer: DnsAnswer, expected: Outcome
) -> None:
    """Answers are compared as people write them, in any order."""
    wire.answer = answer
    assert await outcome(dns(wire, **options)) is expected


async def test_the_question_is_what_the_options_say(wire: FakeWire) -> None:
    """Type, server and transport; how many records came back is a fact."""
    watch = Stopwatch(CLOCK)
    await dns(wire, type="aaaa", transport="tcp").run(own("a"), watch)
    assert wire.asked == [("ask", "shop.example", "AAAA", "192.0.2.53", "tcp")]
    assert watch.facts[Fact.ANSWERS] == 1.0


def test_answers_that_rule_each_other_out_are_complained_about() -> None:
    """What has to be among the answers has to be among exactly these answers."""
    options = DnsOptions.model_validate({"answers": ["192.0.2.1"], "contains": ["192.0.2.2"]})
    assert [path for path, _, _ in DnsProbe.complaints(options, None)] == [("contains",)]
    assert not DnsProbe.complaints(DnsOptions.model_validate({"contains": ["192.0.2.2"]}), None)


@pytest.mark.parametrize(
    ("model", "data", "sentence"),
    [
        (TcpPlace, {"host": "https://db.example", "port": 5432}, "without scheme"),
        (TcpPlace, {"host": "db.example:5432", "port": 5432}, "without scheme"),
        (TcpPlace, {"host": "", "port": 5432}, "must be a host name"),
        (TcpPlace, {"host": "db.example"}, "Field required"),
        (TcpPlace, {"host": "db.example", "port": 65536}, "less than or equal to 65535"),
        (TlsOptions, {"min_version": "TLSv1"}, "TLSv1.2"),
        (TlsOptions, {"min_days": -1}, "greater than or equal to 0"),
        (DnsOptions, {"type": "ANY"}, "Input should be 'A'"),
        (DnsOptions, {"rcode": "BADWORD"}, "Input should be 'NOERROR'"),
        (DnsOptions, {"transport": "https"}, "'udp' or 'tcp'"),
        (DnsPlace, {"query": "shop.example", "server": "192.0.2.53:dns"}, "names no port"),
        (DnsPlace, {"query": "shop.example", "server": "https://dns.example/"}, "must be a name server"),
        (DnsPlace, {"query": "not a name"}, "no host name"),
    ],
)
def test_what_cannot_be_probed_is_refused(model: type[BaseModel], data: dict[str, object], sentence: str) -> None:
    """With a sentence that says what is wrong, before anything runs."""
    with pytest.raises(ValidationError, match=sentence):
        model.model_validate(data)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (TcpPlace(host="2001:db8::1", port=22), "2001:db8::1"),
        (TcpPlace(host="[2001:db8::1]", port=22), "2001:db8::1"),
        (TlsPlace.model_validate({"host": "a.example"}), "a.example"),
        (DnsPlace.model_validate({"query": "Shop.example.", "server": "[2001:db8::53]:5353"}), "shop.example"),
    ],
)
def test_a_target_is_called_after_its_host(place: TcpPlace | TlsPlace | DnsPlace, name: str) -> None:
    """Unless the configuration names it."""
    assert place.default_name == name
