"""The prober icmp, on loopback; with the peer beside it: tests/exposition/blackbox."""

import pytest

from probe.probes.blackbox import Module
from tests.probes.blackbox.probing import icmp, probed


@pytest.mark.parametrize(("target", "protocol"), [("127.0.0.1", 4), ("::1", 6), ("localhost", 4)])
async def test_a_host_that_replies(target: str, protocol: int) -> None:
    """Both families; a reply tells how many routers it might still have passed."""
    found = await probed(target, icmp(preferred_ip_protocol="ip4"))
    assert found.good
    assert found.metrics["probe_ip_protocol"] == protocol
    assert found.metrics["probe_icmp_reply_hop_limit"] == 64
    assert 0 < found.metrics["probe_icmp_duration_seconds/rtt"] < 1
    assert found.metrics["probe_icmp_duration_seconds/setup"] >= 0
    assert "probe_icmp_duration_seconds/resolve" not in found.metrics


async def test_zeros_tell_what_was_not_reached() -> None:
    """As the peer does."""
    found = await probed("bad..name", icmp(), zeros=True)
    assert not found.good
    assert found.metrics["probe_icmp_duration_seconds/rtt"] == 0
    assert found.metrics["probe_icmp_duration_seconds/setup"] == 0
    assert "probe_icmp_reply_hop_limit" not in found.metrics


@pytest.mark.parametrize("size", [16, 1400])
async def test_the_payload_has_the_size_that_is_written(size: int) -> None:
    """And comes back whole."""
    assert (await probed("127.0.0.1", icmp(payload_size=size, dont_fragment=True, ttl=3))).good


@pytest.mark.parametrize("options", [{"payload_size": 15}, {"payload_size": 65_001}, {"ttl": 256}, {"ttl": -1}])
def test_what_cannot_be_sent_is_refused(options: dict[str, int]) -> None:
    """At load."""
    with pytest.raises(ValueError, match="should be"):
        Module.model_validate(icmp(**options))
