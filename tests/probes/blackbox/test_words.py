"""Small things that the peer says in its own way."""

import ssl

import pytest

from probe.probes.blackbox.modules import acceptable
from probe.probes.blackbox.reaching import address_hash
from probe.probes.blackbox.sessions import iana_name


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
        ("ECDHE-RSA-AES128-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
        ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
        ("", ""),
    ],
)
def test_ciphers_are_called_as_the_registry_calls_them(openssl: str, iana: str) -> None:
    """Those that a server can still choose."""
    assert iana_name(openssl) == iana


def test_no_cipher_of_ours_is_called_by_openssl_s_name() -> None:
    """Whatever may be negotiated."""
    for cipher in ssl.create_default_context().get_ciphers():
        name = iana_name(cipher["name"])
        assert name.startswith("TLS_")
        assert "-" not in name


def test_the_hash_of_an_address_is_the_peer_s() -> None:
    """FNV-1a of its bytes; 127.0.0.1 as blackbox_exporter 0.23 tells it."""
    assert address_hash("127.0.0.1") == 3668918509
    assert address_hash("::1") == 1751717746


@pytest.mark.parametrize(
    ("compression", "accepted", "fits"),
    [
        ("", "br", True),
        ("gzip", "", True),
        ("gzip", "br, gzip", True),
        ("gzip", "br;q=1.0, gzip;q=0.9", True),
        ("gzip", "br, identity", False),
        ("gzip", "gzip;q=0", False),
        ("gzip", "*", True),
        ("gzip", "*;q=0", False),
        ("identity", "br", True),
        ("gzip", "gzip;q=much", False),
    ],
)
def test_a_compression_must_be_acceptable(compression: str, accepted: str, *, fits: bool) -> None:
    """To what the module's own header says."""
    assert acceptable(compression, accepted) is fits
