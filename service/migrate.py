"""Bring a database's tables to the form this program needs, in one step and under a lock; or say that they are not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from events.database import Database
from events.errors import SchemaOutdated

ADVISORY_LOCK = 0x6465706F


def upgrade(database: Database) -> None:
    """Run the steps that are missing, all or none; processes that do so at once wait for each other."""
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        present = revision(connection)
        if present is not None and present not in _known():
            raise _newer(present)
        if present != newest():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def check(database: Database) -> None:
    """Raise SchemaOutdated, with the one line that says what to run, when the tables are not of this program."""
    with database.read() as connection:
        present = revision(connection)
    if present == newest():
        return
    if present is not None and present not in _known():
        raise _newer(present)
    raise SchemaOutdated(
        f"the database is at schema {present or 'none'}, this program needs {newest()}: run `depositary db upgrade`"
    )


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _newer(present: str) -> SchemaOutdated:
    return SchemaOutdated(
        f"the database is at schema {present}, newer than this program ({newest()}): upgrade the program"
    )


def revision(connection: Connection) -> str | None:
    """The step a database stands at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The last step there is."""
    return str(_scripts().get_current_head())


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
