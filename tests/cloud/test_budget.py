"""One request budget for all that goes to an account: who may go, who is next, and whose latency it is not."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.agent.assembly import Assembly
from probe.cloud import Allowance, Budget, Budgets, Cloud, VendorComplaint, VendorEntry
from probe.cloud.file.vendor import VendorFile
from probe.cloud.line import is_urgent
from probe.engine.runner import Runner, Skipped
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Layer, Target
from probe.notation.rates import Rate, parse_rate
from probe.probes.api import ApiOptions, ApiProbe
from probe.probes.kind import Surroundings
from probe.settings import load
from probe.wire import RealClock, Wire
from tests.cloud.entries import ACME, FILES, Scene, openstack, secrets, token_answer
from tests.fakes.clock import FakeClock
from tests.fakes.vendor import ApiMeter, ScriptedWire, answer

OK = answer(200, {})
BUSY = {"rules": [{"status": 429, "is": "throttled"}, {"status": 401, "is": "denied"}]}
HEADERS = {"limit": "RateLimit-Limit", "remaining": "RateLimit-Remaining", "reset": "RateLimit-Reset"}
DATE = {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}
"""What the fake clock says at its start."""
START = 1_800_000_000


def acme(limits: dict[str, object] | None = None, allowance: Allowance | None = None, **more: Any) -> VendorEntry:
    """A vendor that takes a bearer token, with limits of its file and of the entry."""
    written = ACME | {"errors": BUSY, "limits": HEADERS | (limits or {})}
    given: dict[str, Any] = {"name": "acme", "region": "north", "credentials": secrets(token="b-1")} | more
    return VendorEntry(file=VendorFile.model_validate(written), limits=allowance or Allowance(), **given)


async def go(budget: Budget, clock: FakeClock | RealClock, *, urgent: bool = False, seconds: float = 0.0) -> float:
    """Take a turn for *seconds*; when it came."""
    await budget.enter(Stopwatch(clock), urgent=urgent)
    try:
        came = clock.now()
        if seconds:
            await asyncio.sleep(seconds)
        return came
    finally:
        budget.leave(urgent=urgent)


# --- how many --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), period=st.sampled_from([1.0, 10.0, 60.0]), burst=st.integers(1, 50), data=st.data())
def test_no_period_has_more_requests_than_the_rate(count: int, period: float, burst: int, data: st.DataObject) -> None:
    """Wherever it begins, however they come: a burst is part of the rate, not on top."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(Rate(count, period), burst))
    pauses = data.draw(st.lists(st.sampled_from([0.0, 0.0, 0.01, 1.0, 30.0]), min_size=60, max_size=60))

    async def all_of_them() -> list[float]:
        left = []
        for pause in pauses:
            clock.pass_time(pause)
            left.append(await go(budget, clock))
        return left

    left = asyncio.run(all_of_them())
    assert all(sum(start <= other < start + period - 1e-3 for other in left) <= count for start in left)


async def test_a_rate_is_used_to_the_full() -> None:
    """A limit that wastes half of what is allowed would starve the probes."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(parse_rate("20/s")))
    began = clock.now()
    for _ in range(100):
        await go(budget, clock)
    assert 100 / 20 * 0.9 <= clock.now() - began <= 100 / 20 * 1.1


async def test_only_so_many_are_on_their_way_at_the_same_time() -> None:
    """Whoever asks; a place becomes free when its request was answered, or cut."""
    clock = RealClock()
    budget = Budget(clock, Allowance(at_once=2))
    on, most = 0, 0

    async def one(number: int) -> None:
        nonlocal on, most
        await budget.enter(Stopwatch(clock))
        on += 1
        most = max(most, on)
        try:
            await asyncio.sleep(0.01)
            if number % 3 == 0:
                raise TimeoutError
        finally:
            on -= 1
            budget.leave()

    await asyncio.gather(*(one(number) for number in range(12)), return_exceptions=True)
    assert most == 2
    assert await asyncio.wait_for(go(budget, clock), 1.0)


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    """A deadline takes a waiter out of the line; who is behind it goes on."""
    clock = RealClock()
    budget = Budget(clock, Allowance(at_once=1))
    holder = asyncio.create_task(go(budget, clock, seconds=0.15))
    await asyncio.sleep(0)
    impatient = asyncio.create_task(go(budget, clock))
    patient = asyncio.create_task(go(budget, clock))
    await asyncio.sleep(0.02)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert await asyncio.wait_for(patient, 1.0) > await holder


@pytest.mark.parametrize("number", range(12))
async def test_whatever_is_cancelled_or_fails_no_place_is_lost(number: int) -> None:
    """Waiting, on its way, or both at once; also while the limits change and the vendor pauses us."""
    clock, seed = RealClock(), Random(number)
    budget = Budget(clock, Allowance(Rate(2000, 1.0), 20, 2))

    async def one() -> None:
        await budget.opened(Stopwatch(clock))
        await go(budget, clock, urgent=seed.random() < 0.3, seconds=seed.random() * 0.002)
        if seed.random() < 0.2:
            raise ProbeFailed(Outcome.BROKEN, "cut")

    tasks = [asyncio.create_task(one()) for _ in range(60)]
    for task in seed.sample(tasks, 40):
        await asyncio.sleep(seed.choice((0.0, 0.0, 0.0005)))
        task.cancel()
        if seed.random() < 0.2:
            budget.pause(0.001)
            budget.allow(Allowance(Rate(2000, 1.0), 20, seed.choice((1, 2, 3))))
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5.0)
    budget.allow(Allowance(at_once=1))
    await asyncio.wait_for(go(budget, clock), 1.0)  # one left on its way, or in the line, would keep it out for ever


async def test_a_flood_of_deletes_does_not_starve_what_looks_once_it_is_over() -> None:
    """Nor does the order among those who wait get lost by it."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(Rate(1, 1.0), 1))
    came = [asyncio.create_task(go(budget, clock, urgent=number % 4 != 0)) for number in range(12)]
    times = await asyncio.gather(*came)
    looks, gives_back = times[::4], [time for number, time in enumerate(times) if number % 4]
    assert max(gives_back[1:]) < min(looks[1:])
    assert looks == sorted(looks)


