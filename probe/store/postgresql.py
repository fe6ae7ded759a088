"""The ledger in a PostgreSQL database: transactions take turns by an advisory lock, and so do agents."""

import hashlib
import logging
import time
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from probe.model.ledger import LedgerPlace
from probe.model.secret import SecretUnavailable
from probe.store.backend import OwnerAlive
from probe.store.schema import examine, upgrade
from probe.store.trouble import LedgerAway, StateFolderAbsent, StateFolderRefused

_log: Final = logging.getLogger(__name__)

_DRIVER: Final = "postgresql+psycopg"
_CONNECT_SECONDS: Final = 5
_SESSION: Final = (
    "SET lock_timeout = '5s'",  # how long another process's transaction is waited for
    "SET statement_timeout = '15s'",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET tcp_keepalives_idle = 30",  # a session of a machine that is no more gives its locks back
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)
_DURABLE: Final = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit')"
_KEEPALIVE: Final = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # ms; what was sent and never acknowledged is no idleness
}
_PREDECESSOR_SECONDS: Final = 6.0
"""How long the session of a process that has just died may still be there: a statement of it may wait for a lock."""
_LOOK_SECONDS: Final = 0.05
_LOCKS: Final = (
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
    " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""The keys of all advisory locks that are held: PostgreSQL keeps one in two halves."""
_READABLE: Final = 300
_BUSY: Final = "{name}: another process has kept the ledger locked for too long; see what it is doing and try again"
_BY_STATE: Final = {
    "55P03": _BUSY,
    "57014": _BUSY,
    "53100": "{name}: the server's disk is full; free some space, nothing was lost",
    "42501": "{name}: the user lacks a right ({detail}); grant it CREATE and USAGE on the schema, or its ownership",
    "25006": "{name}: takes no writes ({detail}); connect to the primary server",
}
_PASSING: Final = ("08", "53", "55P03", "57")
"""What a server says that starts, stops, is a standby, or is full: by the beginnings of its codes."""
_UNREACHABLE: Final = "{name}: cannot be used ({detail}); see that the server runs and that agent.ledger is right"


class Postgresql:
    """A database at *place*; unless *read_only*, migrated when it is opened.

    The one connection also holds the advisory locks that say which processes live, and takes them anew whenever it is
    made anew.

    Attributes:
        name: what it is called in sentences.
        patience: seconds for which a lock that another session holds is waited for.
    """

    def __init__(self, place: LedgerPlace, *, read_only: bool) -> None:
        self.name = str(place)
        self.patience = _PREDECESSOR_SECONDS
        self._place = place
        self._read_only = read_only
        self._schema = ""
        self._held: list[str] = []
        self._lacking: set[str] = set()

    def open(self) -> Engine:
        """Connect, and see that the schema is this version's."""
        try:
            engine = self._engine()
            try:
                self._examine(engine)
            except BaseException:
                engine.dispose()
                raise
        except (SQLAlchemyError, SecretUnavailable) as error:
            detail = self.explain(error) if isinstance(error, SQLAlchemyError) else f"{self.name}: {error}"
            raise (LedgerAway if _may_come(error) else StateFolderRefused)(detail) from error
        return engine

    def check(self) -> None:
        """Nothing: the pool sees that its connection lives, and makes another."""

    def explain(self, error: SQLAlchemyError) -> str:
        """Say in a sentence what *error* means and what to do about it."""
        state, detail = _state(error), " ".join(str(_original(error)).split())[:_READABLE]
        return (_UNREACHABLE if _unreachable(error) else _BY_STATE.get(state, "{name}: {detail}")).format(
            name=self.name, detail=detail
        )

    def hold(self, connection: Connection, lock: str) -> bool:
        """Take the session's lock called *lock*, for as long as there is a session; False if another holds it.

        Another's session is waited for a little: it may be that of a process which was killed just now, on this
        machine or elsewhere, and a server notices that when it next listens to it.
        """
        if lock in self._held:
            return True
        ends, told = time.monotonic() + self.patience, False
        while not self._try(connection, lock):
            if time.monotonic() >= ends:
                return False
            if not told:
                told = True
                _log.warning(
                    "%s: another session is still the agent of this ledger; waiting %g s for it to end, in case its"
                    " process was killed",
                    self.name,
                    self.patience,
                )
            time.sleep(_LOOK_SECONDS)
        self._held.append(lock)
        return True

    def _try(self, connection: Connection, lock: str) -> bool:
        question = text("SELECT pg_try_advisory_lock(:key)")
        return bool(connection.execute(question, {"key": _number(self._schema, lock)}).scalar())

    def let_go(self, connection: Connection) -> None:
        """Give all locks of the session back: a server notices only a little later that one has ended."""
        self._held.clear()
        self._lacking.clear()
        connection.execute(text("SELECT pg_advisory_unlock_all()"))

    def living(self, connection: Connection) -> OwnerAlive:
        """Whether the process called so has a session now."""
        held = set(connection.execute(text(_LOCKS)).scalars())
        schema = self._schema
        return lambda owner: _number(schema, owner_lock(owner)) in held

    def _examine(self, engine: Engine) -> None:
        with engine.begin() as connection:
            if not self._schema:
                raise StateFolderRefused(f"{self.name}: the user's search_path names no schema that exists; create it")
            found = examine(connection, self.name)
        if found is not None and found[1]:
            return
        if not self._read_only:
            upgrade(engine)
        elif found is None:
            raise StateFolderAbsent(f"{self.name}: nothing was ever rented from this ledger")
        else:
            raise StateFolderRefused(f"{self.name}: written by an older version; `probe run` brings it up to date")

    def _engine(self) -> Engine:
        url = make_url(self._place.url).set(drivername=_DRIVER)
        try:
            engine = create_engine(
                url,
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=0,
                pool_pre_ping=True,
                connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "probe", **_KEEPALIVE},
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise StateFolderRefused(f"{self.name}: psycopg is not installed; install stability-probe anew") from error
        event.listen(engine, "do_connect", self._with_password)
        event.listen(engine, "connect", self._begin_session)
        event.listen(engine, "begin", self._begin)
        return engine

    def _with_password(self, _dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        if self._place.password is not None:
            parameters["password"] = self._place.password.reveal()

    def _begin_session(self, connection: Any, _record: object) -> None:
        """Set a new session up; locks that an earlier one held are taken again.

        What cannot be had again is another's, or still our own lost session's: either way it is not given up, and
        tried again with each transaction.
        """
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
            cursor.execute(f"{_DURABLE} IN ('off', 'local')")
            cursor.execute(f"SET default_transaction_read_only = {'on' if self._read_only else 'off'}")
            cursor.execute("SELECT coalesce(current_schema(), '')")
            (self._schema,) = cursor.fetchone()
            self._lacking = set(self._held)
        connection.commit()

    def _begin(self, connection: Connection) -> None:
        """Let a transaction that writes wait for its turn, so that what it read still holds when it writes."""
        if self._lacking:
            self._lacking -= {lock for lock in self._lacking if self._try(connection, lock)}
        if connection.get_execution_options().get("writes", False):
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _number(self._schema, "writer")})


def _original(error: SQLAlchemyError) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _state(error: SQLAlchemyError) -> str:
    """The server's code for what is wrong; empty where there was no server to tell."""
    return str(getattr(_original(error), "sqlstate", None) or "")


def _unreachable(error: SQLAlchemyError) -> bool:
    return isinstance(error, DBAPIError) and (not _state(error) or error.connection_invalidated)


def _may_come(error: SQLAlchemyError | SecretUnavailable) -> bool:
    """Whether it may be usable later, with nothing changed in what is configured."""
    if isinstance(error, SecretUnavailable):
        return True
    return _unreachable(error) or _state(error).startswith(_PASSING)


AGENT_LOCK: Final = "agent"
"""Held by the one agent that runs on a ledger."""


def owner_lock(owner: str) -> str:
    """The name of the lock that says that the process *owner* lives."""
    return f"owner {owner}"


def _number(schema: str, lock: str) -> int:
    """The key of a lock: advisory locks are numbers that a whole database shares."""
    digest = hashlib.blake2b(f"stability-probe/{schema}/{lock}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
