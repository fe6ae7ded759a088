"""The commands and how they are found: each lives in a module of its own, loaded when it is called."""

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import click

from probe import __version__

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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="probe", message="%(prog)s %(version)s")
def app() -> None:
    """Is it us, or is it the cloud? And which cloud is the steadiest?

    Probe rents instances from cloud vendors and gives them back, calls their management and monitoring APIs and any
    other endpoint, on a schedule, and says how available each is, how fast, in which phase the time goes, and whose
    fault a failure was. Start with: probe demo
    """
