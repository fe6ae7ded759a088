"""What is done to the agent must not be told of a vendor: stopped dead, without a CPU, without descriptors."""

import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.networks.spaces import ROOT, told

OUTLIER = 0.6
"""Seconds that no exchange with a server that has answered within 0.1 s can have taken, not even on a busy machine."""
TARGETS = 360
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python program; its first line is read."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, files: int | None = None) -> subprocess.Popen[str]:
        def limit() -> None:
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        program = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=limit,  # noqa: PLW1509 - no threads run here
        )
        started.append(program)
        return program

    yield run
    for program in started:
        program.kill()
        program.communicate()


def said(program: subprocess.Popen[str]) -> str:
    """The next line that *program* says."""
    assert program.stdout is not None
    return program.stdout.readline().strip()


class Agent:
    """Measures a server as a vendor, 120 times a second; its deadlines are longer than what is done to it."""

    def __init__(self, start: Start, folder: Path, *, delay: float = 0.02, files: int | None = None) -> None:
        url = f"http://127.0.0.1:{said(start('-m', 'tests.chaos.impatient', str(delay)))}/"
        targets = "".join(f"      - {{name: t{number}, url: '{url}'}}\n" for number in range(TARGETS))
        (folder / "c.yaml").write_text(
            "controls: {checks: []}\n"
            f"probes:\n  - name: read\n    kind: http\n    every: 3s\n    deadline: 3s\n    targets:\n{targets}"
        )
        self.program = start("-m", "tests.networks.measuring", str(folder / "c.yaml"), files=files)
        assert said(self.program) == "ready"

    def runs(self) -> list[dict[str, Any]]:
        """What it measured."""
        words = ("vendor", "due", "outcome", "blame", "seconds", "phases", "detail")
        return [dict(zip(words, run, strict=True)) for run in told(self.program)["runs"]]


def unjust(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs that blame the vendor, or say that it was slow."""
    return [
        run
        for run in runs
        if run["blame"] == "vendor" or (run["outcome"] == "ok" and max(run["seconds"], run["phases"]) > OUTLIER)
    ]


def test_a_process_that_is_stopped_dead_blames_nobody(start: Start, tmp_path: Path) -> None:
    """Peers hang up on it meanwhile, and answers lie there for seconds: neither is the vendor's doing."""
    agent = Agent(start, tmp_path)
    time.sleep(2.0)
    for _ in range(2):
        agent.program.send_signal(signal.SIGSTOP)
        time.sleep(2.0)
        agent.program.send_signal(signal.SIGCONT)
        time.sleep(1.0)
    runs = agent.runs()
    assert unjust(runs) == []
    outcomes = Counter(run["outcome"] for run in runs)
    assert outcomes["ok"] > TARGETS
    assert outcomes["overloaded"] > 0
    assert set(outcomes) == {"ok", "overloaded"}


def test_a_machine_without_a_free_cpu_blames_nobody(start: Start, tmp_path: Path) -> None:
    """Two programs that want all of it, for some seconds."""
    agent = Agent(start, tmp_path)
    time.sleep(1.5)
    burn = "import time\nends = time.monotonic() + 3\nwhile time.monotonic() < ends: pass"
    burners = [start("-c", burn) for _ in range(2)]
    for burner in burners:
        burner.wait(timeout=20)
    time.sleep(0.5)
    runs = agent.runs()
    assert unjust(runs) == []
    assert Counter(run["outcome"] for run in runs)["ok"] > TARGETS


def test_an_agent_without_descriptors_blames_nobody(start: Start, tmp_path: Path) -> None:
    """It says that it was overloaded, and measures what it can."""
    agent = Agent(start, tmp_path, delay=0.3, files=32)
    time.sleep(4.0)
    runs = agent.runs()
    assert [run for run in runs if run["blame"] == "vendor"] == []
    outcomes = Counter(run["outcome"] for run in runs)
    assert outcomes["overloaded"] > 20, outcomes
    assert outcomes["ok"] > 20, outcomes
    assert set(outcomes) == {"ok", "overloaded"}
