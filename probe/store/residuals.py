"""What came with an instance and may outlive it: written down as soon as it is known, crossed out when it is gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from probe.store.database import Database
from probe.store.holdings import of
from probe.store.tables import LEASES, RESIDUALS


@dataclass(frozen=True, slots=True, order=True)
class Residual:
    """Something that came with a lease's instance.

    Attributes:
        lease: the lease's key.
        kind: the vendor file's word for what it is (`volumes`).
        id: the vendor's identifier.
    """

    lease: str
    kind: str
    id: str


class ResidualTable:
    """The residuals of all leases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, found: Iterable[Residual], now: float) -> None:
        """Write down what is not known yet; *now* in seconds since 1970.

        Raises:
            StoreFailed: nothing was written.
        """
        wanted = list(dict.fromkeys(found))
        if not wanted or set(wanted) <= set(await self._database.read(lambda connection: _select(connection, wanted))):
            return  # known already, which is so at every look but the first: no reason to write

        def work(connection: Connection) -> None:
            known = set(_select(connection, wanted))
            for one in wanted:
                if one not in known:
                    row = {"lease": one.lease, "kind": one.kind, "id": one.id, "noted_at": now}
                    connection.execute(insert(RESIDUALS).values(row))

        await self._database.write(work)

    async def left(self, vendor: str | None = None) -> Sequence[Residual]:
        """What is not known to be gone, of the leases of *vendor*, or of all.

        Raises:
            StoreFailed: it could not be read.
        """
        query = (
            select(RESIDUALS.c.lease, RESIDUALS.c.kind, RESIDUALS.c.id)
            .join(LEASES, LEASES.c.key == RESIDUALS.c.lease)
            .where(*of(vendor), RESIDUALS.c.gone_at.is_(None))
            .order_by(RESIDUALS.c.noted_at, RESIDUALS.c.id)
        )
        return await self._database.read(lambda connection: [Residual(*row) for row in connection.execute(query)])

    async def of(self, lease: str) -> Sequence[Residual]:
        """What is not known to be gone, of *lease*.

        Raises:
            StoreFailed: it could not be read.
        """
        query = select(RESIDUALS.c.lease, RESIDUALS.c.kind, RESIDUALS.c.id).where(
            RESIDUALS.c.lease == lease, RESIDUALS.c.gone_at.is_(None)
        )
        return await self._database.read(lambda connection: [Residual(*row) for row in connection.execute(query)])

    async def gone(self, residual: Residual, now: float) -> None:
        """Cross it out: the vendor does not know it any more.

        Raises:
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> None:
            connection.execute(
                update(RESIDUALS)
                .where(
                    RESIDUALS.c.lease == residual.lease,
                    RESIDUALS.c.kind == residual.kind,
                    RESIDUALS.c.id == residual.id,
                    RESIDUALS.c.gone_at.is_(None),
                )
                .values(gone_at=now)
            )

        await self._database.write(work)


def _select(connection: Connection, wanted: Iterable[Residual]) -> list[Residual]:
    keys = {one.lease for one in wanted}
    query = select(RESIDUALS.c.lease, RESIDUALS.c.kind, RESIDUALS.c.id).where(RESIDUALS.c.lease.in_(keys))
    return [Residual(*row) for row in connection.execute(query)]
