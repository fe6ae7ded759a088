"""What an exchange heard of its peer, for those who want all of it, also of an exchange that failed afterwards."""

import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from probe.wire.certificates import Certificate, Identity, identity, verified
from probe.wire.line import Channel
from probe.wire.tls import TlsChannel

HEARD: Final = "probe.heard"
"""Request extension: the `Heard` that the exchange fills; with it, the body stays as it came, its coding too."""
SERVER_NAME: Final = "sni_hostname"
"""Request extension (the name is httpcore's): what TLS asks for and verifies instead of the host of the URL."""


@dataclass(frozen=True, slots=True)
class Session:
    """A TLS session that stands.

    Attributes:
        version: of the protocol (`TLSv1.3`).
        cipher: the cipher suite, as the RFCs call it.
        shown: what the peer showed, its own certificate first.
        chain_end: when the first certificate of the verified chain ends, seconds since 1970; None if none was verified.
        fingerprint: SHA-256 of the peer's own certificate, in hexadecimal digits.
        identity: what the peer's own certificate says whose it is.
    """

    version: str
    cipher: str
    shown: tuple[Certificate, ...]
    chain_end: float | None
    fingerprint: str
    identity: Identity

    @classmethod
    def of(cls, channel: TlsChannel) -> "Session":
        """The session on *channel*, whose handshake is done."""
        leaf = channel.tls.getpeercert(binary_form=True) or b""
        chain = verified(channel.tls) if channel.tls.context.verify_mode is ssl.CERT_REQUIRED else ()
        cipher = channel.tls.cipher()
        return cls(
            version=channel.tls.version() or "",
            cipher=cipher[0] if cipher else "",
            shown=channel.certificates,
            chain_end=min((certificate.expiry for certificate in chain), default=None),
            fingerprint=hashlib.sha256(leaf).hexdigest(),
            identity=identity(leaf),
        )


@dataclass(slots=True)
class Heard:
    """The answer to one HTTP request as far as it came.

    Attributes:
        keep: whether its body is to be kept, or only counted.
        status: the status code; 0 if none came.
        version: the HTTP version as it was said (`1.1`, `2`).
        headers: the fields as they came.
        body: what came of the body, as it came.
        length: how many bytes that is.
        session: the TLS session that it came over.
    """

    keep: bool = True
    status: int = 0
    version: str = ""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    length: int = 0
    session: Session | None = None

    def head(self, status: int, version: str, headers: Sequence[tuple[bytes, bytes]], channel: Channel | None) -> None:
        """Take note of a head, and of the *channel* that it came over."""
        self.status, self.version, self.headers = status, version, tuple(headers)
        if isinstance(channel, TlsChannel):
            self.session = Session.of(channel)


def heard_of(extensions: Any) -> Heard | None:
    """The `Heard` among the *extensions* of a request, if there is one."""
    found = extensions.get(HEARD)
    return found if isinstance(found, Heard) else None
