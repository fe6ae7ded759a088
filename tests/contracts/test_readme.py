import re
from pathlib import Path

import pytest

from probe.cli.app import COMMANDS
from tests.contracts.commands import MAKE_TARGETS, complaint, named
from tests.contracts.pages import PAGES, README, ROOT, anchors, code_words, links, name
from tests.contracts.readme import BEGIN, END, help_text, made, written

every_page = pytest.mark.parametrize("page", PAGES, ids=map(name, PAGES))


@pytest.mark.parametrize("page", made(), ids=name)
def test_what_is_made_is_current(page: Path) -> None:
    """`python -m tests.contracts.readme` writes it anew."""
    text = page.read_text("utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert text == written(page)


def test_the_help_names_every_command() -> None:
    """Each with a line that says what it is for."""
    lines = help_text().splitlines()
    for command, (_, line) in COMMANDS.items():
        assert any(told.split() == [command, *line.split()] for told in lines), command


def test_the_readme_is_short_and_has_a_picture() -> None:
    """Under 150 lines, so that it is read."""
    page = README.read_text("utf-8")
    assert page.count("\n") < 150
    assert re.search(r"!\[.+\]\(docs/.+\.png\)", page)


@every_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    """To a file or folder of the repository, and to a heading that is there."""
    for file, anchor in links(page):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), f"{file}#{anchor}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nothing links to is read by nobody."""
    reached, waiting = set(), [README]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.suffix == ".md":
            waiting += [(page.parent / file).resolve() for file, _ in links(page) if file]
    assert {name(page) for page in PAGES} - {name(page) for page in reached} == set()


@pytest.mark.parametrize(("where", "line"), list(named()))
def test_commands_in_documents_exist(where: str, line: str) -> None:
    """With the options that they are shown with."""
    assert complaint(line) == "", where


def test_every_command_of_make_is_one_line_of_its_help() -> None:
    """And none is missing there."""
    helped = re.findall(r"^([a-z-]+):.*## .+$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(helped) == MAKE_TARGETS


@every_page
def test_files_named_in_documents_exist(page: Path) -> None:
    """What is set as code and begins with a folder at the top is a path from the top; NAME stands for any."""
    for word in code_words(page):
        if re.fullmatch(r"(config|dashboards|docs|probe|tests)/[\w./-]+", word) and "NAME" not in word:
            assert (ROOT / word).exists(), word
