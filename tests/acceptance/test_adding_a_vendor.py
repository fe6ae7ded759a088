"""The tutorial is followed to the letter: its files are written, its commands run, and the eleventh vendor lives."""

import os
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.conftest import CLEAN
from tests.cli.serving import free_port
from tests.contracts.pages import ROOT, Block, blocks

PAGE = ROOT / "docs" / "adding-a-vendor.md"
SECONDS = 60.0
"""How long a command, or the demo's start, may take."""


@dataclass
class Reader:
    """Somebody who follows the page in an empty folder.

    Attributes:
        folder: where they work.
        port: where their demo's page is.
        ended: what they ran, with what became of it.
        left_running: what goes on in another terminal.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    ended: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)
    left_running: list[subprocess.Popen[str]] = field(default_factory=list)

    def follow(self, block: Block) -> None:
        """Do what one block of the page says."""
        if block.mark.startswith("file: "):
            file = self.folder / block.mark.removeprefix("file: ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.language == "console" and not block.mark.startswith("fragment"):
            for line in block.text.splitlines():
                self.run(line.removeprefix("$ "), background=block.mark == "background")

    def run(self, line: str, *, background: bool) -> None:
        """Run one command of a console; one in the background until its page answers."""
        program, *words = shlex.split(line)
        assert program == "probe", line
        command = [sys.executable, "-m", "probe", *words]
        environment = CLEAN | {"PROBE_LISTEN": f"127.0.0.1:{self.port}", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        if background:
            self.left_running.append(
                subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True)
            )
            self.await_page()
        else:
            self.ended[line] = subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
            )

    def await_page(self) -> None:
        """Wait until the demo answers."""
        until = time.monotonic() + SECONDS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1).close()
            except OSError:
                assert time.monotonic() < until, "the demo did not start"
                time.sleep(0.1)
            else:
                return

    def said(self, *words: str) -> str:
        """What the only command with all these *words* in it said."""
        (line,) = [line for line in self.ended if all(word in line for word in words)]
        return self.ended[line].stdout


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The reader, at the end of the page; what they left running is stopped after the tests."""
    reader = Reader(tmp_path_factory.mktemp("reader"))
    try:
        for block in blocks(PAGE):
            reader.follow(block)
        yield reader
    finally:
        for process in reader.left_running:
            process.terminate()
            process.communicate(timeout=SECONDS)


def test_every_command_of_the_page_does_what_it_should(reader: Reader) -> None:
    """Status 0, each of them."""
    assert len(reader.ended) >= 6
    for line, ended in reader.ended.items():
        assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"


def test_the_new_vendor_is_asked(reader: Reader) -> None:
    """By its own words, with its own key, which is not shown; its account is known by what outlives a key."""
    said = reader.said("--try zones", "play.yaml")
    assert "GET http://127.0.0.1:" in said
    assert '"here-1"' in said
    assert "x-nimbus-account: n-1000" in said.lower()
    assert "made-up-key-of-nimbus" not in said
    assert "account known by     number" in reader.said("vendors nimbus -c")


def test_the_new_vendor_is_rented_from_and_given_back(reader: Reader) -> None:
    """A whole life in phases, by a file that nobody but the reader has."""
    said = reader.said("once lifecycle")
    assert "lifecycle/nimbus/here-1  lifecycle  ok" in said
    for phase in ("accept", "provision", "address", "delete", "gone"):
        assert f"\n  {phase}" in said, phase


def test_the_demo_measures_it_by_every_kind(reader: Reader) -> None:
    """Beside the others, and by the same probes."""
    wanted = {f'probe="{name}"' for name in ("lifecycle", "api-read", "monitoring-nimbus")}
    until = time.monotonic() + SECONDS
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{reader.port}/metrics", timeout=5) as answer:
            lines = [line for line in answer.read().decode().splitlines() if 'vendor="nimbus"' in line]
        good = {word for line in lines for word in wanted if word in line and 'outcome="ok"' in line}
        if good == wanted:
            return
        assert time.monotonic() < until, f"not yet: {wanted - good}"
        time.sleep(0.5)


def test_adding_it_changed_nothing_of_ours() -> None:
    """Not one line of the program knows of it."""
    for file in (ROOT / "probe").rglob("*.py"):
        assert "nimbus" not in file.read_text("utf-8").lower(), file
