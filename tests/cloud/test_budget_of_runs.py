"""What waiting for the request budget means to runs, to their phases, and to entries that share an account."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from probe.agent.assembly import Assembly
from probe.cloud import Allowance, Budget, Budgets, Cloud
from probe.engine.runner import Runner, Skipped
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Layer, Target
from probe.notation.rates import Rate
from probe.probes.api import ApiOptions, ApiProbe
from probe.probes.kind import Surroundings
from probe.settings import load
from probe.wire import RealClock, Wire
from tests.cloud.entries import FILES, Scene, openstack, secrets, token_answer
from tests.cloud.limited import OK, acme
from tests.fakes.clock import FakeClock
from tests.fakes.vendor import ApiMeter, ScriptedWire, answer

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
