"""The circuit breaker: nothing is rented while what was rented does not go, or the vendor says that we may not.

What leaks, and what does not go, is read from the ledger itself, so it ends when that ends. An answer that says denied
or quota opens a breaker for a pause that doubles each time; then one order may try (half open), and what it is answered
closes the breaker or opens it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Shut:
    """One reason why nothing is rented from a vendor entry, or why only one order may try.

    Attributes:
        cause: as a closed word.
        detail: for people.
        forbids: whether nobody may order; else the next order may try, for it has not gone well since.
        until: when that begins, seconds since 1970; None if it ends when its reason does.
    """

    cause: Cause
    detail: str
    forbids: bool = True
    until: float | None = None


def shut(vendor: str, now: float, held: "Holdings") -> Sequence[Shut]:
    """All that stops orders at *vendor* now (seconds since 1970), given what is *held* there."""
    found = []
    if held.leaked:
        some = f"{held.leaked} instances" if held.leaked > 1 else "an instance"
        found.append(Shut(Cause.LEAKS, f"{some} leaked at {vendor}: nothing more is rented there until it is gone"))
    if held.asked is not None and now - held.asked > STUCK:
        detail = (
            f"a deletion at {vendor} was asked for {_told(now - held.asked)} ago and has not come about: nothing more"
            " is rented there until it has"
        )
        found.append(Shut(Cause.DELETES, detail))
    if held.breaker is not None:
        found.append(_of_breaker(vendor, held.breaker, now))
    return found


def forbidden(vendor: str, now: float, held: "Holdings") -> Refusal | None:
    """Why nothing may be rented from *vendor* now (seconds since 1970), given what is *held* there; None if it may."""
    return next((Refusal(Skip.BREAKER, one.detail) for one in shut(vendor, now, held) if one.forbids), None)


def opening(vendor: str, error: BaseException, now: float, admitted: int = 0) -> "Turn | None":
    """What *error* does to the breaker of *vendor*; None if it is no reason to open one.

    *admitted*: the failures in a row that were known when the order was let through. Several orders that were on their
    way together are refused together: that is one refusal, and no reason to wait for longer each time.
    """
    if not isinstance(error, ProbeFailed) or error.outcome not in _CAUSES:
        return None
    cause, note = _CAUSES[error.outcome], _readable(error.detail)

    def turn(before: Breaker | None) -> Breaker:
        failures = max(admitted + 1, 0 if before is None else before.failures)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
        fresh = Breaker(vendor=vendor, cause=cause, failures=failures, opened_at=now, until=now + pause, note=note)
        return fresh if before is None else replace(fresh, opened_at=before.opened_at)

    return turn


def leaking(vendor: str, now: float, note: str) -> "Turn":
    """What something of ours that does not go, and that no lease is open for, does to the breaker of *vendor*.

    Every sweep that finds it there says so again. Whoever said no before, and still does, goes on saying so.
    """

    def turn(before: Breaker | None) -> Breaker:
        if before is not None and before.cause is not Cause.LEAKS and _closed_to(before, now):
            return before
        fresh = Breaker(
            vendor=vendor, cause=Cause.LEAKS, failures=1, opened_at=now, until=now + STUCK, note=_readable(note)
        )
        return fresh if before is None else replace(fresh, failures=before.failures, opened_at=before.opened_at)

    return turn


def closing(admitted: int) -> "Turn":
    """What an order that was accepted does to a breaker, let through when so many failures in a row were known.

    One that an order after it has opened stays open.
    """
    return lambda before: before if before is not None and before.failures > admitted else None


def failures_of(held: "Holdings") -> int:
    """How many orders in a row were refused, as far as is known."""
    return 0 if held.breaker is None else held.breaker.failures


def _of_breaker(vendor: str, breaker: Breaker, now: float) -> Shut:
    """What stands in the ledger; half open, too: what it waits for has not happened."""
    said = f"{vendor} answered {breaker.cause} ({breaker.note}): the next order may try"
    if breaker.cause is Cause.LEAKS:
        said = f"something leaked at {vendor} that is no open lease's ({breaker.note}): the next order may try"
    if not _closed_to(breaker, now):
        return Shut(breaker.cause, said, forbids=False)
    return Shut(breaker.cause, f"{said} in {_told(breaker.until - now)}", until=breaker.until)


def _closed_to(breaker: Breaker, now: float) -> bool:
    """Whether it lets nobody through now; one that would stay so for longer than it can was set by another clock."""
    return 0 < breaker.until - now <= LONGEST_PAUSE


def _readable(text: str) -> str:
    return " ".join(text.split())[:_READABLE]


def _told(seconds: float) -> str:
    return format_duration(float(max(1, round(seconds))))
