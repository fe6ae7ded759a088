"""Control checks: before a vendor is blamed, do others that have nothing to do with it answer us?

A few references are asked in rounds: at a slow pace while all is well, once a second while they do not answer, and at
once when a vendor's probe failed as it would without a network. Failures that come together share a round.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed

NETWORK_LIKE: Final = frozenset({Outcome.UNRESOLVED, Outcome.REFUSED, Outcome.TIMEOUT, Outcome.BROKEN})
"""What a failure looks like when it is our own network that failed."""
SPACING: Final = 1.0
"""Seconds from the start of one round to that of the next, at least: references are other people's."""
LOOKBACK: Final = 5.0
"""Seconds before a failure within which a network that was down explains it."""
AFTERMATH: Final = 2.0
"""Seconds for which a network that is back still explains failures: what it lost is sent again only after a while."""
LATE: Final = 0.25
"""Seconds by which a check may overrun its time before it is we who were held up."""
_REMEMBERED: Final = 64
_log = logging.getLogger(__name__)


class Check(Protocol):
    """A reference that answers as long as our own network works.

    Attributes:
        name: the `check` label.
    """

    @property
    def name(self) -> str:
        """The `check` label."""
        ...

    async def ask(self) -> None:
        """Ask it once, however long that takes.

        Raises:
            ProbeFailed: it did not answer (or, `overloaded`, we could not ask).
        """
        ...


class Network(Protocol):
    """Knows whether our own network was down."""

    async def excuse(self, since: float, until: float, *, answered: bool = False) -> str:
        """Why a failure at *until* of a run since *since* (monotonic seconds) may be our network's; empty if not.

        One that was itself an answer says that the network was there, unless nobody else answered at all.
        """
        ...

    def vendor_answered(self) -> None:
        """Note that a vendor was measured well just now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the controls are.

    Attributes:
        checks: who is asked.
        quorum: how many of those that count must fail, all of them if fewer count; None for more than half of them.
        within: seconds that a check may take.
        every: seconds between two rounds while all is well.
    """

    checks: Sequence[Check] = ()
    quorum: int | None = None
    within: float = 1.0
    every: float = 60.0


@dataclass(slots=True)
class _Round:
    """One round.

    Attributes:
        size: how many checks count.
        quorum: how many of them must fail.
        decided: what failed, as words, if the quorum did; else empty. Done as early as it is certain.
        over: set when every check is done.
    """

    size: int
    quorum: int
    decided: asyncio.Future[str]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    failed: dict[str, str] = field(default_factory=dict)
    passed: int = 0

    async def words(self, *, unanimous: bool = False) -> str:
        """What failed, if the quorum did, or if *unanimous*, if all did; else empty."""
        words = await asyncio.shield(self.decided)
        if not words or not unanimous:
            return words
        await self.over.wait()
        return "" if self.passed else self._told()

    def _told(self) -> str:
        words = "; ".join(f"{name}: {why}" for name, why in sorted(self.failed.items()))
        return f"our own network was down, {len(self.failed)} of {self.size} checks ({words})"

    def settle(self, *, over: bool = False) -> None:
        """Decide if what is known suffices, or if no more will be known."""
        if self.decided.done():
            return
        if len(self.failed) >= self.quorum:
            self.decided.set_result(self._told())
        elif over or self.passed > self.size - self.quorum:
            self.decided.set_result("")


