"""A sweep whose ledger, a file, is away or another one deletes nothing that it cannot prove."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from probe.rental import Action, Result
from probe.store import Store, StoreFailed
from tests.rental.conftest import Desk


async def _strand(desk: Desk) -> None:
    """Rent, and let the run end without giving it back."""
    async with await desk.rent():
        pass


async def test_a_lost_state_folder_does_not_widen_deletion(desk: Desk, tmp_path: Path) -> None:
    """With a new id, nothing of the old one is deleted, however expired."""
    await _strand(desk)
    desk.clock.pass_time(1e6)
    async with await Store.open(tmp_path / "new") as store:
        report = await replace(desk, store=store).sweeper().sweep()
        assert report.count(Result.REPORTED) == report.count(Result.DELETED) == 0
        plan = await replace(desk, store=store).sweeper().plan()
        assert [(item.action, item.agent) for item in plan.items] == [(Action.REPORT, desk.store.agent_id)]
    assert desk.cloud.deletes == []


async def test_a_ledger_that_cannot_be_read_fails_the_sweep(desk: Desk) -> None:
    """Without a ledger nothing can be proven, so nothing is deleted."""
    await _strand(desk)
    (desk.store.path / "ledger.sqlite3").unlink()
    with pytest.raises(StoreFailed):
        await desk.sweeper().sweep()
    assert desk.cloud.deletes == []


async def _counted(desk: Desk, result: str) -> None:
    while not desk.meter.sweeps[result]:  # noqa: ASYNC110 - a meter is told, it tells nobody
        await asyncio.sleep(0.001)


async def test_a_patrol_survives_a_failure(desk: Desk) -> None:
    """A sweep that fails is counted, and the next one comes all the same."""
    path = desk.store.path / "ledger.sqlite3"
    path.rename(path.with_suffix(".away"))
    patrol = asyncio.create_task(desk.sweeper().patrol(60.0))
    await _counted(desk, "failed")
    path.with_suffix(".away").rename(path)
    await _counted(desk, "ok")
    patrol.cancel()
    with pytest.raises(asyncio.CancelledError):
        await patrol
