"""The vendors that the harness rents from: a real EC2 server, and the sandbox in three styles of idempotency.

And in one that has volumes, which may outlive their instances.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, MARK_RUN
from probe.sandbox.imitation import Idempotency
from probe.wire import RealClock
from tests.chaos.kill.backs import Back, MotoBack, SandboxBack
from tests.chaos.kill.clock import SharedClock
from tests.chaos.kill.ledgers import AGENT

LEASE: Final = 1800.0
"""Seconds of a lease."""
REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
"""One for each worker at the EC2 server that they share."""
_OTHER: Final = "0ddba11d-0000-4000-8000-00000000000b"
_TWIN: Final = AGENT[:8] + "-0000-4000-8000-00000000000c"
_CONFIGURATION: Final = """\
agent: {{state: state}}
controls: {{checks: []}}
vendors:
  rented:
    use: {use}
    region: {region}
    endpoints: {endpoints}
    credentials: {credentials}
    account: {account}
probes:
  - name: lifecycle
    kind: lifecycle
    vendors: [rented]
    every: 15m
    deadline: 10m
    options: {{size: small, image: {image}, delete_deadline: 2m}}
  - {{name: read, kind: api, vendors: [rented], every: 30s, deadline: 10s, options: {{operation: list}}}}
guards: {{instances_at_once: 1, per_day: 100000, lease: 30m}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """The EC2 server.

    Attributes:
        url: where it is.
        access_key: of somebody who may do what a probe does.
        secret_key: the same one's.
        image: an image that there is.
    """

    url: str
    access_key: str
    secret_key: str
    image: str


@dataclass(frozen=True, slots=True)
class Style:
    """A vendor.

    Attributes:
        name: of the style.
        use: the vendor file that speaks to it.
        region: as the configuration says.
        image: that is rented.
        endpoints: paths of those that the configuration overrides, by name.
        credentials: by the vendor file's names for them.
        back: makes the vendor, given its clock.
        account: what else the configuration says of the account.
        share: of the points of a scenario that does not try every step: how many of them are tried here.
    """

    name: str
    use: str
    region: str
    image: str
    endpoints: Mapping[str, str]
    credentials: Mapping[str, str]
    back: Callable[[SharedClock], Back]
    account: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0

    def write(self, folder: Path, port: int) -> Path:
        """Write a configuration that speaks to the vendor at *port*; the file."""
        for name, value in self.credentials.items():
            (folder / name).write_text(value)
            (folder / name).chmod(0o600)
        endpoints = {name: f"http://127.0.0.1:{port}{path}" for name, path in self.endpoints.items()}
        credentials = {name: {"file": name} for name in self.credentials}
        text = _CONFIGURATION.format(
            use=self.use,
            region=self.region,
            image=self.image,
            endpoints=json.dumps(endpoints),
            credentials=json.dumps(credentials),
            account=json.dumps(dict(self.account)),
        )
        file = folder / "probe.yaml"
        file.write_text(text)
        return file


SANDBOX: Final[Mapping[str, tuple[str, Idempotency]]] = {
    "token": ("aws", Idempotency.TOKEN),
    "name": ("openstack", Idempotency.UNIQUE_NAME),
    "none": ("rackspace", Idempotency.NONE),
    "volumes": ("scaleway", Idempotency.NONE),
}
"""By style: whom the sandbox plays, and what it makes of the same order sent twice. The last one creates in several
calls, and leaves a volume behind where an instance is deleted before it was started.
"""
STYLES: Final = ("ec2", *SANDBOX)


def sandbox_style(name: str) -> Style:
    """The style of that *name*, at the sandbox."""
    use, idempotency = SANDBOX[name]
    imitation = SandboxBack(use, idempotency, RealClock()).vendor.imitation
    return Style(
        name=name,
        use=use,
        region=imitation.region,
        image="debian-12",
        endpoints={point.name: point.path for point in imitation.endpoints if point.overrides},
        credentials={word: imitation.credentials[word] for word in CREDENTIALS[use]},
        back=lambda clock: SandboxBack(use, idempotency, clock),
        account=imitation.account,
    )


CREDENTIALS: Final = {
    "aws": ("access_key", "secret_key"),
    "openstack": ("application_credential_id", "application_credential_secret"),
    "rackspace": ("username", "api_key"),
    "scaleway": ("secret_key",),
}


def ec2_style(server: Server, worker: int) -> Style:
    """The EC2 server, in a region for that *worker* alone."""
    region = REGIONS[worker % len(REGIONS)]
    return Style(
        name="ec2",
        use="aws",
        region=region,
        image=server.image,
        endpoints=dict.fromkeys(("api", "monitoring", "identity"), ""),
        credentials={"access_key": server.access_key, "secret_key": server.secret_key},
        back=lambda _: MotoBack(server.url, region, (server.access_key, server.secret_key)),
        share=0.5,  # it is slow
    )


def bystanders() -> Mapping[str, Mapping[str, str]]:
    """What others have there, by name, with its marks: everything that might be taken for ours."""
    return {
        "web-1": {"team": "shop"},
        f"probe-{AGENT[:8]}-aaaaaaaaaaaa": {},
        f"probe-{AGENT[:8]}-bbbbbbbbbbbb": {"team": "shop"},
        f"probe-{_OTHER[:8]}-cccccccccccc": _marks(_OTHER, f"probe-{_OTHER[:8]}-cccccccccccc", "9999999999"),
        f"probe-{_OTHER[:8]}-dddddddddddd": _marks(_OTHER, f"probe-{_OTHER[:8]}-dddddddddddd", "1"),
        f"probe-{AGENT[:8]}-eeeeeeeeeeee": _marks(_TWIN, f"probe-{AGENT[:8]}-eeeeeeeeeeee", "1"),
        f"probe-{AGENT[:8]}-ffffffffffff": {MARK_AGENT: AGENT, MARK_EXPIRES: "1"},
        "db-1": {MARK_AGENT: AGENT, MARK_LEASE: f"probe-{AGENT[:8]}-999999999999", MARK_EXPIRES: "1"},
        "db-2": {MARK_LEASE: f"probe-{AGENT[:8]}-888888888888", MARK_EXPIRES: "1"},
    }


def _marks(agent: str, lease: str, expires: str) -> Mapping[str, str]:
    return {MARK_AGENT: agent, MARK_RUN: "run", MARK_LEASE: lease, MARK_EXPIRES: expires}
