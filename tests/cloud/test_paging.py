"""Lists of several pages."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from probe.cloud import MARK_AGENT, VendorComplaint, VendorEntry
from probe.model.outcome import Outcome
from tests.cloud.entries import Scene, acme, openstack, token_answer, written
from tests.fakes.vendor import answer


def server(number: int) -> dict[str, object]:
    """A server with our mark."""
    return {"id": f"s-{number}", "status": "ACTIVE", "metadata": {MARK_AGENT: "a"}}


def page(numbers: range, href: str | None = None) -> dict[str, object]:
    """A page of servers, and a link to the next."""
    links = [{"rel": "next", "href": href}] if href else []
    return {"servers": [server(number) for number in numbers], "servers_links": links}


def paged(kind: Mapping[str, object], **listing: object) -> VendorEntry:
    """A vendor whose list has pages of some kind."""
    instances = written("openstack")["instances"]
    instances["create"] = {"post": "api:/s", "id": "id"}
    instances["list"] = {"get": "api:/s", "items": "servers", "page": dict(kind), **listing}
    return acme(instances=instances)


async def test_the_address_of_the_next_page_is_followed() -> None:
    """Until an answer has none."""
    more = "https://nova.example/v2.1/servers/detail?limit=100&marker=s-1"
    scene = Scene(openstack(), token_answer(), answer(200, page(range(2), more)), answer(200, page(range(2, 3))))
    assert [view.id for view in await scene.cloud.inventory(scene.watch)] == ["s-0", "s-1", "s-2"]
    assert str(scene.wire.asked[-1].url) == more


async def test_only_path_and_query_of_an_address_are_used() -> None:
    """Behind a proxy a cloud often writes its links with the scheme and port of its inside."""
    inside = "http://nova.example:8774/v2.1/servers/detail?marker=s-1"
    scene = Scene(openstack(), token_answer(), answer(200, page(range(2), inside)), answer(200, page(range(0))))
    await scene.cloud.inventory(scene.watch)
    assert str(scene.wire.asked[-1].url) == "https://nova.example/v2.1/servers/detail?marker=s-1"


@pytest.mark.parametrize(
    "href", ["https://evil.example/v2.1/servers", "//evil.example/x", "https://nova.example@evil.example/", "http://[x"]
)
async def test_a_next_page_on_another_host_is_refused(href: str) -> None:
    """No answer can send a credential of ours elsewhere."""
    scene = Scene(openstack(), token_answer(), answer(200, page(range(1), href)))
    with pytest.raises(VendorComplaint, match="another host") as failed:
        await scene.cloud.inventory(scene.watch)
    assert (failed.value.outcome, len(scene.wire.asked)) == (Outcome.VENDOR_ERROR, 2)


async def test_a_token_is_handed_back() -> None:
    """In the query where there is no form."""
    kind: dict[str, object] = {"kind": "token", "send_as": "cursor", "next": "meta.next"}
    first = answer(200, {**page(range(1)), "meta": {"next": "a b&c"}})
    scene = Scene(paged(kind, query={"limit": 1}), first, answer(200, page(range(1, 2))))
    assert len(await scene.cloud.inventory(scene.watch)) == 2
    assert dict(scene.wire.asked[-1].url.params) == {"limit": "1", "cursor": "a b&c"}


async def test_a_marker_is_the_last_item_of_a_full_page() -> None:
    """A page with fewer items is the last."""
    kind: dict[str, object] = {"kind": "marker", "send_as": "marker", "marker": "id", "size": 2}
    scene = Scene(paged(kind), answer(200, page(range(2))), answer(200, page(range(2, 3))))
    assert len(await scene.cloud.inventory(scene.watch)) == 3
    assert [request.url.params.get("marker") for request in scene.wire.asked] == [None, "s-1"]


async def test_a_list_that_goes_in_circles_is_the_vendors_error() -> None:
    """The same page is not asked for twice, and a list has a last page."""
    kind: dict[str, object] = {"kind": "token", "send_as": "cursor", "next": "meta.next"}
    circle = Scene(paged(kind), answer(200, {**page(range(1)), "meta": {"next": "same"}}))
    with pytest.raises(VendorComplaint, match="did not end"):
        await circle.cloud.inventory(circle.watch)
    assert len(circle.wire.asked) == 2
    counter = iter(range(1_000))
    endless = Scene(
        paged(kind, max_pages=5), lambda _: answer(200, {**page(range(1)), "meta": {"next": f"{next(counter)}"}})
    )
    with pytest.raises(VendorComplaint, match="did not end within 5 pages"):
        await endless.cloud.inventory(endless.watch)
    assert len(endless.wire.asked) == 5


async def test_a_read_of_a_list_is_its_first_page() -> None:
    """What an `api` probe measures is one exchange."""
    more = "https://nova.example/v2.1/servers/detail?marker=s-1"
    scene = Scene(openstack(), token_answer(), answer(200, page(range(2), more)))
    await scene.cloud.read("list", scene.watch)
    assert len(scene.wire.asked) == 2


NUMBERED = {"kind": "number", "send_as": "page"}


async def test_pages_are_counted_up_to_the_last() -> None:
    """Where an answer tells how many there are, though not which is the next."""
    chosen = paged(NUMBERED | {"last": "pages"}, query={"page_size": 2})
    pages = [answer(200, page(range(n, n + 2)) | {"pages": 2}) for n in (0, 2)]
    scene = Scene(chosen, *pages)
    assert [view.id for view in await scene.cloud.inventory(scene.watch)] == ["s-0", "s-1", "s-2", "s-3"]
    assert [request.url.params.get("page") for request in scene.wire.asked] == [None, "2"]
    assert {request.url.params["page_size"] for request in scene.wire.asked} == {"2"}


async def test_pages_are_counted_until_one_is_not_full() -> None:
    """Where an answer tells nothing at all."""
    chosen = paged(NUMBERED | {"size": 2, "first": 0})
    scene = Scene(chosen, answer(200, page(range(2))), answer(200, page(range(2, 3))))
    assert len(await scene.cloud.inventory(scene.watch)) == 3
    assert scene.wire.asked[-1].url.params["page"] == "1"


@pytest.mark.parametrize("lie", [10**9, "1e400", None, "many", [1], -1])
async def test_a_last_page_that_makes_no_sense(lie: object) -> None:
    """There is an end to every list, whatever an answer says; what is no number says that there is one page."""
    scene = Scene(paged(NUMBERED | {"last": "pages"}, max_pages=3), answer(200, page(range(2)) | {"pages": lie}))
    if lie == 10**9:
        with pytest.raises(VendorComplaint, match="did not end within 3 pages"):
            await scene.cloud.inventory(scene.watch)
    else:
        assert len(await scene.cloud.inventory(scene.watch)) == 2


@pytest.mark.parametrize("kind", [{}, {"last": "pages", "size": 5}])
def test_counted_pages_need_an_end(kind: dict[str, object]) -> None:
    """By the number of the last, or by one that is not full."""
    with pytest.raises(ValidationError, match="to know the last page by"):
        paged(NUMBERED | kind)
