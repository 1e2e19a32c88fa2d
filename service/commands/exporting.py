"""`depositary export`: the log as a file that `depositary import` reads again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import IO

import click
import orjson

from events import store
from events.database import Database
from events.types import Event
from service import csv_form
from service.commands import opened, progress, settings

BATCH = 1_000


@click.command()
@click.option(
    "--format", "form", default="jsonl", type=click.Choice(["jsonl", "csv"]), help="jsonl is whole; see docs."
)
@click.option(
    "--output", "-o", type=click.File("wb", lazy=True), default="-", help="Where to; default standard output."
)
def export(form: str, output: IO[bytes]) -> None:
    """Write every event of the log, in position order, as JSON lines or as CSV."""
    with opened(settings()) as database:
        write = output.write
        if form == "csv":
            write(csv_form.header())
        for event in _events(database):
            line = csv_form.row(event.as_dict()) if form == "csv" else orjson.dumps(event.as_dict()) + b"\n"
            write(line)
    sys.stdout.flush()


def _events(database: Database) -> Iterator[Event]:
    after = 0
    with database.read() as connection:
        head = store.head(connection).position
    with progress("Exporting") as bar:
        while after < head:
            with database.read() as connection:
                events = store.read(connection, after, BATCH, until=head)
            yield from events
            after = events[-1].position
            bar(after, head)
