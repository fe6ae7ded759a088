"""How much may be rented: asked before every intent, in the same transaction that writes it down."""

from dataclasses import dataclass

from probe.store import Admit, Holdings


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


def admission(vendor: str, guards: Guards, total: TotalGuards | None) -> Admit:
    """What the ledger asks before it writes an intent for *vendor* down."""

    def admit(own: Holdings, everybody: Holdings) -> str:
        return _refusal(own, guards, f"at {vendor}", "guards") or (
            "" if total is None else _refusal(everybody, total, "in all", "guards.total")
        )

    return admit


def _refusal(held: Holdings, limits: Guards | TotalGuards, where: str, key: str) -> str:
    """Say which limit is reached; empty if none is."""
    checks = (
        ("instances_at_once", limits.instances_at_once, held.open, "instances are held"),
        ("per_hour", limits.per_hour, held.last_hour, "instances were ordered within the hour"),
        ("per_day", limits.per_day, held.last_day, "instances were ordered within the day"),
    )
    for name, limit, count, what in checks:
        if limit is not None and count >= limit:
            return f"{count} {what} {where}, {key}.{name} allows {limit}"
    return ""
