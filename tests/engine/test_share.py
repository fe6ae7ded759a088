"""CPU time that others took from us, as the kernel counts it."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from probe.engine.share import OwnShare, ShareFiles
from probe.model.meter import Meter
from tests.fakes.clock import FakeClock


def files(folder: Path, group: str = "0::/box\n") -> ShareFiles:
    """The kernel's files, made up."""
    made = ShareFiles(folder / "stat", folder / "schedstat", folder / "cgroup", folder / "cgroups")
    ticks = os.sysconf("SC_CLK_TCK")
    made.stat.write_text(f"cpu  1 2 3 4 5 6 7 {3 * ticks} 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")
    made.schedstat.write_text("123456 2500000000 77\n")
    made.cgroup.write_text(group)
    (made.cgroups / "box").mkdir(parents=True)
    (made.cgroups / "box" / "cpu.stat").write_text("usage_usec 9\nnr_throttled 3\nthrottled_usec 1250000\n")
    return made


def test_what_the_kernel_counts_is_told_in_seconds(tmp_path: Path) -> None:
    """By the machine's host, by others on the machine, by our own limit."""
    share = OwnShare(FakeClock(), Meter(), files(tmp_path))
    assert share.look() == {"steal": 3.0, "wait": 2.5, "throttled": 1.25}


def test_what_it_does_not_count_is_left_out(tmp_path: Path) -> None:
    """No control group of version 2, no files at all: absent, not 0."""
    assert "throttled" not in OwnShare(FakeClock(), Meter(), files(tmp_path, "4:cpu:/box\n")).look()
    none = ShareFiles(*(tmp_path / "none" for _ in range(4)))
    assert OwnShare(FakeClock(), Meter(), none).look() == {}


def test_this_machine_is_understood() -> None:
    """Its counters only grow."""
    share = OwnShare(FakeClock(), Meter())
    before = share.look()
    sum(range(100_000))
    after = share.look()
    assert {"steal", "wait"} <= after.keys()
    assert all(after[how] >= before[how] for how in before)


async def test_it_looks_again_and_again(tmp_path: Path) -> None:
    """And tells the meter."""

    class Listening(Meter):
        told = 0

        @override
        def cpu_lost(self, seconds: Mapping[str, float]) -> None:
            self.told += 1

    meter = Listening()
    watching = asyncio.create_task(OwnShare(FakeClock(), meter, files(tmp_path)).watch())
    for _ in range(10):
        await asyncio.sleep(0)
    watching.cancel()
    assert meter.told > 2
