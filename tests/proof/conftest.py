"""What the proof needs from outside the clone; without it a proof fails and says where to get it."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder of the vendors' OpenAPI documents."""
    given = os.environ.get("SPECS", "")
    if not given or not (Path(given) / "openstack" / "nova.json").is_file():
        pytest.fail(
            f"SPECS={given or '(not given)'} has no openstack/nova.json: call `make proof SPECS=DIR IMAGE_CHECK=CMD`"
            " with the folder of the vendors' OpenAPI documents. Nova's comes from github.com/gtema/openstack-openapi"
            " (7bc4ee4), see docs/deployment.md."
        )
    return Path(given)


@pytest.fixture(scope="session")
def image_check() -> str:
    """The command that builds and runs an image: CMD CONTEXT --port N --path PATH --expect TEXT."""
    given = os.environ.get("IMAGE_CHECK", "")
    if not given:
        pytest.fail(
            "IMAGE_CHECK is not given: call `make proof SPECS=DIR IMAGE_CHECK=CMD` with a command that builds the"
            " Dockerfile of a folder, runs the image and prints PASS or FAIL per check, see docs/deployment.md."
        )
    return given
