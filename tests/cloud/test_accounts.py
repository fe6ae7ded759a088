"""What tells accounts apart: it changes with the account, stays with a new secret, and gives none away."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from probe.cloud import VendorEntry, load_vendor_files
from probe.cloud.accounts import account_id
from probe.model.outcome import ProbeFailed
from probe.model.secret import Secret, SecretUnavailable

FILES: Final = load_vendor_files(Path(__file__).parents[2] / "config" / "vendors")
KEY: Final = "0123abcd-0000-4000-8000-000000000000"


def _entry(use: str, credentials: dict[str, str], **changes: Any) -> VendorEntry:
    secrets = {name: Secret(partial(str, value), "a test") for name, value in credentials.items()}
    return replace(VendorEntry(name="acme", region="r", file=FILES[use], credentials=secrets), **changes)


@pytest.mark.parametrize(
    ("use", "lasting", "secret", "facts"),
    [
        ("aws", {"access_key": "AKIA1"}, "secret_key", {}),
        ("rackspace", {"username": "shop"}, "api_key", {}),
        ("openstack", {"username": "shop", "project_name": "shop"}, "password", {}),
        ("openstack", {"application_credential_id": "a1"}, "application_credential_secret", {}),
        ("gce", {}, "service_account", {"project": "shop-1"}),
        ("scaleway", {}, "secret_key", {"project": "5e0"}),
        ("azure", {"client_id": "c1"}, "client_secret", {"tenant": "t", "subscription": "s", "resource_group": "g"}),
    ],
)
def test_a_new_secret_of_the_same_account_changes_nothing(
    use: str, lasting: dict[str, str], secret: str, facts: dict[str, str]
) -> None:
    """Where the vendor has something that lasts longer than a secret."""
    before = _entry(use, {**lasting, secret: "old"}, account=facts)
    after = _entry(use, {**lasting, secret: "new"}, account=facts)
    assert account_id(before, KEY) == account_id(after, KEY) != ""


@pytest.mark.parametrize(
    ("use", "one", "other"),
    [
        ("aws", {"access_key": "AKIA1", "secret_key": "s"}, {"access_key": "AKIA2", "secret_key": "s"}),
        ("hetzner", {"token": "t1"}, {"token": "t2"}),
        ("rackspace", {"username": "a", "api_key": "k"}, {"username": "b", "api_key": "k"}),
    ],
)
def test_other_credentials_are_another_account(use: str, one: dict[str, str], other: dict[str, str]) -> None:
    """As far as anybody can tell."""
    assert account_id(_entry(use, one), KEY) != account_id(_entry(use, other), KEY)


def test_another_project_or_another_place_is_another_account() -> None:
    """A sandbox that stands in for the vendor knows nothing of what was rented from the vendor."""
    shop = _entry("gce", {"service_account": "{}"}, account={"project": "shop-1"})
    assert account_id(shop, KEY) != account_id(replace(shop, account={"project": "shop-2"}), KEY)
    moved = replace(shop, endpoints={"api": "http://127.0.0.1:8001/compute/v1"})
    assert account_id(shop, KEY) != account_id(moved, KEY)
    again = replace(shop, endpoints={"api": "http://127.0.0.1:8002/compute/v1"})
    assert account_id(moved, KEY) == account_id(again, KEY)
    assert account_id(shop, KEY) == account_id(replace(shop, region="elsewhere"), KEY)


def test_it_gives_no_secret_away() -> None:
    """It is short, and another for each agent: nobody looks a token up in a table."""
    hetzner = _entry("hetzner", {"token": "t1"})
    told = account_id(hetzner, KEY)
    assert len(told) == 16
    assert told != account_id(hetzner, KEY.replace("0", "1"))


def _unreadable() -> str:
    raise SecretUnavailable("a test: is not there")


def test_nobody_can_tell_without_a_name() -> None:
    """AWS's own chain says nothing beforehand, and a secret that cannot be read says nothing either."""
    assert account_id(_entry("aws", {}), KEY) == ""
    absent = Secret(_unreadable, "a test")
    with pytest.raises(ProbeFailed, match="is not there"):
        account_id(replace(_entry("hetzner", {}), credentials={"token": absent}), KEY)


def test_every_vendor_that_has_more_than_a_secret_says_what_it_is_known_by() -> None:
    """The others have a bare token: a new one is another account until something of ours is seen with it."""
    silent = {name for name, file in FILES.items() if not file.identified_by}
    assert silent == {"digitalocean", "hetzner", "linode", "vultr"}
