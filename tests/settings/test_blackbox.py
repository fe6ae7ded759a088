"""What may stand in a blackbox.yml, and what is said of what may not."""

from pathlib import Path

import pytest

from probe.probes.blackbox import REFUSED, REFUSED_PROBERS, Blackbox
from probe.settings import Configuration, ConfigurationRefused, load

PROBES = "probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'http://127.0.0.1:1/'}]}]\n"


def loaded(folder: Path, modules: str, key: str = "blackbox.yml") -> Configuration:
    """A configuration with *modules*."""
    (folder / "blackbox.yml").write_text(modules)
    (folder / "probe.yaml").write_text(f"{PROBES}blackbox: {key}\n")
    return load(folder / "probe.yaml", environ={})


def blackbox(folder: Path, modules: str, key: str = "blackbox.yml") -> Blackbox:
    """What `/probe` may do by *modules*."""
    found = loaded(folder, modules, key).blackbox
    assert found is not None
    return found


def refused(folder: Path, modules: str, key: str = "blackbox.yml") -> str:
    """What is said of *modules*."""
    with pytest.raises(ConfigurationRefused) as refusal:
        loaded(folder, modules, key)
    return str(refusal.value).replace(f"{folder}/", "")


def test_there_need_be_none(tmp_path: Path) -> None:
    """Then there is nothing that could be probed."""
    (tmp_path / "probe.yaml").write_text(PROBES)
    assert load(tmp_path / "probe.yaml", environ={}).blackbox is None


def test_an_agent_that_only_answers_needs_no_probes(tmp_path: Path) -> None:
    """Whoever moves a blackbox_exporter over has nothing else to measure."""
    (tmp_path / "blackbox.yml").write_text("modules: {a: {prober: http}}\n")
    for written in ("blackbox: blackbox.yml\n", "blackbox: blackbox.yml\nprobes: []\n"):
        (tmp_path / "probe.yaml").write_text(written)
        configuration = load(tmp_path / "probe.yaml", environ={})
        assert configuration.blackbox is not None
        assert configuration.probes == ()


def test_the_key_is_a_file_or_a_section(tmp_path: Path) -> None:
    """Phases that were not reached are absent, and answers leave half a second before the end, unless it says so."""
    modules = "modules: {a: {prober: http}}\n"
    assert not blackbox(tmp_path, modules).zeros
    assert blackbox(tmp_path, modules).offset == 0.5
    told = blackbox(tmp_path, modules, "{file: blackbox.yml, compat: zeros, timeout_offset: 250ms}")
    assert told.zeros
    assert told.offset == 0.25


@pytest.mark.parametrize(
    ("section", "option"), [(section, option) for section, options in REFUSED.items() for option in options]
)
def test_each_option_that_is_not_honoured_is_refused_by_name(tmp_path: Path, section: str, option: str) -> None:
    """With its place, why, and what to do instead; nothing else is said of it."""
    prober = section if section in {"tcp", "dns", "icmp"} else "http"
    inner = f"{{{option}: x}}" if section == prober else f"{{{section}: {{{option}: x}}}}"
    inner = inner.replace("{", "{query_name: a, ", 1) if prober == "dns" else inner
    said = refused(tmp_path, f"modules:\n  shop:\n    prober: {prober}\n    {prober}: {inner}\n")
    place = f"{prober}.{option}" if section == prober else f"{prober}.{section}.{option}"
    refusal = REFUSED[section][option]
    assert said == (f"blackbox.yml:4: modules.shop.{place}: is not honoured here: {refusal.problem}; {refusal.remedy}")


