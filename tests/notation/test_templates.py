"""`${name}` in data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.notation.templates import Template, UnknownName

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}(\.[a-z]{1,4})?", fullmatch=True)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8).filter(lambda text: "$" not in text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def render(source: object, **values: object) -> object:
    """*source* rendered with *values*."""
    return Template.parse(source).render(values)


def test_a_whole_value_keeps_its_type() -> None:
    """`${x}` alone is the value itself."""
    assert render({"a": "${x}", "b": ["${y}"]}, x=5, y={"k": True}) == {"a": 5, "b": [{"k": True}]}


def test_inside_text_a_value_is_text() -> None:
    """Inside longer text a value is written as APIs write it."""
    assert render("a-${x}-${y}${z}", x=5, y=True, z=None) == "a-5-true"


def test_what_is_nothing_is_left_out() -> None:
    """An entry that is only a value that is not there is not sent at all."""
    assert render({"a": "${x}", "b": ["${x}", 1], "c": "-${x}-"}, x=None) == {"b": [1], "c": "--"}


def test_an_escaped_reference_is_text() -> None:
    """`$${x}` is what is written as `${x}`."""
    assert render("$${x} costs $5", x=1) == "${x} costs $5"
    assert Template.parse("$${x}").names == frozenset()


def test_a_template_knows_its_names() -> None:
    """What a template needs can be checked before it is used."""
    assert Template.parse({"a": "${x}", "b": ["/${y.z}/"]}).names == {"x", "y.z"}


def test_a_missing_value_is_told_by_its_name() -> None:
    """A name without a value is an error that says which."""
    with pytest.raises(UnknownName, match=r"\$\{x\}"):
        render("a ${x}")


@pytest.mark.parametrize("text", ["${x", "a ${1x}", "${}", "${x y}", "${a.}", "${{x}}"])
def test_a_malformed_reference_is_refused(text: str) -> None:
    """A mistake is found when the template is parsed."""
    with pytest.raises(ValueError, match=r"\$\{"):
        Template.parse(text)


@given(PLAIN)
def test_what_has_no_reference_stays_as_it_is(data: object) -> None:
    """Data without a reference is rendered as itself."""
    assert Template.parse(data).render({}) == data


@given(NAMES, VALUES)
def test_every_value_survives_as_a_whole_value(name: str, value: object) -> None:
    """A whole value is neither copied into text nor changed."""
    assert Template.parse(f"${{{name}}}").render({name: value}) == value


@given(st.text(max_size=20))
def test_a_value_is_never_parsed_again(value: str) -> None:
    """What looks like a reference in a value is text: nobody injects one."""
    assert Template.parse("<${x}>").render({"x": value}) == f"<{value}>"


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text makes the parser do anything else."""
    try:
        names = Template.parse(text).names
    except ValueError:
        return
    Template.parse(text).render(dict.fromkeys(names, "x"))
