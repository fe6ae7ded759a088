"""The life of an instance, on a vendor with its own truth."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import SupportsIndex

import pytest
from typing_extensions import override

from probe.engine.runner import Runner, Skipped
from probe.model.instance import InstanceState, Lease, LeaseState
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed, Skip
from probe.model.phase import LIFECYCLE_PHASES, Milestone, Phase
from probe.model.target import Target
from probe.probes.kind import Surroundings
from probe.probes.lifecycle import LifecycleOptions, LifecycleProbe
from probe.rental import Guards, Renter
from probe.store import Store
from tests.fakes.building import BuildingCloud
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import failure
from tests.fakes.probes import KeepingSink
from tests.fakes.wire import FakeWire

TARGET = Target("acme", "north", "lifecycle")
PLENTY = Guards(instances_at_once=5, per_day=10_000, per_hour=None, lease=1_800.0)


class Endless(list[ProbeFailed]):
    """Failures that never run out, each one new: one that is raised over and over drags all its tracebacks along."""

    def __init__(self, outcome: Outcome, detail: str = "no") -> None:
        super().__init__([ProbeFailed(outcome, detail)])

    @override
    def pop(self, index: SupportsIndex = -1, /) -> ProbeFailed:
        return ProbeFailed(self[0].outcome, self[0].detail)


class Stage:
    """A vendor, a ledger, and a runner that runs one lifecycle at a time."""

    def __init__(self, store: Store, guards: Guards = PLENTY) -> None:
        self.store = store
        self.clock = FakeClock()
        self.cloud = BuildingCloud(self.clock)
        self.wire = FakeWire(self.clock)
        self.sink = KeepingSink()
        self.renter = Renter(self.cloud, store, guards, None, self.clock, Meter())

    def job(self, *, deadline: float = 5.0, **options: object) -> Job:
        """A job that rents."""
        chosen = LifecycleOptions.model_validate({"size": "small", "image": "debian-12", **options})
        surroundings = Surroundings(self.clock, self.wire, self.cloud, self.renter)
        built = LifecycleProbe.build(chosen, None, surroundings)
        return Job(probe=built, target=TARGET, every=900.0, deadline=deadline, renting=True)

    async def run(self, *, deadline: float = 5.0, **options: object) -> Measurement:
        """What one lifecycle is told as."""
        ended = await Runner(self.clock, [self.sink]).run(self.job(deadline=deadline, **options), self.clock.wall())
        assert isinstance(ended, Measurement)
        return ended

    async def leases(self) -> list[Lease]:
        """Everything that was ever written down."""
        return list(await self.store.ledger.all(1_000))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage on a ledger of its own."""
    async with await Store.open(tmp_path) as store:
        yield Stage(store)


async def test_a_whole_life_is_measured_phase_by_phase(stage: Stage) -> None:
    """Accept, provision, address, delete, gone; their milestones; and the ledger is settled."""
    stage.cloud.addresses, stage.cloud.going = 2.0, 1.5
    measured = await stage.run()
    assert (measured.outcome, measured.detail) == (Outcome.OK, "")
    assert list(measured.phases) == [phase for phase in LIFECYCLE_PHASES if phase is not Phase.REACH]
    assert set(measured.resolution) == {Phase.PROVISION, Phase.ADDRESS, Phase.GONE}
    assert set(measured.milestones) == {Milestone.ACCEPTED, Milestone.ACTIVE, Milestone.GONE}
    assert stage.cloud.instances == {}
    assert [lease.state for lease in await stage.leases()] == [LeaseState.GONE]
    assert (await stage.leases())[0].run_id == measured.run_id


async def test_the_truth_lies_within_the_published_resolution(stage: Stage) -> None:
    """Whatever a vendor takes, what is published of it is right, give or take what is published of that."""
    dice = random.Random(7)
    for _ in range(40):
        stage.cloud.builds, stage.cloud.addresses = dice.uniform(0.0, 90.0), dice.choice((0.0, dice.uniform(0, 20)))
        stage.cloud.going = dice.uniform(0.0, 30.0)
        measured = await stage.run()
        known = 1e-6 + measured.resolution[Phase.PROVISION]
        assert abs(measured.phases[Phase.PROVISION] - stage.cloud.builds) <= known
        active = measured.milestones[Milestone.ACTIVE] - measured.milestones[Milestone.ACCEPTED]
        assert active == pytest.approx(measured.phases[Phase.PROVISION])
        there = measured.phases[Phase.PROVISION] + measured.phases[Phase.ADDRESS]
        truth = stage.cloud.builds + stage.cloud.addresses
        assert abs(there - truth) <= 1e-6 + measured.resolution[Phase.ADDRESS] + measured.resolution[Phase.PROVISION]


