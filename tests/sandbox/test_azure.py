"""The pretend Azure, and what is particular to it: works that fail inside a 200, chained addresses, leftovers."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from probe.cloud import MARK_AGENT, Cloud, Handle, Progress, VendorComplaint, Verdict, has_address, is_gone
from probe.model.instance import InstanceState
from probe.model.meter import Meter
from probe.model.outcome import Outcome
from probe.sandbox import Fault, FaultKind, Sandbox
from probe.wire import Wire
from tests.sandbox.test_cloud import CLOCK, cloud, order, until, watch

PLAYS: Final = ("azure",)


@pytest.fixture
async def azure(sandbox: Sandbox) -> AsyncIterator[Cloud]:
    """The vendor file of Azure, pointed at its imitation."""
    wire = Wire(CLOCK, Meter())
    yield cloud(sandbox, wire, "azure")
    await wire.close()


async def over(azure: Cloud, handles: tuple[Handle, ...]) -> Progress:
    """Follow works until they are over, or one has failed."""
    progress = Progress(pending=handles)
    while progress.pending and progress.failure is None:
        await CLOCK.sleep(0.05)
        progress = await azure.follow(progress.pending, watch())
    return progress


async def test_a_creation_is_followed_where_its_answer_says(azure: Cloud) -> None:
    """The operation ends as the machine does; the address is read from the interface that it names."""
    created = await azure.create(order(), watch())
    assert created.id == order().name
    assert len(created.handles) == 1
    assert (await azure.follow(created.handles, watch())).pending == created.handles
    assert (await over(azure, created.handles)).failure is None
    ready = await until(azure, created.id, has_address)
    assert ready is not None
    assert ready.addresses[0].startswith("127.0.")
    assert ready.addresses[1] == "10.0.0.4"
    bare = await azure.inspect(created.id, watch())
    assert bare is not None
    assert bare.addresses == ()


async def test_a_machine_that_cannot_be_made_says_so_in_its_operation(azure: Cloud, sandbox: Sandbox) -> None:
    """An answer of 200 that tells of a failure; the machine itself shows the same."""
    sandbox.control.inject(Fault(kind=FaultKind.FAILED, vendor="azure", operation="create", count=1))
    created = await azure.create(order(), watch())
    failure = (await over(azure, created.handles)).failure
    assert failure is not None
    assert (failure.code, failure.outcome) == ("OSProvisioningTimedOut", Outcome.VENDOR_ERROR)
    view = await azure.inspect(created.id, watch())
    assert view is not None
    assert view.state is InstanceState.FAILED


async def test_no_room_is_capacity_though_it_is_a_conflict(azure: Cloud, sandbox: Sandbox) -> None:
    """A 409 means many things at Azure: its code decides."""
    sandbox.control.inject(Fault(kind=FaultKind.CAPACITY, vendor="azure", operation="create", count=1))
    with pytest.raises(VendorComplaint) as failed:
        await azure.create(order(), watch())
    assert (failed.value.status, failed.value.verdict) == (409, Verdict.CAPACITY)


async def test_a_name_that_is_taken_may_be_taken_by_us(azure: Cloud) -> None:
    """`If-None-Match: *` keeps the second of two creates from touching the first one's machine."""
    await azure.create(order(), watch())
    with pytest.raises(VendorComplaint) as failed:
        await azure.create(order(), watch())
    assert failed.value.verdict is Verdict.CONFLICT
    assert len(await azure.inventory(watch())) == 1


async def test_a_deletion_that_was_acknowledged_and_failed_says_so(azure: Cloud, sandbox: Sandbox) -> None:
    """The machine is still there; asked again, it goes."""
    created = await azure.create(order(), watch())
    await until(azure, created.id, has_address)
    sandbox.control.inject(Fault(kind=FaultKind.FAILED, vendor="azure", operation="delete", count=1))
    assert (await over(azure, await azure.delete(created.id, watch()))).failure is not None
    assert (await over(azure, await azure.delete(created.id, watch()))).failure is None
    await until(azure, created.id, is_gone)


async def test_a_disk_that_stays_behind_is_found_and_deleted(azure: Cloud, sandbox: Sandbox) -> None:
    """It came with the machine: that is how it is known to be ours."""
    created = await azure.create(order(), watch())
    ready = await until(azure, created.id, has_address)
    assert ready is not None
    (disk,) = ready.attached["disks"]
    sandbox.control.inject(Fault(kind=FaultKind.LEFTOVER, vendor="azure", operation="delete", count=1))
    used = {one.id: one for one in await azure.residuals("disks", watch(), everything=True)}
    assert not used[disk].free
    await over(azure, await azure.delete(created.id, watch()))
    await until(azure, created.id, is_gone)
    left = {one.id: one for one in await azure.residuals("disks", watch(), everything=True)}
    assert left[disk].free
    await azure.delete_residual("disks", disk, watch())
    assert disk not in {one.id for one in await azure.residuals("disks", watch(), everything=True)}


async def test_everything_shows_the_neighbours(azure: Cloud) -> None:
    """A look-alike is told to people; without asking for everything it is not there."""
    await azure.create(order(), watch())
    assert {view.name for view in await azure.inventory(watch(), everything=True)} == {
        order().name, "web-1", "probe-lookalike",
    }  # fmt: skip
    assert [view.marks[MARK_AGENT] for view in await azure.inventory(watch())] == ["a-b-c"]
