"""How long it takes from the start of `probe run`, with one HTTP probe, until its first run is answered.

A program of its own; it prints the seconds.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.machine import CONTESTANT_CORE, stay_on
from tests.bench.truth import TruthServer, truth_server

PATIENCE: Final = 30.0
_CONFIGURATION: Final = """\
agent: {{name: first, listen: "127.0.0.1:0", state: {folder}/state}}
probes:
  - {{name: first, kind: http, every: 15s, deadline: 5s, targets: [{{name: t, url: "http://127.0.0.1:{port}/t"}}]}}
"""


def start(folder: Path, server: TruthServer) -> float:
    """Seconds until the server has answered the first run of a fresh agent."""
    file = folder / "probe.yaml"
    file.write_text(_CONFIGURATION.format(folder=folder, port=server.port), encoding="utf-8")
    former = len(server.truth().served.get("/t", []))
    begun = time.time_ns()
    with subprocess.Popen([sys.executable, "-m", "probe", "run", "-c", str(file)], stderr=subprocess.DEVNULL) as agent:
        try:
            while len(served := server.truth().served.get("/t", [])) == former:
                if time.time_ns() - begun > PATIENCE * 1e9 or agent.poll() is not None:
                    raise RuntimeError("the agent measured nothing")
                time.sleep(0.1)
        finally:
            agent.terminate()
    return (served[-1].after - begun) / 1e9


def main() -> float:
    """The second start in a state folder: the first one also makes it."""
    with tempfile.TemporaryDirectory() as folder, truth_server() as server:
        start(Path(folder), server)
        return start(Path(folder), server)


if __name__ == "__main__":
    stay_on(CONTESTANT_CORE)
    os.environ.pop("PROBE_LISTEN", None)
    print(main())  # noqa: T201 - the parent reads it
