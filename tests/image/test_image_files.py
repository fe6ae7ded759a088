"""The Dockerfile, the compose file and what both refer to, as far as they can be judged without an engine."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.dashboards.pages import ROOT
from tests.servers.prometheus import promtool

BIN = Path(sys.executable).parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROMETHEUS = ROOT / "config" / "prometheus"

every_service = pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=COMPOSE["services"])


def test_linters_have_nothing_to_say() -> None:
    """Hadolint for the Dockerfile, the specification's own schema for the compose file."""
    for command in (
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    ):
        done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_pins_what_the_project_needs() -> None:
    """Every runtime dependency is there, in a version that the project allows, and everything carries hashes."""
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+) \\$", LOCK, re.MULTILINE))
    assert len(re.findall(r"^[\w.-]+", LOCK, re.MULTILINE)) == len(pinned)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for dependency in map(Requirement, project["dependencies"]):
        version = pinned.get(canonicalize_name(dependency.name))
        assert version is not None, f"{dependency} is not in requirements.lock: write it anew (see its head)"
        assert dependency.specifier.contains(version, prereleases=True), f"{dependency}: the lock has {version}"
    for entry in re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry


def test_the_lock_is_for_the_images_python() -> None:
    """Another Python may need other packages."""
    version = re.search(r"ARG PYTHON=(3\.\d+)", DOCKERFILE)
    assert version
    assert f"--python-version {version[1]}" in LOCK


def test_what_is_copied_is_not_ignored() -> None:
    """The context holds exactly what the Dockerfile copies: no credentials, no state, no history."""
    copied = {
        word.removeprefix("./")
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_builder_understands_the_dockerfile() -> None:
    """No heredoc, `COPY --link` or start interval: older builders fail on them."""
    assert "<<" not in DOCKERFILE
    assert "--link" not in DOCKERFILE
    assert "--start-interval" not in DOCKERFILE


@every_service
def test_ports_are_published_on_loopback_only(service: dict[str, Any]) -> None:
    """Neither Prometheus nor the anonymous Grafana are for the network."""
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


@every_service
def test_services_are_confined(service: dict[str, Any]) -> None:
    """Nothing writable but volumes and /tmp, no capability, no root."""
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    user = str(service.get("user") or re.findall(r"ARG UID=(\d+)", DOCKERFILE)[0])
    assert user.split(":", maxsplit=1)[0] not in {"", "0", "root"}


@every_service
def test_services_say_whether_they_are_well(service: dict[str, Any]) -> None:
    """The agent's check is the image's own."""
    assert "healthcheck" in service or ("build" in service and "HEALTHCHECK" in DOCKERFILE)


@every_service
def test_what_is_mounted_exists(service: dict[str, Any]) -> None:
    """A missing folder would be made, empty, by the engine."""
    for mount in service["volumes"]:
        source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", mount).split(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / source).exists(), mount


def test_the_ledger_outlives_its_container() -> None:
    """State is a named volume, where the image's VOLUME is."""
    assert "state:/var/lib/probe" in COMPOSE["services"]["probe"]["volumes"]
    assert 'VOLUME ["/var/lib/probe"]' in DOCKERFILE


def test_the_image_is_stopped_as_patiently_as_the_agent_needs() -> None:
    """Instances are given back before the agent exits."""
    assert COMPOSE["services"]["probe"]["stop_grace_period"] == "60s"


@pytest.mark.servers
def test_prometheus_takes_its_configuration_and_rules() -> None:
    """Promtool has nothing to say, not even as a matter of taste."""
    for arguments in (
        ["check", "config", str(PROMETHEUS / "prometheus.yml")],
        ["check", "rules", "--lint=all", "--lint-fatal", str(PROMETHEUS / "rules" / "stability.yml")],
    ):
        said = promtool(*arguments)
        assert "SUCCESS" in said
        assert "FAILED" not in said


@pytest.mark.servers
def test_each_alert_fires_when_it_should_and_only_then() -> None:
    """The rules' own tests, in the folder beside them."""
    for path in sorted((PROMETHEUS / "tests").glob("*.yml")):
        assert promtool("test", "rules", str(path)).endswith("SUCCESS")


def test_every_alert_has_a_runbook_that_exists() -> None:
    """An alert that does not say what to do is noise."""
    rules = yaml.safe_load((PROMETHEUS / "rules" / "stability.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) == 9
    for alert in alerts:
        page, _, heading = alert["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {title.lower() for title in headings}
        assert alert["labels"]["severity"] in {"page", "ticket"}


def test_the_scrape_has_a_limit_of_twice_the_budget() -> None:
    """20 vendor regions stay under 30,000 series."""
    jobs = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert [job["job_name"] for job in jobs] == ["probe"]
    assert jobs[0]["sample_limit"] == 60_000
    assert jobs[0]["static_configs"][0]["labels"] == {"vantage": "local"}
