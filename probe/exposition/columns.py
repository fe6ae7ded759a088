"""The counters and gauges of all targets, packed: a number each, and a target's label text once for all of them.

An agent of ten thousand targets has half a million series. As an object each they would be 200 MB; as numbers in a
column for each metric (and each outcome, reason or phase of it) they are four.
"""

from array import array
from collections.abc import Iterator
from math import nan
from typing import Final

from probe.exposition.children import Exemplar
from probe.exposition.families import IDENTITY, Family
from probe.exposition.formats import Format, encoded, label_text, number

Key = tuple[str, ...]

BATCH: Final = 128
"""Lines that are rendered at once: some 60 us."""
_ABSENT: Final = nan
"""What stands in a column where there is no series; no metric of a target is ever not a number."""
_SHORT: Final = {0.0: "0", 1.0: "1"}


class Rows:
    """The targets, by number: those of the ones that left are given to the next that come.

    Attributes:
        keys: the values of the identity labels, by row.
        texts: the same as they are written in a line, by row.
    """

    __slots__ = ("_free", "keys", "texts")

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.texts: list[str] = []
        self._free: list[int] = []

    def enter(self, key: Key) -> int:
        """A row for the identity *key*."""
        text = label_text(IDENTITY, key)
        if self._free:
            row = self._free.pop()
            self.keys[row], self.texts[row] = key, text
        else:
            row = len(self.keys)
            self.keys.append(key)
            self.texts.append(text)
        return row

    def leave(self, row: int) -> None:
        """Give *row* back; nothing stands in any column for it any more."""
        self.keys[row], self.texts[row] = (), ""
        self._free.append(row)

    def still(self) -> "Rows":
        """How they are written now, whoever comes and goes; only to be told."""
        still = Rows()
        still.texts = list(self.texts)
        return still


class Column:
    """One family with one set of the labels that it has beside a target's identity.

    Attributes:
        key: the values of those labels.
        count: how many series there are in it.
    """

    __slots__ = ("_exemplars", "_family", "_first", "_head", "_numbers", "_rows", "_tail", "count", "key")

    def __init__(self, rows: Rows, family: Family, key: Key) -> None:
        self._family = family
        more = label_text(family.labels[len(IDENTITY) :], key)
        self.key = key
        self.count = 0
        self._rows = rows
        self._head = f"{family.name}{{"
        self._tail = f",{more}}} " if more else "} "
        self._first = 0
        self._numbers = array("d")
        self._exemplars: dict[int, Exemplar] = {}

    def get(self, row: int) -> float | None:
        """The number in *row*; None if there is no such series."""
        place = row - self._first
        if not 0 <= place < len(self._numbers):
            return None
        value = self._numbers[place]
        return value if value == value else None  # noqa: PLR0124 - false for what is not a number

    def set(self, row: int, value: float) -> None:
        """Let the number in *row* be *value*."""
        place = row - self._first
        if not 0 <= place < len(self._numbers):
            place = self._stretch(row)
        before = self._numbers[place]
        if before != before:  # noqa: PLR0124 - as above
            self.count += 1
        self._numbers[place] = value

    def increase(self, row: int, by: float = 1.0, exemplar: Exemplar | None = None) -> None:
        """Add *by* to the number in *row*, 0 if there is none; *exemplar* is one run behind it."""
        place = row - self._first
        numbers = self._numbers
        if 0 <= place < len(numbers) and (value := numbers[place]) == value:
            numbers[place] = value + by
        else:
            self.set(row, by)
        if exemplar is not None:
            self._exemplars[row] = exemplar

    def drop(self, row: int) -> None:
        """Let there be no such series."""
        if self.get(row) is not None:
            self._numbers[row - self._first] = _ABSENT
            self._exemplars.pop(row, None)
            self.count -= 1

    def set_or_drop(self, row: int, value: float | None) -> None:
        """Let the number in *row* be *value*; let there be none if that is None."""
        if value is not None:
            self.set(row, value)
        elif self.get(row) is not None:
            self.drop(row)

    def _stretch(self, row: int) -> int:
        """Make place for *row*; where it is. What few targets have is as long as from the first of them to the last."""
        if not self.count:
            self._first, self._numbers = row, array("d")
        elif row < self._first:
            self._numbers = array("d", [_ABSENT]) * (self._first - row) + self._numbers
            self._first = row
        place = row - self._first
        if place >= len(self._numbers):
            self._numbers.extend(array("d", [_ABSENT]) * (place + 1 - len(self._numbers)))
        return place

    def still(self, rows: Rows) -> "Column":
        """Its numbers as they are now, for *rows* that are just as still; only to be told."""
        still = Column(rows, self._family, self.key)
        still.count, still._first, still._numbers = self.count, self._first, self._numbers[:]
        still._exemplars = self._exemplars  # the newest run behind a number is as good as any
        return still

    def told(self, form: Format) -> Iterator[bytes]:
        """Its lines, some at a time; rows may come and go meanwhile."""
        start = self._first
        while start < self._first + len(self._numbers):
            start = max(start, self._first)
            place = start - self._first
            values = self._numbers[place : place + BATCH]
            if form is Format.OPEN and self._exemplars:
                yield self._with_exemplars(start, values)
            else:
                yield self._plain(start, values)
            start += BATCH

    def _plain(self, start: int, values: "array[float]") -> bytes:
        head, tail, short = self._head, self._tail, _SHORT
        texts = self._rows.texts[start : start + BATCH]
        return encoded(
            "".join(
                [
                    f"{head}{text}{tail}{short.get(value) or number(value)}\n"
                    for text, value in zip(texts, values, strict=False)
                    if value == value  # noqa: PLR0124 - as above
                ]
            )
        )

    def _with_exemplars(self, start: int, values: "array[float]") -> bytes:
        head, tail, texts, known = self._head, self._tail, self._rows.texts, self._exemplars
        lines = []
        for row, value in enumerate(values, start):
            if value == value:  # noqa: PLR0124 - as above
                exemplar = known.get(row)
                lines.append(f"{head}{texts[row]}{tail}{number(value)}{exemplar.text() if exemplar else ''}\n")
        return encoded("".join(lines))

    def cells(self) -> Iterator[tuple[Key, float, Exemplar | None]]:
        """Its series as values: all their labels, the number and the run behind it."""
        for row, value in enumerate(self._numbers, self._first):
            if value == value:  # noqa: PLR0124 - as above
                yield (*self._rows.keys[row], *self.key), value, self._exemplars.get(row)


def packed(family: Family) -> bool:
    """Whether *family* is a number for each target, which columns hold."""
    return family.labels[: len(IDENTITY)] == IDENTITY and not family.buckets
