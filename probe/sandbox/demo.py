"""The configuration of the demo: the sandbox's template with the sandbox's places filled in."""

import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from probe.sandbox.places import Places

_NOTHING: Final = ("", "0")


class _Text(string.Template):
    """`${a.b-c}` in a text; nothing else means anything."""

    idpattern = r"(?-i:[a-z][A-Za-z0-9_.-]*)"


def demo_configuration(template: str, places: Places, *, listen: str, state: Path) -> str:
    """The configuration, as YAML text, that points an agent at a sandbox.

    Args:
        template: `config/demo.yaml`, or one of the same kind; its comments are left out, and so is a line that uses
            what the sandbox does not have on this machine (`${reach}`, where there are no addresses for instances).
        places: where the sandbox is.
        listen: address of the agent's own pages.
        state: the agent's state folder.

    Raises:
        LookupError: the template uses a name that the sandbox has no place for.
    """
    names = {"listen": listen, "state": str(state), **dict(_named("", places.to_data()))}
    lacking = [f"${{{name}}}" for name, value in names.items() if value in _NOTHING]
    lines = (line for line in template.splitlines() if not any(hole in line for hole in lacking))
    return "".join(f"{_Text(line).substitute(names)}\n" for line in lines if not line.lstrip().startswith("#"))


def _named(prefix: str, data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _named(f"{name}.", value)
        else:
            yield name, str(value)
