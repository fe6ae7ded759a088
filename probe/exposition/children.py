"""The series themselves, packed: a scrape of 50,000 must not hold the loop in which measurements are taken.

A child keeps its label text ready and its rendered lines until it changes; prometheus_client's own renderer spends
twenty times as long on the same children and in one go. All of it belongs to the loop's thread.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Protocol

from probe.exposition.formats import Format, bound, encoded, escaped, number

_EXEMPLAR_LIMIT: Final = 128
"""OpenMetrics lets the labels of an exemplar have that many characters in all."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One run behind a number: where to look in the log.

    Attributes:
        run_id: which run.
        value: what it added.
        at: when, seconds since 1970.
    """

    run_id: str
    value: float
    at: float

    def text(self) -> str:
        """What follows the sample; nothing if the identifier is too long to be told."""
        if len(self.run_id) + len("run_id") > _EXEMPLAR_LIMIT:
            return ""
        return f' # {{run_id="{escaped(self.run_id)}"}} {number(self.value)} {number(self.at)}'


@dataclass(frozen=True, slots=True)
class Sample:
    """One line, for those who read samples instead of text."""

    name: str
    extra: tuple[str, str] | None
    value: float
    exemplar: Exemplar | None = None


class Child(Protocol):
    """All lines of one family with one set of labels; rendered as a whole, so that its lines agree with each other."""

    def render(self, form: Format) -> bytes:
        """Its lines, from memory if nothing changed."""
        ...

    def samples(self) -> Iterator[Sample]:
        """The same as values."""
        ...


class Value:
    """A counter or a gauge."""

    __slots__ = ("_head", "_open", "_plain", "exemplar", "name", "value")

    def __init__(self, name: str, labels: str) -> None:
        self.name = name
        self.value = 0.0
        self.exemplar: Exemplar | None = None
        self._head = f"{name}{{{labels}}} " if labels else f"{name} "
        self._plain: bytes | None = None
        self._open: bytes | None = None

    def increase(self, by: float = 1.0, exemplar: Exemplar | None = None) -> None:
        """Add *by*; *exemplar* is one run behind it."""
        self.value += by
        if exemplar is not None:
            self.exemplar = exemplar
        self._plain = self._open = None

    def set(self, value: float) -> None:
        """Be *value* from now on."""
        if value != self.value:
            self.value = value
            self._plain = self._open = None

    def render(self, form: Format) -> bytes:
        """Its line, from memory if nothing changed."""
        if form is Format.PLAIN or self.exemplar is None:
            if self._plain is None:
                self._plain = encoded(f"{self._head}{number(self.value)}\n")
            return self._plain
        if self._open is None:
            self._open = encoded(f"{self._head}{number(self.value)}{self.exemplar.text()}\n")
        return self._open

    def samples(self) -> Iterator[Sample]:
        """The same as a value."""
        yield Sample(self.name, None, self.value, self.exemplar)


class Totals:
    """A summary without quantiles: how many and how much in all."""

    __slots__ = ("_labels", "_text", "count", "name", "sum")

    def __init__(self, name: str, labels: str) -> None:
        self.name = name
        self.count = 0
        self.sum = 0.0
        self._labels = f"{{{labels}}}" if labels else ""
        self._text: bytes | None = None

    def observe(self, value: float) -> None:
        """Take *value* in."""
        self.count += 1
        self.sum += value
        self._text = None

    def render(self, form: Format) -> bytes:
        """Its two lines, from memory if nothing changed; the same in both formats."""
        del form
        if self._text is None:
            name, labels = self.name, self._labels
            self._text = encoded(f"{name}_count{labels} {self.count}\n{name}_sum{labels} {number(self.sum)}\n")
        return self._text

    def samples(self) -> Iterator[Sample]:
        """The same as values."""
        yield Sample(self.name + "_count", None, float(self.count))
        yield Sample(self.name + "_sum", None, self.sum)


class Layout:
    """What all histograms of a family share: bounds, and the text of a line around labels and count."""

    __slots__ = ("bounds", "closers", "name", "openers", "texts")

    def __init__(self, name: str, bounds: Sequence[float]) -> None:
        self.name = name
        self.bounds = array("d", (float(limit) for limit in bounds))
        self.texts = tuple(bound(limit) for limit in (*self.bounds, float("inf")))
        self.openers = f"{name}_bucket{{"
        self.closers = tuple(f'le="{text}"}} ' for text in self.texts)


class Histogram:
    """Counts observations by size; its buckets are packed numbers, not objects.

    Attributes:
        sum: of all that was observed.
        kept: whether somebody has taken note that it is to be dropped with a target.
    """

    __slots__ = ("_counts", "_exemplars", "_labels", "_layout", "_open", "_plain", "kept", "sum")

    def __init__(self, layout: Layout, labels: str) -> None:
        self._layout = layout
        self._labels = labels
        self._counts = array("d", bytes(8 * len(layout.closers)))
        self._exemplars: dict[int, Exemplar] | None = None
        self.kept = False
        self.sum = 0.0
        self._plain: bytes | None = None
        self._open: bytes | None = None

    def observe(self, value: float, exemplar: Exemplar | None = None) -> None:
        """Take *value* in; *exemplar* is the run behind it."""
        index = bisect_left(self._layout.bounds, value)
        self._counts[index] += 1.0
        self.sum += value
        if exemplar is not None:
            if self._exemplars is None:
                self._exemplars = {}
            self._exemplars[index] = exemplar
        self._plain = self._open = None

    def render(self, form: Format) -> bytes:
        """All its lines, from memory if nothing changed."""
        if form is Format.PLAIN or not self._exemplars:
            if self._plain is None:
                self._plain = encoded(self._lines({}))
            return self._plain
        if self._open is None:
            self._open = encoded(self._lines({index: told.text() for index, told in self._exemplars.items()}))
        return self._open

    def _lines(self, exemplars: dict[int, str]) -> str:
        layout, labels = self._layout, self._labels
        start = f"{layout.openers}{labels}," if labels else layout.openers
        totals = [int(total) for total in accumulate(self._counts)]
        lines = [
            f"{start}{closer}{total}{exemplars.get(index, '')}\n"
            for index, (closer, total) in enumerate(zip(layout.closers, totals, strict=True))
        ]
        braces = f"{{{labels}}}" if labels else ""
        lines.append(f"{layout.name}_count{braces} {totals[-1]}\n{layout.name}_sum{braces} {number(self.sum)}\n")
        return "".join(lines)

    def samples(self) -> Iterator[Sample]:
        """The same as values."""
        name, exemplars, total = self._layout.name, self._exemplars or {}, 0.0
        for index, (text, total) in enumerate(zip(self._layout.texts, accumulate(self._counts), strict=True)):
            yield Sample(name + "_bucket", ("le", text), total, exemplars.get(index))
        yield Sample(name + "_count", None, total)
        yield Sample(name + "_sum", None, self.sum)
