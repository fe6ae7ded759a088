"""`probe demo`: pretend vendors, the agent that measures them, and the page; no credentials, no network."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from probe.agent.logs import configure_logs
from probe.cli.configured import complain, run_in_loop
from probe.cli.console import WRONG, give_up
from probe.cli.playing import castings, played_too
from probe.cli.run import serve
from probe.cloud import VendorFileRefused, load_vendor_files
from probe.sandbox.demo import demo_configuration
from probe.sandbox.places import DEMO, Places
from probe.sandbox.process import SandboxFailed, SandboxProcess
from probe.settings.complaints import ConfigurationRefused
from probe.settings.configuration import Configuration
from probe.settings.files import packaged
from probe.settings.loading import LISTEN_VARIABLE, load
from probe.wire import parse_listen

LISTEN: Final = "127.0.0.1:9781"
PATROL: Final = 10.0
"""Seconds between two sweeps: what the flaky vendor leaves behind should not be there for a visitor to wonder at."""
_BANNER: Final = """\
Probe is measuring {count} pretend vendors and some targets on this machine, every 20 s.

  page      http://{address}/
  metrics   http://{address}/metrics
  faults    POST {control}/faults (docs/sandbox.md tells which there are)
{written}
The first results are there within seconds. Ctrl-C stops it and gives back what is rented.
"""
_WRITTEN: Final = """\
  settings  {file}: in another terminal, `probe once lifecycle -c {file} --explain`
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the command line asked for."""

    address: str
    seed: str
    additional: Path | None
    write: Path | None


@click.command()
@click.option(
    "--listen", default=None, metavar="HOST:PORT", help=f"Where the page is [default: $PROBE_LISTEN, else {LISTEN}]."
)
@click.option(
    "--seed", default="sandbox", show_default=True, help="Of the vendors' luck: the same seed, the same luck."
)
@click.option(
    "--with",
    "additional",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Play the vendors in FOLDER, too: vendors/NAME.yaml and its imitation, sandbox/NAME.yaml.",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the demo's configuration there, for other commands to use while the demo runs.",
)
def command(listen: str | None, seed: str, additional: Path | None, write: Path | None) -> None:
    """Run the agent on built-in sandbox vendors: no credentials, no network, nothing that costs money.

    One vendor is steady, one is slow, one is flaky. Every kind of probe runs every 20 seconds.
    """
    address = listen or os.environ.get(LISTEN_VARIABLE) or LISTEN
    try:
        parse_listen(address)
    except ValueError as wrong:
        give_up(f"{wrong} (--listen, or $PROBE_LISTEN)")
    if additional is not None and not (additional / "sandbox").is_dir():
        give_up(
            f"{additional / 'sandbox'} is no folder: --with names the one that holds `vendors` and `sandbox`", WRONG
        )
    wish = _Wish(address=address, seed=seed, additional=additional and additional.absolute(), write=write)
    with tempfile.TemporaryDirectory(prefix="probe-demo-") as folder:
        run_in_loop(_demo(wish, Path(folder)))


async def _demo(wish: _Wish, folder: Path) -> None:
    data, cast = [packaged("config") / "sandbox"], list(DEMO)
    if wish.additional is not None:
        data.append(wish.additional / "sandbox")
        cast += castings(wish.additional)
    try:
        sandbox = await SandboxProcess.start(data, cast, folder=folder / "sandbox", seed=wish.seed)
    except SandboxFailed as failed:
        give_up(f"the sandbox did not start: {failed}")
    try:
        configuration, file = _configuration(wish, sandbox.places, folder)
        configure_logs(configuration)
        shown = wish.address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - shown, not bound
        written = _WRITTEN.format(file=file) if wish.write is not None else ""
        greeting = _BANNER.format(count=len(cast), address=shown, control=sandbox.places.control, written=written)
        left = await serve(configuration, patrol=PATROL, greeting=greeting)
        click.echo(
            f"stopped; what is still rented ({left}) ends with the pretend vendors"
            if left
            else "stopped; nothing is rented"
        )
    finally:
        await sandbox.stop()


def _configuration(wish: _Wish, places: Places, folder: Path) -> tuple[Configuration, Path]:
    """The demo's configuration and the file that it is in; every complaint about it ends the process."""
    template = (packaged("config") / "demo.yaml").read_text()
    text = demo_configuration(template, places, listen=wish.address, state=folder / "state")
    if wish.additional is not None:
        text = _with_more(text, wish.additional, places)
    file = wish.write or folder / "demo.yaml"
    try:
        file.write_text(text)
    except OSError as error:
        give_up(f"{file} cannot be written: {error.strerror}; choose another place for --write")
    try:
        return load(file, environ={**os.environ, LISTEN_VARIABLE: wish.address}), file
    except ConfigurationRefused as refused:
        complain(refused)


def _with_more(text: str, additional: Path, places: Places) -> str:
    """The demo's configuration with the vendors in *additional*."""
    try:
        files = load_vendor_files(packaged("config") / "vendors", additional / "vendors")
    except VendorFileRefused as refused:
        give_up(str(refused), WRONG)
    more = [casting.use for casting in castings(additional)]
    for name in more:
        if name not in files:
            give_up(f"{additional}/sandbox/{name}.yaml plays a vendor that {additional}/vendors has no file for", WRONG)
    return played_too(text, places.vendors, files, additional / "vendors", more)
