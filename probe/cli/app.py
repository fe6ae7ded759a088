"""The commands and how they are found: each lives in a module of its own, loaded when it is called."""

import errno
import importlib
import os
import signal
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import click

from probe import __version__
from probe.cli.console import give_up

_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a file says that standard output was sent to, and that takes no more."""

COMMANDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "run": ("probe.cli.run", "Run the agent until it is told to stop."),
        "demo": ("probe.cli.demo", "Run the agent on built-in sandbox vendors; no credentials, no network."),
        "once": ("probe.cli.once", "Run one probe now and say what came of it."),
        "check": ("probe.cli.check", "Validate the configuration; every complaint at once."),
        "list": ("probe.cli.listing", "List what would be measured, how often, and by what."),
        "vendors": ("probe.cli.vendors", "List the vendor files, or show what one of them can do."),
        "instances": ("probe.cli.instances", "Show what the ledger says we rent."),
        "sweep": ("probe.cli.sweep", "Find and delete what was rented and not given back."),
        "schema": ("probe.cli.schema", "Print the JSON Schema of the configuration or of a vendor file."),
    }
)
"""Name of each command, its module, and its line in `--help` (so that `--help` need not import them all)."""


class Commands(click.Group):
    """A group that imports a command's module only when the command is used: `probe --version` stays instant."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that has gone, or a full disk behind `>`, is no reason for a traceback.

        Statuses are chosen so that they are not taken for what `once` says of a vendor.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _forget_output()
            sys.exit(128 + signal.SIGPIPE)
        except OSError as error:
            if error.errno not in _UNWRITABLE or error.filename is not None:
                raise
            _forget_output()
            give_up(f"what was to be said could not be written: {error.strerror}", os.EX_IOERR)
        except (KeyboardInterrupt, click.Abort):
            click.echo("", err=True)
            give_up("stopped", 128 + signal.SIGINT)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a new user meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called *cmd_name*, or None if there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _forget_output() -> None:
    """Let Python's own flush at the end find somebody who listens."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="probe", message="%(prog)s %(version)s")
def app() -> None:
    """Is it us, or is it the cloud? And which cloud is the steadiest?

    Probe rents instances from cloud vendors and gives them back, calls their management and monitoring APIs and any
    other endpoint, on a schedule, and says how available each is, how fast, in which phase the time goes, and whose
    fault a failure was. Start with: probe demo
    """
