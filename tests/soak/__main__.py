"""A randomised soak: agents are killed, stopped and reloaded while everything goes wrong, and nothing may be left.

`python -m tests.soak --minutes 10 --seed 1`; the seed gives the same luck again, as far as time allows.
"""

# ruff: noqa: T201 - a command line prints

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from tests.chaos.kill import verdict
from tests.chaos.kill.remote import MortalPostgres, mortal_postgres
from tests.chaos.kill.scenarios import LEDGERS, POSTGRESQL, SQLITE
from tests.chaos.kill.styles import SANDBOX
from tests.servers.environments import free_port
from tests.soak.agents import Agents
from tests.soak.evidence import concerned, lines_about
from tests.soak.vendors import LATENESS, Rented, write_character, write_vendor_files

_REPORTED = 30.0
"""Seconds between two lines of progress."""
_SWEPT: Final = 150.0
"""Seconds in which a sweep has waited for all that does not go, and another has come after it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak; 0 if the four zeros are zero, else 1."""
    parser = argparse.ArgumentParser("python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", default="", help="the same gives the same luck; a new one is drawn and said")
    parser.add_argument("--lease", type=float, default=20.0, help="seconds of a lease")
    parser.add_argument("--ledger", choices=LEDGERS, default=SQLITE, help="a server is killed, stopped and hung, too")
    options = parser.parse_args(arguments)
    seed = options.seed or secrets.token_hex(4)
    again = f"make soak MINUTES={options.minutes:g} SEED={seed} LEDGER={options.ledger}"
    print(f"soaking for {options.minutes:g} minutes, again with: {again}")
    with (
        tempfile.TemporaryDirectory(prefix="probe-soak-") as folder,
        mortal_postgres() if options.ledger == POSTGRESQL else nullcontext() as server,
    ):
        return asyncio.run(_soak(Path(folder), 60.0 * options.minutes, seed, options.lease, server))


async def _soak(folder: Path, seconds: float, seed: str, lease: float, server: MortalPostgres | None) -> int:
    character = write_character(folder / "character")
    write_vendor_files(folder / "files", [use for use, _ in SANDBOX.values()])
    vendors = [Rented(name, character, seed) for name in SANDBOX]
    for vendor in vendors:
        await vendor.open()
    agents, dice = Agents(folder, vendors, lease, free_port(), server), random.Random(seed)
    agents.configure(dice)
    try:
        await agents.begin()
        await asyncio.gather(_bother(agents, dice, seconds, vendors), _trouble(vendors, seed, seconds))
        complaints = await _settle(agents, vendors, lease)
    finally:
        await agents.rest()
        for vendor in vendors:
            await vendor.gate.stop()
    _show(agents, vendors, complaints)
    if complaints:
        _show_log(
            agents.log, concerned(complaints, {id_: lease for v in vendors for id_, lease in v.gate.made.items()})
        )
    return 1 if complaints else 0


def _show_log(log: Path, names: frozenset[str]) -> None:
    """All that the agents said of what was found, and the last that they said of anything."""
    text = log.read_text(errors="replace")
    print("--- of what was found:", *lines_about(names, text.splitlines()), sep="\n", file=sys.stderr)
    print(f"--- the end:\n{text[-8000:]}", file=sys.stderr)


async def _bother(agents: Agents, dice: random.Random, seconds: float, vendors: Sequence[Rented]) -> None:
    """Do things to the agent, until so many *seconds* have passed."""
    ends, reported = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < ends:
        await asyncio.sleep(2.0 + dice.expovariate(1 / 3))
        await agents.something(dice)
        if time.monotonic() - reported > _REPORTED:
            reported = time.monotonic()
            creates = sum(len(vendor.gate.creates) for vendor in vendors)
            print(f"{ends - reported:.0f} s to go, {creates} creates, {agents.done.total()} blows", file=sys.stderr)


async def _trouble(vendors: Sequence[Rented], seed: str, seconds: float) -> None:
    """Let things go wrong with the vendors."""
    dice, ends = random.Random(f"{seed}/trouble"), time.monotonic() + seconds
    while time.monotonic() < ends:
        await asyncio.sleep(dice.expovariate(1.0))
        dice.choice(vendors).trouble(dice)


async def _settle(agents: Agents, vendors: Sequence[Rented], lease: float) -> list[str]:
    """Kill the agent, end all trouble, sweep until nothing is left to do, and look."""
    await agents.rest()
    for vendor in vendors:
        vendor.calm()
        await vendor.gate.quiet()
    before = {vendor.name: await vendor.truth() for vendor in vendors}
    unwritten = [
        f"ledger: {what}" for vendor in vendors for what in verdict.at_death(before[vendor.name], agents.state)
    ]
    ends = time.monotonic() + lease + 2 * LATENESS + _SWEPT
    while time.monotonic() < ends:
        await agents.command("sweep", "--yes")
        truths = [await vendor.truth() for vendor in vendors]
        if not any(list(verdict.left(truth)) for truth in truths) and not list(verdict.unsettled(agents.state)):
            break
        await asyncio.sleep(0.5)
    complaints = [*unwritten, *(f"ledger: {what}" for what in verdict.unsettled(agents.state))]
    for vendor in vendors:
        after = await vendor.truth()
        complaints += [f"left: {what}" for what in verdict.left(after)]
        complaints += [f"foreign: {what}" for what in verdict.foreign(after, vendor.bystanders)]
        complaints += [f"doubled: {what}" for what in verdict.doubled(before[vendor.name], after)]
    return complaints


def _show(agents: Agents, vendors: Sequence[Rented], complaints: Sequence[str]) -> None:
    print(f"\n{'VENDOR':10}{'REQUESTS':>10}{'CREATES':>9}{'MADE':>7}{'TROUBLES':>10}")
    for vendor in vendors:
        gate = vendor.gate
        print(f"{vendor.name:10}{gate.requests:10}{len(gate.creates):9}{len(gate.made):7}{vendor.troubles.total():10}")
    print("done to the agent: " + ", ".join(f"{count} {name}" for name, count in sorted(agents.done.items())))
    kinds = sum((vendor.troubles for vendor in vendors), vendors[0].troubles.__class__())
    print("gone wrong: " + ", ".join(f"{count} {name}" for name, count in sorted(kinds.items())))
    for zero in ("left", "foreign", "doubled", "ledger"):
        print(f"{zero:10}{sum(what.startswith(f'{zero}:') for what in complaints):4}")
    for what in complaints:
        print(f"FOUND {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
