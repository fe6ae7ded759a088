"""What can go wrong in an instance's life goes wrong with every pretend vendor, and its vendor file understands it."""

from collections.abc import Callable

import pytest

from probe.cloud import MARK_AGENT, Cloud, Created, Order, View, is_ready
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.sandbox import Fault, FaultKind
from tests.fakes.clock import FakeClock
from tests.fakes.pretend import Pretend
from tests.sandbox.conftest import EVERYONE
from tests.sandbox.test_cloud import MEASURED

OURS = {MARK_AGENT: "a-b-c"}
NAME = "probe-12345678-0123456789ab"

every_vendor = pytest.mark.parametrize("use", EVERYONE)


class Customer:
    """Rents from one pretend vendor."""

    def __init__(self, use: str, clock: FakeClock) -> None:
        self.pretend = Pretend.of(use, clock)
        self.cloud: Cloud = self.pretend.cloud()
        self.clock = clock

    @property
    def watch(self) -> Stopwatch:
        """One that nobody reads."""
        return Stopwatch(self.clock)

    def inject(self, kind: FaultKind, operation: str = "*", seconds: float = 0.0) -> None:
        """Let it strike once."""
        self.pretend.vendor.faults.inject(Fault(kind=kind, operation=operation, seconds=seconds, count=1))

    async def rent(self) -> Created:
        """An instance, as far as the create goes."""
        order = Order(name=NAME, size="small", image="debian-12", marks=OURS, token=NAME)
        await self.cloud.authenticate(self.watch)
        return await self.cloud.complete(await self.cloud.create(order, self.watch), self.watch)

    async def ready(self) -> str:
        """The identifier of one that runs."""
        created = await self.rent()
        assert await self.until(created.id, lambda view: view is not None and view.state is InstanceState.READY)
        return created.id

    async def until(self, instance_id: str, wanted: Callable[[View | None], bool], patience: int = 240) -> bool:
        """Look every half second; whether it became as *wanted*."""
        for _ in range(patience):
            if wanted(await self.cloud.inspect(instance_id, self.watch)):
                return True
            self.clock.pass_time(0.5)
        return False

    async def failure(self, created: Created) -> Outcome:
        """How the build failed: as a work that went on, or as a state."""
        works = created.handles
        for _ in range(60):
            progress = await self.cloud.follow(works, self.watch)
            if progress.failure is not None:
                return progress.failure.outcome
            works = progress.pending
            try:
                is_ready(await self.cloud.inspect(created.id, self.watch))
            except ProbeFailed as failure:
                return failure.outcome
            self.clock.pass_time(0.5)
        raise AssertionError("it did not fail")

    async def listed(self) -> set[str]:
        """Identifiers of what is ours."""
        return {view.id for view in await self.cloud.inventory(self.watch, OURS)}


def gone(view: View | None) -> bool:
    """Whether there is nothing any more."""
    return view is None or view.state is InstanceState.GONE


@pytest.fixture
def customer(use: str, clock: FakeClock) -> Customer:
    """Builds take 0.3 s, deletions 0.2 s."""
    return Customer(use, clock)


@every_vendor
async def test_a_build_that_fails_is_the_vendors_error(customer: Customer) -> None:
    """Told by a state or by a work, however the vendor does it; never waited for in vain."""
    customer.inject(FaultKind.FAILED)
    assert await customer.failure(await customer.rent()) is Outcome.VENDOR_ERROR


@every_vendor
async def test_what_is_shown_as_gone_after_a_failed_build_costs_nothing(customer: Customer) -> None:
    """Where a vendor ends what fails to start by itself, nobody has to give it back; elsewhere somebody must."""
    customer.inject(FaultKind.FAILED)
    created = await customer.rent()
    customer.clock.pass_time(60.0)
    shown = not gone(await customer.cloud.inspect(created.id, customer.watch))
    alive = {item.instance_id for item in customer.pretend.vendor.instances.alive()}
    assert (created.id in alive) is shown


@every_vendor
async def test_a_stuck_build_is_not_yet_for_ever(customer: Customer) -> None:
    """Neither ready nor failed; it can be given back."""
    customer.inject(FaultKind.STUCK)
    created = await customer.rent()
    customer.clock.pass_time(7200.0)
    progress = await customer.cloud.follow(created.handles, customer.watch)
    view = await customer.cloud.inspect(created.id, customer.watch)
    assert view is not None
    assert view.state is InstanceState.PENDING
    assert (progress.failure, len(progress.pending)) == (None, len(created.handles))
    await customer.cloud.delete(created.id, customer.watch)
    assert await customer.until(created.id, gone)


