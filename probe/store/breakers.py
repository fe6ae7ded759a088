"""From whom nothing is rented for a while, on disk: a restart is no reason to try a locked door again."""

import dataclasses
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from probe.model.refusal import Breaker, Cause
from probe.store.database import Database
from probe.store.tables import BREAKERS
from probe.store.text import storable

Turn = Callable[[Breaker | None], Breaker | None]
"""Says what becomes of a breaker as it stands; None is one that is closed."""


class Breakers:
    """The breakers of vendor entries that are not closed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, Breaker]:
        """Those that are open, by vendor entry.

        Raises:
            StoreFailed: they could not be read.
        """
        return await self._database.read(
            lambda connection: {row["vendor"]: _breaker(row) for row in connection.execute(select(BREAKERS)).mappings()}
        )

    async def is_open(self, vendor: str) -> bool:
        """Whether *vendor* has one that is not closed, though it may let an order through.

        Raises:
            StoreFailed: it could not be read.
        """
        return await self._database.read(lambda connection: breaker_of(connection, vendor)) is not None

    async def turn(self, vendor: str, turn: Turn) -> Breaker | None:
        """Do to the breaker of *vendor* what *turn* says, and return it as it then stands.

        Raises:
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> Breaker | None:
            before = breaker_of(connection, vendor)
            after = turn(before)
            if after != before:
                connection.execute(delete(BREAKERS).where(BREAKERS.c.vendor == vendor))
                if after is not None:
                    row = dataclasses.asdict(after) | {"cause": str(after.cause), "note": storable(after.note)}
                    connection.execute(insert(BREAKERS).values(row))
            return after

        return await self._database.write(work)


def breaker_of(connection: Connection, vendor: str) -> Breaker | None:
    """The breaker of *vendor*; None if it is closed."""
    row = connection.execute(select(BREAKERS).where(BREAKERS.c.vendor == vendor)).mappings().one_or_none()
    return None if row is None else _breaker(row)


def postpone(connection: Connection, vendor: str, until: float) -> None:
    """Let nobody else try *vendor* before *until*: one order is on its way to do so."""
    connection.execute(update(BREAKERS).where(BREAKERS.c.vendor == vendor).values(until=until))


def _breaker(row: RowMapping) -> Breaker:
    return Breaker(**{**row, "cause": Cause(row["cause"])})
