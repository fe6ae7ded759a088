"""How many requests we may send to an account, and who is next: one limiter for all that the agent does there.

A vendor counts requests per account, so everything that goes to one account passes one turnstile: the rate and the
concurrency that the vendor file or the configuration allows, and what the vendor itself says (`Retry-After`, nothing
remaining until a reset). First come is first served, but what gives something back goes before what only looks: it
waits neither for a place nor for a window's end, and so never starves.

Time that is spent here is nobody's latency: the stopwatch leaves it out.
"""

import asyncio
import hashlib
import math
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from probe.cloud.accounts import framed
from probe.cloud.entry import Allowance, VendorEntry
from probe.model.clock import Clock
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import SecretUnavailable
from probe.model.stopwatch import Stopwatch

_LOOK_AGAIN: Final = 5.0
"""Seconds after which who is next looks again: the limits may have changed."""
_SOON: Final = 1e-6
"""Seconds that are no wait: what is left of one by rounding."""
_LONGEST: Final = 3_600.0
"""Seconds beyond which a vendor's word about its window is a mistake."""
_SALT: Final = secrets.token_bytes(16)


@dataclass(slots=True, eq=False)
class _Waiter:
    """Somebody who waits for a turn."""

    urgent: bool
    changed: asyncio.Event


class Budget:
    """The request budget of one account.

    Args:
        clock: tells when the next request may leave.
        allowance: what is allowed.
    """

    def __init__(self, clock: Clock, allowance: Allowance) -> None:
        self._clock = clock
        self._allowance = allowance
        self._waiting: tuple[deque[_Waiter], deque[_Waiter]] = (deque(), deque())  # urgent ones first
        self._on = [0, 0]
        self._due = -math.inf
        self._paused_until = -math.inf
        self._empty_until = -math.inf

    @property
    def allowance(self) -> Allowance:
        """What is allowed now."""
        return self._allowance

    def allow(self, allowance: Allowance) -> None:
        """Allow something else from now on; what was used up stays used up."""
        self._allowance = allowance
        self._wake()

    def pause(self, seconds: float) -> None:
        """Let nothing through for *seconds*: the vendor has refused, and said when to come again."""
        self._paused_until = max(self._paused_until, self._clock.now() + min(seconds, _LONGEST))

    def used_up(self, seconds: float) -> None:
        """Let nothing through for *seconds* but what gives back: the vendor says that nothing remains until then."""
        self._empty_until = self._clock.now() + min(max(seconds, 0.0), _LONGEST)

    def wait(self, *, urgent: bool = False) -> float:
        """Seconds that a request which comes now will wait at least, as far as that is known."""
        until = self._open_at(urgent=urgent)
        rate = self._allowance.rate
        if rate is not None:
            ahead = len(self._waiting[0]) + (0 if urgent else len(self._waiting[1]))
            until = max(until, self._rate_at() + ahead * rate.seconds / rate.count)
        return max(0.0, until - self._clock.now())

    async def enter(self, watch: Stopwatch, *, urgent: bool = False) -> None:
        """Wait until a request may leave, and take its place; `leave` gives it up.

        The wait is no latency of the run that *watch* times; a deadline that is reached in it means `throttled`.
        """
        waiter = _Waiter(urgent, asyncio.Event())
        line = self._waiting[not urgent]
        line.append(waiter)
        try:
            if not self._may_leave(waiter):
                with watch.held(self._meaning(self.wait(urgent=urgent))):
                    await self._queue(waiter)
            self._use_up()
            self._on[urgent] += 1
        finally:
            line.remove(waiter)
            self._wake()

    def leave(self, *, urgent: bool = False) -> None:
        """Give up the place of a request that was answered, or never will be."""
        self._on[urgent] -= 1
        self._wake()

    async def opened(self, watch: Stopwatch, *, urgent: bool = False) -> None:
        """Wait while the vendor wants no request at all, without taking a turn."""
        while (left := self._open_at(urgent=urgent) - self._clock.now()) > _SOON:
            with watch.held(self._meaning(left)):
                await self._clock.sleep(min(left, _LOOK_AGAIN))

    async def _queue(self, waiter: _Waiter) -> None:
        """Wait until *waiter* is next and may leave; who is next watches the clock, the others watch who is next."""
        while not self._may_leave(waiter):
            delay = self._delay(waiter)
            if delay is None:
                waiter.changed.clear()
                await waiter.changed.wait()
            else:
                await self._clock.sleep(min(delay, _LOOK_AGAIN))

    def _may_leave(self, waiter: _Waiter) -> bool:
        delay = self._delay(waiter)
        return delay is not None and delay <= _SOON

    def _delay(self, waiter: _Waiter) -> float | None:
        """Seconds until *waiter* may leave; None if that is not a question of time."""
        if self._next() is not waiter or not self._has_place(urgent=waiter.urgent):
            return None
        at = max(self._open_at(urgent=waiter.urgent), self._rate_at())
        return max(0.0, at - self._clock.now())

    def _next(self) -> _Waiter | None:
        return next((line[0] for line in self._waiting if line), None)

    def _has_place(self, *, urgent: bool) -> bool:
        """Whether a request may be on its way beside the others; one that gives back always may, the first of them."""
        most = self._allowance.at_once
        return most is None or sum(self._on) < most or (urgent and not self._on[True])

    def _open_at(self, *, urgent: bool) -> float:
        return self._paused_until if urgent else max(self._paused_until, self._empty_until)

    def _rate_at(self) -> float:
        """When the rate lets the next one leave: a burst at most is ahead of an even pace."""
        step, burst = self._pace()
        return self._due - (burst - 1) * step if step else -math.inf

    def _use_up(self) -> None:
        step, _ = self._pace()
        if step:
            self._due = max(self._due, self._clock.now()) + step

    def _pace(self) -> tuple[float, int]:
        """Seconds between two requests at an even pace, and how many may leave at once.

        The burst is part of the rate: in no period that begins and ends anywhere are there more than it says.
        """
        rate = self._allowance.rate
        if rate is None:
            return 0.0, 1
        burst = self._allowance.leap
        return rate.seconds / (rate.count - burst + 1), burst

    def _wake(self) -> None:
        waiter = self._next()
        if waiter is not None:
            waiter.changed.set()

    def _meaning(self, seconds: float) -> ProbeFailed:
        detail = f"waiting for our own request budget of the account: {seconds:.3g} s more, as it looked"
        return ProbeFailed(Outcome.THROTTLED, detail)


