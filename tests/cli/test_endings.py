"""How commands end that are not let finish: told to stop, not listened to, not answered."""

import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import CLEAN, Probe, Start
from tests.cli.serving import answering, eventually, free_port

SHOP = (
    "agent: {{state: state}}\n"
    "probes:\n  - {{name: shop, kind: http, every: 1m, deadline: 30s, targets: [{{name: a, url: '{url}'}}]}}\n"
)

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Write a configuration with one http probe; its name."""

    def do(url: str) -> str:
        (tmp_path / "c.yaml").write_text(SHOP.format(url=url))
        return "c.yaml"

    return do


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def test_a_closed_output_does_not_end_in_a_crash(write: Callable[[str], str], tmp_path: Path) -> None:
    """`probe once shop >&-`: the first socket must not become standard output."""
    with answering() as url:
        command = f"{sys.executable} -m probe once shop -c {write(f'{url}/200')} <&- >&- 2>&-"
        ended = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=CLEAN, check=False)
    assert ended.returncode == 0


@pytest.mark.parametrize(("output", "status"), [("| head -0", 141), ("> /dev/full", 74)])
def test_output_that_nobody_takes_is_no_traceback_and_no_verdict(
    write: Callable[[str], str], tmp_path: Path, output: str, status: int
) -> None:
    """A reader that has gone, and a full disk; the status says nothing of the target."""
    with answering() as url:
        command = f"set -o pipefail; {sys.executable} -m probe once shop --json -c {write(f'{url}/200')} {output}"
        ended = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=CLEAN, capture_output=True, text=True, check=False
        )
    assert ended.returncode == status
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_once_that_is_told_to_stop_says_nothing_of_the_target(
    start: Start, write: Callable[[str], str], silent: socket.socket, number: signal.Signals
) -> None:
    """Neither 0 (it is well) nor 1 (it is to blame): 128 and the signal, as shells have it."""
    process = start("once", "shop", "-c", write(f"http://127.0.0.1:{silent.getsockname()[1]}/"))
    with silent.accept()[0]:
        process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "Traceback" not in said


def test_an_agent_that_is_told_to_stop_before_it_has_begun_ends_well(start: Start, write: Callable[[str], str]) -> None:
    """A container that is stopped in its first second has not failed."""
    process = start("run", "-c", write("http://127.0.0.1:1/"), PROBE_LISTEN="127.0.0.1:0")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in {0, -signal.SIGTERM}  # the latter before Python itself runs a line of ours


def _ignores(pid: int, number: signal.Signals) -> bool:
    """Whether the process does, or minds it by now."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool((int(status["SigIgn"], 16) | int(status["SigCgt"], 16)) >> (number - 1) & 1)


def test_an_agent_that_is_told_to_reload_before_it_can_goes_on(start: Start, write: Callable[[str], str]) -> None:
    """A reloader beside it need not know when it has begun; and so does one that is asked again and again meanwhile."""
    port = free_port()
    process = start("run", "-c", write("http://127.0.0.1:1/"), PROBE_LISTEN=f"127.0.0.1:{port}")
    eventually(lambda: _ignores(process.pid, signal.SIGHUP))  # before that, Python itself is starting
    with httpx.Client(trust_env=False) as client:

        def ready() -> bool:
            process.send_signal(signal.SIGHUP)
            return client.get(f"http://127.0.0.1:{port}/-/ready").is_success

        eventually(ready)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_nohup_keeps_a_command_from_a_closed_terminal(
    start: Start, write: Callable[[str], str], silent: socket.socket
) -> None:
    """Whoever started it so wants it to go on."""
    minded = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    try:
        process = start("once", "shop", "-c", write(f"http://127.0.0.1:{silent.getsockname()[1]}/"))
    finally:
        signal.signal(signal.SIGHUP, minded)
    with silent.accept()[0] as peer:
        process.send_signal(signal.SIGHUP)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        process.communicate(timeout=20)
    assert process.returncode == 0


_ASK = """
from probe.cli.configured import run_in_loop
from probe.cli.console import agreed

async def ask():
    print(agreed("delete 1 instance?"))

run_in_loop(ask())
"""


@pytest.mark.parametrize(("typed", "said"), [(b"\x03", b"KeyboardInterrupt"), (b"\x04", b"False"), (b"y\n", b"True")])
def test_a_question_can_be_left(typed: bytes, said: bytes) -> None:
    """Ctrl-C ends it though the event loop stands still, the end of input is a no."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", _ASK])  # noqa: S606 - no shell is wanted
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, typed)
    while said not in seen:
        seen += os.read(terminal, 1024)
    os.close(terminal)
    os.waitpid(child, 0)


def test_the_demo_tells_a_wrong_address_and_a_taken_port_before_it_greets(probe: Probe) -> None:
    """One sentence, which names what the person wrote; nothing is said to be measured."""
    wrong = probe("demo", "--listen", "nonsense")
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1)
    assert "'nonsense' is no address to listen on" in wrong.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = probe("demo", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (ended.returncode, ended.stdout) == (2, "")


def test_a_signal_and_its_echo_are_one_request(start: Start, tmp_path: Path) -> None:
    """`timeout` tells the process and then its group: that is no second signal, which would leave at once."""
    port = free_port()
    (tmp_path / "c.yaml").write_text(SHOP.format(url="http://127.0.0.1:1/"))
    process = start("run", "-c", "c.yaml", PROBE_LISTEN=f"127.0.0.1:{port}")
    with httpx.Client(trust_env=False) as client:
        eventually(lambda: client.get(f"http://127.0.0.1:{port}/-/ready").is_success)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_the_demo_tells_what_is_wrong_with_somebodys_vendors(probe: Probe, tmp_path: Path) -> None:
    """An imitation without its vendor file, a vendor file with a mistake, and a place that cannot be written."""
    ended = probe("demo", "--with", "mine")
    assert ended.returncode == 2
    assert "mine/sandbox is no folder" in ended.stderr
    (tmp_path / "mine" / "sandbox").mkdir(parents=True)
    (tmp_path / "mine" / "vendors").mkdir()
    imitation = (CONFIG / "sandbox" / "rackspace.yaml").read_text()
    (tmp_path / "mine" / "sandbox" / "nimbus.yaml").write_text(imitation)
    ended = probe("demo", "--with", "mine")
    assert ended.returncode == 2
    assert "sandbox/nimbus.yaml plays a vendor that" in ended.stderr
    (tmp_path / "mine" / "vendors" / "nimbus.yaml").write_text("vendor: nimbus\ntitel: Nimbus\n")
    ended = probe("demo", "--with", "mine")
    assert ended.returncode == 2
    assert "nimbus.yaml:2" in ended.stderr
    ended = probe("demo", "--write", "nowhere/play.yaml")
    assert ended.returncode != 0
    assert "choose another place for --write" in ended.stderr
    assert "Traceback" not in ended.stderr
