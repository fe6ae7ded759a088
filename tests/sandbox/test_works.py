"""What a vendor that answers before it is done lets one ask about."""

import json
from typing import Any

import pytest

from probe.sandbox import Fault, FaultKind
from probe.sandbox.requests import Asked
from probe.sandbox.vendor import PretendVendor
from tests.fakes.clock import FakeClock
from tests.sandbox.conftest import Play


class Busy:
    """A vendor that takes its time, and its customer."""

    def __init__(self, vendor: PretendVendor) -> None:
        self.vendor = vendor
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded body of the answer."""
        path, _, query = path.partition("?")
        asked = Asked(
            method=method,
            path=path,
            raw_path=path,
            query_string=query,
            headers={"content-type": "application/json"},
            body=json.dumps(body).encode() if body else b"",
            base="http://h",
        )
        reply = await self.vendor.answer(asked)
        self.headers = dict(reply.headers)
        return json.loads(reply.body)

    def inject(self, kind: FaultKind, **words: Any) -> None:
        """Let it strike once."""
        self.vendor.faults.inject(Fault(kind=kind, count=1, **words))


@pytest.fixture
def busy(play: Play) -> Busy:
    """Builds take 0.3 s, deletions 0.2 s."""
    return Busy(play("busy"))


async def test_a_work_runs_and_is_done(busy: Busy, clock: FakeClock) -> None:
    """In the vendor's own words, for a create and for a delete."""
    made = await busy.ask("POST", "/things", {"name": "one"})
    assert (len(str(made["id"])), made["in"], made["work"]["status"]) == (7, "p-1", "in-progress")
    url = f"/works/{made['work']['id']}"
    clock.pass_time(0.3)
    assert await busy.ask("GET", url) == {
        "work": {"id": made["work"]["id"], "status": "completed", "progress": 100},
        "of": "one",
    }
    gone = await busy.ask("DELETE", f"/things/{made['id']}")
    assert (gone["work"]["status"], gone["work"]["progress"]) == ("in-progress", 0)
    clock.pass_time(5.0)
    assert (await busy.ask("GET", f"/works/{gone['work']['id']}"))["work"]["status"] == "completed"


@pytest.mark.parametrize(
    ("kind", "code", "why"), [(FaultKind.CAPACITY, "full", "no host left"), (FaultKind.FAILED, "broken", "it broke")]
)
async def test_a_build_that_fails_is_told_by_its_work(
    busy: Busy, clock: FakeClock, kind: FaultKind, code: str, why: str
) -> None:
    """With a code and a reason, once it is over."""
    busy.inject(kind)
    work = (await busy.ask("POST", "/things", {"name": "one"}))["work"]
    assert set(work) == {"id", "status", "progress"}
    clock.pass_time(0.3)
    told = (await busy.ask("GET", f"/works/{work['id']}"))["work"]
    assert (told["status"], told["code"], told["why"]) == ("errored", code, why)


async def test_a_stuck_build_is_never_done(busy: Busy, clock: FakeClock) -> None:
    """It runs for ever."""
    busy.inject(FaultKind.STUCK)
    work = (await busy.ask("POST", "/things", {"name": "one"}))["work"]
    clock.pass_time(86_400.0)
    assert (await busy.ask("GET", f"/works/{work['id']}"))["work"]["status"] == "in-progress"


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.FAILED, "errored"), (FaultKind.LYING_DELETE, "completed")])
async def test_a_deletion_that_was_acknowledged_and_did_not_happen(
    busy: Busy, clock: FakeClock, kind: FaultKind, status: str
) -> None:
    """Its work says so, or lies; the instance is there."""
    made = await busy.ask("POST", "/things", {"name": "one"})
    clock.pass_time(1.0)
    busy.inject(kind, operation="delete")
    work = (await busy.ask("DELETE", f"/things/{made['id']}"))["work"]
    clock.pass_time(5.0)
    assert (await busy.ask("GET", f"/works/{work['id']}"))["work"]["status"] == status
    assert (await busy.ask("GET", "/things"))["names"] == ["one"]


async def test_an_unknown_work_is_not_found(busy: Busy) -> None:
    """As anything else that is not there."""
    assert await busy.ask("GET", "/works/7") == {"error": "7"}


async def test_pages_have_numbers(busy: Busy) -> None:
    """The next page is a number or a link; there are no more after the last."""
    for name in "abcde":
        await busy.ask("POST", "/things", {"name": name})
    first = await busy.ask("GET", "/things")
    assert first == {"names": ["a", "b"], "page": 1, "pages": 3, "total": 5, "next": "http://h/things?page=2"}
    last = await busy.ask("GET", "/things?page=3")
    assert last == {"names": ["e"], "page": 3, "pages": 3, "total": 5, "next": None, "back": 2}
    assert (await busy.ask("GET", "/things?page=9"))["names"] == []


async def test_the_rate_limit_is_kept_and_told(busy: Busy, clock: FakeClock) -> None:
    """Twenty in an hour; the next is refused, and allowed again in the next hour."""
    for left in range(19, -1, -1):
        await busy.ask("GET", "/things")
        assert (busy.headers["Limit"], busy.headers["Left"]) == ("20", str(left))
    assert await busy.ask("GET", "/things") == {"error": "slow"}
    assert busy.headers["Left"] == "0"
    clock.pass_time(float(busy.headers["Wait"]))
    assert "names" in await busy.ask("GET", "/things")


async def test_a_throttled_answer_says_that_nothing_is_left(busy: Busy) -> None:
    """By fault, too."""
    busy.inject(FaultKind.THROTTLED)
    assert await busy.ask("GET", "/things") == {"error": "slow"}
    assert busy.headers["Left"] == "0"
