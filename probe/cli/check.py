"""`probe check`: every complaint about a configuration at once."""

import sys
from pathlib import Path

import click

from probe.cli.configured import config_option, configuration
from probe.cli.console import WRONG
from probe.settings.audit import audit_secrets


@click.command()
@config_option
@click.option("--secrets", is_flag=True, help="Also read every secret; one that cannot be read is an error.")
def command(config: Path | None, *, secrets: bool) -> None:
    """Validate the configuration; every complaint at once, with its place, value and remedy.

    Exit status: 0 if it is right, 2 if it is not.
    """
    loaded = configuration(config)
    audit = audit_secrets(loaded)
    for hint in audit.hints:
        click.echo(f"note: {hint}", err=True)
    for complaint in audit.complaints:
        click.echo(f"{'' if secrets else 'note: '}{complaint}", err=True)
    if secrets and audit.complaints:
        sys.exit(WRONG)
    counts = (("vendor", loaded.vendors), ("probe", loaded.probes), ("schedule", loaded.expand()))
    told = ", ".join(f"{len(found)} {word}{'' if len(found) == 1 else 's'}" for word, found in counts)
    click.echo(f"{loaded.path}: right; {told}")
