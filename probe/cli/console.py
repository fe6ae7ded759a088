"""What commands share when they speak to a person: tables, complaints and the way out."""

import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

import click

WRONG = 2
"""Exit status when what the person wrote is wrong."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their content, two blanks apart, without trailing blanks."""
    lines = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def give_up(sentence: str, status: int = WRONG) -> NoReturn:
    """Say on standard error what is wrong and what to do, and leave with *status*."""
    click.echo(f"probe: {sentence}", err=True)
    sys.exit(status)
