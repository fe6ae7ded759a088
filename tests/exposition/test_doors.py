import pytest

from probe.exposition.doors import names_loopback


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:9781", "localhost", "LOCALHOST:1", "localhost.", "[::1]", "[::1]:9781", "127.8.0.1:80"],
)
def test_names_of_this_machine_are_known(host: str) -> None:
    """With and without a port."""
    assert names_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:9781",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "[fe80::1]:80",
        "[::1",
        "::",
    ],
)
def test_other_names_are_not(host: str) -> None:
    """A name that was made to point at this machine is still another name."""
    assert not names_loopback(host)
