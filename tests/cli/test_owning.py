"""Who owns what: a folder has one agent, commands work beside it, and a lost agent's things are adopted."""

import asyncio
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probe.agent.signals import ECHO
from probe.model.instance import LeaseState
from probe.rental.marks import new_key
from probe.sandbox import Fault, FaultKind, Sandbox
from probe.store import Store
from tests.cli.conftest import CLEAN
from tests.cli.renting import sandbox
from tests.fakes.leases import a_lease

__all__ = ["sandbox"]
OLD = "5a0c6c2e-7f52-4e0d-9d6c-3f1f5f0c7a11"
PATIENCE = 30.0


def left_behind() -> dict[str, str]:
    """The marks of something that another agent's lost folder knew, and whose lease is over."""
    lease = f"probe-{OLD[:8]}-0123456789ab"
    return {
        "stability-probe": OLD,
        "stability-probe-lease": lease,
        "stability-probe-run": "run-1",
        "stability-probe-expires": str(int(time.time() - 60)),
    }


async def said(folder: Path, *arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """What a command says to a person who types *answer*, and its status."""
    process = await _start(folder, *arguments)
    output, _ = await process.communicate(answer)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def _start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    pipe: Any = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "probe", *arguments, "-c", "c.yaml",
        cwd=folder, env=CLEAN, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


@asynccontextmanager
async def agent(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running agent, which has locked its folder."""
    process = await _start(folder, "run")
    lock = folder / "state" / "agent.lock"
    try:
        async with asyncio.timeout(PATIENCE):
            while _text(lock) != str(process.pid):  # noqa: ASYNC110 - the file is what there is to look at
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def there(sandbox: Sandbox, count: int) -> None:
    """Return when the vendor has so many instances."""
    async with asyncio.timeout(PATIENCE):
        while len(sandbox.control.instances("cloud")) != count:  # noqa: ASYNC110 - the vendor is asked
            await asyncio.sleep(0.05)


def _text(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


async def test_a_lost_agent_is_adopted_by_a_person_who_means_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without a yes nothing changes; with one its things go, now and for ever after."""
    control = sandbox.control
    marks = left_behind()
    control.add_bystander("cloud", marks["stability-probe-lease"], marks)
    residents = len(control.instances("cloud"))
    status, text = await said(tmp_path, "sweep", "--yes")
    assert (status, f"carries the marks of another agent, {OLD}" in text) == (0, True), text
    status, text = await said(tmp_path, "sweep", "--adopt", OLD, "--dry-run")
    assert (status, "delete" in text, "is not in this ledger; its lease is over" in text) == (1, True, True), text
    status, text = await said(tmp_path, "sweep", "--adopt", OLD, answer=b"n\n")
    assert (status, "is that agent gone for good?" in text, "nothing was adopted" in text) == (1, True, True), text
    assert len(control.instances("cloud")) == residents
    status, text = await said(tmp_path, "sweep", "--adopt", OLD, answer=b"y\ny\n")
    assert (status, "delete 1 thing?" in text) == (0, True), text
    assert len(control.instances("cloud")) == residents - 1
    control.add_bystander("cloud", marks["stability-probe-lease"], marks)
    status, text = await said(tmp_path, "sweep", "--yes")
    assert status == 0, text
    assert len(control.instances("cloud")) == residents - 1


@pytest.mark.usefixtures("sandbox")
async def test_what_cannot_be_adopted_is_told(tmp_path: Path) -> None:
    """Half an id, one that nothing carries (a digit is wrong), and oneself."""
    status, text = await said(tmp_path, "sweep", "--adopt", OLD[:8])
    assert (status, "is no agent's id" in text) == (2, True), text
    status, text = await said(tmp_path, "sweep", "--adopt", OLD, "--yes")
    assert (status, "is that its id? nothing was adopted" in text) == (2, True), text
    async with await Store.open(tmp_path / "state") as store:
        own = store.agent_id
    status, text = await said(tmp_path, "sweep", "--adopt", own, "--yes")
    assert (status, "is this agent itself" in text) == (2, True), text


async def test_an_agent_that_may_still_run_is_told_before_it_is_adopted(sandbox: Sandbox, tmp_path: Path) -> None:
    """What it uses stays all the same: its leases are not over."""
    marks = {**left_behind(), "stability-probe-expires": str(int(time.time() + 3600))}
    sandbox.control.add_bystander("cloud", marks["stability-probe-lease"], marks)
    residents = len(sandbox.control.instances("cloud"))
    status, text = await said(tmp_path, "sweep", "--adopt", OLD, "--yes")
    assert (status, "1 of its things have a lease that is not over" in text) == (0, True), text
    assert len(sandbox.control.instances("cloud")) == residents


async def test_a_folder_has_one_agent_and_commands_work_beside_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """The second `run` is refused by a sentence; `once`, `sweep` and `instances` do their work meanwhile."""
    text = (tmp_path / "c.yaml").read_text()
    (tmp_path / "c.yaml").write_text(text.replace("grace: 10s", "grace: 10s, listen: '127.0.0.1:0'"))
    residents = len(sandbox.control.instances("cloud"))
    async with agent(tmp_path) as running:
        status, text = await said(tmp_path, "run")
        assert (status, f"another agent runs on this state folder (process {running.pid})" in text) == (2, True), text
        once = await _start(tmp_path, "once", "life")
        async with asyncio.timeout(PATIENCE):
            while "active" not in (await said(tmp_path, "instances"))[1]:
                assert once.returncode is None
        status, text = await said(tmp_path, "sweep", "--yes")
        assert (status, "nothing to sweep" in text) == (0, True), text  # what `once` rents is in use
        output, _ = await once.communicate()
        assert once.returncode == 0, output.decode()
        assert (await said(tmp_path, "instances"))[1] == "nothing is rented\n"
        running.send_signal(signal.SIGTERM)
        await running.communicate()
        assert running.returncode == 0
    assert len(sandbox.control.instances("cloud")) == residents


async def test_a_second_sigterm_leaves_at_once_and_the_record_stays(sandbox: Sandbox, tmp_path: Path) -> None:
    """A vendor that refuses to delete would take the whole grace; what is left is the first thing of the next start."""
    text = (tmp_path / "c.yaml").read_text()
    (tmp_path / "c.yaml").write_text(text.replace("grace: 10s", "grace: 60s, listen: '127.0.0.1:0'"))
    control = sandbox.control
    residents = len(control.instances("cloud"))
    async with agent(tmp_path) as running:
        once = await _start(tmp_path, "once", "life")
        await there(sandbox, residents + 1)
        control.inject(Fault(kind=FaultKind.LYING_DELETE))
        once.kill()  # what it holds is the agent's to sweep now
        await once.communicate()
        running.send_signal(signal.SIGTERM)
        await asyncio.sleep(ECHO + 0.5)
        running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            await running.communicate()
        assert running.returncode == 1
    async with await Store.open(tmp_path / "state", read_only=True) as store:
        (lease,) = await store.ledger.open_leases()
    assert lease.handed_over
    control.clear()
    async with agent(tmp_path):
        await there(sandbox, residents)


async def test_exchanged_credentials_settle_nothing_until_a_person_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    """What the account of today does not show may be in the account of yesterday."""
    place = sandbox.places.vendors["cloud"]
    await _rented_elsewhere(tmp_path / "state", place.region)
    status, text = await said(tmp_path, "sweep", "--yes")
    assert (status, "rented from another account" in text, "probe sweep --same-account" in text) == (1, True, True)
    status, text = await said(tmp_path, "sweep", "--same-account", answer=b"n\n")
    assert (status, "are they of the same account?" in text, "nothing was changed" in text) == (1, True, True), text
    status, text = await said(tmp_path, "instances")
    assert "i-of-yesterday" in text
    status, text = await said(tmp_path, "sweep", "--same-account", answer=b"y\n")
    assert (status, "1 settled" in text) == (0, True), text
    status, text = await said(tmp_path, "sweep", "--same-account", "--yes")
    assert (status, "there is nothing to say of it" in text) == (2, True), text


async def test_a_sweep_that_is_declined_or_stopped_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    """A no deletes nothing; Ctrl-C tells how far it came, is no status of a vendor, and the next sweep goes on."""
    async with await Store.open(tmp_path / "state") as store:
        own = store.agent_id
    control = sandbox.control
    residents = len(control.instances("cloud"))
    lease = f"probe-{own[:8]}-0123456789ab"
    control.add_bystander("cloud", lease, {**left_behind(), "stability-probe": own, "stability-probe-lease": lease})
    status, text = await said(tmp_path, "sweep", answer=b"n\n")
    assert (status, "delete 1 thing?" in text, "nothing was deleted" in text) == (1, True, True), text
    status, text = await said(tmp_path, "sweep")
    assert (status, "nobody answers" in text, "nothing was deleted" in text) == (1, True, True), text
    control.inject(Fault(kind=FaultKind.LYING_DELETE))
    sweep = await _start(tmp_path, "sweep", "--yes")
    assert sweep.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while b"msg=delete" not in await sweep.stdout.readline():
            assert sweep.returncode is None
    sweep.send_signal(signal.SIGINT)
    output, _ = await sweep.communicate()
    assert (sweep.returncode, b"stopped after 0 of 1: the next sweep goes on" in output) == (130, True), output
    control.clear()
    assert (await said(tmp_path, "sweep", "--yes"))[0] == 0
    assert len(control.instances("cloud")) == residents


@pytest.mark.usefixtures("sandbox")
async def test_a_vendor_whose_secret_cannot_be_read_is_not_taken_for_swept(tmp_path: Path) -> None:
    """What may be left there is not nothing."""
    config = tmp_path / "c.yaml"
    (name,) = re.findall(r"application_credential_secret: \{file: ([^}]+)\}", config.read_text())
    config.write_text(config.read_text().replace(name, "missing"))
    for arguments in ((), ("--yes",), ("--dry-run",)):
        status, text = await said(tmp_path, "sweep", *arguments)
        assert (status, "cloud could not be asked: its secrets cannot be used" in text) == (1, True), text


async def _rented_elsewhere(state: Path, region: str) -> None:
    """A ledger with an instance that was rented with the credentials of yesterday."""
    async with await Store.open(state) as store:
        lease = a_lease(new_key(store.agent_id), vendor="cloud", region=region, owner=store.owner)
        active = replace(lease, state=LeaseState.ACTIVE, instance_id="i-of-yesterday", account="0123456789abcdef")
        long_ago = time.time() - 9_999
        await store.ledger.intend(replace(active, intended_at=long_ago, expires_at=long_ago + 60))
