"""All series of one probe on one target: created at 0 when it is configured, dropped when it leaves.

Zeros matter: `increase()` does not see the first event of a counter that appears together with it.
"""

from collections.abc import Mapping
from typing import Final

from probe.exposition import families as names
from probe.exposition.children import Exemplar, Histogram
from probe.exposition.desk import Desk
from probe.exposition.families import Family
from probe.exposition.table import Key, Table
from probe.model.job import Detail, Job
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome, Skip
from probe.model.phase import LIFECYCLE_PHASES, Milestone, Phase
from probe.model.stopwatch import Connection, Fact
from probe.model.target import Layer, Target

ADDED_BY_RUNNER: Final = frozenset({Outcome.OK, Outcome.TIMEOUT, Outcome.OVERLOADED, Outcome.BUG})
"""What every run can end as, whatever its kind."""

_BLAMES: Final = frozenset({Blame.VENDOR, Blame.CUSTOMER, Blame.AGENT})
"""Whose failures are announced at 0 per phase; nobody waits for the first excused one."""

_SKIPS: Final = (Skip.OVERLAP, Skip.BUSY, Skip.LATE, Skip.STOPPED)
_SKIPS_OF_VENDORS: Final = (Skip.BUDGET,)
_SKIPS_OF_RENTERS: Final = (Skip.QUOTA, Skip.BREAKER)


def identity(target: Target) -> Key:
    """The values of the identity labels of *target*."""
    return (target.vendor, target.region, target.probe, target.name, str(target.layer))


def possible(job: Job) -> tuple[Outcome, ...]:
    """Every outcome that runs of *job* can have, in the order of the vocabulary."""
    wanted = job.probe.outcomes | ADDED_BY_RUNNER
    if job.target.layer is Layer.PLATFORM:
        wanted |= {Outcome.NETWORK}  # what control checks make of it
    return tuple(outcome for outcome in Outcome if outcome in wanted)


