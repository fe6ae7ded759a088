"""The vendor entries of a configuration and the files they use, without what reads either: many measure no vendor."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from probe.rental.guards import Prices

if TYPE_CHECKING:
    from probe.cloud import VendorEntry, VendorFile


@dataclass(frozen=True, slots=True)
class Vendors:
    """What `vendors:` says.

    Attributes:
        good: the entries that can be used, in the order of the document.
        refused: those with a mistake, as far as their file is known: what probes want of them is checked all the same.
        prices: what those cost that say so, good or refused, without a currency: that is the agent's.
    """

    good: "dict[str, VendorEntry]" = field(default_factory=dict)
    refused: "dict[str, VendorEntry]" = field(default_factory=dict)
    prices: dict[str, Prices] = field(default_factory=dict)

    def entry(self, name: str) -> "VendorEntry | None":
        """The entry *name*, good or refused; None if its file is not known."""
        return self.good.get(name) or self.refused.get(name)


class VendorFiles(Mapping[str, "VendorFile"]):
    """Vendor files by name: those that were read, and of the package's those that nobody has asked for yet.

    A file takes some 15 ms to read and to check, and there are many of which a configuration uses few.
    """

    def __init__(self, folder: Path, own: "Mapping[str, VendorFile]", refused: Iterable[str] = ()) -> None:
        """*folder* holds the package's; *own* are the operator's, which win, as do those *refused*, which are wrong."""
        self._paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
        self._read = dict(own)
        self._refused = frozenset(refused)

    def __getitem__(self, name: str) -> "VendorFile":
        """The file *name*.

        Raises:
            KeyError: there is none.
            VendorFileRefused: it is wrong; without a complaint if that has been told.
        """
        from probe.cloud import VendorFileRefused, load_vendor_file  # noqa: PLC0415 - 0.1 s that only those with vendors pay

        if name in self._refused:
            raise VendorFileRefused(())
        if name not in self._read:
            path = self._paths[name]
            self._read[name] = load_vendor_file(path)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._paths, *self._read, *self._refused}))

    def __len__(self) -> int:
        return len({*self._paths, *self._read, *self._refused})

    def __contains__(self, name: object) -> bool:
        return name in self._read or name in self._paths or name in self._refused
