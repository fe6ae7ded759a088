"""The one deadline of a run: it can be moved once the next budget starts, and it knows how late it rang."""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """`asyncio.timeout` that can be restarted and tells a slow vendor from a stalled agent.

    A loop that was held up learns of the answer and of the deadline in the same turn, and cancels a run whose answer
    had come in time. Therefore the lateness of the alarm itself is taken.

    Attributes:
        late: seconds by which the alarm rang after the deadline; 0 as long as it has not rung.
    """

    def __init__(self, seconds: float) -> None:
        self.late = 0.0
        self._limit = asyncio.timeout(seconds)
        self._alarm: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        self._arm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def restart(self, seconds: float) -> None:
        """Let *seconds* pass from now on; without effect once the deadline was reached."""
        if self.expired:
            return
        self._limit.reschedule(asyncio.get_running_loop().time() + seconds)
        self._arm()

    @property
    def expired(self) -> bool:
        """Whether the deadline was reached."""
        return self._limit.expired()

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        when = self._limit.when()
        if when is not None:
            self._alarm = asyncio.get_running_loop().call_at(when, self._ring, when)

    def _ring(self, when: float) -> None:
        self.late = max(0.0, asyncio.get_running_loop().time() - when)
