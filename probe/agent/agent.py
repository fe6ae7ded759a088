"""The agent: starts everything in order, takes new configurations over, and gives everything back at the end."""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from probe import __version__
from probe.agent.assembly import Assembly, LastCreates
from probe.agent.controls import rules_of
from probe.agent.estate import Estate
from probe.agent.housekeeping import keep_house
from probe.agent.late import Late
from probe.agent.signals import ECHO
from probe.engine.controls import Controls, Rules
from probe.engine.engine import Engine
from probe.engine.outages import Outages
from probe.engine.runner import Runner
from probe.engine.share import OwnShare
from probe.engine.stalls import Stalls
from probe.exposition.blackbox import Prober
from probe.exposition.doors import Doors
from probe.exposition.history import History
from probe.exposition.logs import FailureLog
from probe.exposition.metrics import Metrics
from probe.exposition.page.document import About
from probe.exposition.web import Web
from probe.model.clock import Clock
from probe.rental import Sweeper
from probe.settings.audit import audit_secrets, usable
from probe.settings.complaints import ConfigurationRefused
from probe.settings.configuration import Configuration, needs_restart
from probe.settings.loading import load
from probe.store import Store, StoreFailed
from probe.wire import RealClock, Wire, is_loopback, parse_listen

PATROL: Final = 60.0
"""Seconds between two sweeps of a running agent."""
_log = logging.getLogger(__name__)


