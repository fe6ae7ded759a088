"""Further pages of a list: a closed set of ways to ask for them, and a bound for lists that never end."""

from dataclasses import dataclass
from typing import Final

import httpx

from probe.cloud.answer import Answer, unparseable
from probe.cloud.complaint import VendorComplaint, found_text
from probe.cloud.file.errors import Verdict
from probe.cloud.file.listing import Listing, MarkerPage, NumberPage, TokenPage
from probe.cloud.places import LONGEST_PLACE, PlaceRefused, same_host
from probe.cloud.reading import read_number


@dataclass(frozen=True, slots=True)
class NextPage:
    """How the next page is asked for.

    Attributes:
        parameters: what the next call carries beside what every page's does.
        address: path and query that replace the call's own; empty if they stay.
    """

    parameters: tuple[tuple[str, str], ...] = ()
    address: str = ""


_FIRST: Final = NextPage()


def next_page(
    listing: Listing, answer: Answer, items: list[object], asked: httpx.URL, current: NextPage = _FIRST
) -> NextPage | None:
    """The page after *current*, which *answer* is, held *items* and came from *asked*; None if it was the last.

    Raises:
        VendorComplaint: vendor_error: the next page is said to be on another host, or its name cannot be sent.
    """
    page = listing.page
    if isinstance(page, MarkerPage):
        marker = found_text(page.marker, items[-1]) if len(items) >= page.size else ""
        return NextPage(parameters=((page.send_as, _sendable(marker, answer)),)) if marker else None
    if isinstance(page, NumberPage):
        return _numbered(page, answer, items, current)
    said = found_text(page.next, answer.body) if page is not None else ""
    if page is None or not said:
        return None
    if isinstance(page, TokenPage):
        return NextPage(parameters=((page.send_as, _sendable(said, answer)),))
    return NextPage(address=_same_host(_sendable(said, answer), asked, answer))


def _numbered(page: NumberPage, answer: Answer, items: list[object], current: NextPage) -> NextPage | None:
    number = int(current.parameters[0][1]) if current.parameters else page.first
    if page.size is not None:
        over = len(items) < page.size
    else:
        last = read_number(found_text(page.last, answer.body) or None)
        over = last is None or number >= last
    return None if over else NextPage(parameters=((page.send_as, str(number + 1)),))


def _sendable(said: str, answer: Answer) -> str:
    if len(said) > LONGEST_PLACE:
        raise unparseable("name of its next page that one could send", answer)
    return said


def _same_host(address: str, asked: httpx.URL, answer: Answer) -> str:
    try:
        return same_host(address, asked)
    except PlaceRefused as error:
        detail = f"the next page {error}"
        raise VendorComplaint(
            Verdict.VENDOR_ERROR, detail, status=answer.status, request_id=answer.request_id
        ) from error


def endless(listing: Listing) -> VendorComplaint:
    """The failure of a vendor whose list goes on after the last page that makes sense."""
    return VendorComplaint(Verdict.VENDOR_ERROR, f"the list did not end within {listing.max_pages} pages")
