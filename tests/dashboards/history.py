"""A week of measurements of a made-up fleet, told by the agent's own exposition: what Prometheus would have scraped.

Runs are made up here; every name, label and bucket comes from the code that the agent runs.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from probe.engine.outages import Outages
from probe.exposition.metrics import Metrics
from probe.exposition.vendors import READS
from probe.model.job import Job, Objective
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome, Skip
from probe.model.phase import LIFECYCLE_PHASES, WIRE_PHASES, Milestone, Phase
from probe.model.refusal import Cause
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from tests.fakes.clock import FakeClock

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
COARSE: Final = 1_200.0
FINE: Final = 60.0
"""Scrapes are 20 minutes apart, and a minute apart in the last two hours: fast rules need several in half an hour."""
MONITORED = {Outcome.OK, Outcome.TIMEOUT, Outcome.REFUSED, Outcome.VENDOR_ERROR, Outcome.THROTTLED, Outcome.DENIED}


class MadeUp:
    """A probe that is never run: only what the exposition asks of one."""

    kind: ClassVar[str] = "api"
    phases: ClassVar[tuple[Phase, ...]] = (*WIRE_PHASES, Phase.AUTH)
    outcomes: ClassVar[frozenset[Outcome]] = frozenset(MONITORED)

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Nobody calls it."""
        raise NotImplementedError(target, watch)


class MadeUpMonitoring(MadeUp):
    """Asks for datapoints."""

    kind = "monitoring"
    phases = (*WIRE_PHASES, Phase.QUERY)


class MadeUpLifecycle(MadeUp):
    """Rents and gives back."""

    kind = "lifecycle"
    phases = LIFECYCLE_PHASES
    outcomes = frozenset(MONITORED | {Outcome.CAPACITY, Outcome.LEAKED})


API, MONITORING, LIFECYCLE = MadeUp(), MadeUpMonitoring(), MadeUpLifecycle()
PLACES: Final = (("steady", "eu"), ("steady", "us"), ("slow", "eu"), ("flaky", "eu"))
SCHEDULE: Final[tuple[tuple[str, MadeUp, float], ...]] = (
    ("api-read", API, 300.0),
    ("boot", LIFECYCLE, 1_800.0),
    ("points", MONITORING, 1_800.0),
)
CURRENCY: Final = {"steady": "EUR", "slow": "USD", "flaky": "USD"}
OBJECTIVE: Final = Objective(availability=0.99, latency=0.8, latency_ratio=0.95)


def _jobs() -> list[Job]:
    return [
        Job(
            probe=probe,
            target=Target(vendor, region, name),
            every=every,
            deadline=every / 3,
            renting=probe is LIFECYCLE,
            objective=OBJECTIVE if probe is API else None,
            spec="small debian-12" if probe is LIFECYCLE else "",
        )
        for vendor, region in PLACES
        for name, probe, every in SCHEDULE
    ]


