"""Modules of a blackbox.yml: what blackbox_exporter 0.23 to 0.28 knows and we honour, with its names and defaults."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from probe.probes.blackbox.fields import (
    Duration,
    FileName,
    HeaderName,
    Hidden,
    Pattern,
    Protocol,
    Proxy,
    Shape,
    Size,
    Switch,
    Text,
    Version,
)
from probe.wire import RCODES, Route, Trust, known_class, known_type
from probe.wire.echo import LEAST as LEAST_ECHO
from probe.wire.echo import MOST as MOST_ECHO
from probe.wire.route import TLS_VERSIONS


class Prober(StrEnum):
    """How a module probes."""

    HTTP = "http"
    TCP = "tcp"
    DNS = "dns"
    ICMP = "icmp"


def _known(word: str, *, known: bool, what: str) -> str:
    if not known:
        raise ValueError(f"is no {what} of DNS: write one that RFCs know, in capitals")
    return word


RecordType = Annotated[str, AfterValidator(lambda word: _known(word, known=known_type(word), what="type"))]
RecordClass = Annotated[str, AfterValidator(lambda word: _known(word, known=known_class(word), what="class"))]
Rcode = Annotated[str, AfterValidator(lambda word: _known(word, known=word in RCODES, what="response code"))]


def acceptable(compression: str, accepted: str) -> bool:
    """Whether a server that is told Accept-Encoding: *accepted* may answer in *compression*."""
    if not compression or not accepted:
        return True
    weights: dict[str, bool] = {}
    for part in accepted.split(","):
        name, _, parameter = part.partition(";")
        try:
            weights[name.strip().lower()] = float(parameter.partition("=")[2] or 1) > 0
        except ValueError:
            return False
    return weights.get(compression, weights.get("*", compression == "identity"))


class TlsConfig(Shape):
    """How TLS is spoken."""

    insecure_skip_verify: Switch = False
    ca_file: FileName | None = None
    cert_file: FileName | None = None
    key_file: FileName | None = None
    server_name: Text = ""
    min_version: Version | None = None
    max_version: Version | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("has one of cert_file and key_file only: write both")
        low, high = self.min_version or TLS_VERSIONS[0], self.max_version or TLS_VERSIONS[-1]
        if low > high:
            raise ValueError("has a min_version above its max_version: write them the other way round")
        return self

    @property
    def trust(self) -> Trust:
        """Whose certificates are believed, and what we show."""
        return Trust(
            ca_bundle=self.ca_file,
            verify=not self.insecure_skip_verify,
            certificate=self.cert_file,
            key=self.key_file,
            oldest=self.min_version,
            newest=self.max_version,
        )


class BasicAuth(Shape):
    """User and password."""

    username: Text = ""
    username_file: FileName | None = None
    password: Hidden = SecretStr("")
    password_file: FileName | None = None


class Authorization(Shape):
    """The Authorization header."""

    type: Text = "Bearer"
    credentials: Hidden = SecretStr("")
    credentials_file: FileName | None = None


class HeaderValues(Shape):
    """The values of one header."""

    values: tuple[Text, ...] = ()
    secrets: tuple[Hidden, ...] = ()
    files: tuple[FileName, ...] = ()


class HeaderMatch(Shape):
    """A header, and what it must or must not match."""

    header: HeaderName
    regexp: Pattern
    allow_missing: Switch = False


class Reached(Shape):
    """What all probers have in common: which address they take."""

    preferred_ip_protocol: Protocol = "ip6"
    ip_protocol_fallback: Switch = True


class HttpModule(Reached):
    """An HTTP request, its redirects, and what must be true of the last answer."""

    valid_status_codes: tuple[int, ...] = ()
    valid_http_versions: tuple[Text, ...] = ()
    method: Annotated[str, Field(pattern=r"^[A-Za-z]{0,20}$")] = "GET"
    headers: Mapping[HeaderName, Text] = {}
    http_headers: Mapping[HeaderName, HeaderValues] = {}
    body: Text = ""
    body_file: FileName | None = None
    body_size_limit: Size = 0
    compression: Literal["", "gzip", "deflate", "identity"] = ""
    follow_redirects: Switch = True
    no_follow_redirects: Switch | None = None
    fail_if_ssl: Switch = False
    fail_if_not_ssl: Switch = False
    fail_if_body_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_body_not_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_header_matches: tuple[HeaderMatch, ...] = ()
    fail_if_header_not_matches: tuple[HeaderMatch, ...] = ()
    tls_config: TlsConfig = TlsConfig()
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    bearer_token: Hidden | None = None
    bearer_token_file: FileName | None = None
    proxy_url: Proxy | None = None
    skip_resolve_phase_with_proxy: Switch = False
    enable_http2: Switch = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ways = (self.basic_auth, self.authorization, self.bearer_token, self.bearer_token_file)
        if sum(way is not None for way in ways) > 1:
            raise ValueError(
                "has several of basic_auth, authorization, bearer_token, bearer_token_file: write only one"
            )
        if self.body and self.body_file is not None:
            raise ValueError("has both body and body_file: write only one")
        accepted = next((value for name, value in self.headers.items() if name.lower() == "accept-encoding"), "")
        if not acceptable(self.compression, accepted):
            raise ValueError(f"asks for {accepted}, and undoes {self.compression}: write what fits together")
        if self.proxy_url is not None and self.tls_config.server_name:
            raise ValueError(
                "has both proxy_url and tls_config.server_name: write one, through a proxy the name is the URL's"
            )
        return self

    @property
    def follows(self) -> bool:
        """Whether redirects are followed; the old option wins, as it does there."""
        return self.follow_redirects if self.no_follow_redirects is None else not self.no_follow_redirects

    @property
    def looks_at_body(self) -> bool:
        """Whether the body is to be kept."""
        return bool(self.fail_if_body_matches_regexp or self.fail_if_body_not_matches_regexp or self.compression)

    def route(self, *, secure: bool) -> Route:
        """How its targets are reached; HTTP/2 is offered in TLS only."""
        return Route(trust=self.tls_config.trust, http2=self.enable_http2 and secure, proxy=self.proxy_url)


class Label(Shape):
    """A label of `probe_expect_info`."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
    value: Text = ""


