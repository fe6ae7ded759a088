"""What the model of a vendor file cannot see by itself: that its parts fit together."""

from collections.abc import Iterator, Mapping
from typing import Final

from probe.cloud.file.operation import Operation
from probe.cloud.file.vendor import Capability, VendorFile

Trail = tuple[str | int, ...]
Flaw = tuple[Trail, str, str]
"""Where, what is wrong, what to do about it."""

COMMON: Final = frozenset({"region", "mark"})
ORDER: Final = frozenset({"name", "size", "image", "marks", "token", "user_data", "user_data_base64"})
TIMES: Final = frozenset({"from_s", "from_ms", "from_iso", "to_s", "to_ms", "to_iso"})


def flaws(file: VendorFile) -> list[Flaw]:
    """Everything about *file* that does not fit together."""
    return [*_operation_flaws(file), *_endpoint_flaws(file), *_network_flaws(file), *_capability_flaws(file)]


def operations(file: VendorFile) -> Iterator[tuple[Trail, Operation, frozenset[str]]]:
    """Every call of *file*: where it stands, and the names that have values there."""
    for name, read in file.reads.items():
        yield ("reads", name), read, frozenset()
    for kind, choices in (("sizes", file.sizes), ("images", file.images)):
        if choices.find is not None:
            yield (kind, "find"), choices.find, frozenset({"name"})
    if file.instances is not None:
        network = frozenset(f"network.{name}" for name in file.network.options)
        yield ("instances", "create"), file.instances.create, ORDER | network
        yield ("instances", "get"), file.instances.get, frozenset({"id"})
        yield ("instances", "list"), file.instances.list, frozenset({"marks_json"})
        yield ("instances", "delete"), file.instances.delete, frozenset({"id"})
    if file.monitoring is not None and file.monitoring.instance is not None:
        yield ("monitoring", "instance"), file.monitoring.instance, TIMES | {"instance"}
    if file.monitoring is not None and file.monitoring.series is not None:
        series = file.monitoring.series
        yield ("monitoring", "series"), series, TIMES | {f"series.{name}" for name in series.fields}


def _operation_flaws(file: VendorFile) -> Iterator[Flaw]:
    if file.instances is not None and "list" in file.reads:
        yield ("reads", "list"), "`list` is the list of instances already", "give it another name"
    for trail, operation, names in operations(file):
        known = COMMON | names
        if operation.endpoint not in file.endpoints:
            where = (*trail, operation.method.lower())
            yield where, f"there is no endpoint `{operation.endpoint}`", _choose(file.endpoints)
        for key, template in operation.templates.items():
            for name in sorted(template.names - known):
                yield (*trail, key), f"`${{{name}}}` has no value here", _choose(sorted(known))


def _endpoint_flaws(file: VendorFile) -> Iterator[Flaw]:
    used = {operation.endpoint for _, operation, _ in operations(file)}
    for name, endpoint in file.endpoints.items():
        trail: Trail = ("endpoints", name)
        for key in ("url", "headers", "form"):
            template = getattr(endpoint, key)
            for unknown in sorted(template.names - {"region"} if template is not None else ()):
                yield (*trail, key), f"`${{{unknown}}}` has no value here", "use `${region}`, or write it out"
        if endpoint.form is not None and not any(
            operation.form is not None for _, operation, _ in operations(file) if operation.endpoint == name
        ):
            yield (*trail, "form"), "no call to this endpoint sends a form", "remove it"
        if name not in used | {"auth"}:
            yield trail, "no call goes there", "remove it"
    yield from _profile_flaws(file)


def _profile_flaws(file: VendorFile) -> Iterator[Flaw]:
    for name, profile in file.profiles.items():
        trail: Trail = ("profiles", name)
        places: list[tuple[Trail, Mapping[str, object]]] = [((*trail, "endpoints"), profile.endpoints)]
        places += [
            ((*trail, "regions", region, "endpoints"), here.endpoints) for region, here in profile.regions.items()
        ]
        for where, endpoints in places:
            for unknown in endpoints.keys() - file.endpoints.keys():
                yield (*where, unknown), f"there is no endpoint `{unknown}`", _choose(file.endpoints)
        known = {name for way in file.credentials.values() for name in (*way.required, *way.optional)}
        for unknown in profile.credentials.keys() - known:
            yield (*trail, "credentials", unknown), f"there is no credential `{unknown}`", _choose(sorted(known))


def _network_flaws(file: VendorFile) -> Iterator[Flaw]:
    options = file.network.options
    for position, name in enumerate(file.network.reach_needs):
        if name not in options:
            yield ("network", "reach_needs", position), f"there is no network option `{name}`", _choose(options)
    sent = frozenset(
        name for _, call, _ in operations(file) for template in call.templates.values() for name in template.names
    )
    for name in options:
        if f"network.{name}" not in sent:
            yield ("network", "options", name), "no call sends it", f"use `${{network.{name}}}` in instances.create"


def _capability_flaws(file: VendorFile) -> Iterator[Flaw]:
    for capability in Capability:
        if capability is not Capability.REACH and file.has(capability) == (capability in file.absent):
            if capability in file.absent:
                yield ("absent", capability), "the file says how it is used", "remove it"
            else:
                yield ("absent",), f"nothing is said of `{capability}`", "say how it is used, or why it is absent"


def _choose(names: Mapping[str, object] | list[str]) -> str:
    return f"choose one of {', '.join(names)}" if names else "remove it"
