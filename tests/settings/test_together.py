"""Two mistakes in one document: neither hides the other, and none is told that only follows from another."""

from pathlib import Path

import pytest

from probe.settings import ConfigurationRefused, load

LITERAL = "{use: aws, region: eu-central-1, credentials: {access_key: hunter2}}"
PROFILE = "{use: aws, profile: nope, region: eu-central-1}"
BUNDLE = "{use: aws, region: eu-central-1, ca_bundle: nothere.pem}"
UNKNOWN = "{use: amazn, region: r}"
BOTH = "{instance: i-1, series: {namespace: N}}"


def refused(folder: Path, text: str) -> list[tuple[str, str]]:
    """The path and the problem of every complaint about *text*."""
    file = folder / "probe.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationRefused) as refusal:
        load(file, environ={})
    return [(complaint.path, complaint.problem) for complaint in refusal.value.complaints]


def at_vendor(vendor: str, kind: str, options: str) -> str:
    """A document with one probe of one vendor."""
    probe = f"{{name: a, kind: {kind}, vendors: [v], every: 20m, deadline: 10s, options: {options}}}"
    return f"vendors: {{v: {vendor}}}\nprobes: [{probe}]\n"


def at_target(kind: str, place: str, options: str) -> str:
    """A document with one probe of one target."""
    return f"probes: [{{name: a, kind: {kind}, every: 1m, deadline: 10s, targets: [{place}], options: {options}}}]\n"


@pytest.mark.parametrize(
    ("vendor", "kind", "options", "paths"),
    [
        (LITERAL, "monitoring", "{}", ["vendors.v.credentials.access_key", "probes[0].options"]),
        (LITERAL, "api", "{operation: nope}", ["vendors.v.credentials.access_key", "probes[0].options.operation"]),
        (BUNDLE, "monitoring", BOTH, ["vendors.v.ca_bundle", "probes[0].options"]),
        (PROFILE, "api", "{operation: nope}", ["vendors.v.profile", "probes[0].options.operation"]),
        ("{use: aws}", "api", "{operation: nope}", ["vendors.v.region", "probes[0].options.operation"]),
    ],
)
def test_a_refused_vendor_hides_no_mistake_of_its_probes(
    tmp_path: Path, vendor: str, kind: str, options: str, paths: list[str]
) -> None:
    """Its file is known, and says what can be asked."""
    assert [path for path, _ in refused(tmp_path, at_vendor(vendor, kind, options))] == paths


def test_a_series_beside_an_instance_is_told_at_a_vendor_with_a_bad_profile(tmp_path: Path) -> None:
    """Both are complained about, with the vendor's name."""
    told = refused(tmp_path, at_vendor(PROFILE, "monitoring", BOTH))
    assert [path for path, _ in told] == ["vendors.v.profile", "probes[0].options"]
    assert told[1][1] == "at v: needs either an `instance` or a `series`"


def test_a_vendor_without_a_file_leaves_what_the_options_tell_alone(tmp_path: Path) -> None:
    """What the kind cannot know it does not complain about."""
    told = refused(tmp_path, at_vendor(UNKNOWN, "api", "{operation: nope, x: 1}"))
    assert [path for path, _ in told] == ["vendors.v.use", "probes[0].options.x"]


def test_mistakes_of_a_vendor_do_not_hide_each_other(tmp_path: Path) -> None:
    """What stands wrong in a key, and what only the entry and its file can tell."""
    vendor = "{use: aws, region: eu-central-1, profile: nope, ca_bundle: nothere.pem, credentials: {access_key: x}}"
    told = refused(tmp_path, at_vendor(vendor, "api", "{operation: list}"))
    assert {path for path, _ in told} == {
        "vendors.v.ca_bundle",
        "vendors.v.credentials.access_key",
        "vendors.v.profile",
    }


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        (
            at_target("tls", "{host: a.example, port: 443}", "{min_days: x, ca_bundle: nothere.pem}"),
            ["ca_bundle", "min_days"],
        ),
        (
            at_target("http", "{url: 'https://a.example/'}", "{body_regex: '(', ca_bundle: nothere.pem}"),
            ["body_regex", "ca_bundle"],
        ),
        (
            at_vendor("{use: aws, region: eu-central-1}", "api", "{operation: nope, x: 1}"),
            ["operation", "x"],
        ),
    ],
)
def test_a_bad_option_does_not_hide_what_is_wrong_with_the_others(
    tmp_path: Path, document: str, paths: list[str]
) -> None:
    """What is left without it is held against the rest of the document."""
    assert [path for path, _ in refused(tmp_path, document)] == [f"probes[0].options.{path}" for path in paths]


def test_a_bad_option_does_not_hide_that_a_secret_would_travel_in_the_clear(tmp_path: Path) -> None:
    """The header is right, and wrong for this target."""
    options = "{body_regex: '(', headers: {Authorization: {env: TOKEN}}}"
    told = refused(tmp_path, at_target("http", "{url: 'http://a.example/'}", options))
    assert {path for path, _ in told} == {"probes[0].options.body_regex", "probes[0].targets[0].url"}


@pytest.mark.parametrize(
    ("vendor", "kind", "options", "path"),
    [
        ("{use: aws, region: eu-central-1}", "monitoring", "{instance: 5}", "probes[0].options.instance"),
        (
            "{use: aws, region: eu-central-1, network: 5}",
            "lifecycle",
            "{size: small, image: debian-12, reach: ssh, delete_deadline: 10s}",
            "vendors.v.network",
        ),
        (
            "{use: aws, region: eu-central-1}",
            "lifecycle",
            "{size: small, image: debian-12, delete_deadline: x}",
            "probes[0].options.delete_deadline",
        ),
        (
            "{use: aws, region: r, insecure_http: 5, endpoints: {api: 'http://a.example'}}",
            "api",
            "{operation: list}",
            "vendors.v.insecure_http",
        ),
    ],
)
def test_nothing_is_told_that_follows_from_a_mistake(
    tmp_path: Path, vendor: str, kind: str, options: str, path: str
) -> None:
    """A key that was left out because it is wrong is not missing, too."""
    text = at_vendor(vendor, kind, options).replace("every: 20m", "every: 1m")
    assert [where for where, _ in refused(tmp_path, text)] == [path]


def test_proxies_of_options_and_of_vendors_are_refused_alike(tmp_path: Path) -> None:
    """One definition, with sentences about proxies."""
    for proxy in ("socks5://127.0.0.1:1080", "http://me:hunter2@127.0.0.1:3128", "http://["):
        text = f"vendors: {{v: {{use: aws, region: r, proxy: '{proxy}'}}}}\n" + at_target(
            "http", "{url: 'https://a.example/'}", f"{{proxy: '{proxy}'}}"
        )
        (vendors, said), (options, again) = refused(tmp_path, text)
        assert (vendors, options) == ("vendors.v.proxy", "probes[0].options.proxy")
        assert said == again
        assert "hunter2" not in said
