"""What the model of a vendor file cannot see by itself: that its parts fit together."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from probe.cloud.file.fields import Strict
from probe.cloud.file.instances import Instances
from probe.cloud.file.listing import MarkedListing
from probe.cloud.file.marks import WrittenMarks, read_text
from probe.cloud.file.operation import Operation
from probe.cloud.file.steps import HandleCall
from probe.cloud.file.vendor import Capability, Choices, VendorFile
from probe.notation.templates import Template

Trail = tuple[str | int, ...]
Flaw = tuple[Trail, str, str]
"""Where, what is wrong, what to do about it."""
Call = tuple[Trail, Operation, frozenset[str]]
"""Where a call stands, and the names that have values there."""

ORDER: Final = frozenset(
    {
        *("name", "size", "image", "marks", "token", "token_uuid", "password", "user_data", "user_data_base64"),
        *("size_number", "image_number", "lease_seconds", "lease_seconds_text", "expires_iso"),
    }
)
TIMES: Final = frozenset({"from_s", "from_ms", "from_iso", "to_s", "to_ms", "to_iso"})
FILTERS: Final = frozenset({"marks_json", "mark_tag", "agent"})
"""Without a value where a list is asked for everything."""
_SHELL: Final = re.compile(r"\$([a-z][a-z0-9_]*)")
_REFERENCE: Final = re.compile(r"\$\{([^{}]*)\}")


def flaws(file: VendorFile) -> list[Flaw]:
    """Everything about *file* that does not fit together."""
    return [
        *_operation_flaws(file),
        *_list_flaws(file),
        *_shown_flaws(file),
        *_endpoint_flaws(file),
        *_account_flaws(file),
        *_identity_flaws(file),
        *_network_flaws(file),
        *_capability_flaws(file),
    ]


def operations(file: VendorFile) -> Iterator[Call]:
    """Every call of *file*."""
    for name, read in file.reads.items():
        yield ("reads", name), read, frozenset()
    for kind, choices in (("sizes", file.sizes), ("images", file.images)):
        if choices.find is not None:
            yield (kind, "find"), choices.find, frozenset({"name"})
    if file.instances is not None:
        yield ("instances", "create"), file.instances.create, order_names(file)
        yield ("instances", "get"), file.instances.get, frozenset({"id"})
        yield ("instances", "list"), file.instances.list, FILTERS
        yield from _life(file.instances, order_names(file))
    if file.monitoring is not None and file.monitoring.instance is not None:
        yield ("monitoring", "instance"), file.monitoring.instance, TIMES | {"instance"}
    if file.monitoring is not None and file.monitoring.series is not None:
        series = file.monitoring.series
        yield ("monitoring", "series"), series, TIMES | {f"series.{name}" for name in series.fields}


def _life(instances: Instances, ordered: frozenset[str]) -> Iterator[Call]:
    """The calls of an instance's life that only some vendors need."""
    create: Trail = ("instances", "create")
    yield from _handle((*create, "handle"), instances.create.handle, ordered | {"id"})
    known = ordered | {"id"}
    for position, step in enumerate(instances.create.after):
        trail: Trail = (*create, "after", position)
        yield trail, step, known | step.each.keys()
        known |= step.names
        yield from _handle((*trail, "handle"), step.handle, known | step.each.keys())
    for position, way in enumerate(instances.delete):
        trail = ("instances", "delete", position)
        yield trail, way, frozenset({"id"})
        yield from _handle((*trail, "handle"), way.handle, frozenset({"id"}))
    found = frozenset({"id"})
    for position, read in enumerate(instances.addresses):
        found |= read.from_item.keys()
        yield ("instances", "addresses", position), read, found
        found |= read.names
    for kind, residual in instances.residuals.items():
        yield ("instances", "residuals", kind, "list"), residual.list, FILTERS
        yield ("instances", "residuals", kind, "delete"), residual.delete, frozenset({"id"})


def _handle(trail: Trail, call: HandleCall | None, names: frozenset[str]) -> Iterator[Call]:
    if call is not None:
        yield trail, call, names | call.given


def order_names(file: VendorFile) -> frozenset[str]:
    """The names that have values in a create."""
    network = {f"network.{name}" for name in file.network.options}
    return ORDER | network | _part_names("size", file.sizes) | _part_names("image", file.images)


