"""JMESPath, compiled when a document is loaded."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.notation.paths import QueryTypeError, compile_path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_a_path_finds_and_a_missing_one_finds_nothing() -> None:
    """A path that leads nowhere is None, never an error."""
    assert compile_path("a.b[0]").search({"a": {"b": [7]}}) == 7
    assert compile_path("a.b[0]").search({"a": None}) is None


@pytest.mark.parametrize("text", ["a.[", "contains(", "a b", "", "a[?b==]", "`{`"])
def test_what_is_no_path_is_refused_when_it_is_compiled(text: str) -> None:
    """A mistake is found at load, and is told on one line."""
    with pytest.raises(ValueError, match="is not a JMESPath expression") as refused:
        compile_path(text)
    assert "\n" not in str(refused.value)


def test_an_endless_expression_is_refused() -> None:
    """An expression has a bound, and so has its nesting."""
    with pytest.raises(ValueError, match="longer than"):
        compile_path("a" * 2_000)
    with pytest.raises(ValueError, match="is not a JMESPath expression"):
        compile_path("(" * 990)


def test_an_expression_that_is_too_deep_for_the_stack_it_is_asked_on_finds_nothing() -> None:
    """It compiled where there was more room; a comparison goes as deep as the answer does, too."""
    chain = compile_path("||".join("a" for _ in range(300)))

    def deep(levels: int) -> bool:
        return deep(levels - 1) if levels else chain.holds({"b": 1})

    assert not deep(sys.getrecursionlimit() - 400)


def test_a_function_on_the_wrong_type_is_an_error_of_its_own() -> None:
    """`contains(null, …)` is no crash: it can be told from nothing found."""
    with pytest.raises(QueryTypeError, match="contains"):
        compile_path("contains(a, 'x')").search({})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a", True),
        ("b", False),
        ("missing", False),
        ("zero", True),
        ("empty", False),
        ("contains(missing, 'x')", False),
    ],
)
def test_truth_is_jmespaths_and_a_type_error_is_false(text: str, *, holds: bool) -> None:
    """A predicate over data that is not there is false; 0 is true, as JMESPath has it."""
    data = {"a": "x", "b": False, "zero": 0, "empty": []}
    assert compile_path(text).holds(data) is holds


@given(JSON)
def test_no_answer_can_make_a_predicate_raise(data: object) -> None:
    """Whatever an answer holds, a predicate is true or false."""
    for text in (
        "contains(a, 'b')",
        "keys(@)[0]",
        "values(@)[?type(@)=='object']",
        "max_by(@, &a)",
        "avg(@)",
        "a || b[0]",
    ):
        assert compile_path(text).holds(data) in {True, False}
