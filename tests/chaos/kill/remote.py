"""The ledger in a PostgreSQL server of the worker's own, which may be killed, stopped and hung, too."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row
from typing_extensions import override

from probe.store import LedgerPlace
from tests.chaos.kill.ledgers import StateFolder
from tests.servers.postgres import Postgres, ready_postgres

_ATTEMPTS: Final = 20
"""To start a server whose killed processes have not quite gone."""
_RELOADING: Final = 0.1
"""Seconds until all of a server's processes know of a setting."""
_COMMITTING: Final = 0.4
"""Seconds after which a commit that was about to be sent is done."""
_WITNESS: Final = """
CREATE TABLE {0}.witness (key TEXT, before TEXT, after TEXT);
GRANT SELECT, INSERT ON {0}.witness TO probe;
CREATE FUNCTION {0}.bear_witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN INSERT INTO {0}.witness VALUES (new.key, '', new.state);
  ELSIF TG_OP = 'DELETE' THEN INSERT INTO {0}.witness VALUES (old.key, old.state, '');
  ELSIF old.state <> new.state OR old.key <> new.key THEN
    INSERT INTO {0}.witness VALUES (new.key, old.state, new.state);
  END IF;
  RETURN NULL; END $$;
CREATE TRIGGER witness AFTER INSERT OR UPDATE OR DELETE ON {0}.leases
  FOR EACH ROW EXECUTE FUNCTION {0}.bear_witness();
CREATE SCHEMA kept_{0};
"""


_REFILL: Final = "DELETE FROM {0}.{1}; INSERT INTO {0}.{1} SELECT * FROM kept_{0}.{1}"


class MortalPostgres(Postgres):
    """A server to which things happen."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._killing: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """Kill all of its processes, as a machine does that has no memory left, or no power."""
        assert self._process is not None
        self._signal(signal.SIGKILL)
        self._process.wait(20)
        self._process = None

    def lose_commit(self) -> None:
        """Let the next transactions be committed, and kill all processes before anybody hears of it.

        A commit that waits for a standby is on the disk already; there is no standby.
        """
        assert self._process is not None
        self.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        self.execute("SELECT pg_reload_conf()")
        pid = self._process.pid
        words = f"sleep {_COMMITTING}; kill -9 {pid} $(cat /proc/{pid}/task/{pid}/children)"
        self._killing = subprocess.Popen(["sh", "-c", words])
        time.sleep(_RELOADING)

    def hang(self) -> None:
        """Stop all of its processes; whoever asks waits."""
        self._signal(signal.SIGSTOP)

    @override
    def stop(self) -> None:
        """Stop it at once (as `pg_ctl stop -m immediate` does), also when it hangs."""
        if self._process is not None:
            self.go_on()
        Postgres.stop(self)

    def go_on(self) -> None:
        """Let it run again, whatever was done to it."""
        if self._killing is not None and self._process is not None:
            self._killing.wait(20)
            self._process.wait(20)
            self._killing = self._process = None
            (self.folder / "data" / "postgresql.auto.conf").write_text("")
        if self._process is not None:
            self._signal(signal.SIGCONT)
            return
        for attempt in range(_ATTEMPTS):
            try:
                self.start()
            except AssertionError:  # a killed process is not quite gone, and its memory is still there
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.05)
            else:
                return

    def _signal(self, number: signal.Signals) -> None:
        """Send it to the server's own process and to its children."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for one in (pid, *map(int, children)):
            with suppress(ProcessLookupError):  # a session that has just ended
                os.kill(one, number)

    def connect(self) -> "psycopg.Connection[dict[str, Any]]":
        """Connect as the superuser."""
        return psycopg.connect(self._superuser("probe"), row_factory=dict_row)


@contextmanager
def mortal_postgres() -> Iterator[MortalPostgres]:
    """A server of one's own until the block ends."""
    with ready_postgres(MortalPostgres) as server:
        yield server


@dataclass(frozen=True, slots=True)
class RemoteFolder(StateFolder):
    """A state folder whose ledger is in a schema of a server.

    Attributes:
        server: which one.
        schema: that the ledger is in.
    """

    server: MortalPostgres
    schema: str

    @property
    @override
    def place(self) -> LedgerPlace:
        return self.server.place(self.schema)

    @override
    def prepare(self) -> None:
        """Make it, with an id, and an empty schema."""
        StateFolder.prepare(self)
        self.server.go_on()
        self.server.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE; CREATE SCHEMA {self.schema}")
        self.server.execute(f"ALTER SCHEMA {self.schema} OWNER TO probe")

    @override
    def watch(self) -> None:
        """Put a witness into the ledger, and keep what is in it aside."""
        with self.server.connect() as connection:
            connection.execute(_WITNESS.format(self.schema).encode())
            for table in self._tables(connection):
                connection.execute(f"CREATE TABLE kept_{self.schema}.{table} AS TABLE {self.schema}.{table}".encode())

    @override
    def copy(self, to: Path) -> "RemoteFolder":
        """The same folder somewhere else, and in the schema what was kept aside: nobody uses the old one any more."""
        to.mkdir(parents=True)
        shutil.copy(self.path / "agent-id", to / "agent-id")
        self.server.go_on()
        with self.server.connect() as connection:
            connection.execute("SET session_replication_role = replica")  # nobody witnesses this
            for table in self._tables(connection):
                connection.execute(_REFILL.format(self.schema, table).encode())
        return RemoteFolder(to, self.server, self.schema)

    def _tables(self, connection: "psycopg.Connection[dict[str, Any]]") -> list[str]:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (self.schema,))
        return [row["tablename"] for row in found]

    @override
    def _select(self, query: str) -> list[dict[str, Any]]:
        with self.server.connect() as connection:
            connection.execute(f"SET search_path = {self.schema}".encode())
            try:
                return connection.execute(query.encode()).fetchall()
            except psycopg.errors.UndefinedTable:
                return []  # a schema that the first start was killed over has no tables, or no witness

    @contextmanager
    @override
    def locked(self) -> Iterator[Any]:
        """Keep every other process from writing; committing the connection ends it."""
        with self.server.connect() as connection:
            connection.execute(f"LOCK TABLE {self.schema}.leases IN EXCLUSIVE MODE".encode())
            yield connection
