"""The values behind every `${name}`."""

import uuid
from dataclasses import replace

import pytest

from probe.cloud import MARK_EXPIRES, Order
from probe.cloud.file.checks import FILTERS, ORDER, TIMES, order_names, templates
from probe.cloud.values import filter_values, order_values, subject_values, time_values
from probe.model.outcome import Outcome, ProbeFailed
from tests.cloud.entries import FILES, entry, renting

PLACED = Order(name="n", size="s", image="i", marks={"k": "v"}, token="t", user_data="d")


def test_the_names_that_are_checked_are_those_that_have_values() -> None:
    """What the check at load allows never fails at night."""
    chosen = entry("openstack", {})
    given = order_values(chosen, PLACED, "s", "i", 0.0).keys()
    assert given == order_names(chosen.file)
    assert given == ORDER | {f"network.{name}" for name in chosen.file.network.options}
    assert time_values(0.0, 1.0).keys() == TIMES
    assert filter_values(chosen, {}) == dict.fromkeys(FILTERS)
    for file in FILES.values():
        query = file.monitoring.series if file.monitoring is not None else None
        assert query is None or subject_values(query, {"series": {}}).keys() == {
            f"series.{name}" for name in query.fields
        }


@pytest.mark.parametrize("vendor", FILES)
def test_every_template_of_every_file_can_be_rendered(vendor: str) -> None:
    """With a value for each name that it may use, none is left over."""
    for trail, template, names in templates(FILES[vendor]):
        assert "${" not in str(template.render(dict.fromkeys(names, "x"))), trail


def test_when_a_lease_ends() -> None:
    """A vendor that can give an instance back by itself is told when, as it wants it: never sooner than in a minute."""
    marks = {MARK_EXPIRES: "1800000600"}
    order = Order(name="n", size="s", image="i", marks=marks, token="t")
    values = order_values(renting(), order, "s", "i", 1_800_000_000.5)
    assert (values["lease_seconds"], values["lease_seconds_text"]) == (600, "600")
    assert values["expires_iso"] == "2027-01-15T08:10:00Z"
    assert order_values(renting(), order, "s", "i", 1_800_000_599.0)["lease_seconds"] == 60
    assert order_values(renting(), PLACED, "s", "i", 0.0)["lease_seconds"] is None


def test_a_token_as_a_uuid_is_the_same_for_the_same_order() -> None:
    """Sent twice, it is one order; another order has another."""
    first, again = (order_values(renting(), PLACED, "s", "i", now)["token_uuid"] for now in (0.0, 9.0))
    assert first == again
    assert str(uuid.UUID(str(first))) == first
    assert order_values(renting(), replace(PLACED, token="u"), "s", "i", 0.0)["token_uuid"] != first


def test_an_identifier_that_is_a_number_can_be_sent_as_one() -> None:
    """Some vendors take nothing else; what is no number is left out, for the vendor to complain of."""
    values = order_values(renting(), PLACED, "2136", "i", 0.0)
    assert (values["size_number"], values["image_number"]) == (2136, None)


def test_a_password_is_new_each_time() -> None:
    """Nobody keeps it, and nobody can guess it; it has what password rules ask for."""
    first, second = (str(order_values(renting(), PLACED, "s", "i", 0.0)["password"]) for _ in range(2))
    assert first != second
    assert len(first) > 32
    assert any(c.islower() for c in first)
    assert any(c.isdigit() for c in first)


def test_the_parts_of_an_image_are_sent_one_by_one() -> None:
    """Where a vendor wants them so; an image that is written otherwise is the operator's mistake."""
    chosen = renting(file={"images": {"parts": r"(?P<publisher>[^:]+):(?P<offer>[^:]+)"}})
    values = order_values(chosen, PLACED, "s", "Debian:debian-12", 0.0)
    assert (values["image.publisher"], values["image.offer"]) == ("Debian", "debian-12")
    with pytest.raises(ProbeFailed, match="not written as") as failed:
        order_values(chosen, PLACED, "s", "debian", 0.0)
    assert failed.value.outcome is Outcome.INVALID
