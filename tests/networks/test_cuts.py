"""Whose network was it: with a link that is cut, and with a vendor that is."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.networks.spaces import HOSTS, RESOLVERS, VENDOR, Spaces, spaces, told, wait

pytestmark = pytest.mark.servers

EVERY = 1.0
CONFIGURATION = f"""\
probes:
  - name: read
    kind: http
    every: 1s
    deadline: 600ms
    targets: [{{name: a, url: "http://{VENDOR}/"}}, {{name: b, url: "http://{VENDOR}/"}}, {{name: c, url: "http://{VENDOR}/"}}]
controls:
  within: 500ms
  every: 5s
  checks:
    - gateway: true
    - {{resolver: {RESOLVERS[0]}}}
    - {{resolver: {RESOLVERS[1]}}}
    - {{https: {HOSTS[0]}, ca_bundle: ca.pem}}
    - {{https: {HOSTS[1]}, ca_bundle: ca.pem}}
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Spaces]:
    """The world, with its servers running."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    leaf = authority.issue_cert(*HOSTS)
    leaf.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    (tmp_path / "c.yaml").write_text(CONFIGURATION)
    with spaces() as made:
        made.start(made.world, "tests.networks.world", str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
        yield made


def longest_gap(runs: list[list[Any]]) -> float:
    """Seconds between the due instants of two runs of one target in a row, at most."""
    due: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        due[run[0]].append(run[1])
    assert len(due) == 3
    return max(later - earlier for instants in due.values() for earlier, later in pairwise(sorted(instants)))


def test_a_cut_link_is_no_vendors_fault(stage: Spaces, tmp_path: Path) -> None:
    """Every failure is `network`, measuring goes on, and the checks say what happened."""
    agent = stage.start(stage.agent, "tests.networks.measuring", str(tmp_path / "c.yaml"))
    wait(3.0)
    stage.cut_link()
    wait(4.0)
    stage.mend_link()
    wait(4.0)
    said = told(agent)
    blames = Counter(run[3] for run in said["runs"])
    assert blames["vendor"] == 0, said["runs"]
    assert {run[2] for run in said["runs"]} == {"ok", "network"}
    assert blames["agent"] >= 6
    assert said["runs"][-1][2] == "ok"
    assert longest_gap(said["runs"]) <= 2 * EVERY + 0.05, said
    assert set(said["checks"].values()) == {True}
    assert len(said["checks"]) == 5


def test_a_link_that_swallows_answers_is_no_vendors_fault(stage: Spaces, tmp_path: Path) -> None:
    """Nobody says that anything is wrong: all that is sent leaves, and nothing comes back."""
    agent = stage.start(stage.agent, "tests.networks.measuring", str(tmp_path / "c.yaml"))
    wait(3.0)
    stage.swallow_answers()
    wait(4.0)
    stage.spare_answers()
    wait(4.0)
    said = told(agent)
    blames = Counter(run[3] for run in said["runs"])
    assert blames["vendor"] == 0, said["runs"]
    assert blames["agent"] >= 6
    assert {run[2] for run in said["runs"]} == {"ok", "network"}
    assert said["runs"][-1][2] == "ok"
    assert longest_gap(said["runs"]) <= 2 * EVERY + 0.05, said


def test_a_vendor_that_is_cut_off_is_to_blame(stage: Spaces, tmp_path: Path) -> None:
    """The references answer, so it was not our network."""
    agent = stage.start(stage.agent, "tests.networks.measuring", str(tmp_path / "c.yaml"))
    wait(3.0)
    stage.cut_vendor()
    wait(4.0)
    stage.mend_vendor()
    wait(3.0)
    said = told(agent)
    failed = [run for run in said["runs"] if run[2] != "ok"]
    assert {run[2] for run in failed} <= {"timeout", "refused"}, failed  # a router may say that it knows no way
    assert {run[3] for run in failed} == {"vendor"}
    assert len(failed) >= 8
    assert said["runs"][-1][2] == "ok"
    assert longest_gap(said["runs"]) <= 2 * EVERY + 0.05, said


def test_a_link_that_is_cut_from_the_start_blames_nobody(stage: Spaces, tmp_path: Path) -> None:
    """An agent that never saw its network work does not take that for the vendor's failure."""
    stage.cut_link()
    agent = stage.start(stage.agent, "tests.networks.measuring", str(tmp_path / "c.yaml"))
    wait(4.0)
    said = told(agent)
    assert {run[2] for run in said["runs"]} == {"network"}, said["runs"]
    assert set(said["checks"].values()) == {False}
