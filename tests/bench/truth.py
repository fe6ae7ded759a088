"""The server that knows the truth, and how far a measurement is from it."""

import json
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme

_SLACK: Final = 0.001
"""Seconds by which two readings of the wall clock in two processes may differ."""

Sample = tuple[str, float, float, float]
"""Path, start and end of the run in seconds since 1970, measured wait in seconds."""


@dataclass(frozen=True, slots=True)
class Served:
    """One answer, as the server knows it, in nanoseconds since 1970.

    Attributes:
        arrived: when the kernel had the request.
        before: just before the answer was written.
        after: just after it.
    """

    arrived: int
    before: int
    after: int

    def error(self, wait: float) -> float:
        """Seconds between *wait* and the time from the request's arrival to when the server began to write."""
        return abs(wait - (self.before - self.arrived) / 1e9)

    def proven(self, wait: float) -> float:
        """Seconds of the error that cannot be the server's, which may be interrupted while it writes."""
        shortest, longest = (self.before - self.arrived) / 1e9, (self.after - self.arrived) / 1e9
        return max(0.0, shortest - wait, wait - longest)


@dataclass(slots=True)
class Truth:
    """What a server has served, by path.

    Attributes:
        served: in the order of the answers.
    """

    served: dict[str, list[Served]] = field(default_factory=dict)

    @classmethod
    def told(cls, known: Mapping[str, Sequence[int]]) -> "Truth":
        """What the server hands out: a path and a number for each answer."""
        truth = cls()
        for key, (arrived, before, after) in known.items():
            truth.served.setdefault(key.partition(" ")[0], []).append(Served(arrived, before, after))
        return truth

    def matched(self, samples: Iterable[Sample]) -> tuple[list[tuple[float, Served]], int]:
        """Each measured wait with what was served for it; and of how many the server knows nothing."""
        found: list[tuple[float, Served]] = []
        unknown = 0
        for path, started, ended, wait in samples:
            first, last = (started - _SLACK) * 1e9, (ended + _SLACK) * 1e9
            served = [one for one in self.served.get(path, ()) if first <= one.arrived <= last]
            if len(served) == 1:
                found.append((wait, served[0]))
            else:
                unknown += 1
        return found, unknown


@dataclass(frozen=True, slots=True)
class TruthServer:
    """A running server.

    Attributes:
        port: where, on loopback.
        ca: PEM file of the authority that signed its certificate; empty if it does not speak TLS.
    """

    port: int
    ca: str = ""

    def truth(self) -> Truth:
        """What it has served so far."""
        context = ssl.create_default_context(cafile=self.ca) if self.ca else None
        url = f"http{'s' if self.ca else ''}://127.0.0.1:{self.port}/truth"
        with urllib.request.urlopen(url, timeout=30, context=context) as answer:  # noqa: S310 - our own server
            return Truth.told(json.load(answer))


@contextmanager
def truth_server(delay: float = 0.02, *, tls: bool = False, keep: bool = False) -> Iterator[TruthServer]:
    """A server in a process of its own that answers *delay* seconds after a request; *keep*: connections stay."""
    command = [sys.executable, "-m", "tests.bench.server", str(int(delay * 1e9)), "keep" if keep else "close"]
    with tempfile.TemporaryDirectory() as folder:
        ca = _certified(Path(folder), command) if tls else ""
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        try:
            yield TruthServer(int(server.stdout.readline()), ca)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


def _certified(folder: Path, command: list[str]) -> str:
    """Let *command* serve a new certificate; the file of the authority that signed it."""
    authority, chain = trustme.CA(), folder / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(chain)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    command.append(str(chain))
    return str(folder / "ca.pem")
