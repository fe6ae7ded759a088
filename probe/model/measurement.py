"""What one run found out: the one value that travels up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from probe.model.clock import ClockSource
from probe.model.outcome import Blame, Outcome
from probe.model.phase import Milestone, Phase
from probe.model.stopwatch import Connection, Fact
from probe.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One finished run.

    Attributes:
        run_id: unique, for logs and exemplars.
        kind: the probe kind.
        target: who was measured.
        due: when the schedule wanted the run, seconds since 1970.
        started: when it started, seconds since 1970.
        seconds: how long it took, on the monotonic clock.
        outcome: what happened.
        phase: where a failure happened; None for ok.
        detail: the failure for people; redacted, never a label.
        phases: seconds per finished phase; one that was not reached is absent.
        resolution: seconds of uncertainty (half width) of the polled phases among them.
        milestones: seconds from the create (delete) call.
        facts: what was learnt besides durations.
        steps: seconds per finished step of a flow.
        failed_steps: the steps of a flow that failed, and as what; the first decides the run's outcome.
        connection: whether the exchange opened its connection.
        clock: which clock the wire's phases came from.
    """

    run_id: str
    kind: str
    target: Target
    due: float
    started: float
    seconds: float
    outcome: Outcome
    phase: Phase | None = None
    detail: str = ""
    phases: Mapping[Phase, float] = field(default_factory=dict)
    resolution: Mapping[Phase, float] = field(default_factory=dict)
    milestones: Mapping[Milestone, float] = field(default_factory=dict)
    facts: Mapping[Fact, float | str] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    failed_steps: Mapping[str, Outcome] = field(default_factory=dict)
    connection: Connection = Connection.NEW
    clock: ClockSource = ClockSource.LOOP

    @property
    def blame(self) -> Blame:
        """Whose fault the outcome is."""
        return self.outcome.blame

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return self.outcome is Outcome.OK
