"""Reads folders of vendor files; whatever is wrong with any of them is told at once, with its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from probe.cloud.auth.contract import Auth, AuthUnusable, load_auth
from probe.cloud.file.checks import Flaw, flaws
from probe.cloud.file.sentences import causes, sentence
from probe.cloud.file.vendor import VendorFile
from probe.notation.documents import Document, examine_file

_SUFFIX: Final = ".yaml"


@dataclass(frozen=True, slots=True)
class FileComplaint:
    """Something that is wrong with a vendor file; `str()` is the whole sentence.

    Attributes:
        file: its path.
        line: counted from 1; 0 for the file as a whole.
        path: which value.
        problem: what is wrong.
        remedy: what to do about it.
    """

    file: str
    line: int
    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path + ': ' if self.path else ''}{self.problem}; {self.remedy}"


class VendorFileRefused(Exception):  # noqa: N818 - the files, not the program, are at fault
    """Raised when a vendor file cannot be used.

    Attributes:
        complaints: everything that is wrong, in all files.
    """

    def __init__(self, complaints: Iterable[FileComplaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


def load_vendor_files(*folders: Path) -> Mapping[str, VendorFile]:
    """The vendor files in *folders*, by name; those of later folders win.

    Raises:
        VendorFileRefused: one of them cannot be used.
    """
    loaded: dict[str, VendorFile] = {}
    complaints: list[FileComplaint] = []
    for folder in folders:
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
            try:
                file = load_vendor_file(path)
            except VendorFileRefused as refused:
                complaints.extend(refused.complaints)
            else:
                loaded[file.vendor] = file
    if complaints:
        raise VendorFileRefused(complaints)
    return loaded


def load_vendor_file(path: Path) -> VendorFile:
    """The vendor file at *path*.

    Raises:
        VendorFileRefused: it cannot be used.
    """
    examination = examine_file(path)
    if examination.flaws or examination.document is None:
        raise VendorFileRefused(
            FileComplaint(str(path), flaw.line, dotted(flaw.trail), flaw.problem, flaw.remedy)
            for flaw in examination.flaws
        )
    document = examination.document
    try:
        file = VendorFile.model_validate(document.data)
    except ValidationError as error:
        raise VendorFileRefused(_from_pydantic(document, details) for details in causes(error)) from None
    found = [*flaws(file), *_auth_flaws(file)]
    if file.vendor != path.stem:
        found.append((("vendor",), f"the file is called {path.name}", f"call one of them as the other: {file.vendor}"))
    if found:
        placed = [(_place(document, trail), problem, remedy) for trail, problem, remedy in found]
        raise VendorFileRefused(
            FileComplaint(str(path), document.line(trail), dotted(trail), problem, remedy)
            for trail, problem, remedy in placed
        )
    return file


def vendor_file_schema() -> dict[str, Any]:
    """The JSON Schema of a vendor file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **VendorFile.model_json_schema()}


def dotted(trail: Iterable[str | int]) -> str:
    """A place in a document as people write it: `errors.rules[3].code`."""
    text = ""
    for step in trail:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _from_pydantic(document: Document, details: Any) -> FileComplaint:
    trail = _place(document, details["loc"])
    problem, remedy = sentence(details)
    return FileComplaint(document.path, document.line(trail), dotted(trail), problem, remedy)


def _place(document: Document, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where *location* is in the document.

    Pydantic names the members of unions, and keys, too; and what may be one or several has numbers though it is one.
    """
    trail: tuple[str | int, ...] = ()
    for position, step in enumerate(location):
        if (*trail, step) in document.lines or (position == len(location) - 1 and step != "[key]"):
            trail = (*trail, step)
    return trail


def _auth_flaws(file: VendorFile) -> list[Flaw]:
    try:
        kind = load_auth(file.auth.kind)
    except AuthUnusable as error:
        return [(("auth", "kind"), error.problem, error.remedy)]
    return [*_option_flaws(file, kind), *_kind_flaws(file, kind)]


def _option_flaws(file: VendorFile, kind: type[Auth]) -> list[Flaw]:
    try:
        options = kind.Options.model_validate(file.auth.options)
    except ValidationError as error:
        return [(("auth", "options", *details["loc"]), *sentence(details)) for details in causes(error)]
    return [
        (("credentials", name, "required"), f"{file.auth.kind} sends `{wanted}`, and it is not there", "add it")
        for name, way in file.credentials.items()
        for wanted in kind.wants(options)
        if wanted not in way.required
    ]


def _kind_flaws(file: VendorFile, kind: type[Auth]) -> list[Flaw]:
    """Whether endpoints and auth kind fit together."""
    found: list[Flaw] = [
        (("endpoints",), f"{file.auth.kind} needs an endpoint `{name}`", "add it")
        for name in kind.needs
        if name not in file.endpoints
    ]
    for name, endpoint in file.endpoints.items():
        trail = ("endpoints", name)
        if endpoint.catalog is not None and not kind.catalogs:
            found.append(((*trail, "catalog"), f"{file.auth.kind} brings no catalog", "give a `url`"))
        if kind.signs and endpoint.sign_as is None:
            found.append((trail, f"{file.auth.kind} must know the service", "add `sign_as`"))
        if not kind.signs and endpoint.sign_as is not None:
            found.append(((*trail, "sign_as"), f"{file.auth.kind} does not sign", "remove it"))
    return found
