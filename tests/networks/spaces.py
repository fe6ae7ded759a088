"""Network namespaces: an agent's and the world's, with one link between them that a test can cut."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
GATEWAY: Final = "10.77.0.1"
AGENT: Final = "10.77.0.2"
RESOLVERS: Final = ("203.0.113.1", "203.0.113.2")
HOSTS: Final = ("203.0.113.3", "203.0.113.4")
VENDOR: Final = "203.0.113.10"


def ip(*arguments: str) -> None:
    """Run `ip` from iproute2; fail the test if it cannot do that."""
    if shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
        pytest.fail("this test needs the program ip: install iproute2, or run `python -m tests.provision`")
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(
            f"`ip {' '.join(arguments)}` failed ({done.stderr.strip()}): this test makes network namespaces, so it "
            "needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN in its container"
        )


class Spaces:
    """Two namespaces, and programs that run in them.

    Attributes:
        agent: name of the agent's.
        world: name of the other, which has the gateway and everything beyond.
    """

    def __init__(self) -> None:
        self.agent, self.world = (f"probe-{word}-{os.getpid()}" for word in ("agent", "world"))
        self._programs: list[subprocess.Popen[str]] = []

    def make(self) -> None:
        """Make them, with a link between them and a default route to the world."""
        for name in (self.agent, self.world):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", self.agent, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.world)
        for name, address in ((self.agent, AGENT), (self.world, GATEWAY)):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        ip("-n", self.agent, "route", "add", "default", "via", GATEWAY)
        for address in (*RESOLVERS, *HOSTS, VENDOR):
            ip("-n", self.world, "addr", "add", f"{address}/32", "dev", "lo")

    def cut_link(self) -> None:
        """Let nothing through from here on; the agent's routes stay as they are."""
        ip("-n", self.world, "link", "set", "eth0", "down")

    def mend_link(self) -> None:
        """Undo `cut_link`."""
        ip("-n", self.world, "link", "set", "eth0", "up")

    def swallow_answers(self) -> None:
        """Let no answer come back, without a word to anybody; the link stays, and the gateway is known on it."""
        ip("-n", self.world, "route", "add", "blackhole", f"{AGENT}/32")

    def spare_answers(self) -> None:
        """Undo `swallow_answers`."""
        ip("-n", self.world, "route", "del", "blackhole", f"{AGENT}/32")

    def cut_vendor(self) -> None:
        """Let what is sent to the vendor vanish."""
        ip("-n", self.world, "addr", "del", f"{VENDOR}/32", "dev", "lo")

    def mend_vendor(self) -> None:
        """Undo `cut_vendor`."""
        ip("-n", self.world, "addr", "add", f"{VENDOR}/32", "dev", "lo")

    def run(self, space: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program of ours in *space* to its end."""
        command = ["ip", "netns", "exec", space, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    def start(self, space: str, module: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a module of the tests in *space*, and wait until it says that it is ready."""
        command = ["ip", "netns", "exec", space, sys.executable, "-W", "error", "-m", module, *arguments]
        program = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._programs.append(program)
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        return program

    def clear(self) -> None:
        """End the programs and remove the namespaces."""
        for program in self._programs:
            program.kill()
            program.communicate()
        for name in (self.agent, self.world):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@contextmanager
def spaces() -> Iterator[Spaces]:
    """Two namespaces for a test."""
    made = Spaces()
    try:
        made.make()
        yield made
    finally:
        made.clear()


def told(program: subprocess.Popen[str]) -> dict[str, Any]:
    """What the program *program* has to say when it is told to end."""
    program.send_signal(signal.SIGTERM)
    out, _ = program.communicate(timeout=20)
    assert program.returncode == 0
    said: dict[str, Any] = json.loads(out)
    return said


def wait(seconds: float) -> None:
    """Let the programs go on for a while."""
    time.sleep(seconds)
