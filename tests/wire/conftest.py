"""What the tests of the wire share: a wire on each loop, and certificates of every sort."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
import uvloop

from probe.model.meter import Meter
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, Route, Trust, Wire


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that our side can be told to believe."""
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's certificate in a file."""
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def trusting(bundle: Path) -> Route:
    """A route that believes the authority."""
    return Route(trust=Trust(ca_bundle=bundle))


def server_side(certificate: trustme.LeafCert, *protocols: str) -> ssl.SSLContext:
    """A TLS context for a server with *certificate*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


@pytest.fixture(scope="session")
def good(authority: trustme.CA) -> ssl.SSLContext:
    """A server with nothing to complain about."""
    return server_side(authority.issue_cert("localhost", "127.0.0.1"))


@pytest.fixture(scope="session")
def expired(authority: trustme.CA) -> ssl.SSLContext:
    """A server whose certificate ended on 2 January 2020."""
    ended = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    return server_side(authority.issue_cert("localhost", not_before=ended - dt.timedelta(90), not_after=ended))


@pytest.fixture(scope="session")
def misnamed(authority: trustme.CA) -> ssl.SSLContext:
    """A server whose certificate is for another host."""
    return server_side(authority.issue_cert("elsewhere.example"))


@pytest.fixture(scope="session")
def unknown() -> ssl.SSLContext:
    """A server whose certificate was signed by nobody that we believe."""
    return server_side(trustme.CA().issue_cert("localhost", "127.0.0.1"))


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test of the wire runs on both loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire with the real clock, and the kernel's stamps where there are any."""
    made = Wire(RealClock(), Meter())
    yield made
    await made.close()


@pytest_asyncio.fixture
async def blunt_wire() -> AsyncIterator[Wire]:
    """A wire that is denied the kernel's stamps."""
    made = Wire(RealClock(), Meter(), kernel=False)
    yield made
    await made.close()


@pytest.fixture
def watch() -> Stopwatch:
    """A stopwatch on the real clock."""
    return Stopwatch(RealClock())
