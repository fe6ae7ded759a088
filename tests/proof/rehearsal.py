"""Every request that a vendor file makes, recorded while an instance lives a whole life on the sandbox's imitation."""

from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from probe.cloud import (
    MARK_AGENT,
    MARK_EXPIRES,
    MARK_LEASE,
    MARK_RUN,
    Cloud,
    Handle,
    Order,
    has_address,
    is_gone,
    is_ready,
    poll,
)
from probe.model.stopwatch import Stopwatch
from tests.fakes.clock import FakeClock
from tests.fakes.pretend import Pretend

AGENT: Final = "8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0001"


async def rehearse(
    use: str, *, networks: Sequence[Mapping[str, object]] = ({},), series: Mapping[str, object] | None = None
) -> list[httpx.Request]:
    """What the file of *use* makes of all that the agent can want of the vendor.

    Args:
        use: the vendor.
        networks: `network:` options, one life for each.
        series: whose datapoints are asked for beside an instance's, where the file can ask for any.
    """
    clock = FakeClock()
    pretend = Pretend.of(use, clock)
    for network in networks:
        await _life(pretend.cloud(network), clock)
    cloud = pretend.cloud()
    for operation in cloud.read_operations():
        await cloud.read(operation, Stopwatch(clock))
    monitoring = cloud.file.monitoring
    if monitoring is not None and monitoring.instance is not None:
        subject = {"instance": pretend.vendor.imitation.residents[0].instance_id}
        await cloud.datapoints(subject, Stopwatch(clock), clock.wall() - 3600.0)
    if series is not None:
        await cloud.datapoints({"series": series}, Stopwatch(clock), clock.wall() - 3600.0)
    assert {status for status in pretend.wire.answered if status >= httpx.codes.BAD_REQUEST} <= {404}
    return pretend.wire.asked


async def _life(cloud: Cloud, clock: FakeClock) -> None:
    watch = Stopwatch(clock)
    name = "probe-0a1b2c3d-0123456789ab"
    marks = {MARK_AGENT: AGENT, MARK_RUN: AGENT, MARK_LEASE: name, MARK_EXPIRES: "1790000000"}
    order = Order(
        name=name, size="small", image="debian-12", marks=marks, token=AGENT, user_data="#!/bin/sh\nshutdown -h +60\n"
    )
    await cloud.authenticate(watch)
    created = await cloud.complete(await cloud.create(order, watch), watch)
    await _done(cloud, created.handles, clock)
    for wanted in (is_ready, has_address):
        await poll(lambda: cloud.inspect(created.id, watch, addresses=True), wanted, watch, clock, cloud.pace, 30.0)
    (ours,) = await cloud.inventory(watch, {MARK_AGENT: AGENT})
    assert ours.id == created.id
    await _done(cloud, await cloud.delete(created.id, watch), clock)
    await poll(lambda: cloud.inspect(created.id, watch), is_gone, watch, clock, cloud.pace, 30.0)
    for kind in cloud.residual_kinds:
        for left in await cloud.residuals(kind, watch, everything=True):
            await cloud.delete_residual(kind, left.id, watch)


async def _done(cloud: Cloud, handles: Sequence[Handle], clock: FakeClock) -> None:
    """Follow what goes on at the vendor until it is over."""
    while handles:
        progress = await cloud.follow(handles, Stopwatch(clock))
        assert progress.failure is None, progress.failure
        handles = progress.pending
        clock.pass_time(1.0)
