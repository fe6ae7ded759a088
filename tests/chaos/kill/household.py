"""What the killed and the restarted process do: our own code as the agent puts it together, with steps that count."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from probe.agent.assembly import Assembly
from probe.agent.late import Late
from probe.cloud import Cloud
from probe.engine.runner import Runner, Skipped
from probe.model.meter import Meter
from probe.rental import Sweeper
from probe.rental.patience import TROUBLE
from probe.settings.configuration import Configuration
from probe.store import LedgerAway, StateFolderRefused, Store
from tests.chaos.kill.clock import SharedClock, SharedTime
from tests.chaos.kill.ledgers import StateFolder
from tests.chaos.kill.mutants import Mutant, spoil, swept, wire_of
from tests.chaos.kill.steps import SteppingLoop, Steps, stepping_transport

PATROL: Final = 60.0
"""Seconds between two sweeps, as in the agent."""
_SWEEPS: Final = 400
"""After so many sweeps we give up: that is more than six hours."""


FOR_EVER: Final = 1e9


@dataclass(frozen=True, slots=True)
class Household:
    """What both processes know.

    Attributes:
        configuration: what is rented, and from whom.
        time: what the vendor's side shares.
        patrol: seconds between two sweeps.
        mutant: what is done wrong on purpose.
        patience: seconds for which an answer of the ledger is waited for; time that is passed at once is no hang.
    """

    configuration: Configuration
    time: SharedTime
    patrol: float = PATROL
    mutant: Mutant = Mutant.NONE
    patience: float = FOR_EVER


class Life:
    """An agent as far as renting goes, at work in this process."""

    def __init__(self, household: Household, store: Store | None, clock: SharedClock, steps: Steps) -> None:
        meter = Meter()
        self.store = store
        self._household = household
        self._clock = clock
        self._meter = meter
        self.wire = wire_of(household.mutant)(clock, meter, transport=stepping_transport(steps, clock, meter))
        if store is not None:
            be_patient(store, household.patience)
            spoil(store, household.mutant)
        self._assembly = Assembly(household.configuration, self.wire, clock, meter, store=store)

    async def run(self, probe: str) -> str:
        """Run one probe, as the engine would; how it ended."""
        (job,) = [job for job in self._assembly.jobs if job.target.probe == probe]
        ended = await Runner(self._clock, ()).run(job, self._clock.wall())
        if isinstance(ended, Skipped):
            return f"skipped {ended.reason}: {ended.detail}"
        return f"{ended.outcome}" + (f" in {ended.phase}: {ended.detail}" if ended.detail else "")

    async def sweep(self) -> int:
        """Sweep as an agent does from its start on, until nothing is owed; how often that was."""
        assert self.store is not None
        sweeper = Sweeper((), self.store, self._clock, self._meter)
        clouds = list(self._assembly.clouds.values())
        sweeper.replace(swept(clouds, self._household.mutant, self._anew))
        for number in range(_SWEEPS):
            try:
                await sweeper.sweep()
                if not await sweeper.owed():
                    return number + 1
            except TROUBLE as error:
                logging.getLogger(__name__).warning("the sweep failed: %s", error)
            await self._clock.sleep(self._household.patrol)
        return _SWEEPS

    def _anew(self, kind: type[Cloud], cloud: Cloud) -> Cloud:
        return kind(cloud.entry, self.wire, self._clock, self._meter)


def live(household: Household, work: Callable[[SharedClock], Any], steps: Steps) -> Any:
    """Run *work*, given the agent's clock, in a loop whose turns are steps."""
    clock = SharedClock(household.time, skewed=True)
    with steps.of_the_store(), asyncio.Runner(loop_factory=lambda: SteppingLoop(steps, clock)) as runner:
        return runner.run(work(clock))


@asynccontextmanager
async def _at_work(
    household: Household, state: StateFolder, clock: SharedClock, steps: Steps, opening: Awaitable[Store] | None = None
) -> AsyncIterator[Life]:
    async with await (opening or _opened(state)) as store:
        life = Life(household, store, clock, steps)
        try:
            yield life
        finally:
            await life.wire.close()


def be_patient(store: Store, seconds: float) -> None:
    """Have *store* wait so long for an answer of its ledger."""
    store.ledger._database.patience = seconds


async def _free(store: Store) -> None:
    """Wait until a ledger that hung has done what nobody waited for: no time passes meanwhile but the real one."""
    database = store.ledger._database
    while database._stuck is not None and not database._stuck.done():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.005)


async def _opened(state: StateFolder) -> Store:
    """The store of the one agent, as `probe run` opens it."""
    store = await Store.open(state.path, ledger=state.place)
    try:
        store.lock()
    except BaseException:
        await store.close()
        raise
    return store


def rent(household: Household, state: StateFolder, steps: Steps) -> dict[str, Any]:
    """The first process: sweep as at every start, then run one lifecycle."""

    async def work(clock: SharedClock) -> dict[str, Any]:
        try:
            async with _at_work(household, state, clock, steps) as life:
                await life.sweep()
                return {"outcome": await life.run("lifecycle")}
        except StateFolderRefused as refused:
            return {"outcome": f"refused: {refused}"}

    return {**live(household, work, steps), "steps": steps.taken}


def persevere(household: Household, state: StateFolder, steps: Steps, mend: Callable[[], None]) -> dict[str, Any]:
    """The only process: its ledger goes away at some step, and is back again after some more, or once *mend* is called.

    It runs a lifecycle, sweeps until nothing is owed, and then has to be able to rent again.
    """

    async def opened(clock: SharedClock) -> Store:
        try:
            return await _opened(state)
        except LedgerAway:
            mend()
            return await Late(lambda: _opened(state)).arrival(clock)

    async def work(clock: SharedClock) -> dict[str, Any]:
        async with _at_work(household, state, clock, steps, opened(clock)) as life:
            sweeps = await life.sweep()
            first = await life.run("lifecycle")
            mend()
            assert life.store is not None
            await _free(life.store)
            be_patient(life.store, FOR_EVER)
            sweeps += await life.sweep()
            outcome = await life.run("lifecycle")
            sweeps += await life.sweep()
            return {"first": first, "outcome": outcome, "sweeps": sweeps}

    return {**live(household, work, steps)}


def recover(household: Household, state: StateFolder, steps: Steps, *, again: bool = False) -> dict[str, Any]:
    """The next process: sweep until nothing is owed; with *again* rent once more, and sweep as at every end."""

    async def work(clock: SharedClock) -> dict[str, Any]:
        try:
            async with _at_work(household, state, clock, steps) as life:
                sweeps = await life.sweep()
                outcome = await life.run("lifecycle") if again else ""
                sweeps += await life.sweep() if again else 0
                return {"sweeps": sweeps, "outcome": outcome}
        except StateFolderRefused as refused:
            return {"refused": str(refused), **await _without_a_ledger(household, clock, steps)}

    return {**live(household, work, steps), "steps": steps.taken}


async def _without_a_ledger(household: Household, clock: SharedClock, steps: Steps) -> dict[str, Any]:
    """What an agent goes on with when its state folder is refused."""
    life = Life(household, None, clock, steps)
    try:
        return {"outcome": await life.run("lifecycle"), "other": await life.run("read")}
    finally:
        await life.wire.close()
