"""One item of `vendors:` in the configuration: a vendor file, and what is ours in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from probe.cloud.file.vendor import Choices, CredentialSet, Endpoint, Profile, VendorFile
from probe.cloud.hosts import HostRefused, checked_url, render_url
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import Secret, SecretUnavailable
from probe.notation.rates import Rate
from probe.wire import Route

Trail = tuple[str, ...]
_TENTH: Final = 10


class Redactor(Protocol):
    """Takes the secrets that it knows out of a text."""

    def learn(self, value: str) -> None:
        """Take *value*, a token that a vendor gave us, for a secret from now on."""
        ...

    def __call__(self, text: str) -> str:
        """*text* without secrets."""
        ...


class _Unaware:
    """Knows no secret."""

    def learn(self, value: str) -> None:
        """Forget it."""

    def __call__(self, text: str) -> str:
        return text


_UNAWARE: Final = _Unaware()


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests an account may be sent.

    Attributes:
        rate: how many in which time; None for any number.
        burst: how many of them may leave at once; a tenth where nothing is said.
        at_once: how many may be on their way at the same time; None for any number.
    """

    rate: Rate | None = None
    burst: int | None = None
    at_once: int | None = None

    @property
    def leap(self) -> int:
        """How many requests of the rate may leave at once."""
        if self.rate is None:
            return 1
        return max(1, min(self.burst or self.rate.count // _TENTH, self.rate.count))

    def or_else(self, other: "Allowance") -> "Allowance":
        """This one, where it says something, else the *other*; a burst belongs to its rate."""
        if self.rate is None:
            return Allowance(other.rate, self.burst or other.burst, self.at_once or other.at_once)
        return Allowance(self.rate, self.burst, self.at_once or other.at_once)

    def and_also(self, other: "Allowance") -> "Allowance":
        """What both allow."""
        rates = [rate for rate in (self.rate, other.rate) if rate is not None]
        rate = min(rates, key=lambda rate: rate.per_second, default=None)
        leaps = [each.leap for each in (self, other) if each.rate is not None]
        return Allowance(rate, min(leaps, default=None), _least(self.at_once, other.at_once))


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEntry:
    """A vendor as the configuration names it.

    Attributes:
        name: the `vendor` label.
        region: the vendor's region.
        file: how its API is spoken to.
        credentials: by the names that the file knows.
        account: what else is to be known of the account, by the names that the file knows.
        endpoints: URLs that win over the file's, the profile's and the catalog's.
        network: options for the instances' network.
        insecure_http: whether secrets may travel in the clear.
        profile: which of the file's particular clouds it is.
        limits: how many requests may be sent, where that is not what the file says.
        route: how its hosts are reached.
        redactor: takes secrets out of what the vendor says, and learns those that the vendor gives us.
    """

    name: str
    region: str
    file: VendorFile
    credentials: Mapping[str, Secret] = field(default_factory=dict)
    account: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    network: Mapping[str, object] = field(default_factory=dict)
    insecure_http: bool = False
    profile: str | None = None
    limits: Allowance = field(default_factory=Allowance)
    route: Route = field(default_factory=Route)
    redactor: Redactor = field(default=_UNAWARE, compare=False, repr=False)

    @property
    def particular(self) -> Profile | None:
        """The chosen profile; None if there is none, or if the file does not have it."""
        return self.file.profiles.get(self.profile) if self.profile is not None else None

    @property
    def allowance(self) -> Allowance:
        """How many requests may be sent: as the entry says, else as the file does."""
        written = self.file.limits
        return self.limits.or_else(Allowance(written.rate, written.burst, written.at_once))

    def secret(self, name: str) -> str | None:
        """The credential *name*, read now; the profile's or the file's default if none was given, else None.

        Raises:
            ProbeFailed: denied: it cannot be read.
        """
        if name not in self.credentials:
            return self._default(name)
        try:
            return self.credentials[name].reveal()
        except SecretUnavailable as error:
            raise ProbeFailed(Outcome.DENIED, str(error)) from error

    def _default(self, name: str) -> str | None:
        if self.particular is not None and name in self.particular.credentials:
            return self.particular.credentials[name]
        chosen = self.credential_set
        return None if chosen is None else chosen.defaults.get(name)

    @property
    def places(self) -> Mapping[str, str | None]:
        """What may stand in a URL and in every call: the region, and what is known of the account."""
        facts = {f"account.{name}": self.account.get(name, fact.default) for name, fact in self.file.account.items()}
        return {"region": self.region, **facts}

    @property
    def credential_set(self) -> CredentialSet | None:
        """The way to identify oneself that the given credentials are complete for; None if for none."""
        given = self.credentials.keys() | (self.particular.credentials.keys() if self.particular else set())
        complete = [way for way in self.file.credentials.values() if way.required.keys() <= given]
        known = [way for way in complete if self.credentials.keys() <= way.required.keys() | way.optional.keys()]
        return max(known, key=lambda way: len(way.required), default=None)

    def url(self, name: str) -> str | None:
        """Where the endpoint *name* is as far as we know without asking anybody: None if a catalog must tell.

        Raises:
            HostRefused: no secret may be sent there.
        """
        if name in self.endpoints:
            return checked_url(self.endpoints[name], insecure_http=self.insecure_http)
        written = self._profile_url(name) or self._file_url(self.file.endpoints.get(name))
        return None if written is None else checked_url(written, insecure_http=self.insecure_http)

    def _profile_url(self, name: str) -> str | None:
        profile = self.particular
        if profile is None:
            return None
        here = profile.regions.get(self.region)
        if here is not None and name in here.endpoints:
            return here.endpoints[name]
        template = profile.endpoints.get(name)
        return None if template is None else render_url(template, self.places)

    def _file_url(self, endpoint: Endpoint | None) -> str | None:
        if endpoint is None or endpoint.url is None:
            return None
        return render_url(endpoint.url, self.places)

    def size(self, alias: str) -> str:
        """The vendor's word for a size; *alias* itself if nobody gave it a meaning."""
        return _meaning(alias, self.particular.sizes if self.particular else {}, self.file.sizes)

    def image(self, alias: str) -> str:
        """The vendor's word for an image; *alias* itself if nobody gave it a meaning."""
        return _meaning(alias, self.particular.images if self.particular else {}, self.file.images)


def _meaning(alias: str, particular: Mapping[str, str], general: Choices) -> str:
    return particular.get(alias) or general.aliases.get(alias) or alias


def entry_complaints(entry: VendorEntry) -> list[tuple[Trail, str, str]]:
    """What only an entry and its file together can tell: where, what is wrong, what to do about it."""
    return [
        *_profile_complaints(entry),
        *_credential_complaints(entry),
        *_account_complaints(entry),
        *_endpoint_complaints(entry),
        *_network_complaints(entry),
    ]


def _profile_complaints(entry: VendorEntry) -> list[tuple[Trail, str, str]]:
    if entry.profile is None:
        return []
    profile = entry.particular
    if profile is None:
        return [(("profile",), f"{entry.file.vendor} has no profile `{entry.profile}`", _choose(entry.file.profiles))]
    if profile.regions and entry.region not in profile.regions:
        return [(("region",), f"{profile.title} has no region `{entry.region}`", _choose(profile.regions))]
    return []


def _credential_complaints(entry: VendorEntry) -> list[tuple[Trail, str, str]]:
    ways = entry.file.credentials
    known = entry.file.credential_names
    unknown = [name for name in entry.credentials if name not in known]
    complaints: list[tuple[Trail, str, str]] = [
        (("credentials", name), f"{entry.file.vendor} takes no credential `{name}`", _choose(sorted(known)))
        for name in unknown
    ]
    if not unknown and entry.credential_set is None:
        wanted = "; or ".join(", ".join(way.required) or "none at all" for way in ways.values())
        complaints.append(
            (("credentials",), "the credentials are not complete, or do not go together", f"give {wanted}")
        )
    return complaints


def _account_complaints(entry: VendorEntry) -> list[tuple[Trail, str, str]]:
    facts = entry.file.account
    complaints: list[tuple[Trail, str, str]] = [
        (("account", name), f"{entry.file.vendor} knows no `{name}` of an account", _choose(facts))
        for name in entry.account
        if name not in facts
    ]
    for name, fact in facts.items():
        if fact.required and fact.default is None and name not in entry.account:
            complaints.append((("account", name), "is missing", f"add it: {fact.description}"))
    return complaints


def _endpoint_complaints(entry: VendorEntry) -> list[tuple[Trail, str, str]]:
    complaints: list[tuple[Trail, str, str]] = []
    for name in entry.endpoints:
        if name not in entry.file.endpoints:
            what = f"{entry.file.vendor} has no endpoint `{name}`"
            complaints.append((("endpoints", name), what, _choose(entry.file.endpoints)))
    for name, endpoint in entry.file.endpoints.items():
        trail: Trail = ("endpoints", name)
        try:
            url = entry.url(name)
        except HostRefused as error:
            complaints.append(_host_complaint(entry, name, str(error)))
        else:
            if url is None and endpoint.given:
                complaints.append(
                    (trail, f"nobody says where `{name}` is", "write its URL here, or choose a `profile`")
                )
    lacking = {trail for trail, _, _ in _account_complaints(entry)}  # no complaint is to follow from another
    return [complaint for complaint in dict.fromkeys(complaints) if complaint[0] not in lacking]


def _host_complaint(entry: VendorEntry, name: str, problem: str) -> tuple[Trail, str, str]:
    """What is wrong where an endpoint cannot be: its own URL, or what the file makes its URL of."""
    if name in entry.endpoints:
        return ("endpoints", name), problem, "use https, or allow it by `insecure_http: true`"
    if problem.startswith("account."):
        return ("account", problem.split(maxsplit=1)[0].removeprefix("account.")), problem, "correct it"
    return ("region",), problem, "use https, or allow it by `insecure_http: true`"


def _network_complaints(entry: VendorEntry) -> list[tuple[Trail, str, str]]:
    options = entry.file.network.options
    return [
        (("network", name), f"{entry.file.vendor} has no network option `{name}`", _choose(options))
        for name in entry.network
        if name not in options
    ]


def _choose(names: Mapping[str, object] | list[str]) -> str:
    return f"choose one of {', '.join(names)}" if names else "remove it: there is none"