class Budgets:
    """The budgets of all accounts; two entries with one account share its budget.

    A budget lives as long as anybody has it, so that a new configuration goes on with what was used up.

    Attributes:
        clock: what they are all told by.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._known: WeakValueDictionary[bytes, Budget] = WeakValueDictionary()

    def of(self, entry: VendorEntry) -> Budget:
        """The budget of *entry*'s account."""
        key = account(entry)
        budget = self._known.get(key)
        if budget is None:
            budget = self._known[key] = Budget(self.clock, entry.allowance)
        return budget

    @staticmethod
    def agree(users: Iterable[tuple[VendorEntry, Budget]]) -> None:
        """Allow each budget what all its users allow: the least of each limit."""
        shared: dict[Budget, Allowance] = {}
        for entry, budget in users:
            shared[budget] = entry.allowance.and_also(shared[budget]) if budget in shared else entry.allowance
        for budget, allowance in shared.items():
            budget.allow(allowance)


def account(entry: VendorEntry) -> bytes:
    """What tells accounts apart: vendor file, place and who we are there; as a digest, since secrets are in it.

    A secret that cannot be read stands for itself by its origin.
    """
    parts = [entry.file.vendor, entry.profile or "", *_sorted(entry.endpoints), *_sorted(entry.account)]
    if entry.file.limits.scope == "region":
        parts.append(entry.region)
    for name in sorted(entry.credentials):
        secret = entry.credentials[name]
        try:
            parts += [name, secret.reveal()]
        except SecretUnavailable:
            parts += [name, secret.origin]
    return hashlib.sha256(_SALT + framed(parts)).digest()


def _sorted(facts: Mapping[str, str]) -> list[str]:
    return [part for pair in sorted(facts.items()) for part in pair]
