"""A store on a real disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.store import Store
from tests.fakes.ownership import OwnershipMeter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the state is kept; not there yet."""
    return tmp_path / "some where" / "state"


@pytest.fixture
def meter() -> OwnershipMeter:
    """Remembers failed writes."""
    return OwnershipMeter()


@pytest.fixture
async def store(folder: Path, meter: OwnershipMeter) -> AsyncIterator[Store]:
    """An open store in *folder*."""
    async with await Store.open(folder, meter=meter) as opened:
        yield opened
