"""What an HTTP answer is judged as."""

from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel, ValidationError
from typing_extensions import override

from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.secret import Secret, SecretUnavailable
from probe.model.stopwatch import Stopwatch
from probe.probes.fields import FOLDER
from probe.probes.http import HttpOptions, HttpPlace, HttpProbe
from probe.probes.kind import Surroundings
from probe.wire import Family, Prepared, Route, Wire
from tests.fakes.clock import FakeClock
from tests.fakes.probes import own

SHOP = HttpPlace(url="https://shop.example/health")


class Shop(httpx.AsyncBaseTransport):
    """Answers always the same, and remembers what it was asked."""

    def __init__(self, status: int = 200, body: bytes = b"", seconds: float = 0.1) -> None:
        self.status = status
        self.body = body
        self.seconds = seconds
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.requests.append(request)
        return httpx.Response(self.status, content=self.body)


async def probe(shop: Shop, **options: object) -> None:
    """Ask *shop* once."""
    clock = FakeClock()
    wire = Wire(clock, Meter(), kernel=False, transport=shop)
    watch = Stopwatch(clock)
    watch.add(Phase.WAIT, shop.seconds)
    built = HttpProbe.build(HttpOptions.model_validate(options), SHOP, Surroundings(clock, wire))
    await built.run(own("shop"), watch)


async def outcome(shop: Shop, **options: object) -> Outcome:
    """What asking *shop* once ends as."""
    try:
        await probe(shop, **options)
    except ProbeFailed as failed:
        return failed.outcome
    return Outcome.OK


@pytest.mark.parametrize(
    ("status", "wanted", "expected"),
    [
        (200, "200-299", Outcome.OK),
        (204, "200-299", Outcome.OK),
        (301, "200-299", Outcome.UNEXPECTED),
        (404, "200-299", Outcome.UNEXPECTED),
        (500, "200-299", Outcome.VENDOR_ERROR),
        (503, [200, 503], Outcome.OK),
        (502, [200, 503], Outcome.VENDOR_ERROR),
        (401, 401, Outcome.OK),
        (200, 401, Outcome.UNEXPECTED),
    ],
)
async def test_a_wanted_status_is_ok_and_others_are_told_apart(status: int, wanted: object, expected: Outcome) -> None:
    """5xx outside the wanted set is the vendor's error, anything else unexpected."""
    assert await outcome(Shop(status), status=wanted) is expected


@pytest.mark.parametrize(
    ("body", "options", "expected"),
    [
        (b"all is well", {"body_regex": "is w.ll"}, Outcome.OK),
        (b"all is lost", {"body_regex": "is w.ll"}, Outcome.UNEXPECTED),
        (b'{"status": "up"}', {"assertion": "status == 'up'"}, Outcome.OK),
        (b'{"status": "down"}', {"assertion": "status == 'up'"}, Outcome.UNEXPECTED),
        (b'{"nodes": [1]}', {"assertion": "length(nodes) > `0`"}, Outcome.OK),
        (b"{}", {"assertion": "length(nodes) > `0`"}, Outcome.UNEXPECTED),
        (b"<html>", {"assertion": "status == 'up'"}, Outcome.UNEXPECTED),
        (b'{"nodes": []}', {"assertion": "nodes"}, Outcome.UNEXPECTED),
        (b"", {"max_latency": "200ms"}, Outcome.OK),
        (b"", {"max_latency": "50ms"}, Outcome.UNEXPECTED),
    ],
)
async def test_an_assertion_that_fails_is_unexpected(
    body: bytes, options: dict[str, object], expected: Outcome
) -> None:
    """Body, JSON and latency are what the configuration says, or the run fails."""
    assert await outcome(Shop(body=body), **options) is expected


async def test_the_first_failure_decides() -> None:
    """A server error is not hidden behind the assertion that it broke."""
    assert await outcome(Shop(500, b"oops"), assertion="status == 'up'") is Outcome.VENDOR_ERROR


async def test_the_request_is_what_the_options_say() -> None:
    """Method, headers and body arrive, secrets revealed."""
    shop = Shop()
    secret = Secret(lambda: "Bearer hush", "env SHOP")
    await probe(shop, method="POST", headers={"Authorization": secret, "X-A": "1"}, body="ping")
    request = shop.requests[0]
    assert (request.method, str(request.url), request.content) == ("POST", SHOP.url, b"ping")
    assert (request.headers["authorization"], request.headers["x-a"]) == ("Bearer hush", "1")
    assert request.headers["user-agent"].startswith("stability-probe/")


