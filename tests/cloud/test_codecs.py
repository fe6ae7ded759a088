"""Bodies."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.cloud.codecs import Unparseable, decode, encode_form, encode_json, query_pairs

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_json_survives(data: object) -> None:
    """What is encoded is decoded."""
    assert decode("json", encode_json(data)) == data


def test_an_empty_body_is_nothing() -> None:
    """A 204 has no body, and that is no error."""
    assert decode("json", b" \n") is None
    assert decode("xml", b"") is None


@pytest.mark.parametrize("content", [b"<html>", b'{"a": NaN}', b"\xff\xfe\xfa", b"[" * 100_000, b'{"a":', b"1" * 5_000])
def test_what_is_no_json_is_told(content: bytes) -> None:
    """Every way not to be JSON is one kind of error."""
    with pytest.raises(Unparseable, match="not JSON"):
        decode("json", content)


def test_a_form_is_numbered_from_1() -> None:
    """Nesting is written as AWS's query protocol has it; what is nothing is not sent."""
    data = {"Action": "A", "Tag": [{"Key": "a", "Value": "b c"}, {"Key": "d&", "Value": None}], "On": True, "No": None}
    assert parse_qsl(encode_form(data).decode()) == [
        ("Action", "A"),
        ("Tag.1.Key", "a"),
        ("Tag.1.Value", "b c"),
        ("Tag.2.Key", "d&"),
        ("On", "true"),
    ]


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=4))
def test_a_form_survives_whatever_is_in_it(data: dict[str, str]) -> None:
    """Quoting is the encoder's business, not the template's."""
    assert dict(parse_qsl(encode_form(data).decode(), strict_parsing=bool(data))) == data


def test_a_list_in_a_query_is_a_repeated_parameter() -> None:
    """Queries have no nesting."""
    assert query_pairs({"a": [1, 2], "b": None, "c": False}) == [("a", "1"), ("a", "2"), ("c", "false")]
