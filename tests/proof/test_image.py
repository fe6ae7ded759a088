"""The image is really built and run, hardened: no root, nothing writable but its volume, 256 MiB."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.dashboards.pages import ROOT

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]


def test_the_image_builds_runs_answers_and_stops(image_check: str) -> None:
    """Build, user, /metrics from outside, healthcheck up and down, SIGTERM to exit 0: every check passes."""
    command = [
        *image_check.split(),
        str(ROOT),
        "--port",
        "9781",
        "--path",
        "/metrics",
        "--expect",
        "stability_build_info",
    ]
    # The check keeps its images in $CT_HOME: named here, so that it is one place however deeply it calls itself.
    home = os.environ.get("CT_HOME", str(Path(tempfile.gettempdir()) / "container-state"))
    done = subprocess.run(
        command,
        env={**os.environ, "CT_HOME": home},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdicts = [line for line in done.stdout.splitlines() if line.startswith(("PASS", "FAIL"))]
    assert verdicts, done.stdout
    assert not [line for line in verdicts if line.startswith("FAIL")], done.stdout
    assert done.returncode == 0, done.stdout
    assert any("SIGTERM: exit 0" in line for line in verdicts), done.stdout
