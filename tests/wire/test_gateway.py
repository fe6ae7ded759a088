"""The way out of this machine, as the kernel's files tell it."""

import asyncio
from pathlib import Path

import pytest

from probe.model.outcome import Outcome, ProbeFailed
from probe.wire.gateway import RouteFiles, default_gateway, is_neighbour, reach_gateway

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
NEIGHBOURS = """\
IP address       HW type     Flags       HW address            Mask     Device
10.77.0.1        0x1         0x2         02:42:0a:4d:00:01     *        eth0
10.77.0.9        0x1         0x0         00:00:00:00:00:00     *        eth0
"""


def route(destination: str, gateway: str, flags: str, metric: int, mask: str = "00000000") -> str:
    """A line of /proc/net/route."""
    return f"eth0\t{destination}\t{gateway}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n"


def test_the_gateway_is_that_of_the_default_route_with_the_lowest_metric() -> None:
    """Addresses stand there in the byte order of the machine."""
    lines = (
        route("00004D0A", "00000000", "0001", 0, "00FFFFFF"),
        route("00000000", "FE004D0A", "0003", 600),
        route("00000000", "01004D0A", "0003", 100),
        route("00000000", "02004D0A", "0002", 0),  # a route that is down
    )
    assert default_gateway(HEAD + "".join(lines)) == "10.77.0.1"
    assert default_gateway(HEAD + lines[0]) is None
    assert default_gateway("") is None


def test_a_tunnel_has_no_gateway() -> None:
    """The default route is there, and nobody at its other end has an address."""
    assert default_gateway(HEAD + route("00000000", "00000000", "0001", 0)) == ""


def test_a_neighbour_is_one_whose_hardware_is_known() -> None:
    """An entry that nobody answered for is none."""
    assert is_neighbour(NEIGHBOURS, "10.77.0.1")
    assert not is_neighbour(NEIGHBOURS, "10.77.0.9")
    assert not is_neighbour(NEIGHBOURS, "10.77.0.2")


def files(folder: Path, routes: str, routes_6: str = "") -> RouteFiles:
    """The kernel's files, made up."""
    made = RouteFiles(folder / "route", folder / "ipv6_route", folder / "arp")
    made.routes.write_text(HEAD + routes)
    made.routes_6.write_text(routes_6)
    made.neighbours.write_text(NEIGHBOURS)
    return made


async def test_a_gateway_that_refuses_is_there(tmp_path: Path) -> None:
    """Only somebody who is there can refuse."""
    async with asyncio.timeout(5):
        await reach_gateway(files(tmp_path, route("00000000", "0100007F", "0003", 0)))


async def test_without_a_default_route_there_is_no_way_out(tmp_path: Path) -> None:
    """Our own routing table says so."""
    with pytest.raises(ProbeFailed, match="no default route") as failed:
        await reach_gateway(files(tmp_path, ""))
    assert failed.value.outcome is Outcome.NETWORK


async def test_a_default_route_of_ipv6_is_a_way_out(tmp_path: Path) -> None:
    """It is announced by a router, and goes when that falls silent."""
    line = f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 27}1 00000400 00000001 00000000 {{flags}}     eth0\n"
    await reach_gateway(files(tmp_path, "", line.format(flags="00000003")))
    with pytest.raises(ProbeFailed):
        await reach_gateway(files(tmp_path, "", line.format(flags="00000002")))
