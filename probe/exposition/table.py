"""Holds all series and tells them in slices, so that a scrape never holds the loop in which measurements are taken."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from probe.exposition.children import Child, Histogram, Layout, Totals, Value
from probe.exposition.families import FAMILIES, Family, Type
from probe.exposition.formats import Format, header, label_text
from probe.model.clock import Clock

SLICE_SECONDS: Final = 0.0005
"""How long one slice may take; a histogram in it that changed is still rendered as a whole, in some 20 us."""
CHUNK_BYTES: Final = 1 << 17

C = TypeVar("C", bound=Child)
Key = tuple[str, ...]


class Shelf(Generic[C]):
    """The children of one family, by the values of their labels, oldest first."""

    def __init__(self, family: Family, make: Callable[[str], C]) -> None:
        self.family = family
        self.children: dict[Key, C] = {}
        self._make = make

    def child(self, labels: Key) -> C:
        """The one with these labels; if there is none yet, a new one that starts at 0."""
        child = self.children.get(labels)
        if child is None:
            child = self.children[labels] = self._make(label_text(self.family.labels, labels))
        return child


class Table:
    """Every family with its children."""

    def __init__(self, families: Iterable[Family] = FAMILIES) -> None:
        self._values: dict[str, Shelf[Value]] = {}
        self._histograms: dict[str, Shelf[Histogram]] = {}
        self._totals: dict[str, Shelf[Totals]] = {}
        self._shelves: dict[str, Shelf[Value] | Shelf[Histogram] | Shelf[Totals]] = {}
        for family in families:
            self._shelves[family.name] = self._shelf(family)

    def _shelf(self, family: Family) -> Shelf[Value] | Shelf[Histogram] | Shelf[Totals]:
        name = family.name
        if family.type is Type.HISTOGRAM:
            layout = Layout(name, family.buckets)
            histograms = self._histograms[name] = Shelf(family, lambda labels: Histogram(layout, labels))
            return histograms
        if family.type is Type.SUMMARY:
            totals = self._totals[name] = Shelf(family, lambda labels: Totals(name, labels))
            return totals
        values = self._values[name] = Shelf(family, lambda labels: Value(name, labels))
        return values

    def value(self, family: Family, *labels: str) -> Value:
        """The counter or gauge of *family* with these labels, new at 0."""
        return self._values[family.name].child(labels)

    def histogram(self, family: Family, *labels: str) -> Histogram:
        """The histogram of *family* with these labels, new and empty."""
        return self._histograms[family.name].child(labels)

    def totals(self, family: Family, *labels: str) -> Totals:
        """The summary of *family* with these labels, new and empty."""
        return self._totals[family.name].child(labels)

    def drop(self, family: Family, *labels: str) -> None:
        """Forget the child with exactly these labels, if there is one."""
        self._shelves[family.name].children.pop(labels, None)

    def keys(self, family: Family) -> list[Key]:
        """The labels of all children of *family*."""
        return list(self._shelves[family.name].children)

    def shelves(self) -> Iterator[tuple[Family, list[tuple[Key, Child]]]]:
        """Every family that has children, with what it has at that moment."""
        for shelf in self._shelves.values():
            if shelf.children:
                yield shelf.family, list(shelf.children.items())

    def _pieces(self, form: Format) -> Iterator[bytes]:
        for family, children in self.shelves():
            yield header(family, form)
            for _, child in children:
                yield child.render(form)

    async def told(self, form: Format, clock: Clock) -> AsyncIterator[bytes]:
        """All series in *form*, in chunks of some 128 KiB; others get the loop every half a millisecond.

        What changes meanwhile is told as it is when its turn comes; the lines of one child always agree.
        """
        chunk: list[bytes] = []
        size = 0
        until = clock.now() + SLICE_SECONDS
        for piece in self._pieces(form):
            chunk.append(piece)
            size += len(piece)
            if size >= CHUNK_BYTES:
                yield b"".join(chunk)
                chunk, size = [], 0
            if clock.now() >= until:
                await asyncio.sleep(0)
                until = clock.now() + SLICE_SECONDS
        yield b"".join(chunk)
