"""Waiting for our own request budget is nobody's latency: not the create's, not the delete's."""

import pytest
from typing_extensions import override

from probe.cloud import Budget, Created, Order
from probe.cloud.entry import Allowance
from probe.cloud.handles import Handle
from probe.model.phase import Milestone, Phase
from probe.model.stopwatch import Stopwatch
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeCloud
from tests.rental.conftest import Desk


class Busy(FakeCloud):
    """A vendor whose account's budget is used up before each create and delete."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.held = Budget(clock, Allowance())

    async def wait(self, watch: Stopwatch) -> None:
        """Twenty seconds."""
        self.held.pause(20.0)
        await self.held.enter(watch)
        self.held.leave()

    @override
    async def create(self, order: Order, watch: Stopwatch) -> Created:
        await self.wait(watch)
        return await super().create(order, watch)

    @override
    async def delete(self, instance_id: str, watch: Stopwatch) -> tuple[Handle, ...]:
        await self.wait(watch)
        return await super().delete(instance_id, watch)


async def test_neither_accept_nor_delete_has_the_wait_in_it(desk: Desk) -> None:
    """Nor do the milestones, which count from the create (delete) call; the run's own time leaves it out, too."""
    cloud, watch = Busy(desk.clock), desk.watch()
    cloud.going = 5.0
    rental = await desk.renter(cloud=cloud).rent("lifecycle", "run-1", "small", "debian", watch)
    assert watch.phases[Phase.ACCEPT] == pytest.approx(0.25)
    assert watch.milestones[Milestone.ACCEPTED] == pytest.approx(0.25)
    await rental.give_back(watch)
    await rental.confirm_gone(watch)
    assert watch.phases[Phase.DELETE] == pytest.approx(0.1)
    assert watch.milestones[Milestone.GONE] == pytest.approx(5.0, abs=watch.resolution[Phase.GONE] + 0.01)
    assert watch.waited == pytest.approx(40.0)
    assert watch.elapsed() < 10.0
