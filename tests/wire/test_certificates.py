"""Certificates read from bytes: the same as a proven reader says, and never a crash."""

import datetime as dt
import ipaddress

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from hypothesis import given
from hypothesis import strategies as st

from probe.wire.certificates import CertificateUnreadable, Identity, identity, read_certificate

KEY = ec.generate_private_key(ec.SECP256R1())


def made(ended: dt.datetime, name: str = "Ünïcode", alternatives: list[x509.GeneralName] | None = None) -> bytes:
    """A certificate in DER."""
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.test"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")]))
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(1960, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(ended)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    "ended",
    [
        dt.datetime(1975, 6, 1, 12, 0, 1, tzinfo=dt.UTC),
        dt.datetime(2049, 12, 31, 23, 59, 59, tzinfo=dt.UTC),
        dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC),
    ],
)
def test_the_end_is_read_in_both_notations(ended: dt.datetime) -> None:
    """Two digits of the year up to 2049, four from then on."""
    assert read_certificate(made(ended)).expiry == ended.timestamp()


def test_names_are_read() -> None:
    """Subject, issuer, host names and addresses; what has no printable form does not reach a terminal."""
    names: list[x509.GeneralName] = [
        x509.DNSName("a.test"),
        x509.DNSName("*.b.test"),
        x509.RFC822Name("who@a.test"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
    ]
    seen = read_certificate(made(dt.datetime(2040, 1, 1, tzinfo=dt.UTC), "Evil\x1b[2J", names))
    assert seen.subject == "C=DE, O=Evil?[2J, CN=a.test"
    assert seen.issuer == "CN=issuer"
    assert seen.names == ("a.test", "*.b.test", "192.0.2.1", "2001:db8::1")


def test_a_root_without_alternatives_is_read(authority: trustme.CA) -> None:
    """Not every certificate is for a host."""
    der = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).public_bytes(serialization.Encoding.DER)
    assert read_certificate(der).names == ()


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    """They are a certificate, or they are not."""
    with pytest.raises(CertificateUnreadable):
        read_certificate(data)


GOOD = made(dt.datetime(2040, 1, 1, tzinfo=dt.UTC), alternatives=[x509.DNSName("a.test")])


@given(position=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255), length=st.integers(0, len(GOOD)))
def test_no_spoilt_byte_breaks_the_reading(position: int, byte: int, length: int) -> None:
    """The same for certificates that are nearly right, or cut."""
    for data in (GOOD[:position] + bytes([byte]) + GOOD[position + 1 :], GOOD[:length]):
        try:
            read_certificate(data)
        except CertificateUnreadable:
            continue


@given(position=st.integers(0, 2000), byte=st.integers(0, 255), length=st.integers(0, 2000))
def test_no_spoilt_byte_breaks_the_reading_of_identities(position: int, byte: int, length: int) -> None:
    """They come from outside, too: what cannot be read is nothing."""
    for data in (GOOD[:position] + bytes([byte]) + GOOD[position + 1 :], GOOD[:length]):
        assert isinstance(identity(data), Identity)


def test_an_identity_is_written_as_rfc_2253_says() -> None:
    """The last attribute first, what would end one escaped, what has no name by its number."""
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, 'A, "B"+C '),
            x509.NameAttribute(x509.ObjectIdentifier("1.2.840.113549.1.9.1"), "a@b.example", _ASN1Type.IA5String),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "#shop"),
        ]
    )
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(subject, subject, KEY.public_key(), 0xFEDC, now, now + dt.timedelta(1))
    told = identity(builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    assert told.subject == 'CN=\\#shop,1.2.840.113549.1.9.1=#160b6140622e6578616d706c65,O=A\\, \\"B\\"\\+C\\ ,C=DE'
    assert told.issuer == told.subject
    assert told.serial == "fedc"
    assert told.names == ()
