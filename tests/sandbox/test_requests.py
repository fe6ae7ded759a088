"""What was asked, as data."""

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
