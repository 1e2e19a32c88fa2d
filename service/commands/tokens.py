"""`depositary token`: who may read and write."""

from __future__ import annotations

import click

from events.clock import now
from events.types import instant_text
from service import tokens
from service.commands import opened, settings


@click.group()
def token() -> None:
    """Make, list and revoke tokens."""


@token.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(tokens.ROLES), help="What it may do.")
@click.option("--expires", type=click.IntRange(1, 36_500), metavar="DAYS", help="After how many days it ends.")
def create(name: str, role: str, expires: int | None) -> None:
    """Make a token and print it; it cannot be shown again. NAME stands in the record as `recorded_by`."""
    with opened(settings()) as database, database.write() as connection:
        try:
            secret = tokens.create(connection, name, role, now(), expires)
        except tokens.TokenError as error:
            raise click.ClickException(str(error)) from None
    click.echo(secret)


@token.command("list")
def list_() -> None:
    """List the tokens: name, role, state."""
    with opened(settings()) as database, database.read() as connection:
        for one in tokens.every(connection):
            state = "in use" if one.valid(now()) else "revoked" if one.revoked_at else "expired"
            until = f", until {instant_text(one.expires_at)}" if one.expires_at else ""
            click.echo(f"{one.name}\t{one.role}\t{state}\tmade {instant_text(one.created_at)}{until}")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """End a token's use at once."""
    with opened(settings()) as database, database.write() as connection:
        try:
            tokens.revoke(connection, name, now())
        except tokens.TokenError as error:
            raise click.ClickException(str(error)) from None
