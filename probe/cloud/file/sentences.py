"""What pydantic finds wrong with a vendor file, in sentences for who wrote it."""

from typing import Any, Final

from pydantic import ValidationError

from probe.notation.wording import worded

_SCHEMA: Final = "see `probe schema --vendor` and docs/vendors.md"
_EXTRA: Final = ("is unknown here", "correct its spelling, or remove it")
_MISSING: Final = ("is missing", "add it")


def causes(error: ValidationError) -> list[Any]:
    """What is wrong, without what is wrong only because of it: a list lacks the item that could not be read."""
    found: list[Any] = error.errors()
    return [
        details
        for details in found
        if details["type"] != "too_short" or not any(_inside(other["loc"], details["loc"]) for other in found)
    ]


def _inside(inner: tuple[str | int, ...], outer: tuple[str | int, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def sentence(details: Any) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    kind = details["type"]
    if kind in {"extra_forbidden", "missing"}:
        return _EXTRA if kind == "extra_forbidden" else _MISSING
    message = details["msg"].removeprefix("Value error, ")
    return worded(kind, details.get("ctx", {})) or (message[:1].lower() + message[1:], _SCHEMA)
