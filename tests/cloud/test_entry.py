"""What only a vendor entry and its file together can tell."""

import pytest

from probe.cloud import VendorEntry, entry_complaints
from probe.cloud.hosts import HostRefused, checked_url, is_local
from tests.cloud.entries import AWS_KEYS, FILES, entry, openstack


def told(chosen: VendorEntry) -> list[str]:
    """Every complaint as one text."""
    return [f"{'.'.join(trail)}: {problem}; {remedy}" for trail, problem, remedy in entry_complaints(chosen)]


def test_entries_that_are_right() -> None:
    """Nothing is said of them."""
    assert told(entry("aws", AWS_KEYS)) == []
    assert told(entry("aws", {})) == []
    assert told(entry("aws", AWS_KEYS | {"session_token": "t"})) == []
    assert told(openstack()) == []
    assert told(openstack(profile="rackspace-flex", region="DFW3", endpoints={})) == []
    assert told(entry("rackspace", {"username": "u", "api_key": "k"}, region="DFW")) == []
    assert told(entry("aws", AWS_KEYS, {"api": "http://127.0.0.1:5000"}, network={"subnet": "s-1"})) == []


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        (
            entry("aws", {"access_key": "a"}),
            "credentials: the credentials are not complete, or do not go together; give",
        ),
        (
            entry("aws", AWS_KEYS | {"token": "t"}),
            "credentials.token: aws takes no credential `token`; choose one",
        ),
        (
            entry("rackspace", {"username": "u"}, region="DFW"),
            "or do not go together; give username, api_key; or username, password",
        ),
        (
            openstack(credentials={"username": "u", "password": "p"}),
            "username; or username, password, project_name; or username, password, project_id; or user_id",
        ),
        (
            openstack(endpoints={}),
            "endpoints.auth: nobody says where `auth` is; write its URL here",
        ),
        (openstack(profile="hp"), "profile: openstack has no profile `hp`; choose one of rackspace-flex"),
        (
            openstack(profile="rackspace-flex", region="DFW", endpoints={}),
            "region: Rackspace OpenStack Flex has no region `DFW`; choose one of SJC3, DFW3, IAD3",
        ),
        (
            entry("aws", AWS_KEYS, {"apis": "https://x.example"}),
            "endpoints.apis: aws has no endpoint `apis`; choose one",
        ),
        (
            entry("aws", AWS_KEYS, {"api": "http://x.example"}),
            "endpoints.api: `http://x.example` is plain http: a secret would travel in the clear; use https",
        ),
        (entry("aws", AWS_KEYS, region="eu central"), "region: region `eu central` cannot be part of a host's name"),
        (
            entry("aws", AWS_KEYS, network={"vpc": "v"}),
            "network.vpc: aws has no network option `vpc`; choose",
        ),
    ],
)
def test_a_mistake_is_told_with_its_remedy(chosen: VendorEntry, complaint: str) -> None:
    """Where, what is wrong, and what to do about it."""
    assert any(complaint in said for said in told(chosen)), told(chosen)


def test_plain_http_may_be_asked_for() -> None:
    """The operator knows what they do."""
    assert told(entry("aws", AWS_KEYS, {"api": "http://x.example"}, insecure_http=True)) == []


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://x/", "https://", "https://u:p@x/", "https://x/?q", "https://x/#f", "https://x:0/", "https://[x",
            "https://x:99999/", "http://127.0.0.1.evil.example", "http://localhost.evil.example/"]
)  # fmt: skip
def test_what_may_not_receive_a_secret(url: str) -> None:
    """Only http and https, only without a user's name, and plain http only to this machine."""
    with pytest.raises(HostRefused):
        checked_url(url, insecure_http=False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine(host: str) -> None:
    """Loopback is this machine, by number or by the one name that nobody else may have."""
    assert is_local(host)
    assert not is_local("192.0.2.1")
    assert not is_local("localhost.example")


@pytest.mark.parametrize(
    ("subject", "complaint"),
    [
        ({}, "needs either an `instance` or a `series`"),
        ({"instance": "i", "series": {}}, "needs either an `instance` or a `series`"),
        ({"series": {"namespace": "n"}}, "series.metric: is missing"),
        ({"series": {"namespace": "n", "metric": "m", "colour": 1}}, "series.colour: there is no `colour` of a series"),
        ({"series": {"namespace": "n", "metric": "m", "dimensions": "x"}}, "series.dimensions: must be a mapping"),
        ({"series": "cpu"}, "series: must be a mapping"),
    ],
)
def test_what_a_monitoring_probe_must_name(subject: dict[str, object], complaint: str) -> None:
    """A subject is an instance or a series, as the vendor's file knows them."""
    monitoring = FILES["aws"].monitoring
    assert monitoring is not None
    said = [f"{'.'.join(trail)}: {problem}" for trail, problem, _ in monitoring.complaints(subject)]
    assert any(complaint in one for one in said), said


def test_a_subject_that_a_vendor_cannot_be_asked_for() -> None:
    """Rackspace's monitoring knows no instances."""
    monitoring = FILES["rackspace"].monitoring
    assert monitoring is not None
    assert "cannot ask for an instance" in monitoring.complaints({"instance": "i"})[0][1]
    assert monitoring.complaints({"series": {"entity": "e", "check": "c", "metric": "m"}}) == []
