"""Two histories in two real Prometheus servers: one in which much goes wrong, one in which nothing does."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dashboards.backfill import Answers, import_history, prometheus
from tests.dashboards.history import Fleet, told


@dataclass(frozen=True, slots=True)
class Told:
    """A history, and who answers for it."""

    fleet: Fleet
    answers: Answers


async def _write(fleet: Fleet, path: Path, *, up: bool) -> None:
    with path.open("w", encoding="utf-8") as text:
        async for line in told(fleet, up=up):
            text.write(line)


def _serve(folder: Path, *, days: float, eventful: bool) -> Iterator[Told]:
    fleet = Fleet(end=time.time(), days=days, eventful=eventful)
    text, data = folder / "history.om", folder / "data"
    asyncio.run(_write(fleet, text, up=not eventful))
    import_history(text, data)
    text.unlink()
    with prometheus(folder, data) as answers:
        yield Told(fleet, answers)


@pytest.fixture(scope="session")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Nearly a week with outages, leaks, throttling, a stale probe and an agent that is down."""
    yield from _serve(tmp_path_factory.mktemp("eventful"), days=6.9, eventful=True)


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A day in which every run of everybody was ok."""
    yield from _serve(tmp_path_factory.mktemp("quiet"), days=1.1, eventful=False)
