"""`probe sweep`: finds what was rented and not given back."""

import asyncio
import logging
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from probe.agent.assembly import Assembly
from probe.agent.logs import configure_logs
from probe.cli.configured import config_option, configuration, run_in_loop
from probe.cli.console import WRONG, agreed, give_up, table
from probe.cloud import Capability
from probe.model.meter import Meter
from probe.notation.durations import format_duration
from probe.rental import Action, Result, Sweeper, SweepItem, SweepPlan, SweepReport, SweepStep
from probe.settings.audit import SecretAudit, audit_secrets, usable
from probe.settings.configuration import Configuration
from probe.store import StateFolderRefused, Store, StoreFailed
from probe.wire import RealClock, Wire

LEFT = 1
"""Exit status when something that should go is still there, or a vendor could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a person wants.

    Attributes:
        dry_run: only to see the plan.
        yes: not to be asked.
        adopt: the id of an agent that is gone for good; None for none.
        same_account: to say that exchanged credentials are of the same account.
    """

    dry_run: bool
    yes: bool
    adopt: str | None
    same_account: bool


def _agent_id(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An agent's id: a UUID, for half of one would prove nothing."""
    if value is None:
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise click.BadParameter(
            "is no agent's id: it is the whole UUID in the mark stability-probe of what the agent left"
        ) from None


@click.command()
@config_option
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--yes", is_flag=True, help="Do not ask before adopting or deleting.")
@click.option("--adopt", metavar="ID", callback=_agent_id, help="First answer for an agent whose state is lost.")
@click.option("--same-account", is_flag=True, help="Say that exchanged credentials are of the same account.")
def command(config: Path | None, *, dry_run: bool, yes: bool, adopt: str | None, same_account: bool) -> None:
    """Find what was rented and not given back, show the plan, ask, and delete it.

    Deleted is only what carries this agent's marks, checked on our side, and is in its ledger and in nobody's use
    any more, or is past its expiry. Everything else is shown, and left alone. It works beside a running agent.

    --adopt ID answers for an agent that is gone for good, from now on: what carries its marks is deleted as if it were
    this agent's, once its expiry has passed. The id is in the stability-probe mark of what it left.

    --same-account says that each vendor entry opens the account that its open leases were rented from, though its
    credentials were exchanged since. Without that, what the vendor does not know is not taken for gone.

    Exit status: 0 if nothing is left to do, 1 if something is (or may still show up, or is at a vendor that cannot be
    asked), 2 if the configuration is wrong.
    """
    loaded = configuration(config)
    configure_logs(loaded)
    audit = audit_secrets(loaded)
    for complaint in audit.complaints:
        click.echo(f"left out: {complaint}", err=True)
    wish = _Wish(dry_run=dry_run, yes=yes, adopt=adopt, same_account=same_account)
    sys.exit(run_in_loop(_sweep(usable(loaded, audit), _unasked(loaded, audit), wish)))


def _unasked(loaded: Configuration, audit: SecretAudit) -> Mapping[str, str]:
    """The vendor entries that something is rented from, and that cannot be asked without their secrets."""
    renting = {job.target.vendor for job in loaded.expand() if job.renting}
    return dict.fromkeys(sorted(renting & audit.vendors), "its secrets cannot be used")


async def _sweep(loaded: Configuration, unasked: Mapping[str, str], wish: _Wish) -> int:
    clock, meter = RealClock(), Meter()
    async with AsyncExitStack() as stack:
        wire = Wire(clock, meter)
        stack.push_async_callback(wire.close)
        try:
            store = await stack.enter_async_context(await Store.open(loaded.agent.state, ledger=loaded.ledger))
            clouds = Assembly(loaded, wire, clock, meter, store=store).clouds.values()
            sweeper = Sweeper([cloud for cloud in clouds if cloud.has(Capability.LIFECYCLE)], store, clock, meter)
            also = frozenset() if wish.adopt is None else frozenset({wish.adopt})
            plan = await sweeper.plan(also=also, same_account=wish.same_account)
            plan = replace(plan, failures={**plan.failures, **unasked})
            _show_plan(plan)
            if wish.adopt is not None and not wish.dry_run:
                await _adopt(store, wish.adopt, plan, clock.wall(), yes=wish.yes)
            if wish.same_account and not wish.dry_run:
                _same_account(plan, yes=wish.yes)
            if not _agreed(plan, wish):
                return LEFT if plan.failures or _work(plan) or _out_of_reach(plan) else 0
            return await _carry_out(sweeper, plan)
        except (StateFolderRefused, StoreFailed) as refused:
            give_up(str(refused))


async def _adopt(store: Store, agent_id: str, plan: SweepPlan, now: float, *, yes: bool) -> None:
    """Write down that we answer for *agent_id*, if it is one, and the person who asks for it means it."""
    if agent_id == store.agent_id:
        give_up(f"{agent_id} is this agent itself: there is nothing to adopt", WRONG)
    if agent_id in await store.identities.adopted():
        return
    left = [item for item in plan.items if item.agent == agent_id]
    if not (left or plan.failures):
        give_up(f"nothing anywhere carries the marks of agent {agent_id}: is that its id? nothing was adopted", WRONG)
    if young := sum(item.action is Action.REPORT for item in left):
        click.echo(f"{young} of its things have a lease that is not over: does it really run nowhere any more?")
    click.echo(
        f"what carries the marks of agent {agent_id}, in every vendor entry of this configuration, will be deleted once"
        " its expiry has passed: now, and by every later sweep of this agent"
    )
    if not (yes or agreed("is that agent gone for good?")):
        give_up("nothing was adopted", LEFT)
    await store.identities.adopt(agent_id, now)
    logging.getLogger("probe.audit").info("adopt", extra={"agent": agent_id, "by": store.agent_id})


def _same_account(plan: SweepPlan, *, yes: bool) -> None:
    """Let the person who says so mean it: what is then not shown is taken for gone."""
    if not plan.accounts:
        give_up("all that is open was rented with the credentials of now: there is nothing to say of it", WRONG)
    vendors = ", ".join(sorted({same.vendor for same in plan.accounts}))
    click.echo(f"what {vendors} does not show will be taken for gone, though it was rented with other credentials")
    if not (yes or agreed("are they of the same account?")):
        give_up("nothing was changed", LEFT)


def _work(plan: SweepPlan) -> int:
    """How many items something is to be done about."""
    return sum(len(plan.of(action)) for action in (Action.DELETE, Action.SETTLE, Action.WAIT))


def _out_of_reach(plan: SweepPlan) -> int:
    """How many of our own leases are open and cannot be given back from here: a person has to look."""
    return sum(bool(item.lease) for item in plan.of(Action.REPORT))


def _show_plan(plan: SweepPlan) -> None:
    for vendor, why in plan.failures.items():
        click.echo(f"{vendor} could not be asked: {why}", err=True)
    if not plan.items:
        click.echo("nothing to sweep")
        return
    heads = ("ACTION", "VENDOR", "REGION", "KIND", "ID", "NAME", "AGE", "WHY")
    click.echo(table(heads, [_row(item) for item in plan.items]))


def _row(item: SweepItem) -> tuple[str, ...]:
    age = "?" if item.age is None else format_duration(float(max(0, round(item.age))))
    return (item.action, item.vendor, item.region, item.kind, item.instance_id or "?", item.name, age, item.reason)


def _agreed(plan: SweepPlan, wish: _Wish) -> bool:
    if wish.dry_run or not _work(plan):
        return False
    doomed = len(plan.of(Action.DELETE))
    if wish.yes or not doomed or agreed(f"delete {doomed} {'things' if doomed > 1 else 'thing'}?"):
        return True
    click.echo("nothing was deleted", err=True)
    return False


async def _carry_out(sweeper: Sweeper, plan: SweepPlan) -> int:
    count = len(plan.items)
    with click.progressbar(length=count, label="sweeping", file=sys.stderr) as bar, _lines_of_their_own():

        def step(done: SweepStep, ended: int, count: int) -> None:
            del done, ended, count
            bar.update(1)

        try:
            report = await sweeper.carry_out(plan, step)
        except asyncio.CancelledError:
            click.echo(f"\nstopped after {bar.pos} of {count}: the next sweep goes on", err=True)
            raise
    _show_report(report)
    return LEFT if _is_left(report) else 0


@contextmanager
def _lines_of_their_own() -> Iterator[None]:
    """On a terminal, keep the log from going on in the line of the bar."""
    handlers = logging.getLogger().handlers if sys.stderr.isatty() else []

    def wipe(_record: logging.LogRecord) -> bool:
        click.echo("\r\x1b[K", nl=False, err=True)
        return True

    for handler in handlers:
        handler.addFilter(wipe)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(wipe)


def _is_left(report: SweepReport) -> bool:
    """Whether something is left to do, by a later sweep or by a person: leases that are only reported are open."""
    told = any(step.result is Result.REPORTED and step.item.lease for step in report.steps)
    return not report.ok or bool(report.count(Result.WAITING)) or told


def _show_report(report: SweepReport) -> None:
    heads = ("RESULT", "VENDOR", "INSTANCE", "NAME", "DETAIL")
    rows = [
        (step.result, step.item.vendor, step.item.instance_id or "?", step.item.name, step.detail)
        for step in report.steps
    ]
    click.echo(table(heads, rows))
    click.echo(str(report))
