"""The steps of a process: turns of its event loop, requests written, answers read, transactions begun and committed.

Nothing of ours is patched: the loop, the opener of connections and SQLAlchemy's events are all seams that are there.
A step is called by its kind and its number among those of its kind (`sent:7`, `turn:112`), because the writes, reads
and commits of a run are the same every time, and the turns between them nearly.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Pool, event
from typing_extensions import override

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.wire import Family, NameFiles, Route
from probe.wire.line import Line
from probe.wire.opening import Opener
from probe.wire.resolver import Resolver
from probe.wire.timing import Timing
from probe.wire.transport import PlainTransport
from probe.wire.trust import Contexts

TURN: Final = "turn"
WRITING: Final = "writing"
KINDS: Final = (TURN, "sending", "sent", "reading", "read", "looking", WRITING, "committing", "committed")


class Steps:
    """Counts the steps of this process, and does something at some of them.

    Attributes:
        taken: the names of the steps so far.
        acts: what is to be done at which step, by name.
        wake: has the loop take a turn, whichever thread it is called in.
    """

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.acts: dict[str, Callable[[], None]] = {}
        self.wake: Callable[[], object] = lambda: None
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, kind: str) -> None:
        """Take a step of that *kind*, in whatever thread."""
        with self._lock:
            self._counts[kind] += 1
            name = f"{kind}:{self._counts[kind]}"
            self.taken.append(name)
            act = self.acts.get(name)
        if act is not None:
            act()

    def after(self, name: str, act: Callable[[], None]) -> None:
        """Do *act* at the step of the same kind that follows *name*."""
        kind, _, number = name.partition(":")
        self.acts[f"{kind}:{int(number) + 1}"] = act

    def in_turns(self, turns: int, act: Callable[[], None]) -> None:
        """Do *act* after so many more turns of the loop."""
        self.acts[f"{TURN}:{self._counts[TURN] + turns}"] = act

    @contextmanager
    def of_the_store(self) -> Iterator[None]:
        """Count the transactions of every database that is opened meanwhile."""

        def begun(connection: Connection) -> None:
            self.take(WRITING if connection.get_execution_options().get("writes") else "looking")

        def committing(_: Connection) -> None:
            self.take("committing")

        def given_back(*_: Any) -> None:
            self.take("committed")

        told = ((Engine, "begin", begun), (Engine, "commit", committing), (Pool, "checkin", given_back))
        for of, name, listener in told:
            event.listen(of, name, listener)
        try:
            yield
        finally:
            for of, name, listener in told:
                event.remove(of, name, listener)


class SteppingLoop(asyncio.SelectorEventLoop):
    """A loop whose turns are steps, and whose timers run on the shared clock."""

    def __init__(self, steps: Steps, clock: Clock) -> None:
        self._steps = steps
        self._shared = clock
        super().__init__()
        steps.wake = lambda: self.call_soon_threadsafe(lambda: None)

    @override
    def time(self) -> float:
        return self._shared.now()

    def _run_once(self) -> None:
        self._steps.take(TURN)
        super()._run_once()  # type: ignore[misc]  # one turn of the loop; there is no public word for it


class SteppingLine(Line):
    """A connection whose writes and reads are steps."""

    __slots__ = ("_steps",)

    def __init__(self, line: Line, steps: Steps) -> None:
        super().__init__(line.socket)
        self._watch = line._watch  # which knows the socket already: it is watched by one
        self.established, self.connected_in = line.established, line.connected_in
        self._steps = steps

    @override
    async def write(self, data: bytes, timing: Timing) -> None:
        self._steps.take("sending")
        await super().write(data, timing)
        self._steps.take("sent")

    @override
    async def read(self, timing: Timing) -> bytes:
        self._steps.take("reading")
        data = await super().read(timing)
        self._steps.take("read")
        return data


class SteppingOpener(Opener):
    """Opens connections whose writes and reads are steps."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(Resolver(NameFiles()), Contexts())
        self._steps = steps

    @override
    async def plain(self, host: str, port: int, route: Route, timing: Timing) -> Line:
        return SteppingLine(await super().plain(host, port, route, timing), self._steps)


def stepping_transport(steps: Steps, clock: Clock, meter: Meter) -> PlainTransport:
    """Our own transport, on the loop's clock, over connections whose writes and reads are steps."""
    return PlainTransport(Route(family=Family.IPV4), SteppingOpener(steps), clock, meter, kernel=False)
