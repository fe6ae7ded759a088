"""The one deadline of a run: it can be moved when the next budget starts, and it knows how late it rang."""

import asyncio
import math
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from types import TracebackType
from typing import Final, Self

_GRAIN: Final = 0.0015
"""Seconds by which a timer of the loop may ring early (uvloop's count whole milliseconds)."""
_FEW: Final = 64
"""Deadlines that nobody waits for any more that are not worth the tidying."""


class Deadlines:
    """The deadlines of all runs on one timer of the loop.

    Hardly any is ever reached: a timer for each run would be made to be taken back. Here the timer stays at what was
    the earliest deadline, and moves on when it rings.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline]] = []
        self._number = 0
        self._over = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = math.inf

    @property
    def kept(self) -> int:
        """How many are remembered, those included that nobody waits for any more."""
        return len(self._heap)

    def set(self, deadline: "Deadline", when: float) -> None:
        """Ring for *deadline* at *when* on the running loop's clock, unless it is told something else until then."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # a timer of a loop that is over rings no more
            self._loop, self._timer, self._next = loop, None, math.inf
        self._number += 1
        heappush(self._heap, (when, self._number, deadline))
        if when < self._next:
            self._arm(loop, when)

    def forget(self) -> None:
        """Take note that a deadline that was set is not waited for any more."""
        self._over += 1
        if self._over > _FEW and 2 * self._over > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].when == entry[0]]
            heapify(self._heap)
            self._over = 0

    def _arm(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._next = loop.call_at(when, self._ring, loop), when

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._next = None, math.inf
        now = loop.time()
        while self._heap:
            when, _, deadline = self._heap[0]
            if deadline.when != when:
                self._over -= 1
            elif when <= now + _GRAIN:
                deadline.ring(now)
            else:
                self._arm(loop, when)
                break
            heappop(self._heap)


class Deadline:
    """`asyncio.timeout` that can be restarted and tells a slow vendor from a stalled agent.

    A loop that was held up learns of the answer and of the deadline in the same turn, and cancels a run whose answer
    had come in time. Therefore the alarm is our own: it takes its lateness, and says that it rang before anything is
    cancelled.

    Args:
        seconds: the first budget, from entering on.
        on_ring: called when the deadline is reached, before the run is cancelled.
        among: the deadlines of all runs.

    Attributes:
        seconds: the budget that is on.
        rung: whether the deadline was reached.
        late: seconds by which the alarm rang after it.
        when: the instant, on the loop's clock; None while there is none.
    """

    __slots__ = ("_among", "_cancelled", "_cancelling", "_on_ring", "_task", "late", "rung", "seconds", "when")

    def __init__(self, seconds: float, on_ring: Callable[[], None], among: Deadlines) -> None:
        self.rung = False
        self.late = 0.0
        self.when: float | None = None
        self.seconds = seconds
        self._on_ring: Callable[[], None] | None = on_ring
        self._among = among
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._cancelled = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is kept inside a task")
        self._task, self._cancelling = task, task.cancelling()
        self.restart(self.seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disarm()
        task, self._task = self._task, None
        self._on_ring = None  # it knows the run, and the run knows us: a ring that only the collector could open
        if task is None or not self._cancelled:
            return
        # as in asyncio.timeout: a cancellation that is ours is taken back, unless somebody else asked for one, too
        if task.uncancel() <= self._cancelling and isinstance(error, asyncio.CancelledError):
            raise TimeoutError from error

    def restart(self, seconds: float) -> None:
        """Let *seconds* pass from now on; without effect once the deadline was reached."""
        if self.rung:
            return
        self._disarm()
        self.seconds = seconds
        self.when = asyncio.get_running_loop().time() + seconds
        self._among.set(self, self.when)

    def _disarm(self) -> None:
        if self.when is not None:
            self.when = None
            self._among.forget()

    def ring(self, now: float) -> None:
        """Note that the deadline was reached, *now* on the loop's clock; the run is cancelled in the next turn."""
        if self.when is None:
            return
        self.rung, self.late, self.when = True, max(0.0, now - self.when), None
        if self._on_ring is not None:
            self._on_ring()
        # a turn later, as with asyncio.timeout: a run that has its answer already may still end
        asyncio.get_running_loop().call_soon(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()
