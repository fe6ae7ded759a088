"""The one table from exceptions to outcomes: whatever goes wrong on a wire becomes a bounded word here.

What the network or the peer did is the vendor's; what our own host refused to do (no route, no descriptors, no ports
left) is the agent's, because the packet never left it.
"""

import errno
import os
import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

import dns.exception
import httptools
import httpx

from probe.model.outcome import Outcome, ProbeFailed

ERRNO_OUTCOMES: Final[Mapping[int, Outcome]] = {
    errno.ECONNREFUSED: Outcome.REFUSED,
    errno.EHOSTUNREACH: Outcome.REFUSED,
    errno.EHOSTDOWN: Outcome.REFUSED,
    errno.ENETUNREACH: Outcome.REFUSED,
    errno.ECONNRESET: Outcome.BROKEN,
    errno.ECONNABORTED: Outcome.BROKEN,
    errno.EPIPE: Outcome.BROKEN,
    errno.ESHUTDOWN: Outcome.BROKEN,
    errno.ENOTCONN: Outcome.BROKEN,
    errno.ETIMEDOUT: Outcome.TIMEOUT,
    errno.EMFILE: Outcome.OVERLOADED,
    errno.ENFILE: Outcome.OVERLOADED,
    errno.ENOBUFS: Outcome.OVERLOADED,
    errno.ENOMEM: Outcome.OVERLOADED,
    errno.ENOSPC: Outcome.OVERLOADED,
    errno.EADDRNOTAVAIL: Outcome.OVERLOADED,
    errno.EAGAIN: Outcome.OVERLOADED,
    errno.ENETDOWN: Outcome.NETWORK,
    errno.EAFNOSUPPORT: Outcome.NETWORK,
    errno.EACCES: Outcome.NETWORK,
    errno.EPERM: Outcome.NETWORK,
    errno.EINVAL: Outcome.INVALID,
}
"""What an error of the socket layer means once a packet may have left; anything else is `broken`."""

LOCAL_OUTCOMES: Final[Mapping[int, Outcome]] = {
    errno.ENETUNREACH: Outcome.NETWORK,
    errno.EHOSTUNREACH: Outcome.NETWORK,
}
"""What differs when the call itself fails at once: our own routing table said so, nobody else can have."""


def from_errno(code: int, *, local: bool = False) -> ProbeFailed:
    """The failure that the error number *code* means; *local* if the call failed before a packet could have left."""
    outcome = LOCAL_OUTCOMES.get(code) if local else None
    if outcome is None:
        outcome = ERRNO_OUTCOMES.get(code, Outcome.BROKEN)
    failure = ProbeFailed(outcome, os.strerror(code).lower() if code else "the connection broke")
    failure.answered = code == errno.ECONNREFUSED
    return failure


def from_exception(error: BaseException, *, handshake: bool = False) -> ProbeFailed | None:
    """The failure that *error* means; None if it is none of the wire's.

    In a *handshake* whatever TLS complains about is a matter of trust; later it means that the connection broke.
    """
    if isinstance(error, ssl.SSLError):
        return _from_tls(error, handshake=handshake)
    if isinstance(error, OSError):
        return from_errno(error.errno or 0)
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return _from_httpx(error)
    for kind, language in _UNREADABLE:
        if isinstance(error, kind):
            return ProbeFailed(Outcome.VENDOR_ERROR, f"the answer is not {language}: {_words(error)}")
    return None


_UNREADABLE: Final = (
    (httptools.HttpParserError, "HTTP"),
    (httptools.HttpParserUpgrade, "HTTP/1.1"),
    (dns.exception.DNSException, "DNS"),
)


def _from_tls(error: ssl.SSLError, *, handshake: bool) -> ProbeFailed:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ProbeFailed(
            Outcome.BROKEN, "the peer hung up in the TLS handshake" if handshake else "TLS was cut short"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProbeFailed(Outcome.UNTRUSTED, f"certificate refused: {error.verify_message}")
    reason = (error.reason or str(error)).lower().replace("_", " ")
    outcome = Outcome.UNTRUSTED if handshake else Outcome.BROKEN
    return ProbeFailed(outcome, f"TLS failed: {reason}")


# The order matters: the first class that fits decides.
HTTPX_OUTCOMES: Final[tuple[tuple[type[Exception], Outcome], ...]] = (
    (httpx.TimeoutException, Outcome.TIMEOUT),
    (httpx.ConnectError, Outcome.REFUSED),
    (httpx.NetworkError, Outcome.BROKEN),
    (httpx.LocalProtocolError, Outcome.INVALID),
    (httpx.RemoteProtocolError, Outcome.VENDOR_ERROR),
    (httpx.UnsupportedProtocol, Outcome.INVALID),
    (httpx.InvalidURL, Outcome.INVALID),
    (httpx.DecodingError, Outcome.VENDOR_ERROR),
)


PROXY_OUTCOMES: Final[Mapping[str, Outcome]] = {
    "403": Outcome.DENIED,
    "407": Outcome.DENIED,
    "502": Outcome.REFUSED,
    "503": Outcome.REFUSED,
    "504": Outcome.TIMEOUT,
}
"""What a proxy's answer to CONNECT means: 5xx is what it met on its way to the peer; anything else is our network's."""


def _from_httpx(error: Exception) -> ProbeFailed:
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error):
        return ProbeFailed(Outcome.BROKEN, "the peer hung up without an answer")
    if isinstance(error, httpx.ProxyError):
        return ProbeFailed(PROXY_OUTCOMES.get(str(error)[:3], Outcome.NETWORK), f"the proxy said {_words(error)}")
    for kind, outcome in HTTPX_OUTCOMES:
        if isinstance(error, kind):
            return ProbeFailed(outcome, _words(error))
    return ProbeFailed(Outcome.VENDOR_ERROR, _words(error))


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:200]


_KNOWN: Final = (
    OSError,
    httptools.HttpParserError,
    httptools.HttpParserUpgrade,
    dns.exception.DNSException,
    httpx.HTTPError,
    httpx.InvalidURL,
)


class _Translation:
    """A context manager without state: so one of each sort is enough, and entering it costs next to nothing."""

    __slots__ = ("_handshake",)

    def __init__(self, *, handshake: bool) -> None:
        self._handshake = handshake

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, _KNOWN):
            failure = from_exception(error, handshake=self._handshake)
            if failure is not None:
                raise failure from error


_ANYWHERE: Final = _Translation(handshake=False)
_IN_HANDSHAKE: Final = _Translation(handshake=True)


def translated(*, handshake: bool = False) -> AbstractContextManager[None]:
    """Raise what goes wrong on the wire inside the block as `ProbeFailed`; bugs and cancellation pass as they are."""
    return _IN_HANDSHAKE if handshake else _ANYWHERE
