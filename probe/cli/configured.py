"""What the commands that need a configuration share: the option, loading with every complaint, and the loop."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import uvloop

from probe.cli.console import WRONG, give_up
from probe.settings.complaints import ConfigurationRefused
from probe.settings.configuration import Configuration
from probe.settings.loading import load

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])


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
    """Run *work* to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
