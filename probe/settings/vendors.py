"""One item of `vendors:` and the vendor file that it uses."""

from collections.abc import Mapping

from probe.cloud import VendorEntry, VendorFile, entry_complaints
from probe.model.target import OWN
from probe.notation.composing import Trail
from probe.settings.complaints import choices
from probe.settings.fields import NAME_RULE, valid_name
from probe.settings.reading import Reader
from probe.settings.shape import Vendor
from probe.wire.route import Route, Trust


class VendorReader:
    """Makes vendor entries of what is written under `vendors:`."""

    def __init__(self, reader: Reader, files: Mapping[str, VendorFile]) -> None:
        self._reader = reader
        self._files = files

    def entries(self) -> dict[str, VendorEntry]:
        """The entries that are good, in the order of the document; the others are complained about."""
        entries = {name: self._entry(name) for name in self._reader.mapping(("vendors",))}
        return {name: entry for name, entry in entries.items() if entry is not None}

    def _entry(self, name: str) -> VendorEntry | None:
        trail: Trail = ("vendors", name)
        self._check_name(trail, name)
        shape = self._reader.section(Vendor, trail, secrets="credentials")
        file = self._file(trail)
        route = self._route(trail, shape)
        if shape is None or file is None or route is None:
            return None
        entry = VendorEntry(
            name=name,
            region=shape.region,
            file=file,
            credentials=shape.credentials,
            endpoints=shape.endpoints,
            network=shape.network,
            insecure_http=shape.insecure_http,
            profile=shape.profile,
            route=route,
            redactor=self._reader.references.redactor,
        )
        complaints = _causes(entry)
        for where, problem, remedy in complaints:
            self._reader.notebook.note((*trail, *where), problem, remedy, tell=False)
        return None if complaints else entry

    def _check_name(self, trail: Trail, name: str) -> None:
        if not valid_name(name):
            self._reader.notebook.note(
                trail,
                f"the name {NAME_RULE}",
                "rename it",
            )
        elif name == OWN:
            self._reader.notebook.note(trail, "the name is what your own targets have as vendor", "choose another")

    def _file(self, trail: Trail) -> VendorFile | None:
        use = self._reader.raw((*trail, "use"))
        if not isinstance(use, str):
            return None  # the section has complained
        if use not in self._files:
            self._reader.notebook.note((*trail, "use"), "there is no such vendor file", choices(use, self._files))
        return self._files.get(use)

    def _route(self, trail: Trail, shape: Vendor | None) -> Route | None:
        if shape is None:
            return None
        bundle = self._reader.folder / shape.ca_bundle if shape.ca_bundle is not None else None
        if bundle is not None and not bundle.is_file():
            self._reader.notebook.note((*trail, "ca_bundle"), f"there is no file {bundle}", "correct the path")
            return None
        return Route(trust=Trust(ca_bundle=bundle), proxy=shape.proxy)


def _causes(entry: VendorEntry) -> list[tuple[tuple[str, ...], str, str]]:
    """What is wrong with *entry*; of a profile or region that is wrong, not also the URLs that it does not give."""
    complaints = entry_complaints(entry)
    misled = any(where[0] in {"profile", "region"} for where, _, _ in complaints)
    return [
        complaint
        for complaint in complaints
        if not (misled and complaint[0][0] == "endpoints" and complaint[0][1] not in entry.endpoints)
    ]
