"""A real browser without a window, for the page."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@dataclass(frozen=True, slots=True)
class Chromium:
    """Opens pages and says what became of them."""

    program: str
    profile: Path

    async def _run(self, *arguments: str) -> tuple[bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            self.program,
            *_FLAGS,
            f"--user-data-dir={self.profile}",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, complaints = await asyncio.wait_for(process.communicate(), 50)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, complaints.decode("utf-8", "replace")
        return out, complaints

    async def document(self, url: str, *, wait: float = 1.0) -> tuple[str, list[str]]:
        """The document at *url* as it is after *wait* seconds of its own time, and what stands in the console then."""
        budget = f"--virtual-time-budget={int(wait * 1000)}"
        out, told = await self._run("--enable-logging=stderr", budget, "--dump-dom", url)
        console = [line for line in told.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
        return out.decode(), console

    async def picture(self, url: str, path: Path, *, size: tuple[int, int] = (1280, 1600), dark: bool = False) -> Path:
        """A screenshot of *url*, in the light or the dark scheme."""
        settings = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        await self._run(settings, f"--window-size={size[0]},{size[1]}", f"--screenshot={path}", url)
        return path


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    """The browser of this machine, with a profile of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("Chromium is missing: apt-get install -y --no-install-recommends chromium")
    with tempfile.TemporaryDirectory(prefix="probe-chromium-", ignore_cleanup_errors=True) as profile:
        yield Chromium(program, Path(profile))
