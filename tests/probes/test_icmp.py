"""What an echo is asked for, and judged as."""

import pytest
from pydantic import ValidationError

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.probes.icmp import IcmpOptions, IcmpPlace, IcmpProbe
from probe.probes.kind import Surroundings
from probe.wire import EchoRequest
from tests.fakes.clock import FakeClock
from tests.fakes.probes import own
from tests.fakes.wire import FakeWire

CLOCK = FakeClock()


async def outcome(wire: FakeWire, **options: object) -> Outcome:
    """What one run ends as."""
    place = IcmpPlace.model_validate({"host": "router.example"})
    probe = IcmpProbe.build(IcmpOptions.model_validate(options), place, Surroundings(CLOCK, wire))
    try:
        await probe.run(own("a"), Stopwatch(CLOCK))
    except ProbeFailed as failed:
        return failed.outcome
    return Outcome.OK


async def test_the_options_say_what_is_sent() -> None:
    """As ping would without any."""
    wire = FakeWire(CLOCK)
    assert await outcome(wire) is Outcome.OK
    assert await outcome(wire, payload=1400, ttl=3, dont_fragment=True) is Outcome.OK
    assert wire.asked == [
        ("echo", "router.example", EchoRequest(56, None, dont_fragment=False)),
        ("echo", "router.example", EchoRequest(1400, 3, dont_fragment=True)),
    ]


async def test_what_the_wire_says_stands() -> None:
    """Silence, a router's word, and that we may not ask."""
    wire = FakeWire(CLOCK)
    wire.failures = [ProbeFailed(Outcome.REFUSED, "no route"), ProbeFailed(Outcome.DENIED, "may not")]
    assert [await outcome(wire), await outcome(wire), await outcome(wire)] == [
        Outcome.REFUSED,
        Outcome.DENIED,
        Outcome.OK,
    ]


async def test_an_echo_that_takes_too_long_is_unexpected() -> None:
    """The latency is the wire's phases together."""
    assert await outcome(FakeWire(CLOCK), max_latency="200ms") is Outcome.OK
    assert await outcome(FakeWire(CLOCK), max_latency="50ms") is Outcome.UNEXPECTED


@pytest.mark.parametrize("options", [{"payload": 15}, {"payload": 65_001}, {"ttl": 0}, {"ttl": 256}])
def test_what_cannot_be_sent_is_refused(options: dict[str, int]) -> None:
    """Before anything runs."""
    with pytest.raises(ValidationError):
        IcmpOptions.model_validate(options)
