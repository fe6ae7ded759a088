"""`probe run`: the agent, until it is told to stop."""

import asyncio
import logging
from pathlib import Path

import click

from probe.agent.agent import PATROL, Agent
from probe.agent.late import Late
from probe.agent.logs import configure_logs
from probe.cli.configured import config_option, configuration, run_in_loop
from probe.cli.console import give_up
from probe.settings.configuration import Configuration
from probe.store import LedgerAway, StateFolderRefused, StateFolderTaken, Store, StoreFailed
from probe.wire import ListenFailed, listen, parse_listen

_log = logging.getLogger(__name__)


@click.command()
@config_option
def command(config: Path | None) -> None:
    """Run the agent until SIGTERM or Ctrl-C; it gives back what it rented and exits 0.

    SIGHUP, or POST /-/reload, loads the configuration anew; a bad one is refused and the old one stays. A second
    SIGTERM leaves at once; what is still rented stays in the ledger and is the first thing the next start does.
    """
    loaded = configuration(config)
    configure_logs(loaded)
    run_in_loop(serve(loaded))


async def serve(loaded: Configuration, patrol: float = PATROL, *, greeting: str = "") -> int:
    """Open what the agent needs, in the order in which it may be refused, and run it.

    *patrol* is how often it sweeps, in seconds; *greeting* is said when nothing was refused. Returns how many leases
    are still open at the end. What is refused ends the process with a sentence and status 2.
    """
    try:
        listener = listen(*parse_listen(loaded.agent.listen))
    except ListenFailed as failed:
        give_up(f"{failed} (agent.listen, or $PROBE_LISTEN)")
    store, late = await _open_store(loaded)
    if greeting:
        click.echo(greeting)
    agent = Agent(loaded, listener, store, patrol=patrol, late=late)
    try:
        return await agent.run()
    except StoreFailed as failed:
        give_up(str(failed))
    finally:
        if agent.store is not None:
            await agent.store.close()


async def _open_store(loaded: Configuration) -> tuple[Store | None, Late | None]:
    """The state folder, locked; None if it cannot be used, for then everything but renting goes on.

    With it, how to come by it later, where it may come by itself.
    """
    try:
        return await _locked(loaded), None
    except StateFolderTaken as taken:
        give_up(str(taken))
    except LedgerAway as away:
        _log.error("nothing will be rented until the ledger is there: %s", away)
        return None, Late(lambda: _locked(loaded))
    except StateFolderRefused as refused:
        _log.error("nothing will be rented: %s", refused)
        return None, None


async def _locked(loaded: Configuration) -> Store:
    """Open the state folder and be its one agent.

    Raises:
        StateFolderRefused: it cannot be used, or another agent runs on it.
    """
    store = await Store.open(loaded.agent.state, ledger=loaded.ledger)
    try:
        await asyncio.to_thread(store.lock)
    except BaseException:
        await store.close()
        raise
    return store
