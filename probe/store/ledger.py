"""What we may have to pay for, written down before it exists and crossed out when the vendor says it does not."""

import dataclasses
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from probe.model.instance import MOVES, Lease, LeaseState
from probe.model.money import charge
from probe.model.refusal import Refusal
from probe.store.breakers import postpone
from probe.store.database import Database
from probe.store.holdings import SETTLED, Holdings, count, of
from probe.store.tables import LEASES
from probe.store.text import storable
from probe.store.trouble import IntentRefused, NoSuchLease, WrongMove

_log: Final = logging.getLogger(__name__)

_RETRY: Final = 60.0
"""Seconds that nobody else tries a vendor entry again whose breaker lets one order through."""

Admit = Callable[[Holdings, Holdings], Refusal | None]
"""Says why a lease must not be written down, given its vendor's holdings and everybody's; None if it may."""

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
                own = _ask(connection, lease.vendor, lease.intended_at, admit)
                if own.breaker is not None:  # this is the one order that tries again
                    postpone(connection, lease.vendor, lease.intended_at + _RETRY)
            connection.execute(insert(LEASES).values(_row(lease)))

        await self._database.write(work)

    async def check(self, vendor: str, now: float, admit: Admit) -> Holdings:
        """Ask *admit* what `intend` would ask it *now* (seconds since 1970) for *vendor*, and write nothing.

        Returns what is held there.

        Raises:
            IntentRefused: *admit* objects.
            StoreFailed: the ledger could not be read.
        """
        return await self._database.read(lambda connection: _ask(connection, vendor, now, admit))

    async def holdings(self, vendor: str, now: float) -> Holdings:
        """What is held, ordered and spent at *vendor* now (seconds since 1970).

        Raises:
            StoreFailed: it could not be read.
        """
        return await self._database.read(lambda connection: Holdings.count(connection, now, vendor))

    async def change(self, key: str, step: Step) -> Lease:
        """Take the lease *key* a *step* further and return it as it then stands.

        Raises:
            WrongMove: the table of moves does not allow it; the record stays as it was.
            NoSuchLease: there is none.
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> Lease:
            found = connection.execute(select(LEASES).where(LEASES.c.key == key)).mappings().one_or_none()
            if found is None:
                raise NoSuchLease(f"{self._database.name}: no lease {key}")
            before = _lease(found)
            after = self._checked(before, step)
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
        query = select(LEASES).where(LEASES.c.state.not_in(SETTLED), *of(vendor)).order_by(LEASES.c.intended_at)
        return await self._select(query)

    async def all(self, limit: int) -> Sequence[Lease]:
        """The newest *limit* leases, newest first."""
        return await self._select(select(LEASES).order_by(LEASES.c.intended_at.desc()).limit(limit))

    async def created_since(self, vendor: str | None, wall: float) -> int:
        """How many intents were written down after *wall*, seconds since 1970; of *vendor*, or of all."""
        return await self._database.read(lambda connection: count(connection, vendor, LEASES.c.intended_at > wall))

    async def last_intent(self, vendor: str, probe: str) -> float | None:
        """When *probe* last meant to rent from *vendor*, seconds since 1970; None if never."""
        query = select(func.max(LEASES.c.intended_at)).where(LEASES.c.vendor == vendor, LEASES.c.probe == probe)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def accrued(self, vendor: str, region: str, now: float) -> Mapping[str, int]:
        """What everything ever rented from *vendor* in *region* has cost until *now*, in millionths by currency.

        It never falls: what is open counts as if it ended now, and what may never have been made does not count.

        Raises:
            StoreFailed: it could not be read.
        """
        here = (LEASES.c.vendor == vendor, LEASES.c.region == region, LEASES.c.price > 0)

        def work(connection: Connection) -> Mapping[str, int]:
            sums: Counter[str] = Counter()
            settled = (
                select(LEASES.c.currency, func.sum(LEASES.c.cost))
                .where(*here, LEASES.c.state == LeaseState.GONE)
                .group_by(LEASES.c.currency)
            )
            for currency, cost in connection.execute(settled):
                sums[currency] += int(cost)
            held = select(LEASES).where(*here, LEASES.c.state.not_in((*SETTLED, LeaseState.INTENDED)))
            for lease in map(_lease, connection.execute(held).mappings()):
                sums[lease.currency] += charge(lease.price, lease.rounds_up_to, now - lease.intended_at)
            return sums

        return await self._database.read(work)

    def _checked(self, before: Lease, step: Step) -> Lease:
        """Take *step*; a move that the table does not know is told loudly, counted, and not made."""
        try:
            after = step(before)
            return _allowed(before, dataclasses.replace(after, note=storable(after.note)))
        except ValueError as error:
            _log.error("%s; this is a bug, the ledger keeps what it had", error)
            self._database.meter.wrong_move()
            raise WrongMove(str(error)) from error

    async def _select(self, query: Any) -> list[Lease]:
        return await self._database.read(
            lambda connection: [_lease(row) for row in connection.execute(query).mappings()],
        )


def _allowed(before: Lease, after: Lease) -> Lease:
    """Check the move itself, whoever made it; staying where one is is no move."""
    if after.state is not before.state and after.state not in MOVES[before.state]:
        raise ValueError(f"lease {before.key}: {before.state} cannot become {after.state}")
    if before.state.settled and after != before:
        raise ValueError(f"lease {before.key}: {before.state} is final, nothing about it changes")
    return after


def _ask(connection: Connection, vendor: str, now: float, admit: Admit) -> Holdings:
    own = Holdings.count(connection, now, vendor)
    refusal = admit(own, Holdings.count(connection, now, None))
    if refusal is not None:
        raise IntentRefused(refusal)
    return own


def _row(lease: Lease) -> dict[str, Any]:
    return dataclasses.asdict(lease) | {"state": str(lease.state), "instance_id": storable(lease.instance_id)}


def _lease(row: RowMapping) -> Lease:
    return Lease(**{**row, "state": LeaseState(row["state"])})
