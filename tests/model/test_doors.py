"""The doors of rooms that are opened name by name."""

import importlib

import pytest


@pytest.mark.parametrize("room", ["probe.cloud", "probe.rental", "probe.store", "probe.wire"])
def test_every_name_of_a_room_is_where_its_door_says(room: str) -> None:
    """What type checkers are told and what a program gets is the same; and nothing else is offered."""
    package = importlib.import_module(room)
    homes = {name: home for home, names in package._HOMES.items() for name in names}
    assert set(homes) <= set(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
    for name, home in homes.items():
        assert getattr(package, name) is getattr(importlib.import_module(f"{room}.{home}"), name)


def test_what_is_not_there_is_an_attribute_error() -> None:
    """As of any module: `hasattr` and `from ... import` rely on it."""
    package = importlib.import_module("probe.wire")
    with pytest.raises(AttributeError, match=r"module 'probe\.wire' has no attribute 'nothing'"):
        getattr(package, "nothing")  # noqa: B009 - mypy knows that there is none
