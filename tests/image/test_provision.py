"""What the tests need is brought, or named."""

from pathlib import Path

import pytest

from tests import provision
from tests.dashboards.pages import ROOT
from tests.provision import ENVIRONMENTS, IMAGE_PROGRAMS, Program, complaint, main, missing, wanted

ABSENT = Program("no-such-package", ("no-such-program-1", "no-such-program-2"), "nothing would work")


def test_what_is_there_is_not_missing() -> None:
    """One of several names is enough."""
    assert missing([Program("coreutils", ("no-such-program-1", "cat"), "files are read"), ABSENT]) == [ABSENT]


def test_what_cannot_be_installed_is_named_with_one_command() -> None:
    """One list, and one line to paste."""
    said = complaint([ABSENT, Program("chromium", ("chromium",), "the page is opened")])
    assert "no-such-program-1" in said
    assert "nothing would work" in said
    assert said.splitlines()[-1].endswith("apt-get install -y --no-install-recommends chromium no-such-package")


def test_the_images_programs_are_needed_only_when_the_image_is_checked() -> None:
    """`make proof` without IMAGE_CHECK fails in the test that says so, not before."""
    assert not set(wanted(proof=True, image=False)) & set(IMAGE_PROGRAMS)
    assert set(IMAGE_PROGRAMS) <= set(wanted(proof=True, image=True))


def test_the_environments_are_those_that_the_fixtures_ask_for() -> None:
    """Otherwise each would install over the other, every time."""
    for name in ("moto", "mimic"):
        packages = ENVIRONMENTS[name]
        fixture = (ROOT / "tests" / "servers" / f"{name}.py").read_text(encoding="utf-8")
        listed = ", ".join(f'"{package}"' for package in packages)
        assert f'environment("{name}", {listed})' in fixture


def test_node_packages_that_are_there_are_left_alone(tmp_path: Path) -> None:
    """A second call is quick: it does not call npm."""
    (tmp_path / "complete.txt").write_text("\n".join(provision.NODE_PACKAGES), encoding="utf-8")
    provision.bring_node_packages(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["complete.txt"]


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt option must not install the wrong things."""
    assert main(["--prof"]) == 2
    assert "--prof" in capsys.readouterr().out
