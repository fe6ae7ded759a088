"""A sandbox of vendors, quick and without any trouble of its own."""

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from probe.sandbox import Casting, Sandbox
from probe.sandbox.loading import CHARACTERS
from probe.sandbox.sandbox import cast
from probe.sandbox.vendor import PretendVendor
from tests.fakes.clock import FakeClock

DATA = Path(__file__).parents[2] / "config" / "sandbox"
EXTRA = Path(__file__).parent / "data"
EVERYONE = tuple(sorted(path.stem for path in DATA.glob("*.yaml") if path.stem != CHARACTERS))
"""Every vendor that the sandbox plays."""

Play = Callable[..., PretendVendor]


@pytest.fixture
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """Vendors, served: the one that the test's `use` names, those of the module's PLAYS, or three."""
    callspec = getattr(request.node, "callspec", None)
    use = callspec.params.get("use") if callspec else None
    played = (use,) if use else getattr(request.module, "PLAYS", ("openstack", "aws", "rackspace"))
    castings = [Casting(name=name, use=name, character="swift") for name in played]
    running = await Sandbox.start([DATA, EXTRA], castings)
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
