"""Steps, what they capture, and what is done in any case."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from probe.engine.runner import Runner
from probe.engine.stalls import Stalls
from probe.model.exchange import Transcript
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.secret import Secret, SecretUnavailable
from probe.probes.flow import FlowPlace, FlowProbe
from probe.probes.kind import Surroundings
from probe.probes.steps import FlowOptions
from probe.wire import RealClock, ServedConnection, Wire, listen, serve
from tests.fakes.probes import own

CLOCK = RealClock()
Answers = Callable[[httpx.Request], Awaitable[httpx.Response]]
LOGIN = {"name": "login", "url": "/login", "capture": {"token": "token"}}
ORDER = {"name": "order", "url": "/orders", "method": "POST", "json": {"count": 1}, "capture": {"order": "id"}}
CANCEL = {"name": "cancel", "url": "/orders/${order}", "method": "DELETE"}


class Shop:
    """A shop that says what a test wants, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            "/login": {"token": "t0k"},
            "/orders": {"id": "o-1"},
            "/orders/o-1": {"state": "done"},
        } | {f"/{name}": answer for name, answer in answers.items()}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(f"{request.method} {request.url.path}")
        self.requests.append(request)
        answer = self.answers.get(request.url.path, 404)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = 200
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, json=answer)


def job(answers: Answers, options: dict[str, Any], *, deadline: float = 2.0) -> Job:
    """A flow on a shop."""
    wire = Wire(CLOCK, Meter(), kernel=False, transport=httpx.MockTransport(answers))  # type: ignore[arg-type]  # it takes both
    place = FlowPlace(name=None, url="https://shop.example/base")
    probe = FlowProbe.build(FlowOptions.model_validate(options), place, Surroundings(CLOCK, wire))
    return Job(probe=probe, target=own("shop"), every=60.0, deadline=deadline, steps=probe.steps)


async def run(answers: Answers, *, deadline: Any = 2.0, **options: Any) -> Measurement:
    """What one run is told as."""
    measured = await Runner(CLOCK, []).run(job(answers, options, deadline=deadline), 0.0)
    assert isinstance(measured, Measurement)
    return measured


async def test_steps_use_what_earlier_ones_said() -> None:
    """In the URL, in a header, in the body, and as they were: a number stays one."""
    shop = Shop(login=httpx.Response(200, json={"token": "t0k", "n": 7}, headers={"X-Trace": "abc"}))
    login = {**LOGIN, "capture": {"token": "token", "n": "n", "trace": {"header": "X-Trace"}}}
    order = {
        **ORDER,
        "headers": {"Authorization": "Bearer ${token}", "X-Trace": "${trace}"},
        "json": {"count": "${n}", "note": "for ${trace}"},
    }
    measured = await run(shop, steps=[login, order, {"name": "look", "url": "/orders/${order}?q=${trace}"}])
    assert measured.ok, measured.detail
    assert shop.asked == ["GET /login", "POST /orders", "GET /orders/o-1"]
    assert json.loads(shop.requests[1].content) == {"count": 7, "note": "for abc"}
    assert shop.requests[1].headers["Authorization"] == "Bearer t0k"
    assert shop.requests[1].headers["Content-Type"] == "application/json"
    assert set(measured.steps) == {"login", "order", "look"}
    assert measured.failed_steps == {}


