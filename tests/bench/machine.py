"""The machine: which core a process runs on, what it is worth, what it costs."""

import os
import platform
import resource
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

SERVER_CORE: Final = 0
CONTESTANT_CORE: Final = 1
_PRIORITY: Final = {SERVER_CORE: 5, CONTESTANT_CORE: 2}
_LIBRARIES: Final = ("httpx", "uvloop", "httptools", "APScheduler")


def stay_on(core: int) -> None:
    """What a process of the benchmark does first: stay on *core*, where there are two and a process may choose.

    With `BENCH_PRIORITY` in the environment it also goes before whatever else wants the core (SCHED_FIFO), which takes
    the right to do so: then a figure speaks of the contestant, and not of who else was on the machine.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    if (os.cpu_count() or 1) > 1:
        with suppress(OSError):  # somebody has confined us to other cores
            os.sched_setaffinity(0, {core})
    if prioritised():
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY[core]))


def prioritised() -> bool:
    """Whether the benchmark goes before whatever else is on the machine."""
    return bool(os.environ.get("BENCH_PRIORITY"))


def shape() -> dict[str, str]:
    """What a reader has to know of the machine, by name."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{library: version(library) for library in _LIBRARIES},
    }


def load() -> float:
    """Processes that wanted a core, on average over the last minute."""
    return os.getloadavg()[0]


def cpu_seconds(pid: int) -> float:
    """CPU time that process *pid* has used, to the kernel's tick of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int | None = None) -> int:
    """Bytes of memory that a process holds, this one if none is named; where nobody says, the most it ever held."""
    statm = Path(f"/proc/{pid or 'self'}/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
