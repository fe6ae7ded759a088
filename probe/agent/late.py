"""A ledger that is away when the agent starts: everything else is measured, and it is looked for until it is there."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from probe.model.clock import Clock
from probe.store import LedgerAway, StateFolderRefused, Store

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Late:
    """How to come by it, and how often to try.

    Attributes:
        open: opens and locks it; raises StateFolderRefused.
        first: seconds before the first attempt; each pause is twice as long as the last.
        longest: seconds of the longest pause.
    """

    open: Callable[[], Awaitable[Store]]
    first: float = 5.0
    longest: float = 60.0

    async def arrival(self, clock: Clock) -> Store:
        """Try until it opens; that it is away was told, and any other reason is told when it comes up."""
        pause, told = self.first, ""
        while True:
            await clock.sleep(pause)
            try:
                return await self.open()
            except StateFolderRefused as refused:
                if not isinstance(refused, LedgerAway) and str(refused) != told:
                    told = str(refused)
                    _log.error("nothing will be rented: %s", refused)
            pause = min(2 * pause, self.longest)