@pytest.mark.parametrize(
    ("changes", "answer", "outcome"),
    [
        ({}, 503, Outcome.VENDOR_ERROR),
        ({}, 404, Outcome.UNEXPECTED),
        ({"status": 404, "capture": {}}, 404, Outcome.OK),
        ({"assertion": "count > `1`"}, {"id": "o-1", "count": 1}, Outcome.UNEXPECTED),
        ({"body_regex": "nothing of the kind"}, {"id": "o-1"}, Outcome.UNEXPECTED),
        ({}, {"no": "id"}, Outcome.UNEXPECTED),
        ({"capture": {"a": {"header": "X-None"}}}, {}, Outcome.UNEXPECTED),
    ],
)
async def test_the_first_step_that_fails_decides(changes: dict[str, Any], answer: Any, outcome: Outcome) -> None:
    """Those after it are not done, those before it have their durations."""
    shop = Shop(orders=answer)
    measured = await run(shop, steps=[LOGIN, {**ORDER, **changes}, {"name": "never", "url": "/login"}])
    assert measured.outcome is outcome, measured.detail
    if outcome is not Outcome.OK:
        assert measured.detail.startswith("step order: ")
        assert set(measured.steps) == {"login"}
        assert measured.failed_steps == {"order": outcome}
        assert len(shop.asked) == 2


async def test_polling_asks_until_it_is_true() -> None:
    """And then goes on with what the last answer said."""
    shop = Shop(**{"orders/o-1": [{"state": "new"}, {"state": "new"}, {"state": "done", "url": "/bill"}], "bill": {}})
    wait = {
        "name": "wait",
        "url": "/orders/${order}",
        "until": {"assertion": "state == 'done'", "every": "100ms", "at_most": "1s"},
        "capture": {"bill": "url"},
    }
    measured = await run(shop, steps=[ORDER, wait, {"name": "bill", "url": "${bill}"}])
    assert measured.ok, measured.detail
    assert shop.asked == ["POST /orders", *["GET /orders/o-1"] * 3, "GET /bill"]
    assert 0.2 <= measured.steps["wait"] < 0.6


async def test_polling_ends() -> None:
    """What does not come true in time is unexpected; a poll that fails decides at once."""
    wait = {
        "name": "wait",
        "url": "/orders/o-1",
        "until": {"assertion": "state == 'gone'", "every": "100ms", "at_most": "250ms"},
    }
    shop = Shop()
    measured = await run(shop, steps=[wait])
    assert (measured.outcome, len(shop.asked)) == (Outcome.UNEXPECTED, 3)
    assert "not within 0.25 s" in measured.detail
    assert (await run(Shop(**{"orders/o-1": [{"state": "new"}, 500]}), steps=[wait])).outcome is Outcome.VENDOR_ERROR


async def test_finally_is_done_after_a_good_run() -> None:
    """It is part of the run: measured, and its failure is the run's."""
    shop = Shop()
    measured = await run(shop, steps=[ORDER], **{"finally": [CANCEL]})
    assert measured.ok
    assert set(measured.steps) == {"order", "cancel"}
    shop = Shop(**{"orders/o-1": 500})
    measured = await run(shop, steps=[ORDER], **{"finally": [CANCEL, {"name": "logout", "url": "/login"}]})
    assert (measured.outcome, measured.failed_steps) == (Outcome.VENDOR_ERROR, {"cancel": Outcome.VENDOR_ERROR})
    assert shop.asked == ["POST /orders", "DELETE /orders/o-1", "GET /login"]


async def test_finally_is_done_after_a_failure_and_does_not_decide() -> None:
    """The first failure does; what finally failed at is counted all the same."""
    shop = Shop(login=503, **{"orders/o-1": 500})
    measured = await run(shop, steps=[ORDER, LOGIN], **{"finally": [CANCEL]})
    assert measured.outcome is Outcome.VENDOR_ERROR
    assert measured.detail.startswith("step login: answered 503")
    assert shop.asked == ["POST /orders", "GET /login", "DELETE /orders/o-1"]
    assert measured.failed_steps == {"login": Outcome.VENDOR_ERROR, "cancel": Outcome.VENDOR_ERROR}
    assert set(measured.steps) == {"order"}


async def test_finally_passes_over_what_was_never_made() -> None:
    """Without its variable there is nothing to give back."""
    shop = Shop(orders=503)
    await run(shop, steps=[ORDER], **{"finally": [CANCEL, {"name": "logout", "url": "/login"}]})
    assert shop.asked == ["POST /orders", "GET /login"]


