"""`depositary replay`: a view folded from the log alone, beside whatever the database's own views say."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import click
import orjson

from events import edtf, store
from events.clock import now, parse_instant
from events.database import Database, connect
from events.types import EPOCH, instant_text
from projections import browse, packing, partnerships, tallies
from projections.browse import TimelineQuery
from projections.clocks import Clocks
from projections.engine import write
from projections.folding import fold, steps
from projections.generations import create_tables
from projections.partnerships import PartnershipQuery
from projections.registry import BY_NAME
from projections.tallies import TallyQuery
from projections.view import View
from service.commands import opened, progress, settings

BATCH = 2_000
ALL = 10_000_000


@click.command()
@click.option("--as-of", "as_of", required=True, metavar="D", help="The world on this civil day (YYYY-MM-DD).")
@click.option("--known-at", "known_at", metavar="T", help="The record as it stood at this instant (RFC 3339).")
@click.option("--view", default="timeline", type=click.Choice(["tallies", "partnerships", "timeline"]))
@click.option("--of", "of", metavar="PARTY", help="Whose meetings to tally; default DEPOSITARY_HOME.")
def replay(as_of: str, known_at: str | None, view: str, of: str | None) -> None:
    """Fold a view from the log alone, as of a day and as known at an instant, and print it as JSON."""
    chosen = settings()
    try:
        day = edtf.day(as_of)
        present = now()
        instant = present if known_at is None else min(parse_instant(known_at), present)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    of = of or chosen.home
    if view == "tallies" and of is None:
        raise click.UsageError("say whose meetings to tally with --of, or set DEPOSITARY_HOME")
    with opened(chosen) as database, tempfile.TemporaryDirectory() as folder:
        with database.read() as connection:
            head = store.head(connection)
            position = head.position if instant >= head.recorded_at else store.resolve(connection, instant)
            recorded = store.recorded_at(connection, position)
        scratch = connect(f"sqlite:///{Path(folder) / 'replay.db'}")
        try:
            _fold(database, scratch, BY_NAME[view], position)
            body = _read(scratch, view, Clocks(position=position, as_of=day), of or "")
        finally:
            scratch.close()
    known = recorded and instant_text(recorded) if known_at is None else instant_text(instant)
    shown = {**body, "as_of": as_of, "known_at": known, "position": position}
    click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))


def _fold(database: Database, scratch: Database, view: View, until: int) -> None:
    """Fold the log up to a position into an empty database of its own."""
    with scratch.write() as connection:
        tables = create_tables(connection, view, 1)
    position, streams = 0, {}  # type: ignore[var-annotated]
    with progress("Replaying") as bar:
        while position < until:
            with database.read() as connection:
                events = store.read(connection, position, BATCH, until=until)
            taken, streams = steps(streams, events)
            changes = fold(view, taken)
            with scratch.write() as connection:
                write(connection, view, tables, packing.written(changes, position, events[-1].position))
            position = events[-1].position
            bar(position, until)


def _read(scratch: Database, view: str, clocks: Clocks, of: str) -> dict[str, Any]:
    today: dt.date = (EPOCH + dt.timedelta(microseconds=now())).date()
    with scratch.read() as connection:
        if view == "tallies":
            rows = tallies.tallies(connection, 1, clocks, TallyQuery(of=of))
            names = ("party", "count", "possible", "first", "last", "previous")
            return {"of": of, "tallies": [{name: getattr(row, name) for name in names} for row in rows]}
        if view == "partnerships":
            query = PartnershipQuery(today=today)
            return {"items": partnerships.partnerships(connection, 1, clocks, query, ALL).items}
        return {"items": browse.browse(connection, 1, clocks, TimelineQuery(), ALL).items}
