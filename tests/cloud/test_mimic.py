"""Rackspace's identity, servers and monitoring from their file, against Rackspace's own imitation."""

import time

import pytest

from probe.cloud import (
    MARK_AGENT,
    MARK_LEASE,
    Cloud,
    Order,
    has_address,
    is_gone,
    is_ready,
    poll,
)
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from tests.cloud.entries import CLOCK, entry, real_cloud, watch
from tests.servers.mimic import REGION, Mimic, mimic

__all__ = ["mimic"]
pytestmark = pytest.mark.servers

MARKS = {MARK_AGENT: "agent-1", MARK_LEASE: "probe-1"}


def cloud_of(server: Mimic, username: str) -> Cloud:
    """The cloud on *server* for a user who has it alone."""
    return real_cloud(entry("rackspace", {"username": username, "api_key": "any"}, server.endpoints, region=REGION))


def order(**marks: str) -> Order:
    """An order; some marks make the server misbehave."""
    return Order(name="probe-1", size="small", image="debian-12", marks=MARKS | marks, token="t-1")


async def test_a_server_is_rented_seen_listed_and_given_back(mimic: Mimic) -> None:
    """The whole life of a server passes through the file, and the token is fetched once."""
    cloud, run = cloud_of(mimic, "life"), watch()
    await cloud.authenticate(run)
    assert set(run.phases) == {Phase.AUTH}
    fetched = run.phases[Phase.AUTH]
    identifier = (await cloud.create(order(), run)).id
    seen = await poll(lambda: cloud.inspect(identifier, run), has_address, run, CLOCK, cloud.pace, 30.0)
    assert seen.view is not None
    assert seen.view.marks.items() >= MARKS.items()
    assert [view.id for view in await cloud.inventory(run, {MARK_AGENT: "agent-1"})] == [identifier]
    assert await cloud.inventory(run, {MARK_AGENT: "somebody-else"}) == []
    await cloud.delete(identifier, run)
    await poll(lambda: cloud.inspect(identifier, run), is_gone, run, CLOCK, cloud.pace, 30.0)
    assert mimic.servers("life") == []
    assert run.phases == {Phase.AUTH: fetched}


async def test_a_build_that_takes_a_while_is_waited_for(mimic: Mimic) -> None:
    """The moment of the change lies within what the poll says of it."""
    cloud, run = cloud_of(mimic, "slow"), watch()
    started = CLOCK.now()
    identifier = (await cloud.create(order(server_building="2"), run)).id
    seen = await poll(lambda: cloud.inspect(identifier, run), is_ready, run, CLOCK, cloud.pace, 30.0)
    middle, resolution = seen.since(started)
    assert middle - resolution <= 2.0 + 0.3
    assert middle + resolution >= 2.0
    await cloud.delete(identifier, run)


async def test_a_server_that_fails_to_build_is_the_vendors_error(mimic: Mimic) -> None:
    """A failed state decides at once."""
    cloud, run = cloud_of(mimic, "error"), watch()
    identifier = (await cloud.create(order(server_error="yes"), run)).id
    with pytest.raises(ProbeFailed) as failed:
        await poll(lambda: cloud.inspect(identifier, run), is_ready, run, CLOCK, cloud.pace, 30.0)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_a_create_that_is_refused_is_told_by_the_rules(mimic: Mimic) -> None:
    """What the server says of a failed create is judged by status and message."""
    failure = '{"message": "Create server failure", "code": 500}'
    with pytest.raises(ProbeFailed) as failed:
        await cloud_of(mimic, "refused").create(order(create_server_failure=failure), watch())
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_a_delete_that_fails_is_told_and_may_be_repeated(mimic: Mimic) -> None:
    """A delete that was not acknowledged is a failure; the next one may succeed."""
    cloud = cloud_of(mimic, "stubborn")
    identifier = (await cloud.create(order(delete_server_failure='{"code": 500, "times": 1}'), watch())).id
    with pytest.raises(ProbeFailed):
        await cloud.delete(identifier, watch())
    await cloud.delete(identifier, watch())


@pytest.mark.parametrize("operation", ["list", "probe", "sizes", "images", "monitoring-zones"])
async def test_reads(mimic: Mimic, operation: str) -> None:
    """Every read of the file is answered."""
    run = watch()
    assert (await cloud_of(mimic, "reader").read(operation, run)).status == 200
    assert {Phase.AUTH, Phase.WAIT} <= run.phases.keys()


async def test_datapoints_of_a_check(mimic: Mimic) -> None:
    """A check's newest datapoint is found among those of the last hour."""
    series = mimic.check("monitored")
    now = time.time()
    points = await cloud_of(mimic, "monitored").datapoints({"series": series}, watch(), now - 3600)
    assert points.newest == pytest.approx(now, abs=120)
    assert points.count == 60
