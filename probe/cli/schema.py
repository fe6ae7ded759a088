"""`probe schema`: what editors and other programs need to know of our files."""

import json

import click

from probe.cloud import vendor_file_schema
from probe.settings.schema import schema


@click.command()
@click.option("--vendor", is_flag=True, help="The schema of a vendor file instead.")
def command(*, vendor: bool) -> None:
    """Print the JSON Schema of the configuration (or of a vendor file): for editors, and for checks elsewhere."""
    click.echo(json.dumps(vendor_file_schema() if vendor else schema(), indent=2))
