"""What a module's requests carry, and what of it goes to which host."""

import base64
from pathlib import Path
from typing import Final

import httpx
from pydantic import SecretStr

from probe.model.outcome import Outcome, ProbeFailed
from probe.probes.blackbox.modules import Authorization, BasicAuth, HttpModule
from probe.wire import USER_AGENT
from probe.wire.redaction import is_secret_name

CREDENTIALS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "cookie2",
        "proxy-authorization",
        "www-authenticate",
        "x-amz-security-token",
        "x-api-key",
        "x-auth-token",
        "x-subject-token",
    }
)
"""Headers that carry credentials, whatever they are called."""
_LARGEST: Final = 64 * 1024
"""Bytes of a file that can be a secret."""


def is_credential(name: str) -> bool:
    """Whether the header *name* carries credentials: it is hidden, and stays with the host it was meant for."""
    return name.lower() in CREDENTIALS or is_secret_name(name)


def staying(module: HttpModule) -> frozenset[str]:
    """The headers of *module*, in small letters, that go to no other host than its target."""
    secret = (name for name, given in module.http_headers.items() if given.secrets or given.files)
    named = (name for name in (*module.headers, *module.http_headers) if is_credential(name))
    return CREDENTIALS | {name.lower() for name in (*secret, *named)}


def headers_of(module: HttpModule) -> httpx.Headers:
    """The headers of a module's first request, without Host, and with its credentials.

    Raises:
        ProbeFailed: a file with a secret cannot be read.
    """
    headers = httpx.Headers({name: value for name, value in module.headers.items() if name.lower() != "host"})
    for name, given in module.http_headers.items():
        values = [*given.values, *(secret.get_secret_value() for secret in given.secrets), *map(_read, given.files)]
        headers[name] = ", ".join(values)
    headers.setdefault("User-Agent", USER_AGENT)
    authorization = _authorization(module)
    if authorization:
        headers.setdefault("Authorization", authorization)
    return headers


def _authorization(module: HttpModule) -> str:
    if module.basic_auth is not None:
        return basic(*_user(module.basic_auth))
    if module.authorization is not None:
        return f"{module.authorization.type} {_credentials(module.authorization)}".strip()
    if module.bearer_token is not None:
        return f"Bearer {module.bearer_token.get_secret_value()}"
    if module.bearer_token_file is not None:
        return f"Bearer {_read(module.bearer_token_file)}"
    return ""


def basic(user: str, password: str) -> str:
    """The value of Authorization that says *user* and *password* (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _user(given: BasicAuth) -> tuple[str, str]:
    user = given.username if given.username_file is None else _read(given.username_file)
    return user, _either(given.password, given.password_file)


def _credentials(given: Authorization) -> str:
    return _either(given.credentials, given.credentials_file)


def _either(secret: SecretStr, file: Path | None) -> str:
    return secret.get_secret_value() if file is None else _read(file)


def _read(path: Path) -> str:
    """The secret in a file, read anew for each probe; white space around it is not part of it."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ProbeFailed(Outcome.INVALID, f"the file {path} cannot be read") from error


def same_place(first: httpx.URL, other: httpx.URL) -> bool:
    """Whether what was meant for *first* may go to *other*: the same host and port, or the same host in TLS instead."""
    if first.host != other.host:
        return False
    return _port(first) == _port(other) or (first.scheme, other.scheme) == ("http", "https")


def _port(url: httpx.URL) -> int:
    return url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
