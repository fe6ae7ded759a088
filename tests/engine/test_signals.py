"""The account after a stall, a reload and a SIGTERM, in a process of its own."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def schedule() -> Iterator[subprocess.Popen[str]]:
    """A schedule that runs in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "tests.engine.schedule_under_test"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        if process.poll() is None:
            process.kill()


def account_of(schedule: subprocess.Popen[str]) -> dict[str, Any]:
    """What the schedule says when it is told to end."""
    schedule.send_signal(signal.SIGTERM)
    out, _ = schedule.communicate(timeout=10)
    assert schedule.returncode == 0
    account: dict[str, Any] = json.loads(out)
    return account


def test_a_process_that_was_stopped_dead_for_two_seconds_loses_no_slot(schedule: subprocess.Popen[str]) -> None:
    """The slots of the stall are late, everything is accounted for, and the run that was on is cut as stopped."""
    time.sleep(1.5)
    schedule.send_signal(signal.SIGSTOP)
    time.sleep(2.0)
    schedule.send_signal(signal.SIGCONT)
    time.sleep(1.0)
    account = account_of(schedule)
    assert account["balanced"]
    assert (account["in_flight"], account["unfinished"]) == (0, 0)
    assert account["skipped"]["late"] >= 40
    assert account["skipped"]["stopped"] >= 1
    assert account["runs"] == account["kept"] > 30
    assert account["endless"] == []


def test_a_reload_in_between_loses_no_slot(schedule: subprocess.Popen[str]) -> None:
    """Ten jobs leave, twenty stay in their rhythm, nothing is lost."""
    time.sleep(1.0)
    schedule.send_signal(signal.SIGHUP)
    time.sleep(1.0)
    account = account_of(schedule)
    assert account["balanced"]
    assert account["retired"] == 10
    assert (account["in_flight"], account["unfinished"]) == (0, 0)
    assert account["runs"] == account["kept"]
