"""Vendor files that are read when somebody asks for them."""

from pathlib import Path

import pytest

from probe.cloud import VendorFileRefused
from probe.settings import ConfigurationRefused, load, packaged
from probe.settings.entries import VendorFiles

FOLDER = packaged("config") / "vendors"
PROBES = 'probes: [{name: a, kind: api, vendors: "*", every: 30s, deadline: 5s, options: {operation: list}}]\n'


def test_every_file_is_there_by_its_name() -> None:
    """Those that were not read yet, too; what is asked for is read once."""
    files = VendorFiles(FOLDER, {})
    assert list(files) == sorted(path.stem for path in FOLDER.glob("*.yaml"))
    assert len(files) == len(list(files))
    assert files["rackspace"] is files["rackspace"]
    assert all(name == file.vendor for name, file in files.items())


def test_the_operators_own_win() -> None:
    """A file of the package is not even read where there is one of the same name."""
    theirs = VendorFiles(FOLDER, {})["aws"]
    files = VendorFiles(FOLDER, {"rackspace": theirs, "mine": theirs})
    assert files["rackspace"] is files["mine"] is theirs
    assert "mine" in files
    assert "mine" in list(files)


def test_what_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    """As of any mapping."""
    files = VendorFiles(tmp_path, {})
    assert "nobody" not in files
    assert files.get("nobody") is None


def test_a_file_that_is_wrong_is_told_where_it_is_used(tmp_path: Path) -> None:
    """Who asks for it is told."""
    (tmp_path / "broken.yaml").write_text("vendor: broken\n")
    with pytest.raises(VendorFileRefused, match=r"broken\.yaml"):
        VendorFiles(tmp_path, {})["broken"]


def test_a_file_of_ones_own_that_is_wrong_is_told_used_or_not(tmp_path: Path) -> None:
    """It was written to be used."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.yaml").write_text("vendor: broken\n")
    (tmp_path / "probe.yaml").write_text(f"vendor_files: mine\n{PROBES}")
    with pytest.raises(ConfigurationRefused, match=r"broken\.yaml"):
        load(tmp_path / "probe.yaml", environ={})


def test_nothing_follows_from_a_file_of_ones_own_that_is_wrong(tmp_path: Path) -> None:
    """It is there, and so are the package's: nobody is sent to look for a file that lies before him."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.yaml").write_text("vendor: broken\n")
    vendors = "vendors: {here: {use: broken, region: x}, typo: {use: brokn, region: x}}\n"
    (tmp_path / "probe.yaml").write_text(f"vendor_files: mine\n{vendors}{PROBES}")
    with pytest.raises(ConfigurationRefused) as refusal:
        load(tmp_path / "probe.yaml", environ={})
    others = [one for one in refusal.value.complaints if not str(one.file).endswith("broken.yaml")]
    assert [(one.path, one.remedy.partition("?")[0]) for one in others] == [
        ("vendors.typo.use", "did you mean `broken`")
    ]
    assert "aws" in others[0].remedy
