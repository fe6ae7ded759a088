"""Which hosts may receive a secret.

Those that the operator or the vendor file named, and those in a catalog that came from such a host over a connection
that was trusted: every client of these clouds does the same, since the catalog is how a cloud says where it is. What
is refused, wherever it was named: plain http beyond loopback unless the operator said `insecure_http: true`, any
scheme but http and https, and a URL that carries a user's name. An address that an answer holds (the next page) is
followed only on the host that gave the answer.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from probe.notation.templates import Template

_USER: Final = re.compile(r"(?<=//)[^/?#]*@")
_REST: Final = re.compile(r"[?#].*", re.DOTALL)
_TELLABLE: Final = 100
"""Characters of a URL that a sentence tells."""
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
_HOST_PART: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class HostRefused(ValueError):  # noqa: N818 - the configuration or the catalog is at fault
    """Raised for a URL that must not receive a secret; the message says why."""


def checked_url(url: str, *, insecure_http: bool) -> str:
    """*url* without a slash at its end, if a secret may be sent to it.

    Raises:
        HostRefused: it may not.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        used = httpx.URL(url)
    except (ValueError, httpx.InvalidURL):  # which would tell the URL, with a password that may be in it
        raise HostRefused("what stands here is not a URL") from None
    if parts.username is not None or parts.password is not None or used.userinfo:
        raise HostRefused(f"the URL of {host} carries a user's name: credentials belong under `credentials`")
    told = tellable(url)
    if parts.scheme not in {"http", "https"} or not host or parts.port == 0 or not _is_host(host, used):
        raise HostRefused(f"`{told}` is not a URL with http or https and a host")
    if "?" in url or "#" in url:
        raise HostRefused(f"`{told}` ends in a query or a fragment, which an endpoint must not")
    if parts.scheme == "http" and not insecure_http and not is_local(host):
        raise HostRefused(f"`{told}` is plain http: a secret would travel in the clear")
    return url.rstrip("/")


def tellable(url: str) -> str:
    """*url* without what may be secret in it: a user, a password, a query."""
    return _REST.sub("?…", _USER.sub("", url))[:_TELLABLE]


def _is_host(host: str, used: httpx.URL) -> bool:
    """Whether *host*, which was checked, is a host, and the one that httpx will ask."""
    asked = used.raw_host.decode("ascii")
    if not host.isascii():
        return _HOST.fullmatch(asked) is not None  # its name in ASCII, as name servers know it
    return asked.lower() == host and (_HOST.fullmatch(host) is not None or ":" in host)


def is_local(host: str) -> bool:
    """Whether *host* is this machine, whatever a name server says."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def render_url(template: Template, values: Mapping[str, str | None]) -> str:
    """The URL that *template* makes of *values*.

    In the host a value must be a part of its name and nothing more; in the path it is one segment, quoted.

    Raises:
        HostRefused: one of them could lead the URL to another host or path, or is not given.
        UnknownName: one is missing.
    """
    scheme, mark, rest = str(template.source).partition("://")
    host, slash, path = rest.partition("/") if mark else ("", "", "")
    place, way = Template.parse(f"{scheme}{mark}{host}"), Template.parse(f"{slash}{path}")
    for name in sorted(place.names & values.keys()):
        if not _HOST_PART.fullmatch(values[name] or ""):
            raise HostRefused(f"{name} `{values[name] or ''}` cannot be part of a host's name")
    for name in sorted(way.names & values.keys()):
        if values[name] in {None, "", ".", ".."}:
            raise HostRefused(f"{name} `{values[name] or ''}` cannot be part of a URL's path")
    quoted = {name: quote(value, safe="") for name, value in values.items() if value is not None}
    return f"{place.render(values)}{way.render(quoted)}"
