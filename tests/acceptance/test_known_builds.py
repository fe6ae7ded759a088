"""How true a polled phase is, held against builds of a known length."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from probe.cloud import Cloud, VendorEntry, load_vendor_files
from probe.engine.runner import Runner
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.model.phase import Phase
from probe.model.secret import Secret
from probe.model.target import Target
from probe.probes.kind import Surroundings
from probe.probes.lifecycle import LifecycleOptions, LifecycleProbe
from probe.rental import Guards, Renter
from probe.sandbox import Casting, Sandbox
from probe.store import Store
from probe.wire import RealClock, Wire

CONFIG = Path(__file__).parents[2] / "config"
CLOCK = RealClock()
BUILD = 3.0
RUNS, AT_ONCE = 100, 25


def entry(sandbox: Sandbox, use: str) -> VendorEntry:
    """The vendor entry of the pretend vendor that plays *use*."""
    place = sandbox.places.vendors[use]
    file = load_vendor_files(CONFIG / "vendors")[use]
    names = [name for way in file.credentials.values() for name in way.required if name in place.credentials]
    secrets = {name: Secret(partial(place.credentials.__getitem__, name), name) for name in names}
    return VendorEntry(name=use, region=place.region, file=file, credentials=secrets, endpoints=place.endpoints)


@pytest.fixture
async def job(tmp_path: Path) -> AsyncIterator[Job]:
    """A lifecycle on a vendor whose builds take three seconds."""
    sandbox = await Sandbox.start([CONFIG / "sandbox"], [Casting(name="openstack", use="openstack", character="ideal")])
    strangers = sandbox.control.instances("openstack")
    store = await Store.open(tmp_path)
    wire = Wire(CLOCK, Meter())
    cloud = Cloud(entry(sandbox, "openstack"), wire, CLOCK, Meter())
    guards = Guards(instances_at_once=AT_ONCE, per_day=RUNS, lease=600.0)
    renter = Renter(cloud, store, guards, None, CLOCK, Meter())
    options = LifecycleOptions(size="small", image="debian-12")
    probe = LifecycleProbe.build(options, None, Surroundings(CLOCK, wire, cloud, renter))
    target = Target("openstack", cloud.region, "lifecycle")
    yield Job(probe=probe, target=target, every=600.0, deadline=30.0, delete_deadline=30.0, renting=True)
    left = sandbox.control.instances("openstack")
    await wire.close()
    await store.close()
    await sandbox.stop()
    assert left == strangers


@pytest.mark.servers
async def test_provision_is_as_sharp_as_it_says(job: Job) -> None:
    """In at least 95 of 100 runs the true length lies within the published resolution."""
    runner, places = Runner(CLOCK, ()), asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Measurement:
        async with places:
            await asyncio.sleep(number % AT_ONCE * 0.02)
            run = await runner.run(job, CLOCK.wall())
        assert isinstance(run, Measurement)
        assert run.ok, run.detail
        return run

    runs = await asyncio.gather(*(one(number) for number in range(RUNS)))
    within = [abs(run.phases[Phase.PROVISION] - BUILD) <= run.resolution[Phase.PROVISION] for run in runs]
    assert sum(within) >= 0.95 * RUNS
    assert max(run.resolution[Phase.PROVISION] for run in runs) < BUILD / 4
