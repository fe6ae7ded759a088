"""The documents as the tests see them: pages, fenced blocks, links, and words set as code.

A block runs, loads or parses as its language asks. What cannot is said in the page itself, by a comment on the line
before the block:

    <!-- fragment: WHY -->   it is only compiled or parsed
    <!-- from PATH -->       its lines stand in that file, one after the other
    <!-- file: PATH -->      it is a file of a tutorial, which a test of that page writes
    <!-- background -->      a command of a tutorial that goes on while the next ones run
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
PAGES: Final = (
    README,
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
)
_FENCE: Final = re.compile(r"( *)```([a-z]*)")
_MARK: Final = re.compile(r"<!-- (fragment: .+|from \S+|file: \S+|background) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        page: the file it stands in.
        line: of its fence, counted from 1.
        language: what stands after the fence.
        text: its lines, without the fence's indentation.
        mark: what the comment before it says, or nothing.
    """

    page: Path
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


def name(page: Path) -> str:
    """The page's path from the top."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of *page*."""
    lines = page.read_text("utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = _FENCE.fullmatch(lines[number])
        if fence is None:
            number += 1
            continue
        indentation, language = fence.groups()
        end = lines.index(f"{indentation}```", number + 1)
        text = "\n".join(line.removeprefix(indentation) for line in lines[number + 1 : end])
        mark = _MARK.fullmatch(lines[number - 1].strip()) if number else None
        yield Block(page, number + 1, language, f"{text}\n", mark[1] if mark else "")
        number = end + 1


def of_language(*languages: str) -> list[Block]:
    """Every block of every page that is in one of *languages*."""
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def prose(page: Path) -> str:
    """*page* without its fenced blocks."""
    return re.sub(r"^( *)```[a-z]*\n.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The file and the anchor of every relative link on *page*; the file is empty for a link within the page."""
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(page: Path) -> set[str]:
    """What a link to a heading of *page* may say after its `#`."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_words(page: Path) -> list[str]:
    """What is set as code in the prose of *page*."""
    return re.findall(r"`([^`\n]+)`", prose(page))
