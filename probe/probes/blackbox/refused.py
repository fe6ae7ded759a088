"""What blackbox_exporter knows and we do not do: each by its name, so that nothing is ignored silently."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an option of blackbox_exporter's is refused.

    Attributes:
        problem: what we do not do.
        remedy: what to do instead.
    """

    problem: str
    remedy: str


_SOURCE: Final = Refusal(
    "connections leave from the address that the kernel chooses", "remove it, and set the route's source address"
)
_CEL: Final = Refusal(
    "CEL is not evaluated", "use fail_if_body_matches_regexp, or a probe of kind http with `assertion`"
)
_ENVIRONMENT: Final = Refusal("the environment's proxies are never used", "write proxy_url")
_HTTP3: Final = Refusal("HTTP/3 is not spoken", "remove it")
_INLINE: Final = Refusal(
    "certificates are read from files only", "write the path of a file under ca_file, cert_file, key_file"
)

REFUSED: Final[Mapping[str, Mapping[str, Refusal]]] = {
    "http": {
        "source_ip_address": _SOURCE,
        "fail_if_body_json_matches_cel": _CEL,
        "fail_if_body_json_not_matches_cel": _CEL,
        "oauth2": Refusal("tokens are not fetched", "write a token under `authorization`, with credentials_file"),
        "no_proxy": Refusal("a module's proxy is for all of its targets", "make a second module without proxy_url"),
        "proxy_from_environment": _ENVIRONMENT,
        "proxy_connect_header": Refusal("nothing but the request itself is sent to proxies", "remove it"),
        "enable_http3": _HTTP3,
        "use_http3": _HTTP3,
    },
    "tcp": {"source_ip_address": _SOURCE},
    "dns": {"source_ip_address": _SOURCE},
    "icmp": {"source_ip_address": _SOURCE},
    "tls_config": {
        "ca": _INLINE,
        "cert": _INLINE,
        "key": _INLINE,
        "ca_ref": _INLINE,
        "cert_ref": _INLINE,
        "key_ref": _INLINE,
    },
    "authorization": {
        "credentials_ref": Refusal("there is no secret manager", "use credentials_file"),
    },
    "basic_auth": {
        "username_ref": Refusal("there is no secret manager", "use username_file"),
        "password_ref": Refusal("there is no secret manager", "use password_file"),
    },
}
"""By the section that the option stands in."""

REFUSED_PROBERS: Final[Mapping[str, Refusal]] = {
    "grpc": Refusal("grpc is not probed", "leave the module to blackbox_exporter, or use prober: tcp"),
    "unix": Refusal("unix sockets are not probed", "leave the module to blackbox_exporter"),
    "websocket": Refusal("websockets are not probed", "leave the module to blackbox_exporter"),
}

REFUSED_VALUES: Final[Mapping[str, Mapping[str, Refusal]]] = {
    "compression": {
        "br": Refusal("Brotli is not undone", "ask for gzip, with `compression: gzip` and an Accept-Encoding header"),
        "zstd": Refusal(
            "Zstandard is not undone", "ask for gzip, with `compression: gzip` and an Accept-Encoding header"
        ),
    },
}
"""By option: values that are known there and refused here."""

IGNORED: Final = frozenset({"grpc", "unix", "websocket"})
"""Sections of probers that we do not have: the peer reads the one that `prober` names and no other, and so do we."""
