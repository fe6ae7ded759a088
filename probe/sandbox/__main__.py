"""The child's side of a sandbox in a process of its own; also `python -m probe.sandbox config/sandbox` for people."""

import argparse
import asyncio
import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from probe.sandbox.places import DEMO, Casting
from probe.sandbox.reading import SandboxDataRefused
from probe.sandbox.sandbox import Sandbox
from probe.wire import ListenFailed


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends or a signal comes; the exit code."""
    parser = argparse.ArgumentParser("python -m probe.sandbox", description="Serve pretend vendors on loopback.")
    parser.add_argument("data", nargs="+", type=Path, help="folder with data files; a later one wins")
    parser.add_argument("--seed", default="sandbox", help="the same seed gives the same luck")
    parser.add_argument("--folder", type=Path, help="where made-up secrets and certificates go")
    parser.add_argument(
        "--cast", action="append", type=_casting, metavar="NAME=USE:CHARACTER", help="e.g. cloud=openstack:flaky"
    )
    options = parser.parse_args(arguments)
    try:
        asyncio.run(serve(options.data, options.cast or DEMO, seed=options.seed, folder=options.folder))
    except (SandboxDataRefused, ListenFailed) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line prints
        return 2
    return 0


def _casting(text: str) -> Casting:
    name, _, rest = text.partition("=")
    use, _, character = rest.partition(":")
    if not (name and use and character):
        raise argparse.ArgumentTypeError(f"{text} is not NAME=USE:CHARACTER")
    return Casting(name=name, use=use, character=character)


async def serve(data: Sequence[Path], castings: Sequence[Casting], *, seed: str, folder: Path | None) -> None:
    """Serve, say where on standard output, and stop when a pipe at standard input ends, or SIGTERM or SIGINT comes.

    Raises:
        SandboxDataRefused: a data file is wrong, or does not exist.
        ListenFailed: no port can be had.
    """
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    sandbox = await Sandbox.start(data, castings, seed=seed, folder=folder)
    try:
        sys.stdout.write(sandbox.places.to_json() + "\n")
        sys.stdout.flush()
        if _is_a_parents(os.fstat(sys.stdin.fileno()).st_mode):  # people stop it by a signal
            await loop.connect_read_pipe(lambda: _Ending(done), sys.stdin)
        await done.wait()
    finally:
        await sandbox.stop()


def _is_a_parents(mode: int) -> bool:
    """Whether standard input, of that *mode*, comes from a parent: a pipe, or the socket pair that uvloop makes."""
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class _Ending(asyncio.Protocol):
    """Sets an event when a pipe ends."""

    def __init__(self, done: asyncio.Event) -> None:
        self._done = done

    def eof_received(self) -> None:
        self._done.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._done.set()


if __name__ == "__main__":
    sys.exit(main())
