"""Keeps `once` from leaving behind what it rented: it is no agent, so nobody sweeps after it."""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

import click

from probe.cli.console import give_up
from probe.cloud import Cloud
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.rental import Sweeper
from probe.store import Store, StoreFailed

_AGAIN: Final = 0.5
"""Seconds between two sweeps of a command that was told to stop."""


class Landlord:
    """Sweeps before the runs; after them tells what is still rented, and gives it back first if they were cut short.

    Args:
        clouds: the vendors that are rented from.
        store: where the ledger is.
        clock: for the sweeps.
        grace: seconds that giving back may take.
    """

    def __init__(self, clouds: Iterable[Cloud], store: Store, clock: Clock, *, grace: float) -> None:
        self._store = store
        self._sweeper = Sweeper(clouds, store, clock, Meter())
        self._grace = grace

    async def __aenter__(self) -> Self:
        """Give back what runs of dead processes left behind, so that guards do not count it."""
        try:
            if await self._sweeper.owed():
                click.echo(f"swept first: {await self._sweeper.sweep()}", err=True)
        except StoreFailed as failed:
            give_up(str(failed))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, asyncio.CancelledError) and await self._rented():
                click.echo("stopping; what is rented is given back first", err=True)
                await self._give_back()
            elif await self._going():  # its run did all it could; what came with it is looked for, and settled
                await self._give_back()
            if count := await self._rented():
                several = f"{count} instances are" if count > 1 else "1 instance is"
                click.echo(f"{several} still rented: `probe sweep` gives back, and so does a running agent", err=True)
        except StoreFailed as failed:
            click.echo(f"what is still rented could not be read: {failed}", err=True)

    async def _rented(self) -> int:
        """How many leases of this process are open."""
        return sum(lease.owner == self._store.owner for lease in await self._store.ledger.open_leases())

    async def _going(self) -> bool:
        """Whether a run of this process asked for a deletion and left the rest to the sweeper."""
        held = await self._store.ledger.open_leases()
        return any(lease.owner == self._store.owner and lease.delete_requested_at is not None for lease in held)

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(self._grace):
                await self._sweeper.exhaust(_AGAIN)
        except TimeoutError:
            click.echo(f"that was not done within {self._grace:g} s", err=True)
