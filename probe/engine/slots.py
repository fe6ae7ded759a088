"""The account of the schedule's slots: runs + skipped + in flight = due, always."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from probe.model.meter import Meter
from probe.model.outcome import Skip
from probe.model.target import Target


@dataclass(slots=True)
class _Counts:
    due: int = 0
    runs: int = 0
    in_flight: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the slots of one target.

    Attributes:
        due: slots that came due.
        runs: those that became a finished run.
        in_flight: those that were taken up and are not over.
        skipped: those that never became a run, by reason.
    """

    due: int
    runs: int
    in_flight: int
    skipped: Mapping[Skip, int]

    @property
    def balanced(self) -> bool:
        """Whether every slot is accounted for."""
        return self.runs + sum(self.skipped.values()) + self.in_flight == self.due


class Slot:
    """A slot that was taken up; it ends exactly once, as a run or as skipped.

    Attributes:
        target: whose slot it is.
        counts: its target's account.
        open: whether it is still in flight.
    """

    __slots__ = ("_account", "counts", "open", "target")

    def __init__(self, account: "Account", target: Target, counts: _Counts) -> None:
        self._account = account
        self.counts = counts
        self.target = target
        self.open = True

    def ran(self) -> None:
        """The slot became a finished run; to be called in the same turn of the loop as the sinks' `record`."""
        self._account.end(self, None)

    def skip(self, reason: Skip) -> None:
        """The slot did not become a run after all."""
        self._account.end(self, reason)


class Account:
    """Counts slots per target, and tells the meter.

    No method awaits, so between two turns of the event loop the account is always balanced.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._counts: dict[Target, _Counts] = {}

    def due(self, target: Target, slots: int) -> None:
        """Count *slots* as due; the caller skips or takes up each of them before it awaits anything."""
        self._of(target).due += slots
        self._meter.slots_due(target, slots)

    def skip(self, target: Target, reason: Skip, slots: int = 1) -> None:
        """Count *slots* that were never taken up."""
        self._of(target).skipped[reason] += slots
        self._meter.run_skipped(target, reason, slots)

    def take_up(self, target: Target) -> Slot:
        """Put a slot in flight."""
        counts = self._of(target)
        counts.in_flight += 1
        self._meter.run_started(target)
        return Slot(self, target, counts)

    def end(self, slot: Slot, reason: Skip | None) -> None:
        """Take a slot out of flight: as a run, or skipped for *reason*.

        Raises:
            ValueError: it is over already.
        """
        if not slot.open:
            raise ValueError(f"a slot of {slot.target} is over already")
        slot.open = False
        counts = slot.counts
        counts.in_flight -= 1
        if reason is None:
            counts.runs += 1
        else:
            self.skip(slot.target, reason)
        self._meter.run_ended(slot.target)

    def tally(self, target: Target) -> Tally:
        """What became of the slots of *target* so far."""
        counts = self._of(target)
        return Tally(due=counts.due, runs=counts.runs, in_flight=counts.in_flight, skipped=dict(counts.skipped))

    def retire(self, target: Target) -> None:
        """Forget a target that left the schedule and has nothing in flight."""
        self._counts.pop(target, None)
        self._meter.target_retired(target)

    def _of(self, target: Target) -> _Counts:
        counts = self._counts.get(target)
        if counts is None:
            counts = self._counts[target] = _Counts()
        return counts
