"""The circuit breaker: nothing is rented while what was rented does not go, or the vendor says that we may not.

What leaks, and what does not go, is read from the ledger itself, so it ends when that ends. An answer that says denied
or quota opens a breaker for a pause that doubles each time; then one order may try (half open), and what it is answered
closes the breaker or opens it again.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from probe.model.outcome import Outcome, ProbeFailed, Skip
from probe.model.refusal import Breaker, Cause, Refusal
from probe.notation.durations import format_duration

if TYPE_CHECKING:  # asked by the guards, which a configuration has without a ledger
    from probe.store import Holdings
    from probe.store.breakers import Turn

STUCK: Final = 600.0
"""Seconds after which a deletion that was asked for and has not come about stops more orders."""
FIRST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 1_800.0
_READABLE: Final = 200
_CAUSES: Final = {Outcome.DENIED: Cause.DENIED, Outcome.QUOTA: Cause.QUOTA}


def forbidden(vendor: str, now: float, held: "Holdings") -> Refusal | None:
    """Why nothing may be rented from *vendor* now (seconds since 1970), given what is *held* there; None if it may."""
    if held.leaked:
        some = f"{held.leaked} instances" if held.leaked > 1 else "an instance"
        return Refusal(Skip.BREAKER, f"{some} leaked at {vendor}: nothing more is rented there until it is gone")
    if _stuck(now, held):
        return Refusal(
            Skip.BREAKER,
            f"a deletion at {vendor} was asked for {_told(now - (held.asked or now))} ago and has not come about:"
            " nothing more is rented there until it has",
        )
    breaker = held.breaker
    if breaker is None or not _closed_to(breaker, now):
        return None
    return Refusal(
        Skip.BREAKER,
        f"{vendor} answered {breaker.cause} ({breaker.note}): the next order may try in {_told(breaker.until - now)}",
    )


def causes(now: float, held: "Holdings") -> Collection[Cause]:
    """All that stops orders now, as closed words."""
    found = [Cause.LEAKS] if held.leaked else []
    if _stuck(now, held):
        found.append(Cause.DELETES)
    if held.breaker is not None:  # half open, too: what it waits for has not happened
        found.append(held.breaker.cause)
    return found


def opening(vendor: str, error: BaseException, now: float) -> "Turn | None":
    """What *error* does to the breaker of *vendor*; None if it is no reason to open one."""
    if not isinstance(error, ProbeFailed) or error.outcome not in _CAUSES:
        return None
    cause, note = _CAUSES[error.outcome], " ".join(error.detail.split())[:_READABLE]

    def turn(before: Breaker | None) -> Breaker:
        failures = 1 if before is None else before.failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
        fresh = Breaker(vendor=vendor, cause=cause, failures=failures, opened_at=now, until=now + pause, note=note)
        return fresh if before is None else replace(fresh, opened_at=before.opened_at)

    return turn


def closing(_before: Breaker | None) -> None:
    """What an order that was accepted does to a breaker."""
    return


def _stuck(now: float, held: "Holdings") -> bool:
    return held.asked is not None and now - held.asked > STUCK


def _closed_to(breaker: Breaker, now: float) -> bool:
    """Whether it lets nobody through now; one that would stay so for longer than it can was set by another clock."""
    return 0 < breaker.until - now <= LONGEST_PAUSE


def _told(seconds: float) -> str:
    return format_duration(float(max(1, round(seconds))))
