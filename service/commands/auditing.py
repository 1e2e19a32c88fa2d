"""`depositary check`: the audit."""

from __future__ import annotations

import sys

import click

from service.audit import audit
from service.commands import opened, progress, settings


@click.command()
def check() -> None:
    """Audit the log and the views against a fresh fold; exit 1 with a report if they differ."""
    with opened(settings()) as database, progress("Checking") as bar:
        found = audit(database, bar)
    for line in found.lines:
        click.echo(line)
    if found.lines:
        click.echo(f"{len(found.lines)} differences up to position {found.position}", err=True)
        sys.exit(1)
    if found.unbuilt:
        click.echo(f"not built yet, so not compared: {', '.join(found.unbuilt)}; a worker builds them", err=True)
    click.echo(f"ok: log and views agree up to position {found.position}")
