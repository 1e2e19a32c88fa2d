"""The life line of one stream: the acts that stand, and the spans of days in which a status held.

The acts are those of the timeline, so that what may have happened stands among them; the spans are those of the
partnerships, made only by acts that are certain to have happened by the day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Connection, select

from projections import partnerships, timeline
from projections.clocks import Clocks
from projections.timeline import shown

ENDING = ("active", "suspended")


def acts(connection: Connection, generation: int, clocks: Clocks, stream: int) -> list[dict[str, Any]]:
    """The standing acts of a stream that have begun or may have, in timeline order; `stream` is its first position."""
    table = timeline.tables(generation)["actions"]
    found = select(table.c.item, table.c.latest).where(table.c.stream_id == stream, clocks.began(table))
    found = found.where(table.c.retracted.is_(False)).order_by(table.c.earliest, table.c.latest, table.c.position)
    return [shown(row.item, row.latest, clocks.day) for row in connection.execute(found)]


def states(connection: Connection, generation: int, clocks: Clocks, stream: int) -> list[dict[str, Any]]:
    """What stood from when to when, up to the day: each an item of the partnerships with `first` and `last`.

    `first` and `last` are days as dates, `last` that of `as_of` for what stands then; the clocks must name a day.
    """
    table = partnerships.tables(generation)["states"]
    found = select(table.c.item, table.c.from_day, table.c.until_day, table.c.expires)
    found = found.where(clocks.knows(table), table.c.stream_id == stream, table.c.from_day <= clocks.day)
    rows = connection.execute(found.order_by(table.c.from_day)).all()
    return [state for row in rows for state in _states(row, clocks.day)]


def _states(row: Any, day: int) -> Iterator[dict[str, Any]]:
    """One state, and the same expired where it outlasted its day of expiry."""
    item = orjson.loads(row.item)
    last = min(row.until_day, day + 1)
    over = row.expires + 1 if item["status"] in ENDING else last
    if over > row.from_day:
        yield _spanned(item, row.from_day, min(over, last))
    if over < last:
        yield _spanned({**item, "status": "expired"}, max(over, row.from_day), last)


def _spanned(item: dict[str, Any], first: int, end: int) -> dict[str, Any]:
    return {**item, "first": dt.date.fromordinal(first), "last": dt.date.fromordinal(end - 1)}