@every_vendor
async def test_a_lost_answer_leaves_an_instance_that_its_mark_finds(customer: Customer) -> None:
    """Nobody was told its identifier."""
    customer.inject(FaultKind.LOST_ANSWER, "create")
    with pytest.raises(ProbeFailed) as lost:
        await customer.rent()
    assert lost.value.outcome is Outcome.BROKEN
    (orphan,) = await customer.listed()
    await customer.until(orphan, lambda view: view is not None and view.state is InstanceState.READY, 4)
    await customer.cloud.delete(orphan, customer.watch)
    assert await customer.until(orphan, gone)


@every_vendor
async def test_a_slow_delete_is_gone_when_it_is_gone(customer: Customer) -> None:
    """Acknowledged at once, done a minute later."""
    instance_id = await customer.ready()
    customer.inject(FaultKind.SLOW_DELETE, seconds=60.0)
    asked = customer.clock.now()
    await customer.cloud.delete(instance_id, customer.watch)
    assert await customer.until(instance_id, gone)
    assert 60.0 <= customer.clock.now() - asked < 65.0


@every_vendor
async def test_a_lying_delete_leaves_it_there(customer: Customer) -> None:
    """Acknowledged, and an hour later it runs; the next delete works."""
    instance_id = await customer.ready()
    customer.inject(FaultKind.LYING_DELETE)
    await customer.cloud.delete(instance_id, customer.watch)
    customer.clock.pass_time(3600.0)
    view = await customer.cloud.inspect(instance_id, customer.watch)
    assert view is not None
    assert view.state is InstanceState.READY
    assert await customer.listed() == {instance_id}
    await customer.cloud.delete(instance_id, customer.watch)
    assert await customer.until(instance_id, gone)


@every_vendor
async def test_a_failing_delete_is_the_vendors_error(customer: Customer) -> None:
    """Nothing was acknowledged, and nothing was done."""
    instance_id = await customer.ready()
    customer.inject(FaultKind.ERROR, "delete")
    with pytest.raises(ProbeFailed) as failed:
        await customer.cloud.delete(instance_id, customer.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR
    assert await customer.listed() == {instance_id}


@every_vendor
async def test_a_ghost_is_in_the_list_and_nowhere_else(customer: Customer) -> None:
    """By its identifier it is gone."""
    instance_id = await customer.ready()
    customer.inject(FaultKind.GHOST, seconds=3600.0)
    await customer.cloud.delete(instance_id, customer.watch)
    assert await customer.until(instance_id, gone)
    assert await customer.listed() == {instance_id}
    customer.clock.pass_time(3600.0)
    assert await customer.listed() == set()


@every_vendor
async def test_a_list_may_lag(customer: Customer) -> None:
    """Ordered and not listed yet."""
    customer.inject(FaultKind.LIST_DELAY, seconds=4.0)
    created = await customer.rent()
    assert await customer.listed() == set()
    customer.clock.pass_time(4.0)
    assert await customer.listed() == {created.id}


@every_vendor
async def test_an_instance_may_vanish(customer: Customer) -> None:
    """It ran, and it is gone, though nobody gave it back."""
    customer.inject(FaultKind.VANISH, seconds=10.0)
    instance_id = await customer.ready()
    customer.clock.pass_time(10.0)
    assert gone(await customer.cloud.inspect(instance_id, customer.watch))
    assert await customer.listed() == set()


@every_vendor
async def test_strangers_are_nobodys_business(customer: Customer) -> None:
    """Neither the list of our agent nor that of any agent shows them; the list of everything does."""
    instance_id = await customer.ready()
    assert await customer.listed() == {instance_id}
    assert {view.id for view in await customer.cloud.inventory(customer.watch)} == {instance_id}
    everything = await customer.cloud.inventory(customer.watch, everything=True)
    assert {"web-1", "probe-lookalike", NAME} <= {view.name for view in everything}


@pytest.mark.parametrize("use", MEASURED)
async def test_no_datapoints_are_told_as_none(customer: Customer) -> None:
    """Not as an old one, and not as a failure."""
    customer.inject(FaultKind.NO_POINTS)
    imitation = customer.pretend.vendor.imitation
    subject = imitation.monitored or {"instance": imitation.residents[0].instance_id}
    points = await customer.cloud.datapoints(subject, customer.watch, customer.clock.wall() - 3600.0)
    assert (points.newest, points.count) == (None, 0)
