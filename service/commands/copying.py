"""`depositary copy`: from one database to another, such as from SQLite to PostgreSQL."""

from __future__ import annotations

import sys

import click
from sqlalchemy import insert, select

from events import copying
from events.database import Database, connect, parse_url
from service import migrate
from service.commands import opened, progress, settings
from service.tokens import tokens


@click.command()
@click.option("--to", "url", required=True, metavar="URL", help="The database to copy into; its tables are made.")
@click.option("--with-tokens", is_flag=True, help="Copy the tokens too, so that they are good there as well.")
def copy(url: str, with_tokens: bool) -> None:
    """Copy the log into another database: ids, positions, record times and bytes are kept, then all is verified.

    Run it again to take over what came since, or after it was interrupted. Views are built there by its worker.
    """
    try:
        target = connect(parse_url(url))
    except ValueError as error:
        raise click.UsageError(f"--to {error}") from None
    try:
        with opened(settings()) as source:
            if target.url == source.url:
                raise click.UsageError("--to names the database itself; name another")
            migrate.upgrade(target)
            _copy(source, target, with_tokens)
    finally:
        target.close()


def _copy(source: Database, target: Database, with_tokens: bool) -> None:
    try:
        with progress("Copying") as bar:
            count = copying.copy(source, target, bar)
    except copying.Diverged as error:
        raise click.ClickException(f"{error}; it must be empty, or a copy of this one made before") from None
    copied = _copy_tokens(source, target) if with_tokens else 0
    with progress("Verifying") as bar:
        lines = list(copying.differences(source, target, count, bar))
    for line in lines:
        click.echo(line, err=True)
    more = f", {copied} tokens" if with_tokens else ""
    click.echo(f"{count} events{more}: {f'{len(lines)} differences' if lines else 'verified'}")
    sys.exit(1 if lines else 0)


def _copy_tokens(source: Database, target: Database) -> int:
    """Copy the tokens whose names are not there yet; how many."""
    with source.read() as connection:
        mine = connection.execute(select(tokens)).mappings().all()
    with target.write() as connection:
        there = set(connection.scalars(select(tokens.c.name)))
        new = [dict(row) for row in mine if row["name"] not in there]
        if new:
            connection.execute(insert(tokens), new)
    return len(new)