async def test_finally_is_done_at_the_deadline() -> None:
    """The run is a timeout at the step that was on, and what was made is given back."""
    shop = Shop(login=5.0, **{"orders/o-1": [0.2, 200]})
    measured = await run(shop, deadline=0.3, steps=[ORDER, LOGIN], **{"finally": [CANCEL], "finally_deadline": "1s"})
    assert measured.outcome is Outcome.TIMEOUT
    assert measured.detail.startswith("not done after 0.3")
    assert measured.failed_steps == {"login": Outcome.TIMEOUT}
    assert shop.asked == ["POST /orders", "GET /login", "DELETE /orders/o-1"]


async def test_finally_has_a_budget_of_its_own() -> None:
    """At its end it is given up; after a good run that is the run's timeout, after a failure nothing changes."""
    options = {"finally": [CANCEL], "finally_deadline": "200ms"}
    measured = await run(Shop(**{"orders/o-1": 5.0}), deadline=0.15, steps=[ORDER], **options)
    assert (measured.outcome, measured.detail) == (Outcome.TIMEOUT, "finally was not done after 0.2 s")
    assert measured.failed_steps == {"cancel": Outcome.TIMEOUT}
    began = time.perf_counter()
    measured = await run(Shop(login=503, **{"orders/o-1": 5.0}), deadline=0.15, steps=[ORDER, LOGIN], **options)
    assert (measured.outcome, measured.detail) == (Outcome.VENDOR_ERROR, "step login: answered 503, not 200-299")
    assert time.perf_counter() - began < 1.0


async def test_finally_is_done_when_the_agent_stops() -> None:
    """Whoever cuts the run, and however often: it ends when what was made is given back, and leaves no measurement."""
    shop = Shop(login=5.0, **{"orders/o-1": [0.2, 200]})
    flow = job(shop, {"steps": [ORDER, LOGIN], "finally": [CANCEL]})
    task = asyncio.create_task(Runner(CLOCK, []).run(flow, 0.0))
    await asyncio.sleep(0.1)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.05)
    assert not task.done()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shop.asked[-1] == "DELETE /orders/o-1"


@pytest.mark.parametrize("url", ["https://evil.example/x", "//evil.example/x", "https://shop.example:8443/x"])
async def test_what_was_captured_leads_to_no_other_host(url: str) -> None:
    """Nobody gets our credentials by saying that we should ask somewhere else."""
    shop = Shop(login={"next": url})
    login = {**LOGIN, "capture": {"next": "next"}}
    after = {"name": "after", "url": "${next}", "headers": {"Authorization": "secret"}}
    measured = await run(shop, steps=[login, after])
    assert (measured.outcome, shop.asked) == (Outcome.UNEXPECTED, ["GET /login"])
    assert "to another host than the step names" in measured.detail


async def test_what_was_captured_is_quoted_in_a_url_and_refused_in_a_header() -> None:
    """An answer changes neither the path nor the request."""
    shop = Shop(login={"token": "../a?b=c&d#e\r\nX: y"})
    await run(shop, steps=[LOGIN, {"name": "after", "url": "/x/${token}?q=${token}"}])
    assert shop.requests[1].url.raw_path.startswith(b"/x/..%2Fa%3Fb%3Dc%26d%23e%0D%0AX%3A%20y?q=..%2Fa")
    measured = await run(shop, steps=[LOGIN, {"name": "after", "url": "/x", "headers": {"A": "${token}"}}])
    assert (measured.outcome, measured.detail) == (
        Outcome.UNEXPECTED,
        "step after: what was captured cannot be sent in the header A",
    )


CAPTURED = '{"token": %s}'
HOSTILE = [
    '"https://shop.example:99999/"',
    '"http://[::1"',
    '"/a\\u0000b"',
    '"\\ud800"',
    json.dumps("/" + "x" * 100_000),
    "[" * 900 + "]" * 900,
    "[" * 100_000,
    "9" * 10_000,
]


