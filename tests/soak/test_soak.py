"""A moment of the soak that `make soak` runs for as long as one likes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = "1"
"""Always the same: luck that is drawn anew makes somebody else's change fail."""


@pytest.mark.servers
@pytest.mark.timeout(180)
def test_a_moment_of_the_soak_leaves_nothing() -> None:
    """Real agents, killed and reloaded while their vendors fail in every way: the four zeros are zero."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--minutes", "0.33", "--lease", "8", "--seed", SEED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for zero in ("left", "foreign", "doubled", "ledger"):
        assert f"\n{zero:10}   0\n" in ended.stdout
