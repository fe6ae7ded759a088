"""The one deadline of a run: it can be moved when the next budget starts, and it knows how late it rang."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Deadline:
    """`asyncio.timeout` that can be restarted and tells a slow vendor from a stalled agent.

    A loop that was held up learns of the answer and of the deadline in the same turn, and cancels a run whose answer
    had come in time. Therefore the alarm is our own: it takes its lateness, and says that it rang before anything is
    cancelled.

    Args:
        seconds: the first budget, from entering on.
        on_ring: called when the deadline is reached, before the run is cancelled.

    Attributes:
        seconds: the budget that is on.
        rung: whether the deadline was reached.
        late: seconds by which the alarm rang after it.
    """

    def __init__(self, seconds: float, on_ring: Callable[[], None]) -> None:
        self.rung = False
        self.late = 0.0
        self.seconds = seconds
        self._on_ring: Callable[[], None] | None = on_ring
        self._limit = asyncio.timeout(None)
        self._alarm: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        self.restart(self.seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disarm()
        self._on_ring = None  # it knows the run, and the run knows us: a ring that only the collector could open
        await self._limit.__aexit__(kind, error, trace)

    def restart(self, seconds: float) -> None:
        """Let *seconds* pass from now on; without effect once the deadline was reached."""
        if self.rung:
            return
        self._disarm()
        self.seconds = seconds
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        self._alarm = loop.call_at(when, self._ring, when)

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self, when: float) -> None:
        now = asyncio.get_running_loop().time()
        self.rung, self.late = True, max(0.0, now - when)
        if self._on_ring is not None:
            self._on_ring()
        self._limit.reschedule(now)