class QueryResponse(Shape):
    """A step of a dialogue: a line that must come, then one that is said, then TLS."""

    expect: Pattern | None = None
    expect_bytes: Text = ""
    labels: tuple[Label, ...] = ()
    send: Text = ""
    starttls: Switch = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.expect is not None and self.expect_bytes:
            raise ValueError("has both expect and expect_bytes: write only one")
        return self


class TcpModule(Reached):
    """A connection, and what is said over it."""

    query_response: tuple[QueryResponse, ...] = ()
    tls: Switch = False
    tls_config: TlsConfig = TlsConfig()


class Validator(Shape):
    """What must be true of the records of a section."""

    fail_if_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_all_match_regexp: tuple[Pattern, ...] = ()
    fail_if_not_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_none_matches_regexp: tuple[Pattern, ...] = ()


class DnsModule(Reached):
    """A question to a name server, and what must be true of its answer."""

    query_name: Annotated[str, Field(min_length=1)]
    query_type: RecordType = "ANY"
    query_class: RecordClass = "IN"
    recursion_desired: Switch = True
    transport_protocol: Literal["udp", "tcp"] = "udp"
    dns_over_tls: Switch = False
    tls_config: TlsConfig = TlsConfig()
    valid_rcodes: tuple[Rcode, ...] = ("NOERROR",)
    validate_answer_rrs: Validator = Validator()
    validate_authority_rrs: Validator = Validator()
    validate_additional_rrs: Validator = Validator()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.dns_over_tls and self.transport_protocol != "tcp":
            raise ValueError("has dns_over_tls over udp: write transport_protocol: tcp")
        return self


class IcmpModule(Reached):
    """An ICMP echo request."""

    payload_size: Annotated[int, Field(ge=LEAST_ECHO, le=MOST_ECHO)] = 28
    dont_fragment: Switch = False
    ttl: Annotated[int, Field(ge=0, le=255)] = 0


class Module(Shape):
    """One module."""

    prober: Prober
    timeout: Duration = 0.0
    http: HttpModule = HttpModule()
    tcp: TcpModule = TcpModule()
    dns: DnsModule = DnsModule(query_name=".")
    icmp: IcmpModule = IcmpModule()

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.prober is Prober.DNS and "dns" not in self.model_fields_set:
            raise ValueError("says nothing of DNS: write dns: {query_name: NAME}")
        return self


SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "module": Module,
    "http": HttpModule,
    "http_header_match_spec": HeaderMatch,
    "http_headers": HeaderValues,
    "basic_auth": BasicAuth,
    "authorization": Authorization,
    "tcp": TcpModule,
    "query_response": QueryResponse,
    "labels": Label,
    "dns": DnsModule,
    "validate_rrs": Validator,
    "icmp": IcmpModule,
    "tls_config": TlsConfig,
}
"""Every section by the name that the documentation has for it."""
