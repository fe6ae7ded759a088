"""`probe list`: what would be measured."""

from pathlib import Path

import click

from probe.cli.configured import config_option, configuration
from probe.cli.console import table
from probe.notation.durations import format_duration
from probe.settings.configuration import PlannedJob


@click.command()
@config_option
def command(config: Path | None) -> None:
    """List what would be measured, how often, and by what: a line for each series."""
    jobs = configuration(config).expand()
    heads = ("PROBE", "KIND", "VENDOR", "REGION", "TARGET", "EVERY", "DEADLINE", "DETAIL", "RENTS")
    click.echo(table(heads, [_row(job) for job in jobs]))


def _row(job: PlannedJob) -> tuple[str, ...]:
    target = job.target
    return (
        target.probe,
        job.kind.kind,
        target.vendor,
        target.region or "-",
        target.name or "-",
        format_duration(job.every),
        format_duration(job.deadline),
        job.detail,
        job.spec or "yes" if job.renting else "-",
    )
