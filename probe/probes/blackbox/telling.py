"""A module as it takes effect, for people: as YAML, without its secrets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from probe.probes.blackbox.credentials import is_credential
from probe.probes.blackbox.modules import Module
from probe.probes.blackbox.patterns import Expression
from probe.wire.redaction import redacted_text

_SECRET: Final = "<secret>"  # noqa: S105 - what is told instead of one
_HEADERS: Final = "headers"
_PROXY: Final = "proxy_url"
_BODY: Final = "body"


def effective(module: Module) -> str:
    """*module* with its defaults: the section of its prober only."""
    plain = {"prober": module.prober.value, "timeout": f"{module.timeout:g}s"}
    section = getattr(module, module.prober.value)
    return "".join(f"{line}\n" for line in _lines({**plain, module.prober.value: _plain(section, "")}, 0))


def _plain(value: Any, key: str) -> Any:
    """*value*, which stands under *key*, as data that may be seen."""
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name), name) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {name: _SECRET if _hushed(key, name) else _plain(inner, name) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(item, key) for item in value]
    return _scalar(value, key)


def _scalar(value: Any, key: str) -> Any:
    if isinstance(value, SecretStr):
        return _SECRET if value.get_secret_value() else ""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Path):
        return str(value)
    if key == _BODY:
        return redacted_text(value, str)
    if key == _PROXY and value and "@" in value:
        parts = urlsplit(value)
        return parts._replace(netloc=f"{_SECRET}@{parts.netloc.rpartition('@')[2]}").geturl()
    return value


def _hushed(key: str, name: str) -> bool:
    return key == _HEADERS and is_credential(name)


def _lines(value: dict[str, Any], depth: int) -> Iterator[str]:
    for key, inner in value.items():
        if inner is None or inner in ("", [], {}):
            continue
        if isinstance(inner, dict):
            within = list(_lines(inner, depth + 1))
            if within:
                yield f"{'  ' * depth}{key}:"
                yield from within
        else:
            yield f"{'  ' * depth}{key}: {_written(inner)}"


def _written(value: Any) -> str:
    """JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)
