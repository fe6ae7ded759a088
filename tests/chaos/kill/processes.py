"""Children of a process that has imported everything, and has no loop and no thread: forking one takes a moment."""

import json
import logging
import os
import resource
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_CRASHED: Final = 70
Ask = Callable[[str], None]
"""Asks the parent for something and returns when it was done."""
Work = Callable[[Ask], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Attributes:
        killed: whether SIGKILL ended it.
        hung: whether we had to, because it took too long.
        status: with which it left by itself, else -1.
        report: what it said at its end.
    """

    killed: bool
    hung: bool
    status: int
    report: dict[str, Any] = field(default_factory=dict)


def die() -> None:
    """End this process as the kernel does when the memory is gone: at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk() -> None:
    """No file of this process can be written any more: what the kernel says then is what it says of a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))


def in_a_child(work: Work, log: Path, *, patience: float = 60.0, oblige: Ask | None = None) -> Ended:
    """Do *work* in a forked child; what it writes goes to *log*, what it asks for *oblige* does in this process."""
    assert threading.active_count() == 1, "a process with threads must not fork"
    up_read, up_write = os.pipe()
    down_read, down_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(up_read)
        os.close(down_write)
        _be_a_child(work, log, up_write, down_read)
    os.close(up_write)
    os.close(down_read)
    try:
        report, hung = _listen(up_read, down_write, time.monotonic() + patience, oblige)
        if hung:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(up_read)
        os.close(down_write)
    code = os.waitstatus_to_exitcode(status)
    return Ended(killed=code == -signal.SIGKILL and not hung, hung=hung, status=max(code, -1), report=report)


def _be_a_child(work: Work, log: Path, up: int, down: int) -> None:
    """Never returns."""
    status = _CRASHED
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        logging.basicConfig(level=logging.INFO, force=True)
        logging.raiseExceptions = False  # a log on a disk that is full is no trouble of ours

        def ask(what: str) -> None:
            os.write(up, json.dumps({"ask": what}).encode() + b"\n")
            os.read(down, 1)

        os.write(up, json.dumps({"report": work(ask)}).encode() + b"\n")
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, a forked child must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _listen(up: int, down: int, until: float, oblige: Ask | None) -> tuple[dict[str, Any], bool]:
    """What the child reports, and whether it takes too long."""
    report: dict[str, Any] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([up], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return report, True
        data = os.read(up, 65536)
        if not data:
            return report, False
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            report = said.get("report", report)
            if "ask" in said and oblige is not None:
                oblige(said["ask"])
                os.write(down, b".")
