"""One line of configuration moves the ledger into PostgreSQL; without its server everything but renting goes on."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.sandbox import Sandbox
from tests.cli.conftest import Start
from tests.cli.renting import sandbox
from tests.cli.test_owning import said
from tests.servers.postgres import Postgres, postgres

__all__ = ["postgres", "sandbox"]


def _move(folder: Path, url: str) -> None:
    text = (folder / "c.yaml").read_text()
    (folder / "c.yaml").write_text(text.replace("grace: 10s", f"grace: 10s, ledger: '{url}'"))


@pytest.mark.servers
async def test_what_is_rented_is_in_postgresql(sandbox: Sandbox, postgres: Postgres, tmp_path: Path) -> None:
    """A lifecycle leaves its lease there, and nothing at the vendor; the state folder may go."""
    residents = len(sandbox.control.instances("cloud"))
    _move(tmp_path, postgres.place().url)
    assert (await said(tmp_path, "instances"))[1] == "nothing is rented\n"
    status, text = await said(tmp_path, "once", "life")
    assert status == 0, text
    assert len(sandbox.control.instances("cloud")) == residents
    _lose(tmp_path / "state")
    status, text = await said(tmp_path, "instances", "--all")
    assert (status, " gone " in text) == (0, True), text
    assert (await said(tmp_path, "sweep", "--yes"))[0] == 0


def _lose(folder: Path) -> None:
    assert not (folder / "ledger.sqlite3").exists()
    shutil.rmtree(folder)


def test_a_server_that_is_away_keeps_nobody_from_measuring(start: Start, tmp_path: Path) -> None:
    """The agent says why nothing will be rented, and measures what it can."""
    (tmp_path / "c.yaml").write_text(
        "agent: {listen: '127.0.0.1:0', ledger: 'postgresql://probe@127.0.0.1:1/probe?sslmode=disable'}\n"
        "controls: {checks: []}\n"
        "probes:\n  - {name: shop, kind: http, every: 1s, deadline: 1s, targets: [{url: 'http://127.0.0.1:1/'}]}\n"
    )
    agent = start("run", "-c", "c.yaml")
    assert agent.stdout is not None
    told: list[str] = []
    _until(agent.stdout.readline, "outcome=refused", told)
    why = "nothing will be rented until the ledger is there: postgresql://probe@127.0.0.1:1/probe: cannot be used"
    assert any(why in line for line in told)
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(20) == 0


def _until(line: Callable[[], str], wanted: str, told: list[str]) -> None:
    while not told or (told[-1] and wanted not in told[-1]):
        told.append(line())
