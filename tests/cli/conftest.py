"""The program as people start it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Probe = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PROBE_", "AWS_", "OS_", "RAX_"))}


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """Run `probe` with some arguments in an empty folder, to its end."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "probe", *arguments],
            cwd=tmp_path,
            env=CLEAN | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `probe` with some arguments in an empty folder; it is killed at the end of the test if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "probe", *arguments],
            cwd=tmp_path,
            env=CLEAN | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
