"""What every exchange leaves behind, whatever it was for."""

import httpx
import pytest

from probe.cloud import VendorComplaint
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact
from probe.wire import USER_AGENT
from tests.cloud.entries import AWS_KEYS, FILES, Scene, acme, entry, openstack, token_answer
from tests.fakes.vendor import answer


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (answer(200, {}), "2xx"),
        (answer(302, {}), "3xx"),
        (answer(404, {}), "4xx"),
        (answer(429, {}), "429"),
        (answer(503, {}), "5xx"),
        (ProbeFailed(Outcome.REFUSED, "no"), "error"),
    ],
)
async def test_every_exchange_is_counted_with_its_time(reply: httpx.Response | ProbeFailed, code: str) -> None:
    """Successes, complaints and silence alike, by operation and class of code."""
    scene = Scene(acme(), reply)
    try:
        await scene.cloud.read("probe", scene.watch)
    except ProbeFailed:
        assert code != "2xx"
    assert scene.codes == [("probe", code)]
    assert scene.meter.requests[0][2] == pytest.approx(0.1)


async def test_every_request_says_who_asks() -> None:
    """A vendor can tell our calls from others', those of authentication included."""
    scene = Scene(openstack(), token_answer(), answer(200, {}))
    await scene.cloud.read("probe", scene.watch)
    assert {request.headers["User-Agent"] for request in scene.wire.asked} == {USER_AGENT}


async def test_an_error_that_no_rule_knows_is_counted() -> None:
    """A new code shows up in a metric; a known one does not."""
    scene = Scene(acme(), answer(418, {}), answer(401, {}))
    for expected in (1, 1):
        with pytest.raises(VendorComplaint):
            await scene.cloud.read("probe", scene.watch)
        assert scene.meter.unmatched == expected


@pytest.mark.parametrize("content", [b"<html>hello</html>", b'{"a":', b"\xff"])
async def test_an_unreadable_success_is_the_vendors_error(content: bytes) -> None:
    """An answer that nobody can parse is no answer."""
    scene = Scene(acme(), answer(200, content))
    with pytest.raises(VendorComplaint, match="not JSON") as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_the_request_id_is_kept_of_answers_and_of_complaints() -> None:
    """A failure can be told to the vendor's support."""
    chosen = acme(request_id=["x-request-id", "txnid"])
    scene = Scene(chosen, answer(200, {}, {"X-Request-Id": "r-1"}), answer(500, {}, {"txnId": "r-2"}))
    assert (await scene.cloud.read("probe", scene.watch)).request_id == "r-1"
    assert scene.watch.facts[Fact.REQUEST_ID] == "r-1"
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.request_id, scene.watch.facts[Fact.REQUEST_ID]) == ("r-2", "r-2")


@pytest.mark.parametrize(
    ("limits", "headers", "told"),
    [
        ({"limit": "L", "remaining": "R"}, {"L": "100", "R": "7"}, [(100.0, 7.0, None)]),
        ({"limit": "L", "used": "U"}, {"L": "100", "U": "7"}, [(100.0, 93.0, None)]),
        ({"reset": "T"}, {"T": "1800000060"}, [(None, None, 1_800_000_060.0)]),
        ({"reset": "T", "reset_is": "seconds"}, {"T": "60"}, [(None, None, pytest.approx(1_800_000_060.1))]),
        ({"limit": "L"}, {"L": "many"}, []),
        ({"limit": "L"}, {}, []),
    ],
)
async def test_the_vendors_own_word_on_our_budget_is_noted(
    limits: dict[str, str], headers: dict[str, str], told: list[object]
) -> None:
    """Limit, remaining and reset come from whichever headers the file names."""
    scene = Scene(acme(limits=limits), answer(200, {}, headers))
    await scene.cloud.read("probe", scene.watch)
    assert scene.meter.budgets == told


async def test_a_complaint_says_when_to_ask_again() -> None:
    """The vendor's wish travels with the failure."""
    scene = Scene(acme(), answer(429, {}, {"Retry-After": "12"}))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.retry_after == 12.0


async def test_a_failure_is_told_on_one_line_of_readable_length() -> None:
    """What a vendor says at length is cut."""
    body = {"message": "a\nb\r\n" + "x" * 10_000}
    scene = Scene(acme(errors={"message": "message"}), answer(500, body))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.detail.startswith("HTTP 500: a b xxx")
    assert len(failed.value.detail) < 400


async def test_the_statuses_that_a_file_expects_are_the_only_success() -> None:
    """A 200 where the file wants 202 is no success."""
    read = {"probe": {"description": "pings", "get": "api:/ping", "expect": 202}}
    scene = Scene(acme(reads=read), answer(200, {}))
    with pytest.raises(VendorComplaint):
        await scene.cloud.read("probe", scene.watch)


async def test_an_operation_fails_where_the_wire_failed() -> None:
    """The phase of a failure is the wire's."""
    scene = Scene(acme(), ProbeFailed(Outcome.BROKEN, "reset"))
    with pytest.raises(ProbeFailed):
        await scene.cloud.read("probe", scene.watch)
    assert scene.watch.where is Phase.WAIT


async def test_a_header_cannot_be_broken_in_two() -> None:
    """No value adds a header of its own."""
    read = {"probe": {"description": "pings", "get": "api:/ping", "headers": {"X-Region": "${region}"}}}
    scene = Scene(acme(reads=read, region="a\r\nEvil: yes"), answer(200, {}))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.outcome, scene.wire.asked) == (Outcome.INVALID, [])


async def test_a_clock_excuses_only_what_it_can_have_caused() -> None:
    """A kind of authentication that does not look at our clock is denied whatever the time."""
    scene = Scene(acme(), answer(401, {}, {"Date": "Fri, 15 Jan 2020 07:00:00 GMT"}))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.DENIED


async def test_a_secret_goes_to_no_host_that_was_not_named() -> None:
    """Requests go to the endpoints of the file with the entry's region, or to those of the configuration."""
    scene = Scene(entry("aws", AWS_KEYS, {"api": "https://ec2.example/base/"}), answer(200, "<R/>"))
    await scene.cloud.read("probe", scene.watch)
    await scene.cloud.read("identity", scene.watch)
    assert [str(request.url) for request in scene.wire.asked] == [
        "https://ec2.example/base/",
        "https://sts.eu-central-1.amazonaws.com/",
    ]
    assert FILES["aws"].endpoints.keys() == {"api", "monitoring", "identity"}


@pytest.mark.parametrize("region", ["x.evil.example/", "evil.example#", "a@evil", "", "-a", "a b"])
async def test_a_region_cannot_lead_to_another_host(region: str) -> None:
    """A region is a part of a host's name and nothing more."""
    scene = Scene(entry("aws", AWS_KEYS, region=region), answer(200, "<R/>"))
    with pytest.raises(ProbeFailed, match="cannot be part of a host's name"):
        await scene.cloud.read("probe", scene.watch)
    assert scene.wire.asked == []
