"""Bring a database's tables to the form this program needs, in one step and under a lock; or say that they are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from events.database import Database
from events.errors import SchemaOutdated

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")
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
            from alembic import command

            steps = config()
            steps.attributes["connection"] = connection
            command.upgrade(steps, "head")


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


def _known() -> list[str]:
    """The steps there are, in their order: the files begin with their numbers."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _newer(present: str) -> SchemaOutdated:
    return SchemaOutdated(
        f"the database is at schema {present}, newer than this program ({newest()}): upgrade the program"
    )


def revision(connection: Connection) -> str | None:
    """The step a database stands at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def newest() -> str:
    """The last step there is."""
    return _known()[-1]


def config() -> Config:
    """What Alembic needs to know. It is loaded for the steps alone, since looking which were made needs none of it."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made
