"""What an agent rents by: the ledger, and the sweeper that goes by it; there from the start, later, or never."""

import asyncio
import logging
from typing import Final

from probe.agent.assembly import Assembly, of_vendors
from probe.cloud import Cloud
from probe.engine.outages import Outages
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.rental import Sweeper
from probe.store import Store, StoreFailed

_AGAIN: Final = 0.5
"""Seconds between two sweeps of an agent that stops."""
_log: Final = logging.getLogger(__name__)


class Estate:
    """The ledger of an agent, and what becomes of what stands in it.

    Attributes:
        store: the state folder; None as long as there is none.
        sweeper: gives back what is owed; None without a ledger.
    """

    def __init__(self, store: Store | None, clock: Clock, meter: Meter) -> None:
        self.store: Store | None = None
        self.sweeper: Sweeper | None = None
        self._clock = clock
        self._meter = meter
        self._known: dict[str, Cloud] = {}
        if store is None:
            meter.ledger(there=False)
        else:
            self.take(store)

    def take(self, store: Store) -> Sweeper:
        """Go by the ledger in *store* from now on, and tell that it is there, and what fails in it; who sweeps."""
        self.store = store
        self._meter.ledger(there=True)
        store.report_to(self._meter)
        sweeper = self.sweeper = Sweeper((), store, self._clock, self._meter)
        return sweeper

    def watch_over(self, assembly: Assembly) -> None:
        """Sweep the vendors that are rented from, and while they hold something of ours, those that were."""
        self._known |= assembly.clouds
        if self.sweeper is not None:
            renting = of_vendors(assembly.clouds, sorted(assembly.renting()))
            self.sweeper.replace(renting, leaving=self._known.values())

    async def settle(self, outages: Outages, ends: float) -> int:
        """Write *outages* down and give everything back, until *ends* on the clock; how many leases are left."""
        left = 0
        try:
            try:
                async with asyncio.timeout(max(0.0, ends - self._clock.now())):
                    await outages.save()
                    if self.sweeper is not None:
                        await self.sweeper.exhaust(_AGAIN)
            except TimeoutError:
                left = len(await self.sweeper.owed()) if self.sweeper is not None else 0
        except StoreFailed as failed:
            _log.error("what is still rented could not be read from the ledger: %s", failed)
        if left:
            _log.error("not given back in time: %d; the next start, or `probe sweep`, goes on with it", left)
        return left