async def test_a_clock_that_leaps_lets_no_more_through_than_a_burst() -> None:
    """A machine that slept a week has not saved up a week of requests."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(Rate(60, 60.0), 5))
    await asyncio.gather(*(go(budget, clock) for _ in range(5)))
    clock.pass_time(7 * 86_400.0)
    began = clock.now()
    times = await asyncio.gather(*(go(budget, clock) for _ in range(8)))
    assert [time for time in times if time == began] == [began] * 5


# --- who is next -----------------------------------------------------------------------------------------------------


async def test_first_come_is_first_served() -> None:
    """Within what only looks, and within what gives back."""
    clock = RealClock()
    budget = Budget(clock, Allowance(Rate(100, 1.0), 1))
    order: list[tuple[bool, int]] = []

    async def one(number: int, *, urgent: bool) -> None:
        await budget.enter(Stopwatch(clock), urgent=urgent)
        order.append((urgent, number))
        budget.leave(urgent=urgent)

    budget.pause(0.3)  # until all of them stand in the line
    reads = [asyncio.create_task(one(number, urgent=False)) for number in range(5)]
    await asyncio.sleep(0)
    deletes = [asyncio.create_task(one(number, urgent=True)) for number in range(3)]
    await asyncio.gather(*reads, *deletes)
    assert order == [*((True, number) for number in range(3)), *((False, number) for number in range(5))]


async def test_a_delete_waits_for_no_hanging_read() -> None:
    """One at a time goes beside those that hold all places: giving back never starves."""
    clock = RealClock()
    budget = Budget(clock, Allowance(at_once=1))
    hanging = asyncio.create_task(go(budget, clock, seconds=60.0))
    await asyncio.sleep(0)
    await asyncio.wait_for(go(budget, clock, urgent=True), 1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(go(budget, clock), 0.02)
    hanging.cancel()
    await asyncio.wait([hanging])


def test_deletes_sweeps_and_authentication_go_first() -> None:
    """A sweep is what no run waits for."""
    run, sweep = Stopwatch(FakeClock(), run_id="r"), Stopwatch(FakeClock())
    told = [is_urgent(name, run.aside()) for name in ("delete", "delete_volumes", "auth", "get", "list", "create")]
    assert told == [True, True, True, False, False, False]
    assert is_urgent("list", sweep.aside())


# --- what the vendor says --------------------------------------------------------------------------------------------


async def test_a_retry_after_pauses_the_account() -> None:
    """For everything that goes there; what comes after it is no latency."""
    busy = answer(429, {}, {"Retry-After": "30"})
    scene = Scene(acme(), busy, OK)
    with pytest.raises(VendorComplaint) as refused:
        await scene.cloud.read("probe", scene.watch)
    assert refused.value.outcome is Outcome.THROTTLED
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(30.0)
    assert run.elapsed() == pytest.approx(0.1)
    assert run.phases == {Phase.WAIT: 0.1}
    assert scene.meter.waits == [pytest.approx(30.0)]
    assert scene.meter.requests[-1][2] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("headers", "limits", "waits"),
    [
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 40)}, {}, 40.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "40"}, {"reset_is": "seconds"}, 40.0),
        ({"RateLimit-Remaining": "1", "RateLimit-Reset": str(START + 40)}, {}, 0.0),
        ({"RateLimit-Remaining": "0"}, {}, 0.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START - 5)}, {}, 0.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 10**9)}, {}, 3600.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "nan"}, {}, 0.0),
        (
            {"RateLimit-Remaining": "0", "RateLimit-Limit": "3600", "RateLimit-Reset": str(START + 3600)},
            {"refill": "steady"},
            1.0,
        ),
        ({"RateLimit-Limit": "10", "X-Used": "10", "RateLimit-Reset": str(START + 40)}, {"used": "X-Used"}, 40.0),
    ],
)
async def test_when_nothing_remains_runs_wait_for_the_reset(
    headers: dict[str, str], limits: dict[str, object], waits: float
) -> None:
    """As far as the vendor says when that is; a word beyond an hour is a mistake."""
    scene = Scene(acme(limits), answer(200, {}, headers | DATE), OK)
    await scene.cloud.read("probe", scene.watch)
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(waits, abs=0.15)


async def test_a_clock_that_is_wrong_makes_nobody_wait() -> None:
    """The reset is by the vendor's clock, and so is what is left until then."""
    scene = Scene(acme(), answer(200, {}, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 40)} | DATE), OK)
    scene.clock._wall -= 86_400.0
    await scene.cloud.read("probe", scene.watch)
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(40.0)


