"""A sandbox in a process of its own, so that an agent beside it measures the sandbox and not its own event loop.

The child says on its standard output where everything is, in one line, and ends when its standard input does: it
cannot outlive its parent, whatever becomes of that. It is in a session of its own, so that Ctrl-C reaches the agent
first, which then has somebody to give its instances back to.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from probe.sandbox.places import DEMO, Casting, Places

_PATIENCE: Final = 20.0
"""Seconds that a child has to start, and to stop."""
_REMEMBERED: Final = 20
"""Lines of complaints that are kept."""


class SandboxFailed(Exception):  # noqa: N818 - it says what failed
    """Raised when the sandbox's process does not come up; the message is what it said."""


class SandboxProcess:
    """The parent's side.

    Attributes:
        places: where everything is.
        pid: of the child.
    """

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self._complaints: deque[str] = deque(maxlen=_REMEMBERED)
        self._listening = asyncio.create_task(self._listen())
        self.pid = child.pid
        self.places: Places

    @classmethod
    async def start(
        cls, data: Sequence[Path], castings: Sequence[Casting] = DEMO, *, folder: Path, seed: str = "sandbox"
    ) -> Self:
        """Start a sandbox with the data files in *data*; its secrets and certificates go into *folder*.

        Raises:
            SandboxFailed: it did not come up.
        """
        cast = [f"--cast={casting.name}={casting.use}:{casting.character}" for casting in castings]
        process = cls(await _spawned(*cast, "--seed", seed, "--folder", str(folder), *(str(item) for item in data)))
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await _lines(process._child.stdout).readline()
        except TimeoutError:
            line = b""
        if not line:
            await process.stop()
            raise SandboxFailed(process.complaint or "the sandbox did not start, and did not say why")
        process.places = Places.from_json(line.decode())
        return process

    @property
    def complaint(self) -> str:
        """The last thing that the child complained of."""
        return self._complaints[-1] if self._complaints else ""

    async def stop(self) -> None:
        """End the child and wait for it."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()
        await self._listening

    async def ended(self) -> None:
        """Wait until the child has ended by itself, which it should not."""
        await self._child.wait()

    async def _listen(self) -> None:
        """Keep the pipe of complaints from filling up, which would stop the child."""
        while line := await _lines(self._child.stderr).readline():
            self._complaints.append(line.decode("utf-8", "replace").rstrip())


async def _spawned(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "probe.sandbox",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


def _lines(pipe: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if pipe is None:
        raise SandboxFailed("the sandbox has no pipe to speak through")
    return pipe
