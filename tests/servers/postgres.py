"""A real PostgreSQL in a folder of its own, from the Debian package; each ledger gets a schema of its own."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import psycopg
import pytest

from probe.store import LedgerPlace
from tests.servers.environments import free_port

_GET_IT = "apt-get install -y --no-install-recommends postgresql"
_PATIENCE = 30.0
_SETTINGS = {
    "fsync": "off",  # the machine of a test does not lose its power
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "timezone": "UTC",
}
PASSWORD = "only loopback hears this"


def program(name: str) -> str:
    """Where PostgreSQL's program *name* is: Debian keeps them out of the path. Fails the test if it is nowhere."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join(map(str, folders))) or shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: {_GET_IT}")
    return found


class Postgres:
    """A running server; stopped and started on demand.

    Attributes:
        folder: where its data and its socket are.
        port: where it listens on loopback, by password; its socket asks for none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def place(self, schema: str = "") -> LedgerPlace:
        """A new and empty schema, or the one called *schema*."""
        if not schema:
            schema = f"ledger_{next(self._numbers)}"
            self.execute(f"CREATE SCHEMA {schema} AUTHORIZATION probe")
        return LedgerPlace(url=self.url(f"host={quote(str(self.folder), safe='')}&port={self.port}", schema))

    def url(self, where: str, schema: str, user: str = "probe") -> str:
        """The URL of a ledger in *schema*."""
        return f"postgresql://{user}@/probe?{where}&options={quote(f'-csearch_path={schema}')}"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """What the server answers to *statement*, asked by its superuser."""
        with psycopg.connect(self._superuser("probe"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [f"-c{key}={value}" for key, value in _SETTINGS.items()]
        place = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port)]
        command = [program("postgres"), *place, *settings, "-clisten_addresses=127.0.0.1"]
        with (self.folder / "server.log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, **_unprivileged()
            )
        self._process = process
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self._superuser("postgres")).close()
            except psycopg.OperationalError:
                assert process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
                assert time.monotonic() < deadline, "PostgreSQL did not answer"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            self._process.wait(20)
            self._process = None

    def initialise(self) -> None:
        """Make the data, the database and its user."""
        command = [
            program("initdb"),
            "-D",
            str(self.folder / "data"),
            "-U",
            "postgres",
            "-N",
            "--locale=C",
            "-E",
            "UTF8",
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **_unprivileged())
        hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(hba)
        self.start()
        with psycopg.connect(self._superuser("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE probe LOGIN PASSWORD '{PASSWORD}'".encode())
            connection.execute("CREATE DATABASE probe OWNER probe")

    def _superuser(self, database: str) -> str:
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"


def _unprivileged() -> dict[str, Any]:
    """How a server is started by the superuser, whom it refuses: as the package's own user."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


Kind = TypeVar("Kind", bound=Postgres)


@contextmanager
def ready_postgres(kind: type[Kind]) -> Iterator[Kind]:
    """A server of that *kind* until the block ends."""
    program("initdb")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-")))
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o755)  # so that whoever runs the tests reaches the socket
        server = kind(folder)
        stack.callback(server.stop)
        server.initialise()
        yield server


def running_postgres() -> AbstractContextManager[Postgres]:
    """A server until the block ends."""
    return ready_postgres(Postgres)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests that want one."""
    with running_postgres() as server:
        yield server