@pytest.mark.parametrize(("left", "waits"), [("0", 40.0), ("5", 0.0)])
@pytest.mark.parametrize("wrong_by", [-86_400.0, 0.0, 86_400.0])
async def test_a_span_of_time_needs_no_clock(left: str, waits: float, wrong_by: float) -> None:
    """Nobody waits while something is left, whatever the clocks say."""
    told = answer(200, {}, {"RateLimit-Remaining": left, "RateLimit-Reset": "40"} | DATE)
    scene = Scene(acme({"reset_is": "seconds"}), told, OK)
    scene.clock._wall += wrong_by
    await scene.cloud.read("probe", scene.watch)
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(waits)


async def test_what_gives_back_does_not_wait_for_a_reset() -> None:
    """The vendor may count it elsewhere; if it does not, it refuses, and that is obeyed."""
    clock = FakeClock()
    budget = Budget(clock, Allowance())
    budget.used_up(60.0)
    began = clock.now()
    await go(budget, clock, urgent=True)
    assert clock.now() == began
    budget.pause(7.0)
    await go(budget, clock, urgent=True)
    assert clock.now() == began + 7.0
    await go(budget, clock)
    assert clock.now() == began + 60.0


async def test_a_new_word_of_the_vendor_is_the_one_that_counts() -> None:
    """Somebody else's requests ended, or a new window began."""
    clock = FakeClock()
    budget = Budget(clock, Allowance())
    budget.used_up(60.0)
    budget.used_up(0.0)
    assert budget.wait() == 0.0


# --- deadlines -------------------------------------------------------------------------------------------------------


def job(cloud: Cloud, clock: Any, deadline: float) -> Job:
    """An api probe of *cloud*."""
    probe = ApiProbe.build(ApiOptions(operation="probe"), None, Surroundings(clock, Wire(clock, ApiMeter()), cloud))
    target = Target(vendor="acme", region="north", probe="api", layer=Layer.PLATFORM)
    return Job(probe=probe, target=target, every=60.0, deadline=deadline)


async def test_a_deadline_in_the_wait_is_throttled_and_the_customers() -> None:
    """It was not known before that it would come to that: others held all places."""
    clock = RealClock()
    cloud = Cloud(acme(allowance=Allowance(at_once=1)), ScriptedWire(clock, [OK]), clock, ApiMeter())
    await cloud.budget.enter(Stopwatch(clock, run_id="other"))
    run = await Runner(clock, ()).run(job(cloud, clock, 0.1), clock.wall())
    assert isinstance(run, Measurement)
    assert (run.outcome, run.outcome.blame) == (Outcome.THROTTLED, Blame.CUSTOMER)
    assert "our own request budget" in run.detail
    assert run.seconds < 0.05
    assert run.phases == {}


