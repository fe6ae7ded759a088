"""Waits until a new instance answers on its network: by TCP, or with the banner of an SSH server."""

import asyncio
from dataclasses import dataclass
from typing import Final

from probe.cloud import Pace, Seen
from probe.model.clock import Clock
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import Route, Wire

KNOCK_PATIENCE: Final = 1.0
"""Seconds after which a knock that nobody answers is a "not yet". It is no deadline: a packet that a booting machine
lost is only sent again after a second, then two, then four, and each would blur the moment that we want to see."""
BANNER_PATIENCE: Final = 10.0
"""The same for an SSH server's first words: some look up the caller's name first."""
_PASSING: Final = frozenset(
    {Outcome.REFUSED, Outcome.BROKEN, Outcome.TIMEOUT, Outcome.UNRESOLVED, Outcome.VENDOR_ERROR}
)
"""What a machine that is still booting says; a network without a way there says it too, until the deadline."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where an instance has to answer.

    Attributes:
        port: the TCP port.
        banner: whether an SSH server has to say who it is.
    """

    port: int
    banner: bool


async def reach(host: str, door: Door, watch: Stopwatch, wire: Wire, clock: Clock, pace: Pace) -> Seen:
    """Knock at *door* of *host* until somebody answers. What the deadline means is the last knock's failure.

    Raises:
        ProbeFailed: it never will answer, whatever one waits for.
    """
    started, last_no = clock.now(), None
    while True:
        sent = clock.now()
        try:
            await _knock(host, door, watch.aside(), wire)
        except ProbeFailed as failure:
            if failure.outcome not in _PASSING:
                raise
            watch.standing = ProbeFailed(failure.outcome, failure.detail, phase=Phase.REACH)
            last_no = sent
        else:
            watch.standing = None
            return Seen(None, last_no, clock.now())
        await clock.sleep(pace.interval(clock.now() - started))


async def _knock(host: str, door: Door, aside: Stopwatch, wire: Wire) -> None:
    route = Route()
    try:
        async with asyncio.timeout(KNOCK_PATIENCE):
            await wire.knock(host, door.port, aside, route)
        if door.banner:
            async with asyncio.timeout(BANNER_PATIENCE):
                await wire.banner(host, door.port, aside, route)
    except TimeoutError as error:
        raise ProbeFailed(Outcome.TIMEOUT, f"{host} does not answer on port {door.port}") from error