class Controls:
    """Asks the references, and says whether it was our own network. It is the runner's `Network`.

    A check that has never succeeded while vendors were reached says nothing about our network: it is not counted until
    it succeeds, so a reference that is out of reach for good cannot acquit every vendor for good.

    Args:
        rules: what the controls are.
        clock: what rounds are timed on.
        meter: hears what came of each check.
    """

    def __init__(self, rules: Rules, clock: Clock, meter: Meter) -> None:
        self._rules = rules
        self._clock = clock
        self._meter = meter
        self._proven: set[str] = set()
        self._mute: set[str] = set()
        self._lapses: set[str] = set()
        self._downs: deque[tuple[float, _Round]] = deque(maxlen=_REMEMBERED)
        self._last = float("-inf")
        self._turn = asyncio.Lock()
        self._queued: asyncio.Task[_Round] | None = None
        self._tasks: set[asyncio.Task[_Round]] = set()
        self._changed = asyncio.Event()

    def replace(self, rules: Rules) -> None:
        """Go by other rules from the next round on."""
        if rules == self._rules:
            return
        self._rules = rules
        self._downs.clear()
        names = {check.name for check in rules.checks}
        for known in (self._proven, self._mute, self._lapses):
            known.intersection_update(names)
        self._changed.set()

    async def patrol(self) -> None:
        """Go round at the configured pace until cancelled, and once a second while the network is down."""
        while True:
            self._changed.clear()
            if self._rules.checks and await (await self._next_round()).words():
                continue
            try:
                async with asyncio.timeout(self._rules.every):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def excuse(self, since: float, until: float, *, answered: bool = False) -> str:
        """Why a failure at *until* of a run since *since* (monotonic seconds) may be our network's; empty if not.

        A failure that was itself an answer (a connection that was refused) says that the network was there; only when
        nobody else answered at all was it perhaps a wall of our own that spoke.
        """
        if not self._rules.checks:
            return ""
        since = max(since, until - LOOKBACK) - AFTERMATH
        for when, former in reversed(self._downs):
            if when >= since and (words := await former.words(unanimous=answered)):
                return words
        return await (await self._next_round()).words(unanimous=answered)

    def vendor_answered(self) -> None:
        """Note that a vendor was measured well just now: what never answered us meanwhile tells nothing."""
        for name in self._lapses - self._proven - self._mute:
            self._mute.add(name)
            _log.warning("control check %s has never succeeded though vendors answer: it is not counted", name)

    async def close(self) -> None:
        """Give up what is being asked."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- rounds ------------------------------------------------------------------------------------------------------

    async def _next_round(self) -> _Round:
        """A round that has not begun yet, when it has; all who wait for it to begin share it."""
        if self._queued is None:
            self._queued = asyncio.create_task(self._begin(), name="control checks")
            self._tasks.add(self._queued)
            self._queued.add_done_callback(self._tasks.discard)
        return await asyncio.shield(self._queued)

    async def _begin(self) -> _Round:
        """Begin a round when its turn has come; it goes on by itself."""
        await self._turn.acquire()
        try:
            wait = self._last + SPACING - self._clock.now()
            if wait > 0:
                await asyncio.sleep(wait)
        except BaseException:
            self._turn.release()
            raise
        self._queued = None
        self._last = self._clock.now()
        counted = [check for check in self._rules.checks if check.name not in self._mute]
        size = len(counted)
        wanted = size // 2 + 1 if self._rules.quorum is None else min(self._rules.quorum, size)
        quorum = max(1, wanted)
        begun = _Round(size, quorum, asyncio.get_running_loop().create_future())
        task = asyncio.create_task(self._ask_all(begun), name="control round")
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return begun

    def _over(self, task: asyncio.Task[_Round]) -> None:
        self._tasks.discard(task)
        self._turn.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("the control checks have a bug", exc_info=error)

    async def _ask_all(self, begun: _Round) -> _Round:
        try:
            results = await asyncio.gather(*(self._ask(check, begun) for check in self._rules.checks))
        finally:
            begun.settle(over=True)
            begun.over.set()
        self._meter.control_checks({check.name: told for check, told in zip(self._rules.checks, results, strict=True)})
        return begun

    async def _ask(self, check: Check, begun: _Round) -> bool | None:
        """Whether *check* succeeded; None if that could not be found out."""
        why = await self._failure(check)
        if why is None:
            return None
        if not why:
            self._proven.add(check.name)
            self._mute.discard(check.name)
            self._lapses.discard(check.name)
            begun.passed += 1
        else:
            self._lapses.add(check.name)
            if check.name not in self._mute:
                begun.failed[check.name] = why
        begun.settle()
        if why and begun.decided.done() and begun.decided.result():
            self._downs.append((self._clock.now(), begun))
        return not why

    async def _failure(self, check: Check) -> str | None:
        """Why *check* failed, empty if it did not; None if we could not tell."""
        within = self._rules.within
        started = self._clock.now()
        try:
            async with asyncio.timeout(within):
                await check.ask()
        except TimeoutError:
            return None if self._clock.now() - started > within + LATE else f"no answer within {within:g} s"
        except ProbeFailed as failed:
            return None if failed.outcome is Outcome.OVERLOADED else failed.detail
        return ""
