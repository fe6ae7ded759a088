"""Brings what the tests need beyond Python packages: `python -m tests.provision [--proof]`.

Installs what is missing where it can (Debian packages as root, virtual environments and Node packages anywhere); what
it cannot install it names in one list with one command, and ends with 1. When nothing is missing it is quick.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers.environments import ROOT, environment

NODE_HOME: Final = ROOT / ".cache" / "node"
SBIN: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/lib/cni"))


@dataclass(frozen=True, slots=True)
class Program:
    """Something that a package manager installs.

    Attributes:
        package: its Debian package.
        names: the programs to look for; any of them will do.
        purpose: what would fail without it.
    """

    package: str
    names: tuple[str, ...]
    purpose: str

    @property
    def present(self) -> bool:
        """Whether it is there."""
        return any(shutil.which(name, path=SBIN) for name in self.names)


_IMAGE: Final = "the image is built and run"
TEST_PROGRAMS: Final = (
    Program("prometheus", ("prometheus",), "dashboards and /metrics are checked with a real Prometheus"),
    Program("prometheus", ("promtool",), "rules and /metrics are linted"),
    Program(
        "prometheus-blackbox-exporter", ("prometheus-blackbox-exporter",), "our `/probe` is compared with the peer's"
    ),
    Program("postgresql", ("postgres", "pg_ctlcluster"), "the ledger is kept in a real PostgreSQL"),
    Program("iproute2", ("ip",), "network links are cut in a namespace of their own"),
    Program("chromium", ("chromium", "chromium-browser", "google-chrome"), "the page is opened in a real browser"),
)
PROOF_PROGRAMS: Final = (
    Program(
        "nodejs", ("node",), "Prism judges requests by the vendors' own documents, Grafana's library draws our tables"
    ),
    Program("npm", ("npm",), "both are Node packages"),
)
IMAGE_PROGRAMS: Final = (
    Program("buildah", ("buildah",), _IMAGE),
    Program("podman", ("podman",), _IMAGE),
    Program("runc", ("runc",), _IMAGE),
    Program("containernetworking-plugins", ("bridge",), _IMAGE),
    Program("iptables", ("iptables",), _IMAGE),
    Program("mmdebstrap", ("mmdebstrap",), _IMAGE),
    Program("catatonit", ("catatonit",), _IMAGE),
)
MIMIC_PYTHON: Final = Program("python3.11-venv", ("python3.11",), "mimic runs on Python 3.11 only")
ENVIRONMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "moto": ("moto[server,ec2,cloudwatch]==5.*",),
    "mimic": ("mimic==2.2.*", "attrs==23.2.0"),
    "grafana": ("grafana-foundation-sdk==0.0.21",),
}
"""What tests/servers/moto.py and mimic.py ask for, whose pins clash with ours, and Grafana's model of a dashboard."""
NODE_PACKAGES: Final = ("@stoplight/prism-cli@5.16.0", "@grafana/data@13.2.3")


def wanted(*, proof: bool, image: bool) -> Iterator[Program]:
    """The programs that are needed."""
    yield from TEST_PROGRAMS
    if not proof and sys.version_info[:2] != (3, 11):
        yield MIMIC_PYTHON
    if proof:
        yield from PROOF_PROGRAMS
    if proof and image:
        yield from IMAGE_PROGRAMS


def missing(programs: Iterable[Program]) -> list[Program]:
    """Those that are not there."""
    return [program for program in programs if not program.present]


def install(programs: Sequence[Program]) -> None:
    """Install Debian packages, where we are root and there is apt; what fails stays missing and is named later."""
    if not programs or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    packages = sorted({program.package for program in programs})
    say(f"installing {' '.join(packages)} ...")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *arguments], env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            say(f"apt-get {arguments[0]} failed:\n{done.stdout[-1000:]}")


def complaint(programs: Sequence[Program]) -> str:
    """One list and one command for what has to be installed by hand."""
    lines = [f"  {program.names[0]:<12} {program.purpose}" for program in programs]
    packages = " ".join(sorted({program.package for program in programs}))
    root = "" if os.geteuid() == 0 else "sudo "
    command = f"  {root}apt-get update && {root}apt-get install -y --no-install-recommends {packages}"
    return "\n".join(["These programs are missing:", *lines, "Install them (Debian, Ubuntu):", command])


def bring_environments() -> None:
    """Install the servers that need a Python environment of their own."""
    for name, packages in ENVIRONMENTS.items():
        complete = ROOT / ".cache" / "venvs" / name / "complete.txt"
        if not complete.exists():
            say(f"installing {name} into {complete.parent.relative_to(ROOT)} (once) ...")
        environment(name, *packages)


def bring_node_packages(home: Path = NODE_HOME) -> None:
    """Install the Node packages of the proof.

    Raises:
        subprocess.CalledProcessError: npm failed.
    """
    complete = home / "complete.txt"
    text = "\n".join(NODE_PACKAGES)
    if complete.exists() and complete.read_text(encoding="utf-8") == text:
        return
    say(f"installing {' '.join(NODE_PACKAGES)} into {home.relative_to(ROOT)} (once) ...")
    home.mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--prefix", str(home), "--no-audit", "--no-fund", "--loglevel=error", *NODE_PACKAGES]
    subprocess.run(npm, check=True)
    complete.write_text(text, encoding="utf-8")


def say(sentence: str) -> None:
    """Tell the person who waits."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Bring everything; 1 if something has to be installed by hand."""
    if unknown := set(arguments) - {"--proof"}:
        say(f"unknown option {' '.join(sorted(unknown))}; usage: python -m tests.provision [--proof]")
        return 2
    proof = "--proof" in arguments
    programs = list(wanted(proof=proof, image=bool(os.environ.get("IMAGE_CHECK"))))
    install(missing(programs))
    if lacking := missing(programs):
        say(complaint(lacking))
        return 1
    try:
        if proof:
            bring_node_packages()
        else:
            bring_environments()
    except subprocess.CalledProcessError as failed:
        say(f"this failed, see above: {' '.join(map(str, failed.cmd))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
