"""Vendor entries for tests: the packaged vendor files, and secrets that are no secret."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx

from probe.cloud import Cloud, VendorEntry, load_vendor_files
from probe.cloud.file.vendor import VendorFile
from probe.cloud.moments import format_iso
from probe.model.meter import Meter
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.notation.documents import read_document
from probe.wire import RealClock, Wire
from tests.fakes.clock import FakeClock
from tests.fakes.vendor import ApiMeter, Reply, ScriptedWire, answer

VENDORS = Path(__file__).parents[2] / "config" / "vendors"
FILES = load_vendor_files(VENDORS)
CLOCK = RealClock()


def secrets(**values: str) -> dict[str, Secret]:
    """Secrets by name."""

    def secret(name: str, value: str) -> Secret:
        return Secret(lambda: value, f"test {name}")

    return {name: secret(name, value) for name, value in values.items()}


def entry(
    vendor: str,
    credentials: Mapping[str, str],
    endpoints: Mapping[str, str] | None = None,
    *,
    region: str = "eu-central-1",
    file: VendorFile | None = None,
    account: Mapping[str, str] | None = None,
    profile: str | None = None,
    network: Mapping[str, object] | None = None,
    insecure_http: bool = False,
) -> VendorEntry:
    """A vendor entry as the configuration would give it."""
    return VendorEntry(
        name=f"test-{vendor}",
        region=region,
        file=file or FILES[vendor],
        credentials=secrets(**credentials),
        account=account or {},
        endpoints=endpoints or {},
        profile=profile,
        network=network or {},
        insecure_http=insecure_http,
    )


def real_cloud(chosen: VendorEntry, meter: Meter | None = None) -> Cloud:
    """A cloud that speaks over real sockets."""
    meter = meter or Meter()
    return Cloud(chosen, Wire(CLOCK, meter), CLOCK, meter)


def watch() -> Stopwatch:
    """The stopwatch of a run."""
    return Stopwatch(CLOCK, run_id="run-1")


KEYSTONE = "https://keystone.example/v3"
AWS_KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
APPLICATION = {"application_credential_id": "app-1", "application_credential_secret": "app-secret"}


def openstack(**changes: Any) -> VendorEntry:
    """An OpenStack entry with an application credential."""
    given: dict[str, Any] = {"region": "RegionOne", "endpoints": {"auth": KEYSTONE}} | changes
    return entry("openstack", given.pop("credentials", APPLICATION), **given)


def token_answer(value: str = "t-1", *, life: float = 3600.0, url: str = "https://nova.example/v2.1") -> httpx.Response:
    """Keystone's answer to who we are."""
    now = FakeClock().wall()
    services = {"compute": url, "image": "https://glance.example", "network": "https://neutron.example"}
    catalog = [
        {
            "type": kind,
            "name": kind,
            "endpoints": [
                {"interface": "internal", "region_id": "RegionOne", "url": "http://10.0.0.1/"},
                {"interface": "public", "region_id": "RegionTwo", "url": "https://elsewhere.example/"},
                {"interface": "public", "region_id": "RegionOne", "url": place},
            ],
        }
        for kind, place in services.items()
    ]
    body = {"token": {"expires_at": format_iso(now + life), "catalog": catalog}}
    headers = {"X-Subject-Token": value, "Date": format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)}
    return answer(201, body, headers)


ACME: dict[str, Any] = {
    "vendor": "acme",
    "title": "Acme",
    "docs": "https://acme.example",
    "credentials": {"token": {"description": "a token", "required": {"token": "the token"}}},
    "auth": {"kind": "bearer"},
    "endpoints": {"api": {"url": "https://api.acme.example/v1"}},
    "errors": {"rules": [{"status": 401, "is": "denied"}]},
    "reads": {"probe": {"description": "pings", "get": "api:/ping"}},
}
"""A small vendor file, as it is written."""


ACME_INSTANCES: dict[str, Any] = {
    "create": {"post": "api:/servers", "json": {"name": "${name}", "labels": "${marks}"}, "id": "id"},
    "get": {"get": "api:/servers/${id}", "item": "@"},
    "list": {"get": "api:/servers", "items": "servers"},
    "delete": {"delete": "api:/servers/${id}"},
    "marks": {"as": "map"},
    "show": {"id": "id", "name": "name", "addresses": "ips", "marks": {"at": "labels"}, "reason": "why"},
    "states": {"failed": ["state == 'error'"], "ready": ["state == 'up'"], "pending": ["state == 'new'"]},
}
"""How that vendor rents, as it is written."""


def acme(*, region: str = "north", facts: Mapping[str, str] | None = None, **sections: object) -> VendorEntry:
    """A vendor that takes a bearer token, with sections of its file replaced."""
    file = VendorFile.model_validate(ACME | sections)
    return entry("acme", {"token": "b-1"}, region=region, account=facts, file=file)


def renting(*, file: Mapping[str, Any] | None = None, **parts: object) -> VendorEntry:
    """The same vendor, which rents; *parts* of `instances` are replaced, and sections of the *file*."""
    return acme(instances=ACME_INSTANCES | parts, **(file or {}))


def written(vendor: str) -> dict[str, Any]:
    """A packaged vendor file as it is written."""
    data = read_document(VENDORS / f"{vendor}.yaml").data
    assert isinstance(data, dict)
    return data


class Scene:
    """A cloud at whose other end a script answers, on a clock that waits for nobody."""

    def __init__(self, chosen: VendorEntry, *replies: Reply) -> None:
        self.clock = FakeClock()
        self.meter = ApiMeter()
        self.wire = ScriptedWire(self.clock, replies)
        self.cloud = Cloud(chosen, self.wire, self.clock, self.meter)
        self.watch = Stopwatch(self.clock, run_id="run-1")

    @property
    def codes(self) -> list[tuple[str, str]]:
        """Operation and code of every request that was counted."""
        return [(operation, code) for operation, code, _ in self.meter.requests]
