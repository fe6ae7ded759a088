"""What the commands that need a configuration share: the option, loading with every complaint, and the loop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click
import uvloop

from probe.agent.signals import ECHO
from probe.cli import told_to_stop
from probe.cli.console import WRONG, give_up
from probe.settings.complaints import ConfigurationRefused
from probe.settings.configuration import Configuration
from probe.settings.loading import load

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])

_STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def config_option(command: Command) -> Command:
    """Add `-c FILE`."""
    return click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        help="Configuration file [default: $PROBE_CONFIG, else ./config/probe.yaml, else the packaged one].",
    )(command)


def configuration(path: Path | None) -> Configuration:
    """The configuration, or every complaint about it on standard error and exit status 2."""
    try:
        return load(path)
    except ConfigurationRefused as refused:
        complain(refused)


def complain(refused: ConfigurationRefused) -> NoReturn:
    """Print every complaint and leave with status 2."""
    for complaint in refused.complaints:
        click.echo(str(complaint), err=True)
    count = len(refused.complaints)
    give_up(f"the configuration has {count} mistake{'s' if count > 1 else ''}", WRONG)


def run_in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """Run *work* to its end in a loop of its own.

    Ctrl-C, SIGTERM and SIGHUP cancel it, so that it can give back what it holds; a second one cancels that, too. The
    process then ends with 128 and the signal's number, as shells have it: no status that says something of a vendor.
    A SIGHUP that is ignored (`nohup`, or an agent that cannot reload yet) stays ignored.
    """
    told: list[int] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_until_told(work, told))
        except asyncio.CancelledError:
            if not told:
                raise
            sys.exit(told_to_stop(told[0]))


async def _until_told(work: Coroutine[Any, Any, Result], told: list[int]) -> Result:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    until = loop.time()

    def stop(number: int) -> None:
        nonlocal until
        echo, until = loop.time() < until, loop.time() + ECHO
        told.append(number)
        if task is not None and not echo:
            task.cancel()

    for number in _STOPS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop, number)
    return await work
