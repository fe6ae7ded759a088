"""What tells the accounts apart that leases were rented from, put right where two words mean the same account."""

from dataclasses import dataclass

from sqlalchemy import Connection, update

from probe.store.database import Database
from probe.store.holdings import SETTLED
from probe.store.tables import LEASES, RESIDUALS


@dataclass(frozen=True, slots=True)
class SameAccount:
    """Several words for one account of a vendor entry.

    Attributes:
        vendor: name of the vendor entry.
        region: the vendor's region.
        account: what it is called now.
        others: what it was called before, with credentials that were exchanged since.
    """

    vendor: str
    region: str
    account: str
    others: frozenset[str]


class Accounts:
    """The accounts that something was rented from which may still cost money."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unite(self, same: SameAccount) -> None:
        """Write down that all that was rented from the others was rented from the one.

        Raises:
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> None:
            for table, is_open in (
                (LEASES, LEASES.c.state.not_in(SETTLED)),
                (RESIDUALS, RESIDUALS.c.gone_at.is_(None)),
            ):
                of_it = (table.c.vendor == same.vendor, table.c.region == same.region, table.c.account.in_(same.others))
                connection.execute(update(table).where(is_open, *of_it).values(account=same.account))

        await self._database.write(work)
