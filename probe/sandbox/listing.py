"""The effect of a list: what passes the filters, a page at a time, by whatever a vendor names its pages."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from probe.sandbox.imitation import Mistake, Route
from probe.sandbox.premises import Premises, Refused
from probe.sandbox.views import Taken, Values, filters, passes, shown

_NUMBER: Final = re.compile("[0-9]{1,9}")


def listing(premises: Premises, route: Route, taken: Taken) -> Values:
    """Show a page of what passes the filters."""
    views = [shown(premises.imitation.states, instance, life) for instance, life in premises.instances.listing()]
    for field, wanted in filters(route, taken):
        views = [view for view in views if passes(view, field, wanted)]
    shown_now, page = paged(route, taken, views)
    return {"instances": shown_now, "page": page}


def paged(route: Route, taken: Taken, views: Sequence[Values]) -> tuple[Sequence[Values], Values]:
    """The page of *views* that is asked for, and what can be told of it."""
    page = _numbered(route, taken, len(views)) if "page" in route.take else _after_marker(route, taken, views)
    first, size = page.pop("first"), page["size"]
    return views[first : first + size], page


def _numbered(route: Route, taken: Taken, total: int) -> dict[str, Any]:
    """A page by its number, counted from 1."""
    size, asked = _size(route, taken), taken.text("page")
    number = max(1, int(asked)) if _NUMBER.fullmatch(asked) else 1
    last = max(1, math.ceil(total / size))
    following = number + 1 if number < last else None
    return {
        "first": (number - 1) * size,
        "size": size,
        "number": number,
        "previous": number - 1 if number > 1 else None,
        "next": following,
        "last": last,
        "total": total,
        "query": _next_query(route, taken, following),
        "last_query": _next_query(route, taken, last),
    }


def _after_marker(route: Route, taken: Taken, views: Sequence[Values]) -> dict[str, Any]:
    """The page after an instance."""
    size, start, first = _size(route, taken), taken.text("marker"), 0
    if start:
        places = [place for place, view in enumerate(views) if view["id"] == start]
        if not places:
            raise Refused(Mistake.INVALID, f"the marker {start} is not known")
        first = places[0] + 1
    following = views[first + size - 1]["id"] if len(views) > first + size else None
    query = _next_query(route, taken, following)
    return {"first": first, "size": size, "next": following, "total": len(views), "query": query}


def _size(route: Route, taken: Taken) -> int:
    limit = taken.text("limit")
    return min(route.most, int(limit) or route.most) if _NUMBER.fullmatch(limit) else route.most


def _next_query(route: Route, taken: Taken, following: object) -> str:
    """The query of the next page, as the vendor would write it."""
    query = taken.document["query"]
    return urlencode({**(query if isinstance(query, Mapping) else {}), route.marker: str(following or "")})