class Agent:
    """Measures until it is told to stop. It is also the `Reloader` of its own web server.

    Args:
        configuration: what to do, its unreadable secrets included: what needs them is left out with a complaint.
        listener: the socket that the page and the metrics are served on; the agent closes it.
        store: the state folder, locked for this agent; None where it cannot be used, then nothing is rented.
        clock: what everything is measured on.
        patrol: seconds between two sweeps.
        late: how to come by a ledger that was away; None where there is nothing to wait for.
    """

    def __init__(
        self,
        configuration: Configuration,
        listener: Any,
        store: Store | None,
        *,
        clock: Clock | None = None,
        patrol: float = PATROL,
        late: Late | None = None,
    ) -> None:
        self._clock = clock or RealClock()
        self._listener = listener
        self._late = late
        self._rents = store is not None
        self._patrol = patrol
        self.metrics = Metrics(self._clock, __version__)
        self._estate = Estate(store, self._clock, self.metrics)
        self._history = History()
        self._outages = Outages(self.metrics, store.outages if store else None)
        self._wire = Wire(self._clock, self.metrics)
        self._assembly = self._assemble(configuration)
        self._written = configuration
        self._controls = Controls(self._rules(), self._clock, self.metrics)
        self._engine = self._make_engine()
        self._web = self._make_web()
        self._begun = False
        self._stop = asyncio.Event()
        self._told = 0.0
        self._reloads: set[asyncio.Task[Sequence[str]]] = set()
        self._one_at_a_time = asyncio.Lock()

    @property
    def store(self) -> Store | None:
        """The state folder; None as long as there is none. Whoever runs the agent closes it."""
        return self._estate.store

    async def run(self) -> int:
        """Measure until `stop` is called or a signal says so, then give back what was rented.

        SIGHUP reloads. The first SIGTERM or SIGINT stops; a second one ends the process at once, and loses nothing
        that the ledger holds. Returns how many leases could not be given back within the grace.
        """
        self._mind_signals()
        try:
            async with self._one_at_a_time:  # a reload that is asked for now comes after the start
                last_creates = await self._remember()
                self._begin(last_creates)
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(self._web.serve(self._listener), name="web")
                serving.add_done_callback(lambda _: self._stop.set())
                chores = [group.create_task(work, name=name) for name, work in self._chores().items()]
                try:
                    await self._stop.wait()
                finally:  # should a chore fail, what is rented is given back all the same
                    for chore in chores:
                        chore.cancel()
                    left = await self._end()
                    self._web.stop()
            return left
        finally:
            await self._controls.close()
            await self._wire.close()

    def stop(self) -> None:
        """Begin to end; a second call ends the process at once, unless it is an echo of the first."""
        now = self._clock.now()
        if self._stop.is_set() and now - self._told >= ECHO:
            _log.warning("told to stop a second time: leaving at once, the ledger holds what is still rented")
            os._exit(1)
        self._told = now
        self._stop.set()

    async def reload(self) -> Sequence[str]:
        """Load the configuration anew; the complaints if it was refused, nothing if it was taken over."""
        async with self._one_at_a_time:
            return await self._reload()

    async def _reload(self) -> Sequence[str]:
        if self._stop.is_set():
            return self._refuse(["the agent is stopping"])
        try:
            loaded = await asyncio.to_thread(load, self._written.path, redactor=self._written.redactor)
        except ConfigurationRefused as refused:
            return self._refuse([str(complaint) for complaint in refused.complaints])
        fixed = needs_restart(self._written, loaded)
        if fixed:
            return self._refuse([f"{key}: cannot be changed while the agent runs; restart it" for key in fixed])
        assembly = self._assemble(loaded, former=self._assembly)
        try:
            await self._wire.ready()
            last_creates = await assembly.last_creates()
        except StoreFailed as failed:
            return self._refuse([f"the ledger cannot be read: {failed}"])
        if self._stop.is_set():
            return self._refuse(["the agent is stopping"])
        self._take_over(loaded, assembly, last_creates)
        self.metrics.config_reload(successful=True)
        _log.info("the configuration was reloaded", extra={"jobs": len(assembly.jobs)})
        return ()

    def _refuse(self, complaints: Sequence[str]) -> Sequence[str]:
        self.metrics.config_reload(successful=False)
        for complaint in complaints:
            _log.error("reload refused: %s", complaint)
        return complaints

    def _take_over(self, loaded: Configuration, assembly: Assembly, last_creates: LastCreates) -> None:
        """Go on with *assembly*, all of it in one turn of the loop."""
        self._written, self._assembly = loaded, assembly
        self._estate.watch_over(assembly)
        self._announce()
        self._controls.replace(self._rules())
        self._engine.replace(assembly.jobs, last_creates)

    def _assemble(self, configuration: Configuration, former: Assembly | None = None) -> Assembly:
        audit = audit_secrets(configuration)
        for complaint in audit.complaints:
            _log.warning("left out: %s", complaint)
        return Assembly(
            usable(configuration, audit),
            self._wire,
            self._clock,
            self.metrics,
            store=self.store if self._rents else None,
            former=former,
            spots=True,
        )

    def _rules(self) -> Rules:
        return rules_of(self._assembly.configuration, self._wire, self._clock)

    def _make_engine(self) -> Engine:
        agent = self._assembly.configuration.agent
        sinks = (self.metrics, self._history, self._outages, FailureLog(self._clock))
        stalls = Stalls(self._clock)
        runner = Runner(
            self._clock, sinks, redact=self._assembly.configuration.redactor, stalls=stalls, network=self._controls
        )
        identity = self.store.agent_id if self.store else str(uuid4())
        return Engine(runner, self.metrics, self._clock, agent_id=identity, places=agent.places, stalls=stalls)

    def _make_web(self) -> Web:
        agent = self._assembly.configuration.agent
        host, _ = parse_listen(agent.listen)
        return Web(
            self.metrics,
            self._history,
            self._clock,
            About(agent=agent.name, vantage=agent.vantage, version=__version__, started=self._clock.wall()),
            ready=lambda: () if self._begun else ("the agent is starting",),
            doors=Doors(loopback=is_loopback(host), allow=frozenset(agent.allow)),
            reloader=self,
            prober=Prober(self._wire, self._clock, lambda: self._assembly.configuration.blackbox, self._redact),
        )

    def _redact(self, text: str) -> str:
        return self._written.redactor(text)

    def _chores(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        chores: dict[str, Coroutine[Any, Any, None]] = {
            "outages": self._outages.keep(),
            "housekeeping": keep_house(self._clock),
            "controls": self._controls.patrol(),
            "own share": OwnShare(self._clock, self.metrics).watch(),
        }
        if self._estate.sweeper is not None:
            chores["patrol"] = self._estate.sweeper.patrol(self._patrol)
        elif self._late is not None:
            chores["ledger"] = self._wait_for_the_ledger(self._late)
        return chores

    async def _wait_for_the_ledger(self, late: Late) -> None:
        """Look for the ledger; once it is there, give back what is owed, then rent, and sweep like any other agent."""
        store = await late.arrival(self._clock)
        sweeper = self._estate.take(store)
        _log.info("the ledger is there: what is owed is given back, then renting begins")
        self._estate.watch_over(self._assembly)
        while not await self._begin_to_rent(store, sweeper):
            await self._clock.sleep(late.first)
        await self._clock.sleep(self._patrol)
        await sweeper.patrol(self._patrol)

    async def _begin_to_rent(self, store: Store, sweeper: Sweeper) -> bool:
        """Sweep once, then go on with renters; False if the ledger has gone away again."""
        try:
            await sweeper.sweep()
            async with self._one_at_a_time:
                self._rents = True
                assembly = self._assemble(self._written, former=self._assembly)
                last_creates = await assembly.last_creates()
                await self._outages.adopt(store.outages)
                self._take_over(self._written, assembly, last_creates)
        except StoreFailed as failed:
            self._rents = False
            _log.error("nothing is rented yet: %s", failed)
            return False
        return True

    async def _remember(self) -> LastCreates:
        """Take over what the state folder holds, before anything runs."""
        await self._outages.load()
        await self._wire.ready()
        self._estate.watch_over(self._assembly)
        self._announce()
        return await self._assembly.last_creates()

    def _begin(self, last_creates: LastCreates) -> None:
        self.metrics.config_reload(successful=True)
        self._engine.start(self._assembly.jobs, last_creates)
        self._begun = True
        _log.info("measuring", extra={"jobs": len(self._assembly.jobs), "version": __version__})

    def _announce(self) -> None:
        jobs = self._assembly.jobs
        self.metrics.announce(jobs)
        self._history.announce(jobs)
        self._outages.announce(job.target for job in jobs)

    async def _end(self) -> int:
        """Cut the runs, give everything back, write everything down, within the grace; how many leases are left."""
        grace = self._assembly.configuration.agent.grace
        _log.info("stopping", extra={"grace": grace})
        ends = self._clock.now() + grace
        await self._engine.stop(grace)
        return await self._estate.settle(self._outages, ends)

    def _mind_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    def _reload_soon(self) -> None:
        task = asyncio.get_running_loop().create_task(self.reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)
