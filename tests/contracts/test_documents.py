import json
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest

from probe.cloud import VendorFile
from probe.exposition.families import FAMILIES
from probe.notation.documents import parse_document
from probe.settings import load, schema
from tests.cli.conftest import CLEAN
from tests.contracts.pages import PAGES, ROOT, Block, code_words, name, of_language
from tests.servers.prometheus import promtool

PROBE = "probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'http://127.0.0.1/'}]}]\n"
"""What a configuration that shows only its vendors is completed with."""
TESTED_ELSEWHERE = {
    "docs/adding-a-vendor.md": "tests/acceptance/test_adding_a_vendor.py",
    "docs/sandbox.md": "tests/sandbox/test_document.py",
    "docs/vendors.md": "tests/cloud/test_documents.py",
}
"""Pages about another format than the configuration, and who holds their blocks against it."""
MADE_METRICS = {"stability_probe"}
"""Words that look like a metric and are none."""


def each(*languages: str) -> pytest.MarkDecorator:
    """One test for every block in one of *languages*."""
    return pytest.mark.parametrize("block", of_language(*languages), ids=str)


def keys(text: str) -> set[str]:
    """The keys at the top of a YAML text."""
    data = parse_document(text, "block").data
    return set(data) if isinstance(data, dict) else set()


def test_marks_of_blocks_are_used() -> None:
    """A comment that stands before no block marks nothing."""
    for page in PAGES:
        marks = page.read_text("utf-8").replace("`<!--", "").count("<!-- fragment: ")
        assert marks == sum(block.page == page and block.mark.startswith("fragment") for block in every_block())


def every_block() -> Iterator[Block]:
    """All of all pages."""
    yield from of_language("", "console", "json", "promql", "python", "text", "toml", "yaml")


def test_blocks_say_what_they_are_in() -> None:
    """A language that no test knows is a block that no test looks at."""
    fences = sum(page.read_text("utf-8").count("\n```") for page in PAGES)
    assert fences == 2 * len(list(every_block()))


@each("yaml")
def test_yaml_that_is_a_configuration_loads(block: Block, tmp_path: Path) -> None:
    """With the sections that it does not show completed; other formats are told by their keys or by the page."""
    said = keys(block.text)
    if block.mark or "scrape_configs" in said:
        return
    if said and said <= set(schema()["properties"]):
        text = block.text if "probes" in said else block.text + PROBE
        (tmp_path / "probe.yaml").write_text(text)
        assert load(tmp_path / "probe.yaml", environ={}).expand()
        return
    assert name(block.page) in TESTED_ELSEWHERE, f"{block}: say what it is by `<!-- fragment: WHY -->`"
    if name(block.page) == "docs/vendors.md":
        assert said <= set(VendorFile.model_fields)


@pytest.mark.parametrize(("page", "test"), TESTED_ELSEWHERE.items())
def test_pages_with_tests_of_their_own_have_them(page: str, test: str) -> None:
    """The test still reads the page's blocks."""
    text = (ROOT / test).read_text("utf-8")
    assert f'"{Path(page).name}"' in text
    assert "yaml" in text


@pytest.mark.servers
@each("yaml")
def test_yaml_of_prometheus_is_taken_by_prometheus(block: Block, tmp_path: Path) -> None:
    """By its own checker; the rules that it names are ours."""
    if "scrape_configs" not in keys(block.text):
        return
    (tmp_path / "rules").symlink_to(ROOT / "config" / "prometheus" / "rules")
    (tmp_path / "prometheus.yml").write_text(block.text)
    assert "SUCCESS" in promtool("check", "config", str(tmp_path / "prometheus.yml"))


@each("python")
def test_python_runs(block: Block, tmp_path: Path) -> None:
    """In an empty folder, with warnings as errors; a fragment is only compiled."""
    compile(block.text, str(block), "exec")
    if block.mark:
        return
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.text],
        cwd=tmp_path,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@each("json")
def test_json_parses(block: Block) -> None:
    """As it stands."""
    json.loads(block.text)


@each("toml")
def test_toml_parses(block: Block) -> None:
    """As it stands."""
    tomllib.loads(block.text)


@each("promql")
def test_promql_parses(block: Block) -> None:
    """As it stands; docs/metrics.md is also asked of a real Prometheus, in tests/exposition."""
    promql_parser.parse(block.text)


def test_excerpts_stand_in_their_files() -> None:
    """What a page shows of a file is what the file says."""
    for block in every_block():
        if block.mark.startswith("from "):
            file = (ROOT / block.mark.removeprefix("from ")).read_text("utf-8")
            shown = [line.strip() for line in textwrap.dedent(block.text).strip().splitlines()]
            there = [line.strip() for line in file.splitlines()]
            assert any(there[at : at + len(shown)] == shown for at in range(len(there))), str(block)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_metrics_that_pages_name_exist(page: Path) -> None:
    """Whole names; `stability_resources*` stands for all that begin so."""
    known = {family.name for family in FAMILIES}
    for word in code_words(page):
        stem = word.partition("{")[0]
        if not stem.startswith("stability_") or not stem.rstrip("*").replace("_", "").isalnum():
            continue
        if stem.endswith("*"):
            assert any(family.startswith(stem[:-1]) for family in known), word
        else:
            whole = stem.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
            assert stem in known or whole in known, word


def test_every_metric_is_on_its_page() -> None:
    """And none is there by accident only: its row begins with its name."""
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    assert [family.name for family in FAMILIES if f"| `{family.name}` |" not in page] == []


def test_the_sample_of_the_design_loads() -> None:
    """The configuration that other people's files are modelled on, with every secret still to be set."""
    loaded = load(ROOT / "tests" / "settings" / "sample.yaml", environ={})
    assert set(loaded.vendors) == {"amazon-eu", "rackspace-flex", "rackspace"}
    assert [probe.name for probe in loaded.probes] == ["lifecycle", "api-read", "monitoring", "shop"]
    assert len(loaded.expand()) == 3 + 3 + 1 + 1
