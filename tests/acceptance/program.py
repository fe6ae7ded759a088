"""`probe` as a person runs it: in a folder of its own, with a configuration of its own."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.conftest import CLEAN


class Program:
    """The program, with one configuration and some secrets in its environment."""

    def __init__(self, folder: Path, configuration: str, **secrets: str) -> None:
        self._file = folder / "c.yaml"
        self._secrets = secrets
        self.write(configuration)

    def write(self, configuration: str) -> None:
        """Replace the configuration."""
        self._file.write_text(configuration)

    async def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, while the loop of the test goes on."""
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "probe", *arguments, "-c", self._file.name],
            cwd=self._file.parent,
            env=CLEAN | self._secrets,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    async def once(self, name: str) -> dict[str, Any]:
        """What `probe once NAME --json` says of its only target."""
        ended = await self("once", name, "--json")
        assert ended.stdout.count("\n") == 1, ended.stdout + ended.stderr
        said: dict[str, Any] = json.loads(ended.stdout)
        return said
