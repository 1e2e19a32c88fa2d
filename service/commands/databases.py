"""`depositary db`: the database's tables."""

from __future__ import annotations

import click

from events.database import connect
from service import migrate
from service.commands import settings


@click.group()
def db() -> None:
    """See to the database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the tables to the form this program needs. On SQLite every command does this by itself."""
    database = connect(settings().database_url)
    try:
        migrate.upgrade(database)
        migrate.check(database)
    finally:
        database.close()
    click.echo(f"schema {migrate.newest()}")
