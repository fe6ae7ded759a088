"""The pages about vendor files are true."""

import re
from pathlib import Path

from probe.cloud import Capability, VendorFile, Verdict, load_vendor_file
from probe.cloud.auth.contract import auth_kinds
from tests.cloud.entries import FILES, VENDORS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "vendors.md").read_text()
LEVELS = ("real server code", "independent emulator", "official schema", "recorded traffic", "documents only")
BLOCKS = re.findall(r"(?<!-->\n)```yaml\n(.*?)```", PAGE, re.DOTALL)
"""Those that are files, or go on with one; a fragment says that it is one."""


def test_the_examples_are_vendor_files(tmp_path: Path) -> None:
    """The smallest file loads as it is printed, and so does the one that rents."""
    path = tmp_path / "acme.yaml"
    smallest, renting = BLOCKS
    path.write_text(smallest)
    assert load_vendor_file(path).read_operations() == ("probe",)
    path.write_text(smallest.replace("  lifecycle: the file rents nothing yet\n", "") + renting)
    assert load_vendor_file(path).has(Capability.LIFECYCLE)


def test_every_section_verdict_and_kind_is_on_the_page() -> None:
    """The table of sections is complete."""
    for name in VendorFile.model_fields.keys() - {"vendor", "title", "docs"}:
        assert f"`{name}`" in PAGE, name
    assert " ".join(verdict.value for verdict in Verdict) in PAGE
    for kind in auth_kinds():
        assert f"`{kind}`" in PAGE, kind


def test_every_vendor_file_has_its_place_and_its_level_of_proof() -> None:
    """Each file is in the table with the reads that it has."""
    for name, file in FILES.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| [{name}](#{name})"))
        assert all(f"`{operation}`" in row for operation in file.read_operations())
        assert re.search(
            r"\| (real server code|independent emulator|official schema|recorded traffic|documents only)", row
        )
        assert f"### {name}\n" in PAGE


def test_every_vendor_file_says_how_it_is_read_and_where_facts_stand() -> None:
    """A stranger finds the notation explained, links to the vendor's documents, and what is not verified."""
    for path in VENDORS.glob("*.yaml"):
        text = path.read_text()
        assert "How to read this file" in text
        assert text.count("https://") > 3
        assert "UNVERIFIED" in text
