"""Places that a vendor gave us: a path or a URL in an answer, which a later call goes to.

They lead to the endpoint that the call names and nowhere else, because a credential goes with the call: of a URL only
path and query are used, and only if it is on the host of that endpoint.
"""

from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import httpx

LONGEST_PLACE: Final = 16_384
"""Characters; the longest known ones, with a signed query, have a quarter of it."""
_READY: Final = "%/?:@!$&'()*+,;=-._~"
"""What stays as it is in a path with its query; an address that a vendor wrote is quoted already, or should be."""
_UPWARD: Final = frozenset({".", ".."})


class PlaceRefused(ValueError):  # noqa: N818 - the vendor is at fault
    """Raised for a place where no credential of ours goes; the message says why."""


def same_host(address: str, asked: httpx.URL) -> str:
    """Path and query of *address*, a URL or what follows one, if it is on the host that was asked.

    Only those are used: behind a proxy many a cloud writes its links with the scheme and port of its inside.

    Raises:
        PlaceRefused: it is elsewhere, or no address at all.
    """
    try:
        parts = urlsplit(urljoin(str(asked), address))
        if parts.hostname in {asked.host, asked.raw_host.decode("ascii")}:
            return f"{parts.path}?{parts.query}" if parts.query else parts.path
    except ValueError:
        pass  # a URL that cannot be read is on no host of ours
    raise PlaceRefused("is said to be on another host, where no credential of ours goes")


def given_url(place: object, base: str) -> httpx.URL:
    """The URL of *place*: one on the host of *base*, or a path, which begins at *base*.

    Raises:
        PlaceRefused: it is neither.
    """
    if not isinstance(place, str) or not place or len(place) > LONGEST_PLACE or not place.isprintable():
        raise PlaceRefused("is none")
    there = httpx.URL(base)
    if place.startswith("/") and not place.startswith("//"):
        path = there.path.rstrip("/") + place
    elif "://" in place[: len("https://")]:
        path = same_host(place, there)
    else:
        raise PlaceRefused("is neither a path nor a URL")
    if not _UPWARD.isdisjoint(path.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")):
        raise PlaceRefused("leads upwards")
    return there.copy_with(raw_path=requoted(path))


def requoted(address: str) -> bytes:
    """Path and query of *address* as they can be sent."""
    return quote(address, safe=_READY).encode("ascii")
