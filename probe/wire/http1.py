"""HTTP/1.1 without any I/O: what a request looks like in bytes, and what bytes mean as an answer.

Answers come from outside: their heads, their bodies and the overhead of their chunks are limited, and whatever is not
HTTP is refused.
"""

import re
from typing import Any, Final

import httptools
import httpx

from probe import __version__
from probe.model.outcome import Outcome, ProbeFailed

USER_AGENT: Final = f"stability-probe/{__version__}"
HEAD_LIMIT: Final = 65536
"""Bytes that the head of an answer may have."""
FIELD_LIMIT: Final = 256
"""Header fields that an answer may have, its trailers included."""
OVERHEAD: Final = 8
"""Bytes on the wire per byte of body that chunks may cost: one byte a chunk costs six."""

SCHEMES: Final = ("http", "https")

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL: Final = re.compile(rb"[\x00-\x20\x7f]")
_INTERIM: Final = range(100, 200)
_SWITCHED: Final = 101
_BODILESS: Final = frozenset({204, 304})


def _refuse(what: str) -> ProbeFailed:
    return ProbeFailed(Outcome.INVALID, f"our request was not sent: {what}")


def check(request: httpx.Request) -> None:
    """Refuse a request that could be read as another, or is none for HTTP.

    Raises:
        ProbeFailed: its scheme is another, or it holds characters that it must not hold (header injection).
    """
    if request.url.scheme not in SCHEMES or not request.url.host:
        raise _refuse(f"{request.url.scheme}://{request.url.host} is not an http or https address")
    if not _TOKEN.fullmatch(request.method.encode("ascii", "replace")):
        raise _refuse("its method is not a word")
    target = request.url.raw_path
    if not target or _CONTROL.search(target):
        raise _refuse("its path holds control characters")
    for name, value in request.headers.raw:
        if not _TOKEN.fullmatch(name):
            raise _refuse(f"header name {name!r} is not a word")
        if b"\n" in value or b"\r" in value or b"\0" in value:
            raise _refuse(f"header {name.decode()} holds a line break")


def serialise(request: httpx.Request, *, keep: bool) -> bytes:
    """The bytes of *request*, whose body has been read; *keep* says whether the connection is to stay open.

    Raises:
        ProbeFailed: the request could be read as another, see `check`.
    """
    check(request)
    fields = request.headers.raw
    names = {name.lower() for name, _ in fields}
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % field for field in fields]
    if b"connection" not in names and not keep:
        lines.append(b"Connection: close")
    if b"user-agent" not in names:
        lines.append(b"User-Agent: " + USER_AGENT.encode())
    lines.append(b"\r\n")
    return b"\r\n".join(lines) + _body(request.content, chunked=b"transfer-encoding" in names)


def _body(content: bytes, *, chunked: bool) -> bytes:
    if not chunked:
        return content
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"


class Answer:
    """Reads one answer from bytes as they come.

    Attributes:
        status: the status code, 0 while unknown.
        headers: the fields as they came.
        length: bytes of the body so far.
        version: the HTTP version as it was said, such as 1.1.
        begun: whether a byte of the final answer has been fed.
        complete: whether all of it has been read.
        reusable: whether the connection may carry another request afterwards.
    """

    def __init__(self, *, limit: int, bodiless: bool = False, keep: bool = True) -> None:
        self._keep = keep
        self._allowed = limit
        self._left = limit
        self._bodiless = bodiless
        self._body: list[bytes] = []
        self._head = True
        self._raw = 0
        self._delimited = False
        self._parser: Any = httptools.HttpResponseParser(self)
        self.status = 0
        self.version = ""
        self.length = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.begun = False
        self.complete = False
        self.reusable = False

    @property
    def headed(self) -> bool:
        """Whether the head of the final answer has been read."""
        return not self._head

    @property
    def body(self) -> bytes:
        """What has been read of the body."""
        return b"".join(self._body)

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            ProbeFailed: they are more than an answer may have.
            httptools.HttpParserError: they are not HTTP.
        """
        self._raw += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error.__context__, ProbeFailed):
                raise error.__context__ from None
            if not self.complete:
                raise
            self.reusable = False  # what follows an answer unasked is not ours to read, and ends the connection
        if self._head and self._raw > HEAD_LIMIT:
            self._refuse(f"its head is longer than {HEAD_LIMIT} bytes")
        if self._raw > 2 * HEAD_LIMIT + OVERHEAD * self._allowed:
            self._refuse("its chunks hold next to nothing")

    def end(self) -> None:
        """Take note that the peer has ended its side.

        Raises:
            ProbeFailed: the answer was not complete.
        """
        if not self._raw:
            raise ProbeFailed(Outcome.BROKEN, "the peer hung up without an answer")
        if self._head or self._delimited:
            raise ProbeFailed(Outcome.BROKEN, "the answer was cut short")
        self.complete = True

    def close(self) -> None:
        """Let go of the parser, which holds on to us: a ring like that waits for the collector, run after run."""
        self._parser = None

    def _refuse(self, why: str, outcome: Outcome = Outcome.VENDOR_ERROR) -> None:
        raise ProbeFailed(outcome, f"the answer was not read: {why}")

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Note the first byte of an answer; a second answer was not asked for and ends the reading."""
        if self.complete:
            raise httptools.HttpParserError("a second answer")
        self.begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field."""
        if len(self.headers) >= FIELD_LIMIT:
            self._refuse(f"it has more than {FIELD_LIMIT} header fields")
        if not self._head:
            return  # trailers may be anything, and nobody asked for them
        self.headers.append((name, value))
        lowered = name.lower()
        if lowered == b"content-length" or (lowered == b"transfer-encoding" and b"chunked" in value.lower()):
            self._delimited = True

    def on_headers_complete(self) -> None:
        """Note what kind of answer it is."""
        self.status = self._parser.get_status_code()
        self.version = self._parser.get_http_version()
        if self.status in _INTERIM:
            return
        self._head = False
        self.reusable = bool(self._parser.should_keep_alive())
        if self._bodiless or self.status in _BODILESS:
            self.complete = True

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        if self.complete:  # of an answer that has none
            self.reusable = False
            return
        self.length += len(data)
        self._left -= len(data)
        if self._left < 0:
            self._refuse("its body is longer than asked for", Outcome.UNEXPECTED)
        if self._keep:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """End the answer, or forget an interim one."""
        if self.status in _INTERIM:
            self.headers = []
            self._delimited = False
            self.begun = False
            return
        self.complete = True
