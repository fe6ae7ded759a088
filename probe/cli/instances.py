"""`probe instances`: what the ledger says we rent, what came with it, and from whom nothing is rented now."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from probe.cli.configured import config_option, configuration, run_in_loop
from probe.cli.console import give_up, table
from probe.model.instance import Lease
from probe.model.money import charge, told
from probe.notation.durations import format_duration
from probe.rental.breaker import Shut, shut
from probe.settings.configuration import Configuration
from probe.store import Residual, StateFolderAbsent, StateFolderRefused, Store, StoreFailed

HISTORY = 50


@click.command()
@config_option
@click.option("--all", "everything", is_flag=True, help=f"Also the settled ones: the newest {HISTORY} in all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(config: Path | None, *, everything: bool, as_json: bool) -> None:
    """Show what the ledger holds: everything that may still cost money, and the breakers that are open.

    It reads only, beside a running agent too. In JSON each line has a `type`: lease, residual (what came with a lease's
    instance and is not known to be gone) or breaker.
    """
    now = time.time()
    books = run_in_loop(_books(configuration(config), now, everything=everything))
    for line in _lines(books) if as_json else _text(books, now):
        click.echo(line)


@dataclass(frozen=True, slots=True)
class _Books:
    """What the ledger says.

    Attributes:
        leases: the open ones, or the newest of all.
        residuals: what came with instances and is not known to be gone.
        shut: vendor entries with what stops orders there.
    """

    leases: Sequence[Lease] = ()
    residuals: Sequence[Residual] = ()
    shut: Sequence[tuple[str, Shut]] = ()


async def _books(loaded: Configuration, now: float, *, everything: bool) -> _Books:
    try:
        async with await Store.open(loaded.agent.state, ledger=loaded.ledger, read_only=True) as store:
            return await _read(store, now, everything=everything)
    except StateFolderAbsent:
        return _Books()
    except (StateFolderRefused, StoreFailed) as refused:
        give_up(str(refused))


async def _read(store: Store, now: float, *, everything: bool) -> _Books:
    held = await store.ledger.open_leases()
    stopped: list[tuple[str, Shut]] = []
    for vendor in sorted({lease.vendor for lease in held} | set(await store.breakers.all())):
        stopped += ((vendor, one) for one in shut(vendor, now, await store.ledger.holdings(vendor, now)))
    return _Books(
        leases=await store.ledger.all(HISTORY) if everything else held,
        residuals=await store.residuals.left(),
        shut=stopped,
    )


def _lines(books: _Books) -> Iterator[str]:
    for lease in books.leases:
        yield json.dumps({"type": "lease", **asdict(lease)})
    for one in books.residuals:
        yield json.dumps({"type": "residual", **asdict(one)})
    for vendor, stop in books.shut:
        yield json.dumps({"type": "breaker", "vendor": vendor, **asdict(stop)})


def _text(books: _Books, now: float) -> Iterator[str]:
    if books.leases:
        heads = ("VENDOR", "REGION", "INSTANCE", "NAME", "PROBE", "AGE", "STATE", "COST", "NOTE")
        yield table(heads, [_row(lease, now) for lease in books.leases])
    else:
        yield "nothing is rented"
    if books.residuals:
        yield "\nwhat came with it, and is not known to be gone:"
        known = [(one.vendor, one.region, one.kind, one.id, one.lease) for one in books.residuals]
        yield table(("VENDOR", "REGION", "KIND", "ID", "CAME WITH"), known)
    if books.shut:
        yield "\nopen breakers:"
        yield table(("VENDOR", "CAUSE", "WHY"), [(vendor, stop.cause, stop.detail) for vendor, stop in books.shut])


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
