"""Waiting for a change by polling, and saying how sharply it was seen.

A "not yet" is true from when its request was sent: the vendor cannot have looked before. A "yes" is true from when its
answer arrived. The change lies between the last of the one and the first of the other; the middle is what we publish,
with half the gap as its resolution. The interval grows with the time waited, so that the error stays relative.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probe.cloud.complaint import VendorComplaint
from probe.cloud.file.instances import PollPace
from probe.cloud.order import View
from probe.model.clock import Clock
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a change is looked for.

    Attributes:
        first: seconds of the shortest interval.
        growth: the interval as a share of the time waited so far.
        longest: seconds of the longest interval.
    """

    first: float = 0.5
    growth: float = 0.05
    longest: float = 10.0

    @classmethod
    def of(cls, written: PollPace) -> "Pace":
        """The pace that a vendor file wants."""
        return cls(written.first, written.growth, written.longest)

    def interval(self, waited: float) -> float:
        """Seconds until the next poll, after *waited* seconds."""
        return min(max(self.first, self.growth * waited), self.longest)


@dataclass(frozen=True, slots=True)
class Seen:
    """A change that was seen.

    Attributes:
        view: what showed it; None if that was the instance's absence.
        last_no: when the request of the last "not yet" was sent, on the monotonic clock; None if there was none.
        first_yes: when the answer of the first "yes" arrived.
    """

    view: View | None
    last_no: float | None
    first_yes: float

    def since(self, start: float) -> tuple[float, float]:
        """Seconds from *start* to the change, and the half width of what we know of it."""
        earliest = start if self.last_no is None else max(start, self.last_no)
        return (earliest + self.first_yes) / 2 - start, max(0.0, (self.first_yes - earliest) / 2)


async def poll(
    sample: Callable[[], Awaitable[View | None]],
    decide: Callable[[View | None], bool],
    watch: Stopwatch,
    clock: Clock,
    pace: Pace,
    poll_grace: float,
    *,
    missing_grace: float | None = None,
) -> Seen:
    """Ask until *decide* says yes.

    A poll that fails is repeated, not before the vendor wants it, and decides only when none has succeeded for
    *poll_grace* seconds; until the next success it is what a deadline means (`watch.standing`). Denied decides at once,
    and so does what *decide* raises.

    Args:
        sample: asks once.
        decide: whether a view is what is waited for; raises ProbeFailed when it never will be.
        watch: the run's stopwatch.
        clock: time and sleep.
        pace: how often.
        poll_grace: seconds without one successful poll after which the last failure stands.
        missing_grace: seconds for which the vendor may not know the instance; None lets *decide* judge its absence.

    Raises:
        ProbeFailed: as said above, or the instance is missing after its grace.
    """
    started = clock.now()
    last_success, last_no = started, None
    while True:
        sent, wish = clock.now(), 0.0
        try:
            view = await sample()
        except ProbeFailed as failure:
            if failure.outcome is Outcome.DENIED or clock.now() - last_success >= poll_grace:
                raise
            watch.standing, wish = failure, _retry_after(failure)
        else:
            last_success, watch.standing = clock.now(), None
            if not _missing(view, missing_grace, last_success - started) and decide(view):
                return Seen(view, last_no, last_success)
            last_no = max(sent, watch.released)  # held up by our own budget, it was sent later
        await clock.sleep(max(wish, pace.interval(clock.now() - started)))


def _retry_after(failure: ProbeFailed) -> float:
    wish = failure.retry_after if isinstance(failure, VendorComplaint) else None
    return wish or 0.0


def _missing(view: View | None, grace: float | None, waited: float) -> bool:
    """Whether the vendor does not know the instance yet."""
    if view is not None or grace is None:
        return False
    if waited >= grace:
        raise ProbeFailed(
            Outcome.VENDOR_ERROR, f"the vendor acknowledged an instance and denies it after {waited:.0f} s"
        )
    return True


def is_ready(view: View | None) -> bool:
    """Whether an instance runs.

    Raises:
        ProbeFailed: it never will.
    """
    if view is None:
        raise ProbeFailed(Outcome.VENDOR_ERROR, "the instance vanished")
    if view.state is InstanceState.FAILED:
        raise ProbeFailed(view.outcome, f"the instance failed: {view.reason or 'no explanation'}")
    if view.state in {InstanceState.DELETING, InstanceState.GONE}:
        raise ProbeFailed(view.outcome, f"the instance is {view.state} by itself: {view.reason or 'no explanation'}")
    return view.state is InstanceState.READY


def has_address(view: View | None) -> bool:
    """Whether an instance runs and has an address.

    Raises:
        ProbeFailed: it never will.
    """
    return is_ready(view) and view is not None and bool(view.addresses)


def is_gone(view: View | None) -> bool:
    """Whether an instance is no more."""
    return view is None or view.state is InstanceState.GONE