@pytest.mark.parametrize("captured", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "use", [{"url": "${token}"}, {"url": "/orders/${token}"}, {"json": {"a": "${token}"}, "url": "/orders"}]
)
async def test_what_was_captured_may_be_anything(captured: str, use: dict[str, Any]) -> None:
    """Whoever answers nonsense is to blame for it, and no bug of ours comes of it; what nobody uses hurts nobody."""
    answer = (CAPTURED % captured).encode()
    shop = Shop(login=httpx.Response(200, content=answer))
    measured = await run(shop, steps=[LOGIN, {"name": "use", **use}])
    assert measured.outcome in {Outcome.OK, Outcome.UNEXPECTED}, measured.detail
    shop = Shop(login=httpx.Response(200, content=answer))
    unused = await run(shop, steps=[LOGIN, {"name": "other", "url": "/orders"}])
    assert unused.ok or unused.failed_steps == {"login": Outcome.UNEXPECTED}, unused.detail


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a": ' * 900 + "1" + "}" * 900], ids=["open", "closed"])
async def test_a_body_may_be_nested_as_deeply_as_it_likes(body: str) -> None:
    """Its assertion is not true, then."""
    shop = Shop(login=httpx.Response(200, content=body.encode()))
    measured = await run(shop, steps=[{"name": "look", "url": "/login", "assertion": "a.b == `1`"}])
    assert measured.outcome is Outcome.UNEXPECTED


@pytest.mark.parametrize(
    ("answers", "step"),
    [
        ({"orders": {"why": "bad k3y-of-somebody"}}, {"url": "/orders", "assertion": "ok"}),
        ({"orders": httpx.Response(200, text="bad k3y-of-somebody")}, {"url": "/orders", "body_regex": "^good"}),
        ({}, {"url": "/login", "assertion": "ok"}),
        ({}, {"url": "/login", "capture": {"other": "other"}}),
        ({"login": {"token": "https://evil.example/?k3y-of-somebody"}}, {"url": "${token}"}),
    ],
)
async def test_what_was_captured_is_not_told(answers: dict[str, Any], step: dict[str, Any]) -> None:
    """It may be the key to an account; nor is what an answer calls a token, captured or not."""
    shop = Shop(**{"login": {"token": "k3y-of-somebody"}, **answers})
    measured = await run(shop, steps=[LOGIN, {"name": "use", **step}])
    assert measured.outcome is Outcome.UNEXPECTED
    assert "k3y-of-somebody" not in measured.detail


async def test_who_looks_at_a_run_sees_no_key_that_was_captured() -> None:
    """Wherever it is sent; what is none is seen."""
    transcript = Transcript(str)
    login = {**LOGIN, "capture": {"mine": "token", "number": "number"}}
    look = {"name": "look", "url": "/orders?n=${number}", "headers": {"X-Mine": "${mine}", "X-Number": "${number}"}}
    shop = Shop(login={"token": "k3y-of-somebody", "number": "order-4711"})
    await Runner(CLOCK, []).run(job(shop, {"steps": [login, look]}), 0.0, transcript=transcript)
    written = repr(transcript.exchanges)
    assert len(transcript.exchanges) == 2
    assert "k3y-of-somebody" not in written
    assert written.count("order-4711") >= 3


async def test_finally_goes_on_after_a_secret_that_cannot_be_read() -> None:
    """One step that cannot be done keeps none of the others from being done."""

    def gone() -> str:
        raise SecretUnavailable("the file is gone")

    lost = {"name": "lost", "url": "/login", "headers": {"X-Key": Secret(gone, "file key")}}
    shop = Shop()
    measured = await run(shop, steps=[ORDER], **{"finally": [lost, CANCEL]})
    assert shop.asked == ["POST /orders", "DELETE /orders/o-1"]
    assert measured.outcome is Outcome.DENIED
    assert measured.failed_steps["lost"] is Outcome.DENIED


