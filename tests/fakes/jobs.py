"""Jobs of made-up kinds and runs that never happened: as much of a schedule as a sink needs to see."""

from collections.abc import Mapping
from typing import ClassVar

from probe.model.clock import ClockSource
from probe.model.job import Detail, Job, Objective
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome
from probe.model.phase import WIRE_PHASES, Milestone, Phase
from probe.model.stopwatch import Connection, Fact, Stopwatch
from probe.model.target import OWN, Layer, Target

_WIRE = {Outcome.OK, Outcome.TIMEOUT, Outcome.UNRESOLVED, Outcome.REFUSED, Outcome.BROKEN, Outcome.UNEXPECTED}
_HTTP = frozenset(_WIRE | {Outcome.UNTRUSTED, Outcome.VENDOR_ERROR, Outcome.DENIED})
_API = _HTTP - {Outcome.UNEXPECTED} | {Outcome.THROTTLED, Outcome.INVALID, Outcome.MAINTENANCE}


class _Silent:
    """A kind that is never run."""

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Measure nothing."""


class FakeHttp(_Silent):
    """As much as a sink sees of an HTTP probe."""

    kind: ClassVar[str] = "http"
    phases: ClassVar[tuple[Phase, ...]] = WIRE_PHASES
    outcomes: ClassVar[frozenset[Outcome]] = _HTTP


class FakeApi(_Silent):
    """As much as a sink sees of an API probe."""

    kind: ClassVar[str] = "api"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.AUTH, *WIRE_PHASES)
    outcomes: ClassVar[frozenset[Outcome]] = _API


class FakeMonitoring(_Silent):
    """As much as a sink sees of a monitoring probe."""

    kind: ClassVar[str] = "monitoring"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.AUTH, Phase.QUERY, *WIRE_PHASES)
    outcomes: ClassVar[frozenset[Outcome]] = _API | {Outcome.UNEXPECTED}


class FakeLifecycle(_Silent):
    """As much as a sink sees of a lifecycle."""

    kind: ClassVar[str] = "lifecycle"
    phases: ClassVar[tuple[Phase, ...]] = (
        Phase.AUTH,
        Phase.ACCEPT,
        Phase.PROVISION,
        Phase.ADDRESS,
        Phase.REACH,
        Phase.DELETE,
        Phase.GONE,
    )
    outcomes: ClassVar[frozenset[Outcome]] = _API | {Outcome.CAPACITY, Outcome.QUOTA, Outcome.LEAKED}


FakeKind = FakeHttp | FakeApi | FakeMonitoring | FakeLifecycle


def fake_job(
    probe: FakeKind,
    name: str = "",
    *,
    vendor: str = "sandbox-steady",
    region: str = "eu-1",
    every: float = 20.0,
    objective: Objective | None = None,
) -> Job:
    """A job of the kind *probe* for *vendor*; an HTTP probe's is for an own target that is called *name*."""
    own = isinstance(probe, FakeHttp)
    target = Target(
        vendor=OWN if own else vendor,
        region="" if own else region,
        probe=probe.kind if own else name or probe.kind,
        name=name if own else "",
        layer=Layer.SERVICE if own else Layer.PLATFORM,
    )
    renting = isinstance(probe, FakeLifecycle)
    return Job(
        probe=probe,
        target=target,
        every=every,
        deadline=every / 2,
        renting=renting,
        detail=Detail.LEAN if own else Detail.FULL,
        objective=objective,
        spec="small, debian-12" if renting else "",
    )


def fake_run(
    job: Job,
    *,
    at: float = 1_800_000_000.0,
    outcome: Outcome = Outcome.OK,
    phase: Phase | None = None,
    seconds: float = 0.1,
    detail: str = "",
    run_id: str = "run-1",
    phases: Mapping[Phase, float] | None = None,
    resolution: Mapping[Phase, float] | None = None,
    milestones: Mapping[Milestone, float] | None = None,
    facts: Mapping[Fact, float | str] | None = None,
    connection: Connection = Connection.NEW,
    clock: ClockSource = ClockSource.KERNEL,
) -> Measurement:
    """A finished run of *job* that started at *at*."""
    return Measurement(
        run_id=run_id,
        kind=job.probe.kind,
        target=job.target,
        due=at,
        started=at,
        seconds=seconds,
        outcome=outcome,
        phase=phase,
        detail=detail,
        phases=phases or {},
        resolution=resolution or {},
        milestones=milestones or {},
        facts=facts or {},
        connection=connection,
        clock=clock,
    )
