"""What leaks though no lease is open for it: the ledger has no row that would say so, and yet it costs money."""

from probe.cloud import Cloud
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.rental.breaker import leaking
from probe.store import Store


class Strays:
    """Counts each such leak once in the life of a sweeper, and lets nothing more be rented from where it is.

    Args:
        store: where the breakers are.
        clock: for the records.
        meter: counts what leaks.
    """

    def __init__(self, store: Store, clock: Clock, meter: Meter) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._counted: set[tuple[str, str, str]] = set()

    async def leaked(self, cloud: Cloud, kind: str, one: str, complaint: str) -> None:
        """Something of that *kind*, called *one* by the vendor, was asked to go and is still there.

        Raises:
            StoreFailed: the breaker could not be written.
        """
        key = (cloud.name, kind, one)
        if key not in self._counted:
            self._counted.add(key)
            self._meter.resource_leaked(cloud.name, cloud.region, kind)
        note = f"{kind} {one}: {complaint}"
        await self._store.breakers.turn(cloud.name, leaking(cloud.name, self._clock.wall(), note))
