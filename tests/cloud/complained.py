"""What vendors really said when they refused: `complaints/NAME.yaml`, one file per vendor, several people's work.

A file is a list of groups, each with the `source` of all that stands in it, and perhaps the `endpoint` that answered
(default `api`; its codec is that of the vendor file):

    - source: https://docs.example/errors
      errors:                 # `body`: data (sent as JSON) or text; `headers` if they matter
        - {status: 429, is: throttled, headers: {Retry-After: "5"}, body: {error: {code: slow_down}}}
      failed:                 # instances in a failed state: the item as the vendor shows it
        - {is: capacity, item: {id: 1, status: error, fault: no room}}
      inside:                 # a code and a message found inside an answer that said success, or where a handle ended
        - {is: quota, code: QUOTA_EXCEEDED, message: Quota 'CPUS' exceeded}

`is` is the verdict that the vendor file's rules must come to, by a rule that knows it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from probe.cloud.codecs import Unparseable, decode
from probe.cloud.file.errors import Verdict
from probe.notation.documents import read_document
from tests.cloud.entries import FILES

FOLDER: Final = Path(__file__).parent / "complaints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that refused."""

    vendor: str
    source: str
    status: int
    verdict: Verdict
    body: object
    endpoint: str = "api"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> object:
        """The body as the agent sees it: decoded, or None if it cannot be."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        try:
            return decode(FILES[self.vendor].endpoints[self.endpoint].codec, text.encode())
        except Unparseable:
            return None

    def __str__(self) -> str:
        return f"{self.vendor}-{self.status}-{self.verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An instance in a failed state."""

    vendor: str
    source: str
    verdict: Verdict
    item: object

    def __str__(self) -> str:
        return f"{self.vendor}-{self.verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A failure that was told inside a success."""

    vendor: str
    source: str
    verdict: Verdict
    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.vendor}-{self.code or self.verdict}"


@dataclass(frozen=True, slots=True)
class Tables:
    """All that is known."""

    refusals: tuple[Refusal, ...]
    failed: tuple[Failed, ...]
    inside: tuple[Inside, ...]

    def shown(self, vendor: str) -> set[Verdict]:
        """The verdicts of which *vendor* has an example."""
        return {
            row.verdict for rows in (self.refusals, self.failed, self.inside) for row in rows if row.vendor == vendor
        }


def read_tables(folder: Path = FOLDER) -> Tables:
    """Every table in *folder*; what is written wrongly raises."""
    refusals: list[Refusal] = []
    failed: list[Failed] = []
    inside: list[Inside] = []
    for path in sorted(folder.glob("*.yaml")):
        for group in _mappings(read_document(path).data):
            left = dict(group)
            known: dict[str, object] = {"vendor": path.stem, "source": left.pop("source")}
            there = {"endpoint": left.pop("endpoint", "api")}
            refusals += (Refusal(**_row(known | there, row)) for row in _mappings(left.pop("errors", [])))
            failed += (Failed(**_row(known, row)) for row in _mappings(left.pop("failed", [])))
            inside += (Inside(**_row(known, row)) for row in _mappings(left.pop("inside", [])))
            assert not left, f"{path.name}: {', '.join(left)}?"
    return Tables(tuple(refusals), tuple(failed), tuple(inside))


def _mappings(data: object) -> Iterator[Mapping[str, object]]:
    assert isinstance(data, list)
    for item in data:
        assert isinstance(item, Mapping)
        yield item


def _row(known: Mapping[str, object], row: Mapping[str, object]) -> dict[str, Any]:
    words = dict(row)
    return {**known, "verdict": Verdict(str(words.pop("is"))), **words}


TABLES: Final = read_tables()
