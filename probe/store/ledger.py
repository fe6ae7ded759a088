"""What we may have to pay for, written down before it exists and crossed out when the vendor says it does not."""

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from probe.model.instance import MOVES, Lease, LeaseState
from probe.store.database import Database
from probe.store.tables import LEASES
from probe.store.trouble import IntentRefused, StoreFailed, WrongMove

_log: Final = logging.getLogger(__name__)

_SETTLED: Final = tuple(state for state in LeaseState if state.settled)
_HOUR: Final = 3600.0
_DAY: Final = 86400.0


@dataclasses.dataclass(frozen=True, slots=True)
class Holdings:
    """What is held and what was ordered, of one vendor entry or of all.

    Attributes:
        open: leases that may still cost money: intended, active, deleting, leaked, handed over or not.
        last_hour: intents of the last 3600 seconds, whatever became of them.
        last_day: intents of the last 86400 seconds, whatever became of them.
    """

    open: int
    last_hour: int
    last_day: int

    @classmethod
    def count(cls, connection: Connection, now: float, vendor: str | None) -> Self:
        """Count those of *vendor*, or of all; *now* in seconds since 1970."""
        return cls(
            open=_count(connection, vendor, LEASES.c.state.not_in(_SETTLED)),
            last_hour=_count(connection, vendor, LEASES.c.intended_at > now - _HOUR),
            last_day=_count(connection, vendor, LEASES.c.intended_at > now - _DAY),
        )


Admit = Callable[[Holdings, Holdings], str]
"""Says why a lease must not be written down, given its vendor's holdings and everybody's; empty if it may."""

Step = Callable[[Lease], Lease]
"""Says what becomes of a lease as it stands; pure, and run where the database is."""


class Ledger:
    """The leases on disk. Every change is committed and synced before its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(self, lease: Lease, admit: Admit | None = None) -> None:
        """Write *lease* down before it exists, unless *admit* objects.

        Counting and writing are one transaction, so two runs never pass a guard that has room for one, be they of
        one process or of two.

        Raises:
            IntentRefused: *admit* objected; nothing was written.
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> None:
            if admit is not None:
                _ask(connection, lease.vendor, lease.intended_at, admit)
            connection.execute(insert(LEASES).values(_row(lease)))

        await self._database.write(work)

    async def check(self, vendor: str, now: float, admit: Admit) -> None:
        """Ask *admit* what `intend` would ask it *now* (seconds since 1970) for *vendor*, and write nothing.

        Raises:
            IntentRefused: *admit* objects.
            StoreFailed: the ledger could not be read.
        """
        await self._database.read(lambda connection: _ask(connection, vendor, now, admit))

    async def change(self, key: str, step: Step) -> Lease:
        """Take the lease *key* a *step* further and return it as it then stands.

        Raises:
            WrongMove: the table of moves does not allow it; the record stays as it was.
            StoreFailed: nothing was written, or there is no such lease.
        """

        def work(connection: Connection) -> Lease:
            found = connection.execute(select(LEASES).where(LEASES.c.key == key)).mappings().one_or_none()
            if found is None:
                raise StoreFailed(f"{self._database.path}: no lease {key}")
            before = _lease(found)
            after = _checked(before, step)
            if after != before:
                connection.execute(update(LEASES).where(LEASES.c.key == key).values(_row(after)))
            return after

        return await self._database.write(work)

    async def get(self, key: str) -> Lease | None:
        """The lease *key*, if it was ever written down."""
        found = await self._select(select(LEASES).where(LEASES.c.key == key))
        return found[0] if found else None

    async def open_leases(self, vendor: str | None = None) -> Sequence[Lease]:
        """The leases that may still cost money, oldest first; of *vendor*, or of all."""
        query = select(LEASES).where(LEASES.c.state.not_in(_SETTLED), *_of(vendor)).order_by(LEASES.c.intended_at)
        return await self._select(query)

    async def all(self, limit: int) -> Sequence[Lease]:
        """The newest *limit* leases, newest first."""
        return await self._select(select(LEASES).order_by(LEASES.c.intended_at.desc()).limit(limit))

    async def created_since(self, vendor: str | None, wall: float) -> int:
        """How many intents were written down after *wall*, seconds since 1970; of *vendor*, or of all."""
        return await self._database.read(lambda connection: _count(connection, vendor, LEASES.c.intended_at > wall))

    async def last_intent(self, vendor: str, probe: str) -> float | None:
        """When *probe* last meant to rent from *vendor*, seconds since 1970; None if never."""
        query = select(func.max(LEASES.c.intended_at)).where(LEASES.c.vendor == vendor, LEASES.c.probe == probe)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def _select(self, query: Any) -> list[Lease]:
        return await self._database.read(
            lambda connection: [_lease(row) for row in connection.execute(query).mappings()],
        )


def _checked(before: Lease, step: Step) -> Lease:
    """Take *step*; a move that the table does not know is told loudly and not made."""
    try:
        return _allowed(before, step(before))
    except ValueError as error:
        _log.error("%s; this is a bug, the ledger keeps what it had", error)
        raise WrongMove(str(error)) from error


def _allowed(before: Lease, after: Lease) -> Lease:
    """Check the move itself, whoever made it; staying where one is is no move."""
    if after.state is not before.state and after.state not in MOVES[before.state]:
        raise ValueError(f"lease {before.key}: {before.state} cannot become {after.state}")
    if before.state.settled and after != before:
        raise ValueError(f"lease {before.key}: {before.state} is final, nothing about it changes")
    return after


def _ask(connection: Connection, vendor: str, now: float, admit: Admit) -> None:
    refusal = admit(Holdings.count(connection, now, vendor), Holdings.count(connection, now, None))
    if refusal:
        raise IntentRefused(refusal)


def _count(connection: Connection, vendor: str | None, condition: Any) -> int:
    query = select(func.count()).select_from(LEASES).where(condition, *_of(vendor))
    return connection.execute(query).scalar_one()


def _of(vendor: str | None) -> tuple[Any, ...]:
    return () if vendor is None else (LEASES.c.vendor == vendor,)


def _row(lease: Lease) -> dict[str, Any]:
    return dataclasses.asdict(lease) | {"state": str(lease.state)}


def _lease(row: RowMapping) -> Lease:
    return Lease(**{**row, "state": LeaseState(row["state"])})
