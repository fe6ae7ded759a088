"""What is told of a TLS session."""

from typing import Final

from probe.probes.blackbox.findings import Findings
from probe.wire import Session

_VERSIONS: Final = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
_NO_TIME: Final = -62135596800.0
"""Go's zero time in seconds since 1970: what the peer tells where no chain was verified."""
_TLS12_WORDS: Final = {"ECDHE", "DHE", "RSA", "ECDSA", "PSK"}


def tell_session(session: Session, findings: Findings) -> None:
    """Tell what *session* is, and whose certificates it stands on."""
    earliest = min((certificate.expiry for certificate in session.shown), default=_NO_TIME)
    last = session.chain_end
    findings.set("probe_ssl_earliest_cert_expiry", earliest)
    findings.set("probe_ssl_last_chain_expiry_timestamp_seconds", _NO_TIME if last is None else last)
    findings.set("probe_tls_version_info", 1.0, version=_VERSIONS.get(session.version, "unknown"))
    findings.set("probe_tls_cipher_info", 1.0, cipher=iana_name(session.cipher))
    findings.set(
        "probe_ssl_last_chain_info",
        1.0,
        fingerprint_sha256=session.fingerprint,
        subject=session.identity.subject,
        issuer=session.identity.issuer,
        subjectalternative=",".join(session.identity.names),
        serialnumber=session.identity.serial,
    )


def iana_name(cipher: str) -> str:
    """The registry's name, which Go tells, for OpenSSL's name of a *cipher* suite: of those that are still in use."""
    if cipher.startswith("TLS_") or not cipher:
        return cipher
    words = cipher.split("-")
    keys = [word for word in words if word in _TLS12_WORDS]
    rest = "_".join(word for word in words if word not in _TLS12_WORDS)
    rest = rest.replace("AES128", "AES_128").replace("AES256", "AES_256")
    if "GCM" not in rest and rest.startswith("AES"):
        rest = rest.replace("_SHA", "_CBC_SHA")
    if rest == "CHACHA20_POLY1305":
        rest = "CHACHA20_POLY1305_SHA256"
    return f"TLS_{'_'.join(keys or ['RSA'])}_WITH_{rest}"
