"""`python -m dashboards.author` writes the dashboards and their list in docs; a test says when they are not current."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dashboards.author import compare, fleet, renting
from dashboards.author.page import Page

FOLDER: Final = Path(__file__).resolve().parents[1]
DOCUMENT: Final = FOLDER.parent / "docs" / "dashboards.md"
_LIST: Final = re.compile(
    r"(?<=<!-- panels: written by python -m dashboards\.author -->\n).*(?=<!-- /panels -->)", re.DOTALL
)


def rendered() -> Mapping[Path, str]:
    """Every file that is written here, and what must be in it."""
    pages = (fleet.page(), compare.page(), renting.page())
    files = {
        FOLDER / f"{page.uid}.json": json.dumps(page.as_json(), indent=2, ensure_ascii=False) + "\n" for page in pages
    }
    listed = "\n".join(map(_listed, pages))
    return {**files, DOCUMENT: _LIST.sub(lambda _: listed, DOCUMENT.read_text(encoding="utf-8"))}


def _listed(page: Page) -> str:
    lines = [f"### {page.title}", "", f"{page.says} Range {page.since} to now.", ""]
    for row in page.rows:
        lines += [f"**{row.title}**", "", "| panel | what it shows |", "|---|---|"]
        lines += [f"| {panel.title} | {panel.says} |" for panel in row.panels]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write them."""
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
