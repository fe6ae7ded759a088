"""Where the configuration is looked for, and the one way to the files that come with the package."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import probe
from probe.settings.complaints import Complaint, ConfigurationRefused

VARIABLE: Final = "PROBE_CONFIG"
LOCAL: Final = Path("config/probe.yaml")
_FOLDERS: Final = {"config": "_config", "dashboards": "_dashboards"}


def packaged(folder: str) -> Path:
    """The folder `config` or `dashboards` that comes with the package, wherever that is installed.

    Raises:
        FileNotFoundError: the installation is not whole; the message says so.
    """
    path = Path(probe.__file__).parent / _FOLDERS[folder]
    if not path.is_dir():
        raise FileNotFoundError(
            f"{path} is missing: this installation of stability-probe is not whole, install it again"
        )
    return path


def find_configuration(option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The configuration to use: *option*, else $PROBE_CONFIG, else ./config/probe.yaml, else the packaged one.

    What was asked for is never replaced by something else: a file that was named and is not there is refused.

    Raises:
        ConfigurationRefused: the file that *option* or $PROBE_CONFIG names is not there.
    """
    named, by = (option, "-c") if option is not None else (environ.get(VARIABLE), f"${VARIABLE}")
    if named:
        path = Path(named)
        if path.exists():
            return path
        raise ConfigurationRefused(
            [Complaint(str(path), 0, "", "", f"there is no such file, and {by} names it", f"correct {by}, or write it")]
        )
    return LOCAL if LOCAL.is_file() else packaged("config") / "probe.yaml"
