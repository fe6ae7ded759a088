"""`python -m dashboards.author` writes the dashboards beside this package; a test says when they are not current."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dashboards.author import compare, fleet

FOLDER: Final = Path(__file__).resolve().parents[1]


def rendered() -> Mapping[Path, str]:
    """Every dashboard's file and what must be in it."""
    pages = (fleet.page(), compare.page())
    return {
        FOLDER / f"{page.uid}.json": json.dumps(page.as_json(), indent=2, ensure_ascii=False) + "\n" for page in pages
    }


def main() -> None:
    """Write them."""
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
