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
    return _expect(next(_items(data), (0, b"")), tag)  # inside a generator, StopIteration would be a bug of ours


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
                octets = next((body for tag, body in rest if tag == _OCTETS), b"")
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
        # Set below `ssl.SSLContext`, which would make members of three enumerations of each of the dozens of messages
        # and record headers of a handshake, some 60 microseconds in all: here they stay numbers.
        hook = super(ssl.SSLContext, type(context))._msg_callback  # type: ignore[misc]
        hook.__set__(context, _keep)


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


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose a certificate is, as RFC 2253 writes it.

    Attributes:
        subject: its owner (`CN=example.org,O=Example`), the last attribute first.
        issuer: who signed it.
        names: the host names that it is for, without addresses.
        serial: its serial number, in hexadecimal digits.
    """

    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    serial: str = ""


# RFC 2253, 2.3, and what Go's crypto/x509 knows beside it.
_WORDS: Final[Mapping[bytes, str]] = {
    **_ATTRIBUTES,
    bytes.fromhex("550405"): "SERIALNUMBER",
    bytes.fromhex("550409"): "STREET",
    bytes.fromhex("550411"): "POSTALCODE",
}
_ESCAPED: Final = frozenset(',+"\\<>;')


@lru_cache(maxsize=512)
def identity(der: bytes) -> Identity:
    """Whose the certificate *der* is; nothing at all if it cannot be read."""
    try:
        parts = _items(_first(_first(der, _SEQUENCE), _SEQUENCE))
        tag, number = next(parts)
        if tag == _VERSION:
            number = next(parts)[1]
        next(parts)
        issuer = _distinguished(_expect(next(parts), _SEQUENCE))
        next(parts)
        subject = _distinguished(_expect(next(parts), _SEQUENCE))
        extensions = next((body for tag, body in parts if tag == _EXTENSIONS), b"")
        return Identity(subject, issuer, tuple(_host_names(extensions)), number.lstrip(b"\0").hex())
    except (IndexError, ValueError, StopIteration):
        return Identity()


def _distinguished(data: bytes) -> str:
    relatives = []
    for tag, relative in _items(data):
        attributes = []
        for _, attribute in _items(_expect((tag, relative), _SET)):
            kind, value = list(_items(attribute))[:2]
            word = _WORDS.get(kind[1])
            attributes.append(
                f"{word}={_escaped(_text(*value))}" if word else f"{_dotted(kind[1])}=#{_encoded(*value)}"
            )
        relatives.append("+".join(attributes))
    return ",".join(reversed(relatives))


def _encoded(tag: int, data: bytes) -> str:
    """A value as it stands in the certificate, in hexadecimal digits; one longer than a line is told as its bytes."""
    return (bytes([tag, len(data)]) + data if len(data) < _LONG else data).hex()


def _escaped(text: str) -> str:
    whole = "".join(f"\\{character}" if character in _ESCAPED else character for character in text)
    if whole[:1] in {"#", " "}:
        whole = f"\\{whole}"
    return f"{whole[:-1]}\\ " if whole.endswith(" ") and len(text) > 1 else whole


def _dotted(oid: bytes) -> str:
    numbers, value = [], 0
    for byte in oid:
        value = value << 7 | byte & 0x7F
        if byte < _LONG:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _host_names(extensions: bytes) -> Iterator[str]:
    for _, sequence in _items(extensions):
        for _, extension in _items(sequence):
            kind, *rest = _items(extension)
            if kind == (_OBJECT, _ALT_NAME):
                octets = next((body for tag, body in rest if tag == _OCTETS), b"")
                yield from (_text(tag, body) for tag, body in _items(_first(octets, _SEQUENCE)) if tag == _DNS_NAME)


def verified(connection: ssl.SSLObject) -> tuple[Certificate, ...]:
    """The chain by which the peer's certificate was believed, its own first and the authority last.

    Empty where the interpreter does not tell it (before Python 3.13 it is known in private only).
    """
    inner = getattr(connection, "_sslobj", None)
    chain = getattr(inner, "get_verified_chain", lambda: None)() or ()
    certificates = []
    for item in chain:
        with suppress(CertificateUnreadable):
            certificates.append(read_certificate(ssl.PEM_cert_to_DER_cert(item.public_bytes())))
    return tuple(certificates)
