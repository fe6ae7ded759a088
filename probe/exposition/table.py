"""Holds all series and tells them in slices, so that a scrape never holds the loop in which measurements are taken."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from probe.exposition.children import Child, Histogram, Layout, Sample, Totals, Value
from probe.exposition.columns import Column, Key, Rows, packed
from probe.exposition.families import FAMILIES, Family, Type
from probe.exposition.formats import Format, header, label_text
from probe.model.clock import Clock

SLICE_SECONDS: Final = 0.0005
"""How long one slice may take; a histogram in it that changed is still rendered as a whole, in some 20 us."""
CHUNK_BYTES: Final = 1 << 17

C = TypeVar("C", bound=Child)
__all__ = ["CHUNK_BYTES", "SLICE_SECONDS", "Key", "Shelf", "Table"]


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
    """Every family with its children.

    Args:
        families: what it holds, in the order in which it is told.
        together: families of targets that are told as they were at one moment: their numbers add up.
    """

    def __init__(self, families: Iterable[Family] = FAMILIES, together: Iterable[Family] = ()) -> None:
        self._values: dict[str, Shelf[Value]] = {}
        self._histograms: dict[str, Shelf[Histogram]] = {}
        self._totals: dict[str, Shelf[Totals]] = {}
        self._rows = Rows()
        self._columns: dict[str, dict[Key, Column]] = {}
        self._families = tuple(families)
        self._together = tuple(family.name for family in together)
        self._shelves: dict[str, Shelf[Value] | Shelf[Histogram] | Shelf[Totals]] = {}
        for family in self._families:
            if packed(family):
                self._columns[family.name] = {}
            else:
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

    def enter(self, identity: Key) -> int:
        """The row of a target with that *identity*, in which nothing stands yet."""
        return self._rows.enter(identity)

    def leave(self, row: int) -> None:
        """Forget all numbers of the target in *row*."""
        for columns in self._columns.values():
            for column in columns.values():
                column.drop(row)
        self._rows.leave(row)

    def column(self, family: Family, *labels: str) -> Column:
        """The numbers of all targets in *family*, a counter or a gauge, with these *labels* beside the identity."""
        columns = self._columns[family.name]
        column = columns.get(labels)
        if column is None:
            column = columns[labels] = Column(self._rows, family, labels)
        return column

    def value(self, family: Family, *labels: str) -> Value:
        """The counter or gauge of *family*, one that is not of targets, with these labels, new at 0."""
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

    def samples(self) -> Iterator[tuple[Family, list[tuple[Key, Sample]]]]:
        """Every family that has series, with what they are at that moment."""
        for family in self._families:
            columns = self._columns.get(family.name)
            if columns is None:
                children: list[tuple[Key, Child]] = list(self._shelves[family.name].children.items())
                told = [(key, sample) for key, child in children for sample in child.samples()]
            else:
                cells = [cell for column in columns.values() for cell in column.cells()]
                told = [(key, Sample(family.name, None, value, exemplar)) for key, value, exemplar in cells]
            if told:
                yield family, told

    def _pieces(self, form: Format) -> Iterator[bytes]:
        rows = self._rows.still()
        still = {
            name: [column.still(rows) for column in self._columns[name].values() if column.count]
            for name in self._together
        }
        for family in self._families:
            if family.name in self._columns:
                columns = still.get(family.name) or self._columns[family.name].values()
                yield from _told_columns(family, columns, form)
            else:
                yield from self._told_shelf(family, form)

    def _told_shelf(self, family: Family, form: Format) -> Iterator[bytes]:
        children: list[Child] = list(self._shelves[family.name].children.values())
        if children:
            yield header(family, form)
        for child in children:
            yield child.render(form)

    async def told(self, form: Format, clock: Clock) -> AsyncIterator[bytes]:
        """All series in *form*, in chunks of some 128 KiB; others get the loop every half a millisecond.

        What changes meanwhile is told as it is when its turn comes; the lines of one child always agree, and so do the
        families that are told together.
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


def _told_columns(family: Family, columns: Iterable[Column], form: Format) -> Iterator[bytes]:
    filled = [column for column in columns if column.count]
    if filled:
        yield header(family, form)
    for column in filled:
        yield from column.told(form)
