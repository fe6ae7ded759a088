"""Reads the tables of docs/blackbox.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGE: Final = (Path(__file__).parents[3] / "docs" / "blackbox.md").read_text("utf-8")


def rows(first: str) -> Iterator[list[str]]:
    """The rows of the table whose first column is called *first*."""
    whole = re.search(rf"^\| {first} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert whole is not None, first
    for line in whole[1].splitlines():
        yield [cell.strip() for cell in line.strip("|").split("|")]


def options() -> dict[str, str]:
    """What the page says of each option."""
    return {cells[0].strip("`"): cells[1] for cells in rows("option")}


def metrics() -> dict[str, str]:
    """What the page says of each metric."""
    return {cells[0].strip("`"): cells[1] for cells in rows("metric")}


def newer(version: tuple[int, int]) -> set[str]:
    """The metrics that a peer of *version* does not know yet."""
    since = {cells[0].strip("`"): cells[2] for cells in rows("metric") if cells[2]}
    return {name for name, first in since.items() if tuple(map(int, first.split("."))) > version}


def differences() -> dict[tuple[str, str], set[str]]:
    """By module and target: the metrics whose values differ."""
    return {
        (cells[0].strip("`"), cells[1].strip("`")): set(re.findall(r"`([a-z_]+)`", cells[2]))
        for cells in rows("module")
    }
