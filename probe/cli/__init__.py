"""The command line's door: it learns to stop before it learns anything else."""

import signal
import sys
from types import FrameType


def _leave(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    sys.exit(0)


def main() -> None:
    """Run `probe`.

    SIGTERM is handled before the heavy imports: as PID 1 of a container a process has no default for it, so a stop
    during the first second would be ignored until the engine kills the container.
    """
    signal.signal(signal.SIGTERM, _leave)
    from probe.cli.app import app  # noqa: PLC0415 - imported late on purpose, see above

    app()
