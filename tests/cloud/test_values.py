"""The values behind every `${name}`."""

import pytest

from probe.cloud import Order
from probe.cloud.file.checks import COMMON, ORDER, TIMES, operations
from probe.cloud.rendering import render
from probe.cloud.values import filter_values, order_values, subject_values, time_values
from tests.cloud.entries import FILES, entry

PLACED = Order(name="n", size="s", image="i", marks={"k": "v"}, token="t", user_data="d")


def test_the_names_that_are_checked_are_those_that_have_values() -> None:
    """What the check at load allows never fails at night."""
    chosen = entry("openstack", {})
    given = order_values(chosen, PLACED, "s", "i").keys()
    assert given == ORDER | {f"network.{name}" for name in chosen.file.network.options}
    assert time_values(0.0, 1.0).keys() == TIMES
    assert filter_values({}) == {"marks_json": None}
    for file in FILES.values():
        assert file.monitoring is not None
        assert file.monitoring.series is not None
        query = file.monitoring.series
        assert subject_values(query, {"series": {}}).keys() == {f"series.{name}" for name in query.fields}


@pytest.mark.parametrize("vendor", ["aws", "openstack", "rackspace"])
def test_every_call_of_every_file_can_be_rendered(vendor: str) -> None:
    """With a value for each name that it may use, a call becomes a request."""
    file = FILES[vendor]
    for trail, operation, names in operations(file):
        values = dict.fromkeys(COMMON | names, "x")
        request = render(operation, file.endpoints[operation.endpoint], "https://h.example/base", values)
        assert request.url.host == "h.example", trail
        assert "${" not in f"{request.url} {request.content.decode()} {dict(request.headers)}", trail
