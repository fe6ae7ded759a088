"""Faults on demand: what can go wrong, when it strikes, and for how long.

A fault is data, whether it comes from a character's file, from the control endpoint or from a test. Randomness is
seeded, so that what a person saw in a rehearsal happens again in the next.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from probe.model.clock import Clock

ANY: Final = "*"


class FaultKind(StrEnum):
    """What can go wrong.

    Attributes:
        SLOW: the answer comes `seconds` later.
        HANG: no answer comes; a name server drops the question, an instance's port opens and stays silent.
        RESET: the connection is reset instead of an answer, and nothing was done.
        LOST_ANSWER: what was asked for is done, then the connection is reset before the answer.
        MALFORMED: the answer cannot be parsed.
        TRUNCATED: the answer ends half way, against its announced length.
        ERROR: the vendor's own internal error; a name server's SERVFAIL.
        THROTTLED: too many requests, with the vendor's own signals.
        DENIED: the credentials are refused.
        EXPIRED_TOKEN: the token that was sent is forgotten, if it is at least `seconds` old.
        CAPACITY: there is no room for what was ordered.
        QUOTA: the account may have no more.
        STUCK: what is created never becomes ready.
        FAILED: what is created ends in the vendor's error state.
        VANISH: what is created is gone after `seconds`.
        UNREACHABLE: what is created becomes ready and answers to nobody.
        SLOW_DELETE: deletion takes `seconds` longer.
        LYING_DELETE: deletion is acknowledged and does not happen.
        GET_DELAY: what is created cannot be found by its id for `seconds`.
        LIST_DELAY: what is created is missing in lists for `seconds`.
        LEFTOVER: what came with what is deleted stays.
        GHOST: what is deleted stays in lists for `seconds`.
        STALE_POINTS: the newest datapoint is `seconds` older.
        NO_POINTS: there are no datapoints.
    """

    SLOW = "slow"
    HANG = "hang"
    RESET = "reset"
    LOST_ANSWER = "lost_answer"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    ERROR = "error"
    THROTTLED = "throttled"
    DENIED = "denied"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a fault, not a secret
    CAPACITY = "capacity"
    QUOTA = "quota"
    STUCK = "stuck"
    FAILED = "failed"
    VANISH = "vanish"
    UNREACHABLE = "unreachable"
    SLOW_DELETE = "slow_delete"
    LYING_DELETE = "lying_delete"
    GET_DELAY = "get_delay"
    LIST_DELAY = "list_delay"
    LEFTOVER = "leftover"
    GHOST = "ghost"
    STALE_POINTS = "stale_points"
    NO_POINTS = "no_points"


class Weather(StrEnum):
    """Whether a vendor has a good or a bad time of it."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: what.
        vendor: with whom, by name; `*` for every one, `targets` for the sandbox's own servers.
        operation: at what (a route's name in the vendor's data file, or a server's name); `*` for all that it fits.
        rate: how often it strikes when it could, 0 to 1.
        count: how often it strikes at most; None for no end.
        seconds: how late, how long or how old, where the kind says so.
        lasts: seconds after which it is over; None for never.
        weather: strikes only then; None for always.
    """

    kind: FaultKind
    vendor: str = ANY
    operation: str = ANY
    rate: float = 1.0
    count: int | None = None
    seconds: float = 0.0
    lasts: float | None = None
    weather: Weather | None = None


@dataclass(slots=True)
class Active:
    """A fault at work.

    Attributes:
        number: by which it can be withdrawn.
        fault: what was asked for.
        until: when it is over, on the clock; None for never.
        struck: how often it has struck.
    """

    number: int
    fault: Fault
    until: float | None
    struck: int = 0

    def over(self, now: float) -> bool:
        """Whether it cannot strike any more."""
        spent = self.fault.count is not None and self.struck >= self.fault.count
        return spent or (self.until is not None and now >= self.until)


class Faults:
    """The faults of one vendor, and the dice that decide when they strike."""

    def __init__(self, clock: Clock, seed: str, weather: Callable[[], Weather], lasting: Iterable[Fault] = ()) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self._weather = weather
        self._numbers = itertools.count(1)
        self._active: list[Active] = []
        for fault in lasting:
            self.inject(fault)

    def inject(self, fault: Fault) -> int:
        """Let *fault* strike from now on; the number by which it is withdrawn."""
        until = None if fault.lasts is None else self._clock.now() + fault.lasts
        active = Active(next(self._numbers), fault, until)
        self._active.append(active)
        return active.number

    def withdraw(self, number: int | None = None) -> None:
        """End the fault with that *number*; all of them, a character's own included, if there is none."""
        self._active = [active for active in self._active if number is not None and active.number != number]

    def active(self) -> Sequence[Active]:
        """Those that can still strike."""
        now = self._clock.now()
        self._active = [active for active in self._active if not active.over(now)]
        return tuple(self._active)

    def strike(self, kind: FaultKind, *operations: str) -> Fault | None:
        """The fault of that *kind* that strikes now at an operation that goes by these names, if any does."""
        for active in self.active():
            if active.fault.kind is kind and self._hits(active.fault, operations):
                active.struck += 1
                return active.fault
        return None

    def _hits(self, fault: Fault, operations: tuple[str, ...]) -> bool:
        if fault.operation not in {ANY, *operations}:
            return False
        if fault.weather is not None and fault.weather is not self._weather():
            return False
        return fault.rate >= 1.0 or self._random.random() < fault.rate
