"""docs/blackbox.md is what the code does."""

import re
from pathlib import Path

import pytest

from probe.probes.blackbox import HELP, REFUSED, REFUSED_PROBERS, REFUSED_VALUES, SECTIONS
from probe.settings import ConfigurationRefused, load
from tests.exposition.blackbox.asking import PROBES
from tests.exposition.blackbox.page import PAGE, metrics, options


def test_every_option_is_in_the_table() -> None:
    """And what is in it is known or refused, as it says."""
    known = {f"{section}.{field}" for section, model in SECTIONS.items() for field in model.model_fields}
    refused = {f"{section}.{option}" for section, options in REFUSED.items() for option in options}
    said = options()
    assert {option for option, here in said.items() if here in {"same", "different"}} == known
    assert {option for option, here in said.items() if here == "refused"} == refused
    assert not known & refused


def test_refused_probers_and_values_are_named() -> None:
    """In the lines below the table."""
    words = set(re.findall(r"`([a-z.]+)`", PAGE))
    assert set(REFUSED_PROBERS) <= words
    assert {value for values in REFUSED_VALUES.values() for value in values} <= words


def test_every_metric_is_in_the_table() -> None:
    """Those that we tell, and those that we do not."""
    said = metrics()
    assert {name for name, here in said.items() if here in {"same", "different"}} == set(HELP)
    assert {name for name, here in said.items() if here == "absent"} == set(said) - set(HELP)


def test_what_differs_is_explained() -> None:
    """In the last column."""
    for line in PAGE.splitlines():
        if re.match(r"\| `[^|]+` \| (different|refused|absent) \|", line):
            assert not line.endswith("| |"), line


def test_the_example_loads(tmp_path: Path) -> None:
    """With the file that it names beside it."""
    (tmp_path / "blackbox.yml").write_text("modules: {http_2xx: {prober: http}}\n")
    example = re.search(r"```yaml\n(agent.*?)```", PAGE, re.DOTALL)
    assert example is not None
    (tmp_path / "probe.yaml").write_text(example[1])
    blackbox = load(tmp_path / "probe.yaml", environ={}).blackbox
    assert blackbox is not None
    assert list(blackbox.modules) == ["http_2xx"]


def test_the_sentence_is_said(tmp_path: Path) -> None:
    """Word for word."""
    sentence = re.search(r"```text\n(.*)\n```", PAGE)
    assert sentence is not None
    (tmp_path / "blackbox.yml").write_text("modules:\n  shop:\n    prober: http\n    http: {oauth2: {}}\n")
    (tmp_path / "probe.yaml").write_text(f"{PROBES}blackbox: blackbox.yml\n")
    with pytest.raises(ConfigurationRefused) as refusal:
        load(tmp_path / "probe.yaml", environ={})
    assert str(refusal.value) == f"{tmp_path}/{sentence[1]}"
