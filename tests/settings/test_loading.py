import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.model.job import Detail, Objective
from probe.model.target import OWN, Layer, Target
from probe.notation.documents import read_document
from probe.settings import (
    Configuration,
    ConfigurationRefused,
    audit_secrets,
    load,
    needs_restart,
    packaged,
    usable,
)

SAMPLE = Path(__file__).parent / "sample.yaml"


def written(folder: Path, text: str) -> Path:
    """A file with *text* in it."""
    file = folder / "probe.yaml"
    file.write_text(text)
    return file


@pytest.fixture
def sample() -> Configuration:
    """The sample of the design's page."""
    return load(SAMPLE, environ={})


def test_the_sample_is_every_probe_on_everything_it_names(sample: Configuration) -> None:
    """One job for each probe and vendor, or probe and target, in the order of the file."""
    assert list(map(str, (job.target for job in sample.expand()))) == [
        "lifecycle/amazon-eu/eu-central-1",
        "lifecycle/rackspace-flex/DFW3",
        "lifecycle/rackspace/DFW",
        "api-read/amazon-eu/eu-central-1",
        "api-read/rackspace-flex/DFW3",
        "api-read/rackspace/DFW",
        "monitoring/amazon-eu/eu-central-1",
        "shop/shop",
    ]


def test_a_vendor_job_knows_its_vendor(sample: Configuration) -> None:
    """And its two budgets, what is rented, and that it costs money."""
    job = sample.expand()[0]
    assert job.target == Target("amazon-eu", "eu-central-1", "lifecycle", "", Layer.PLATFORM)
    assert job.vendor is sample.vendors["amazon-eu"]
    assert job.place is None
    assert (job.every, job.deadline, job.delete_deadline) == (900, 600, 300)
    assert (job.renting, job.spec, job.detail) == (True, "small/debian-12", Detail.FULL)
    assert job.objective is None


def test_a_job_on_a_target_of_ones_own_knows_its_place(sample: Configuration) -> None:
    """It belongs to no vendor and rents nothing."""
    job = sample.expand()[-1]
    assert job.target == Target(OWN, "", "shop", "shop", Layer.SERVICE)
    assert job.vendor is None
    assert getattr(job.place, "url", None) == "https://shop.example/health"
    assert (job.renting, job.spec, job.delete_deadline) == (False, "", 0)


def test_objectives_and_guards_reach_where_they_count(sample: Configuration) -> None:
    """Percentages are shares, durations are seconds."""
    assert sample.expand()[3].objective == Objective(availability=0.999, latency=0.8, latency_ratio=0.99)
    assert (sample.guards.instances_at_once, sample.guards.per_day, sample.guards.lease) == (2, 120, 1800)
    assert (sample.guards.per_hour, sample.total.instances_at_once, sample.total.per_day) == (None, 5, None)


def test_a_target_is_called_after_its_host(tmp_path: Path) -> None:
    """Where the configuration gives it no name."""
    text = "probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'https://Shop.example:8443/x'}]}]"
    assert load(written(tmp_path, text), environ={}).expand()[0].target.name == "shop.example"


def test_the_environment_wins_over_listen() -> None:
    """The image sets it; whoever runs a container need not touch the file."""
    assert load(SAMPLE, environ={"PROBE_LISTEN": "0.0.0.0:9781"}).agent.listen == "0.0.0.0:9781"
    assert load(SAMPLE, environ={"PROBE_LISTEN": ""}).agent.listen == "127.0.0.1:9781"


def test_a_listen_that_is_wrong_in_the_environment_is_told_as_such() -> None:
    """The file is not to blame."""
    with pytest.raises(ConfigurationRefused, match=r"^environment: \$PROBE_LISTEN = nowhere: is no address"):
        load(SAMPLE, environ={"PROBE_LISTEN": "nowhere"})


def test_the_packaged_configuration_starts_with_no_environment() -> None:
    """Vendors whose secrets are not set are left out, each with the variable that is missing; something is left."""
    configuration = load(packaged("config") / "probe.yaml", environ={})
    audit = audit_secrets(configuration)
    assert audit.vendors == {"amazon", "rackspace", "rackspace-flex"}
    assert (
        "vendors.amazon.credentials.access_key: the environment variable AWS_ACCESS_KEY_ID is not set; set it"
        in str(audit.complaints[0])
    )
    left = usable(configuration, audit)
    assert not left.vendors
    assert [str(job.target) for job in left.expand()] == ["self/probe"]


def test_the_packaged_configuration_rents_nothing() -> None:
    """Credentials that happen to be in an environment cost nobody money."""
    configuration = load(packaged("config") / "probe.yaml", environ={})
    assert not any(job.renting for job in configuration.expand())


def test_secrets_that_are_there_are_known_to_the_redactor() -> None:
    """From the audit on, before anything was sent."""
    environ = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}
    configuration = load(SAMPLE, environ=environ)
    audit = audit_secrets(configuration)
    assert audit.vendors == {"rackspace", "rackspace-flex"}
    assert configuration.redactor("key wJalrXUtnFEMI") == "key •••"
    assert [str(job.target) for job in usable(configuration, audit).expand()] == [
        "lifecycle/amazon-eu/eu-central-1",
        "api-read/amazon-eu/eu-central-1",
        "monitoring/amazon-eu/eu-central-1",
        "shop/shop",
    ]


