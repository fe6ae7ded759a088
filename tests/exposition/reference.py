"""The tables of docs/metrics.md, made from the declarations; `python -m tests.exposition.reference` writes them."""

from itertools import groupby
from pathlib import Path

from probe.exposition.families import FAMILIES, IDENTITY, VENDOR, Family

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- begin: made from probe/exposition/families.py -->", "<!-- end -->"


def _labels(family: Family) -> str:
    if family.labels[:5] == IDENTITY:
        return ", ".join(["*identity*", *(f"`{label}`" for label in family.labels[5:])])
    if family.labels[:2] == VENDOR:
        return ", ".join(["*vendor*", *(f"`{label}`" for label in family.labels[2:])])
    return ", ".join(f"`{label}`" for label in family.labels)


def _line(family: Family) -> str:
    return f"| `{family.name}` | {family.type} | {_labels(family)} | {family.unit} | {family.help} |"


def tables() -> str:
    """One table per feature, in the order of the declarations."""
    told = []
    for feature, families in groupby(FAMILIES, key=lambda family: family.feature):
        title = feature[0].upper() + feature[1:]
        lines = [f"### {title}", "", "| metric | type | labels | unit | meaning |", "|---|---|---|---|---|"]
        told.append("\n".join([*lines, *(_line(family) for family in families)]))
    return "\n\n".join(told)


def written(page: str) -> str:
    """*page* with the tables as they should be."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