def _part_names(kind: str, choices: Choices) -> frozenset[str]:
    return frozenset(f"{kind}.{name}" for name in (choices.parts.groupindex if choices.parts is not None else ()))


def templates(file: VendorFile) -> Iterator[tuple[Trail, Template, frozenset[str]]]:
    """Every template of *file* beside those of its endpoints: where it stands, and the names that have values there."""
    common = _common(file)
    for trail, operation, names in operations(file):
        for key, template in operation.templates.items():
            yield (*trail, key), template, common | names
        if isinstance(operation, MarkedListing):
            yield from _filter_templates(trail, operation, common)
    if file.instances is not None and file.instances.create.id_is is not None:
        yield ("instances", "create", "id_is"), file.instances.create.id_is, common | order_names(file)


def _filter_templates(
    trail: Trail, listing: MarkedListing, common: frozenset[str]
) -> Iterator[tuple[Trail, Template, frozenset[str]]]:
    for name, section, names in (("marked", listing.marked, frozenset[str]()), ("ours", listing.ours, FILTERS)):
        for key, template in section.templates.items() if section is not None else ():
            yield (*trail, name, key), template, common | names


def _common(file: VendorFile) -> frozenset[str]:
    return frozenset({"region", "mark", *(f"account.{name}" for name in file.account)})


def _operation_flaws(file: VendorFile) -> Iterator[Flaw]:
    if file.instances is not None and "list" in file.reads:
        yield ("reads", "list"), "`list` is the list of instances already", "give it another name"
    for trail, operation, _ in operations(file):
        if operation.endpoint not in file.endpoints:
            where = (*trail, operation.method.lower())
            yield where, f"there is no endpoint `{operation.endpoint}`", _choose(file.endpoints)
        yield from _place_flaws(file, trail, operation)
    for trail, template, known in templates(file):
        for name in sorted(template.names - known):
            yield trail, f"`${{{name}}}` has no value here", _choose(sorted(known))
        for name in sorted(known.intersection(_SHELL.findall(str(template.source)))):
            yield trail, f"`${name}` is sent as it stands", f"write `${{{name}}}`"


def _place_flaws(file: VendorFile, trail: Trail, operation: Operation) -> Iterator[Flaw]:
    """A whole path is the vendor's only where an answer gave it, and nobody chose it."""
    name = operation.given_place
    known = order_names(file) | _common(file) | FILTERS | TIMES | {"id"}
    if trail[:2] == ("instances", "residuals") and trail[-1] == "delete":
        known -= {"id"}  # an answer gave it, not we
    if name is not None and (name in known or "." in name):
        what = f"`${{{name}}}` is no path that the vendor gave"
        yield (*trail, operation.method.lower()), what, f"write {operation.endpoint}:/…/${{{name}}}"


def _list_flaws(file: VendorFile) -> Iterator[Flaw]:
    """An empty filter finds nothing, and a sweep would believe that there is nothing."""
    for trail, operation, _ in operations(file):
        if not isinstance(operation, MarkedListing):
            continue
        for key, template in operation.templates.items():
            for name in sorted(_inside_text(template.source) & FILTERS):
                what = f"`${{{name}}}` inside a text is empty where the list is asked for everything"
                yield (*trail, key), what, "move it to `ours`, which is sent only where it has a value"


def _inside_text(source: object) -> frozenset[str]:
    """The names that are used inside longer text in *source*."""
    if isinstance(source, Mapping):
        return frozenset().union(*(_inside_text(value) for value in source.values()))
    if isinstance(source, (list, tuple)):
        return frozenset().union(*(_inside_text(item) for item in source))
    if not isinstance(source, str) or _REFERENCE.fullmatch(source):
        return frozenset()
    return frozenset(_REFERENCE.findall(source))