async def test_a_vendor_that_had_only_the_rest_of_a_deadline_is_not_blamed() -> None:
    """Nor is it excused for a hair's breadth."""
    clock = RealClock()

    class Hanging(ScriptedWire):
        async def send(self, request: Any, watch: Any, route: Any, *, limit: int = 0) -> httpx.Response:
            del request, watch, route, limit
            await asyncio.sleep(60)
            return OK

    outcomes = []
    for held in (0.1, 0.0):
        cloud = Cloud(acme(), Hanging(clock, [OK]), clock, ApiMeter())
        cloud.budget.pause(held)
        run = await Runner(clock, ()).run(job(cloud, clock, 0.2), clock.wall())
        assert isinstance(run, Measurement)
        outcomes.append(run.outcome)
    assert outcomes == [Outcome.THROTTLED, Outcome.TIMEOUT]


@pytest.mark.parametrize("why", ["refused", "empty", "rate"])
async def test_a_run_that_cannot_come_to_its_turn_is_skipped(why: str) -> None:
    """Known before anything was asked; nothing was measured."""
    clock = FakeClock()
    allowance = Allowance(Rate(1, 3600.0)) if why == "rate" else Allowance()
    scene = ScriptedWire(clock, [OK])
    cloud = Cloud(acme(allowance=allowance), scene, clock, ApiMeter())
    if why == "rate":
        await cloud.read("probe", Stopwatch(clock, run_id="1"))
    elif why == "empty":
        cloud.budget.used_up(60.0)
    else:
        cloud.budget.pause(60.0)
    asked = len(scene.asked)
    run = await Runner(clock, ()).run(job(cloud, clock, 10.0), clock.wall())
    assert isinstance(run, Skipped)
    assert (run.reason, len(scene.asked)) == (Skip.BUDGET, asked)
    assert "is used up" in run.detail


async def test_a_run_that_can_wait_waits() -> None:
    """A pause that ends before the deadline costs the run nothing."""
    clock = FakeClock()
    cloud = Cloud(acme(), ScriptedWire(clock, [OK]), clock, ApiMeter())
    cloud.budget.pause(5.0)
    run = await Runner(clock, ()).run(job(cloud, clock, 10.0), clock.wall())
    assert isinstance(run, Measurement)
    assert run.outcome is Outcome.OK
    assert run.seconds == pytest.approx(0.1)


async def test_what_has_begun_is_not_skipped() -> None:
    """A run that has asked something is a run."""
    clock = FakeClock()
    cloud = Cloud(acme(), ScriptedWire(clock, [OK]), clock, ApiMeter())
    watch = Stopwatch(clock, run_id="r", deadline=10.0)
    await cloud.read("probe", watch)
    cloud.budget.pause(60.0)
    await cloud.authenticate(watch)
    cloud.budget.pause(60.0)
    with pytest.raises(RunSkipped):
        await cloud.authenticate(Stopwatch(clock, run_id="r", deadline=10.0))


# --- phases ----------------------------------------------------------------------------------------------------------


async def test_no_phase_has_the_wait_in_it() -> None:
    """Neither auth, whose own call waits, nor what comes after it."""
    scene = Scene(openstack(), token_answer(), OK)
    scene.cloud.budget.allow(Allowance(Rate(1, 20.0)))
    await scene.cloud.budget.enter(Stopwatch(scene.clock))
    scene.cloud.budget.leave()
    await scene.cloud.authenticate(scene.watch)
    await scene.cloud.read("probe", scene.watch)
    assert scene.watch.phases[Phase.AUTH] == pytest.approx(0.1)
    assert scene.watch.phases[Phase.WAIT] == pytest.approx(0.1)
    assert scene.watch.waited == pytest.approx(39.9)
    assert scene.watch.elapsed() == pytest.approx(0.2)
    assert scene.watch.standing is None


async def test_the_phase_of_the_loop_leaves_the_wait_out() -> None:
    """As `query` does, around a call that waits."""
    clock = FakeClock()
    budget = Budget(clock, Allowance())
    watch = Stopwatch(clock, run_id="r")
    budget.pause(9.0)
    with watch.phase(Phase.QUERY):
        clock.pass_time(1.0)
        await budget.enter(watch.aside())
        clock.pass_time(2.0)
    assert watch.phases == {Phase.QUERY: pytest.approx(3.0)}
    assert watch.released == pytest.approx(clock.now() - 2.0)


async def test_every_attempt_counts() -> None:
    """The one that was refused, the renewal, the one that repeats it: retries never hide."""
    refused = answer(401, {"error": {"title": "Unauthorized"}})
    scene = Scene(openstack(), token_answer("old"), refused, token_answer("new"), OK)
    await scene.cloud.read("probe", scene.watch)
    assert scene.codes == [("auth", "2xx"), ("probe", "4xx"), ("auth", "2xx"), ("probe", "2xx")]
    persistent = Scene(openstack(), token_answer("old"), refused, token_answer("new"), refused)
    with pytest.raises(ProbeFailed):
        await persistent.cloud.read("probe", persistent.watch)
    assert [code for operation, code in persistent.codes if operation == "probe"] == ["4xx", "4xx"]


