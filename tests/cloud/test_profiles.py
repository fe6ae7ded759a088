"""Profiles: particular clouds that speak an API of several."""

import pytest

from probe.cloud import VendorFile, entry_complaints
from tests.cloud.entries import FILES, entry

PROFILES = [(file, name) for file in FILES.values() for name in file.profiles]


@pytest.mark.parametrize(("file", "name"), PROFILES, ids=[name for _, name in PROFILES])
def test_a_profile_is_all_that_an_entry_needs(file: VendorFile, name: str) -> None:
    """Its regions, credentials of the first kind, and our words for a size and an image."""
    profile = file.profiles[name]
    way = next(iter(file.credentials.values()))
    credentials = dict.fromkeys(way.required, "x")
    for region in profile.regions or ("ANY1",):
        chosen = entry(file.vendor, credentials, profile=name, region=region)
        assert entry_complaints(chosen) == []
        assert str(chosen.url("auth")).startswith("https://")
        assert (chosen.size("small"), chosen.image("debian-12")) != ("small", "debian-12")
