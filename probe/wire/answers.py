"""From the bytes of an answer to the answer: its coding undone within limits, its facts noted."""

import zlib
from collections.abc import Sequence
from typing import Final

import httpx

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch
from probe.wire.heard import HEARD

WATCH: Final = "probe.watch"
"""Request extension: the stopwatch that the exchange is accounted to."""
LIMIT: Final = "probe.limit"
"""Request extension: bytes that the answer's body may have."""
BODY_LIMIT: Final = 1 << 20
"""Bytes that a body may have if nobody says otherwise."""

# Values of zlib's wbits: with a gzip head, with a zlib head, with none.
_CODINGS: Final = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
_PLAIN: Final = frozenset({"", "identity"})


def response(
    request: httpx.Request,
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
    version: str,
    watch: Stopwatch,
) -> httpx.Response:
    """The answer to *request*; a coding of its body has been undone, and its header taken away.

    Raises:
        ProbeFailed: the body is in a coding that we did not ask for, or holds more than may be read.
    """
    watch.facts[Fact.STATUS_CODE] = status
    watch.facts[Fact.HTTP_VERSION] = float(version)
    coding = b", ".join(value for name, value in headers if name.lower() == b"content-encoding")
    if coding:
        limit = request.extensions.get(LIMIT, BODY_LIMIT)
        if HEARD not in request.extensions:
            body = _decoded(coding.decode("latin-1").strip().lower(), body, limit)
        headers = [(name, value) for name, value in headers if name.lower() != b"content-encoding"]
    return httpx.Response(
        status,
        headers=list(headers),
        stream=httpx.ByteStream(body),
        extensions={"http_version": b"HTTP/" + version.encode("ascii")},
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
