"""A store on a real disk, and the same with its ledger in a real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.store import LedgerPlace, Store
from tests.fakes.ownership import OwnershipMeter
from tests.servers.postgres import Postgres, postgres

__all__ = ["postgres"]

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.servers))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the state is kept; not there yet."""
    return tmp_path / "some where" / "state"


@pytest.fixture
def meter() -> OwnershipMeter:
    """Remembers failed writes."""
    return OwnershipMeter()


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest) -> LedgerPlace | None:
    """Where the ledger is: in the folder, or in a schema of its own."""
    if request.param == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.place()


@pytest.fixture
async def store(folder: Path, meter: OwnershipMeter, place: LedgerPlace | None) -> AsyncIterator[Store]:
    """An open store in *folder*."""
    async with await Store.open(folder, ledger=place, meter=meter) as opened:
        yield opened
