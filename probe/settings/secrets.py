"""Secrets by reference, and the redactor that keeps their values out of every text we write."""

import base64
import html
import json
import os
import re
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

from probe.model.secret import MASK, Secret, SecretUnavailable

SHORTEST: Final = 4
"""Characters of a secret that can be kept out of a text without making the text unreadable."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST: Final = 64 * 1024
"""Bytes of a file that can be a secret."""
_REMEMBERED: Final = 256
"""Values that are hidden at the same time, those read last: tokens come and go, and each of them costs time."""
_PERCENT: Final = re.compile("%[0-9A-F]{2}")
_GROUP: Final = 3
"""Bytes that base64 turns into four characters."""


class ReferredSecret(Secret):
    """A secret that the configuration refers to; two references to the same origin are equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReferredSecret) and self.origin == other.origin

    def __hash__(self) -> int:
        return hash(self.origin)


class Redactor:
    """Replaces every secret that was ever read in a text, also where it stands encoded.

    What was read is remembered after a rotation, too: an answer may still hold the old value. Calling it is cheap, and
    safe from any thread.
    """

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self._forms: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def learn(self, value: str) -> None:
        """Redact *value* from now on; one shorter than `SHORTEST` would make every text unreadable and is not."""
        if len(value) < SHORTEST:
            return
        with self._lock:
            known = self._known.pop(value, None)
            self._known[value] = known or frozenset(_forms(value))  # the last one read is the last to be forgotten
            if known is not None:
                return
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._forms = tuple(sorted({form for forms in self._known.values() for form in forms}, key=len)[::-1])

    def __call__(self, text: str) -> str:
        """*text* without secrets."""
        for form in self._forms:  # the longest first
            if form in text:
                text = text.replace(form, MASK)
        return text


def _forms(value: str) -> Iterator[str]:
    """The ways in which *value* may stand in a text."""
    yield value
    for quoted in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield quoted
        yield _PERCENT.sub(lambda found: found[0].lower(), quoted)
    for written in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield written
        yield written.replace("/", r"\/")
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield repr(value)[1:-1]
    raw = value.encode()
    for offset in range(_GROUP):
        # In base64 a value looks different for each place modulo three; what its neighbours share a character with
        # is left out at both ends, so that it is found inside `user:password`, too.
        encoded = base64.b64encode(bytes(offset) + raw).decode()
        inner = encoded[-(-offset * 4 // _GROUP) : (offset + len(raw)) * 8 // 6]
        if len(inner) >= SHORTEST:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")


def env_secret(name: str, redactor: Redactor, environ: Mapping[str, str] = os.environ) -> Secret:
    """The secret in the environment variable *name*, read anew at each use."""

    def read() -> str:
        value = environ.get(name, "")
        if not value:
            raise SecretUnavailable(f"the environment variable {name} is not set; set it")
        if not _is_text(value):
            raise SecretUnavailable(f"the environment variable {name} is not UTF-8 text; set it anew")
        redactor.learn(value)
        return value

    return ReferredSecret(read, f"env {name}")


def _is_text(value: str) -> bool:
    """Whether *value* was UTF-8; Python keeps other bytes of the environment as halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def file_secret(path: Path, redactor: Redactor) -> Secret:
    """The secret in the file at *path*, read anew at each use; line ends at its end are not part of it."""

    def read() -> str:
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a terminal would hold us until somebody writes to it
                raise SecretUnavailable(f"the file {path} is no ordinary file; write the secret alone into one")
            with path.open("rb") as file:
                content = file.read(_LARGEST + 1)
            value = content.decode().rstrip("\r\n")
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise SecretUnavailable(f"the file {path} cannot be read ({reason}); create it, or allow us to") from error
        except UnicodeDecodeError:
            raise SecretUnavailable(f"the file {path} is not text; write the secret alone into it") from None
        if not value or len(content) > _LARGEST:
            size = "empty" if not value else "too large for a secret"
            raise SecretUnavailable(f"the file {path} is {size}; write the secret alone into it")
        redactor.learn(value)
        return value

    return ReferredSecret(read, f"file {path}")


def permission_hint(secret: Secret) -> str:
    """What to do about a secret's file that everybody may read; empty if nothing."""
    kind, _, path = secret.origin.partition(" ")
    if kind != "file":
        return ""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return ""
    return f"the file {path} can be read by everybody; chmod 600 {path}" if mode & 0o004 else ""


def at_home(path: Path) -> Path:
    """*path* with `~` as the home it stands for; left as it is if it stands for none."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


class References:
    """Turns what a document writes as `{env: NAME}` or `{file: PATH}` into secrets.

    Attributes:
        redactor: learns every value that is read through them.
    """

    def __init__(self, folder: Path, redactor: Redactor, environ: Mapping[str, str] = os.environ) -> None:
        self.redactor = redactor
        self._folder = folder
        self._environ = environ

    def resolve(self, data: object) -> object:
        """*data* with a secret in place of every reference in it."""
        if isinstance(data, list):
            return [self.resolve(item) for item in data]
        if not isinstance(data, dict):
            return data
        secret = self._secret(data)
        return {key: self.resolve(value) for key, value in data.items()} if secret is None else secret

    def _secret(self, data: Mapping[str, object]) -> Secret | None:
        match data:
            case {"env": str(name), **rest} if not rest and _VARIABLE.fullmatch(name):
                return env_secret(name, self.redactor, self._environ)
            case {"file": str(path), **rest} if not rest and path and "\0" not in path:
                return file_secret(self._folder / at_home(Path(path)), self.redactor)
            case _:
                return None