@pytest.mark.parametrize("prober", REFUSED_PROBERS)
def test_each_prober_that_is_not_here_is_refused_by_name(tmp_path: Path, prober: str) -> None:
    """One complaint is enough: its options are not looked at."""
    said = refused(tmp_path, f"modules:\n  a:\n    prober: {prober}\n    {prober}: {{anything: 1}}\n")
    assert said.startswith(f"blackbox.yml:3: modules.a.prober: is not honoured here: {REFUSED_PROBERS[prober].problem}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (
            "{prober: gopher}",
            "modules.a.prober = \"gopher\": must be 'http', 'tcp', 'dns' or 'icmp'; choose one of them",
        ),
        ("{timeout: 5s}", "modules.a.prober: is missing; add it"),
        ("{prober: http, timeout: 5}", "modules.a.timeout = 5: is no duration; write 5s, 1m30s or 500ms"),
        ("{prober: dns}", "modules.a: says nothing of DNS; write dns: {query_name: NAME}"),
        (
            "{prober: http, http: {fail_if_body_matches_regexp: ['(?=a)']}}",
            (
                "modules.a.http.fail_if_body_matches_regexp[0]: is no regular expression that RE2 knows: invalid perl "
                "operator: (?=; write one without it"
            ),
        ),
        (
            "{prober: http, http: {tls_config: {ca_file: nothing.pem}}}",
            'modules.a.http.tls_config.ca_file = "nothing.pem": there is no file nothing.pem; write the path of one',
        ),
        (
            "{prober: http, http: {compression: br}}",
            (
                "modules.a.http.compression: is not honoured here: Brotli is not undone; ask for gzip, with "
                "`compression: gzip` and an Accept-Encoding header"
            ),
        ),
        (
            "{prober: http, http: {compression: gzip, headers: {accept-encoding: 'br, gzip;q=0'}}}",
            "modules.a.http: asks for br, gzip;q=0, and undoes gzip; write what fits together",
        ),
        (
            "{prober: http, http: {basic_auth: {password: hunter2}, bearer_token: hunter2}}",
            "modules.a.http: has several of basic_auth, authorization, bearer_token, bearer_token_file; write only one",
        ),
        (
            "{prober: dns, dns: {query_name: a, dns_over_tls: true}}",
            "modules.a.dns: has dns_over_tls over udp; write transport_protocol: tcp",
        ),
        (
            "{prober: dns, dns: {query_name: a, query_type: NOPE}}",
            'modules.a.dns.query_type = "NOPE": is no type of DNS; write one that RFCs know, in capitals',
        ),
        ("[]", "modules.a: must be a mapping; write {key: value}"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_sentence(tmp_path: Path, module: str, sentence: str) -> None:
    """With the file, the line and the place."""
    assert refused(tmp_path, f"modules:\n  a: {module}\n") == f"blackbox.yml:2: {sentence}"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Of all modules, and of what stands beside them."""
    said = refused(tmp_path, "modules:\n  a: {prober: grpc}\n  b: {prober: http, htp: {}}\nmore: 1\n").splitlines()
    assert [line.partition(": ")[0] for line in said] == ["blackbox.yml:2", "blackbox.yml:3", "blackbox.yml:4"]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the place in the configuration that names it."""
    said = refused(tmp_path, "", "other.yml")
    assert said == "probe.yaml:2: blackbox: there is no file other.yml; correct the path, or remove the key"


@pytest.mark.parametrize("text", ["", "[1]", "modules: 1", "a: 1"])
def test_a_file_without_modules_is_told(tmp_path: Path, text: str) -> None:
    """Whatever it holds instead."""
    assert "holds no modules; write modules: {NAME: {prober: http}}" in refused(tmp_path, text)


def test_sections_of_other_probers_are_passed_over(tmp_path: Path) -> None:
    """As the peer does; a module may have been another's before."""
    found = blackbox(tmp_path, "modules: {a: {prober: tcp, icmp: {ttl: 3}, grpc: {service: x}}}\n")
    assert found.modules["a"].prober == "tcp"


def test_yaml_is_taken_as_go_takes_it(tmp_path: Path) -> None:
    """Durations of several units, sizes in powers of 1024, `yes` for true, numbers for text."""
    found = blackbox(
        tmp_path,
        "modules: {a: {prober: http, timeout: 1m1.5s, http: {body_size_limit: 2KB, fail_if_ssl: yes, body: 12, "
        "enable_http2: no}}}\n",
    ).modules["a"]
    assert found.timeout == 61.5
    assert found.http.body_size_limit == 2048
    assert found.http.fail_if_ssl
    assert found.http.body == "12"
    assert not found.http.enable_http2


def test_secrets_are_learnt(tmp_path: Path) -> None:
    """What stands in the file in clear is taken out of every text from then on."""
    configuration = loaded(
        tmp_path,
        "modules:\n  a: {prober: http, http: {basic_auth: {username: u, password: hunter2}}}\n"
        "  b: {prober: http, http: {http_headers: {X-Key: {secrets: [s3cr3t-value]}}}}\n",
    )
    assert configuration.redactor("hunter2 and s3cr3t-value") == "••• and •••"


def test_a_mistake_tells_no_secret(tmp_path: Path) -> None:
    """Sentences are read in the logs of pipelines."""
    said = refused(
        tmp_path,
        "modules: {a: {prober: http, http: {basic_auth: {password: [hunter2]}, "
        "authorization: {credentials: {x: hunter2}}, headers: {Authorization: [hunter2]}, proxy_url: 'hunter2'}}}\n",
    )
    assert "hunter2" not in said


def test_a_key_with_nothing_behind_it_is_not_there(tmp_path: Path) -> None:
    """As when everything under it was commented out; Go takes it so."""
    text = "modules:\n  a:\n    prober: http\n    timeout:\n    http:\n  b:\n    prober: tcp\n    tcp:\n      tls:\n"
    modules = blackbox(tmp_path, f"{text}      query_response: [{{expect: , send: a}}]\n").modules
    assert modules["a"].http.method == "GET"
    assert modules["b"].tcp.query_response[0].expect is None
    assert "says nothing of DNS" in refused(tmp_path, "modules: {c: {prober: dns, dns: }}\n")
