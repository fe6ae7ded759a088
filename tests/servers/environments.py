"""Installs a server into a virtual environment of its own, once, and runs it on a free port of loopback."""

import fcntl
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_VENVS = ROOT / ".cache" / "venvs"
_PATIENCE = 60.0


def environment(name: str, *packages: str) -> Path:
    """The `bin` folder of the environment *name*, which holds *packages*; installs what is missing."""
    home = _VENVS / name
    home.mkdir(parents=True, exist_ok=True)
    complete = home / "complete.txt"
    wanted = "\n".join(packages)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once install once
        if not complete.exists() or complete.read_text() != wanted:
            subprocess.run([_python(), "-m", "venv", home], check=True)
            subprocess.run([home / "bin" / "pip", "install", "--quiet", *packages], check=True)
            complete.write_text(wanted)
    return home / "bin"


def _python() -> str:
    """The Python that the servers need: 3.11, which is the one that runs the tests where it is that."""
    return sys.executable if sys.version_info[:2] == (3, 11) else "python3.11"


def free_port() -> int:
    """A port of loopback that nothing listened on a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


@contextmanager
def running(
    command: Sequence[str | Path], url: str, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run *command* in *folder* until the block ends; the block starts when something answers at *url*."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=output, stderr=subprocess.STDOUT)
        try:
            _await_answer(process, url, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_answer(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args!r} ended: {log.read_text(errors='replace')[-2000:]}"
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - a URL of ours
                return
        except urllib.error.HTTPError:
            return  # an answer is an answer
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{process.args!r} did not answer: {log.read_text(errors='replace')[-2000:]}")
