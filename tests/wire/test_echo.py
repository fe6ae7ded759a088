"""ICMP echo on loopback, and the arithmetic below it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.clock import ClockSource
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.wire import EchoRequest, Family, Route, Wire
from probe.wire.echo import checksum


def test_the_checksum_is_that_of_the_rfc() -> None:
    """RFC 1071, section 3."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    assert checksum(b"") == 0xFFFF


@given(st.binary(max_size=64).map(lambda data: data + bytes(len(data) % 2)))
def test_a_packet_with_its_checksum_sums_up_to_nothing(data: bytes) -> None:
    """That is how its receiver checks it."""
    assert checksum(data + struct.pack("!H", checksum(data))) == 0


async def permitted(wire: Wire, host: str, watch: Stopwatch, request: EchoRequest) -> bool:
    """Whether an echo came back; where we may not ask for one, a sentence says how to change that."""
    failure: ProbeFailed | None = None
    try:
        await wire.echo(host, watch, Route(), request)
    except ProbeFailed as failed:
        failure = failed
    told = failure is None or (failure.outcome is Outcome.DENIED and "net.ipv4.ping_group_range" in failure.detail)
    assert told, failure
    return failure is None


@pytest.mark.parametrize(("host", "version"), [("127.0.0.1", 4), ("::1", 6)])
async def test_loopback_echoes(wire: Wire, watch: Stopwatch, host: str, version: int) -> None:
    """In both versions of IP, wherever we are allowed to ask."""
    if await permitted(wire, host, watch, EchoRequest()):
        assert set(watch.phases) == {Phase.SEND, Phase.WAIT}
        assert 0 <= watch.phases[Phase.WAIT] < 0.1
        assert watch.source is ClockSource.KERNEL
    assert watch.facts[Fact.IP_PROTOCOL] == version


async def test_without_stamps_the_loop_times_it(blunt_wire: Wire, watch: Stopwatch) -> None:
    """As everything else."""
    if await permitted(blunt_wire, "127.0.0.1", watch, EchoRequest(size=16, ttl=1, dont_fragment=True)):
        assert watch.source is ClockSource.LOOP


async def test_a_family_that_the_address_is_not_of_is_refused(wire: Wire, watch: Stopwatch) -> None:
    """Before anything is sent."""
    with pytest.raises(ProbeFailed) as failed:
        await wire.echo("127.0.0.1", watch, Route(Family.IPV6), EchoRequest())
    assert failed.value.outcome is Outcome.INVALID