@dataclass(slots=True)
class Fleet:
    """What happens to the fleet, minute by minute.

    Attributes:
        end: when the history ends, seconds since 1970.
        days: how long it is.
        eventful: whether anything goes wrong at all; else every run is ok.
        truth: how many runs of (vendor, probe) ended as an outcome, to compare with what the pages say.
    """

    end: float
    days: float
    eventful: bool
    truth: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    _chance: random.Random = field(default_factory=lambda: random.Random(20))
    _own_chance: random.Random = field(default_factory=lambda: random.Random(21))

    async def scrapes(self) -> AsyncIterator[tuple[float, str]]:
        """(time, text) of every scrape."""
        clock = FakeClock(wall=self.end - self.days * DAY)
        metrics = Metrics(clock, "0.1.0")
        outages = Outages(metrics)
        jobs = _jobs()
        metrics.config_reload(successful=True)
        metrics.announce(jobs)
        for vendor, region in PLACES:
            metrics.resources(vendor, region, "instance", active=0, deleting=0, leaked=0, oldest=0.0)
            metrics.estimated_cost(vendor, region, CURRENCY[vendor], 0.0)
            metrics.api_wait(vendor, region, 0.0)
        due = {job.target: clock.wall() + 1 + self._chance.random() * job.every / 2 for job in jobs}
        for moment in self._moments():
            clock.pass_time(moment - clock.wall())
            for job in jobs:
                while due[job.target] <= moment:
                    self._slot(job, due[job.target], metrics, outages)
                    due[job.target] += job.every
            self._owned(metrics, moment)
            self._own_share(metrics)
            self._calls(metrics, moment)
            text = b"".join([chunk async for chunk in metrics.exposition(None).chunks])
            yield moment, text.decode()

    def _own_share(self, metrics: Metrics) -> None:
        """What the agent tells of itself."""
        metrics.control_checks({"gateway": True, "resolver": self._own_chance.random() > 0.1})
        for observe in (metrics.schedule_lateness, metrics.loop_lag, metrics.receive_lag):
            for _ in range(20):
                observe(self._own_chance.expovariate(2_000.0))

    def _moments(self) -> Iterator[float]:
        moment = self.end - self.days * DAY
        while moment <= self.end:
            yield moment
            moment += COARSE if moment < self.end - 2 * HOUR else FINE

    def _slot(self, job: Job, due: float, metrics: Metrics, outages: Outages) -> None:
        ago = self.end - due
        if self.eventful and job.target.vendor == "slow" and job.target.probe == "points" and ago < 4 * HOUR:
            return  # it has gone stale
        metrics.slots_due(job.target, 1)
        if self.eventful and job.target.vendor == "flaky" and self._chance.random() < 0.03:
            metrics.run_skipped(job.target, Skip.OVERLAP)
            return
        if self.eventful and job.renting and ago < HOUR and job.target.vendor != "steady":
            metrics.run_skipped(job.target, Skip.BREAKER)
            return
        outcome = self._outcome(job, ago) if self.eventful else Outcome.OK
        self.truth[job.target.vendor, job.target.probe, outcome] += 1
        run = self._measured(job, due, outcome)
        metrics.record(run)
        outages.record(run)

    def _outcome(self, job: Job, ago: float) -> Outcome:
        chance, vendor = self._chance.random(), job.target.vendor
        if vendor == "flaky":
            down = ago < 0.5 * HOUR or 48 * HOUR < ago < 50 * HOUR
            return Outcome.REFUSED if down else Outcome.TIMEOUT if chance < 0.08 else Outcome.OK
        if vendor == "slow":
            full = job.renting and chance < 0.1
            return Outcome.CAPACITY if full else Outcome.THROTTLED if chance > 0.98 else Outcome.OK
        return Outcome.OK

    def _measured(self, job: Job, due: float, outcome: Outcome) -> Measurement:
        scale = {"steady": 1.0, "slow": 6.0, "flaky": 1.5}[job.target.vendor]
        phases = {
            phase: scale * self._chance.lognormvariate(0.0, 0.4) * (8.0 if job.renting else 0.02)
            for phase in job.probe.phases
        }
        if outcome is not Outcome.OK:
            phases = {phase: phases[phase] for phase in job.probe.phases[:1]}
        milestones: dict[Milestone, float] = {}
        if job.renting and outcome is Outcome.OK:
            accepted = phases[Phase.ACCEPT]
            active = accepted + phases[Phase.PROVISION]
            milestones = {Milestone.ACCEPTED: accepted, Milestone.ACTIVE: active, Milestone.GONE: phases[Phase.GONE]}
        return Measurement(
            run_id="made-up",
            kind=job.probe.kind,
            target=job.target,
            due=due,
            started=due,
            seconds=sum(phases.values()),
            outcome=outcome,
            phase=None if outcome is Outcome.OK else job.probe.phases[1],
            phases=phases,
            milestones=milestones,
        )

    def _owned(self, metrics: Metrics, moment: float) -> None:
        """What the ledger holds: in the last hour something leaks, a deletion does not come about, and it goes away."""
        late = self.eventful and self.end - moment < HOUR
        metrics.resources("flaky", "eu", "instance", active=1, deleting=int(late), leaked=int(late), oldest=60.0)
        metrics.ledger(there=not late)
        metrics.residuals("flaky", "eu", {"lease-1": {"volumes": int(late)}}, ["addresses", "volumes"])
        metrics.breaker("flaky", "eu", [Cause.LEAKS, Cause.DELETES] if late else [])
        metrics.breaker("slow", "eu", [Cause.QUOTA] if late else [])
        for vendor, region in PLACES:
            for move in (metrics.resource_created, metrics.resource_deleted):
                move(vendor, region, "instance")
            metrics.estimated_cost(vendor, region, CURRENCY[vendor], (moment - self.end + self.days * DAY) / HOUR / 50)
            for read in READS:
                known = vendor != "slow" or not self.eventful or self._own_chance.random() > 0.2
                metrics.read_after_write(vendor, region, read, consistent=known)
                metrics.visible(vendor, region, read, 0.1 if known else 4.0, 0.1 if known else 1.0)
        if late:
            metrics.resource_leaked("flaky", "eu", "instance")
            metrics.resource_leaked("flaky", "eu", "volumes")
            metrics.not_visible("slow", "eu", "list_after_delete")
            metrics.store_write_error()
            metrics.sweep("failed")
        else:
            metrics.sweep("ok")

    def _calls(self, metrics: Metrics, moment: float) -> None:
        """What the vendors' APIs said: in the last hour one account is used up, and waits."""
        late = self.eventful and self.end - moment < HOUR
        for vendor, region in PLACES:
            for _ in range(20):
                metrics.api_request(vendor, region, "list", "2xx", self._own_chance.expovariate(20.0))
            used_up = late and vendor == "slow"
            metrics.api_budget(
                vendor, region, limit=3600.0, remaining=20.0 if used_up else 3000.0, reset=moment + 1_800.0
            )
        if self.eventful:
            metrics.api_request("slow", "eu", "list", "429", 0.05)
            metrics.api_request("flaky", "eu", "list", "5xx", 0.05)
            metrics.api_wait("slow", "eu", 3.0)
            metrics.unmatched_error("flaky", "eu")


async def told(fleet: Fleet, *, up: bool) -> AsyncIterator[str]:
    """The history as OpenMetrics text for promtool; with the scrape's own series `up` or without.

    The samples of a series must come in order of time; what a scrape adds is added here.
    """
    added = 'job="probe",instance="agent:9781",vantage="fra"'
    names: dict[str, str] = {}
    async for moment, text in fleet.scrapes():
        for line in text.splitlines():
            series, _, value = line.rpartition(" ")
            if line.startswith("#") or not series.startswith(("stability_", "probe_")):
                continue
            name = names.get(series)
            if name is None:
                stem, brace, labels = series.partition("{")
                name = names[series] = f"{stem}{{{added},{labels}" if brace else f"{stem}{{{added}}}"
            yield f"{name} {value} {moment:.3f}\n"
        if up:
            yield f"up{{{added}}} 1 {moment:.3f}\n"
    yield "# EOF\n"
