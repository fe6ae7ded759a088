"""The values behind every `${name}` that a vendor file may write; `file/checks.py` knows the same names."""

import base64
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from typing import Final

from probe.cloud.entry import VendorEntry
from probe.cloud.file.marks import MARK_AGENT, MARK_EXPIRES, MarkKeys
from probe.cloud.file.monitoring import InstancePoints, SeriesPoints
from probe.cloud.marks import as_pairs, mark_text, renamed, write_marks
from probe.cloud.moments import format_iso
from probe.cloud.order import Order
from probe.model.outcome import Outcome, ProbeFailed

_MILLISECONDS: Final = 1_000
_TOKENS: Final = uuid.UUID("8f7c1f6e-3a55-4f0e-9d0c-7d0b6b3f2a11")
"""The name space in which the token of an order becomes a UUID: the same order has the same one."""
_SHORTEST_LEASE: Final = 60
"""Seconds; less than a minute of life would end an instance before anybody saw it."""
_LONGEST: Final = 1_000
_LONGEST_NUMBER: Final = 18
"""Digits of an identifier that is a number: as many as always fit into 64 bits."""
LEASE_NAMES: Final = ("lease_seconds", "lease_seconds_text", "expires_iso")


def common_values(entry: VendorEntry) -> dict[str, object]:
    """For every call: where, whose account, and what our mark is called there."""
    return {**entry.places, "mark": _keys(entry).agent}


def order_values(entry: VendorEntry, order: Order, size: str, image: str, now: float) -> dict[str, object]:
    """For a create: what is ordered, with the vendor's own *size* and *image*; *now* in seconds since 1970.

    Raises:
        ProbeFailed: invalid: the image or the size does not have the parts that the file wants to send.
    """
    written = entry.file.instances
    data = order.user_data.encode()
    return {
        "name": order.name,
        "size": size,
        "image": image,
        "size_number": _number(size),
        "image_number": _number(image),
        **_parts("size", entry.file.sizes.parts, size),
        **_parts("image", entry.file.images.parts, image),
        "token": order.token,
        "token_uuid": str(uuid.uuid5(_TOKENS, order.token)),
        "password": new_password(),
        "marks": None if written is None else write_marks(written.marks, order.marks, order.name),
        "user_data": order.user_data or None,
        "user_data_base64": base64.b64encode(data).decode("ascii") if data else None,
        **_lease_values(order, now),
        **_network_values(entry, order.network),
    }


def new_password() -> str:
    """A password that nobody will ever use, for vendors that insist on one; random, with letters, digits and a sign."""
    return f"Aa1-{secrets.token_urlsafe(24)}"


def _number(identifier: str) -> int | None:
    """An identifier as the number that it is, for vendors that take it for one."""
    decimal = identifier.isascii() and identifier.isdigit() and len(identifier) <= _LONGEST_NUMBER
    return int(identifier) if decimal else None


def _parts(kind: str, pattern: re.Pattern[str] | None, identifier: str) -> dict[str, object]:
    if pattern is None:
        return {}
    found = pattern.fullmatch(identifier[:_LONGEST])
    if found is None:
        raise ProbeFailed(Outcome.INVALID, f"the {kind} `{identifier[:100]}` is not written as `{pattern.pattern}`")
    return {f"{kind}.{name}": part for name, part in found.groupdict().items()}


def _lease_values(order: Order, now: float) -> dict[str, object]:
    """When the lease ends, for vendors that can give an instance back by themselves; nothing if nobody says when."""
    end = order.marks.get(MARK_EXPIRES, "")
    if not (end.isascii() and end.isdigit()):
        return dict.fromkeys(LEASE_NAMES)
    left = max(_SHORTEST_LEASE, int(end) - int(now))
    return {"lease_seconds": left, "lease_seconds_text": str(left), "expires_iso": format_iso(float(end))}


def _network_values(entry: VendorEntry, ordered: Mapping[str, object]) -> dict[str, object]:
    """The order's network options win over the entry's, and those over the file's defaults."""
    chosen = {**entry.network, **ordered}
    options = entry.file.network.options
    return {f"network.{name}": chosen.get(name, option.default) for name, option in options.items()}


def filter_values(entry: VendorEntry, marks: Mapping[str, str]) -> dict[str, object]:
    """For a list: the marks to filter by, nothing where everything is wanted."""
    written, agent = entry.file.instances, marks.get(MARK_AGENT)
    text = None
    if agent is not None and written is not None:
        text = mark_text(written.marks, written.marks.keys.agent, agent)
    named = renamed(_keys(entry), marks)
    return {
        "marks_json": json.dumps(named, separators=(",", ":")) if named else None,
        "mark_tag": text,
        "agent": agent,
    }


def _keys(entry: VendorEntry) -> MarkKeys:
    return MarkKeys.model_validate({}) if entry.file.instances is None else entry.file.instances.marks.keys


def subject_values(query: InstancePoints | SeriesPoints, subject: Mapping[str, object]) -> dict[str, object]:
    """For datapoints: whose they are."""
    if isinstance(query, InstancePoints):
        return {"instance": subject["instance"]}
    series = subject["series"]
    given = series if isinstance(series, Mapping) else {}
    values: dict[str, object] = {}
    for name, field in query.fields.items():
        value = given.get(name, field.default)
        if field.pairs is not None and isinstance(value, Mapping):
            value = as_pairs(value, *field.pairs)
        values[f"series.{name}"] = value
    return values


def time_values(since: float, until: float) -> dict[str, object]:
    """For datapoints: the time that is asked for, as each vendor may want it; nothing is older than 1970."""
    since = max(since, 0.0)
    return {
        "from_s": int(since),
        "to_s": int(until),
        "from_ms": int(since * _MILLISECONDS),
        "to_ms": int(until * _MILLISECONDS),
        "from_iso": format_iso(since),
        "to_iso": format_iso(until),
    }
