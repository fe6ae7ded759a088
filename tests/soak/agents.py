"""The agent under test as a person runs it, and what is done to it."""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from tests.chaos.kill.ledgers import StateFolder
from tests.chaos.kill.remote import MortalPostgres, RemoteFolder
from tests.soak.vendors import Rented

_ROOT: Final = Path(__file__).parents[2]
_CONFIGURATION: Final = """\
agent: {{state: state, ledger: {ledger}, listen: "127.0.0.1:{port}", grace: 3s, log: {{level: info}}}}
vendor_files: files
controls: {{checks: []}}
vendors:
{vendors}probes:
{probes}guards: {{instances_at_once: 8, per_day: 100000, lease: {lease:g}s}}
"""
_PROBE: Final = """\
  - name: lifecycle-{number}
    kind: lifecycle
    vendors: [{renting}]
    every: {every}s
    deadline: 2s
    options: {{size: small, image: debian-12, delete_deadline: 1s, poll_grace: 1s}}
"""
_PROBES: Final = 3
_BESIDE: Final = (("sweep", "--yes"), ("once", "lifecycle-1"), ("instances",), ("sweep", "--dry-run"))
Process = asyncio.subprocess.Process


class Agents:
    """An agent that is killed, stopped, reloaded and started, and commands beside it.

    Args:
        folder: for its configuration, its state and its log.
        vendors: whom it rents from.
        lease: seconds of its leases.
        port: that it listens on.
        server: of its ledger; None where that is a file.

    Attributes:
        done: what was done to it, and how often.
        state: its state folder.
    """

    def __init__(
        self, folder: Path, vendors: Sequence[Rented], lease: float, port: int, server: MortalPostgres | None = None
    ) -> None:
        self.done: Counter[str] = Counter()
        self.state = StateFolder(folder / "state") if server is None else RemoteFolder(folder / "state", server, "soak")
        self._server = server
        self.log = folder / "agent.log"
        self._folder = folder
        self._vendors = vendors
        self._lease = lease
        self._port = port
        self._agent: Process | None = None
        self._beside: list[Process] = []

    def configure(self, dice: random.Random) -> None:
        """Write a configuration: with another period, and now and then without one of the vendors' probes."""
        renting = [vendor.name for vendor in self._vendors]
        if dice.random() < 1 / 4:
            renting.remove(dice.choice(renting))
        place = self.state.place
        text = _CONFIGURATION.format(
            ledger="null" if place is None else json.dumps({"url": place.url}),
            port=self._port,
            vendors="".join(vendor.written(self._folder) for vendor in self._vendors),
            probes="".join(
                _PROBE.format(number=number + 1, renting=", ".join(renting), every=dice.choice((3, 4)))
                for number in range(_PROBES)
            ),
            lease=self._lease,
        )
        (self._folder / "c.yaml").write_text(text)

    async def begin(self) -> None:
        """A state folder with a witness, and an agent that uses it."""
        self.state.prepare()
        status = await self.command("sweep", "--yes")
        assert status == 0, self.log.read_text()
        self.state.watch()
        await self._start()

    async def something(self, dice: random.Random) -> str:
        """Do something to it; what that was."""
        if self._server is not None and dice.random() < 1 / 6:
            return await self._strike_server(self._server, dice)
        name = dice.choices(("kill", "stop", "reload", "beside", "kill beside"), (5, 1, 2, 3, 2))[0]
        match name:
            case "kill":
                await self._end(signal.SIGKILL)
                await asyncio.sleep(dice.choice((0.0, 0.0, 1.0)))
                await self._start()
            case "stop":
                await self._end(signal.SIGTERM)
                await self._start()
            case "reload":
                self.configure(dice)
                if self._agent is not None and self._agent.returncode is None:
                    self._agent.send_signal(signal.SIGHUP)
            case "beside":
                words = dice.choice(_BESIDE)
                self._beside.append(await self._run(*words))
                name = f"beside: {words[0]}"
            case _:
                await self._kill_beside()
        self.done[name] += 1
        return name

    async def rest(self) -> None:
        """Kill everything that still runs, but for the ledger's server."""
        await self._end(signal.SIGKILL)
        await self._kill_beside()
        if self._server is not None:
            await asyncio.to_thread(self._server.go_on)

    async def _strike_server(self, server: MortalPostgres, dice: random.Random) -> str:
        """Something happens to the ledger's server, for some seconds; what that was."""
        name, blow = dice.choice(
            (("server kill", server.kill), ("server stop", server.stop), ("server hang", server.hang))
        )
        await asyncio.to_thread(blow)
        await asyncio.sleep(dice.choice((0.0, 0.5, 3.0)))
        await asyncio.to_thread(server.go_on)
        self.done[name] += 1
        return name

    async def command(self, *words: str) -> int:
        """Run a command to its end; its status."""
        return await (await self._run(*words)).wait()

    async def _kill_beside(self) -> None:
        for process in self._beside:
            if process.returncode is None:
                process.kill()
            await process.wait()
        self._beside.clear()

    async def _start(self) -> None:
        self._agent = await self._run("run")

    async def _end(self, number: signal.Signals) -> None:
        if self._agent is None:
            return
        if self._agent.returncode is None:
            self._agent.send_signal(number)
        else:
            self.done[f"ended by itself with {self._agent.returncode}"] += 1
        await self._agent.wait()
        self._agent = None

    async def _run(self, *words: str) -> Process:
        with self.log.open("ab") as log:
            return await self._spawn(words, log)

    async def _spawn(self, words: Sequence[str], log: IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "probe", *words, "-c", "c.yaml"),
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
