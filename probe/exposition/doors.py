"""Who may make the agent act over HTTP: programs on this machine, and beyond it only where the operator allowed it."""

import ipaddress
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What is open.

    Attributes:
        loopback: whether the agent listens on loopback only.
        allow: actions that are open beyond loopback: `reload` and those to come.
    """

    loopback: bool
    allow: frozenset[str] = frozenset()

    def refusal(self, request: Request, action: str) -> str | None:
        """Why *request* must not cause *action*; None if it may.

        A page of some website that is open in the operator's browser must not be able to act: its requests carry
        `Origin` or `Sec-Fetch-Site`, and if its name was made to point at this machine (DNS rebinding), `Host` is that
        name. Programs send neither of the first two.
        """
        if not self.loopback and action not in self.allow:
            return f"{action} is closed beyond loopback; agent.allow: [{action}] opens it"
        if self.loopback and not names_loopback(request.headers.get("host", "")):
            return f"{action} must be asked for by a name of this machine, such as 127.0.0.1 or localhost"
        site = request.headers.get("sec-fetch-site", "none")
        if "origin" in request.headers or site != "none":
            return f"{action} is for programs, not for web pages"
        return None


def names_loopback(host: str) -> bool:
    """Whether *host*, a `Host` header, is a name or an address of loopback."""
    name = host.strip().lower()
    if name.startswith("[") and "]" in name:
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.rstrip(".") == "localhost"