async def test_an_address_that_is_there_at_once_takes_no_time(stage: Stage) -> None:
    """It was seen at the same look: 0, give or take the resolution, so that slow ones are not alone in the figures."""
    measured = await stage.run()
    assert measured.phases[Phase.ADDRESS] == 0.0
    assert measured.resolution[Phase.ADDRESS] == measured.resolution[Phase.PROVISION]


@pytest.mark.parametrize(("door", "knocks"), [({"tcp": 8080}, ["knock"]), ("ssh", ["knock", "banner"])])
async def test_where_asked_it_has_to_answer_on_its_network(stage: Stage, door: object, knocks: list[str]) -> None:
    """Knocks that are refused are repeated; an SSH server has to say who it is."""
    stage.wire.failures = [ProbeFailed(Outcome.REFUSED, "closed")] * 3
    measured = await stage.run(reach=door)
    assert measured.outcome is Outcome.OK
    assert measured.phases[Phase.REACH] > 3.0
    assert measured.resolution[Phase.REACH] < 1.0
    assert measured.milestones[Milestone.REACHABLE] > measured.milestones[Milestone.ACTIVE]
    assert [asked[0] for asked in stage.wire.asked[3:]] == knocks


async def test_a_door_that_stays_shut_is_what_the_last_knock_said(stage: Stage) -> None:
    """At the deadline, phase reach; the instance is the sweeper's."""
    stage.wire.failures = Endless(Outcome.REFUSED, "closed")
    measured = await stage.run(deadline=1.0, reach={"tcp": 22})
    assert (measured.outcome, measured.phase) == (Outcome.REFUSED, Phase.REACH)
    assert [(lease.state, lease.handed_over) for lease in await stage.leases()] == [(LeaseState.ACTIVE, True)]


async def test_a_wire_that_cannot_be_trusted_ends_the_wait_at_once(stage: Stage) -> None:
    """Waiting does not help against every failure."""
    stage.wire.failures = [ProbeFailed(Outcome.INVALID, "no such address")]
    measured = await stage.run(reach={"tcp": 22})
    assert (measured.outcome, measured.phase) == (Outcome.INVALID, Phase.REACH)


async def test_an_instance_that_never_runs_is_a_timeout_in_provision(stage: Stage) -> None:
    """The lease is handed over; delete and gone are not measured."""
    stage.cloud.builds = float("inf")
    measured = await stage.run(deadline=1.0)
    assert (measured.outcome, measured.phase) == (Outcome.TIMEOUT, Phase.PROVISION)
    assert set(measured.phases) == {Phase.ACCEPT}
    assert [lease.handed_over for lease in await stage.leases()] == [True]


async def test_a_failed_state_decides_at_once(stage: Stage) -> None:
    """As the vendor's error, in the phase in progress."""
    stage.cloud.fails = InstanceState.FAILED
    measured = await stage.run()
    assert (measured.outcome, measured.phase) == (Outcome.VENDOR_ERROR, Phase.PROVISION)
    assert "No valid host" in measured.detail
    assert [lease.handed_over for lease in await stage.leases()] == [True]


async def test_a_new_instance_may_be_unknown_for_a_while(stage: Stage) -> None:
    """Inside the grace after create it is pending, after it the vendor's error."""
    stage.cloud.shown_after = 2.0
    assert (await stage.run()).outcome is Outcome.OK
    stage.cloud.shown_after = 60.0
    stage.cloud.builds = 0.0
    measured = await stage.run()
    assert (measured.outcome, measured.phase) == (Outcome.VENDOR_ERROR, Phase.PROVISION)


async def test_failing_polls_decide_after_their_grace(stage: Stage) -> None:
    """One poll that fails is repeated; when none has succeeded for the grace, the last one's outcome stands."""
    stage.cloud.faults.inspect = [failure(Outcome.BROKEN)] * 2
    assert (await stage.run()).outcome is Outcome.OK
    stage.cloud.faults.inspect = Endless(Outcome.BROKEN)
    measured = await stage.run(poll_grace="10s")
    assert (measured.outcome, measured.phase) == (Outcome.BROKEN, Phase.PROVISION)


async def test_a_lost_answer_to_the_create_ends_the_run_in_accept(stage: Stage) -> None:
    """Nobody knows whether there is an instance: the intent is handed over, and no create is sent again."""
    stage.cloud.faults.lose_answer = failure(Outcome.BROKEN)
    measured = await stage.run()
    assert (measured.outcome, measured.phase) == (Outcome.BROKEN, Phase.ACCEPT)
    assert len(stage.cloud.orders) == 1
    assert [(lease.state, lease.handed_over) for lease in await stage.leases()] == [(LeaseState.INTENDED, True)]


