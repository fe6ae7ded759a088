"""Calls one read operation of a vendor file, live: what somebody wants who has just written the file."""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import click

from probe.agent.assembly import Assembly
from probe.agent.controls import rules_of
from probe.cli.configured import run_in_loop
from probe.cli.console import WRONG, give_up
from probe.cli.verdicts import Ended, exit_status, show
from probe.cloud import VendorFile
from probe.engine.controls import Controls
from probe.engine.runner import Runner
from probe.model.exchange import Transcript
from probe.model.job import Job
from probe.model.meter import Meter
from probe.model.target import Target
from probe.probes.api import ApiOptions, ApiProbe
from probe.settings.audit import audit_secrets, usable
from probe.settings.configuration import Configuration
from probe.wire import RealClock, Wire

PATIENCE: Final = 30.0
"""Seconds that a call may take: somebody is waiting for it."""


def try_operation(loaded: Configuration, file: VendorFile, operation: str, vendor: str | None) -> None:
    """Call *operation* once at each vendor entry that uses *file* (or at *vendor* alone), and show every exchange.

    Secrets are not shown. Ends the process as `probe once` does: 0 if all is well, 1 if a vendor is to blame, 2 if it
    cannot be tried, 3 if nothing can be said about a vendor.
    """
    if operation not in file.read_operations():
        known = ", ".join(file.read_operations())
        give_up(f"{file.vendor} has no read operation `{operation}`; it has: {known}", WRONG)
    sys.exit(exit_status(run_in_loop(_try(_whole(loaded), operation, _entries(loaded, file, vendor)))))


def _entries(loaded: Configuration, file: VendorFile, vendor: str | None) -> Sequence[str]:
    """The names of the vendor entries to try it at; a sentence if there is none that could be."""
    using = [name for name, entry in loaded.vendors.items() if entry.file.vendor == file.vendor]
    if not using:
        give_up(
            f"no vendor entry of the configuration uses `{file.vendor}`: write one under `vendors:`, "
            f"say `{file.vendor}-1: {{use: {file.vendor}, …}}`, and name the configuration with -c",
            WRONG,
        )
    if vendor is not None and vendor not in using:
        give_up(f"no vendor entry `{vendor}` uses `{file.vendor}`; those that do: {', '.join(using)}", WRONG)
    audit = audit_secrets(loaded)
    wanted = using if vendor is None else [vendor]
    for complaint in audit.complaints:
        if any(complaint.path.startswith(f"vendors.{name}.") for name in wanted):
            click.echo(f"left out: {complaint}", err=True)
    complete = [name for name in wanted if name not in audit.vendors]
    if not complete:
        give_up("its credentials are not complete: set what is named above", WRONG)
    return complete


def _whole(loaded: Configuration) -> Configuration:
    """What of *loaded* can be put together: an entry without its secrets must not keep others from being tried."""
    return usable(loaded, audit_secrets(loaded))


async def _try(loaded: Configuration, operation: str, names: Sequence[str]) -> Sequence[Ended]:
    clock, meter = RealClock(), Meter()
    wire = Wire(clock, meter)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(wire.close)
        assembly = Assembly(loaded, wire, clock, meter)
        await wire.ready()
        controls = Controls(rules_of(loaded, wire, clock), clock, meter)
        stack.push_async_callback(controls.close)
        runner = Runner(clock, (), redact=loaded.redactor, network=controls)
        ended = []
        for name in names:
            cloud, transcript = assembly.clouds[name], Transcript(loaded.redactor)
            target = Target(vendor=name, region=cloud.region, probe=operation)
            probe = ApiProbe(ApiOptions(operation=operation), cloud)
            job = Job(probe=probe, target=target, every=PATIENCE, deadline=PATIENCE)
            ended.append(await runner.run(job, clock.wall(), transcript=transcript))
            show(ended[-1], transcript)
        return ended