async def test_a_poll_that_was_in_vain_while_we_were_held_up_is_ours() -> None:
    """Where only our own clock says that its time was up."""

    class Held(Shop):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            time.sleep(0.4)  # noqa: ASYNC251 - that is the hold-up
            return await super().__call__(request)

    until = {"assertion": "state == 'gone'", "every": "100ms", "at_most": "250ms"}
    flow = job(Held(), {"steps": [{"name": "wait", "url": "/orders/o-1", "until": until}]})
    stalls = Stalls(CLOCK)
    stalls.expect(0.05)
    measured = await Runner(CLOCK, [], stalls=stalls).run(flow, 0.0)
    assert isinstance(measured, Measurement)
    assert measured.outcome is Outcome.OVERLOADED


async def test_a_step_may_name_another_host() -> None:
    """The configuration says so, not an answer."""
    shop = Shop()
    await run(shop, steps=[LOGIN, {"name": "pay", "url": "https://pay.example/login?t=${token}"}])
    assert shop.requests[1].url.host == "pay.example"


async def test_secrets_are_read_where_they_are_used() -> None:
    """As variables, in headers, in bodies; a secret that is text within text, too."""
    shop = Shop()
    step = {**ORDER, "headers": {"Authorization": "Key ${key}", "X-Key": Secret(lambda: "two", "env TWO")}}
    step["json"] = {"key": "${key}", "deep": [{"key": Secret(lambda: "three", "env THREE")}]}
    measured = await run(shop, variables={"key": Secret(lambda: "one", "env ONE")}, steps=[step])
    assert measured.ok, measured.detail
    assert (shop.requests[0].headers["Authorization"], shop.requests[0].headers["X-Key"]) == ("Key one", "two")
    assert json.loads(shop.requests[0].content) == {"key": "one", "deep": [{"key": "three"}]}


async def test_a_steps_duration_is_its_exchange() -> None:
    """As the wire times it; the phases are those of all exchanges together."""

    async def slow(connection: ServedConnection) -> None:
        await connection.read()
        await asyncio.sleep(0.1)
        await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        connection.close()

    sock = listen("127.0.0.1", 0)
    serving = await serve(sock, slow)
    wire = Wire(CLOCK, Meter())
    options = FlowOptions.model_validate({"steps": [{"name": "a", "url": "/"}, {"name": "b", "url": "/"}]})
    place = FlowPlace(name=None, url=f"http://127.0.0.1:{sock.getsockname()[1]}/")
    probe = FlowProbe.build(options, place, Surroundings(CLOCK, wire))
    measured = await Runner(CLOCK, []).run(Job(probe=probe, target=own("a"), every=9.0, deadline=2.0), 0.0)
    assert isinstance(measured, Measurement)
    assert measured.ok, measured.detail
    assert set(measured.phases) == {Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.TRANSFER}
    assert all(0.1 <= seconds < 0.19 for seconds in measured.steps.values())
    assert sum(measured.phases.values()) == pytest.approx(sum(measured.steps.values()), abs=1e-6)
    await wire.close()
    await serving.stop()


@pytest.mark.parametrize(
    "step",
    [
        {"name": "Not A Label", "url": "/"},
        {"name": "a", "url": "orders"},
        {"name": "a", "url": "https://${host}/"},
        {"name": "a", "url": "https://a.example:${port}/"},
        {"name": "a", "url": "https://user:word@a.example/"},
        {"name": "a", "url": "/${"},
        {"name": "a", "url": "/", "capture": {"not a name": "x"}},
        {"name": "a", "url": "/", "capture": {"a": "x["}},
        {"name": "a", "url": "/", "until": {"assertion": "a"}},
        {"name": "a", "url": "/", "json": {"a": "${b c}"}},
    ],
)
def test_a_wrong_step_is_refused(step: dict[str, Any]) -> None:
    """Before anything runs."""
    with pytest.raises(ValidationError):
        FlowOptions.model_validate({"steps": [step]})
