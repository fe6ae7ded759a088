"""How a peer is to be reached: what is alike shares one client."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PROXY_SCHEMES: Final = ("http", "https")
TLS_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class ProxyRefused(ValueError):  # noqa: N818 - the operator asked for something that we do not do
    """Raised for a proxy that we cannot go through; the message says why."""


class Family(StrEnum):
    """Which addresses of a name are used; see docs/decisions/0001-choice-of-address.md."""

    ANY = "any"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificates are believed.

    Attributes:
        ca_bundle: a PEM file of certificate authorities instead of the system's.
        verify: whether certificates are verified at all.
        certificate: PEM file of our own certificate, for peers that ask for one.
        key: PEM file of its key, where that is a file of its own.
        oldest: the oldest version of TLS that is spoken (`TLSv1.2`), as `TLS_VERSIONS` has it; None: the default's.
        newest: the newest one.
    """

    ca_bundle: Path | None = None
    verify: bool = True
    certificate: Path | None = None
    key: Path | None = None
    oldest: str | None = None
    newest: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """How to get to a peer.

    Attributes:
        family: which addresses of its name are used.
        trust: whose certificates are believed.
        http2: whether HTTP/2 is offered.
        proxy: URL of the HTTP proxy to go through.
        keep: whether a connection may be used again for a later request.

    Raises:
        ProxyRefused: the proxy is of a kind that we cannot go through.
    """

    family: Family = Family.ANY
    trust: Trust = Trust()
    http2: bool = False
    proxy: str | None = None
    keep: bool = False

    def __post_init__(self) -> None:
        if self.proxy is None:
            return
        parts = urlsplit(self.proxy)
        if parts.scheme not in PROXY_SCHEMES or not parts.hostname:
            raise ProxyRefused(
                f"proxy {parts.scheme}://{parts.hostname or ''}: only http:// and https:// proxies can be gone through"
            )
