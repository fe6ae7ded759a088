"""Writes what a configuration says of pretend vendors: their entries, and how they are monitored.

Each stands in one line of JSON, which is YAML, too.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from probe.cloud import VendorFile
from probe.sandbox.places import Casting, VendorPlace

CHARACTER: Final = "steady"
"""How vendors behave that somebody else wrote: so that what goes wrong is the file's doing."""


def castings(folder: Path) -> list[Casting]:
    """One pretend vendor for each imitation in *folder*, a folder with `vendors/` and `sandbox/`."""
    names = sorted(file.stem for file in (folder / "sandbox").glob("*.yaml") if file.stem != "characters")
    return [Casting(name=name, use=name, character=CHARACTER) for name in names]


def entry(place: VendorPlace, file: VendorFile) -> dict[str, object]:
    """The vendor entry that points an agent at *place*: by the first way of *file* to identify oneself."""
    way = next(iter(file.credentials.values()))
    told = {
        "use": place.use,
        "region": place.region,
        "endpoints": dict(place.endpoints),
        "credentials": {name: {"file": place.files[name]} for name in way.required if name in place.files},
        "account": dict(place.account),
        "network": dict(place.network),
    }
    return {key: value for key, value in told.items() if value}


def monitoring(name: str, place: VendorPlace) -> dict[str, object]:
    """The monitoring probe of the vendor entry *name*."""
    options = {**place.monitored, "max_age": "3m"}
    return {
        "name": f"monitoring-{name}",
        "kind": "monitoring",
        "vendors": [name],
        "every": "20s",
        "deadline": "10s",
        "options": options,
    }


def played_too(
    text: str,
    places: Mapping[str, VendorPlace],
    files: Mapping[str, VendorFile],
    vendor_files: Path,
    names: Iterable[str],
) -> str:
    """The configuration *text* with the pretend vendors *names* in it, spoken to by the files in *vendor_files*."""
    names = list(names)
    entries = [f"  {name}: {json.dumps(entry(places[name], files[places[name].use]))}" for name in names]
    probes = [f"  - {json.dumps(monitoring(name, places[name]))}" for name in names if places[name].monitored]
    text = text.replace("\nvendors:\n", "\n".join(["\nvendors:", *entries, ""]), 1)
    text = text.replace("\nprobes:\n", "\n".join(["\nprobes:", *probes, ""]), 1)
    return f"vendor_files: {json.dumps(str(vendor_files))}\n{text}"
