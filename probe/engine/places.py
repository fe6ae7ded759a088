"""How many runs may be on at once, and that one slow vendor cannot take every place from the others."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class _Waiting:
    vendor: str
    granted: asyncio.Future[bool]


class Places:
    """A bounded number of places for runs.

    Half of them are common: whoever comes first takes them. The other half is kept in equal shares for the vendors
    (the operator's own targets count as one), at least one for each where there are enough: a vendor whose runs all
    hang fills its share and the common half, and nobody else's share.

    Args:
        size: runs at once, at least 1.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"{size} places for runs are not enough to run anything")
        self._size = size
        self._share = 0
        self._vendors: frozenset[str] = frozenset()
        self._taken: Counter[str] = Counter()
        self._free = size
        self._waiting: list[_Waiting] = []

    def share_among(self, vendors: Iterable[str]) -> None:
        """Keep a share for each of *vendors* from now on; runs that are on stay on."""
        self._vendors = frozenset(vendors)
        count = max(1, len(self._vendors))
        self._share = max(self._size // (2 * count), int(self._size >= count))
        self._grant()

    async def take(self, vendor: str, patience: float) -> bool:
        """Take a place for a run on *vendor*, or give up after *patience* seconds; whether there was one."""
        if self.take_free(vendor):
            return True
        if patience <= 0:
            return False
        return await self._wait(vendor, patience)

    def take_free(self, vendor: str) -> bool:
        """Take a place for a run on *vendor* if there is one now; whether there was."""
        if not self._may(vendor):
            return False
        self._taken[vendor] += 1  # nobody who waits may have it
        self._free -= 1
        return True

    def release(self, vendor: str) -> None:
        """Give a place back; the next one who may have it gets it."""
        self._taken[vendor] -= 1
        self._free += 1
        if self._waiting:
            self._grant()

    async def _wait(self, vendor: str, patience: float) -> bool:
        loop = asyncio.get_running_loop()
        waiting = _Waiting(vendor, loop.create_future())
        self._waiting.append(waiting)
        expiry = loop.call_later(patience, self._give_up, waiting)
        try:
            return await waiting.granted
        except asyncio.CancelledError:
            if waiting.granted.done() and not waiting.granted.cancelled() and waiting.granted.result():
                self.release(vendor)
            raise
        finally:
            expiry.cancel()
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    def _give_up(self, waiting: _Waiting) -> None:
        if not waiting.granted.done():
            self._waiting.remove(waiting)
            waiting.granted.set_result(False)

    def _grant(self) -> None:
        """Give free places to those who wait: to the vendor with the fewest runs on first, then to who came first."""
        while candidates := [one for one in self._waiting if not one.granted.done() and self._may(one.vendor)]:
            chosen = min(candidates, key=lambda one: self._taken[one.vendor])
            self._waiting.remove(chosen)
            self._taken[chosen.vendor] += 1
            self._free -= 1
            chosen.granted.set_result(True)

    def _may(self, vendor: str) -> bool:
        if self._free <= 0:
            return False
        if self._taken[vendor] < self._share:
            return True
        kept = sum(max(0, self._share - self._taken[other]) for other in self._vendors if other != vendor)
        return self._free > kept
