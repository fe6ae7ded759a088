"""What is done with the body of an answer: undo its coding, limit it, look for what must or must not be in it."""

import zlib
from typing import Final

from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.modules import HeaderMatch, HttpModule

KEPT: Final = 16 << 20
"""Bytes of a body that are kept at most, as it came and as it is read: the peer has no bound, we share a process."""
COUNTED: Final = 1 << 50
"""Bytes of a body that is not kept."""
_WINDOWS: Final = {"gzip": 31, "deflate": -15}


class BodyUnreadable(Exception):  # noqa: N818 - it says what the body is
    """Raised for a body that is not in its coding, or too long.

    Attributes:
        length: bytes of it that could be read.
    """

    def __init__(self, why: str, length: int) -> None:
        super().__init__(why)
        self.length = length


def raw_limit(module: HttpModule) -> int:
    """How many bytes of a body, as it comes, are read."""
    if module.looks_at_body:
        return KEPT if module.compression in _WINDOWS else min(module.body_size_limit or KEPT, KEPT)
    return module.body_size_limit or COUNTED


def readable(raw: bytes, module: HttpModule) -> bytes:
    """The body that came as *raw*, its coding undone.

    Raises:
        BodyUnreadable: it is not what the module says, or longer than it allows.
    """
    limit = min(module.body_size_limit or KEPT, KEPT)
    window = _WINDOWS.get(module.compression)
    plain = raw if window is None else _inflated(raw, window, limit)
    if len(plain) > limit:
        raise BodyUnreadable("it is longer than it may be", limit)
    return plain


def _inflated(raw: bytes, window: int, limit: int) -> bytes:
    plain = b""
    while True:
        decoder = zlib.decompressobj(window)
        try:
            plain += decoder.decompress(raw, limit + 1 - len(plain))
        except zlib.error as error:
            raise BodyUnreadable(f"it cannot be decompressed: {error}", len(plain)) from error
        if len(plain) > limit:
            raise BodyUnreadable("it is longer than it may be", limit)
        if not decoder.eof:
            raise BodyUnreadable("it ends too early to be decompressed", len(plain))
        raw = decoder.unused_data
        if not raw or window != _WINDOWS["gzip"]:  # a gzip file may have several members (RFC 1952, 2.2)
            return plain


def body_holds(body: bytes, module: HttpModule, findings: Findings) -> bool:
    """Whether *body* matches what it must and nothing that it must not."""
    for expression in module.fail_if_body_matches_regexp:
        if expression.found(body):
            findings.log("Body matched regular expression", "error", regexp=expression.text)
            return False
    for expression in module.fail_if_body_not_matches_regexp:
        if not expression.found(body):
            findings.log("Body did not match regular expression", "error", regexp=expression.text)
            return False
    return True


def headers_hold(headers: list[tuple[str, bytes]], module: HttpModule, findings: Findings) -> bool:
    """Whether *headers* (names in small letters) match what they must and nothing that they must not."""
    return all(
        _header_holds(headers, match, wanted=wanted, findings=findings)
        for wanted, matches in ((False, module.fail_if_header_matches), (True, module.fail_if_header_not_matches))
        for match in matches
    )


def _header_holds(headers: list[tuple[str, bytes]], match: HeaderMatch, *, wanted: bool, findings: Findings) -> bool:
    values = [value for name, value in headers if name == match.header.lower()]
    if not values:
        if not match.allow_missing:
            findings.log("Missing required header", "error", header=match.header)
        return match.allow_missing
    if any(match.regexp.found(value) for value in values) == wanted:
        return True
    told = "Header did not match regular expression" if wanted else "Header matched regular expression"
    findings.log(told, "error", header=match.header, regexp=match.regexp.text, value_count=len(values))
    return False
