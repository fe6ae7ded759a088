"""The state folder, opened: the one object that the rest of the house keeps what must survive in."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from probe.model.meter import Meter
from probe.store.database import Database
from probe.store.folder import Folder
from probe.store.ledger import Ledger
from probe.store.outages import OutageTable
from probe.store.owners import Claim, alive, claim_agent, claim_owner


class Store:
    """What must survive this process.

    Attributes:
        path: the state folder.
        agent_id: the UUID of the folder, in the marks of everything we rent.
        owner: the name of this process in the leases it holds, `<boot id>:<pid>:<start ticks>`; empty for readers.
        ledger: what we may have to pay for.
        outages: what the outage counters stood at.
    """

    def __init__(self, folder: Folder, agent_id: str, database: Database, owner: Claim | None) -> None:
        self.path = folder.path
        self.agent_id = agent_id
        self.owner = owner.path.name if owner is not None else ""
        self.ledger = Ledger(database)
        self.outages = OutageTable(database)
        self._folder = folder
        self._database = database
        self._owner = owner
        self._agent: Claim | None = None

    @classmethod
    async def open(cls, path: Path, *, meter: Meter | None = None, read_only: bool = False) -> Self:
        """Open the state folder *path*, making it where it is missing; a reader makes and migrates nothing.

        Raises:
            StateFolderAbsent: a reader found nothing.
            StateFolderRefused: it cannot be used; the message says why and what to do.
        """
        folder = Folder(path)
        agent_id, owner = await asyncio.to_thread(_enter, folder, read_only=read_only)
        try:
            database = await Database.open(folder.database, meter or Meter(), read_only=read_only)
        except BaseException:
            if owner is not None:
                owner.release(remove=True)
            raise
        return cls(folder, agent_id, database, owner)

    def lock(self) -> None:
        """Be the one agent that runs on this folder, until `close` or the end of the process.

        Raises:
            StateFolderRefused: another agent runs on it.
        """
        self._agent = self._agent or claim_agent(self._folder.lock)

    def owner_alive(self, owner: str) -> bool:
        """Whether the process that a lease names as its *owner* still lives."""
        return alive(self._folder.owners, owner)

    async def close(self) -> None:
        """Finish the writes that were begun, and give the locks back."""
        await self._database.close()
        if self._agent is not None:
            self._agent.release(remove=False)
        if self._owner is not None:
            self._owner.release(remove=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _enter(folder: Folder, *, read_only: bool) -> tuple[str, Claim | None]:
    """Read who we are and say that we live; files only, so not in the loop."""
    if read_only:
        return folder.agent_id(create=False), None
    folder.prepare()
    return folder.agent_id(create=True), claim_owner(folder.owners)
