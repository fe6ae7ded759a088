"""Identifiers in the ways in which vendors make them."""

import re
import uuid

import pytest

from probe.sandbox.identifiers import IdKind, Ids, number_of


@pytest.mark.parametrize(
    ("ids", "pattern"),
    [
        (Ids(kind=IdKind.HEX, prefix="i-", digits=17), "i-[0-9a-f]{17}"),
        (Ids(kind=IdKind.NUMBER), "[1-9][0-9]{8}"),
        (Ids(kind=IdKind.NUMBER, digits=12), "[1-9][0-9]{11}"),
        (Ids(kind=IdKind.NAME, prefix="operation-"), "operation-create-web"),
    ],
)
def test_identifiers_look_as_they_should(ids: Ids, pattern: str) -> None:
    """Each kind in its form."""
    assert re.fullmatch(pattern, ids.new("create-web"))


def test_the_usual_identifier_is_a_uuid() -> None:
    """And no two are the same."""
    assert uuid.UUID(Ids().new("x")) != uuid.UUID(Ids().new("x"))


def test_everything_has_a_number() -> None:
    """Its own, or one that is always the same and fits into 64 bits."""
    assert number_of("4711") == 4711
    assert number_of("web-1") == number_of("web-1") != number_of("web-2")
    assert 2**32 < number_of("web-1") < 2**63
