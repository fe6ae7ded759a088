"""A meter that remembers what it was told about the schedule."""

from collections import Counter

from probe.model.meter import Meter
from probe.model.outcome import Skip
from probe.model.target import Target


class RecordingMeter(Meter):
    """Counts like the real one, in plain dictionaries."""

    def __init__(self) -> None:
        self.due: Counter[Target] = Counter()
        self.skipped: Counter[tuple[Target, Skip]] = Counter()
        self.in_flight: Counter[Target] = Counter()
        self.retired: list[Target] = []
        self.lateness: list[float] = []
        self.lags: list[float] = []
        self.told_outages: dict[Target, tuple[int, float, bool]] = {}
        self.write_errors = 0

    def slots_due(self, target: Target, slots: int) -> None:
        """Count slots of the schedule that came due."""
        self.due[target] += slots

    def run_skipped(self, target: Target, reason: Skip, slots: int = 1) -> None:
        """Count slots that never became a run."""
        self.skipped[target, reason] += slots

    def run_started(self, target: Target) -> None:
        """Count a run as in flight."""
        self.in_flight[target] += 1

    def run_ended(self, target: Target) -> None:
        """Count a run as no longer in flight."""
        self.in_flight[target] -= 1

    def target_retired(self, target: Target) -> None:
        """Remember who retired."""
        self.retired.append(target)

    def schedule_lateness(self, seconds: float) -> None:
        """Remember how late a run started."""
        self.lateness.append(seconds)

    def loop_lag(self, seconds: float) -> None:
        """Remember how late the loop was."""
        self.lags.append(seconds)

    def outages(self, target: Target, *, begun: int, seconds: float, active: bool) -> None:
        """Remember the newest word on outages."""
        self.told_outages[target] = (begun, seconds, active)

    def store_write_error(self) -> None:
        """Count a failed write."""
        self.write_errors += 1
