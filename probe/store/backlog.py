"""Steps that the database did not take when they were made: nobody who rents waits for a disk or a server that fails.

They are written before the next step of their lease, or when the sweeper next comes by, whichever is first. Only this
process knows them: should it die, its leases are a dead owner's, and the sweeper asks the vendor instead.
"""

import asyncio

from probe.model.instance import Lease
from probe.store.ledger import Ledger, Step
from probe.store.trouble import NoSuchLease, WrongMove


class Backlog:
    """The steps that have yet to be written, in their order, by lease."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._steps: dict[str, list[Step]] = {}
        self._one_at_a_time = asyncio.Lock()

    def owe(self, key: str, step: Step) -> None:
        """Have the lease *key* take *step* as soon as that can be written."""
        self._steps.setdefault(key, []).append(step)

    async def take(self, key: str, step: Step) -> Lease:
        """Have the lease *key* take *step* now, after what is owed; how it then stands.

        Raises:
            WrongMove: the table of moves does not allow it; nothing is owed any more.
            StoreFailed: it could not be written, and is owed.
        """
        async with self._one_at_a_time:
            self.owe(key, step)
            return await self._write(key)

    async def catch_up(self) -> None:
        """Write all that is owed.

        Raises:
            StoreFailed: the database still does not take it.
        """
        async with self._one_at_a_time:
            for key in tuple(self._steps):
                try:
                    await self._write(key)
                except (WrongMove, NoSuchLease):
                    continue  # the ledger has told the one; in the other case it never knew of it, as it should be

    async def _write(self, key: str) -> Lease:
        steps = self._steps[key]
        try:
            while True:
                lease = await self._ledger.change(key, steps[0])
                del steps[0]
                if not steps:
                    del self._steps[key]
                    return lease
        except (WrongMove, NoSuchLease):
            del self._steps[key]
            raise
