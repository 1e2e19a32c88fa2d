"""Two states of the record held side by side: what was added, removed and corrected, and how the figures moved."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
from sqlalchemy import Connection, and_, select

from events import parties
from events.patches import differences
from projections import partnerships, timeline
from projections.browse import TimelineQuery, matches
from projections.clocks import Clocks
from projections.partnerships import PartnershipQuery
from projections.tallies import TallyQuery
from projections.tallying import tallied
from projections.timeline import shown
from projections.words import fold

CORRECTABLE = ("occurred_on", "title", "data", "sources", "note")
ALL = 1_000_000


def actions(connection: Connection, generation: int, before: Clocks, after: Clocks) -> dict[str, list[dict[str, Any]]]:
    """Actions in one view only, and those that say something else; all in timeline order."""
    table = timeline.tables(generation)["actions"]
    sides = []
    for clocks in (before, after):
        columns = (table.c.position, table.c.known_from, table.c.item, table.c.latest, table.c.earliest)
        sides.append(select(*columns).where(matches(connection, generation, clocks, TimelineQuery())).subquery())
    one, other = sides
    order = ("earliest", "latest", "position")
    only = {}
    for name, here, there, clocks in (("added", other, one, after), ("removed", one, other, before)):
        found = select(here.c.item, here.c.latest).outerjoin(there, here.c.position == there.c.position)
        found = found.where(there.c.position.is_(None)).order_by(*(here.c[column] for column in order))
        only[name] = [shown(row.item, row.latest, clocks.day) for row in connection.execute(found)]
    both = and_(one.c.position == other.c.position, one.c.known_from != other.c.known_from)
    found = select(one.c.item.label("old"), other.c.item.label("new")).join(other, both)
    changed = []
    for row in connection.execute(found.order_by(*(other.c[column] for column in order))):
        old, new = orjson.loads(row.old), orjson.loads(row.new)
        changes = [each for name in CORRECTABLE for each in differences(old[name], new[name], f"/{name}")]
        if changes:
            changed.append({"id": new["id"], "title": new["title"], "changes": changes})
    return {**only, "corrected": changed}


def moved_tallies(
    connection: Connection, generation: int, before: Clocks, after: Clocks, of: str
) -> list[dict[str, Any]]:
    """The parties whose count is another, by name."""
    counts = []
    for clocks in (before, after):
        found = tallied(connection, generation, clocks, TallyQuery(of=of))
        counts.append({tally.party: tally.count for tally in found})
    moved = [code for code in {*counts[0], *counts[1]} if counts[0].get(code, 0) != counts[1].get(code, 0)]
    named = sorted((fold(parties.name(code)), code) for code in moved)
    return [
        {"party": code, "name": parties.name(code), "from": counts[0].get(code, 0), "to": counts[1].get(code, 0)}
        for _, code in named
    ]


def moved_partnerships(
    connection: Connection, generation: int, before: Clocks, after: Clocks, today: dt.date
) -> list[dict[str, Any]]:
    """The partnerships whose status is another; null where there was none."""
    query = PartnershipQuery(today=today, status="all")
    sides = [
        {item["stream"]: item for item in partnerships.partnerships(connection, generation, clocks, query, ALL).items}
        for clocks in (before, after)
    ]
    moved = []
    for stream in sorted({*sides[0], *sides[1]}):
        old, new = sides[0].get(stream), sides[1].get(stream)
        if (old and old["status"]) != (new and new["status"]):
            name = (new or old or {})["name"]
            moved.append({"stream": stream, "name": name, "from": old and old["status"], "to": new and new["status"]})
    return moved
