"""XML as data."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.cloud.xml import XmlRefused, parse_xml

NAMES = st.from_regex(r"[a-rt-z][A-Za-z]{0,5}[a-su-z]", fullmatch=True).filter(lambda n: n not in {"item", "member"})
SEEN = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn"])
TEXTS = st.text(SEEN, min_size=1, max_size=8).map(str.strip)
LEAVES = TEXTS.filter(bool)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=12,
)


def written(data: object) -> str:
    """*data* as EC2 would write it."""
    if isinstance(data, dict):
        return "".join(f"<{name}>{written(value)}</{name}>" for name, value in data.items())
    if isinstance(data, list):
        return "".join(f"<item>{written(value)}</item>" for value in data)
    return escape(str(data))


@given(st.dictionaries(NAMES, DATA, min_size=1, max_size=3))
def test_what_is_written_is_read(data: dict[str, object]) -> None:
    """Mappings, lists and texts survive the way through XML."""
    document = f'<?xml version="1.0" encoding="UTF-8"?><r xmlns="http://x/">{written(data)}</r>'
    assert parse_xml(document.encode()) == data


def test_namespaces_and_attributes_are_dropped() -> None:
    """Paths need not know a namespace."""
    assert parse_xml(b'<a:r xmlns:a="u"><a:b c="d">x</a:b></a:r>') == {"b": "x"}


def test_lists() -> None:
    """A list is one with one element and with none, and siblings of one name are one."""
    assert parse_xml(b"<r><aSet><item>1</item></aSet><bSet/><c/><d>1</d><d>2</d></r>") == {
        "aSet": ["1"],
        "bSet": [],
        "c": "",
        "d": ["1", "2"],
    }
    assert parse_xml(b"<r><Errors><member>1</member></Errors></r>") == {"Errors": ["1"]}


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>',
        b'<!DOCTYPE r SYSTEM "http://example.com/r.dtd"><r/>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        b"<r>&undefined;</r>",
        b"<r><a></r>",
        b"{}",
        b"",
        b"<a>" * 100 + b"</a>" * 100,
    ],
)
def test_what_no_api_needs_is_refused(document: bytes) -> None:
    """No document type, so no entities; no endless nesting; nothing that is not XML."""
    with pytest.raises(XmlRefused):
        parse_xml(document)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing that comes from outside makes the reader do anything else."""
    try:
        parse_xml(b"<r>" + content)
        parse_xml(content)
    except XmlRefused:
        pass
