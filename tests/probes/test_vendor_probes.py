"""Probes of a vendor's management and monitoring API."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError
from typing_extensions import override

from probe.cloud import Answer, Points, VendorEntry, VendorFile, load_vendor_files
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.stopwatch import Fact, Stopwatch
from probe.model.target import Target
from probe.probes.api import ApiOptions, ApiProbe
from probe.probes.kind import Surroundings
from probe.probes.lifecycle import LifecycleOptions, LifecycleProbe
from probe.probes.monitoring import MonitoringOptions, MonitoringProbe
from probe.settings.files import packaged
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeCloud
from tests.fakes.probes import own
from tests.fakes.wire import FakeWire

FILES = load_vendor_files(packaged("config") / "vendors")
AWS = VendorEntry(name="amazon-eu", region="eu-central-1", file=FILES["aws"])


class ReadingCloud(FakeCloud):
    """A vendor that answers reads and knows datapoints."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.points = Points(newest=clock.wall() - 300.0, count=3, value=0.5)
        self.asked: list[tuple[object, ...]] = []
        self.failure: ProbeFailed | None = None

    @property
    @override
    def file(self) -> VendorFile:
        return FILES["aws"]

    @override
    async def read(self, operation: str, watch: Stopwatch) -> Answer:
        self.asked.append((operation,))
        if self.failure is not None:
            raise self.failure
        return Answer(status=200, body={}, headers={}, request_id="req-1")

    @override
    async def datapoints(self, subject: Mapping[str, object], watch: Stopwatch, since: float) -> Points:
        self.asked.append((dict(subject), since))
        return self.points


CLOCK = FakeClock()


@pytest.fixture
def cloud() -> ReadingCloud:
    """A vendor that a test can tell what to say."""
    return ReadingCloud(CLOCK)


def surroundings(cloud: FakeCloud) -> Surroundings:
    """What a vendor probe is built into."""
    return Surroundings(CLOCK, FakeWire(CLOCK), cloud)


async def test_an_api_probe_makes_its_one_call(cloud: ReadingCloud) -> None:
    """And what the vendor's file makes of a failure, stands."""
    built = ApiProbe.build(ApiOptions(operation="list"), None, surroundings(cloud))
    await built.run(own("a"), Stopwatch(CLOCK))
    assert cloud.asked == [("list",)]
    cloud.failure = ProbeFailed(Outcome.THROTTLED, "429")
    with pytest.raises(ProbeFailed, match="429"):
        await built.run(own("a"), Stopwatch(CLOCK))


def test_an_operation_that_the_file_does_not_know_is_complained_about() -> None:
    """With those that it does know."""
    ((path, problem, remedy),) = ApiProbe.complaints(ApiOptions(operation="lost"), AWS)
    assert path == ("operation",)
    assert "`lost`" in problem
    assert "list" in remedy
    assert not ApiProbe.complaints(ApiOptions(operation="list"), AWS)


def monitor(cloud: ReadingCloud, **options: object) -> MonitoringProbe:
    """A probe of an instance's datapoints."""
    chosen = MonitoringOptions.model_validate({"instance": "i-0abc", **options})
    return MonitoringProbe.build(chosen, None, surroundings(cloud))


async def test_the_age_of_the_newest_datapoint_is_a_fact(cloud: ReadingCloud) -> None:
    """Beside the fact that there are any."""
    watch = Stopwatch(CLOCK)
    await monitor(cloud).run(own("a"), watch)
    assert watch.facts == {Fact.DATAPOINTS_MISSING: 0.0, Fact.DATAPOINT_AGE: 300.0}


async def test_no_datapoints_are_no_failure_but_a_fact(cloud: ReadingCloud) -> None:
    """Even where an age is wanted: an instance may be too new to have any."""
    cloud.points = Points(newest=None, count=0, value=None)
    watch = Stopwatch(CLOCK)
    await monitor(cloud, max_age="1m").run(own("a"), watch)
    assert watch.facts == {Fact.DATAPOINTS_MISSING: 1.0}


async def test_a_newest_datapoint_that_is_too_old_is_unexpected(cloud: ReadingCloud) -> None:
    """`max_age` is an assertion of the configuration; the age is a fact all the same."""
    watch = Stopwatch(CLOCK)
    await monitor(cloud, max_age="5m").run(own("a"), watch)
    with pytest.raises(ProbeFailed, match="300 s old, older than 4m"):
        await monitor(cloud, max_age="4m").run(own("a"), watch)
    assert watch.facts[Fact.DATAPOINT_AGE] == 300.0


