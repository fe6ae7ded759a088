"""From the bytes of an answer to the answer: its coding undone within limits, its facts noted."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch

WATCH: Final = "probe.watch"
"""Request extension: the stopwatch that the exchange is accounted to."""
LIMIT: Final = "probe.limit"
"""Request extension: bytes that the answer's body may have."""
BODY_LIMIT: Final = 1 << 20
"""Bytes that a body may have if nobody says otherwise."""

# Values of zlib's wbits: with a gzip head, with a zlib head, with none.
_CODINGS: Final = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
_PLAIN: Final = frozenset({"", "identity"})
_CODING: Final = b"content-encoding"
_CODING_LENGTH: Final = len(_CODING)


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """An answer that has been read to its end.

    Attributes:
        status_code: its status.
        headers: its fields as they came, without the coding of the body if that was undone.
        content: its body.
        version: the HTTP version as it was said, such as 1.1.
    """

    status_code: int
    headers: Sequence[tuple[bytes, bytes]]
    content: bytes
    version: str = "1.1"

    @property
    def text(self) -> str:
        """The body as text, in the charset that the head names: httpx knows how that is found out."""
        return httpx.Response(self.status_code, headers=list(self.headers), content=self.content).text


def fetched(
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
    version: str,
    watch: Stopwatch,
    limit: int | None,
) -> Fetched:
    """The answer with this *status*, noted on *watch*; a coding of its body is undone, if that may have a *limit*.

    Raises:
        ProbeFailed: the body is in a coding that we did not ask for, or holds more than may be read.
    """
    watch.facts[Fact.STATUS_CODE] = status
    watch.facts[Fact.HTTP_VERSION] = float(version)
    codings = [value for name, value in headers if len(name) == _CODING_LENGTH and name.lower() == _CODING]
    if codings:
        if limit is not None:
            body = _decoded(b", ".join(codings).decode("latin-1").strip().lower(), body, limit)
        headers = [(name, value) for name, value in headers if name.lower() != _CODING]
    return Fetched(status, headers, body, version)


def response(request: httpx.Request, answered: Fetched) -> httpx.Response:
    """What was *answered* to *request*, as httpx has it."""
    return httpx.Response(
        answered.status_code,
        headers=list(answered.headers),
        stream=httpx.ByteStream(answered.content),
        extensions={"http_version": b"HTTP/" + answered.version.encode("ascii")},
        request=request,
    )


def _decoded(coding: str, body: bytes, limit: int) -> bytes:
    if coding in _PLAIN or not body:
        return body
    for window in _CODINGS.get(coding, ()):
        decoder = zlib.decompressobj(window)
        try:
            plain = decoder.decompress(body, limit + 1)
        except zlib.error:
            continue
        if len(plain) > limit:
            raise ProbeFailed(Outcome.UNEXPECTED, "the answer was not read: its body is longer than asked for")
        if decoder.eof:
            return plain
    raise ProbeFailed(Outcome.VENDOR_ERROR, f"the answer's body cannot be read: it is said to be {coding[:40]!r}")
