"""Takes the secrets out of what went over the wire, before it is written down anywhere.

Two nets, since neither holds alone: names (of headers, of keys in JSON, forms, XML and queries) under which secrets
travel, and the values that the agent knows to be secret. Values are looked for in decoded text, too: a quotation mark
in a password looks different inside JSON.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import httpx

from probe.model.secret import MASK

READABLE: Final = 4096
"""Characters of a body that are kept."""

_NAMES: Final = (
    r"password|passwd|passphrase|adminpass|secret|api[-_]?key|access[-_]?key|private[-_]?key|key[-_]?material"
    r"|token|signature|credential|assertion|authorization|cookie|user[-_]?data|(^|[-_])pass$"
)
_SECRET: Final = re.compile(_NAMES, re.IGNORECASE)
# Names that hold one of these words, and no secret.
_OPEN: Final = re.compile(
    r"access[-_]?key[-_]?id|credential[-_]?(type|id)|secret[-_]?name|signature[-_]?(method|version)|next[-_]?token"
    r"|client[-_]?token|token[-_]?type|(expires|issued)|www-authenticate",
    re.IGNORECASE,
)
# Each finds a name and what stands for it in text that is no longer, or never was, a tree.
_IN_QUERY: Final = re.compile(r"(?P<before>[?&;](?P<name>[^?;=&\s\"'<>]{1,100})=)(?P<value>[^&\s\"'<>]+)")
_IN_JSON: Final = re.compile(r'(?P<before>"(?P<name>[^"\\]{0,100})"\s*:\s*)(?P<value>"(?:[^"\\]|\\.)*"?)', re.DOTALL)
_IN_XML: Final = re.compile(r"(?P<before><(?P<name>[^<>/\s]{1,100})[^<>]{0,1000}>)(?P<value>[^<]+)")
_USERINFO: Final = re.compile(r"(://)[^/@\s]+@")
_IDENTIFIERS: Final = frozenset({"id", "value"})

Redact = Callable[[str], str]


def is_secret_name(name: str) -> bool:
    """Whether what goes by *name* is to be hidden."""
    return bool(_SECRET.search(name)) and not _OPEN.search(name)


def redacted_headers(headers: Iterable[tuple[str, str]], redact: Redact) -> dict[str, str]:
    """The header fields with their secrets hidden; those that came twice are joined."""
    shown: dict[str, str] = {}
    for name, value in headers:
        text = MASK if is_secret_name(name) else redacted_text(value, redact)
        shown[name] = f"{shown[name]}, {text}" if name in shown else text
    return shown


def redacted_url(url: str, redact: Redact) -> str:
    """The address without user, password and whatever its query hides."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return redacted_text(url, redact)
    bare = str(parsed.copy_with(userinfo=b"", query=None, fragment=None))
    query = f"?{_form(parsed.query.decode('ascii'), redact)}" if parsed.query else ""
    return redact(bare) + query


def redacted_text(text: str, redact: Redact) -> str:
    """Text of any kind with the secrets hidden that can be told from their surroundings or by their value."""
    text = _USERINFO.sub(rf"\1{MASK}@", redact(text))
    for pattern in (_IN_QUERY, _IN_JSON, _IN_XML):
        text = pattern.sub(_hide, text)
    return text


def _hide(found: re.Match[str]) -> str:
    if not is_secret_name(found["name"]):
        return found[0]
    return found["before"] + (f'"{MASK}"' if found["value"].startswith('"') else MASK)


def redacted_body(content_type: str, body: bytes, redact: Redact) -> str:
    """A body for people: secrets hidden, cut to a readable length; what is no text is told by its size only."""
    if not body:
        return ""
    if b"\0" in body:
        return f"({len(body)} bytes)"
    text = body.decode("utf-8", "replace")
    # Redacted as a whole and cut afterwards: half a secret at the cut would be recognised by nobody.
    shown = redacted_text(_structured(content_type, text, redact), redact)
    return shown if len(shown) <= READABLE else f"{shown[:READABLE]}… ({len(body)} bytes)"


def _structured(content_type: str, text: str, redact: Redact) -> str:
    if "form-urlencoded" in content_type:
        return _form(text, redact)
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(tree, dict | list | str):
        return text
    try:
        return json.dumps(_hidden(tree, redact), ensure_ascii=False)
    except RecursionError:
        return MASK


def _hidden(tree: Any, redact: Redact) -> Any:
    if isinstance(tree, dict):
        return {redact(str(key)): _entry(str(key), value, redact) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_hidden(item, redact) for item in tree]
    return redact(tree) if isinstance(tree, str) else tree


def _entry(key: str, value: Any, redact: Redact) -> Any:
    if not is_secret_name(key):
        return _hidden(value, redact)
    if isinstance(value, dict):  # as {"token": {"id": "..."}}, where only the inner one is the secret
        return {
            redact(str(inner)): MASK if str(inner).lower() in _IDENTIFIERS else _entry(str(inner), found, redact)
            for inner, found in value.items()
        }
    if isinstance(value, list):
        return [_entry(key, item, redact) for item in value]
    return MASK if isinstance(value, str | int | float) and not isinstance(value, bool) else value


def _form(text: str, redact: Redact) -> str:
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=None)
    shown = [(redact(name), MASK if is_secret_name(name) else redact(value)) for name, value in pairs]
    return urlencode(shown, safe=f"{MASK}/:,", quote_via=lambda string, *_: _quoted(string))


def _quoted(string: str | bytes) -> str:
    text = string if isinstance(string, str) else string.decode("utf-8", "replace")
    return re.sub(r"[\s&=%+#]", lambda found: f"%{ord(found[0]):02X}", text)
