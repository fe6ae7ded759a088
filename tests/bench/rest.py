"""What an agent weighs that has nothing to do but what is configured: the whole program, in a process of its own.

Arguments: how many HTTP probes, and `lean` or `full`. Prints one line of JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

from probe.model.cadence import start_window
from probe.wire import listen
from tests.bench.machine import CONTESTANT_CORE, cpu_seconds, resident, stay_on
from tests.bench.truth import truth_server

EVERY: Final = 60
"""Seconds between two runs of a probe."""
SETTLED: Final = 3.0
"""Seconds after the last first run when what starts has started."""
WATCHED: Final = 20.0
_AGENT: Final = """\
agent: {{name: rest, listen: "127.0.0.1:{listen}", state: {folder}/state}}
probes:
  - name: bench
    kind: http
    every: {every}s
    deadline: 5s
    detail: {detail}
    targets:
"""


def configuration(folder: Path, count: int, detail: str, ports: tuple[int, int]) -> Path:
    """A file with *count* targets; *ports* are where the agent listens and where the targets are."""
    own, theirs = ports
    lines = [f"      - {{name: t{number}, url: 'http://127.0.0.1:{theirs}/t{number}'}}\n" for number in range(count)]
    file = folder / "probe.yaml"
    head = _AGENT.format(listen=own, folder=folder, every=EVERY, detail=detail)
    file.write_text(head + "".join(lines), encoding="utf-8")
    return file


def metrics(port: int) -> list[str]:
    """The samples of one scrape."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        return [line for line in answer.read().decode().splitlines() if not line.startswith("#")]


def total(samples: list[str], name: str) -> float:
    """The sum of a family."""
    return sum(float(line.rpartition(" ")[2]) for line in samples if line.startswith((f"{name}{{", f"{name} ")))


def ready(port: int, agent: "subprocess.Popen[bytes]") -> float:
    """Wait until the agent is ready; the seconds that took."""
    begun = time.monotonic()
    while agent.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return time.monotonic() - begun
    raise RuntimeError("the agent ended")


def observed(agent: "subprocess.Popen[bytes]", port: int, count: int) -> dict[str, float]:
    """What is seen of a running agent, from its start until each of its probes has run and was scraped."""
    begun = time.monotonic()
    found = {"ready_s": ready(port, agent), "ready_mb": resident(agent.pid) / 1e6}
    time.sleep(start_window(count) + SETTLED)
    cpu, since = cpu_seconds(agent.pid), time.monotonic()
    time.sleep(WATCHED)
    found["core"] = (cpu_seconds(agent.pid) - cpu) / (time.monotonic() - since)
    time.sleep(max(0.0, begun + EVERY + EVERY / 4 - time.monotonic()))
    found["ran_mb"] = resident(agent.pid) / 1e6
    samples = metrics(port)
    metrics(port)
    runs, skipped, due = (total(samples, f"stability_{name}_total") for name in ("runs", "skipped_runs", "due_runs"))
    flying = total(samples, "stability_runs_in_flight")
    return found | {
        "scraped_mb": resident(agent.pid) / 1e6,
        "series": len(samples),
        "series_each": sum('probe="bench"' in line for line in samples) / count,
        "runs": runs,
        "skipped": skipped,
        "lost": due - runs - skipped - flying,
    }


def main(count: int, detail: str) -> dict[str, float | str]:
    """Start, look, stop."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, truth_server() as server:
        file = configuration(Path(folder), count, detail, (port, server.port))
        command = [sys.executable, "-m", "probe", "run", "-c", str(file)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as agent:
            try:
                found = observed(agent, port, count)
            finally:
                agent.terminate()
    return {"probes": count, "detail": detail, **found}


if __name__ == "__main__":
    stay_on(CONTESTANT_CORE)
    os.environ.pop("PROBE_LISTEN", None)
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))  # noqa: T201 - the parent reads it
