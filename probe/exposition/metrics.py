"""Turns what happens on any floor into series: the meter that counts, and the sink that every run ends in."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry

from probe.exposition import families as names
from probe.exposition.collector import Registries
from probe.exposition.desk import Desk
from probe.exposition.formats import END, Format, negotiated
from probe.exposition.renting import Renting
from probe.exposition.series import ProbeSeries
from probe.exposition.table import Table
from probe.exposition.vendors import VendorSeries
from probe.model.clock import Clock
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.model.outcome import Skip
from probe.model.refusal import Cause
from probe.model.renting import Standing
from probe.model.target import Target

_ACCOUNT: Final = (names.DUE_RUNS, names.RUNS, names.SKIPPED_RUNS, names.RUNS_IN_FLIGHT)
"""The account of the slots: due = runs + skipped + in flight, in every scrape."""
_CPU_LOST: Final = {"steal": names.CPU_STEAL, "wait": names.CPU_WAIT, "throttled": names.CPU_THROTTLED}


@dataclass(frozen=True, slots=True)
class Exposition:
    """What a scraper gets.

    Attributes:
        content_type: the media type that the chunks are in.
        chunks: the text; iterating gives the loop to others all the time.
    """

    content_type: str
    chunks: AsyncIterator[bytes]


class Metrics(Meter):
    """Counts, and is a `Sink`.

    Runs of targets that were never announced are not told: without a configured probe there is no series.

    Attributes:
        registry: the same series for everything that reads a prometheus_client registry.
        renting: what the page may know of renting.
    """

    def __init__(self, clock: Clock, version: str) -> None:
        self._clock = clock
        self.renting = Renting(clock)
        self._table = Table(together=_ACCOUNT)
        self._desk = Desk(self._table)
        self._probes: dict[Target, ProbeSeries] = {}
        self._vendors = VendorSeries(self._table)
        self._registries = Registries(self._table)
        self._lateness = self._table.histogram(names.SCHEDULE_LATENESS)
        self._loop_lag = self._table.histogram(names.LOOP_LAG)
        self._receive_lag = self._table.histogram(names.RECEIVE_LAG)
        self._controls: frozenset[str] = frozenset()
        self._table.value(names.BUILD_INFO, version).set(1.0)
        self._table.value(names.STORE_ERRORS)
        self._table.value(names.WRONG_MOVES)
        for result in ("ok", "failed"):
            self._table.value(names.SWEEPS, result)

    @property
    def registry(self) -> CollectorRegistry:
        """The same series for everything that reads a prometheus_client registry."""
        return self._registries.everything

    def exposition(self, accept: str | None) -> Exposition:
        """All series in the format that the `Accept` header *accept* prefers."""
        form = negotiated(accept)
        return Exposition(str(form), self._told(form))

    async def _told(self, form: Format) -> AsyncIterator[bytes]:
        async for chunk in self._table.told(form, self._clock):
            yield chunk
        await asyncio.sleep(0)  # those take half a millisecond together, as long as a slice
        yield self._registries.process(form) + (END if form is Format.OPEN else b"")

    # --- the schedule ------------------------------------------------------------------------------------------------

    def announce(self, jobs: Iterable[Job]) -> None:
        """Create the series of all *jobs* at 0, and drop those of jobs that are not among them.

        Counters of a job that stays go on; those of one that leaves stay until its last run has ended.
        """
        wanted = {job.target: job for job in jobs}
        self.renting.announce(wanted.values())
        for target, series in list(self._probes.items()):
            if target not in wanted:
                series.leaving = True
                self._drop_if_done(target)
        for job in wanted.values():
            self._announce(job)
        self._vendors.announce(wanted.values())

    def _announce(self, job: Job) -> None:
        series = self._probes.get(job.target)
        if series is not None and series.fits(job):
            series.update(job)
            return
        running = series.in_flight if series is not None else 0
        if series is not None:
            series.remove()
        self._probes[job.target] = fresh = ProbeSeries(self._table, self._desk, job)
        for _ in range(running):
            fresh.started()

    def _drop_if_done(self, target: Target) -> None:
        series = self._probes.get(target)
        if series is not None and series.leaving and series.in_flight <= 0:
            series.remove()
            del self._probes[target]

    def slots_due(self, target: Target, slots: int) -> None:
        """Count slots of the schedule that came due."""
        if (series := self._probes.get(target)) is not None:
            series.due(slots)

    def run_skipped(self, target: Target, reason: Skip, slots: int = 1) -> None:
        """Count slots that never became a run."""
        if (series := self._probes.get(target)) is not None:
            series.skipped(reason, slots)
            self.renting.run_skipped(target, reason, slots)

    def run_started(self, target: Target) -> None:
        """Count a run as in flight."""
        if (series := self._probes.get(target)) is not None:
            series.started()

    def run_ended(self, target: Target) -> None:
        """Count a run as no longer in flight; the last one of a probe that has left takes its series along."""
        if (series := self._probes.get(target)) is not None:
            series.ended()
            if series.leaving:
                self._drop_if_done(target)

    def record(self, measurement: Measurement) -> None:
        """Take a finished run in."""
        if (series := self._probes.get(measurement.target)) is not None:
            series.record(measurement, self._clock.wall())

    def outages(self, target: Target, *, begun: int, seconds: float, active: bool) -> None:
        """Note the outages of *target* so far, restarts included."""
        if (series := self._probes.get(target)) is not None:
            series.outages(begun, seconds, active=active)

    def schedule_lateness(self, seconds: float) -> None:
        """Observe how late a run started."""
        self._lateness.observe(seconds)

    def loop_lag(self, seconds: float) -> None:
        """Observe how late the event loop woke us."""
        self._loop_lag.observe(seconds)

    def receive_lag(self, seconds: float) -> None:
        """Observe the time between the kernel's receipt of bytes and our reading of them."""
        self._receive_lag.observe(seconds)

    def cpu_lost(self, seconds: Mapping[str, float]) -> None:
        """Note the CPU time that others took."""
        for how, family in _CPU_LOST.items():
            if how in seconds:
                self._table.value(family).set(seconds[how])

    def control_checks(self, results: Mapping[str, bool | None]) -> None:
        """Note whether our own network's checks succeeded."""
        for name in self._controls - results.keys():
            self._table.drop(names.CONTROL_CHECK, name)
        self._controls = frozenset(results)
        for name, success in results.items():
            if success is not None:
                self._table.value(names.CONTROL_CHECK, name).set(float(success))

    # --- the vendor's API --------------------------------------------------------------------------------------------

    def api_request(self, vendor: str, region: str, operation: str, code: str, seconds: float) -> None:
        """Count one of our calls to a vendor."""
        self._vendors.api_request((vendor, region), operation, code, seconds)

    def api_budget(
        self, vendor: str, region: str, *, limit: float | None, remaining: float | None, reset: float | None
    ) -> None:
        """Note the vendor's own statement of our rate limit."""
        told = (
            (names.API_BUDGET_LIMIT, limit),
            (names.API_BUDGET_REMAINING, remaining),
            (names.API_BUDGET_RESET, reset),
        )
        for family, value in told:
            if value is not None:
                self._table.value(family, vendor, region).set(value)

    def api_wait(self, vendor: str, region: str, seconds: float) -> None:
        """Count time for which our calls to a vendor waited for our own request budget."""
        self._table.value(names.API_BUDGET_WAIT, vendor, region).increase(seconds)

    def unmatched_error(self, vendor: str, region: str) -> None:
        """Count an error of a vendor that no rule of its file knew."""
        self._table.value(names.UNMATCHED_ERRORS, vendor, region).increase()

    def credentials_expiry(self, vendor: str, timestamp: float) -> None:
        """Note when the credentials of a vendor expire."""
        self._table.value(names.CREDENTIALS_EXPIRY, vendor).set(timestamp)

    # --- what we own -------------------------------------------------------------------------------------------------

    def resource_created(self, vendor: str, region: str, kind: str) -> None:
        """Count something rented."""
        self._table.value(names.RESOURCES_CREATED, vendor, region, kind).increase()

    def resource_deleted(self, vendor: str, region: str, kind: str) -> None:
        """Count something given back."""
        self._table.value(names.RESOURCES_DELETED, vendor, region, kind).increase()

    def resource_leaked(self, vendor: str, region: str, kind: str) -> None:
        """Count something whose deletion was asked for and that was not gone in time."""
        self._table.value(names.RESOURCES_LEAKED, vendor, region, kind).increase()

    def resources(
        self, vendor: str, region: str, kind: str, *, active: int, deleting: int, leaked: int, oldest: float
    ) -> None:
        """Note what is owned now."""
        counts = {"active": active, "deleting": deleting, "leaked": leaked}
        self._vendors.resources((vendor, region), kind, counts, oldest)

    def left_behind(self, vendor: str, region: str, lease: str, counts: Mapping[str, int]) -> None:
        """Note how much of what came with the instance of a *lease* was there at the last look."""
        self._vendors.left_behind((vendor, region), lease, counts)

    def residuals(
        self, vendor: str, region: str, noted: Mapping[str, Mapping[str, int]], kinds: Collection[str] = ()
    ) -> None:
        """Note how much that came with instances is written down and not known to be gone."""
        self.renting.residuals(vendor, region, self._vendors.residuals((vendor, region), noted, kinds))

    def standing(self, vendor: str, region: str, standing: Standing) -> None:
        """Take note of how a vendor entry stands, for the page."""
        self.renting.standing(vendor, region, standing)

    def estimated_cost(self, vendor: str, region: str, currency: str, amount: float) -> None:
        """Note what everything rented so far has cost."""
        self._vendors.cost((vendor, region), currency, amount)

    def breaker(self, vendor: str, region: str, causes: Collection[Cause]) -> None:
        """Note why nothing is rented from a vendor entry now."""
        self._vendors.breaker((vendor, region), causes)

    def read_after_write(self, vendor: str, region: str, read: str, *, consistent: bool) -> None:
        """Count a look at what was just written."""
        told = "yes" if consistent else "no"
        self._table.value(names.READS_AFTER_WRITES, vendor, region, read, told).increase()

    def visible(self, vendor: str, region: str, read: str, seconds: float, resolution: float) -> None:
        """Observe how long after a write a read knew of it."""
        self._table.histogram(names.VISIBILITY, vendor, region, read).observe(seconds)
        self._table.value(names.VISIBILITY_RESOLUTION, vendor, region, read).set(resolution)

    def not_visible(self, vendor: str, region: str, read: str) -> None:
        """Count a write that a read did not know in time."""
        self._table.value(names.NOT_VISIBLE, vendor, region, read).increase()

    def wrong_move(self) -> None:
        """Count a move of a lease that was not made."""
        self._table.value(names.WRONG_MOVES).increase()

    # --- the agent itself --------------------------------------------------------------------------------------------

    def sweep(self, result: str) -> None:
        """Count a sweep."""
        self._table.value(names.SWEEPS, result).increase()
        if result == "ok":
            self._table.value(names.SWEEP_TIMESTAMP).set(self._clock.wall())

    def store_write_error(self) -> None:
        """Count a failed write to the store."""
        self._table.value(names.STORE_ERRORS).increase()

    def ledger(self, *, there: bool) -> None:
        """Note whether there is a ledger."""
        self.renting.ledger = there
        self._table.value(names.LEDGER).set(float(there))

    def config_reload(self, *, successful: bool) -> None:
        """Note how the last reload of the configuration ended."""
        self._table.value(names.RELOAD_SUCCESSFUL).set(float(successful))
        if successful:
            self._table.value(names.RELOAD_TIMESTAMP).set(self._clock.wall())
