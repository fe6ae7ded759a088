"""One item of `probes:` and the kind that it names: what each says alone, and what only both together can tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from probe.notation.composing import Trail
from probe.probes.kind import Complaint, Kind
from probe.settings.complaints import Wrong, choices
from probe.settings.configuration import PlannedProbe
from probe.settings.entries import Vendors
from probe.settings.plugins import Kinds
from probe.settings.reading import Reader
from probe.settings.rules import check_period
from probe.settings.shape.probes import EVERYONE, Probe
from probe.settings.targets import read_targets

_DELETING: Final = "delete_deadline"
_EXAMPLE: Final = '- {name: shop, kind: http, every: 15s, deadline: 5s, targets: [{url: "https://shop.example/"}]}'


class ProbeReader:
    """Makes planned probes of what is written under `probes:`."""

    def __init__(self, reader: Reader, vendors: Vendors, kinds: Kinds) -> None:
        self._reader = reader
        self._note = reader.notebook.note
        self._vendors = vendors
        self._declared = tuple(reader.mapping(("vendors",)))
        self._kinds = kinds

    def probes(self) -> dict[int, PlannedProbe]:
        """The probes that are good by their position; the others are complained about.

        An agent that only answers `/probe` needs none.
        """
        if not self._reader.raw(("probes",)) and self._reader.raw(("blackbox",)) is None:
            self._note(("probes",), "nothing is measured", f"add a probe: {_EXAMPLE}")
        planned = {position: self._probe(("probes", position)) for position in self._reader.items(("probes",))}
        self._check_names()
        return {position: probe for position, probe in planned.items() if probe is not None}

    def _check_names(self) -> None:
        seen: dict[str, int] = {}
        for position in self._reader.items(("probes",)):
            name = self._reader.raw(("probes", position, "name"))
            if not isinstance(name, str):
                continue  # the section has complained
            if name in seen:
                self._note(("probes", position, "name"), f"probes[{seen[name]}] has this name", "choose another")
            seen.setdefault(name, position)

    def _probe(self, trail: Trail) -> PlannedProbe | None:
        shape = self._reader.section(Probe, trail)
        kind = self._kind(trail)
        if kind is None:
            return None
        options, wrong = self._options(kind, (*trail, "options"))
        vendors = self._vendor_names(trail, kind)
        targets = read_targets(self._reader, trail, kind, options)
        if options is not None:
            for path, problem, remedy in self._cross_checks(kind, options, vendors, wrong):
                self._note((*trail, "options", *path), problem, remedy)
        delete_deadline = 0.0 if _DELETING in wrong else float(getattr(options, _DELETING, 0.0))
        if shape is not None:
            check_period(self._reader, trail, shape, delete_deadline, getattr(options, "second_budget", ""))
        if shape is None or options is None or wrong:
            return None
        return PlannedProbe(
            name=shape.name,
            kind=kind,
            options=options,
            vendors=tuple(name for name in vendors if name in self._vendors.good),
            targets=targets,
            every=shape.every,
            deadline=shape.deadline,
            delete_deadline=delete_deadline,
            detail=shape.detail or kind.detail,
        )

    def _options(self, kind: type[Kind], trail: Trail) -> tuple[BaseModel | None, frozenset[str]]:
        """What the kind was told, without the keys that are wrong, and those keys.

        The files among it are looked for from the configuration's folder.
        """
        options, wrong = self._reader.rest(kind.Options, trail, secrets=".")
        if options is None:
            return None, wrong
        files = {name: self._reader.folder / value for name, value in options if isinstance(value, Path)}
        return options.model_copy(update=files), wrong

    def _kind(self, trail: Trail) -> type[Kind] | None:
        name = self._reader.raw((*trail, "kind"))
        if not isinstance(name, str):
            return None  # the section has complained
        try:
            return self._kinds.load(name)
        except Wrong as error:
            self._note((*trail, "kind"), error.problem, error.remedy)
            return None

    def _vendor_names(self, probe: Trail, kind: type[Kind]) -> tuple[str, ...]:
        """The vendors that a probe names, with complaints where it names what is not there."""
        trail = (*probe, "vendors")
        named = self._reader.raw(trail)
        if kind.Place is not None:
            if named is not None:
                self._note(trail, f"`{kind.kind}` probes targets of your own", "write targets: instead")
            return ()
        if named is None:
            self._note(trail, "is missing", f'write vendors: "*" for all, or some of: {", ".join(self._declared)}')
        if named in (EVERYONE, [EVERYONE]):
            if not self._declared:
                self._note(trail, "there is no vendor", "add one under vendors:, or remove this probe")
            return self._declared
        return tuple(self._check_vendor_names(trail, named if isinstance(named, list) else []))

    def _check_vendor_names(self, trail: Trail, named: list[object]) -> Iterator[str]:
        if not named and self._reader.raw(trail) == []:
            self._note(trail, "names no vendor", choices("", self._declared))
        for position, name in enumerate(named):
            if name in named[:position]:
                self._note((*trail, position), "is named twice", "remove it once")
            elif name == EVERYONE:
                self._note((*trail, position), "stands for all vendors", 'write vendors: "*" alone')
            elif isinstance(name, str) and name not in self._declared:
                self._note((*trail, position), "there is no vendor of this name", choices(name, self._declared))
            elif isinstance(name, str):
                yield name

    def _cross_checks(
        self, kind: type[Kind], options: BaseModel, vendors: tuple[str, ...], wrong: frozenset[str]
    ) -> Iterator[Complaint]:
        """What only the kind can tell, once with each vendor that it is to measure, good or not."""
        entries = [None] if kind.Place is not None else [self._vendors.entry(name) for name in vendors]
        for entry in entries:
            for path, problem, remedy in kind.complaints(options, entry):
                whom = "" if entry is None else f"at {entry.name}: "
                if not _follows(path, problem, wrong):
                    yield path, f"{whom}{problem}", remedy


def _follows(path: tuple[str | int, ...], problem: str, wrong: frozenset[str]) -> bool:
    """Whether a complaint is about a key that was left out because it is *wrong*, which has been told."""
    return bool(path and path[0] in wrong) or any(f"`{key}`" in problem for key in wrong)
