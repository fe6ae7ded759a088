"""How much may be rented: asked before every intent, in the same transaction that writes it down."""

from probe.model.guards import Guards, TotalGuards
from probe.store import Admit, Holdings


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