class ProbeSeries:
    """The series of one target of one probe.

    Attributes:
        in_flight: runs that have started and not ended.
        leaving: whether the configuration has no place for it any more; it stays until its last run has ended.
    """

    def __init__(self, table: Table, desk: Desk, job: Job) -> None:
        self.leaving = False
        self._table = table
        self._desk = desk
        self._identity = identity(job.target)
        self._row = table.enter(self._identity)
        self._histograms: list[tuple[Family, Key]] = []
        self._job = job
        self._clock = ""
        for column in (desk.due, desk.in_flight, *desk.outages):
            column.set(self._row, 0.0)
        self._duration = self._histogram(names.RUN_DURATION)
        self._announce()
        self._configure()

    # --- children ----------------------------------------------------------------------------------------------------

    def _set(self, family: Family, value: float, *extra: str) -> None:
        self._table.column(family, *extra).set(self._row, value)

    def _add(self, family: Family, *extra: str, by: float = 1.0, exemplar: Exemplar | None = None) -> None:
        self._table.column(family, *extra).increase(self._row, by, exemplar)

    def _begin(self, family: Family, *extra: str) -> None:
        """Have it at 0, unless it is there."""
        self._add(family, *extra, by=0.0)

    def _drop(self, family: Family, *extra: str) -> None:
        self._table.column(family, *extra).drop(self._row)

    def _set_or_drop(self, family: Family, value: float | None, *extra: str) -> None:
        if value is None:
            self._drop(family, *extra)
        else:
            self._set(family, value, *extra)

    def _histogram(self, family: Family, *extra: str) -> Histogram:
        found = self._table.histogram(family, *self._identity, *extra)
        if not found.kept:
            found.kept = True
            self._histograms.append((family, extra))
        return found

    def remove(self) -> None:
        """Forget all of them; nothing may be counted after that."""
        for family, extra in self._histograms:
            self._table.drop(family, *self._identity, *extra)
        self._histograms.clear()
        self._table.leave(self._row)

    # --- announcing --------------------------------------------------------------------------------------------------

    def fits(self, job: Job) -> bool:
        """Whether *job* still has the same series, so that its counters may go on."""
        old, new = self._job, job
        return (old.probe.kind, old.probe.phases, old.probe.outcomes, old.detail, old.renting, old.steps) == (
            (new.probe.kind, new.probe.phases, new.probe.outcomes, new.detail, new.renting, new.steps)
        )

    def update(self, job: Job) -> None:
        """Take over what the configuration says now."""
        self.leaving = False
        self._drop(names.PROBE_INFO, self._job.probe.kind, self._job.spec, self._clock)
        self._job = job
        self._configure()

    def _configure(self) -> None:
        job, objective = self._job, self._job.objective
        self._set(names.INTERVAL, job.every)
        self._set(names.DEADLINE, job.deadline)
        self._set(names.PROBE_INFO, 1.0, job.probe.kind, job.spec, self._clock)
        latency = objective.latency if objective else None
        self._set_or_drop(names.OBJECTIVE_AVAILABILITY, objective.availability if objective else None)
        self._set_or_drop(names.OBJECTIVE_LATENCY, latency)
        self._set_or_drop(names.OBJECTIVE_LATENCY_RATIO, objective.latency_ratio if objective else None)
        if latency is not None:
            self._begin(names.FAST_RUNS)
        else:
            self._drop(names.FAST_RUNS)

    def _announce(self) -> None:
        for outcome in possible(self._job):
            self._begin(names.RUNS, str(outcome), str(outcome.blame))
        for step in self._job.steps:
            self._histogram(names.FLOW_STEP, step)
            for blame in sorted(self._blames()):
                self._begin(names.FAILED_FLOW_STEPS, step, str(blame))
        if self._job.detail is Detail.FULL:
            self._announce_failures()
            self._announce_skips()
            self._announce_phases()

    def _blames(self) -> set[Blame]:
        return {outcome.blame for outcome in possible(self._job)} & _BLAMES

    def _announce_failures(self) -> None:
        for phase in self._job.probe.phases:
            for blame in sorted(self._blames()):
                self._begin(names.FAILED_RUNS, str(phase), str(blame))

    def _announce_skips(self) -> None:
        of_vendor = _SKIPS_OF_VENDORS if self._job.target.layer is Layer.PLATFORM else ()
        of_renter = _SKIPS_OF_RENTERS if self._job.renting else ()
        for reason in (*_SKIPS, *of_vendor, *of_renter):
            self._begin(names.SKIPPED_RUNS, str(reason))

    def _announce_phases(self) -> None:
        for phase in self._job.probe.phases:
            self._phase(phase, Connection.NEW)
        if Phase.PROVISION in self._job.probe.phases:
            for milestone in Milestone:
                self._histogram(names.MILESTONE, str(milestone))

    def _phase(self, phase: Phase, connection: Connection) -> Histogram:
        if phase in LIFECYCLE_PHASES:
            return self._histogram(names.LIFECYCLE_PHASE, str(phase))
        return self._histogram(names.WIRE_PHASE, str(phase), str(connection))

    # --- what happens ------------------------------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Runs that have started and not ended."""
        return int(self._desk.in_flight.get(self._row) or 0)

    def due(self, slots: int) -> None:
        """Count slots of the schedule that came due."""
        self._desk.due.increase(self._row, slots)

    def started(self) -> None:
        """Count a run as in flight."""
        self._desk.in_flight.increase(self._row)

    def ended(self) -> None:
        """Count it as no longer in flight."""
        self._desk.in_flight.increase(self._row, -1.0)

    def skipped(self, reason: Skip, slots: int) -> None:
        """Count slots that never became a run."""
        self._add(names.SKIPPED_RUNS, str(reason), by=slots)

    def outages(self, begun: int, seconds: float, *, active: bool) -> None:
        """Note the outages so far."""
        for column, value in zip(self._desk.outages, (begun, seconds, float(active)), strict=True):
            column.set(self._row, value)

    def record(self, run: Measurement, now: float) -> None:
        """Take a finished run in; *now* is when it finished, seconds since 1970."""
        exemplar = Exemplar(run.run_id, run.seconds, now)
        told = Exemplar(run.run_id, 1.0, now)
        self._desk.runs(run.outcome).increase(self._row, 1.0, told)
        self._desk.last_run.set(self._row, now)
        if run.ok:
            self._succeeded(run, exemplar, now)
        else:
            phase = run.phase or self._job.probe.phases[0]
            self._add(names.FAILED_RUNS, str(phase), str(run.blame), exemplar=told)
        for step, seconds in run.steps.items():
            self._histogram(names.FLOW_STEP, step).observe(seconds, Exemplar(run.run_id, seconds, now))
        for step, outcome in run.failed_steps.items():
            self._add(names.FAILED_FLOW_STEPS, step, str(outcome.blame), exemplar=told)
        if self._job.detail is Detail.FULL:
            self._observe_phases(run, now)
        self._last_run(run)

    def _succeeded(self, run: Measurement, exemplar: Exemplar, now: float) -> None:
        self._desk.last_success.set(self._row, now)
        self._duration.observe(run.seconds, exemplar)
        limit = self._job.objective.latency if self._job.objective else None
        if limit is not None and run.seconds <= limit:
            self._add(names.FAST_RUNS)
        if run.clock != self._clock:
            self._drop(names.PROBE_INFO, self._job.probe.kind, self._job.spec, self._clock)
            self._clock = str(run.clock)
            self._set(names.PROBE_INFO, 1.0, self._job.probe.kind, self._job.spec, self._clock)

    def _observe_phases(self, run: Measurement, now: float) -> None:
        for phase, seconds in run.phases.items():
            self._phase(phase, run.connection).observe(seconds, Exemplar(run.run_id, seconds, now))
        for milestone, seconds in run.milestones.items():
            exemplar = Exemplar(run.run_id, seconds, now)
            self._histogram(names.MILESTONE, str(milestone)).observe(seconds, exemplar)
        for phase, seconds in run.resolution.items():
            self._set(names.RESOLUTION, seconds, str(phase))

    # --- gauges of the last run --------------------------------------------------------------------------------------

    def _last_run(self, run: Measurement) -> None:
        desk, row, facts = self._desk, self._row, run.facts
        desk.success.set(row, float(run.ok))
        desk.duration.set(row, run.seconds)
        desk.lookup.set_or_drop(row, run.phases.get(Phase.RESOLVE))
        desk.protocol.set_or_drop(row, _figure(run, Fact.IP_PROTOCOL))
        if Fact.CERTIFICATE_EXPIRY in facts or Fact.CHAIN_EXPIRY in facts:
            self._expiry(run)
        if Phase.TRANSFER in self._job.probe.phases:
            self._http_phases(run.phases)
        if Fact.DATAPOINTS_MISSING in facts or Fact.DATAPOINT_AGE in facts:
            self._datapoints(run)

    def _expiry(self, run: Measurement) -> None:
        expiries = [_figure(run, fact) for fact in (Fact.CERTIFICATE_EXPIRY, Fact.CHAIN_EXPIRY)]
        known = [expiry for expiry in expiries if expiry is not None]
        if known:
            self._set(names.PROBE_CERT_EXPIRY, min(known))

    def _http_phases(self, phases: Mapping[Phase, float]) -> None:
        send, wait = phases.get(Phase.SEND), phases.get(Phase.WAIT)
        seconds = (
            phases.get(Phase.RESOLVE),
            phases.get(Phase.CONNECT),
            phases.get(Phase.TLS),
            None if send is None or wait is None else send + wait,
            phases.get(Phase.TRANSFER),
        )
        for column, value in zip(self._desk.http, seconds, strict=True):
            column.set_or_drop(self._row, value)

    def _datapoints(self, run: Measurement) -> None:
        missing = _figure(run, Fact.DATAPOINTS_MISSING)
        if missing is not None:
            self._set(names.DATAPOINTS_MISSING, missing)
        age = _figure(run, Fact.DATAPOINT_AGE)
        if age is not None or missing:
            self._set_or_drop(names.DATAPOINT_AGE, age)


def _figure(run: Measurement, fact: Fact) -> float | None:
    value = run.facts.get(fact)
    return float(value) if isinstance(value, int | float) else None
