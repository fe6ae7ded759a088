"""What is held, ordered and spent, as a guard is told it."""

from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Connection, func, or_, select

from probe.model.instance import LeaseState
from probe.model.money import charge
from probe.model.refusal import Breaker
from probe.store.breakers import breaker_of
from probe.store.tables import LEASES

SETTLED: Final = tuple(state for state in LeaseState if state.settled)
_HOUR: Final = 3600.0
_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is held and what was ordered, of one vendor entry or of all.

    Attributes:
        open: leases that may still cost money: intended, active, deleting, leaked, handed over or not.
        last_hour: intents of the last 3600 seconds, whatever became of them.
        last_day: intents of the last 86400 seconds, whatever became of them.
        spent: what they cost in the last 86400 seconds, in millionths, estimated upwards; those that are open count
            with their whole lease.
        leaked: leases whose instance was not gone in time, and is still there.
        asked: when the oldest deletion was asked for that has not come about, seconds since 1970; None if none has.
        breaker: the vendor entry's breaker; None if it is closed, and of all.
    """

    open: int
    last_hour: int
    last_day: int
    spent: int = 0
    leaked: int = 0
    asked: float | None = None
    breaker: Breaker | None = None

    @classmethod
    def count(cls, connection: Connection, now: float, vendor: str | None) -> Self:
        """Count those of *vendor*, or of all; *now* in seconds since 1970."""
        return cls(
            open=count(connection, vendor, LEASES.c.state.not_in(SETTLED)),
            last_hour=count(connection, vendor, LEASES.c.intended_at > now - _HOUR),
            last_day=count(connection, vendor, LEASES.c.intended_at > now - _DAY),
            spent=_spent(connection, vendor, now),
            leaked=count(connection, vendor, LEASES.c.state == LeaseState.LEAKED),
            asked=_asked(connection, vendor),
            breaker=None if vendor is None else breaker_of(connection, vendor),
        )


def count(connection: Connection, vendor: str | None, condition: Any) -> int:
    """How many leases of *vendor*, or of all, meet *condition*."""
    query = select(func.count()).select_from(LEASES).where(condition, *of(vendor))
    return connection.execute(query).scalar_one()


def of(vendor: str | None) -> tuple[Any, ...]:
    """The condition for being of *vendor*; none for all."""
    return () if vendor is None else (LEASES.c.vendor == vendor,)


def _asked(connection: Connection, vendor: str | None) -> float | None:
    query = select(func.min(LEASES.c.delete_requested_at)).where(LEASES.c.state.not_in(SETTLED), *of(vendor))
    return connection.execute(query).scalar()


def _spent(connection: Connection, vendor: str | None, now: float) -> int:
    """The sum over the leases that cost something in the last day."""
    begins = now - _DAY
    row = LEASES.c
    query = select(row.cost, row.price, row.rounds_up_to, row.intended_at, row.state).where(
        row.price > 0,
        row.state != LeaseState.VOID,
        or_(row.state.not_in(SETTLED), row.intended_at > begins, row.settled_at > begins),
        *of(vendor),
    )
    return sum(
        _in_a_day(cost, price, unit, now - intended, settled=state in SETTLED)
        for cost, price, unit, intended, state in connection.execute(query)
    )


def _in_a_day(cost: int, price: int, unit: float, age: float, *, settled: bool) -> int:
    """What one lease cost in the last day: never more than a day of it does."""
    total = cost if settled else max(cost, charge(price, unit, age))
    return min(total, charge(price, unit, _DAY))
