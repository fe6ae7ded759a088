"""What linters cannot say about the house."""

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contracts.pages import ROOT, code_words
from tests.contracts.readme import decisions

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ENTRIES = [
    (group, key, value)
    for group, entries in PROJECT["project"]["entry-points"].items()
    for key, value in entries.items()
]
MODULES = sorted(
    path for path in (ROOT / "probe").rglob("*.py") if not path.is_relative_to(ROOT / "probe" / "_dashboards")
)
FLOORS = sorted(path.parent.name for path in (ROOT / "probe").glob("[a-z]*/__init__.py"))
PAGE_OF_FLOOR = {"cli": "agent"}
"""Floors that share the page of another."""
GROUP_PAGES = {"probe.kinds": "docs/probes.md", "probe.auth": "docs/cloud.md"}

VENDORS = re.compile(
    r"(?<![a-z])(aws|amazon|ec2|cloudwatch|openstack|nova|keystone|gnocchi|rackspace|rax|google|gce|azure|digitalocean"
    r"|hetzner|scaleway|vultr|linode|ovh)(?![a-z])",
    re.IGNORECASE,
)
PROTOCOL_PLUG_INS = "probe/cloud/auth/"
NAMED_ELSEWHERE: Mapping[str, str] = {
    "probe/cloud/file/vendor.py": "a description lists the auth kinds that come with us",
    "probe/cloud/xml.py": "a comment tells where a habit of XML comes from",
    "probe/model/secret.py": "an example in a docstring",
    "probe/sandbox/__main__.py": "an example in a help text",
    "probe/sandbox/places.py": "which vendors the demo plays",
    "probe/sandbox/signatures.py": "the counterpart of the auth kind sigv4: it checks what that signs",
}
"""Modules outside the plug-ins that name a vendor, and why; adding a vendor must not add to it."""
NOT_IMPORTED = {"h2", "psycopg"}
"""Dependencies that others import for us: httpx, where a probe asks for HTTP/2; SQLAlchemy, for a shared ledger."""
PINNED_BY_OTHERS = {"pydantic-core"}
"""What we import without naming it: pydantic asks for exactly one version of it."""
SHARED = {"google": "google-auth"}
"""Packages that several distributions put something into, each with the one of which we import."""
TESTED_WHOLE = {"agent"}
"""Floors without a folder of tests: tests/cli and tests/acceptance run the agent as people do."""


def name(path: Path) -> str:
    """The path from the top."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(("group", "key", "value"), ENTRIES)
def test_every_entry_point_is_there_documented_and_tested(group: str, key: str, value: str) -> None:
    """It imports, its page names it, and a test module imports what it names."""
    module, _, attribute = value.partition(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), type)
    assert key in code_words(ROOT / GROUP_PAGES[group]), f"{GROUP_PAGES[group]} does not name `{key}`"
    tests = (ROOT / "tests" / module.split(".")[1]).glob("test_*.py")
    assert any(re.search(rf"\b({attribute}|{key})\b", path.read_text("utf-8")) for path in tests)


@pytest.mark.parametrize("floor", FLOORS)
def test_every_floor_has_a_page_and_tests(floor: str) -> None:
    """Named like it."""
    assert (ROOT / "docs" / f"{PAGE_OF_FLOOR.get(floor, floor)}.md").exists()
    assert list((ROOT / "tests").glob(f"{floor}/test_*.py")) or floor in TESTED_WHOLE


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_vendors_are_named_in_plug_ins_only(path: Path) -> None:
    """A vendor is a file; what is particular to one in code is a registered protocol."""
    if name(path).startswith(PROTOCOL_PLUG_INS):
        return
    text = path.read_text("utf-8")
    assert not VENDORS.search(text) or name(path) in NAMED_ELSEWHERE


def test_every_exception_is_still_one() -> None:
    """A list of exceptions that is not kept grows until it says nothing."""
    for path in NAMED_ELSEWHERE:
        assert VENDORS.search((ROOT / path).read_text("utf-8")), path


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_are_named_for_what_they_do_and_are_whole(path: Path) -> None:
    """No drawer for odds and ends, nothing to be done later."""
    assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
    text = path.read_text("utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    assert not re.search(r"raise NotImplementedError", text)


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    """A page at most, in the format `# NNNN: title`."""
    pages = decisions()
    assert [page.name[:5] for page in pages] == [f"{number:04}-" for number in range(1, len(pages) + 1)]
    for page in pages:
        lines = page.read_text("utf-8").splitlines()
        assert len(lines) <= 60, page.name
        assert lines[0].startswith("# ")
        assert int(re.findall(r"\d+", lines[0])[0]) == int(page.name[:4]), lines[0]


def imports(path: Path) -> Iterator[str]:
    """The packages that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_dependencies_are_what_is_imported() -> None:
    """No more, no less: what comes along with another package may leave with it."""
    own = set(sys.stdlib_module_names) | {"probe"}
    known = packages_distributions()
    imported = {
        canonicalize_name(SHARED.get(package) or known[package][0])
        for path in MODULES
        for package in imports(path)
        if package not in own
    }
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["dependencies"]}
    assert imported - declared == PINNED_BY_OTHERS
    assert declared - imported == NOT_IMPORTED
