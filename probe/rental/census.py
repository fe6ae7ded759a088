"""Tells the meter what we own now."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

from probe.model.clock import Clock
from probe.model.instance import Lease, LeaseState
from probe.model.meter import Meter
from probe.model.money import MILLION
from probe.model.renting import Standing
from probe.rental.breaker import shut
from probe.rental.evidence import INSTANCE
from probe.store import Residual, Store, StoreFailed

_log: Final = logging.getLogger(__name__)

KIND: Final = INSTANCE
"""What is rented; what comes with an instance goes with it, and is counted where it does not."""


async def take_census(
    store: Store, meter: Meter, clock: Clock, vendor: str, region: str, kinds: Collection[str] = ()
) -> None:
    """Count the open leases of *vendor* in *region*; a ledger that cannot be read leaves the last count standing.

    *kinds*: the vendor file's words for what may come with an instance, which are told of even where there is none.
    """
    now = clock.wall()
    try:
        held = await store.ledger.open_leases(vendor)
        costs = await store.ledger.accrued(vendor, region, now)
        holdings = await store.ledger.holdings(vendor, now)
        left = [one for one in await store.residuals.left(vendor) if one.region == region]
    except StoreFailed as error:
        _log.warning("what is rented from %s could not be counted: %s", vendor, error)
        return
    leases = [lease for lease in held if lease.region == region]
    for currency, amount in costs.items():
        meter.estimated_cost(vendor, region, currency, amount / MILLION)
    meter.breaker(vendor, region, {one.cause for one in shut(vendor, now, holdings)})
    meter.residuals(vendor, region, _by_lease(leases, left), kinds)
    meter.standing(vendor, region, Standing(leases=leases, stops=partial(shut, vendor, held=holdings)))
    _count(meter, vendor, region, leases, now)  # at last: who has left and owes nothing more is forgotten then


def _by_lease(leases: Sequence[Lease], left: Sequence[Residual]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Counter[str]] = {lease.key: Counter() for lease in leases}
    for one in left:
        found.setdefault(one.lease, Counter())[one.kind] += 1
    return found


def _count(meter: Meter, vendor: str, region: str, leases: Sequence[Lease], now: float) -> None:
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
