"""Collects garbage at a pace and in slack, because a collection that comes when it likes holds every measurement up.

Python collects when so many objects were made, in the middle of whatever runs, and looks through everything that there
is: 150 ms with a thousand targets. What the start has made is therefore set aside (`gc.freeze`), the collector is
switched off, and we collect: the young often and for microseconds, the old rarely. (Raised thresholds are worse than
none: they save the garbage up for pauses of 80 ms.)
"""

import gc
from dataclasses import dataclass
from typing import Final

from probe.model.clock import Clock

LOOK: Final = 0.02
"""Seconds between two looks while there is garbage to be found."""
REST: Final = 0.1
"""The same while there is next to none."""
WORTH: Final = 400
"""Objects made and not yet let go of since the last collection that make a collection worth its while."""
SLACK: Final = 0.002
"""Seconds by which a look may come late in a loop that counts as having nothing else to do."""
PATIENCE: Final = 0.2
"""Seconds for which slack is waited for; the young never wait, for they only become more."""
PERIODS: Final = (LOOK, 0.5, 60.0)
"""Seconds between two collections of each generation."""
SETTLED: Final = 10.0
"""Seconds after the start when everything that is made once has been made, and is set aside as well."""
ANEW: Final = 3600.0
"""Seconds after which what was set aside is looked through, too, and what is there by then set aside: reloads."""
_OLDEST: Final = 2
_ALL: Final = 3


@dataclass(slots=True)
class Rota:
    """When which generation is due; 3 stands for everything, what was set aside included.

    Attributes:
        due: monotonic seconds, by generation.
    """

    due: list[float]

    @classmethod
    def starting(cls, now: float) -> "Rota":
        """The rota of an agent that has settled *now*."""
        return cls([*(now + period for period in PERIODS), now + ANEW])

    def choose(self, now: float, late: float, young: int) -> int | None:
        """What to collect *now*, the oldest that is due; None for nothing.

        *late* is by how many seconds the loop is late, *young* how many objects there are to look through.
        """
        for generation in range(_ALL, 0, -1):
            overdue = now - self.due[generation]
            if overdue >= 0.0 and (late <= SLACK or overdue > PATIENCE):
                return generation
        return 0 if now >= self.due[0] and young >= WORTH else None

    def done(self, generation: int, now: float) -> None:
        """Take note that *generation* was collected, and with it all younger ones."""
        for younger in range(min(generation, _OLDEST) + 1):
            self.due[younger] = now + PERIODS[younger]
        if generation == _ALL:
            self.due[_ALL] = now + ANEW


async def keep_house(clock: Clock) -> None:
    """Collect until cancelled, then leave the collector as it was found."""
    automatic = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        settled, rota = clock.now() + SETTLED, Rota.starting(clock.now())
        pause = LOOK
        while True:
            awaited = clock.now() + pause
            await clock.sleep(pause)
            now = clock.now()
            if now >= settled:
                settled = float("inf")
                gc.freeze()
            generation = rota.choose(now, now - awaited, gc.get_count()[0])
            if generation is not None:
                _collect(generation)
                rota.done(generation, clock.now())
            pause = REST if generation is None and now - awaited <= SLACK else LOOK
    finally:
        gc.unfreeze()
        if automatic:
            gc.enable()


def _collect(generation: int) -> None:
    if generation == _ALL:
        gc.unfreeze()
    gc.collect(min(generation, _OLDEST))
    if generation == _ALL:
        gc.freeze()
