"""What was asked, as data."""

import pytest

from probe.sandbox.points import read_moment
from probe.sandbox.requests import Asked

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def test_numbered_form_parameters_become_lists() -> None:
    """`Filter.1.Value.2` is a place in a tree."""
    body = b"Action=A&Filter.1.Name=tag%3Ak&Filter.1.Value.1=x&Filter.1.Value.2=y&Filter.2.Name=z&Tag.1.Value="
    document = Asked(method="POST", path="/", headers=FORM, body=body).document({})
    assert document["form"] == {
        "Action": "A",
        "Filter": [{"Name": "tag:k", "Value": ["x", "y"]}, {"Name": "z"}],
        "Tag": [{"Value": ""}],
    }


def test_a_parameter_that_contradicts_itself_is_left_out() -> None:
    """Both `A` and `A.B` cannot be."""
    document = Asked(method="POST", path="/", headers=FORM, body=b"A=1&A.B=2").document({})
    assert document["form"] == {"A": "1"}


def test_json_that_is_none_is_none() -> None:
    """A broken body is no reason to break."""
    headers = {"content-type": "application/json"}
    assert Asked(method="POST", path="/", headers=headers, body=b"{").document({})["json"] is None
    assert Asked(method="POST", path="/", headers=headers, body=b'{"a": 1}').document({})["json"] == {"a": 1}


def test_query_and_path_are_there() -> None:
    """What a route captured, and what stands behind the question mark."""
    document = Asked(method="GET", path="/servers/1", query_string="limit=2&empty=").document({"id": "1"})
    assert (document["path"], document["query"]) == ({"id": "1"}, {"limit": "2", "empty": ""})


@pytest.mark.parametrize("name", ["a." * 100_000 + "b", "a.\u00b2", f"a.{'9' * 5_000}", ".", "a..b"])
def test_a_form_made_to_break_its_reader_is_read(name: str) -> None:
    """Too many parts, digits that are no numbers, numbers without end."""
    document = Asked(method="POST", path="/", headers=FORM, body=f"{name}=1".encode()).document({})
    assert isinstance(document["form"], dict)


def test_json_that_is_too_deep_is_none() -> None:
    """The parser gives up; the pretend vendor answers."""
    asked = Asked(method="POST", path="/", headers={"content-type": "application/json"}, body=b"[" * 100_000)
    assert asked.document({})["json"] is None


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "-inf"])
def test_a_moment_is_finite(text: str) -> None:
    """Nobody asks for the datapoints of eternity."""
    assert read_moment(text) is None
