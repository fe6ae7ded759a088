"""`probe vendors`: what there is to measure, and what each vendor can do."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from probe.cli.configured import config_option, configuration
from probe.cli.console import WRONG, give_up, table
from probe.cli.trying import try_operation
from probe.cloud import Capability, VendorFile
from probe.cloud.file.status import Status
from probe.cloud.file.vendor import Limits
from probe.notation.durations import format_duration


@click.command()
@click.argument("name", required=False)
@click.option("--try", "operation", metavar="OPERATION", help="Call this read operation now, and show the exchange.")
@click.option("--vendor", help="With --try: only at this vendor entry of the configuration.")
@config_option
def command(name: str | None, operation: str | None, vendor: str | None, config: Path | None) -> None:
    """List the vendor files, or show what the one called NAME can do, what it cannot, and why.

    Files in the configuration's `vendor_files` folder win over those that come with the package.

    --try makes one call that changes nothing, at each vendor entry of the configuration that uses NAME, and shows every
    exchange without its secrets. It ends like `probe once`: 0 if all is well, 1 if the vendor is to blame, 2 if it
    cannot be tried, 3 if nothing can be said about the vendor (denied, throttled, no network).
    """
    loaded = configuration(config)
    files = loaded.vendor_files
    if name is None and (operation is not None or vendor is not None):
        give_up("name the vendor file: `probe vendors NAME --try OPERATION`", WRONG)
    if operation is None and vendor is not None:
        give_up("--vendor says where to try an operation: add --try OPERATION", WRONG)
    if name is None:
        click.echo(table(("VENDOR", "TITLE", *Capability, "PROFILES"), [_row(file) for file in files.values()]))
    elif name not in files:
        give_up(f"there is no vendor file {name!r}; there is: {', '.join(files)}", WRONG)
    elif operation is not None:
        try_operation(loaded, files[name], operation, vendor)
    else:
        click.echo("\n".join(_details(files[name])))


def _row(file: VendorFile) -> tuple[str, ...]:
    marks = ("yes" if file.has(capability) else "-" for capability in Capability)
    return (file.vendor, file.title, *marks, ", ".join(file.profiles) or "-")


def _details(file: VendorFile) -> Iterator[str]:
    yield f"{file.vendor}: {file.title}"
    yield f"  {file.docs}"
    for capability in Capability:
        reason = f": {file.absent[capability]}" if capability in file.absent else ""
        yield f"  {capability:<20} {'yes' if file.has(capability) else 'no' + reason}"
    yield from _listed("reads (kind: api)", file.read_operations())
    for way in file.credentials.values():
        wanted = [*way.required, *(f"[{name}]" for name in way.optional)]
        yield f"  {'credentials':<20} {', '.join(wanted) or 'none needed'}: {way.description}"
    yield from _mapped("account", {name: fact.description for name, fact in file.account.items()})
    known_by = ", ".join(file.identified_by) or "all that it is opened with: a new secret passes for a new account"
    yield f"  {'account known by':<20} {known_by}"
    yield from _mapped(
        "endpoints", {name: endpoint.url.source if endpoint.url else None for name, endpoint in file.endpoints.items()}
    )
    yield from _mapped("sizes", file.sizes.aliases)
    yield from _mapped("images", file.images.aliases)
    yield from _mapped("network options", {name: option.description for name, option in file.network.options.items()})
    yield from _listed("reach needs", file.network.reach_needs)
    yield from _monitored(file)
    yield from _safety(file)
    yield from _budget(file.limits)
    yield from _status(file.status)
    yield from _mapped("profiles", {name: profile.title for name, profile in file.profiles.items()})


def _monitored(file: VendorFile) -> Iterator[str]:
    if (monitoring := file.monitoring) is None:
        return
    every, late = format_duration(monitoring.resolution), format_duration(monitoring.lag)
    yield f"  {'monitoring data':<20} a point every {every}; the newest may be {late} old without anything being wrong"
    if monitoring.series is not None:
        yield from _mapped(
            "a series has", {name: field.description for name, field in monitoring.series.fields.items()}
        )


def _safety(file: VendorFile) -> Iterator[str]:
    """What keeps a create from renting twice, and what may outlive an instance."""
    if file.instances is None:
        return
    doubled = {
        "token": "the vendor knows an order that comes twice by its token",
        "name": "the vendor refuses a second instance of the same name",
        "none": "nothing at the vendor: an order without an answer is searched for, and never sent again",
    }
    yield f"  {'against doubles':<20} {doubled[file.instances.create.idempotency]}"
    residuals = {name: residual.description for name, residual in file.instances.residuals.items()}
    yield from _mapped("may outlive it", residuals)


def _budget(limits: Limits) -> Iterator[str]:
    """How many requests an account may make, as far as the file says."""
    said = [f"{limits.rate}"] if limits.rate is not None else []
    said += [f"{limits.burst} at a burst"] if limits.burst is not None else []
    said += [f"{limits.at_once} on their way at a time"] if limits.at_once is not None else []
    yield from _listed("requests", said)


def _status(status: Status | None) -> Iterator[str]:
    if status is not None:
        yield f"  {'status page':<20} {status.page}"
        yield from _listed("", [status.note] if status.note else [])


def _listed(head: str, words: Iterable[str]) -> Iterator[str]:
    if text := ", ".join(words):
        yield f"  {head:<20} {text}"


def _mapped(head: str, words: Mapping[str, object]) -> Iterator[str]:
    for index, (name, value) in enumerate(words.items()):
        told = "by the catalog, or by `endpoints:` of the configuration" if value is None else str(value)
        yield f"  {head if index == 0 else '':<20} {name} = {told}"
