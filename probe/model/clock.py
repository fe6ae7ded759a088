"""How time reaches everything above the wire: injected, so that a lifecycle test takes no minutes."""

from enum import StrEnum
from typing import Protocol


class ClockSource(StrEnum):
    """Which clock a measurement used for what it waited for."""

    KERNEL = "kernel"
    LOOP = "loop"


class Clock(Protocol):
    """Tells the time and waits for it to pass."""

    def now(self) -> float:
        """Monotonic seconds, from an arbitrary origin; the clock that every duration comes from."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, for people and for records; never for a duration."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for that many monotonic seconds."""
        ...
