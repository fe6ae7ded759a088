"""`probe demo`: pretend vendors, the agent that measures them, and the page; no credentials, no network."""

import os
import tempfile
from pathlib import Path
from typing import Final

import click

from probe.agent.logs import configure_logs
from probe.cli.configured import complain, run_in_loop
from probe.cli.console import give_up
from probe.cli.run import serve
from probe.sandbox.demo import demo_configuration
from probe.sandbox.process import SandboxFailed, SandboxProcess
from probe.settings.complaints import ConfigurationRefused
from probe.settings.files import packaged
from probe.settings.loading import LISTEN_VARIABLE, load
from probe.wire import parse_listen

LISTEN: Final = "127.0.0.1:9781"
PATROL: Final = 10.0
"""Seconds between two sweeps: what the flaky vendor leaves behind should not be there for a visitor to wonder at."""
_BANNER: Final = """\
Probe is measuring three pretend vendors and some targets on this machine, every 20 s.

  page      http://{address}/
  metrics   http://{address}/metrics

The first results are there within seconds. Ctrl-C stops it and gives back what is rented.
"""


@click.command()
@click.option(
    "--listen", default=None, metavar="HOST:PORT", help=f"Where the page is [default: $PROBE_LISTEN, else {LISTEN}]."
)
@click.option(
    "--seed", default="sandbox", show_default=True, help="Of the vendors' luck: the same seed, the same luck."
)
def command(listen: str | None, seed: str) -> None:
    """Run the agent on built-in sandbox vendors: no credentials, no network, nothing that costs money.

    One vendor is steady, one is slow, one is flaky. Every kind of probe runs every 20 seconds.
    """
    address = listen or os.environ.get(LISTEN_VARIABLE) or LISTEN
    try:
        parse_listen(address)
    except ValueError as wrong:
        give_up(f"{wrong} (--listen, or $PROBE_LISTEN)")
    with tempfile.TemporaryDirectory(prefix="probe-demo-") as folder:
        run_in_loop(_demo(address, seed, Path(folder)))


async def _demo(address: str, seed: str, folder: Path) -> None:
    try:
        sandbox = await SandboxProcess.start([packaged("config") / "sandbox"], folder=folder / "sandbox", seed=seed)
    except SandboxFailed as failed:
        give_up(f"the sandbox did not start: {failed}")
    try:
        template = (packaged("config") / "demo.yaml").read_text()
        file = folder / "demo.yaml"
        file.write_text(demo_configuration(template, sandbox.places, listen=address, state=folder / "state"))
        try:
            configuration = load(file, environ={**os.environ, LISTEN_VARIABLE: address})
        except ConfigurationRefused as refused:
            complain(refused)
        configure_logs(configuration)
        shown = address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - shown, not bound
        left = await serve(configuration, patrol=PATROL, greeting=_BANNER.format(address=shown))
        click.echo(
            f"stopped; {left} leases of the pretend vendors end with them" if left else "stopped; nothing is rented"
        )
    finally:
        await sandbox.stop()
