"""TLS contexts: one for everybody who trusts alike, built in a thread before anything is timed.

Loading the system's authorities takes 26 ms; done per probe, or in the loop, it would be billed to the vendor.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Final

from probe.model.outcome import Outcome, ProbeFailed
from probe.wire.certificates import watch_certificates
from probe.wire.route import Trust

Protocols = tuple[str, ...]

HTTP1: Protocols = ("http/1.1",)
HTTP2: Protocols = ("h2", "http/1.1")
NO_PROTOCOLS: Protocols = ()

_VERSIONS: Final = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def build_context(trust: Trust, protocols: Protocols) -> ssl.SSLContext:
    """A context for clients. Blocks for tens of milliseconds.

    Raises:
        OSError: the bundle cannot be read.
        ssl.SSLError: the bundle holds no certificates.
    """
    context = ssl.create_default_context(cafile=str(trust.ca_bundle) if trust.ca_bundle else None)
    context.hostname_checks_common_name = False  # RFC 9525, 6.3: a name in the subject is no identity, to any client
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust.certificate is not None:
        context.load_cert_chain(trust.certificate, trust.key)
    _limit_versions(context, trust)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    watch_certificates(context)
    return context


def _limit_versions(context: ssl.SSLContext, trust: Trust) -> None:
    if trust.oldest is not None:
        context.minimum_version = _VERSIONS[trust.oldest]
    if trust.newest is not None:
        context.maximum_version = _VERSIONS[trust.newest]
    if _VERSIONS["TLSv1"] in {context.minimum_version, context.maximum_version} or (
        _VERSIONS["TLSv1.1"] in {context.minimum_version, context.maximum_version}
    ):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 speaks the old versions at no higher level


@dataclass(slots=True)
class Contexts:
    """Hands out one context for each trust and set of protocols, to whoever comes first and to all after."""

    _built: dict[tuple[Trust, Protocols], ssl.SSLContext] = field(default_factory=dict)
    _building: dict[tuple[Trust, Protocols], asyncio.Lock] = field(default_factory=dict)

    async def get(self, trust: Trust, protocols: Protocols) -> ssl.SSLContext:
        """The context for *trust* that offers *protocols*. To be called before timing starts.

        Raises:
            ProbeFailed: its bundle of authorities cannot be used; that is the operator's fault.
        """
        key = (trust, protocols)
        found = self._built.get(key)
        if found is not None:
            return found
        async with self._building.setdefault(key, asyncio.Lock()):
            if key not in self._built:
                self._built[key] = await self._build(trust, protocols)
        return self._built[key]

    async def _build(self, trust: Trust, protocols: Protocols) -> ssl.SSLContext:
        try:
            return await asyncio.to_thread(build_context, trust, protocols)
        except OSError as error:
            files = ", ".join(str(path) for path in (trust.ca_bundle, trust.certificate, trust.key) if path)
            what = "the CA bundle" if trust.certificate is None else "one of the files"
            raise ProbeFailed(Outcome.INVALID, f"{what} {files} cannot be used: {error.strerror or error}") from error
