"""What came with an instance and may outlive it: written down as soon as it is known, crossed out when it is gone."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, insert, select, update

from probe.store.database import Database
from probe.store.tables import RESIDUALS


@dataclass(frozen=True, slots=True, order=True)
class Residual:
    """Something that came with an instance.

    Attributes:
        lease: the key of the lease that the instance was rented under.
        kind: the vendor file's word for what it is (`volumes`).
        id: the vendor's identifier.
        instance_id: the instance's; that of the lease, or one that was made beside it.
        vendor: name of the vendor entry.
        region: the vendor's region.
        account: what tells the account from others; empty if that is not known.
        ordered_at: when the instance was ordered, seconds since 1970; None if nobody knows.
        noted_at: when this was written down, seconds since 1970.
    """

    lease: str
    kind: str
    id: str
    instance_id: str = ""
    vendor: str = ""
    region: str = ""
    account: str = ""
    ordered_at: float | None = None
    noted_at: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one row of."""
        return self.lease, self.kind, self.id


_COLUMNS: Final = tuple(RESIDUALS.c[name] for name in Residual.__dataclass_fields__)


class ResidualTable:
    """The residuals of all leases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, found: Iterable[Residual], now: float) -> None:
        """Write down what is not known yet, or was crossed out and is there again; *now* in seconds since 1970.

        Raises:
            StoreFailed: nothing was written.
        """
        wanted = {one.key: one for one in found}
        if not wanted:
            return
        known = await self._database.read(lambda connection: _keys(connection, wanted.values()))
        if wanted.keys() <= known:
            return  # which is so at every look but the first: no reason to write

        def work(connection: Connection) -> None:
            for key in wanted.keys() - _keys(connection, wanted.values()):
                connection.execute(delete(RESIDUALS).where(*_row(key)))
                connection.execute(insert(RESIDUALS).values({**asdict(wanted[key]), "noted_at": now}))

        await self._database.write(work)

    async def left(self, vendor: str | None = None) -> Sequence[Residual]:
        """What is not known to be gone, of *vendor*, or of all; oldest first.

        Raises:
            StoreFailed: it could not be read.
        """
        whose = () if vendor is None else (RESIDUALS.c.vendor == vendor,)
        return await self._read(_left(*whose).order_by(RESIDUALS.c.noted_at, RESIDUALS.c.id))

    async def of(self, lease: str) -> Sequence[Residual]:
        """What is not known to be gone, of *lease*.

        Raises:
            StoreFailed: it could not be read.
        """
        return await self._read(_left(RESIDUALS.c.lease == lease))

    async def gone(self, residuals: Sequence[Residual], now: float) -> None:
        """Cross them out, all or none: the vendor does not know them any more.

        Raises:
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> None:
            for one in residuals:
                connection.execute(
                    update(RESIDUALS).where(*_row(one.key), RESIDUALS.c.gone_at.is_(None)).values(gone_at=now)
                )

        if residuals:
            await self._database.write(work)

    async def _read(self, query: Select[Any]) -> Sequence[Residual]:
        return await self._database.read(lambda connection: [Residual(*row) for row in connection.execute(query)])


def _row(key: tuple[str, str, str]) -> tuple[Any, ...]:
    lease, kind, one = key
    return RESIDUALS.c.lease == lease, RESIDUALS.c.kind == kind, RESIDUALS.c.id == one


def _left(*conditions: Any) -> Select[Any]:
    return select(*_COLUMNS).where(RESIDUALS.c.gone_at.is_(None), *conditions)


def _keys(connection: Connection, wanted: Iterable[Residual]) -> set[tuple[str, str, str]]:
    """Which of the *wanted* have a row, and are not crossed out."""
    row, leases = RESIDUALS.c, {one.lease for one in wanted}
    query = select(row.lease, row.kind, row.id).where(row.lease.in_(leases), row.gone_at.is_(None))
    return {(lease, kind, one) for lease, kind, one in connection.execute(query)}
