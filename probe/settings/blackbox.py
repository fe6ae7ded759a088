"""The modules of a blackbox.yml: what we do of it is read, and everything else is refused by its name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError

from probe.notation.composing import Trail
from probe.notation.documents import Document, examine_file
from probe.probes.blackbox import IGNORED, REFUSED, REFUSED_PROBERS, REFUSED_VALUES, Blackbox, Module, Refusal
from probe.probes.fields import FOLDER
from probe.settings.complaints import Complaint, Notebook, path_of
from probe.settings.secrets import Redactor
from probe.settings.sentences import note_errors
from probe.settings.shape.blackbox import BlackboxFile

_MODULES: Final = "modules"
_PROBERS: Final = ("http", "tcp", "dns", "icmp")
_INNER: Final = ("tls_config", "authorization", "basic_auth")


def read_blackbox(written: BlackboxFile, folder: Path, notebook: Notebook, redactor: Redactor) -> Blackbox | None:
    """What `/probe` may do by the file that is *written* down; None, with complaints, if that is wrong.

    Args:
        written: the section of the configuration.
        folder: where the configuration is.
        notebook: takes the complaints, those about the other file, too.
        redactor: learns the secrets in the file.
    """
    path = folder / written.file
    if not path.is_file():
        notebook.note(("blackbox",), f"there is no file {path}", "correct the path, or remove the key", tell=False)
        return None
    examination = examine_file(path)
    own = Notebook(examination.document or Document(str(path), {}, {}))
    for flaw in examination.flaws:
        own.add(Complaint(str(path), flaw.line, path_of(flaw.trail), "", flaw.problem, flaw.remedy))
    modules: dict[str, Module] = {}
    if examination.document is not None:
        modules = _Modules(own, path.parent, redactor).read(examination.document.data)
    for complaint in own:
        notebook.add(complaint)
    if own:
        return None
    return Blackbox(modules=modules, zeros=written.compat == "zeros", offset=written.timeout_offset)


class _Modules:
    """Reads one file."""

    def __init__(self, notebook: Notebook, folder: Path, redactor: Redactor) -> None:
        self._notebook = notebook
        self._folder = folder
        self._redactor = redactor

    def read(self, data: object) -> dict[str, Module]:
        """The modules that are good; the others are complained about."""
        if not isinstance(data, dict) or not isinstance(data.get(_MODULES), dict):
            self._notebook.note((), "holds no modules", "write modules: {NAME: {prober: http}}", tell=False)
            return {}
        for key in data:
            if key != _MODULES:
                self._notebook.note((key,), "is not a key that is known here", "remove it", tell=False)
        read = {name: self._module((_MODULES, name), written) for name, written in data[_MODULES].items()}
        return {name: module for name, module in read.items() if module is not None}

    def _module(self, trail: Trail, written: object) -> Module | None:
        if isinstance(written, dict):
            prober = written.get("prober")
            if isinstance(prober, str) and prober in REFUSED_PROBERS:
                self._refuse((*trail, "prober"), REFUSED_PROBERS[prober])
                return None
            written = {
                key: self._permitted((*trail, key), _without_nulls(value))
                for key, value in written.items()
                if key not in IGNORED and value is not None
            }
        try:
            module = Module.model_validate(written, context={FOLDER: self._folder})
        except ValidationError as error:
            note_errors(error, self._notebook, trail, Module)
            return None
        for secret in secrets_in(module):
            self._redactor.learn(secret)
        return module

    def _permitted(self, trail: Trail, section: object) -> object:
        """*section* without what is refused in it, which is complained about."""
        name = str(trail[-1])
        if not isinstance(section, dict) or name not in (*_PROBERS, *_INNER):
            return section
        kept: dict[str, object] = {}
        for key, value in section.items():
            refusal = REFUSED.get(name, {}).get(key) or _refused_value(key, value)
            if refusal is None:
                kept[key] = self._permitted((*trail, key), value)
            else:
                self._refuse((*trail, key), refusal)
        return kept

    def _refuse(self, trail: Trail, refusal: Refusal) -> None:
        self._notebook.note(trail, f"is not honoured here: {refusal.problem}", refusal.remedy, tell=False)


def _without_nulls(value: Any) -> Any:
    """*value* without keys that stand there with nothing behind them: to Go they are not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _refused_value(key: str, value: object) -> Refusal | None:
    return REFUSED_VALUES.get(key, {}).get(value) if isinstance(value, str) else None


def secrets_in(value: Any) -> Iterator[str]:
    """Every secret that is written in *value*, a module or a part of one."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from secrets_in(item)
