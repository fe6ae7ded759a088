"""Whose marks are ours: the id of this ledger's agent, and those that a person has adopted."""

from sqlalchemy import Connection, insert, select

from probe.store.database import Database
from probe.store.tables import IDENTITIES


class Identities:
    """The agent ids that this ledger answers for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self) -> str | None:
        """The id of the agent whose ledger this is; None if nobody has used it.

        Raises:
            StoreFailed: it could not be read.
        """
        return await self._database.read(_own)

    async def settle(self, agent_id: str, now: float) -> str:
        """Write down that this ledger is that of *agent_id*, unless it is somebody's; whose it is then.

        Raises:
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> str:
            found = _own(connection)
            if found is None:
                connection.execute(insert(IDENTITIES).values(agent_id=agent_id, own=True, since=now))
            return found or agent_id

        return await self._database.write(work)

    async def adopted(self) -> frozenset[str]:
        """The ids of agents that are no more and whose things are ours now.

        Raises:
            StoreFailed: they could not be read.
        """
        return await self._database.read(_adopted)

    async def adopt(self, agent_id: str, now: float) -> None:
        """Answer for *agent_id*, too, from *now* on (seconds since 1970); again is no harm.

        Raises:
            StoreFailed: nothing was written.
        """

        def work(connection: Connection) -> None:
            known = connection.execute(select(IDENTITIES.c.agent_id)).scalars().all()
            if agent_id not in known:
                connection.execute(insert(IDENTITIES).values(agent_id=agent_id, own=False, since=now))

        await self._database.write(work)


def _own(connection: Connection) -> str | None:
    return connection.execute(select(IDENTITIES.c.agent_id).where(IDENTITIES.c.own)).scalar()


def _adopted(connection: Connection) -> frozenset[str]:
    found = connection.execute(select(IDENTITIES.c.agent_id).where(~IDENTITIES.c.own)).scalars()
    return frozenset(found)
