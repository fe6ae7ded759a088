from pathlib import Path

import pytest

from probe.settings.complaints import ConfigurationRefused
from probe.settings.files import find_configuration, packaged


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_order_is_option_variable_local_packaged(folder: Path) -> None:
    """Each is used only when those before it say nothing."""
    packaged_file = packaged("config") / "probe.yaml"
    assert find_configuration(None, {}) == packaged_file
    (folder / "config").mkdir()
    (folder / "config" / "probe.yaml").touch()
    assert find_configuration(None, {}) == Path("config/probe.yaml")
    (folder / "other.yaml").touch()
    assert find_configuration(None, {"PROBE_CONFIG": "other.yaml"}) == Path("other.yaml")
    assert find_configuration(packaged_file, {"PROBE_CONFIG": "other.yaml"}) == packaged_file


def test_a_named_file_that_is_not_there_is_refused(folder: Path) -> None:
    """Never is another used in its place."""
    del folder
    with pytest.raises(ConfigurationRefused, match=r"^none.yaml: there is no such file, and -c names it; "):
        find_configuration(Path("none.yaml"), {})
    with pytest.raises(ConfigurationRefused, match=r"\$PROBE_CONFIG names it"):
        find_configuration(None, {"PROBE_CONFIG": "none.yaml"})


@pytest.mark.parametrize("name", ["config", "dashboards"])
def test_what_is_packaged_is_reached_from_anywhere(folder: Path, name: str) -> None:
    """The folders come with the package, not with the clone."""
    del folder
    assert packaged(name).is_dir()
