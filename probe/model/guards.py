"""How much may be rented, as the configuration says it: apart from what asks and counts, which few commands need."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The limits of one vendor entry.

    Attributes:
        instances_at_once: leases that may be open, those that leaked or wait for the sweeper included.
        per_day: intents in any 24 hours, whatever became of them.
        lease: seconds after which the sweeper takes an instance, whatever its run is doing.
        per_hour: intents in any 60 minutes; None for no such limit.
    """

    instances_at_once: int
    per_day: int
    lease: float
    per_hour: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalGuards:
    """The limits of the agent over all its vendor entries; None for no such limit.

    Attributes:
        instances_at_once: leases that may be open.
        per_day: intents in any 24 hours.
        per_hour: intents in any 60 minutes.
    """

    instances_at_once: int | None = None
    per_day: int | None = None
    per_hour: int | None = None
