"""Half an hour of a made-up fleet: one vendor is steady, one slow, one flaky, one does not let us in."""

import random

from probe.model.job import Job, Objective
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome
from probe.model.phase import Milestone, Phase
from probe.model.stopwatch import Fact
from tests.fakes.jobs import FakeApi, FakeHttp, FakeKind, FakeLifecycle, FakeMonitoring, fake_job, fake_run

HOSTILE = 'no room left in <script>alert("x")</script> zone b\n\x1b[31mred\u202e'

VENDORS = (("sandbox-steady", "eu-1"), ("sandbox-slow", "us-2"), ("sandbox-flaky", "ap-3"))
STRANGE = [(Outcome.CAPACITY, Phase.ACCEPT, HOSTILE), (Outcome.TIMEOUT, Phase.PROVISION, "not ready within 8 s")]
WIRE = {
    Phase.RESOLVE: 0.001,
    Phase.CONNECT: 0.004,
    Phase.TLS: 0.012,
    Phase.SEND: 0.0002,
    Phase.WAIT: 0.06,
    Phase.TRANSFER: 0.003,
}


def story_jobs() -> list[Job]:
    """The jobs of the fleet."""
    kinds: tuple[FakeKind, ...] = (FakeLifecycle(), FakeApi(), FakeMonitoring())
    objective = Objective(availability=0.999, latency=0.8, latency_ratio=0.99)
    jobs = [
        fake_job(kind, vendor=vendor, region=region, objective=objective if kind.kind == "api" else None)
        for vendor, region in VENDORS
        for kind in kinds
    ]
    jobs.append(fake_job(FakeApi(), vendor="locked-out", region="DFW"))
    jobs.append(fake_job(FakeLifecycle(), vendor="newcomer", region="fra", every=900.0))
    return [*jobs, fake_job(FakeHttp(), "shop"), fake_job(FakeHttp(), "blog")]


def _phases(job: Job, pace: float, dice: random.Random) -> dict[Phase, float]:
    if job.probe.kind == "lifecycle":
        lengths = {Phase.ACCEPT: 0.2, Phase.PROVISION: 2.4, Phase.ADDRESS: 0.4, Phase.DELETE: 0.1, Phase.GONE: 0.9}
    else:
        lengths = dict(WIRE)
    if job.probe.kind == "monitoring":
        lengths[Phase.QUERY] = sum(lengths.values()) + 0.01
    return {phase: length * pace * dice.uniform(0.8, 1.4) for phase, length in lengths.items()}


def _failure(job: Job, dice: random.Random) -> tuple[Outcome, Phase, str] | None:
    if job.target.vendor == "locked-out":
        return (Outcome.DENIED, Phase.AUTH, "401: the key is not known")
    if job.target.vendor == "sandbox-flaky":
        if job.probe.kind == "lifecycle":
            return dice.choice(STRANGE) if dice.random() < 0.3 else None
        if dice.random() < 0.12:
            return (Outcome.VENDOR_ERROR, Phase.WAIT, "503 Service Unavailable")
    if job.target.name == "blog" and dice.random() < 0.05:
        return (Outcome.OVERLOADED, Phase.WAIT, "the loop was held for 0.8 s")
    return None


def story_runs(jobs: list[Job], now: float, *, slots: int = 90, seed: int = 7) -> list[Measurement]:
    """Their runs up to *now*, oldest first; the newcomer has not run yet."""
    dice = random.Random(seed)
    told = []
    for slot in range(slots, 0, -1):
        for place, job in enumerate(jobs):
            if job.every <= 20:
                told.append(_run(job, now - 20 * slot + place, dice, f"{slot:04x}{place:04x}"))
    return told


def _run(job: Job, at: float, dice: random.Random, run_id: str) -> Measurement:
    failure = _failure(job, dice)
    phases = _phases(job, 3.4 if job.target.vendor == "sandbox-slow" else 1.0, dice)
    facts: dict[Fact, float | str] = {Fact.IP_PROTOCOL: 4.0, Fact.REQUEST_ID: f"req-{run_id}"}
    facts[Fact.CERTIFICATE_EXPIRY] = at + 30 * 86400
    if job.probe.kind == "monitoring":
        facts |= {Fact.DATAPOINT_AGE: 42.0, Fact.DATAPOINTS_MISSING: 0.0}
    if failure is None:
        life = job.probe.kind == "lifecycle"
        return fake_run(
            job,
            at=at,
            run_id=run_id,
            seconds=phases.get(Phase.QUERY) or sum(phases.values()),
            phases=phases,
            resolution={Phase.PROVISION: 0.12, Phase.GONE: 0.1} if life else None,
            milestones={Milestone.ACCEPTED: 0.2, Milestone.ACTIVE: 2.6, Milestone.GONE: 1.0} if life else None,
            facts=facts,
        )
    outcome, where, detail = failure
    before = job.probe.phases[: job.probe.phases.index(where)]
    reached = {phase: spent for phase, spent in phases.items() if phase in before}
    return fake_run(
        job,
        at=at,
        run_id=run_id,
        outcome=outcome,
        phase=where,
        detail=detail,
        seconds=sum(reached.values()) + 0.03,
        phases=reached,
        facts={Fact.REQUEST_ID: f"req-{run_id}"},
    )
