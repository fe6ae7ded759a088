"""Reads one section of a document after the other, and goes on where one is wrong: every complaint is wanted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from probe.notation.composing import Trail
from probe.settings.complaints import Notebook, value_at
from probe.settings.secrets import References
from probe.settings.sentences import note_errors

Model = TypeVar("Model", bound=BaseModel)
_NOTHING: Final[Mapping[str, object]] = {}


class Reader:
    """A document on its way to a configuration.

    Attributes:
        notebook: the complaints so far.
        references: turns references into secrets.
        folder: where the document is; the files that it names are looked for from there.
    """

    def __init__(self, notebook: Notebook, references: References, folder: Path) -> None:
        self.notebook = notebook
        self.references = references
        self.folder = folder

    def raw(self, trail: Trail) -> object:
        """What stands at *trail*; None if nothing does."""
        return value_at(self.notebook.document.data, trail)

    def mapping(self, trail: Trail) -> Mapping[str, object]:
        """The mapping at *trail*; an empty one if nothing is there, or, with a complaint, something else."""
        found = self.raw(trail)
        if isinstance(found, dict):
            return found
        if found is not None:
            self.notebook.note(trail, "must be a mapping", "write {key: value}")
        return {}

    def items(self, trail: Trail) -> range:
        """The positions in the list at *trail*; none if nothing is there, or, with a complaint, something else."""
        found = self.raw(trail)
        if isinstance(found, list):
            return range(len(found))
        if found is not None:
            self.notebook.note(trail, "must be a list", "write [a, b], or a line with a dash for each item")
        return range(0)

    def section(self, model: type[Model], trail: Trail, *, secrets: str = "") -> Model | None:
        """The *model* that stands at *trail*, its defaults if nothing does; None, with complaints, if it is wrong.

        References are resolved among the values of the key *secrets*, or among its own if that is ".".
        """
        found, wrong = self.rest(model, trail, secrets=secrets)
        return None if wrong else found

    def rest(
        self, model: type[Model], trail: Trail, *, secrets: str = "", instead: Mapping[str, object] = _NOTHING
    ) -> tuple[Model | None, frozenset[str]]:
        """The *model* at *trail* without its keys that are wrong, and those keys, about which it complains.

        What is left is there to be checked on, not to be used. It is None where it makes no *model*, not even with the
        values of *instead* for the keys that are wrong.
        """
        data = self.raw(trail)
        if data is None:
            data = {}
        if isinstance(data, dict) and secrets:
            data = self._resolved(data, secrets)
        try:
            return model.model_validate(data), frozenset()
        except ValidationError as error:
            note_errors(error, self.notebook, trail, model)
            wrong = frozenset(str(details["loc"][0]) for details in error.errors() if details["loc"])
        left = {key: value for key, value in data.items() if str(key) not in wrong} if isinstance(data, dict) else {}
        left |= {key: value for key, value in instead.items() if key in wrong}
        return (_made(model, left) if wrong else None), wrong

    def _resolved(self, data: Mapping[str, object], key: str) -> Mapping[str, object]:
        if key == ".":
            return {name: self.references.resolve(value) for name, value in data.items()}
        inner = data.get(key)
        return {**data, key: self._resolved(inner, ".")} if isinstance(inner, dict) else data


def _made(model: type[Model], data: Mapping[str, object]) -> Model | None:
    try:
        return model.model_validate(data)
    except ValidationError:
        return None  # what is wrong was told of the whole
