import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probe.store import Store
from tests.cli.conftest import CLEAN
from tests.cli.serving import free_port

HEAVY = {
    "alembic",
    "apscheduler",
    "asyncio",
    "botocore",
    "cryptography",
    "dns",
    "httpcore",
    "httpx",
    "jmespath",
    "prometheus_client",
    "pydantic",
    "sqlalchemy",
    "ssl",
    "starlette",
    "uvicorn",
    "uvloop",
    "yaml",
}
"""What takes milliseconds to import; asyncio and ssl are the standard library's own."""
NOT_FOR_TARGETS = {
    "alembic",
    "boto3",
    "botocore",
    "cryptography",
    "google.auth",
    "mako",
    "probe.cloud.auth.keystone_v3",
    "probe.probes.blackbox",
    "probe.sandbox",
    "re2",
}
"""What nobody needs who measures targets of his own, has no modules of a blackbox.yml and nothing to migrate."""
NOT_FOR_LOOKING = NOT_FOR_TARGETS | {
    "apscheduler",
    "dns.message",
    "h2",
    "httpcore",
    "probe.cloud.cloud",
    "probe.cloud.file.vendor",
    "probe.engine.engine",
    "probe.exposition.web",
    "probe.rental.sweeper",
    "probe.store.store",
    "prometheus_client",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
"""What, besides, nobody needs who only looks at a configuration."""
NOT_FOR_ONE_RUN = NOT_FOR_LOOKING - {"dns.message", "h2", "httpcore"}
"""What, besides, nobody needs who runs one probe."""
CONFIGURATION = """\
probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: "http://127.0.0.1:9/"}]}]
"""
VENDOR = """\
vendors: {r: {use: rackspace, region: DFW, credentials: {username: {env: A}, api_key: {env: B}}}}
probes: [{name: a, kind: api, vendors: "*", every: 30s, deadline: 5s, options: {operation: list}}]
"""
IMPORTED = """\
import sys
sys.argv = ["probe", *sys.argv[1:]]
from probe.cli import main
try:
    main()
except SystemExit:
    pass
print("\\n".join(sys.modules), file=sys.stderr)
"""


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that `probe` with these arguments has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        cwd=folder,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_what_needs_nothing_imports_nothing(argument: str, tmp_path: Path) -> None:
    """`probe --version` answers in a moment, also in a container's first second."""
    modules = imported(tmp_path, argument)
    assert "click" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize("command", ["check", "list"])
def test_to_look_at_a_configuration_takes_little(command: str, tmp_path: Path) -> None:
    """Neither web server, scheduler, ledger, sandbox nor what reads vendor files that nobody uses."""
    (tmp_path / "probe.yaml").write_text(CONFIGURATION)
    modules = imported(tmp_path, command, "-c", "probe.yaml")
    assert "pydantic" in modules
    assert modules & NOT_FOR_LOOKING == set()


def test_to_run_a_probe_once_takes_no_agent(tmp_path: Path) -> None:
    """What rents nothing needs no ledger, what is asked once no schedule, and nobody asks for metrics."""
    (tmp_path / "probe.yaml").write_text(CONFIGURATION)
    modules = imported(tmp_path, "once", "a", "-c", "probe.yaml")
    assert "probe.wire.wire" in modules
    assert modules & NOT_FOR_ONE_RUN == set()


def test_who_has_a_vendor_reads_its_file_alone(tmp_path: Path) -> None:
    """The files of vendors that are not measured are neither read nor, with them, their ways to authenticate."""
    (tmp_path / "probe.yaml").write_text(VENDOR)
    modules = imported(tmp_path, "check", "-c", "probe.yaml")
    assert "probe.cloud.file.vendor" in modules
    assert modules & {"botocore", "google.auth", "sqlalchemy", "starlette", "apscheduler"} == set()


async def _made(state: Path) -> None:
    """Make a state folder that needs no migration."""
    await (await Store.open(state)).close()


def test_an_agent_of_targets_does_without_what_vendors_need(tmp_path: Path) -> None:
    """The first figure is there in a second: of what it is not made of, nothing is imported before it."""
    (tmp_path / "probe.yaml").write_text(f"agent: {{listen: '127.0.0.1:{free_port()}'}}\n{CONFIGURATION}")
    asyncio.run(_made(tmp_path / "state"))
    command = [sys.executable, "-c", IMPORTED, "run", "-c", "probe.yaml"]
    with subprocess.Popen(command, cwd=tmp_path, env=CLEAN, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            while "msg=measuring" not in (line := process.stderr.readline()):
                assert line, "it ended"
            process.send_signal(signal.SIGTERM)
            modules = set(process.stderr.read().splitlines())
        finally:
            process.kill()
    assert "apscheduler" in modules
    assert modules & NOT_FOR_TARGETS == set()
