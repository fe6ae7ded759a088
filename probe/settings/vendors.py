"""One item of `vendors:` and the vendor file that it uses."""

from collections.abc import Mapping

from probe.cloud import Allowance, VendorEntry, VendorFile, VendorFileRefused, entry_complaints
from probe.model.target import OWN
from probe.notation.composing import Trail
from probe.rental.guards import Prices
from probe.settings.complaints import Complaint, choices
from probe.settings.entries import Vendors
from probe.settings.fields import NAME_RULE, valid_name
from probe.settings.reading import Reader
from probe.settings.shape.vendors import Vendor
from probe.wire.route import Route, Trust


class VendorReader:
    """Makes vendor entries of what is written under `vendors:`."""

    def __init__(self, reader: Reader, files: Mapping[str, VendorFile]) -> None:
        self._reader = reader
        self._files = files

    def vendors(self) -> Vendors:
        """All entries; those that are not good are complained about."""
        vendors = Vendors()
        for name in self._reader.mapping(("vendors",)):
            entry, good = self._entry(name, vendors)
            if entry is not None:
                (vendors.good if good else vendors.refused)[name] = entry
        return vendors

    def _entry(self, name: str, vendors: Vendors) -> tuple[VendorEntry | None, bool]:
        """The entry *name* and whether it is good; None if its file is not known."""
        trail: Trail = ("vendors", name)
        self._check_name(trail, name)
        file = self._file(trail)
        shape, wrong = self._reader.rest(Vendor, trail, secrets="credentials", instead=_instead(file))
        route = self._route(trail, shape)
        if shape is None or file is None:
            return None, False
        if shape.prices:
            vendors.prices[name] = Prices(currency="", per_hour=shape.prices, rounds_up_to=shape.rounds_up_to)
        entry = VendorEntry(
            name=name,
            region=shape.region,
            file=file,
            credentials=shape.credentials,
            account=shape.account,
            endpoints=shape.endpoints,
            network=shape.network,
            limits=Allowance(shape.limits.rate, shape.limits.burst, shape.limits.at_once),
            insecure_http=shape.insecure_http,
            profile=shape.profile,
            route=route or Route(),
            redactor=self._reader.references.redactor,
        )
        complaints = _causes(entry, wrong)
        for where, problem, remedy in complaints:
            self._reader.notebook.note((*trail, *where), problem, remedy, tell=False)
        return entry, not (wrong or complaints or route is None)

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
            return None
        try:
            return self._files[use]
        except VendorFileRefused as refusal:
            for flaw in refusal.complaints:
                self._reader.notebook.add(Complaint(flaw.file, flaw.line, flaw.path, "", flaw.problem, flaw.remedy))
            return None

    def _route(self, trail: Trail, shape: Vendor | None) -> Route | None:
        if shape is None:
            return None
        bundle = self._reader.folder / shape.ca_bundle if shape.ca_bundle is not None else None
        if bundle is not None and not bundle.is_file():
            self._reader.notebook.note((*trail, "ca_bundle"), f"there is no file {bundle}", "correct the path")
            return None
        return Route(trust=Trust(ca_bundle=bundle), proxy=shape.proxy)


def _instead(file: VendorFile | None) -> dict[str, object]:
    """Values for keys that are wrong with which nothing else is: no complaint is to follow from another."""
    network = file.network.options if file is not None else ()
    account = dict.fromkeys(file.account, "unknown") if file is not None else {}
    return {"region": "unknown", "insecure_http": True, "network": dict.fromkeys(network), "account": account}


def _causes(entry: VendorEntry, wrong: frozenset[str]) -> list[tuple[tuple[str, ...], str, str]]:
    """What is wrong with *entry* beyond its keys that are *wrong*.

    Of a profile or region that is wrong, not also the URLs that it does not give.
    """
    complaints = entry_complaints(entry)
    misled = not {"profile", "region"}.isdisjoint(wrong | {where[0] for where, _, _ in complaints})
    return [
        (where, problem, remedy)
        for where, problem, remedy in complaints
        if where[0] not in wrong and not (misled and where[0] == "endpoints" and where[1] not in entry.endpoints)
    ]
