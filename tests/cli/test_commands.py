"""The commands, each as a process of its own."""

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from probe import __version__
from tests.cli.conftest import Probe, Start
from tests.cli.serving import answering, eventually, free_port

AGENT = "agent: {{listen: '127.0.0.1:{port}', state: state}}\n"
SHOP = AGENT + (
    "probes:\n  - {{name: shop, kind: http, every: {every}, deadline: 1s, targets: [{{name: a, url: '{url}'}}]}}\n"
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a configuration with one http probe; its name."""

    def do(url: str, port: int = 9781, every: str = "1s") -> str:
        (tmp_path / "c.yaml").write_text(SHOP.format(port=port, url=url, every=every))
        return "c.yaml"

    return do


def test_version(probe: Probe) -> None:
    """`--version` says which version this is."""
    assert probe("--version").stdout == f"probe {__version__}\n"


def test_help_lists_every_command(probe: Probe) -> None:
    """Each promised command has its line."""
    said = probe("--help").stdout
    for name in ("run", "demo", "once", "check", "list", "vendors", "instances", "sweep", "schema"):
        assert f"\n  {name} " in said


@pytest.mark.parametrize("name", ["run", "demo", "once", "check", "list", "vendors", "instances", "sweep", "schema"])
def test_every_command_has_help(probe: Probe, name: str) -> None:
    """A command that cannot be imported has no help."""
    ended = probe(name, "--help")
    assert ended.returncode == 0, ended.stderr
    assert "Usage:" in ended.stdout


def test_once_says_ok_with_status_0(probe: Probe, write: Callable[..., str]) -> None:
    """A run that is ok is drawn as a waterfall."""
    with answering() as url:
        ended = probe("once", "shop", "-c", write(f"{url}/200"))
    assert ended.returncode == 0, ended.stderr
    assert "shop/a  http  ok (blame: none)" in ended.stdout
    assert "wait" in ended.stdout


def test_once_says_1_if_the_target_is_to_blame(probe: Probe, write: Callable[..., str]) -> None:
    """Nobody listens: refused, in phase connect."""
    ended = probe("once", "shop", "-c", write(f"http://127.0.0.1:{free_port()}/"))
    assert ended.returncode == 1
    assert "refused (blame: vendor, in phase connect)" in ended.stdout


def test_once_speaks_json(probe: Probe, write: Callable[..., str]) -> None:
    """One object a line, for scripts."""
    with answering() as url:
        ended = probe("once", "shop", "-c", write(f"{url}/503"), "--json")
    said = json.loads(ended.stdout)
    assert (said["outcome"], said["blame"], said["target"]) == ("vendor_error", "vendor", "a")
    assert ended.returncode == 1


def test_once_names_the_probes_there_are(probe: Probe, write: Callable[..., str]) -> None:
    """A probe that does not exist is a mistake of the person, with a way out."""
    ended = probe("once", "shoop", "-c", write("http://127.0.0.1:1/"))
    assert ended.returncode == 2
    assert ended.stderr == "probe: there is no probe 'shoop' that could run; there is: shop\n"


def test_once_explains_the_exchange(probe: Probe, write: Callable[..., str]) -> None:
    """What went over the wire is shown on demand."""
    with answering() as url:
        ended = probe("once", "shop", "-c", write(f"{url}/200"), "--explain")
    assert f"> GET {url}/200" in ended.stdout
    assert "  < 200" in ended.stdout


def test_check_tells_every_complaint_and_status_2(probe: Probe, tmp_path: Path) -> None:
    """Two mistakes, two complaints, one summary."""
    (tmp_path / "c.yaml").write_text("probes:\n  - {name: a, kind: htp, every: soon, deadline: 1s}\nfoo: 1\n")
    ended = probe("check", "-c", "c.yaml")
    assert ended.returncode == 2
    assert "kind" in ended.stderr
    assert "foo" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_check_of_a_right_file_counts(probe: Probe, write: Callable[..., str]) -> None:
    """A right configuration is summed up in a line."""
    ended = probe("check", "-c", write("http://127.0.0.1:1/"))
    assert ended.returncode == 0
    assert ended.stdout == "c.yaml: right; 0 vendors, 1 probe, 1 schedule\n"


def test_check_of_secrets_fails_for_one_that_is_not_set(probe: Probe, tmp_path: Path) -> None:
    """With `--secrets` a missing one is an error, without it a note."""
    (tmp_path / "c.yaml").write_text(
        "vendors:\n  a: {use: aws, region: eu-central-1, credentials: "
        "{access_key: {env: NOT_SET_A}, secret_key: {env: NOT_SET_B}}}\n"
        "probes:\n  - {name: r, kind: api, vendors: '*', every: 30s, deadline: 5s, options: {operation: list}}\n"
    )
    assert probe("check", "-c", "c.yaml").returncode == 0
    ended = probe("check", "--secrets", "-c", "c.yaml")
    assert ended.returncode == 2
    assert "NOT_SET_A" in ended.stderr


def test_list_shows_what_would_be_measured(probe: Probe, write: Callable[..., str]) -> None:
    """A line for each series."""
    lines = probe("list", "-c", write("http://127.0.0.1:1/")).stdout.splitlines()
    assert lines[0].split()[:3] == ["PROBE", "KIND", "VENDOR"]
    assert lines[1].split() == ["shop", "http", "none", "-", "a", "1s", "1s", "lean", "-"]


def test_schema_is_json(probe: Probe) -> None:
    """Both schemas parse."""
    assert json.loads(probe("schema").stdout)["$schema"]
    assert json.loads(probe("schema", "--vendor").stdout)["properties"]


def test_vendors_shows_what_a_vendor_can_do(probe: Probe) -> None:
    """The packaged vendor files are listed, and shown one by one."""
    assert {"aws", "openstack", "rackspace"} <= {line.split()[0] for line in probe("vendors").stdout.splitlines()}
    assert "lifecycle" in probe("vendors", "aws").stdout
    unknown = probe("vendors", "acme")
    assert unknown.returncode == 2
    assert "there is no vendor file 'acme'" in unknown.stderr


def test_instances_of_a_new_state_folder(probe: Probe, write: Callable[..., str], tmp_path: Path) -> None:
    """Nothing was ever rented, and looking makes no folder."""
    assert probe("instances", "-c", write("http://127.0.0.1:1/")).stdout == "nothing is rented\n"
    assert not (tmp_path / "state").exists()


def test_a_taken_port_is_a_sentence(probe: Probe, write: Callable[..., str]) -> None:
    """No traceback for a port that somebody else has."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        ended = probe("run", "-c", write("http://127.0.0.1:1/", sock.getsockname()[1]))
    assert ended.returncode == 2
    assert "the port is taken" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_run_measures_reloads_and_stops(start: Start, write: Callable[..., str]) -> None:
    """A running agent: metrics, a refused and an accepted reload, SIGHUP, SIGTERM with status 0."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    with answering() as url, httpx.Client(trust_env=False) as client:
        running = start("run", "-c", write(f"{url}/200", port))
        ok = 'stability_runs_total{vendor="none",region="",probe="shop",target="a",layer="service",outcome="ok"'
        eventually(lambda: f'{ok},blame="none"}} 0' not in client.get(f"{here}/metrics").text)
        assert client.get(f"{here}/-/ready").status_code == httpx.codes.OK

        write(f"{url}/200", port, every="never")
        assert client.post(f"{here}/-/reload").status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "stability_config_last_reload_successful 0" in client.get(f"{here}/metrics").text

        write(f"{url}/200", port, every="2s")
        running.send_signal(signal.SIGHUP)
        eventually(lambda: "stability_config_last_reload_successful 1" in client.get(f"{here}/metrics").text)

        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


def test_two_agents_on_one_state_folder(start: Start, probe: Probe, write: Callable[..., str], tmp_path: Path) -> None:
    """The second refuses with a sentence; a reader is welcome."""
    port = free_port()
    with answering() as url, httpx.Client(trust_env=False) as client:
        start("run", "-c", write(f"{url}/200", port))
        eventually(lambda: client.get(f"http://127.0.0.1:{port}/-/ready").is_success)
        (tmp_path / "d.yaml").write_text(SHOP.format(port=free_port(), url=url, every="1s"))
        second = probe("run", "-c", "d.yaml")
        assert second.returncode == 2
        assert "another agent" in second.stderr
        assert probe("instances", "-c", "c.yaml").stdout == "nothing is rented\n"