def _shown_flaws(file: VendorFile) -> Iterator[Flaw]:
    """Marks that are not read as they were written prove nothing, and nobody reaches what shows no address."""
    if file.instances is None:
        return
    if file.instances.show.addresses is None and not file.instances.addresses:
        yield ("instances", "show"), "nothing says where addresses stand", "add `addresses` here, or to `instances`"
    written = file.instances.marks
    yield from _tag_flaws(written, file.instances.show.marks.pattern, ("instances", "show", "marks"))
    for kind, residual in file.instances.residuals.items():
        trail: Trail = ("instances", "residuals", kind)
        if residual.show.marks is None and residual.attached is None:
            what = "nothing proves that one of them is ours"
            yield trail, what, "say how its marks are read (`show.marks`), or which came with an instance (`attached`)"
        elif residual.show.marks is not None and residual.show.marks.pattern is not None:
            yield from _pattern_flaws(written, residual.show.marks.pattern, (*trail, "show", "marks"))


def _tag_flaws(written: WrittenMarks, pattern: re.Pattern[str] | None, trail: Trail) -> Iterator[Flaw]:
    if (written.style == "tags") != (pattern is not None):
        problem = "marks are written as tags, and not read as such" if pattern is None else "marks are no tags"
        yield trail, problem, "give a `pattern`" if pattern is None else "remove the `pattern`, or write `as: tags`"
    elif pattern is not None:
        yield from _pattern_flaws(written, pattern, trail)


def _pattern_flaws(written: WrittenMarks, pattern: re.Pattern[str], trail: Trail) -> Iterator[Flaw]:
    for key in written.keys.written.values():
        text = str(written.template.render({"key": key, "value": _SAMPLE}))
        if read_text(pattern, text) != (key, _SAMPLE):
            yield (*trail, "pattern"), f"the tag `{text}` is not read as it was written", "correct one of the two"


_SAMPLE: Final = "0c0ffee0-0000-4000-8000-1234567890ab"


def _endpoint_flaws(file: VendorFile) -> Iterator[Flaw]:
    used = {operation.endpoint for _, operation, _ in operations(file)}
    known = _common(file) - {"mark"}
    for name, endpoint in file.endpoints.items():
        trail: Trail = ("endpoints", name)
        for key in ("url", "headers", "form"):
            template = getattr(endpoint, key)
            for unknown in sorted(template.names - known if template is not None else ()):
                yield (*trail, key), f"`${{{unknown}}}` has no value here", f"{_choose(sorted(known))}, or write it out"
        if endpoint.form is not None and not any(
            operation.form is not None for _, operation, _ in operations(file) if operation.endpoint == name
        ):
            yield (*trail, "form"), "no call to this endpoint sends a form", "remove it"
        if name not in used | {"auth"}:
            yield trail, "no call goes there", "remove it"
    yield from _profile_flaws(file)


def _identity_flaws(file: VendorFile) -> Iterator[Flaw]:
    """An account cannot be known by what nobody can say."""
    known = {*file.account, *file.credential_names}
    for place, name in enumerate(file.identified_by):
        if name not in known:
            remedy = f"write one of: {', '.join(sorted(known))}"
            yield ("identified_by", place), f"`{name}` is neither a credential nor a fact of `account`", remedy


def _account_flaws(file: VendorFile) -> Iterator[Flaw]:
    used = set[str]().union(*(template.names for _, template, _ in templates(file)))
    for section in (*file.endpoints.values(), *file.profiles.values()):
        used |= _section_names(section)
    for name in file.account:
        if f"account.{name}" not in used:
            yield ("account", name), "nothing uses it", f"use `${{account.{name}}}`, or remove it"


def _section_names(section: Strict) -> set[str]:
    """The names in all templates of *section*, at most one mapping deep."""
    found: set[str] = set()
    for value in vars(section).values():
        for inner in value.values() if isinstance(value, Mapping) else (value,):
            found |= inner.names if isinstance(inner, Template) else set()
    return found


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
        for key, template in profile.endpoints.items():
            for unknown in sorted(template.names - (_common(file) - {"mark"})):
                yield (*trail, "endpoints", key), f"`${{{unknown}}}` has no value here", "use `${region}`"
        known = file.credential_names
        for unknown in profile.credentials.keys() - known:
            yield (*trail, "credentials", unknown), f"there is no credential `{unknown}`", _choose(sorted(known))


def _network_flaws(file: VendorFile) -> Iterator[Flaw]:
    options = file.network.options
    for position, name in enumerate(file.network.reach_needs):
        if name not in options:
            yield ("network", "reach_needs", position), f"there is no network option `{name}`", _choose(options)
    sent = frozenset(name for _, template, _ in templates(file) for name in template.names)
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
