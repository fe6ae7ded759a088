import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
CONFIGURATION = """\
probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: "http://127.0.0.1:9/"}]}]
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


def test_commands_import_what_they_need(tmp_path: Path) -> None:
    """To look at a configuration takes neither web server, scheduler nor sandbox."""
    (tmp_path / "probe.yaml").write_text(CONFIGURATION)
    modules = imported(tmp_path, "list", "-c", "probe.yaml")
    assert "pydantic" in modules
    assert modules & {"apscheduler", "cryptography", "starlette", "uvicorn", "probe.sandbox"} == set()


def test_an_agent_does_without_the_libraries_of_the_sandbox(tmp_path: Path) -> None:
    """What makes its certificates and answers its questions costs memory only where it runs."""
    (tmp_path / "probe.yaml").write_text(f"agent: {{listen: '127.0.0.1:{free_port()}'}}\n{CONFIGURATION}")
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
    assert modules & {"boto3", "cryptography", "probe.sandbox"} == set()
