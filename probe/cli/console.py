"""What commands share when they speak to a person: tables, complaints and the way out."""

import signal
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

import click

WRONG = 2
"""Exit status when what the person wrote is wrong."""


def printable(text: str) -> str:
    """*text* with every control character spelt out: what a vendor answers must not steer a terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their content, two blanks apart, without trailing blanks; cells cannot steer a terminal."""
    lines = [tuple(heads), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def give_up(sentence: str, status: int = WRONG) -> NoReturn:
    """Say on standard error what is wrong and what to do, and leave with *status*."""
    click.echo(f"probe: {sentence}", err=True)
    sys.exit(status)


def agreed(question: str) -> bool:
    """Whether a person says yes; nobody there to ask is a no.

    Ctrl-C works although the event loop, which otherwise minds it, stands still meanwhile.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    minded = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        click.echo(f"{question} [y/N]: ", nl=False, err=True)
        return input().strip().lower() in {"y", "yes"}
    except EOFError:
        click.echo("nobody answers; --yes answers beforehand", err=True)
        return False
    finally:
        signal.signal(signal.SIGINT, minded)
