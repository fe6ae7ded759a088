"""The agent's own share of what it measures, as the kernel counts it: CPU time that others took from us."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.model.clock import Clock
from probe.model.meter import Meter

PERIOD: Final = 1.0
"""Seconds between two looks."""
STEAL: Final = "steal"
WAIT: Final = "wait"
THROTTLED: Final = "throttled"
_STEAL_AT: Final = 8


@dataclass(frozen=True, slots=True)
class ShareFiles:
    """Where the kernel counts.

    Attributes:
        stat: time of all CPUs by what they did.
        schedstat: time of our loop's thread, running and waiting.
        cgroup: which control group we are in.
        cgroups: where control groups are.
    """

    stat: Path = Path("/proc/stat")
    schedstat: Path = Path("/proc/self/schedstat")
    cgroup: Path = Path("/proc/self/cgroup")
    cgroups: Path = Path("/sys/fs/cgroup")


SYSTEM: Final = ShareFiles()


class OwnShare:
    """Looks once a second and tells the meter; what this kernel does not count is left out."""

    def __init__(self, clock: Clock, meter: Meter, files: ShareFiles = SYSTEM) -> None:
        self._clock = clock
        self._meter = meter
        self._files = files

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            self._meter.cpu_lost(self.look())
            await self._clock.sleep(PERIOD)

    def look(self) -> Mapping[str, float]:
        """Seconds lost since some beginning, by how: `steal`, `wait`, `throttled`."""
        files = self._files
        found = {STEAL: _steal(_text(files.stat)), WAIT: _waited(_text(files.schedstat)), THROTTLED: self._throttled()}
        return {how: seconds for how, seconds in found.items() if seconds is not None}

    def _throttled(self) -> float | None:
        for line in _text(self._files.cgroup).splitlines():
            if line.startswith("0::/"):
                path = self._files.cgroups / line.removeprefix("0::/") / "cpu.stat"
                return _word(_text(path) or _text(self._files.cgroups / "cpu.stat"), "throttled_usec", 1e6)
        return None


def _steal(text: str) -> float | None:
    """Time of this machine's CPUs that its host gave to others (proc_stat(5))."""
    words = text.partition("\n")[0].split()
    if len(words) <= _STEAL_AT or words[0] != "cpu":
        return None
    return int(words[_STEAL_AT]) / os.sysconf("SC_CLK_TCK")


def _waited(text: str) -> float | None:
    """Time that the loop's thread was ready to run and had no CPU."""
    words = text.split()
    return int(words[1]) / 1e9 if len(words) > 1 else None


def _word(text: str, word: str, scale: float) -> float | None:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == word:
            return int(value) / scale
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
