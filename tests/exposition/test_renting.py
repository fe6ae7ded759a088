import pytest

from probe.exposition.metrics import Metrics
from probe.exposition.renting import LATELY, Account, Renting
from probe.model.instance import LeaseState
from probe.model.outcome import Skip
from probe.model.refusal import Cause
from probe.model.renting import Standing
from tests.fakes.accounts import FakeStop, leaked, standing
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import FakeApi, FakeHttp, FakeLifecycle, fake_job
from tests.fakes.leases import a_lease

LIFE = fake_job(FakeLifecycle(), vendor="acme")
READ = fake_job(FakeApi(), vendor="acme")


@pytest.fixture
def clock() -> FakeClock:
    """Stands still unless it is told otherwise."""
    return FakeClock()


@pytest.fixture
def renting(clock: FakeClock) -> Renting:
    """An agent that rents from acme, and reads its list."""
    renting = Renting(clock)
    renting.announce([LIFE, READ, fake_job(FakeApi(), vendor="only-read"), fake_job(FakeHttp(), "shop")])
    return renting


def only(renting: Renting) -> Account:
    """The one account that there is."""
    (account,) = renting.accounts()
    return account


def skipped(renting: Renting) -> dict[str, dict[Skip, int]]:
    """How many slots of which probe were skipped, by reason."""
    return {one.probe: dict(one.reasons) for one in only(renting).skipped}


def test_only_who_is_rented_from_has_an_account(renting: Renting) -> None:
    """Also before the ledger was asked; who is only read from, and own targets, have none."""
    account = only(renting)
    assert (account.vendor, account.region, account.configured, account.counted) == ("acme", "eu-1", True, None)
    assert (list(account.leases), list(account.stops), account.shut) == ([], [], False)


def test_an_account_stands_as_the_ledger_said_last(renting: Renting, clock: FakeClock) -> None:
    """What is held, what of it leaked, what came along, and when that was."""
    lost, used = leaked(clock.wall()), a_lease(state=LeaseState.ACTIVE)
    renting.residuals("acme", "eu-1", {"volumes": 1, "addresses": 0})
    renting.standing("acme", "eu-1", standing(lost, used, stops=[FakeStop(Cause.LEAKS, "it leaked")]))
    asked = clock.wall()
    clock.pass_time(30)
    account = only(renting)
    assert account.counted == asked
    assert account.leaked == [lost]
    assert list(account.leases) == [lost, used]
    assert account.came == {"volumes": 1}
    assert account.shut


def test_what_stops_orders_is_asked_for_the_moment_of_the_look(renting: Renting, clock: FakeClock) -> None:
    """A breaker that lets one order try after a minute does so on the page, too, whenever the ledger was read."""
    opens = clock.wall() + 60

    def stops(now: float) -> list[FakeStop]:
        return [FakeStop(Cause.QUOTA, "in a while", forbids=now < opens)]

    renting.standing("acme", "eu-1", Standing(leases=(), stops=stops))
    assert only(renting).shut
    clock.pass_time(61)
    assert not only(renting).shut
    assert [stop.cause for stop in only(renting).stops] == [Cause.QUOTA]


def test_skipped_slots_are_remembered_by_probe_and_reason_most_first(renting: Renting, clock: FakeClock) -> None:
    """As many as there were, however they came."""
    renting.run_skipped(READ.target, Skip.BUDGET, 1)
    for _ in range(90):
        clock.pass_time(1)
        renting.run_skipped(LIFE.target, Skip.BREAKER, 1)
    renting.run_skipped(LIFE.target, Skip.LATE, 5)
    assert skipped(renting) == {"lifecycle": {Skip.BREAKER: 90, Skip.LATE: 5}, "api": {Skip.BUDGET: 1}}
    assert [one.probe for one in only(renting).skipped] == ["lifecycle", "api"]
    assert only(renting).skipped[0].last == clock.wall()


def test_what_was_skipped_long_ago_is_forgotten(renting: Renting, clock: FakeClock) -> None:
    """After an hour; a page is about now."""
    renting.run_skipped(LIFE.target, Skip.QUOTA, 3)
    clock.pass_time(LATELY / 2)
    renting.run_skipped(LIFE.target, Skip.QUOTA, 1)
    clock.pass_time(LATELY / 2 + 1)
    assert skipped(renting) == {"lifecycle": {Skip.QUOTA: 1}}
    clock.pass_time(LATELY)
    assert skipped(renting) == {}


def test_a_rare_probe_remembers_four_of_its_intervals(clock: FakeClock) -> None:
    """Who rents every six hours was skipped "lately" when it was yesterday evening."""
    renting, rare = Renting(clock), fake_job(FakeLifecycle(), vendor="acme", every=6 * 3600.0)
    renting.announce([rare])
    renting.run_skipped(rare.target, Skip.QUOTA, 1)
    clock.pass_time(23 * 3600)
    assert skipped(renting) == {"lifecycle": {Skip.QUOTA: 1}}
    clock.pass_time(2 * 3600)
    assert skipped(renting) == {}


def test_a_reload_keeps_what_stays_and_what_is_owed(renting: Renting, clock: FakeClock) -> None:
    """A vendor that was removed is told until nothing of ours is there; its probes' slots are not."""
    renting.run_skipped(LIFE.target, Skip.QUOTA, 1)
    renting.standing("acme", "eu-1", standing(leaked(clock.wall())))
    renting.announce([LIFE])
    assert skipped(renting) == {"lifecycle": {Skip.QUOTA: 1}}
    renting.announce([])
    assert (only(renting).configured, len(only(renting).leaked), list(only(renting).skipped)) == (False, 1, [])
    renting.residuals("acme", "eu-1", {"volumes": 1})
    renting.standing("acme", "eu-1", standing())
    assert only(renting).came == {"volumes": 1}
    renting.residuals("acme", "eu-1", {"volumes": 0})
    renting.standing("acme", "eu-1", standing())
    assert renting.accounts() == []
    renting.run_skipped(LIFE.target, Skip.QUOTA, 1)
    assert renting.accounts() == []


def test_the_meter_hands_over_what_the_page_is_to_know(clock: FakeClock) -> None:
    """Announced jobs, skipped slots, standings and the ledger; of a target that was never announced nothing."""
    metrics = Metrics(clock, "1.0")
    metrics.announce([LIFE])
    metrics.run_skipped(LIFE.target, Skip.BREAKER, 2)
    metrics.run_skipped(READ.target, Skip.BREAKER, 2)
    metrics.left_behind("acme", "eu-1", "one", {"volumes": 1})
    metrics.residuals("acme", "eu-1", {"one": {}})
    metrics.standing("acme", "eu-1", standing(leaked(clock.wall())))
    assert only(metrics.renting).came == {"volumes": 1}
    metrics.ledger(there=False)
    assert skipped(metrics.renting) == {"lifecycle": {Skip.BREAKER: 2}}
    assert len(only(metrics.renting).leaked) == 1
    assert metrics.renting.ledger is False
