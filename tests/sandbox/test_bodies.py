"""Answers as data."""

import pytest

from probe.sandbox.bodies import BodyRefused, as_json, as_xml, compile_body


def test_a_hole_alone_keeps_its_type_and_in_text_becomes_text() -> None:
    """`${n}` is the number, `n=${n}` is text."""
    body = compile_body({"alone": "${a.n}", "inside": "n=${a.n}", "yes": "${a.b}"}, {})
    assert body({"a": {"n": 3, "b": True}}) == {"alone": 3, "inside": "n=3", "yes": True}


def test_a_hole_without_value_leaves_its_entry_out_and_a_written_null_stays() -> None:
    """None of a hole means nothing is there; null in the file means null."""
    body = compile_body({"gone": "${a}", "null": None, "list": ["${a}", 1]}, {})
    assert body({"a": None}) == {"null": None, "list": [1]}


def test_each_repeats_its_body_for_every_item() -> None:
    """A list is written once."""
    body = compile_body({"$each": "items", "$as": "item", "$body": {"id": "${item.id}", "all": "${total}"}}, {})
    assert body({"items": [{"id": 1}, {"id": 2}], "total": 2}) == [{"id": 1, "all": 2}, {"id": 2, "all": 2}]


def test_when_chooses_and_without_else_leaves_out() -> None:
    """What is not so is not said."""
    body = compile_body({"a": {"$when": "x.y", "$body": 1}, "b": {"$when": "x.y", "$body": 1, "$else": 2}}, {})
    assert body({"x": {"y": "yes"}}) == {"a": 1, "b": 1}
    assert body({}) == {"b": 2}


def test_a_shape_is_used_by_its_name() -> None:
    """The same server stands in several answers."""
    body = compile_body({"server": {"$shape": "server"}}, {"server": {"id": "${id}"}})
    assert body({"id": "x"}) == {"server": {"id": "x"}}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"$shape": "nowhere"}, "not under `shapes`"),
        ({"$shape": "self"}, "holds itself"),
        ({"$each": "items"}, "must be one of"),
        ("${a b}", "not a reference"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_with_a_reason(raw: object, says: str) -> None:
    """A data file is wrong at the start, not in the middle of a rehearsal."""
    with pytest.raises(BodyRefused, match=says):
        compile_body(raw, {"self": {"$shape": "self"}})


def test_xml_repeats_lists_drops_nothing_and_escapes() -> None:
    """Elements, attributes, lists, booleans and text that would break it."""
    data: dict[str, object] = {
        "R": {"@xmlns": "urn:x", "item": [{"a": "1 < 2 & 3"}, {"a": True}], "none": None, "empty": {}}
    }
    assert as_xml(data).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<R xmlns="urn:x"><item><a>1 &lt; 2 &amp; 3</a></item><item><a>true</a></item><empty/></R>'
    )


def test_xml_has_one_element_at_the_top() -> None:
    """Two would be no document."""
    with pytest.raises(LookupError):
        as_xml({"a": 1, "b": 2})


def test_json_is_json() -> None:
    """What the vendors send."""
    assert as_json({"a": [1, None]}) == b'{"a": [1, null]}'
