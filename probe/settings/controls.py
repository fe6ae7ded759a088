"""The section `controls:`: the references, and how many of them must fail before it is our network."""

from typing import Final
from urllib.parse import urlsplit

from probe.settings.configuration import Asked, PlannedCheck, PlannedControls
from probe.settings.fields import NAME_RULE, valid_name
from probe.settings.reading import Reader
from probe.settings.shape.controls import ControlCheck, Controls
from probe.wire import Trust, is_address

_PORTS: Final = {Asked.RESOLVER: 53, Asked.HTTPS: 443}
_QUERY: Final = "example.com"
_TRAIL: Final = ("controls",)


def read_controls(reader: Reader) -> PlannedControls | None:
    """The control checks; None, with complaints, if they are wrong."""
    shape = reader.section(Controls, _TRAIL)
    if shape is None:
        return None
    if shape.quorum is not None and shape.quorum > max(1, len(shape.checks)):
        problem = f"is more than there are checks ({len(shape.checks)})"
        reader.notebook.note((*_TRAIL, "quorum"), problem, "make it smaller: nothing would ever be our network's fault")
        return None
    checks: dict[str, PlannedCheck] = {}
    for position, check in enumerate(shape.checks):
        planned = _check(reader, position, check, checks)
        if planned is None:
            return None
        checks[planned.name] = planned
    return PlannedControls(checks=tuple(checks.values()), quorum=shape.quorum, within=shape.within, every=shape.every)


def _check(reader: Reader, position: int, check: ControlCheck, before: dict[str, PlannedCheck]) -> PlannedCheck | None:
    trail = (*_TRAIL, "checks", position)
    if check.ca_bundle is not None:
        bundle = reader.folder / check.ca_bundle
        if not bundle.is_file():
            reader.notebook.note((*trail, "ca_bundle"), f"there is no file {bundle}", "correct the path")
            return None
        check = check.model_copy(update={"ca_bundle": bundle})
    planned = _planned(check)
    if not valid_name(planned.name):
        reader.notebook.note(trail, f"`{planned.name}` {NAME_RULE}", "add a name: to it")
        return None
    if planned.name in before:
        reader.notebook.note(
            trail, f"is called {planned.name}, and so is another", "give one of them a name: of its own"
        )
        return None
    return planned


def _planned(check: ControlCheck) -> PlannedCheck:
    if check.gateway:
        return PlannedCheck(name=check.name or "gateway", asked=Asked.GATEWAY)
    asked = Asked.HTTPS if check.resolver is None else Asked.RESOLVER
    peer = check.resolver or check.https or ""
    parts = urlsplit(f"//[{peer}]" if is_address(peer) and ":" in peer else f"//{peer}")
    host = parts.hostname or ""
    return PlannedCheck(
        name=check.name or host,
        asked=asked,
        host=host,
        port=parts.port or _PORTS[asked],
        query=check.query or _QUERY,
        trust=Trust(check.ca_bundle),
    )
