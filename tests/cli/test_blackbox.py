"""A whole agent that answers `/probe`, as its operator sees it."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.cli.conftest import CLEAN
from tests.cli.serving import answering, eventually, free_port

PROBES = "probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'http://127.0.0.1:9/'}]}]\n"


def test_an_agent_probes_by_modules_and_takes_changed_ones_over(tmp_path: Path) -> None:
    """A file that is wrong is refused by a reload, and the old modules stay."""
    modules = tmp_path / "blackbox.yml"
    modules.write_text("modules: {http_2xx: {prober: http}}\n")
    port = free_port()
    (tmp_path / "probe.yaml").write_text(f"agent: {{listen: '127.0.0.1:{port}'}}\nblackbox: blackbox.yml\n{PROBES}")
    command = [sys.executable, "-m", "probe", "run", "-c", "probe.yaml"]
    with (
        answering() as target,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        subprocess.Popen(command, cwd=tmp_path, env=CLEAN, stderr=subprocess.DEVNULL) as process,
    ):
        try:
            eventually(lambda: client.get("/-/ready").status_code == 200)

            def success(module: str, status: int) -> str:
                asked = {"target": f"{target}/{status}", "module": module}
                return client.get("/probe", params=asked).text.rpartition("\nprobe_success ")[2]

            assert success("http_2xx", 200).startswith("1")
            assert success("http_2xx", 503).startswith("0")
            modules.write_text("modules: {http_2xx: {prober: grpc}}\n")
            refused = client.post("/-/reload")
            assert refused.status_code == 422
            assert "grpc is not probed" in refused.text
            assert success("http_2xx", 200).startswith("1")
            modules.write_text("modules: {down: {prober: http, http: {valid_status_codes: [503]}}}\n")
            assert client.post("/-/reload").status_code == 200
            assert success("down", 503).startswith("1")
            assert client.get("/probe", params={"target": target, "module": "http_2xx"}).status_code == 400
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
