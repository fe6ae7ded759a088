"""One time for the agent and for the vendor, in shared memory: whoever sleeps moves it for both, and nobody waits."""

import asyncio
import mmap
import struct
import time
from typing import Final

_DOUBLE: Final = struct.Struct("d")
_PASSED, _SKEW = 0, _DOUBLE.size


class SharedTime:
    """How far time was moved, and how wrong the agent's wall clock is; every process that is forked later shares it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)

    @property
    def passed(self) -> float:
        """Seconds by which time was moved on."""
        return self._get(_PASSED)

    @passed.setter
    def passed(self, seconds: float) -> None:
        self._set(_PASSED, seconds)

    @property
    def skew(self) -> float:
        """Seconds by which the agent's wall clock is ahead of the vendor's."""
        return self._get(_SKEW)

    @skew.setter
    def skew(self, seconds: float) -> None:
        self._set(_SKEW, seconds)

    def _get(self, at: int) -> float:
        value: float = _DOUBLE.unpack_from(self._memory, at)[0]
        return value

    def _set(self, at: int, value: float) -> None:
        _DOUBLE.pack_into(self._memory, at, value)


class SharedClock:
    """The clock of one side.

    Args:
        time: what both sides share.
        skewed: whether this is the side whose wall clock may be wrong.
    """

    def __init__(self, time: SharedTime, *, skewed: bool) -> None:
        self._time = time
        self._skewed = skewed

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic() + self._time.passed

    def wall(self) -> float:
        """Seconds since 1970, as this side believes."""
        return time.time() + self._time.passed + (self._time.skew if self._skewed else 0.0)

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* pass for both sides, at once."""
        self._time.passed += max(0.0, seconds)
        await asyncio.sleep(0)
