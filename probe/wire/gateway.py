"""Whether the way out of this machine begins: does its default gateway still answer, without any privilege.

An echo request needs rights, so a TCP connection is tried: whoever accepts or refuses it is there. Many gateways drop
it in silence; then the kernel's table of neighbours says whether they answer on the link.
"""

import asyncio
import errno
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.model.outcome import Outcome, ProbeFailed
from probe.wire.faults import from_errno
from probe.wire.line import Line

PATIENCE: Final = 0.3
"""Seconds that a gateway may take to answer a TCP connection before its neighbour entry is looked at instead."""
_PORT: Final = 53
_UP: Final = 0x1
_GATEWAY: Final = 0x2
_COMPLETE: Final = 0x2
_UNDER_WAY: Final = frozenset({errno.EINPROGRESS, errno.EINTR})
_THERE: Final = frozenset({0, errno.ECONNREFUSED, errno.ECONNRESET, errno.EISCONN})
_EVERYWHERE: Final = "0" * 8
_EVERYWHERE_6: Final = "0" * 32


@dataclass(frozen=True, slots=True)
class RouteFiles:
    """Where the kernel tells its routes and neighbours.

    Attributes:
        routes: IPv4 routes.
        routes_6: IPv6 routes.
        neighbours: who was found on the links.
    """

    routes: Path = Path("/proc/net/route")
    routes_6: Path = Path("/proc/net/ipv6_route")
    neighbours: Path = Path("/proc/net/arp")


SYSTEM: Final = RouteFiles()


async def reach_gateway(files: RouteFiles = SYSTEM) -> None:
    """Return if the default gateway answers; a default route without one (a tunnel) is enough.

    Raises:
        ProbeFailed: there is no default route (`network`), or nobody answers at its other end (`timeout`, `refused`).
    """
    gateway = default_gateway(_text(files.routes))
    if gateway is None:
        if _has_default_6(_text(files.routes_6)):
            return
        raise ProbeFailed(Outcome.NETWORK, "there is no default route")
    if not gateway:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await _knock(gateway)
    except TimeoutError:
        if not is_neighbour(_text(files.neighbours), gateway):
            raise ProbeFailed(Outcome.TIMEOUT, f"the gateway {gateway} does not answer on its link") from None


def default_gateway(routes: str) -> str | None:
    """The gateway of the best default route in *routes* (/proc/net/route); empty if it has none, None without one."""
    best: tuple[int, str] | None = None
    for line in routes.splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or words[1] != _EVERYWHERE or words[7] != _EVERYWHERE:  # noqa: PLR2004 - columns of the file
            continue
        flags, metric = int(words[3], 16), int(words[6])
        if flags & _UP and (best is None or metric < best[0]):
            address = ipaddress.IPv4Address(int(words[2], 16).to_bytes(4, "little"))
            best = metric, str(address) if flags & _GATEWAY else ""
    return None if best is None else best[1]


def _has_default_6(routes: str) -> bool:
    return any(
        words[0] == _EVERYWHERE_6 and words[1] == "00" and int(words[8], 16) & _UP and words[9] != "lo"
        for words in map(str.split, routes.splitlines())
        if len(words) > 9  # noqa: PLR2004 - columns of the file
    )


def is_neighbour(neighbours: str, address: str) -> bool:
    """Whether *neighbours* (/proc/net/arp) knows the hardware that has *address*."""
    lines = (line.split() for line in neighbours.splitlines()[1:])
    return any(words[0] == address and int(words[2], 16) & _COMPLETE for words in lines if len(words) > 2)  # noqa: PLR2004 - columns


async def _knock(address: str) -> None:
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError as error:
        raise from_errno(error.errno or 0, local=True) from error
    line = Line(sock)
    try:
        code = sock.connect_ex((address, _PORT))
        if code in _UNDER_WAY:
            await line.writable()
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code not in _THERE:
            raise from_errno(code)
    finally:
        line.close()


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise from_errno(error.errno or 0, local=True) from error
