"""The operator's own targets of a probe: what they are called, and that no secret goes to them in the clear."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel

from probe.cloud.hosts import is_local
from probe.model.secret import Secret
from probe.notation.composing import Trail
from probe.probes.kind import Kind
from probe.settings.configuration import PlannedTarget
from probe.settings.fields import NAME_RULE, valid_name
from probe.settings.reading import Reader


def read_targets(
    reader: Reader, probe: Trail, kind: type[Kind], options: BaseModel | None
) -> tuple[PlannedTarget, ...]:
    """The targets of the probe at the trail *probe*, as far as they are good; the others are complained about."""
    trail = (*probe, "targets")
    if kind.Place is None:
        if reader.raw(trail) is not None:
            reader.notebook.note(trail, f"`{kind.kind}` probes vendors", "write vendors: instead")
        return ()
    if reader.raw(trail) in (None, []):
        reader.notebook.note(trail, "names no target", f"add one: {_example(kind.Place)}", tell=False)
    positions = reader.items(trail)
    read = {(*trail, position): _target(reader, kind.Place, (*trail, position)) for position in positions}
    targets = {where: target for where, target in read.items() if target is not None}
    _check_names(reader, targets)
    if options is not None and any(secrets_in(options)):
        _check_secrecy(reader, targets)
    return tuple(targets.values())


def _target(reader: Reader, model: type[BaseModel], trail: Trail) -> PlannedTarget | None:
    place = reader.section(model, trail)
    if place is None:
        return None
    given = getattr(place, "name", None)
    name = str(given if given is not None else getattr(place, "default_name", ""))
    if valid_name(name):
        return PlannedTarget(name=name, place=place)
    if given is None:
        reader.notebook.note(trail, f"`{name}` {NAME_RULE}", "add a name: to it")
    else:
        reader.notebook.note((*trail, "name"), NAME_RULE, "choose another")
    return None


def _check_names(reader: Reader, targets: Mapping[Trail, PlannedTarget]) -> None:
    seen: dict[str, Trail] = {}
    for trail, target in targets.items():
        if target.name in seen:
            where = f"targets[{seen[target.name][-1]}]"
            problem = f"is called {target.name}, and so is {where}"
            reader.notebook.note(trail, problem, "give one of them a name: of its own")
        seen.setdefault(target.name, trail)


def _check_secrecy(reader: Reader, targets: Mapping[Trail, PlannedTarget]) -> None:
    for trail, target in targets.items():
        url = urlsplit(str(getattr(target.place, "url", "")))
        if url.scheme == "http" and not is_local(url.hostname or ""):
            reader.notebook.note((*trail, "url"), "a secret would be sent over plain http", "use https")


def _example(place: type[BaseModel]) -> str:
    needed = [name for name, field in place.model_fields.items() if field.is_required()]
    return f"- {{name: NAME, {', '.join(f'{name}: …' for name in needed)}}}"


def secrets_in(value: object) -> Iterator[Secret]:
    """Every secret inside an option's value."""
    match value:
        case Secret():
            yield value
        case BaseModel():
            for _, field in value:
                yield from secrets_in(field)
        case Mapping():
            for item in value.values():
                yield from secrets_in(item)
        case list() | tuple():
            for item in value:
                yield from secrets_in(item)
        case _:
            return
