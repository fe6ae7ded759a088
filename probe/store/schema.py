"""Brings a database to the schema of this version, or says why it cannot."""

import logging
from functools import cache
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from probe.store.trouble import StateFolderRefused

_MIGRATIONS: Final = "probe.store:migrations"

logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema version


def upgrade(engine: Engine) -> None:
    """Run the migrations that *engine*'s database has not seen, all of them or none.

    Raises:
        SQLAlchemyError: the database refused.
    """
    with engine.execution_options(writes=True).begin() as connection:  # of two processes, the second finds it done
        config = _config()
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
    known, head = _revisions()
    if version not in known:
        raise StateFolderRefused(
            f"{name}: written by a newer version of this program (schema {version}, this one knows {head});"
            " use that version, or another ledger"
        )
    return version, version == head


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@cache
def _revisions() -> tuple[frozenset[str], str]:
    """Every schema that this version knows, and its own."""
    scripts = ScriptDirectory.from_config(_config())
    return frozenset(script.revision for script in scripts.walk_revisions()), str(scripts.get_current_head())


def _config() -> Config:
    """Alembic's configuration, made in code: an installed wheel has no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    return config
