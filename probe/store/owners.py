"""Which processes are alive, told by locks that die with them.

A process id says nothing across containers that share a volume, and is used again; a lock held on a file is
released by the kernel at the very moment its process ends, however it ends.
"""

import contextlib
import fcntl
import os
import time
import uuid
from pathlib import Path
from typing import Final

from probe.store.trouble import StateFolderRefused, StateFolderTaken, explain

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_STAT: Final = Path("/proc/self/stat")
_START_TICKS: Final = 19
"""Position of the start time in /proc/PID/stat, counted behind the process's name (proc(5), field 22)."""


class Claim:
    """A lock on a file, held until `release` or the end of the process.

    Attributes:
        path: the locked file.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def release(self, *, remove: bool) -> None:
        """Give the lock back; with *remove* the file goes first, so that nobody finds it unlocked.

        A file that cannot be removed (its folder was replaced, or is read-only by now) is left: unlocked, it says as
        much.
        """
        if remove:
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(self._descriptor)


def claim(path: Path) -> Claim | None:
    """Lock the file *path*, making it if need be; None if another holds it.

    Raises:
        OSError: the file cannot be made, or its file system has no locks.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        if os.fstat(descriptor).st_nlink:
            return Claim(path, descriptor)
        os.close(descriptor)  # somebody tidied it away between our open and our lock: make it again


def claim_agent(path: Path) -> Claim:
    """Lock *path* for the one agent that may run on a state folder.

    Raises:
        StateFolderTaken: another agent runs on it.
        StateFolderRefused: the file cannot be made or written.
    """
    try:
        held = claim(path)
        if held is None:
            process = path.read_text(encoding="ascii", errors="replace").strip()
            raise StateFolderTaken(
                f"{path.parent}: another agent runs on this state folder (process {process or 'unknown'});"
                " stop it, or give this one a `state` of its own"
            )
        try:
            path.write_text(f"{os.getpid()}\n", encoding="ascii")
        except OSError:
            held.release(remove=False)
            raise
    except OSError as error:
        raise StateFolderRefused(explain(error, path)) from error
    return held


def claim_owner(folder: Path, *, alone: bool = True) -> Claim:
    """Lock a file named after this process in *folder*, and remove those of processes that have died.

    Unless the folder is *alone* in telling who lives, the name is one that no process of another machine has either.

    Raises:
        StateFolderRefused: the folder cannot be written.
    """
    try:
        held = claim(folder / _process_name()) if alone else None
        if held is None:  # a process of another container has our very name
            held = claim(folder / f"{_process_name()}:{uuid.uuid4().hex[:8]}")
        _tidy(folder)
    except OSError as error:
        raise StateFolderRefused(explain(error, folder)) from error
    if held is None:
        raise StateFolderRefused(
            f"{folder}: its file system does not keep locks apart; choose a `state` on a local disk"
        )
    return held


def alive(folder: Path, owner: str) -> bool:
    """Whether the process called *owner* lives, wherever on this machine's disks it runs."""
    try:
        descriptor = os.open(folder / owner, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # cannot be told: then nothing of it may be touched before its lease is over
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _tidy(folder: Path) -> None:
    """Remove the files of processes that did not live to remove their own."""
    for path in folder.iterdir():
        if not alive(folder, path.name):
            left = claim(path)
            if left is not None:
                left.release(remove=True)


def _process_name() -> str:
    """`<boot id>:<pid>:<start ticks>`: unique among the processes of a machine, also across restarts."""
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
        ticks = _STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[_START_TICKS]
    except OSError:  # no /proc: names need only be unique, the lock tells who lives
        boot, ticks = uuid.uuid4().hex, str(time.monotonic_ns())
    return f"{boot}:{os.getpid()}:{ticks}"
