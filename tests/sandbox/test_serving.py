"""What faults look like on the wire, to a client that knows nothing of the sandbox."""

import asyncio
import time

import httpx
import pytest

from probe.sandbox import Fault, FaultKind, Sandbox

Client = httpx.AsyncClient


@pytest.fixture
def limits(sandbox: Sandbox) -> str:
    """A URL that needs no more than a GET: Keystone's version."""
    return sandbox.places.vendors["openstack"].endpoints["auth"]


async def test_a_reset_is_a_reset(sandbox: Sandbox, client: Client, limits: str) -> None:
    """ECONNRESET, not a tidy end."""
    sandbox.control.inject(Fault(kind=FaultKind.RESET, vendor="openstack", count=1))
    with pytest.raises(httpx.ReadError):
        await client.get(limits)
    assert (await client.get(limits)).status_code == 200


async def test_a_truncated_body_is_shorter_than_it_said(sandbox: Sandbox, client: Client, limits: str) -> None:
    """The length was announced."""
    sandbox.control.inject(Fault(kind=FaultKind.TRUNCATED, vendor="openstack", count=1))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await client.get(limits)


async def test_a_malformed_body_arrives_whole_and_makes_no_sense(sandbox: Sandbox, client: Client, limits: str) -> None:
    """It is no JSON."""
    sandbox.control.inject(Fault(kind=FaultKind.MALFORMED, vendor="openstack", count=1))
    answer = await client.get(limits)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"control character|Unterminated|Expecting"):
        answer.json()


async def test_a_hanging_answer_never_comes_and_holds_nobody_up(sandbox: Sandbox, client: Client, limits: str) -> None:
    """The client gives up; others are served."""
    sandbox.control.inject(Fault(kind=FaultKind.HANG, vendor="openstack", count=1))
    hanging = asyncio.create_task(client.get(limits, timeout=0.3))
    await asyncio.sleep(0.1)
    assert (await client.get(limits)).status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        await hanging


async def test_a_slow_answer_is_late(sandbox: Sandbox, client: Client, limits: str) -> None:
    """By what it says."""
    sandbox.control.inject(Fault(kind=FaultKind.SLOW, vendor="openstack", seconds=0.3, count=1))
    before = time.perf_counter()
    await client.get(limits)
    assert 0.3 <= time.perf_counter() - before < 5.0


async def test_connections_are_kept(sandbox: Sandbox, limits: str) -> None:
    """Who wants to reuse a connection can."""
    async with Client(limits=httpx.Limits(max_connections=1), trust_env=False) as client:
        for _ in range(3):
            assert (await client.get(limits)).status_code == 200
    assert len(sandbox.control.requests("openstack")) == 3


async def test_stopping_cuts_what_hangs(sandbox: Sandbox, client: Client, limits: str) -> None:
    """Nothing is waited for."""
    sandbox.control.inject(Fault(kind=FaultKind.HANG, vendor="openstack"))
    hanging = asyncio.create_task(client.get(limits))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(2.0):
        await sandbox.stop()
    with pytest.raises(httpx.HTTPError):
        await hanging