async def test_a_secret_is_read_anew_for_each_run_and_what_has_none_is_made_once() -> None:
    """One that was rotated is picked up; no secret outlives the run that needed it."""
    clock, shop = FakeClock(), Shop()
    wire = Wire(clock, Meter(), kernel=False, transport=shop)
    words = iter(("first", "second"))
    options = HttpOptions(headers={"X-Key": Secret(lambda: next(words), "env KEY")})
    built = HttpProbe.build(options, SHOP, Surroundings(clock, wire))
    for _ in range(2):
        await built.run(own("shop"), Stopwatch(clock))
    assert [request.headers["x-key"] for request in shop.requests] == ["first", "second"]
    made: list[httpx.Request] = []

    class Counting(Wire):
        @override
        def prepared(self, request: httpx.Request, route: Route) -> Prepared:
            made.append(request)
            return super().prepared(request, route)

    bare = HttpProbe.build(
        HttpOptions(headers={"X-A": "1"}),
        SHOP,
        Surroundings(clock, Counting(clock, Meter(), kernel=False, transport=shop)),
    )
    for _ in range(3):
        await bare.run(own("shop"), Stopwatch(clock))
    assert len(made) == 1
    assert [request.headers["x-a"] for request in shop.requests[2:]] == ["1"] * 3


async def test_a_secret_that_cannot_be_read_is_not_sent_around() -> None:
    """The run ends before anything is asked; the runner tells it as denied."""

    def absent() -> str:
        raise SecretUnavailable("env SHOP is not set")

    shop = Shop()
    with pytest.raises(SecretUnavailable):
        await probe(shop, headers={"Authorization": Secret(absent, "env SHOP")})
    assert shop.requests == []


def test_the_route_is_what_the_options_say() -> None:
    """Family, HTTP/2 and proxy are asked of the wire."""
    options = HttpOptions.model_validate({"family": "ipv6", "http2": True, "proxy": "http://proxy.example:3128"})
    assert (options.route.family, options.route.http2, options.route.proxy) == (
        Family.IPV6,
        True,
        "http://proxy.example:3128",
    )


def test_a_target_is_called_after_its_host() -> None:
    """Unless the configuration names it."""
    assert SHOP.default_name == "shop.example"


@pytest.mark.parametrize(
    ("model", "data", "sentence"),
    [
        (HttpOptions, {"status": "2xx"}, "is no HTTP status"),
        (HttpOptions, {"status": "299-200"}, "no range of HTTP statuses"),
        (HttpOptions, {"status": 99}, "no HTTP status"),
        (HttpOptions, {"status": []}, "at least 1 item"),
        (HttpOptions, {"status": True}, "is no HTTP status"),
        (HttpOptions, {"body_regex": "("}, "is not a regular expression"),
        (HttpOptions, {"assertion": "a[["}, "is not a JMESPath expression"),
        (HttpOptions, {"max_latency": 5}, "needs a unit"),
        (HttpOptions, {"max_latency": "0s"}, "greater than 0"),
        (HttpOptions, {"max_latency": ["5s"]}, "a duration is written as"),
        (HttpOptions, {"headers": {"X-A": "a\r\nX-B: b"}}, "one line of ASCII"),
        (HttpOptions, {"headers": {"X A": "a"}}, "should match pattern"),
        (HttpOptions, {"method": "get"}, "should match pattern"),
        (HttpOptions, {"follow_redirects": True}, "Extra inputs"),
        (HttpPlace, {"url": "shop.example"}, "is no URL that can be probed"),
        (HttpPlace, {"url": "ftp://shop.example"}, "is no URL that can be probed"),
        (HttpPlace, {"url": "https://user:hush@shop.example"}, "holds no user or password"),
        (HttpPlace, {"url": "https://shop.example:port"}, "is no URL that can be probed"),
    ],
)
def test_what_cannot_be_probed_is_refused(model: type[BaseModel], data: dict[str, object], sentence: str) -> None:
    """With a sentence that says what is wrong, before anything runs."""
    with pytest.raises(ValidationError, match=sentence):
        model.model_validate(data)


def test_a_bundle_that_is_not_there_is_complained_about() -> None:
    """A certificate authority's file is looked for when the configuration is checked."""
    missing = HttpOptions.model_validate({"ca_bundle": "/nowhere/ca.pem"})
    ((path, problem, remedy),) = HttpProbe.complaints(missing, None)
    assert path == ("ca_bundle",)
    assert "/nowhere/ca.pem" in problem
    assert remedy
    assert not HttpProbe.complaints(HttpOptions.model_validate({}), None)


def test_a_bundle_is_looked_for_beside_the_configuration() -> None:
    """Where its reader says which folder that is; an absolute path is what it is."""
    for written, found in (("ca.pem", "/etc/probe/ca.pem"), ("/ssl/ca.pem", "/ssl/ca.pem")):
        options = HttpOptions.model_validate({"ca_bundle": written}, context={FOLDER: "/etc/probe"})
        assert options.ca_bundle == Path(found)
    assert HttpOptions.model_validate({"ca_bundle": "ca.pem"}).ca_bundle == Path("ca.pem")
