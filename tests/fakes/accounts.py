"""Vendor entries that are rented from, in every kind of trouble, as a census tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from probe.exposition.renting import Renting
from probe.model.clock import Clock
from probe.model.instance import Lease, LeaseState
from probe.model.job import Job
from probe.model.outcome import Skip
from probe.model.refusal import Cause
from probe.model.renting import Standing
from tests.fakes.jobs import FakeApi, FakeLifecycle, fake_job
from tests.fakes.leases import a_lease


@dataclass(frozen=True, slots=True)
class FakeStop:
    """A reason not to rent."""

    cause: Cause
    detail: str
    forbids: bool = True


def standing(*leases: Lease, stops: Sequence[FakeStop] = ()) -> Standing:
    """What a census says; the *stops* last."""
    return Standing(leases=leases, stops=lambda _: stops)


def leaked(now: float, number: int = 1, note: str = "acknowledged and not gone") -> Lease:
    """Something that was to go ten minutes before *now*."""
    return a_lease(
        f"probe-00000000-{number:012x}",
        state=LeaseState.LEAKED,
        instance_id=f"i-{number:05d}",
        intended_at=now - 900,
        delete_requested_at=now - 600,
        note=note,
    )


def many_jobs(vendors: int, probes: int) -> list[Job]:
    """So many *vendors* v0, v1, ... that are rented from, with so many *probes* each, the lifecycle included."""
    return [
        job
        for vendor in range(vendors)
        for job in (
            fake_job(FakeLifecycle(), vendor=f"v{vendor}"),
            *(fake_job(FakeApi(), f"api-{number}", vendor=f"v{vendor}") for number in range(probes - 1)),
        )
    ]


def troubled(clock: Clock, vendors: int, probes: int) -> Renting:
    """All stopped for every cause that there is, with ten leaks each, and every probe skipped for each reason."""
    renting, now = Renting(clock), clock.wall()
    jobs = many_jobs(vendors, probes)
    renting.announce(jobs)
    renting.ledger = True
    stops = [FakeStop(cause, f"{cause}: {'a reason that takes some words to tell, ' * 4}") for cause in Cause]
    leases = [leaked(now, number, "500 Internal Server Error, " * 8) for number in range(10)]
    for vendor in range(vendors):
        renting.residuals(f"v{vendor}", "eu-1", {"volumes": 4})
        renting.standing(f"v{vendor}", "eu-1", standing(*leases, stops=stops))
    for job in jobs:
        for reason in Skip:
            renting.run_skipped(job.target, reason, 7)
    return renting
