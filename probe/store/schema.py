"""Brings a database to the schema of this version, or says why it cannot."""

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

from probe.store.trouble import StateFolderRefused

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS: Final = ("0001", "0002", "0003")
"""Every schema that this version knows, its own last. Alembic could tell, but costs a start 0.1 s (a test compares)."""
_MIGRATIONS: Final = "probe.store:migrations"

logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema version


def upgrade(engine: Engine) -> None:
    """Run the migrations that *engine*'s database has not seen, all of them or none.

    Raises:
        SQLAlchemyError: the database refused.
    """
    from alembic import command  # noqa: PLC0415 - only who has something to migrate pays for it

    with engine.execution_options(writes=True).begin() as connection:  # of two processes, the second finds it done
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def examine(connection: Connection, name: str) -> tuple[str, bool] | None:
    """The schema of the database called *name*, and whether it is this version's; None if it holds no ledger.

    Raises:
        StateFolderRefused: it was written by a newer version.
        SQLAlchemyError: it cannot be read.
    """
    version = _version(connection)
    if version is None:
        return None
    if version not in REVISIONS:
        raise StateFolderRefused(
            f"{name}: written by a newer version of this program (schema {version}, this one knows {REVISIONS[-1]});"
            " use that version, or another ledger"
        )
    return version, version == REVISIONS[-1]


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrations() -> "Config":
    """Alembic's configuration, made in code: an installed wheel has no alembic.ini."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    return config