async def test_the_deletion_has_a_budget_of_its_own(stage: Stage) -> None:
    """It starts at the delete call, whatever was left of the first."""
    stage.cloud.going = float("inf")
    measured = await stage.run(deadline=5.0, delete_deadline="200ms")
    assert (measured.outcome, measured.phase) == (Outcome.LEAKED, Phase.GONE)
    assert Phase.DELETE in measured.phases
    assert Phase.GONE not in measured.phases
    assert [(lease.state, lease.handed_over) for lease in await stage.leases()] == [(LeaseState.LEAKED, True)]


async def test_a_deletion_that_is_never_acknowledged_is_what_the_last_attempt_said(stage: Stage) -> None:
    """Phase delete; nothing leaked yet, as far as anybody knows."""
    stage.cloud.faults.delete = Endless(Outcome.VENDOR_ERROR, "HTTP 500")
    measured = await stage.run(delete_deadline="200ms")
    assert (measured.outcome, measured.phase) == (Outcome.VENDOR_ERROR, Phase.DELETE)
    assert [lease.handed_over for lease in await stage.leases()] == [True]


async def test_a_deletion_that_fails_for_a_while_succeeds_in_the_end(stage: Stage) -> None:
    """It is tried again within its budget, and the time of all attempts is the phase."""
    stage.cloud.faults.delete = [failure(Outcome.VENDOR_ERROR)] * 3
    measured = await stage.run()
    assert measured.outcome is Outcome.OK
    assert measured.phases[Phase.DELETE] > 1.0


async def test_polls_that_fail_until_the_end_of_the_deletion_stand(stage: Stage) -> None:
    """Whether it leaked nobody could say."""
    stage.cloud.going = float("inf")
    job = stage.job(delete_deadline="200ms", poll_grace="1d")

    async def fail_after_the_delete() -> None:
        while not stage.cloud.deletes:  # noqa: ASYNC110 - the fake has no event for it
            await asyncio.sleep(0)
        stage.cloud.faults.inspect = Endless(Outcome.REFUSED)

    failing = asyncio.create_task(fail_after_the_delete())
    measured = await Runner(stage.clock, []).run(job, 0.0)
    await failing
    assert isinstance(measured, Measurement)
    assert (measured.outcome, measured.phase) == (Outcome.REFUSED, Phase.GONE)


async def test_a_run_that_is_cut_hands_its_lease_over(stage: Stage) -> None:
    """A stop in mid-life, also in the last phase, leaves no measurement and nothing that only we know of."""
    stage.cloud.going = float("inf")
    for builds, state in ((float("inf"), LeaseState.ACTIVE), (0.0, LeaseState.DELETING)):
        stage.cloud.builds = builds
        task = asyncio.create_task(Runner(stage.clock, [stage.sink]).run(stage.job(deadline=30.0), 0.0))
        while state not in {lease.state for lease in await stage.leases()}:  # noqa: ASYNC110 - the ledger is asked
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert stage.sink.kept == []
    assert {lease.state for lease in await stage.leases()} == {LeaseState.ACTIVE, LeaseState.DELETING}
    assert all(lease.handed_over for lease in await stage.leases())


async def test_the_grace_for_not_found_counts_from_the_create(stage: Stage) -> None:
    """What was ready and is not known any more has vanished; waiting for its address begins no new grace."""
    stage.cloud.builds, stage.cloud.addresses = 20.0, float("inf")
    moment = stage.clock.now() + 25.0

    async def vanish_when_ready() -> None:
        while stage.clock.now() < moment:  # noqa: ASYNC110 - the clock is a fake: it has no event
            await asyncio.sleep(0)
        stage.cloud.instances.clear()

    vanishing = asyncio.create_task(vanish_when_ready())
    measured = await stage.run()
    await vanishing
    assert (measured.outcome, measured.phase) == (Outcome.VENDOR_ERROR, Phase.ADDRESS)
    assert stage.clock.now() < moment + 2.0


async def test_a_guard_makes_the_run_skipped(tmp_path: Path) -> None:
    """Nothing is ordered, nothing is measured."""
    async with await Store.open(tmp_path) as store:
        stage = Stage(store, Guards(instances_at_once=1, per_day=1, per_hour=None, lease=1_800.0))
        assert (await stage.run()).outcome is Outcome.OK
        ended = await Runner(stage.clock, [stage.sink]).run(stage.job(), 0.0)
    assert isinstance(ended, Skipped)
    assert ended.reason is Skip.QUOTA
    assert len(stage.cloud.orders) == 1


async def test_user_data_reaches_the_order(stage: Stage) -> None:
    """With the size and the image that were asked for."""
    await stage.run(user_data="#cloud-config")
    order = stage.cloud.orders[0]
    assert "small" in order.size
    assert "debian-12" in order.image
    assert order.user_data == "#cloud-config"