def test_a_probe_whose_header_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """Secrets of options are references, too."""
    text = (
        "probes:\n"
        "- {name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'https://a.example/'}],\n"
        "   options: {headers: {Authorization: {file: token}}}}\n"
        "- {name: b, kind: http, every: 15s, deadline: 5s, targets: [{url: 'https://b.example/'}]}\n"
    )
    configuration = load(written(tmp_path, text), environ={})
    audit = audit_secrets(configuration)
    assert audit.probes == {"a"}
    assert [probe.name for probe in usable(configuration, audit).probes] == ["b"]
    (tmp_path / "token").write_text("abc")
    (tmp_path / "token").chmod(0o644)
    audit = audit_secrets(configuration)
    assert not audit.complaints
    assert [hint.problem for hint in audit.hints] == [
        f"the file {tmp_path / 'token'} can be read by everybody",
        f"file {tmp_path / 'token'} is shorter than 4 characters and cannot be kept out of logs",
    ]


def test_files_are_looked_for_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """Wherever the agent is started; only its state is the working directory's business."""
    (tmp_path / "ca.pem").touch()
    text = (
        "vendors: {amazon: {use: aws, region: eu-central-1, ca_bundle: ca.pem, proxy: 'http://127.0.0.1:3128'}}\n"
        "probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'https://a.example/'}],\n"
        "          options: {ca_bundle: ca.pem}}]\n"
    )
    configuration = load(written(tmp_path, text), environ={})
    route = configuration.vendors["amazon"].route
    assert (route.trust.ca_bundle, route.proxy) == (tmp_path / "ca.pem", "http://127.0.0.1:3128")
    assert getattr(configuration.probes[0].options, "ca_bundle", None) == tmp_path / "ca.pem"
    assert configuration.agent.state == Path("state")


def test_vendor_files_of_ones_own_win(tmp_path: Path) -> None:
    """A file of the same name takes the place of ours."""
    (tmp_path / "mine").mkdir()
    ours = (packaged("config") / "vendors" / "aws.yaml").read_text()
    (tmp_path / "mine" / "aws.yaml").write_text(ours.replace("\ntitle:", "\ntitle: My", 1))
    configuration = load(written(tmp_path, f"vendor_files: mine\n{SAMPLE.read_text()}"), environ={})
    assert configuration.vendors["amazon-eu"].file.title.startswith("My")
    assert not configuration.vendors["rackspace"].file.title.startswith("My")


def test_a_vendor_can_be_reached_over_plain_http_where_that_is_allowed(tmp_path: Path) -> None:
    """On this machine always; elsewhere when the operator says so."""
    for endpoint, extra in (("http://127.0.0.1:5000", ""), ("http://moto.example", ", insecure_http: true")):
        text = (
            f"vendors: {{a: {{use: aws, region: r, endpoints: {{api: '{endpoint}'}}{extra}}}}}\n"
            "probes: [{name: a, kind: api, vendors: '*', every: 15s, deadline: 5s, options: {operation: list}}]\n"
        )
        assert load(written(tmp_path, text), environ={}).vendors["a"].endpoints == {"api": endpoint}


def test_what_did_not_change_is_equal(sample: Configuration) -> None:
    """A reload of the same file changes no job, and needs no restart."""
    again = load(SAMPLE, environ={})
    assert again.expand() == sample.expand()
    assert needs_restart(sample, again) == ()


def test_what_only_a_restart_changes_is_named(sample: Configuration, tmp_path: Path) -> None:
    """A running agent keeps its socket; it takes over how long it may take to stop, and what it measures."""
    text = (
        SAMPLE.read_text().replace("127.0.0.1:9781", "127.0.0.1:9999, grace: 40s").replace("every: 15s", "every: 20s")
    )
    new = load(written(tmp_path, text), environ={})
    assert (new.agent.grace, new.expand() == sample.expand()) == (40.0, False)
    assert needs_restart(sample, new) == ("agent.listen",)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
WORDS = st.sampled_from(
    ["*", "aws", "http", "lifecycle", "api-read", "shop", "15s", "99%", "small", "none", "https://x"]
)
KEYS = st.sampled_from(["name", "kind", "use", "env", "file", "url", "total", "every", "options"]) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PLACES = list(read_document(SAMPLE).lines)


def replaced(data: object, trail: tuple[str | int, ...], value: object) -> object:
    """*data* with *value* at *trail*."""
    if not trail:
        return value
    first, *rest = trail
    if isinstance(data, list):
        return [replaced(item, tuple(rest), value) if place == first else item for place, item in enumerate(data)]
    assert isinstance(data, dict)
    return {key: replaced(item, tuple(rest), value) if key == first else item for key, item in data.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trail=st.sampled_from(PLACES), value=TREES)
def test_no_document_is_a_traceback(tmp_path: Path, trail: tuple[str | int, ...], value: object) -> None:
    """Whatever stands wherever in a file, it is a configuration or refused with sentences."""
    text = json.dumps(replaced(read_document(SAMPLE).data, trail, value))
    with suppress(ConfigurationRefused):
        assert load(written(tmp_path, text), environ={}).expand()
