"""A whole web server over a made-up fleet, on a free port of loopback."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from probe.exposition.doors import Doors
from probe.exposition.history import History
from probe.exposition.metrics import Metrics
from probe.exposition.page.document import About
from probe.exposition.patience import PATIENCE, Patience
from probe.exposition.web import Web
from probe.model.runs import Streak
from probe.wire import RealClock, listen
from tests.fakes.story import story_jobs, story_runs

LOOPBACK = Doors(loopback=True)


@dataclass
class FakeReloader:
    """Takes every configuration over, or refuses it with what it was told to say."""

    complaints: Sequence[str] = ()
    asked: int = 0

    async def reload(self) -> Sequence[str]:
        """Count, and answer."""
        self.asked += 1
        return self.complaints


class WatchedHistory(History):
    """Counts how often the page was rendered."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    @property
    def looks(self) -> int:
        """How often the page was rendered."""
        return self._asked

    def streaks(self) -> Sequence[Streak]:
        """As its parent."""
        self._asked += 1
        return super().streaks()


@dataclass
class Served:
    """What the server was made of.

    Attributes:
        host: `address:port`.
        reasons: why the agent is not ready.
    """

    host: str
    metrics: Metrics
    history: WatchedHistory
    web: Web
    reloader: FakeReloader
    reasons: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.host}"


@asynccontextmanager
async def served(*, doors: Doors = LOOPBACK, slots: int = 90, patience: Patience = PATIENCE) -> AsyncIterator[Served]:
    """Serve the fleet of `tests.fakes.story` until the block ends."""
    clock, history, reloader, reasons = RealClock(), WatchedHistory(), FakeReloader(), list[str]()
    metrics = Metrics(clock, "1.2.3")
    jobs = story_jobs()
    metrics.announce(jobs)
    history.announce(jobs)
    for run in story_runs(jobs, clock.wall() - 15, slots=slots):
        metrics.record(run)
        history.record(run)
    about = About(agent="demo", vantage="eu-central", version="1.2.3", started=clock.wall() - 20 * slots)
    web = Web(metrics, history, clock, about, ready=lambda: reasons, doors=doors, reloader=reloader, patience=patience)
    listener = listen("127.0.0.1", 0)
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(web.serve(listener))
    try:
        yield Served(host, metrics, history, web, reloader, reasons)
    finally:
        web.stop()
        await serving
