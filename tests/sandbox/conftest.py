"""A sandbox of the three vendors, quick and without any trouble of its own."""

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from probe.sandbox import Casting, Sandbox
from probe.sandbox.sandbox import cast
from probe.sandbox.vendor import PretendVendor
from tests.fakes.clock import FakeClock

DATA = Path(__file__).parents[2] / "config" / "sandbox"
EXTRA = Path(__file__).parent / "data"
CAST = tuple(Casting(name=use, use=use, character="swift") for use in ("openstack", "aws", "rackspace"))

Play = Callable[..., PretendVendor]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """All three vendors, served."""
    running = await Sandbox.start([DATA, EXTRA], CAST)
    yield running
    await running.stop()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A plain client of somebody else's making."""
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts no authority, and so is made in no time
    async with httpx.AsyncClient(verify=nobody, trust_env=False, timeout=5.0) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    """A clock that waits for nobody."""
    return FakeClock()


@pytest.fixture
def play(clock: FakeClock) -> Play:
    """One vendor on that clock, served to nobody."""

    def made(use: str = "openstack", character: str = "swift", seed: str = "test") -> PretendVendor:
        casting = Casting(name=use, use=use, character=character)
        return cast([DATA, EXTRA], [casting], seed, clock)[use]

    return made
