"""What steps of a flow capture from answers, and how that is kept out of what is told of them."""

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import httpx

from probe.model.secret import MASK
from probe.notation.paths import Query, QueryTypeError
from probe.probes.checking import shown, unexpected
from probe.probes.http import data_of
from probe.probes.steps import HeaderOf, Step

_KEY: Final = 8
"""Characters from which on something captured may be a key."""


def without(text: str, captured: Iterable[object]) -> str:
    """*text* without those of what was *captured* that may be the key to somebody's account."""
    for value in sorted((found for found in captured if isinstance(found, str)), key=len, reverse=True):
        if len(value) >= _KEY:
            for form in (value, json.dumps(value)[1:-1], quote(value, "", errors="replace")):
                text = text.replace(form, MASK)
    return text


def captures(step: Step, answer: httpx.Response) -> dict[str, object]:
    """What *step* wants to know of its *answer*.

    Raises:
        ProbeFailed: something of it is not there.
    """
    found = {name: _capture(source, answer) for name, source in step.capture.items()}
    if lacking := [name for name, value in found.items() if value is None]:
        raise unexpected(f"there is no {', '.join(lacking)} to capture in {_outline(answer)}")
    return found


def _outline(answer: httpx.Response) -> str:
    """What *answer* holds, without what it says: that may be a secret which is not known as one."""
    try:
        data = json.loads(answer.content)
    except (ValueError, RecursionError):
        return f"{len(answer.content)} bytes that are no JSON"
    if not isinstance(data, dict):
        return f"a {type(data).__name__}"
    return f"an object of {shown(', '.join(data))!a}"  # whatever is no text in it must not spoil the log


def _capture(source: Query | HeaderOf, answer: httpx.Response) -> object:
    if isinstance(source, HeaderOf):
        return answer.headers.get(source.name)
    try:
        return source.search(data_of(answer))
    except QueryTypeError as error:
        raise unexpected(f"the capture does not fit the body: {error}") from error
    except RecursionError as error:
        raise unexpected("the body is nested too deeply for the capture") from error
