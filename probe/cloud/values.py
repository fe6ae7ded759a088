"""The values behind every `${name}` that a vendor file may write; `file/checks.py` knows the same names."""

import base64
import json
from collections.abc import Mapping
from typing import Final

from probe.cloud.entry import VendorEntry
from probe.cloud.file.monitoring import InstancePoints, SeriesPoints
from probe.cloud.marks import as_pairs, write_marks
from probe.cloud.moments import format_iso
from probe.cloud.order import Order

_MILLISECONDS: Final = 1_000


def order_values(entry: VendorEntry, order: Order, size: str, image: str) -> dict[str, object]:
    """For a create: what is ordered, with the vendor's own *size* and *image*."""
    written = entry.file.instances
    data = order.user_data.encode()
    return {
        "name": order.name,
        "size": size,
        "image": image,
        "token": order.token,
        "marks": None if written is None else write_marks(written.marks, order.marks, order.name),
        "user_data": order.user_data or None,
        "user_data_base64": base64.b64encode(data).decode("ascii") if data else None,
        **_network_values(entry, order.network),
    }


def _network_values(entry: VendorEntry, ordered: Mapping[str, object]) -> dict[str, object]:
    """The order's network options win over the entry's, and those over the file's defaults."""
    chosen = {**entry.network, **ordered}
    options = entry.file.network.options
    return {f"network.{name}": chosen.get(name, option.default) for name, option in options.items()}


def filter_values(marks: Mapping[str, str]) -> dict[str, object]:
    """For a list: the marks to filter by, nothing where everything is wanted."""
    return {"marks_json": json.dumps(marks, separators=(",", ":")) if marks else None}


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
