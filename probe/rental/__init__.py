from typing import TYPE_CHECKING

from probe.model.doors import door

if TYPE_CHECKING:
    from probe.rental.evidence import Action, Result, SweepItem
    from probe.rental.guards import Guards, Prices, TotalGuards
    from probe.rental.patience import Patience
    from probe.rental.rental import Rental
    from probe.rental.renter import Renter
    from probe.rental.sweeper import Sweeper, SweepPlan, SweepReport, SweepStep

__all__ = [
    "Action",
    "Guards",
    "Patience",
    "Prices",
    "Rental",
    "Renter",
    "Result",
    "SweepItem",
    "SweepPlan",
    "SweepReport",
    "SweepStep",
    "Sweeper",
    "TotalGuards",
]

_HOMES = {
    "evidence": (
        "Action",
        "Result",
        "SweepItem",
    ),
    "guards": (
        "Guards",
        "Prices",
        "TotalGuards",
    ),
    "patience": ("Patience",),
    "rental": ("Rental",),
    "renter": ("Renter",),
    "sweeper": (
        "Sweeper",
        "SweepPlan",
        "SweepReport",
        "SweepStep",
    ),
}
__getattr__ = door(__name__, _HOMES)
