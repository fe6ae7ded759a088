"""Tells the accounts apart that a vendor entry may open, so that one account's "not found" is not taken for another's.

Exchanged credentials or another project under the same name get honest answers about instances that are none of ours:
that they do not know an instance then proves nothing. Every lease says which account it was rented from.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from probe.cloud.entry import VendorEntry
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import SecretUnavailable

_DIGITS: Final = 16


def account_id(entry: VendorEntry, key: str) -> str:
    """What tells *entry*'s account from others: 16 hexadecimal digits; empty if nobody can tell.

    It is made of what the vendor file says the account is identified by, so that a new secret of the same account
    changes nothing where the vendor has anything more lasting than a secret. Where it has not, the secret itself goes
    in, under *key* (the agent's id): what is written down is of no use to somebody who reads it.

    Raises:
        ProbeFailed: denied: a secret cannot be read now, so nobody can tell for the moment.
    """
    parts = [entry.file.vendor, entry.profile or "", *_hosts(entry)]
    try:
        known = list(_identity(entry))
    except SecretUnavailable as error:
        raise ProbeFailed(Outcome.DENIED, str(error)) from error
    if not known:
        return ""
    return hmac.digest(key.encode(), framed([*parts, *known]), hashlib.sha256).hex()[:_DIGITS]


def framed(parts: Iterable[str]) -> bytes:
    """*parts* for a digest: others never look the same, wherever one ends and the next begins."""
    return b"".join(len(part).to_bytes(8, "big") + part.encode("utf-8", "surrogatepass") for part in parts)


def _identity(entry: VendorEntry) -> Iterator[str]:
    """Names and values of what identifies the account, as far as the configuration gives them."""
    named = entry.file.identified_by or (*entry.file.account, *sorted(entry.credentials))
    for name in named:
        if name in entry.credentials:
            yield from (name, entry.credentials[name].reveal())
        elif (fact := entry.places.get(f"account.{name}")) is not None:
            yield from (name, fact)


def _hosts(entry: VendorEntry) -> Iterator[str]:
    """Where the configuration sends requests instead of where the vendor file does; ports and paths come and go."""
    for name in sorted(entry.endpoints):
        yield from (name, urlsplit(entry.endpoints[name]).hostname or "")
