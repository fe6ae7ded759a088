"""The types of value in a blackbox.yml, as Go reads them."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo

from probe.probes.blackbox.patterns import Expression, PatternRefused, compiled
from probe.probes.fields import FOLDER
from probe.wire.route import PROXY_SCHEMES, TLS_VERSIONS

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGTPE]?i?B)")
_POWERS: Final = {letter: power for power, letter in enumerate("KMGTPE", 1)}
_YES: Final = frozenset({"yes", "on", "y", "true"})
_NO: Final = frozenset({"no", "off", "n", "false"})
_VERSIONS: Final = dict(zip(("TLS10", "TLS11", "TLS12", "TLS13"), TLS_VERSIONS, strict=True))
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Shape(BaseModel):
    """A section of a module: frozen, and a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def duration(value: object) -> float:
    """The seconds of a duration as Go writes it.

    Raises:
        ValueError: it is none.
    """
    text = value if isinstance(value, str) else ""
    at = 0
    seconds = 0.0
    while match := _DURATION.match(text, at):
        seconds += float(match[0].removesuffix(match[1])) * _UNITS[match[1]]
        at = match.end()
    if not text or at != len(text):
        raise ValueError("is no duration: write 5s, 1m30s or 500ms")
    return seconds


def _switch(value: object) -> object:
    """YAML 1.1 says `yes` where 1.2 says `true`; the peer reads both."""
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    return value


def _size(value: object) -> object:
    """Bytes, in powers of 1024 whatever the unit (alecthomas/units.Base2Bytes)."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ValueError("is no size: write 10MB")
    return int(float(match[1]) * 1024 ** _POWERS.get(match[2][0], 0))


def _expression(value: object) -> object:
    if isinstance(value, Expression):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a regular expression, as text")  # noqa: TRY004 - pydantic wants ValueError
    try:
        return compiled(value)
    except PatternRefused as refused:
        raise ValueError(f"{refused}: write one without it") from None


def _beside(value: Path, info: ValidationInfo) -> Path:
    """*value* from the folder of the file that it is written in; the file has to be there."""
    context = info.context if isinstance(info.context, dict) else {}
    path = Path(context.get(FOLDER, "")) / value.expanduser()
    if not path.is_file():
        raise ValueError(f"there is no file {path}: write the path of one")
    return path


def _version(value: object) -> object:
    if value not in _VERSIONS:
        raise ValueError(f"is no version of TLS: write one of {', '.join(_VERSIONS)}")
    return _VERSIONS[str(value)]


def _proxy(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in PROXY_SCHEMES or not parts.hostname:
        raise ValueError("is no proxy that can be gone through: write http://HOST:PORT or https://HOST:PORT")
    return value


def _header_name(value: str) -> str:
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("is no name of a header: write letters and dashes")
    return value


def _scalar(value: object) -> object:
    """Go decodes a number that is to be text as the text that it was written as."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Duration = Annotated[float, BeforeValidator(duration)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Size = Annotated[int, BeforeValidator(_size), Field(ge=0)]
Pattern = Annotated[Expression, BeforeValidator(_expression)]
Text = Annotated[str, BeforeValidator(_scalar)]
Hidden = Annotated[SecretStr, BeforeValidator(_scalar)]
FileName = Annotated[Path, AfterValidator(_beside)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Proxy = Annotated[str, AfterValidator(_proxy)]
Version = Annotated[str, BeforeValidator(_version)]
Protocol = Literal["ip4", "ip6"]
