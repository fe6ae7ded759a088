"""What is made from the program and the pages: the help in README.md, the list in docs/decisions/README.md.

`python -m tests.contracts.readme` writes both anew.
"""

import re
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from probe.cli.app import app
from tests.contracts.pages import README, ROOT

DECISIONS: Final = ROOT / "docs" / "decisions"
INDEX: Final = DECISIONS / "README.md"
BEGIN: Final = "<!-- begin: written by python -m tests.contracts.readme -->"
END: Final = "<!-- end -->"
_WIDTH: Final = 100


def help_text() -> str:
    """What `probe --help` prints on a terminal that is wide enough."""
    told = CliRunner().invoke(app, ["--help"], prog_name="probe", terminal_width=_WIDTH)
    return told.output.rstrip()


def decisions() -> list[Path]:
    """The decision pages, by number."""
    return sorted(page for page in DECISIONS.glob("*.md") if page != INDEX)


def _title(page: Path) -> str:
    heading = page.read_text("utf-8").splitlines()[0]
    title = re.sub(r"^# (\d{1,4}\W+)?", "", heading)
    return title[:1].upper() + title[1:]


def made() -> dict[Path, str]:
    """What belongs between the two comments, by page."""
    index = [f"- [{page.stem[:4]}]({page.name}): {_title(page)}" for page in decisions()]
    return {README: f"```text\n{help_text()}\n```", INDEX: "\n".join(index)}


def written(page: Path) -> str:
    """*page* with what is made as it should be."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made()[page]}\n\n{END}{after}"


if __name__ == "__main__":
    for path in made():
        path.write_text(written(path), "utf-8")
