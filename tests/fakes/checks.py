"""Control checks that answer as a test tells them, and a meter that remembers what came of them."""

import asyncio
from collections.abc import Mapping

from typing_extensions import override

from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed


class FakeCheck:
    """A reference.

    Attributes:
        name: what it is called.
        up: whether it answers.
        silent: whether it says nothing instead of refusing when it is down.
        outcome: how it fails.
        asked: how often it was asked.
    """

    def __init__(self, name: str, *, up: bool = True, silent: bool = False) -> None:
        self._name = name
        self.up = up
        self.silent = silent
        self.outcome = Outcome.REFUSED
        self.asked = 0

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def ask(self) -> None:
        """Answer, refuse, or say nothing."""
        self.asked += 1
        await asyncio.sleep(0.005)
        if self.up:
            return
        if self.silent:
            await asyncio.sleep(60)
        raise ProbeFailed(self.outcome, "nobody there")


class ControlMeter(Meter):
    """Remembers the newest word on every check, and how often there was one."""

    def __init__(self) -> None:
        self.rounds = 0
        self.told: Mapping[str, bool | None] = {}

    @override
    def control_checks(self, results: Mapping[str, bool | None]) -> None:
        self.rounds += 1
        self.told = results
