"""Judges command lines that stand in documents, without running them."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from typing import Final

import click

from probe.cli.app import app
from tests.contracts.pages import PAGES, ROOT, code_words, name, of_language

MAKE_TARGETS: Final = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
_OPTIONAL: Final = re.compile(r"\[(?:--?[a-z]|[A-Z])[^]]*\]")


def named() -> Iterator[tuple[str, str]]:
    """Where a command of ours is named, and its line: after a prompt in a block, or set as code in prose."""
    for block in of_language("console"):
        for line in block.text.replace("\\\n", " ").splitlines():
            if re.match(r"\$ .*\b(probe|make)\b", line):
                yield str(block), line.removeprefix("$ ")
    for page in PAGES:
        for word in code_words(page):
            if re.match(r"(probe|make|python -m) [a-z-]", word):
                yield name(page), word


def complaint(line: str) -> str:
    """What is wrong with a command line, or nothing; placeholders in capitals are taken for values."""
    for part in re.split(r"&&|\|", _OPTIONAL.sub("", line)):
        words = shlex.split(part, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if found := _judge(words):
            return found
    return ""


def _judge(words: list[str]) -> str:
    if words[:2] == ["python", "-m"]:
        words = words[2:]
        if words[0] != "probe":
            return "" if importlib.util.find_spec(words[0]) else f"there is no module {words[0]}"
    if words[:1] == ["make"]:
        unknown = {word for word in words[1:] if "=" not in word} - MAKE_TARGETS
        return f"the Makefile has no {unknown}" if unknown else ""
    return _judge_probe(words[1:]) if words[:1] == ["probe"] else ""


def _judge_probe(words: list[str]) -> str:
    if not words or words[0] in {"--version", "--help"} or words[0].isupper():
        return ""
    with click.Context(app, info_name="probe") as context:
        command = app.get_command(context, words[0])
        if command is None:
            return f"there is no command {words[0]}"
        try:
            command.make_context(words[0], words[1:], parent=context)
        except click.MissingParameter:
            return ""  # prose names a command without what it is to act on
        except click.UsageError as error:
            return error.format_message()
        except click.exceptions.Exit:
            return ""  # it asks for help
    return ""
