"""ICMP echo in namespaces of its own: with and without the right to send it, near and far."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.networks.spaces import GATEWAY, HOSTS, Spaces, ip, spaces

pytestmark = pytest.mark.servers

NOBODY = 65_534
EVERYBODY = "0 2147483647"
NO_ONE = "1 0"


@pytest.fixture(scope="module")
def stage() -> Iterator[Spaces]:
    """Two namespaces with a link."""
    with spaces() as made:
        yield made


def allow(stage: Spaces, groups: str) -> None:
    """Say which groups may send echo requests without privilege."""
    done = stage.run(stage.agent, ["sh", "-c", f"echo '{groups}' > /proc/sys/net/ipv4/ping_group_range"])
    if done.returncode:
        pytest.fail(f"net.ipv4.ping_group_range cannot be set in a namespace of its own here: {done.stderr.strip()}")


def echo(stage: Spaces, host: str, *, uid: int = NOBODY, options: tuple[str, ...] = ()) -> list[Any]:
    """Outcome, clock, phases and detail of one request."""
    done = stage.run(stage.agent, [sys.executable, "-m", "tests.networks.echoing", str(uid), host, *options])
    assert done.returncode == 0, done.stderr
    said: list[Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", GATEWAY, HOSTS[0]])
def test_a_group_in_the_range_needs_no_privilege(stage: Spaces, host: str) -> None:
    """IPv4 and IPv6, on this machine and beyond the link, on the kernel's clock."""
    allow(stage, EVERYBODY)
    outcome, clock, phases, detail = echo(stage, host)
    assert (outcome, clock, set(phases)) == ("ok", "kernel", {"send", "wait"}), detail
    assert 0 < phases["wait"] < 0.1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", GATEWAY])
def test_where_no_group_is_a_raw_socket_will_do(stage: Spaces, host: str) -> None:
    """For root, and whoever has CAP_NET_RAW."""
    allow(stage, NO_ONE)
    outcome, clock, phases, detail = echo(stage, host, uid=0)
    assert (outcome, clock, set(phases)) == ("ok", "kernel", {"send", "wait"}), detail
    assert 0 < phases["wait"] < 0.1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_where_neither_will_do_the_operator_is_told_how_to_set_it(stage: Spaces, host: str) -> None:
    """It is nobody's outage: `denied`, which is the customer's to mend."""
    allow(stage, NO_ONE)
    outcome, _, phases, detail = echo(stage, host)
    assert (outcome, phases) == ("denied", {})
    assert f'sysctl -w net.ipv4.ping_group_range="{NOBODY} {NOBODY}"' in detail
    assert "(1 to 0)" in detail


@pytest.mark.parametrize("uid", [NOBODY, 0])
def test_nobody_there_is_a_timeout_or_what_a_router_says(stage: Spaces, uid: int) -> None:
    """An address that nobody has, on the link and behind the gateway."""
    allow(stage, EVERYBODY if uid else NO_ONE)
    assert echo(stage, "10.77.0.99", uid=uid)[0] in {"timeout", "refused"}
    assert echo(stage, "203.0.113.99", uid=uid)[0] in {"timeout", "refused"}


def test_what_does_not_fit_into_the_path_says_so(stage: Spaces) -> None:
    """In one piece; in several it gets through."""
    allow(stage, EVERYBODY)
    assert echo(stage, GATEWAY, options=("4000", "64", "0"))[0] == "ok"
    outcome, _, _, detail = echo(stage, GATEWAY, options=("4000", "64", "1"))
    assert (outcome, detail) == ("unexpected", "4000 bytes do not fit into the path in one piece")


def test_no_way_there_is_our_own_network(stage: Spaces) -> None:
    """Our own routing table says so, at once."""
    allow(stage, EVERYBODY)
    ip("-n", stage.agent, "route", "del", "default")
    try:
        assert echo(stage, "203.0.113.99")[0] == "network"
    finally:
        ip("-n", stage.agent, "route", "add", "default", "via", GATEWAY)
