import re
from pathlib import Path
from typing import Any

import pytest

from probe.settings import ConfigurationRefused, load, schema

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()


def keys(node: Any) -> set[str]:
    """Every key that a schema's node knows."""
    return set(node.get("properties", {}))


def test_every_key_is_on_the_page() -> None:
    """And what is on the page in a table's first column is a key, at least the last part of one."""
    whole = schema()
    names = ("Agent", "Log", "Vendor", "Objective", "Latency", "Guards", "BlackboxFile", "Controls", "ControlCheck")
    sections = [whole, *(whole["$defs"][name] for name in names)]
    known = {key for section in sections for key in keys(section)} | keys(whole["$defs"]["probe_http"]) | {"vendors"}
    named = {part for word in re.findall(r"`([a-z_.]+)[`:]", PAGE) for part in word.split(".")}
    assert known <= named
    rows = {row.rpartition(".")[2] for row in re.findall(r"^\| `([a-z_.]+)` \| [^|]*\| [^|]*\|", PAGE, re.MULTILINE)}
    assert rows <= known


def test_the_page_s_example_is_right(tmp_path: Path) -> None:
    """It loads as it stands."""
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    (tmp_path / "probe.yaml").write_text(example[1])
    assert load(tmp_path / "probe.yaml", environ={}).expand()


@pytest.mark.parametrize("sentence", re.findall(r"^probe\.yaml:\d+: (.*)$", PAGE, re.MULTILINE))
def test_the_page_s_sentences_are_said(tmp_path: Path, sentence: str) -> None:
    """Word for word."""
    text = (
        "vendors: {amazon: {use: amazn, region: eu-central-1}}\n"
        "probes: [{name: a, kind: http, every: 15, deadline: 5s, targets: [{url: 'https://a.example/'}]}]\n"
    )
    (tmp_path / "probe.yaml").write_text(text)
    with pytest.raises(ConfigurationRefused) as refusal:
        load(tmp_path / "probe.yaml", environ={})
    assert any(str(complaint).endswith(sentence) for complaint in refusal.value.complaints)
