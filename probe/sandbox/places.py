"""Who is played in a sandbox, and where everything of it is: what a process that starts one must be told."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from probe.sandbox.serving import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """Who is played by whom.

    Attributes:
        name: of the vendor entry.
        use: whom it imitates: the name of a data file, and of the vendor file that speaks to it.
        character: how it behaves.
    """

    name: str
    use: str
    character: str


DEMO: Final = (
    Casting(name="sandbox-steady", use="openstack", character="steady"),
    Casting(name="sandbox-slow", use="aws", character="slow"),
    Casting(name="sandbox-flaky", use="rackspace", character="flaky"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPlace:
    """Where a pretend vendor is, and what opens it.

    Attributes:
        use: the vendor file that speaks to it.
        region: what the configuration must call its region.
        url: of its server.
        endpoints: URLs that the configuration must override.
        credentials: made-up secrets, by the vendor file's names for them.
        account: what the configuration must say of the account, by the vendor file's names for it.
        network: what it should say of an instance's network, so that it can be reached.
        monitored: the options of a monitoring probe that has something to measure here.
        files: the credentials in files of a private folder.
    """

    use: str
    region: str
    url: str
    endpoints: Mapping[str, str]
    credentials: Mapping[str, str]
    account: Mapping[str, str]
    network: Mapping[str, object]
    monitored: Mapping[str, object]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything of a sandbox is.

    Attributes:
        control: URL of the control port.
        vendors: by name.
        http: URL of the HTTP target.
        https: URL of the same by TLS.
        host: of the targets below.
        tcp: port of the greeting target.
        tls: port of a TLS server.
        dns: port of the name server.
        reach: port that instances answer on; 0 where this machine lacks addresses for them.
        ca_bundle: file with the authority that the TLS servers are signed by.
    """

    control: str
    vendors: Mapping[str, VendorPlace]
    http: str
    https: str
    host: str = LOOPBACK
    tcp: int
    tls: int
    dns: int
    reach: int
    ca_bundle: str

    def to_json(self) -> str:
        """The same as one line of text."""
        return json.dumps(self.to_data())

    def to_data(self) -> dict[str, object]:
        """The same as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str) -> "Places":
        """What `to_json` wrote."""
        data = json.loads(text)
        vendors = {name: VendorPlace(**place) for name, place in data.pop("vendors").items()}
        return cls(vendors=vendors, **data)
