"""The state folder, opened: the one object that the rest of the house keeps what must survive in."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from probe.model.ledger import LedgerPlace
from probe.model.meter import Meter
from probe.store.accounts import Accounts
from probe.store.backend import OwnerAlive
from probe.store.backlog import Backlog
from probe.store.breakers import Breakers
from probe.store.database import Database
from probe.store.folder import Folder
from probe.store.identities import Identities
from probe.store.ledger import Ledger
from probe.store.outages import OutageTable
from probe.store.owners import Claim, alive, claim_agent, claim_owner
from probe.store.postgresql import AGENT_LOCK, Postgresql, owner_lock
from probe.store.residuals import ResidualTable
from probe.store.sqlite import Sqlite
from probe.store.trouble import LedgerAway, StateFolderAbsent, StateFolderRefused, StateFolderTaken, StoreFailed


class Store:
    """What must survive this process.

    Attributes:
        path: the state folder.
        agent_id: the UUID of the folder, in the marks of everything we rent.
        owner: the name of this process in the leases it holds, `<boot id>:<pid>:<start ticks>`; empty for readers.
        ledger: what we may have to pay for.
        backlog: what could not be written into it yet.
        residuals: what came with it.
        breakers: from whom nothing is rented for a while.
        identities: whose marks are ours.
        accounts: which accounts are the same.
        outages: what the outage counters stood at.
    """

    def __init__(
        self, folder: Folder, agent_id: str, database: Database, owner: Claim | None, remote: Postgresql | None
    ) -> None:
        self.path = folder.path
        self.agent_id = agent_id
        self.owner = owner.path.name if owner is not None else ""
        self.ledger = Ledger(database)
        self.backlog = Backlog(self.ledger)
        self.residuals = ResidualTable(database)
        self.breakers = Breakers(database)
        self.identities = Identities(database)
        self.accounts = Accounts(database)
        self.outages = OutageTable(database)
        self._folder = folder
        self._database = database
        self._remote = remote
        self._owner = owner
        self._agent: Claim | None = None

    @classmethod
    async def open(
        cls, path: Path, *, ledger: LedgerPlace | None = None, meter: Meter | None = None, read_only: bool = False
    ) -> Self:
        """Open the state folder *path*, making it where it is missing; a reader makes and migrates nothing.

        The ledger is a file in it, or where *ledger* says; then the id in that ledger is ours if the folder was lost.

        Raises:
            StateFolderAbsent: a reader found nothing.
            LedgerAway: the server of the ledger cannot be reached now.
            StateFolderRefused: it cannot be used; the message says why and what to do.
        """
        folder = Folder(path)
        async with AsyncExitStack() as undo:
            owner = None if read_only else await asyncio.to_thread(_enter, folder, alone=ledger is None)
            if owner is not None:
                undo.callback(owner.release, remove=True)
            if ledger is None:
                remote = None
                # before the database: a ledger without an id, or an id without a UUID, is told as what it is
                agent_id: str | None = await asyncio.to_thread(folder.agent_id, create=not read_only)
                database = await Database.open(Sqlite(folder.database, read_only=read_only), meter or Meter())
            else:
                remote = Postgresql(ledger, read_only=read_only)
                agent_id = await asyncio.to_thread(_id_so_far, folder)
                database = await Database.open(remote, meter or Meter())
            undo.push_async_callback(database.close)
            try:
                agent_id = await _whose(folder, database, agent_id, read_only=read_only)
                store = cls(folder, agent_id, database, owner, remote)
                await store._announce()
            except StoreFailed as failed:
                raise (StateFolderRefused if remote is None else LedgerAway)(str(failed)) from failed
            undo.pop_all()
            return store

    def report_to(self, meter: Meter) -> None:
        """Count on *meter* from now on what fails."""
        self._database.meter = meter

    def lock(self) -> None:
        """Be the one agent that runs on this folder and its ledger, until `close` or the end of the process.

        Raises:
            StateFolderTaken: another agent runs on it.
            LedgerAway: the server of the ledger cannot be reached now.
            StateFolderRefused: it cannot be written.
        """
        agent = self._agent or claim_agent(self._folder.lock)
        try:
            self._lead()
        except StateFolderRefused:
            agent.release(remove=False)
            raise
        self._agent = agent

    def owner_alive(self, owner: str) -> bool:
        """Whether the process that a lease names as its *owner* still lives, as far as this machine can tell."""
        return owner == self.owner or alive(self._folder.owners, owner)  # though somebody tidied our file away

    async def roll_call(self) -> OwnerAlive:
        """Whether the process that a lease names as its owner lives now, wherever the ledger is shared from.

        Raises:
            StoreFailed: the ledger cannot be read.
        """
        if self._remote is None:
            return self.owner_alive
        elsewhere = await self._database.read(self._remote.living)
        return lambda owner: self.owner_alive(owner) or elsewhere(owner)

    async def close(self) -> None:
        """Finish the writes that were begun, and give the locks back."""
        if self._remote is not None:
            with suppress(StoreFailed):  # a server that is gone has given them back
                await self._database.read(self._remote.let_go)
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

    async def _announce(self) -> None:
        """Say in the shared ledger that this process lives."""
        remote, owner = self._remote, self.owner
        if remote is not None and owner:
            await self._database.read(lambda connection: remote.hold(connection, owner_lock(owner)))

    def _lead(self) -> None:
        """Be the one agent of a ledger that several machines may share."""
        remote = self._remote
        if remote is None:
            return
        try:
            led = self._database.read_at_once(lambda connection: remote.hold(connection, AGENT_LOCK))
        except StoreFailed as failed:
            raise LedgerAway(str(failed)) from failed
        if not led:
            raise StateFolderTaken(
                f"{self._database.name}: another agent runs on this ledger, from a state folder elsewhere; stop it, or"
                " give this one a `ledger` of its own"
            )


def _enter(folder: Folder, *, alone: bool) -> Claim:
    """Say that we live; files only, so not in the loop."""
    folder.prepare()
    return claim_owner(folder.owners, alone=alone)


def _id_so_far(folder: Folder) -> str | None:
    try:
        return folder.agent_id(create=False)
    except StateFolderAbsent:
        return None


async def _whose(folder: Folder, database: Database, agent_id: str | None, *, read_only: bool) -> str:
    """Whose ledger this is, with the folder and the ledger in agreement.

    A ledger elsewhere outlives its folder: who may write there and has no id yet is its agent. Two that have ids and
    differ are two agents.
    """
    identities = Identities(database)
    found = await identities.own()
    if read_only and found is None and agent_id is None:
        raise StateFolderAbsent(f"{database.name}: nothing was ever rented from this ledger")
    if found is None and not read_only:
        if agent_id is None:
            agent_id = await asyncio.to_thread(folder.agent_id, create=True)
        found = await identities.settle(agent_id, time.time())
    if agent_id is None and found is not None and not read_only:
        await asyncio.to_thread(folder.restore, found)
    if found is not None and agent_id not in {None, found}:
        raise StateFolderRefused(
            f"{database.name}: is the ledger of agent {found}, and {folder.identity} says {agent_id}; give each agent a"
            " ledger of its own, or restore the file"
        )
    return found or agent_id or ""
