"""How a command that ran probes tells what came of them, and what it ends with."""

from collections.abc import Sequence
from typing import Final

import click

from probe.cli.waterfall import as_json, draw
from probe.engine.runner import Skipped
from probe.model.exchange import Transcript
from probe.model.measurement import Measurement
from probe.model.outcome import Blame

LET_DOWN: Final = 1
"""Exit status when a vendor is to blame for something."""
NOT_VALID: Final = 3
"""Exit status when nothing could be said about a vendor: denied, throttled, our own network, skipped."""
Ended = Measurement | Skipped


def show(ended: Ended, transcript: Transcript | None, *, in_json: bool = False) -> None:
    """Print what came of one run: a waterfall with the exchanges of *transcript*, or one object of JSON."""
    if isinstance(ended, Skipped):
        click.echo(f"{ended.target}  skipped ({ended.reason}): {ended.detail}", err=in_json)
    else:
        click.echo(as_json(ended) if in_json else draw(ended, transcript))


def exit_status(ended: Sequence[Ended]) -> int:
    """What the process ends with: the worst that can be said about a vendor."""
    blames = {run.blame for run in ended if isinstance(run, Measurement)}
    if Blame.VENDOR in blames:
        return LET_DOWN
    return 0 if Blame.NONE in blames else NOT_VALID
