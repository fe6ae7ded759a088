"""`probe once`: one probe, now."""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probe.agent.assembly import Assembly, of_vendors
from probe.agent.controls import rules_of
from probe.agent.logs import configure_logs
from probe.cli.configured import config_option, configuration, run_in_loop
from probe.cli.console import WRONG, give_up
from probe.cli.verdicts import Ended, exit_status, show
from probe.engine.controls import Controls
from probe.engine.runner import Runner
from probe.model.clock import Clock
from probe.model.exchange import Transcript
from probe.model.job import Job
from probe.model.meter import Meter
from probe.settings.audit import audit_secrets, usable
from probe.settings.configuration import Configuration
from probe.wire import RealClock, Wire

if TYPE_CHECKING:  # only what rents needs it
    from probe.cli.landlord import Landlord
    from probe.store import Store


@click.command()
@click.argument("name")
@click.option("--vendor", help="Only this vendor entry.")
@click.option("--target", help="Only this target.")
@click.option("--explain", is_flag=True, help="Show every exchange, without its secrets.")
@click.option("--json", "in_json", is_flag=True, help="One JSON object a line for each measurement.")
@config_option
def command(
    name: str, vendor: str | None, target: str | None, config: Path | None, *, explain: bool, in_json: bool
) -> None:
    """Run the probe NAME once, now: on each of its vendors or targets in turn.

    Prints the phases as a waterfall, the outcome, whose fault a failure was and why.

    Exit status: 0 if all is well, 1 if a vendor is to blame for anything, 2 if the configuration is wrong, 3 if no
    run was valid (denied, throttled, no network, skipped), 130 after Ctrl-C.

    Ctrl-C gives back what is rented before it ends; a second one leaves at once.
    """
    loaded = configuration(config)
    configure_logs(loaded)
    audit = audit_secrets(loaded)
    for complaint in audit.complaints:
        click.echo(f"left out: {complaint}", err=True)
    ended = run_in_loop(_once(usable(loaded, audit), (name, vendor, target), explain=explain, in_json=in_json))
    sys.exit(exit_status(ended))


async def _once(
    loaded: Configuration, wanted: tuple[str, str | None, str | None], *, explain: bool, in_json: bool
) -> Sequence[Ended]:
    clock, meter = RealClock(), Meter()
    wire = Wire(clock, meter)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(wire.close)
        store = await stack.enter_async_context(await _open(loaded)) if _rents(loaded, wanted[0]) else None
        assembly = Assembly(loaded, wire, clock, meter, store=store)
        await wire.ready()
        jobs = _chosen(assembly.jobs, *wanted)
        if store is not None:
            await stack.enter_async_context(_landlord(assembly, jobs, store, clock))
        controls = Controls(rules_of(loaded, wire, clock), clock, meter)
        stack.push_async_callback(controls.close)
        runner = Runner(clock, (), redact=loaded.redactor, network=controls)
        ended = []
        for job in jobs:
            transcript = Transcript(loaded.redactor) if explain else None
            ended.append(await runner.run(job, clock.wall(), transcript=transcript))
            show(ended[-1], transcript, in_json=in_json)
        return ended


def _rents(loaded: Configuration, probe: str) -> bool:
    return any(job.renting and job.target.probe == probe for job in loaded.expand())


def _landlord(assembly: Assembly, jobs: Sequence[Job], store: "Store", clock: Clock) -> "Landlord":
    from probe.cli.landlord import Landlord  # noqa: PLC0415 - only what rents needs it

    clouds = of_vendors(assembly.clouds, sorted({job.target.vendor for job in jobs}))
    return Landlord(clouds, store, clock, grace=assembly.configuration.agent.grace)


async def _open(loaded: Configuration) -> "Store":
    from probe.store import StateFolderRefused, Store  # noqa: PLC0415 - only what rents needs it

    try:
        return await Store.open(loaded.agent.state, ledger=loaded.ledger)
    except StateFolderRefused as refused:
        give_up(str(refused))


def _chosen(jobs: Sequence[Job], name: str, vendor: str | None, target: str | None) -> Sequence[Job]:
    """The jobs that were asked for; if there are none, says which there are."""
    named = [job for job in jobs if job.target.probe == name]
    if not named:
        known = sorted({job.target.probe for job in jobs})
        give_up(f"there is no probe {name!r} that could run; there is: {', '.join(known) or 'none'}", WRONG)
    found = [job for job in named if vendor in {None, job.target.vendor} and target in {None, job.target.name}]
    if not found:
        give_up(
            f"{name} measures nothing of the kind; it measures: {', '.join(str(job.target) for job in named)}", WRONG
        )
    return found
