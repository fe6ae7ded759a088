"""A clock that waits for nobody."""

import asyncio


class FakeClock:
    """Time that passes only by sleeping, at once: a lifecycle test takes no minutes."""

    def __init__(self, now: float = 1_000.0, wall: float = 1_800_000_000.0) -> None:
        self._now = now
        self._wall = wall
        self.slept: list[float] = []

    def now(self) -> float:
        """Monotonic seconds."""
        return self._now

    def wall(self) -> float:
        """Seconds since 1970."""
        return self._wall

    def pass_time(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._now += seconds
        self._wall += seconds

    async def sleep(self, seconds: float) -> None:
        """Pass *seconds* and let others run."""
        self.slept.append(seconds)
        self.pass_time(max(0.0, seconds))
        await asyncio.sleep(0)
