"""The command line's door: it learns to stop before it learns anything else."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final

_AGENTS: Final = frozenset({"run", "demo"})
"""Commands whose purpose is to go on until they are told to stop: for them, that is no failure."""


def main() -> None:
    """Run `probe`.

    SIGTERM is handled before the heavy imports: as PID 1 of a container a process has no default for it, so a stop
    during the first second would be ignored until the engine kills the container. SIGHUP means `reload` to the agent:
    before it can do that there is nothing to reload, and no reason to die of it.
    """
    signal.signal(signal.SIGTERM, _leave)
    if sys.argv[1:2] == ["run"]:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _fill_gaps()
    try:
        from probe.cli.app import app  # noqa: PLC0415 - imported late on purpose, see above

        app()
    except KeyboardInterrupt:
        sys.exit(told_to_stop(signal.SIGINT))


def told_to_stop(number: int) -> int:
    """The exit status of a command that the signal *number* ended."""
    return 0 if _AGENTS & set(sys.argv[1:2]) else 128 + number


def _leave(signum: int, frame: FrameType | None) -> None:
    del frame
    sys.exit(told_to_stop(signum))


def _fill_gaps() -> None:
    """Open what the caller closed (`probe list >&-`): else the first socket becomes our standard output."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
            setattr(sys, name, nowhere)
