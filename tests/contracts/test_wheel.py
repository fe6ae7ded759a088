"""What people install is what we tested: the wheel, made from the clone and from the sdist, in an empty folder."""

import json
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import CLEAN
from tests.cli.serving import eventually, free_port
from tests.contracts.pages import ROOT

pytestmark = pytest.mark.servers  # it builds and installs: not for every run of the unit tests

GRACE = 10.0
"""Seconds: `agent.grace` of config/demo.yaml."""
Run = Callable[..., subprocess.CompletedProcess[str]]


def done(*command: str | Path, folder: Path = ROOT) -> str:
    """What *command* prints; it has to succeed."""
    ended = subprocess.run(
        command, cwd=folder, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist, built from the clone."""
    folder = tmp_path_factory.mktemp("dist")
    done(sys.executable, "-m", "hatchling", "build", "-d", folder)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel, and what it depends on borrowed from ours."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    done(*pip, "install", "--quiet", "--no-deps", "--no-index", built[0])
    # A path file that is found there does not read those of the folder that it names: our editable install stays out.
    (site,) = home.glob("lib/*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    told = done(python, "-c", "import probe; print(probe.__file__)", folder=home)
    assert Path(told.strip()).is_relative_to(home)
    return home / "bin"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Run the installed `probe` in an empty folder."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [installed / "probe", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=CLEAN, capture_output=True, text=True, timeout=50, check=False)

    return run


def contents(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel but for the list of their hashes."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def test_the_wheel_holds_what_is_linked_into_the_package(built: tuple[Path, Path]) -> None:
    """Every file of config/, and the dashboards with their provisioning; no tests, nothing that was compiled."""
    names = set(contents(built[0]))
    for path in (ROOT / "config").rglob("*.*"):
        assert f"probe/_config/{path.relative_to(ROOT / 'config')}" in names
    for path in [*(ROOT / "dashboards").glob("*.json"), *(ROOT / "dashboards" / "provisioning").rglob("*.yml")]:
        assert f"probe/_dashboards/{path.relative_to(ROOT / 'dashboards')}" in names
    assert "probe/py.typed" in names
    assert {name.split("/")[0] for name in names} == {
        "probe",
        f"stability_probe-{version('stability-probe')}.dist-info",
    }
    assert not any("__pycache__" in name for name in names)


def test_the_sdist_makes_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    """What distributions build from is what we build from."""
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", folder=source)
    (again,) = (tmp_path / "dist").glob("*.whl")
    assert contents(again) == contents(wheel)


def test_the_sdist_can_be_tested(built: tuple[Path, Path]) -> None:
    """What `make check` needs is in it."""
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    top = "Makefile pyproject.toml README.md CONTRIBUTING.md CHANGELOG.md LICENSE Dockerfile"
    assert {
        *top.split(),
        "compose.yaml",
        "requirements.lock",
        "tests/conftest.py",
        "config/probe.yaml",
        "docs/metrics.md",
    } <= names


def test_it_knows_its_version(run: Run) -> None:
    """The one of the distribution."""
    assert run("--version").stdout == f"probe {version('stability-probe')}\n"


def test_it_finds_its_vendor_files(run: Run) -> None:
    """All that there are in the clone."""
    ended = run("vendors")
    rows = [line.split()[0] for line in ended.stdout.splitlines()[1:]]
    assert rows == sorted(path.stem for path in (ROOT / "config" / "vendors").glob("*.yaml")), ended.stderr


def test_it_starts_from_the_packaged_configuration(run: Run) -> None:
    """There is none in the folder, and no environment."""
    ended = run("check")
    assert ended.returncode == 0, ended.stderr
    assert "/_config/probe.yaml: right;" in ended.stdout


def test_its_plug_ins_are_found(run: Run) -> None:
    """The entry points are those of the wheel."""
    schema = json.loads(run("schema").stdout)
    assert {"probe_http", "probe_lifecycle", "probe_monitoring"} <= set(schema["$defs"])
    assert "instances" in json.loads(run("schema", "--vendor").stdout)["properties"]


def test_its_demo_measures_and_stops(installed: Path, tmp_path: Path) -> None:
    """Runs of all three vendors show in /metrics within seconds; Ctrl-C ends it soon, with 0 and nothing rented."""
    port = free_port()
    with subprocess.Popen(
        [installed / "probe", "demo", "--listen", f"127.0.0.1:{port}"],
        cwd=tmp_path,
        env=CLEAN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            eventually(lambda: vendors_with_runs(port) == {"sandbox-steady", "sandbox-slow", "sandbox-flaky"}, 30.0)
            process.send_signal(signal.SIGINT)
            stopping = time.monotonic()
            said, _ = process.communicate(timeout=40)
            took = time.monotonic() - stopping
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert took < GRACE + 3, "the sandbox did not end with the agent"
    assert "Traceback" not in said
    assert "stopped; " in said
    assert list(tmp_path.iterdir()) == []


def vendors_with_runs(port: int) -> set[str]:
    """The vendors that at least one run of an `api` probe has ended at."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    found = set()
    for line in text.splitlines():
        labels, _, value = line.partition("} ")
        if labels.startswith("stability_runs_total{") and 'probe="api-read"' in labels and float(value) > 0:
            found.add(labels.partition('vendor="')[2].partition('"')[0])
    return found
