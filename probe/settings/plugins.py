"""The probe kinds that are installed, ours and those of other distributions, found by their entry points.

(Auth kinds, the other sort of plug-in, are found where vendor files are read: `probe.cloud`.)
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from probe.probes.kind import Kind
from probe.settings.complaints import Wrong, choices

GROUP: Final = "probe.kinds"
_NEEDED: Final = ("kind", "phases", "outcomes", "Options", "Place", "renting", "detail", "build", "complaints")


class Kinds:
    """Probe kinds by name; each is imported when it is first asked for."""

    def __init__(self, entries: Iterable[EntryPoint]) -> None:
        self._entries: Mapping[str, EntryPoint] = {entry.name: entry for entry in entries}
        self._loaded: dict[str, type[Kind]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What is installed, sorted."""
        return tuple(sorted(self._entries))

    def load(self, name: str) -> type[Kind]:
        """The class of the kind *name*.

        Raises:
            Wrong: there is none, it cannot be imported, or it is no probe kind; the remedy says what to do.
        """
        if name not in self._entries:
            raise Wrong("there is no probe of this kind", choices(name, self._entries))
        if name not in self._loaded:
            self._loaded[name] = _imported(self._entries[name])
        return self._loaded[name]


def kinds() -> Kinds:
    """The probe kinds that are installed."""
    return Kinds(entry_points(group=GROUP))


def _imported(entry: EntryPoint) -> type[Kind]:
    owner = f" of {entry.dist.name}" if entry.dist is not None else ""
    remedy = f"repair or uninstall the plug-in {entry.value}{owner}"
    try:
        loaded: object = entry.load()
    except Exception as error:  # importing a stranger's module may raise anything at all
        raise Wrong(f"cannot be loaded ({type(error).__name__}: {error})", remedy) from error
    lacking = [attribute for attribute in _NEEDED if not hasattr(loaded, attribute)]
    if lacking:
        raise Wrong(f"is not a probe kind: it has no {', '.join(lacking)}", remedy)
    return cast("type[Kind]", loaded)
