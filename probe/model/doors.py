"""Opens a package name by name: who asks a room for one thing does not pay for importing all that is in it."""

from collections.abc import Callable, Mapping
from importlib import import_module


def door(package: str, homes: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """The `__getattr__` of *package*, whose modules are the homes of the names that are asked for (PEP 562).

    What was found once is the package's own from then on. Type checkers read the imports under `TYPE_CHECKING`.
    """
    home = {name: module for module, names in homes.items() for name in names}

    def find(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{package}.{home[name]}"), name)
        vars(import_module(package))[name] = found
        return found

    return find
