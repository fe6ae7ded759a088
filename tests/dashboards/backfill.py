"""A real Prometheus over a made-up history or a running agent, with the shipped rules evaluated at once."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.dashboards.pages import ROOT
from tests.servers.prometheus import program

Json = dict[str, Any]
RULES = ROOT / "config" / "prometheus" / "rules" / "stability.yml"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a running Prometheus answers.

    Attributes:
        url: where it listens.
    """

    url: str

    def instant(self, expr: str) -> list[Json]:
        """Series with one value each, as of now."""
        return self._result("query", query=expr, time=f"{time.time():.3f}")

    def graph(self, expr: str, *, seconds: float, step: float) -> list[Json]:
        """Series over the *seconds* before now, aligned to *step* as Grafana aligns them."""
        end = time.time() // step * step
        return self._result("query_range", query=expr, start=f"{end - seconds:.0f}", end=f"{end:.0f}", step=f"{step:g}")

    def _result(self, path: str, **parameters: str) -> list[Json]:
        answer = httpx.post(f"{self.url}/api/v1/{path}", data=parameters, timeout=60)
        assert answer.is_success, answer.text
        result: list[Json] = answer.json()["data"]["result"]
        return result

    def evaluations(self) -> list[str]:
        """When each group of rules was evaluated last; empty before the first time."""
        answer = httpx.get(f"{self.url}/api/v1/rules", timeout=60)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return []  # it listens, and is still reading its history
        groups = answer.json()["data"]["groups"]
        times = [group["lastEvaluation"] for group in groups]
        return [] if any(moment.startswith("0001") for moment in times) else times


def _impatient_rules(folder: Path) -> Path:
    """The shipped rules, evaluated every second and firing at once: tests do not wait for minutes."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule.pop("for", None)
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump(rules), encoding="utf-8")
    return path


def import_history(text: Path, data: Path) -> None:
    """Turn OpenMetrics text into blocks; the hidden flag keeps promtool from reading it once per two hours."""
    command = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=800h",
        "openmetrics",
        str(text),
        str(data),
    ]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def prometheus(folder: Path, data: Path, *, scraping: str = "") -> Iterator[Answers]:
    """Run Prometheus over *data* and yield it as soon as its rules have been evaluated.

    Args:
        folder: for its configuration and log.
        data: what it knows already, or an empty folder.
        scraping: `host:port` of an agent to scrape each second, if any.
    """
    configuration = folder / "prometheus.yml"
    job = {"job_name": "probe", "static_configs": [{"targets": [scraping], "labels": {"vantage": "here"}}]}
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [str(_impatient_rules(folder))],
        "scrape_configs": [job] if scraping else [],
    }
    configuration.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [
        program("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        # Scrapes of the history are 20 minutes apart: a value must live until the next one.
        "--query.lookback-delta=45m",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            answers = Answers(f"http://127.0.0.1:{port}")
            _wait_until_evaluated(answers, process, folder / "log")
            yield answers
        finally:
            process.terminate()


def _wait_until_evaluated(answers: Answers, process: subprocess.Popen[bytes], log: Path) -> None:
    first: list[str] = []
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            seen = answers.evaluations()
        except httpx.TransportError:
            seen = []  # not listening yet
        first = first or seen
        if seen and not set(seen) & set(first):
            return  # what the first evaluation found is in the database now
        time.sleep(0.2)
    raise AssertionError(f"Prometheus did not evaluate the rules in 60 s: {log.read_text(encoding='utf-8')}")
