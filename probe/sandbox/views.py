"""What effects see of a request, and what bodies see of an instance."""

import json
from collections.abc import Iterator, Mapping, Sequence

from probe.sandbox.identifiers import number_of
from probe.sandbox.imitation import Route
from probe.sandbox.instances import Instance, Life
from probe.sandbox.points import moment

Values = dict[str, object]


class Taken:
    """What a route takes from a request, by the effect's own words."""

    def __init__(self, route: Route, document: Mapping[str, object]) -> None:
        self.document = document
        self.values: Values = {word: query.search(document) for word, query in route.take.items()}

    def text(self, word: str) -> str:
        """The value as text; empty if there is none."""
        value = self.values.get(word)
        return "" if value is None else str(value)

    def texts(self, word: str) -> list[str]:
        """The values as texts; a lone one counts as a list."""
        value = self.values.get(word)
        if value is None:
            return []
        return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def marks_of(value: object) -> dict[str, str]:
    """Marks in any of the ways in which vendors write them.

    A mapping, the same as JSON text, a list of pairs with `key` and `value` in any case, or `k=v,k==v,k` as text.
    """
    if isinstance(value, str):
        value = _written_marks(value)
    if isinstance(value, list):
        pairs = [{str(k).lower(): v for k, v in item.items()} for item in value if isinstance(item, Mapping)]
        return {str(pair.get("key")): str(pair.get("value", "")) for pair in pairs}
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, Mapping) else {}


def _written_marks(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        parts = (part.partition("=") for part in text.split(",") if part)
        return {key.strip(): rest.removeprefix("=").strip() for key, _, rest in parts}


def shown(states: Mapping[Life, object], instance: Instance, life: Life) -> Values:
    """An instance as bodies see it in the state *life*, by the vendor's words for *states*."""
    built = life not in {Life.WAITING, Life.BUILDING}
    return {
        "id": instance.instance_id,
        "number": number_of(instance.instance_id),
        "name": instance.name,
        "size": instance.size,
        "image": instance.image,
        "status": states[life],
        "assigned": instance.address or None,
        "address": instance.address if built and life is not Life.FAILED else None,
        "marks": dict(instance.marks),
        "pairs": [{"key": key, "value": value} for key, value in instance.marks.items()],
        "tags": list(instance.tags),
        "belongings": dict(instance.belongings),
        "created": moment(instance.accepted_wall),
        "reason": instance.reason if life is Life.FAILED else None,
        "code": instance.code if life is Life.FAILED else None,
        "building": life is Life.BUILDING,
        "deleting": life is Life.DELETING,
    }


def filters(route: Route, taken: Taken) -> Iterator[tuple[str, Sequence[str]]]:
    """Pairs of a field of what is shown and the values that are wanted of it."""
    for field in ("id", "name", "state", "tags", "mark_key"):
        if taken.values.get(field) is not None:
            yield field, taken.texts(field)
    for key, value in marks_of(taken.values.get("marks")).items():
        yield f"marks.{key}", [value] if value else []
    named = taken.values.get("named")
    for item in (item for item in named if isinstance(item, Mapping)) if isinstance(named, list) else ():
        name, values = str(item.get("Name", "")), [str(value) for value in item.get("Value", [])]
        for written, field in route.filters.items():
            if written.endswith("*") and name.startswith(written[:-1]):
                yield f"{field}.{name.removeprefix(written[:-1])}", values
            elif written == name:
                yield field, values


def passes(view: Mapping[str, object], field: str, wanted: Sequence[str]) -> bool:
    """Whether the *field* of what is shown is one of those *wanted*."""
    kind, _, key = field.partition(".")
    marks = view["marks"] if isinstance(view["marks"], Mapping) else {}
    if kind == "marks":
        return key in marks and (not wanted or marks[key] in wanted)
    if kind == "mark_key":
        return any(key in marks for key in wanted)
    if kind == "tags":
        tags = view["tags"] if isinstance(view["tags"], list) else []
        return all(tag in tags for text in wanted for tag in text.split(","))
    if kind == "name":
        return any(text in str(view["name"]) for text in wanted)
    value = view["status"] if kind == "state" else view[kind]
    return (value.get("name") if isinstance(value, Mapping) else value) in wanted