async def test_a_place_is_held_for_the_call_and_not_for_its_token() -> None:
    """One place is enough for a call whose token has to be fetched first, and renewed in the middle."""
    refused = answer(401, {"error": {"title": "Unauthorized"}})
    scene = Scene(openstack(), token_answer("old"), refused, token_answer("new"), OK)
    scene.cloud.budget.allow(Allowance(at_once=1))
    await asyncio.wait_for(scene.cloud.read("probe", scene.watch), 5.0)
    assert len(scene.wire.asked) == 4


# --- accounts --------------------------------------------------------------------------------------------------------


def test_entries_with_the_same_credentials_share_a_budget() -> None:
    """Whatever they are called, wherever they are, and wherever the secret is read from."""
    budgets = Budgets(FakeClock())
    first = budgets.of(acme())
    assert budgets.of(acme(name="other", region="south", credentials=secrets(token="b-1"))) is first
    assert budgets.of(acme(credentials=secrets(token="b-2"))) is not first
    assert budgets.of(acme(endpoints={"api": "https://private.example"})) is not first
    north = budgets.of(acme({"scope": "region"}))
    assert budgets.of(acme({"scope": "region"}, region="south")) is not north
    assert {file.limits.scope for file in FILES.values()} <= {"account", "region"}


def test_of_several_limits_the_least_counts() -> None:
    """One entry may not take what another spares."""
    budgets = Budgets(FakeClock())
    one = acme({"rate": "100/m"}, Allowance(at_once=9))
    two = acme({"rate": "100/m"}, Allowance(Rate(30, 60.0), at_once=4), name="two")
    budgets.agree([(one, budgets.of(one)), (two, shared := budgets.of(two))])
    assert shared.allowance == Allowance(Rate(30, 60.0), 3, 4)
    budgets.agree([(one, shared)])
    assert (shared.allowance.rate, shared.allowance.at_once) == (Rate(100, 60.0), 9)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        (Allowance(), Allowance(Rate(3600, 3600.0), 50, 10)),
        (Allowance(Rate(5, 60.0)), Allowance(Rate(5, 60.0), None, 10)),
        (Allowance(burst=2, at_once=1), Allowance(Rate(3600, 3600.0), 2, 1)),
    ],
)
def test_an_entrys_own_limits_win_over_the_files(own: Allowance, wanted: Allowance) -> None:
    """What it does not say is the file's; the burst of another rate is nobody's."""
    assert acme({"rate": "3600/h", "burst": 50, "at_once": 10}, own).allowance == wanted


def assembled(folder: Path, limits: str, former: Assembly | None = None) -> Assembly:
    """What an agent makes of a configuration with these limits."""
    path = folder / "probe.yaml"
    path.write_text(
        "vendors:\n"
        "  one:\n"
        "    use: openstack\n"
        "    region: R\n"
        "    endpoints: {auth: 'https://keystone.example/v3'}\n"
        "    credentials: {application_credential_id: {env: ID}, application_credential_secret: {env: SECRET}}\n"
        f"    limits: {limits}\n"
        "probes: [{name: a, kind: api, vendors: [one], every: 30s, deadline: 5s, options: {operation: probe}}]\n"
    )
    clock = former.budgets.clock if former and former.budgets else FakeClock()
    configuration = load(path, environ={"ID": "id-1234", "SECRET": "secret-1234"})
    return Assembly(configuration, Wire(clock, ApiMeter(), kernel=False), clock, ApiMeter(), former=former)


async def test_a_new_configuration_goes_on_with_what_was_used_up(tmp_path: Path) -> None:
    """Also for an entry whose limits it changes; an entry that it leaves alone keeps its cloud and its token."""
    first = assembled(tmp_path, "{rate: 1/h}")
    cloud = first.clouds["one"]
    assert first.budgets is not None
    await cloud.budget.enter(Stopwatch(first.budgets.clock))
    cloud.budget.leave()
    assert assembled(tmp_path, "{rate: 1/h}", first).clouds["one"] is cloud
    changed = assembled(tmp_path, "{rate: 2/h}", first).clouds["one"]
    assert (changed is cloud, changed.budget is cloud.budget) == (False, True)
    assert changed.budget.allowance.rate == Rate(2, 3600.0)
    assert changed.budget.wait() > 1000.0