async def test_a_datapoint_from_the_future_has_no_negative_age(cloud: ReadingCloud) -> None:
    """Clocks differ."""
    cloud.points = Points(newest=CLOCK.wall() + 5.0, count=1, value=None)
    watch = Stopwatch(CLOCK)
    await monitor(cloud).run(own("a"), watch)
    assert watch.facts[Fact.DATAPOINT_AGE] == 0.0


async def test_it_is_asked_for_as_far_back_as_may_be_wrong(cloud: ReadingCloud) -> None:
    """The file's window, and at least twice `max_age`, or what is too old would look missing."""
    await monitor(cloud, max_age="7d").run(own("a"), Stopwatch(CLOCK))
    assert cloud.asked == [({"instance": "i-0abc"}, CLOCK.wall() - 14 * 86_400.0)]


def test_without_an_instance_or_a_series_there_is_a_complaint() -> None:
    """And with both."""
    for options in ({}, {"instance": "i-0abc", "series": {"a": "b"}}):
        ((_, problem, _),) = MonitoringProbe.complaints(MonitoringOptions.model_validate(options), AWS)
        assert "either an `instance` or a `series`" in problem
    assert not MonitoringProbe.complaints(MonitoringOptions(instance="i-0abc"), AWS)


def test_a_vendor_that_cannot_do_it_is_complained_about() -> None:
    """Each kind says what a vendor's file lacks for it."""
    bare = FILES["aws"].model_copy(update={"instances": None, "monitoring": None})
    entry = VendorEntry(name="acme", region="r", file=bare)
    lifecycle = LifecycleProbe.complaints(LifecycleOptions(size="small", image="debian-12"), entry)
    monitoring = MonitoringProbe.complaints(MonitoringOptions(instance="i"), entry)
    for ((_, _, remedy),) in (lifecycle, monitoring):
        assert "acme" in remedy


def test_reaching_an_instance_needs_the_vendors_network_options() -> None:
    """Default security groups close every port; a vendor that cannot be reached at all says so."""
    wants = LifecycleOptions.model_validate({"size": "small", "image": "debian-12", "reach": {"tcp": 22}})
    needs = FILES["aws"].network.reach_needs
    assert needs
    ((path, _, remedy),) = LifecycleProbe.complaints(wants, AWS)
    assert path == ("reach",)
    assert all(name in remedy for name in needs)
    given = VendorEntry(name="a", region="r", file=AWS.file, network=dict.fromkeys(needs, "x"))
    assert not LifecycleProbe.complaints(wants, given)
    assert not LifecycleProbe.complaints(LifecycleOptions(size="small", image="debian-12"), AWS)


@pytest.mark.parametrize(
    ("reach", "port", "banner"),
    [({"tcp": 8080}, 8080, False), ({"ssh": 2222}, 2222, True), ("ssh", 22, True)],
)
def test_where_an_instance_has_to_answer_is_written_in_three_ways(reach: object, port: int, banner: bool) -> None:  # noqa: FBT001 - a column of the table
    """A TCP port, an SSH server's port, or just `ssh`."""
    options = LifecycleOptions.model_validate({"size": "s", "image": "i", "reach": reach})
    assert options.reach is not None
    assert (options.reach.port, options.reach.banner) == (port, banner)


@pytest.mark.parametrize("reach", ["tcp", {"tcp": 0}, {"udp": 53}, {"tcp": 22, "ssh": 22}, {"tcp": True}, 22])
def test_anything_else_is_refused(reach: object) -> None:
    """With the ways that there are."""
    with pytest.raises(ValidationError, match=r"must be \{tcp: PORT\}"):
        LifecycleOptions.model_validate({"size": "s", "image": "i", "reach": reach})


def test_a_vendor_probe_without_a_vendor_is_a_mistake() -> None:
    """Of who builds it."""
    alone = Surroundings(CLOCK, FakeWire(CLOCK))
    with pytest.raises(ValueError, match="needs a vendor"):
        ApiProbe.build(ApiOptions(operation="list"), None, alone)


async def test_without_a_ledger_nothing_is_rented() -> None:
    """A state folder that cannot be used stops renting, and nothing else."""
    probe = LifecycleProbe.build(LifecycleOptions(size="s", image="i"), None, surroundings(FakeCloud(CLOCK)))
    with pytest.raises(RunSkipped) as skipped:
        await probe.run(Target("acme", "eu", "life"), Stopwatch(CLOCK))
    assert skipped.value.reason is Skip.BREAKER
