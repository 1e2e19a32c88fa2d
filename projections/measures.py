"""Which measures are in force on a day: what the acts that are certain to have happened leave, in life-cycle order."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, select

from events import edtf
from projections.clocks import Clocks
from projections.timeline import tables

CHANGING = {"imposed": True, "resumed": True, "suspended": False, "lifted": False}


def in_force(connection: Connection, generation: int, clocks: Clocks) -> list[dict[str, Any]]:
    """The measures in force, the newest first.

    Each is the action that put it in force, with `since` (the day from which that is certain), `latest` (the title of
    the last act about it) and, as its `data`, all that stands of it, carried over from its acts.
    """
    table = tables(generation)["actions"]
    found = select(table.c.stream_id, table.c.item, table.c.latest).where(clocks.knows(table))
    found = found.where(table.c.kind == "measure", table.c.retracted.is_(False), table.c.latest <= clocks.day)
    rows = connection.execute(found.order_by(table.c.stream_id, table.c.latest, table.c.earliest, table.c.position))
    lines = [[row.item for row in group] for _, group in groupby(rows, lambda row: row.stream_id)]
    measures = [measure for line in lines if (measure := _standing([orjson.loads(item) for item in line], clocks))]
    return sorted(measures, key=lambda measure: (measure["since"], measure["position"]), reverse=True)


def _standing(acts: list[dict[str, Any]], clocks: Clocks) -> dict[str, Any] | None:
    """The measure after all its acts; None while it is not in force."""
    data: dict[str, Any] = {}
    standing: dict[str, Any] | None = None
    for act in acts:
        data = {**data, **act["data"]}
        changed = CHANGING.get(act["type"].partition(".")[2])
        if changed is not None:
            standing = {**act, "since": _begins(act, data)} if changed else None
    if standing is None or standing["since"].toordinal() > clocks.day:
        return None
    return {**standing, "data": data, "latest": acts[-1]["title"]}


def _begins(act: dict[str, Any], data: dict[str, Any]) -> dt.date:
    """The day from which an act is certain to be in force: its own, or the one on which it takes effect."""
    own = edtf.parse(act["occurred_on"]).latest
    effective_on = data.get("effective_on")
    return max(own, edtf.parse(effective_on).latest) if effective_on else own
