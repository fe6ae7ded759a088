"""What a certificate says, read from its DER bytes: names, issuer and when it ends.

The standard library tells the leaf only, and only when it was verified; a probe must report the expiry above all when
verification failed because of it. Certificates come from outside: every length is checked, every depth is bounded.
"""

import ssl
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final


class CertificateUnreadable(ValueError):  # noqa: N818 - it says what the bytes are
    """Raised for bytes that are not a certificate."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What we want to know of a certificate.

    Attributes:
        subject: distinguished name of its owner (`CN=example.org, O=Example`).
        issuer: distinguished name of who signed it.
        expiry: when it ends, seconds since 1970.
        names: the host names and addresses it is for.
    """

    subject: str
    issuer: str
    expiry: float
    names: tuple[str, ...]


# X.690 tags.
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OBJECT: Final = 0x06
_BOOLEAN: Final = 0x01
_OCTETS: Final = 0x04
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_DNS_NAME: Final = 0x82
_IP_ADDRESS: Final = 0x87
_BMP_STRING: Final = 0x1E
_LONG: Final = 0x80
_LENGTH_BYTES: Final = 4

_ALT_NAME: Final = bytes.fromhex("551d11")
_ATTRIBUTES: Final[Mapping[bytes, str]] = {
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("550406"): "C",
    bytes.fromhex("550407"): "L",
    bytes.fromhex("550408"): "ST",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("55040b"): "OU",
}


@lru_cache(maxsize=512)
def read_certificate(der: bytes) -> Certificate:
    """What the certificate *der* says; remembered, because every run is shown the same ones.

    Raises:
        CertificateUnreadable: the bytes are not a certificate.
    """
    try:
        return _read(der)
    except (IndexError, ValueError, StopIteration, OverflowError) as error:
        raise CertificateUnreadable(f"not a certificate: {error}") from error


def _read(der: bytes) -> Certificate:
    parts = _items(_first(_first(der, _SEQUENCE), _SEQUENCE))
    tag, _ = next(parts)
    if tag == _VERSION:
        next(parts)  # the serial number, which stands first where the version is left out
    next(parts)  # the signature's algorithm
    issuer = _expect(next(parts), _SEQUENCE)
    validity = list(_items(_expect(next(parts), _SEQUENCE)))
    subject = _expect(next(parts), _SEQUENCE)
    extensions = next((body for tag, body in parts if tag == _EXTENSIONS), b"")
    return Certificate(_name(subject), _name(issuer), _moment(*validity[1]), tuple(_alternatives(extensions)))


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= _LONG:
            width = length - _LONG
            if not 0 < width <= _LENGTH_BYTES:
                raise ValueError("a length is out of bounds")
            length = int.from_bytes(data[at : at + width])
            at += width
        if at + length > len(data):
            raise ValueError("a part is longer than the whole")
        yield tag, data[at : at + length]
        at += length


def _expect(item: tuple[int, bytes], tag: int) -> bytes:
    if item[0] != tag:
        raise ValueError(f"tag {item[0]:#x} where {tag:#x} should be")
    return item[1]


def _first(data: bytes, tag: int) -> bytes:
    return _expect(next(_items(data)), tag)


def _moment(tag: int, text: bytes) -> float:
    digits = text.decode("ascii")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: years from 50 on are of the last century.
        digits = ("19" if digits >= "50" else "20") + digits
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no time where one should be")
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _name(data: bytes) -> str:
    parts = []
    for tag, relative in _items(data):
        for _, attribute in _items(_expect((tag, relative), _SET)):
            kind, value = list(_items(attribute))[:2]
            word = _ATTRIBUTES.get(kind[1])
            if word:
                parts.append(f"{word}={_text(*value)}")
    return ", ".join(parts)


def _text(tag: int, data: bytes) -> str:
    text = data.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")
    return "".join(character if character.isprintable() else "?" for character in text)


def _alternatives(extensions: bytes) -> Iterator[str]:
    for _, sequence in _items(extensions):
        for _, extension in _items(sequence):
            kind, *rest = _items(extension)
            if kind == (_OBJECT, _ALT_NAME):
                octets = next(body for tag, body in rest if tag == _OCTETS)
                yield from _general_names(_first(octets, _SEQUENCE))


def _general_names(data: bytes) -> Iterator[str]:
    for tag, body in _items(data):
        if tag == _DNS_NAME:
            yield _text(tag, body)
        elif tag == _IP_ADDRESS:
            yield str(ip_address(body))


# How the chain is got. Python 3.11 tells it nowhere in public, and OpenSSL forgets it when verification fails; but the
# debugging hook of its contexts is shown every message of a handshake, the deciphered Certificate among them.

_HANDSHAKE: Final = 22
_CERTIFICATE: Final = 11
_HEADER: Final = 4
_TLS13: Final = 0x0304

_seen: Final[weakref.WeakKeyDictionary[Any, bytes]] = weakref.WeakKeyDictionary()


def watch_certificates(context: ssl.SSLContext) -> None:
    """Have the certificates that servers show to *context* kept for `shown`, whether they are believed or not."""
    with suppress(AttributeError):  # the hook is private: without it, only the leaf of a verified chain is known
        context._msg_callback = _keep  # type: ignore[attr-defined]  # noqa: SLF001 - see above


def _keep(connection: object, direction: str, version: int, content: int, kind: int, data: bytes) -> None:
    if kind == _CERTIFICATE and content == _HANDSHAKE and direction == "read":
        _seen[connection] = (b"\x01" if version >= _TLS13 else b"\x00") + data[_HEADER:]


def shown(connection: ssl.SSLObject) -> tuple[Certificate, ...]:
    """The certificates that the peer showed, its own first; those that cannot be read are left out."""
    message = _seen.pop(connection, b"")
    chain = list(_in_message(message)) if message else []
    if not chain:
        with suppress(ValueError):  # the handshake is not done
            chain = [connection.getpeercert(binary_form=True) or b""]
    certificates = []
    for der in chain:
        with suppress(CertificateUnreadable):
            certificates.append(read_certificate(der))
    return tuple(certificates)


def _in_message(message: bytes) -> Iterator[bytes]:
    """The certificates in a Certificate message (RFC 8446, 4.4.2; RFC 5246, 7.4.2) that OpenSSL has accepted as one."""
    modern, at = message[0] == 1, 1
    if modern:
        at += 1 + message[1]
    at += 3
    while at + 3 <= len(message):
        length = int.from_bytes(message[at : at + 3])
        yield message[at + 3 : at + 3 + length]
        at += 3 + length
        if modern:
            at += 2 + int.from_bytes(message[at : at + 2])
