from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from probe.probes.http import HttpProbe
from probe.settings import ConfigurationRefused, load
from probe.settings.complaints import Wrong
from probe.settings.plugins import GROUP, Kinds, kinds


def entry(name: str, value: str) -> EntryPoint:
    """What a distribution would register."""
    return EntryPoint(name, value, GROUP)


def test_our_own_kinds_are_found_like_everybody_elses() -> None:
    """By their entry points."""
    assert kinds().names == ("api", "dns", "flow", "http", "icmp", "lifecycle", "monitoring", "tcp", "tls")
    assert kinds().load("http") is HttpProbe


def test_a_kind_of_another_distribution_is_one_line(tmp_path: Path) -> None:
    """It needs nothing in our code."""
    installed = Kinds([entry("web", "probe.probes.http:HttpProbe")])
    file = tmp_path / "probe.yaml"
    file.write_text("probes: [{name: a, kind: web, every: 15s, deadline: 5s, targets: [{url: 'https://a.example/'}]}]")
    assert load(file, environ={}, installed=installed).expand()[0].kind is HttpProbe


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            "probe.no_such_module:Kind",
            r"cannot be loaded \(ModuleNotFoundError: No module named 'probe.no_such_module'\)",
        ),
        ("probe.probes.http:Nothing", r"cannot be loaded \(AttributeError: .*has no attribute 'Nothing'\)"),
        ("probe.probes.http:HttpPlace", "is not a probe kind: it has no kind, phases, outcomes, Options"),
    ],
)
def test_a_broken_plugin_is_a_sentence(value: str, says: str) -> None:
    """With the plug-in's name, so that one knows what to repair."""
    with pytest.raises(Wrong, match=says) as refusal:
        Kinds([entry("web", value)]).load("web")
    assert refusal.value.remedy == f"repair or uninstall the plug-in {value}"


def test_a_broken_plugin_harms_only_who_uses_it(tmp_path: Path) -> None:
    """It is imported when a probe names it, and the complaint is at that probe."""
    installed = Kinds([entry("web", "nowhere:Web"), entry("http", "probe.probes.http:HttpProbe")])
    good = "{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'https://a.example/'}]}"
    file = tmp_path / "probe.yaml"
    file.write_text(f"probes: [{good}]")
    load(file, environ={}, installed=installed)
    file.write_text(f"probes: [{good}, {good.replace('name: a, kind: http', 'name: b, kind: web')}]")
    with pytest.raises(ConfigurationRefused, match=r'probes\[1\].kind = "web": cannot be loaded'):
        load(file, environ={}, installed=installed)
