"""Probes that do what a test tells them, and a sink that keeps what came of it."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import OWN, Layer, Target

Act = Callable[[Stopwatch], Awaitable[None]]


async def succeed(watch: Stopwatch) -> None:
    """Do nothing, well."""


class ActingProbe:
    """Runs a function and counts how often."""

    kind: ClassVar[str] = "acting"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.CONNECT, Phase.WAIT)
    outcomes: ClassVar[frozenset[Outcome]] = frozenset({Outcome.OK, Outcome.REFUSED})

    def __init__(self, act: Act = succeed) -> None:
        self._act = act
        self.runs = 0

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Measure *target* once."""
        del target
        self.runs += 1
        await self._act(watch)


def own(name: str, probe: str = "shop") -> Target:
    """A target of the operator's own."""
    return Target(OWN, "", probe, name, Layer.SERVICE)


def job(act: Act = succeed, *, target: Target | None = None, every: float = 10.0, deadline: float = 5.0) -> Job:
    """A job that runs *act*."""
    return Job(probe=ActingProbe(act), target=target or own("a"), every=every, deadline=deadline)


class KeepingSink:
    """Keeps every measurement."""

    def __init__(self) -> None:
        self.kept: list[Measurement] = []

    def record(self, measurement: Measurement) -> None:
        """Take note of *measurement*."""
        self.kept.append(measurement)
