"""Tells the meter what we own now."""

import logging
from collections import Counter
from typing import Final

from probe.model.clock import Clock
from probe.model.instance import LeaseState
from probe.model.meter import Meter
from probe.model.money import MILLION
from probe.rental.breaker import shut
from probe.rental.evidence import INSTANCE
from probe.store import Store, StoreFailed

_log: Final = logging.getLogger(__name__)

KIND: Final = INSTANCE
"""What is rented; what comes with an instance goes with it, and is counted where it does not."""


async def take_census(store: Store, meter: Meter, clock: Clock, vendor: str, region: str) -> None:
    """Count the open leases of *vendor* in *region*; a ledger that cannot be read leaves the last count standing."""
    now = clock.wall()
    try:
        held = await store.ledger.open_leases(vendor)
        costs = await store.ledger.accrued(vendor, region, now)
        holdings = await store.ledger.holdings(vendor, now)
    except StoreFailed as error:
        _log.warning("what is rented from %s could not be counted: %s", vendor, error)
        return
    leases = [lease for lease in held if lease.region == region]
    states = Counter(lease.state for lease in leases)
    oldest = min((lease.intended_at for lease in leases), default=now)
    meter.resources(
        vendor,
        region,
        KIND,
        active=states[LeaseState.INTENDED] + states[LeaseState.ACTIVE],
        deleting=states[LeaseState.DELETING],
        leaked=states[LeaseState.LEAKED],
        oldest=max(0.0, now - oldest),
    )
    for currency, amount in costs.items():
        meter.estimated_cost(vendor, region, currency, amount / MILLION)
    meter.breaker(vendor, region, {one.cause for one in shut(vendor, now, holdings)})
