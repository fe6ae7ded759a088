"""`probe instances`: what the ledger says we rent."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from probe.cli.configured import config_option, configuration, run_in_loop
from probe.cli.console import give_up, table
from probe.model.instance import Lease
from probe.model.money import charge, told
from probe.notation.durations import format_duration
from probe.settings.configuration import Configuration
from probe.store import StateFolderAbsent, StateFolderRefused, Store, StoreFailed

HISTORY = 50


@click.command()
@config_option
@click.option("--all", "everything", is_flag=True, help=f"Also the settled ones: the newest {HISTORY} in all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(config: Path | None, *, everything: bool, as_json: bool) -> None:
    """Show what the ledger holds: everything that may still cost money. It reads only, beside a running agent too."""
    leases = run_in_loop(_leases(configuration(config), everything=everything))
    if as_json:
        for lease in leases:
            click.echo(json.dumps(asdict(lease)))
        return
    if not leases:
        click.echo("nothing is rented")
        return
    heads = ("VENDOR", "REGION", "INSTANCE", "NAME", "PROBE", "AGE", "STATE", "COST", "NOTE")
    click.echo(table(heads, [_row(lease, time.time()) for lease in leases]))


async def _leases(loaded: Configuration, *, everything: bool) -> list[Lease]:
    try:
        async with await Store.open(loaded.agent.state, ledger=loaded.ledger, read_only=True) as store:
            return list(await (store.ledger.all(HISTORY) if everything else store.ledger.open_leases()))
    except StateFolderAbsent:
        return []
    except (StateFolderRefused, StoreFailed) as refused:
        give_up(str(refused))


def _row(lease: Lease, now: float) -> tuple[str, ...]:
    state = f"{lease.state}, sweeper's" if lease.handed_over and not lease.state.settled else str(lease.state)
    age = format_duration(float(max(0, round(now - lease.intended_at))))
    known = (lease.vendor, lease.region, lease.instance_id or "?", lease.key, lease.probe, age, state)
    return (*known, _cost(lease, now), lease.note or "-")


def _cost(lease: Lease, now: float) -> str:
    """What it has cost so far, by the configuration's prices when it was ordered."""
    if not lease.price:
        return "?"
    so_far = lease.cost if lease.state.settled else charge(lease.price, lease.rounds_up_to, now - lease.intended_at)
    return told(so_far, lease.currency)
