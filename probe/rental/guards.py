"""How much may be rented: asked before every intent, in the same transaction that writes it down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probe.model.money import charge, told
from probe.model.outcome import Skip
from probe.model.refusal import Refusal
from probe.rental.breaker import forbidden

if TYPE_CHECKING:  # a configuration has guards, and most of its readers no ledger
    from probe.store import Admit, Holdings


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The limits of one vendor entry.

    Attributes:
        instances_at_once: leases that may be open, those that leaked or wait for the sweeper included.
        per_day: intents in any 24 hours, whatever became of them.
        lease: seconds after which the sweeper takes an instance, whatever its run is doing.
        per_hour: intents in any 60 minutes; None for no such limit.
        spend_per_day: millionths of the currency that may be spent in any 24 hours; None for no such limit.
    """

    instances_at_once: int
    per_day: int
    lease: float
    per_hour: int | None = None
    spend_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalGuards:
    """The limits of the agent over all its vendor entries; None for no such limit.

    Attributes:
        instances_at_once: leases that may be open.
        per_day: intents in any 24 hours.
        per_hour: intents in any 60 minutes.
        spend_per_day: millionths of the currency that may be spent in any 24 hours.
    """

    instances_at_once: int | None = None
    per_day: int | None = None
    per_hour: int | None = None
    spend_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a vendor entry's instances cost, as its operator says.

    Attributes:
        currency: what the prices are in.
        per_hour: the price of an hour by size, in millionths of the currency.
        rounds_up_to: seconds of which the vendor charges whole ones.
    """

    currency: str
    per_hour: Mapping[str, int] = field(default_factory=dict)
    rounds_up_to: float = 3600.0

    def of_lease(self, size: str, seconds: float) -> int:
        """What *seconds* of a *size* cost; 0 if nobody knows its price."""
        price = self.per_hour.get(size, 0)
        return charge(price, self.rounds_up_to, seconds) if price else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order that the guards are asked about.

    Attributes:
        vendor: name of the vendor entry.
        now: seconds since 1970.
        cost: what its whole lease costs, in millionths of the currency.
        currency: for people.
    """

    vendor: str
    now: float
    cost: int = 0
    currency: str = ""


def admission(wish: Wish, guards: Guards, total: TotalGuards | None) -> "Admit":
    """What the ledger asks before it writes the intent of *wish* down."""

    def admit(own: "Holdings", everybody: "Holdings") -> Refusal | None:
        return (
            forbidden(wish.vendor, wish.now, own)
            or _refusal(own, guards, f"at {wish.vendor}", "guards", wish)
            or (None if total is None else _refusal(everybody, total, "in all", "guards.total", wish))
        )

    return admit


def _refusal(held: "Holdings", limits: Guards | TotalGuards, where: str, key: str, wish: Wish) -> Refusal | None:
    """Say which limit is reached; None if none is."""
    checks = (
        ("instances_at_once", limits.instances_at_once, held.open, "instances are held"),
        ("per_hour", limits.per_hour, held.last_hour, "instances were ordered within the hour"),
        ("per_day", limits.per_day, held.last_day, "instances were ordered within the day"),
    )
    for name, limit, count, what in checks:
        if limit is not None and count >= limit:
            return Refusal(Skip.QUOTA, f"{count} {what} {where}, {key}.{name} allows {limit}")
    if limits.spend_per_day is None or held.spent + wish.cost <= limits.spend_per_day:
        return None
    return Refusal(
        Skip.BUDGET,
        f"{told(held.spent, wish.currency)} were spent within the day {where}, and another lease costs up to"
        f" {told(wish.cost, wish.currency)}; {key}.spend_per_day allows {told(limits.spend_per_day, wish.currency)}",
    )
