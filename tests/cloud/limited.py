"""A vendor whose requests are limited, by its file and by its headers."""

from typing import Any

from probe.cloud import Allowance, VendorEntry
from probe.cloud.file.vendor import VendorFile
from tests.cloud.entries import ACME, secrets
from tests.fakes.vendor import answer

OK = answer(200, {})
BUSY = {"rules": [{"status": 429, "is": "throttled"}, {"status": 401, "is": "denied"}]}
HEADERS = {"limit": "RateLimit-Limit", "remaining": "RateLimit-Remaining", "reset": "RateLimit-Reset"}


def acme(limits: dict[str, object] | None = None, allowance: Allowance | None = None, **more: Any) -> VendorEntry:
    """A vendor that takes a bearer token, with limits of its file and of the entry."""
    written = ACME | {"errors": BUSY, "limits": HEADERS | (limits or {})}
    given: dict[str, Any] = {"name": "acme", "region": "north", "credentials": secrets(token="b-1")} | more
    return VendorEntry(file=VendorFile.model_validate(written), limits=allowance or Allowance(), **given)
