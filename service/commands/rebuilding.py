"""`depositary rebuild`: views built anew from the log."""

from __future__ import annotations

import os
import socket
import time

import click

from events import store
from events.clock import now
from events.database import Database
from projections import checkpoints
from projections.ahead import cores
from projections.checkpoints import Fenced
from projections.engine import Runner
from projections.generations import begin_generation
from projections.registry import BY_NAME, VIEWS
from service.commands import opened, progress, settings


@click.command()
@click.argument("name", required=False, type=click.Choice(sorted(BY_NAME)))
def rebuild(name: str | None) -> None:
    """Build the view NAME anew from the log, or all of them; readers keep the old one until the new one is whole.

    Where a worker runs, it does the work; else this command does.
    """
    with opened(settings()) as database:
        wanted = {}
        for view in (BY_NAME[name],) if name else VIEWS:
            wanted[view.name] = begin_generation(database, view, now())
        runner = Runner(database, VIEWS, f"rebuild@{socket.gethostname()}:{os.getpid()}", now, processes=cores())
        try:
            _wait(database, runner, wanted)
        finally:
            runner.resign()
    for view_name in wanted:
        click.echo(f"{view_name}: rebuilt")


def _wait(database: Database, runner: Runner, wanted: dict[str, int]) -> None:
    """Work, or watch a worker, until each generation is live and has all that the log held at the beginning."""
    with database.read() as connection:
        goal = store.head(connection).position
    with progress("Rebuilding") as bar:
        while True:
            try:
                worked = runner.lead() and runner.step()
            except Fenced:
                worked = False
            with database.read() as connection:
                present = checkpoints.every(connection)
            mine = {one.projection: one for one in present if wanted.get(one.projection) == one.generation}
            for one in mine.values():
                if one.status == "stopped":
                    raise click.ClickException(f"{one.projection} stopped: {one.error}")
            bar(sum(min(one.position, goal) for one in mine.values()), goal * len(wanted))
            whole = all(name in mine and mine[name].live and mine[name].position >= goal for name in wanted)
            if whole and not worked:
                return
            if not worked:
                time.sleep(0.05)
